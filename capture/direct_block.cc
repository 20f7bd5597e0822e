// Rows of blocks that a direct-path insert wrote (19.1): every whole row of the block is an insert.
//
//   slot 0  --H-FL--  a row                slot 2  --H-F---  first piece --next--> slot 3  -----L--  last piece
//   slot 1  --H-----  forwarded: no row    slot 4  -----L--  of a row whose head is elsewhere: no row
#include <fmt/format.h>

#include "capture/row_assembler.h"

namespace redoubt::capture {

using redo::DirectBlock;
using redo::StoredPiece;

void RowAssembler::direct_block(Change& change) {
  const redo::Vector v = change.redo();
  auto block = redo::decode<DirectBlock>(v.field(1), change.order);
  block.bdba = v.dba;  // the image itself need not have it
  if (block.type != redo::kImageData) return;
  const oracle::Table* table = find_table(change, 0);
  if (!table) return;
  // A compressed block has its symbols in a table of their own before the rows.
  if (block.tables.size() > 1 && table->cluster_columns == 0) {
    warn_(change.rba, fmt::format("block 0x{:08x} of {}.{} was loaded compressed: its rows are told without values",
                                  block.bdba, table->owner, table->name));
    const DirectBlock::Table& rows = block.tables.back();
    for (std::size_t slot = rows.first; slot < std::size_t{rows.first} + rows.rows; ++slot) {
      if (slot >= block.row_offsets.size() || block.row_offsets[slot] < block.rows_at) continue;
      change::RowChange& row = reserve_row(change, static_cast<std::uint32_t>(slot));
      row.table = table;
      row.rowid = {change.data_obj, block.bdba, static_cast<std::uint16_t>(slot - rows.first)};
      row.first_cell = static_cast<std::uint32_t>(batch_->cells.size());
      row.suspect = true;
    }
    return;
  }
  for (std::size_t slot = 0; slot < block.row_offsets.size(); ++slot)
    direct_row(change, block, static_cast<std::uint16_t>(slot), *table);
}

// The row whose head piece is in `slot`, if there is one. Its further pieces are followed inside the block; where they
// leave it the row is incomplete.
void RowAssembler::direct_row(Change& change, const DirectBlock& block, std::uint16_t slot,
                              const oracle::Table& table) {
  constexpr std::uint8_t kFirstOfRow = redo::kFbHead | redo::kFbFirst;
  StoredPiece piece;
  std::vector<redo::PieceColumn> columns;
  bool sound = true;
  bool any = false;
  try {
    any = redo::read_stored_piece(block, slot, change.order, piece, columns);
  } catch (const Malformed&) {
    any = (piece.fb & kFirstOfRow) == kFirstOfRow;
    sound = false;
  }
  if (!any || (piece.fb & kFirstOfRow) != kFirstOfRow || (piece.fb & redo::kFbClusterKey) != 0) return;

  Statement& statement = next_statement();
  statement.open(&table, change.obj, {block.bdba, slot});
  statement.inserted = true;
  change::RowChange& row = reserve_row(change, slot);
  statement.row_index = static_cast<std::uint32_t>(batch_->rows.size() - 1);
  row.rowid = {change.data_obj, block.bdba, slot};

  std::size_t column = table.cluster_columns;
  std::size_t pieces = 0;
  while (true) {
    for (const redo::PieceColumn& c : columns) {
      const bool previous = c.position == 0 && (piece.fb & redo::kFbPrevious) != 0;
      const bool next = &c == &columns.back() && (piece.fb & redo::kFbNext) != 0;
      if (previous && column > table.cluster_columns) --column;
      if (!c.null && (previous || next)) {
        statement.add_part(Side::kRedo, column, c.value, previous, next, false);
      } else {
        statement.add(Side::kRedo, column, c.null, c.value);
      }
      ++column;
    }
    if (!sound || (piece.fb & redo::kFbLast) != 0) break;
    const redo::RowAddress next = piece.next;
    columns.clear();
    // Each piece is met once: a longer way goes in circles.
    if (next.dba != block.bdba || next.slot >= block.row_offsets.size() || ++pieces == block.row_offsets.size()) {
      sound = false;
      break;
    }
    try {
      sound =
          redo::read_stored_piece(block, next.slot, change.order, piece, columns) && (piece.fb & redo::kFbHead) == 0;
    } catch (const Malformed&) {
      sound = false;
    }
    if (!sound) break;
  }
  statement.suspect |= !sound;
  finish(statement);
}

}  // namespace redoubt::capture
