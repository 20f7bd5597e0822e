// Rows of index-organized tables, which are changes of index entries.
//
//   entry   = key columns in key order | the other columns in table order
//   insert    10.2                 after = entry of the redo vector
//   delete    10.4                 before = entry of the undo vector
//   update    10.18, 10.30, 10.35  before and after = the other columns of undo and redo; the key stays
//
// An update of the key is a delete and an insert; a supplemental header that names one statement holds them together.
// Which segment column a key column is only ICOL$ says; without it the key is taken to be the first columns. Without a
// dictionary only a supplemental block tells these entries from those of other indexes. Source: rows.md 2.8.
#include <fmt/format.h>

#include <algorithm>

#include "capture/row_assembler.h"

namespace redoubt::capture {

void RowAssembler::index_organized(Change& change) {
  if (change.undo_size == 0 || change.redo_size == 0) return;
  const bool insert = change.op == redo::kIndexInsert;
  const bool remove = change.op == redo::kIndexDelete;
  const bool update = change.op == redo::kIndexUpdateKeyData || change.op == redo::kIotUpdateRow ||
                      change.op == redo::kIotUpdateColumns;
  if (!insert && !remove && !update) return;
  const redo::Vector undo = change.undo();
  const oracle::Table* table = find_table(change, 0);
  if (!table) return;
  if (table->known ? table->organization != oracle::Organization::kIndexOrganized : !redo::has_index_supplemental(undo))
    return;
  redo::read_index_undo(undo, index_undo_);
  redo::read_index_redo(change.redo(), index_redo_);
  if (table->known && table->iot_key_segcols.empty() && key_order_unknown_.insert(table->obj).second)
    warn_(change.rba, fmt::format("the order of the key columns of {}.{} is not in the dictionary: its key is told as "
                                  "the first columns",
                                  table->owner, table->name));

  // What a deleted entry held only the undo knows; what an update leaves alone is its key.
  const std::vector<redo::IndexEntry>& before = index_undo_.entries;
  const std::vector<redo::IndexEntry>& after = index_redo_.entries;
  const std::size_t count = insert ? after.size() : before.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto slot = static_cast<std::uint16_t>(index_redo_.slot + i);
    const Pair pair = with_header(change, index_undo_.supplemental, {index_redo_.block, slot});
    Statement* statement = count == 1 ? statement_of(pair) : open_statement(pair);
    if (!statement) return;
    if (pair.has_header()) statement->header_kind |= pair.block->header.kind;
    statement->inserted |= insert;
    statement->deleted |= remove;
    statement->updated |= update;
    statement->changed = true;
    const std::size_t keys = insert ? after[i].key.size() : before[i].key.size();
    if (!insert) {
      add_index_columns(*statement, Side::kUndo, before[i].key, 0, keys);
      add_index_columns(*statement, Side::kUndo, before[i].columns, keys, keys);
    }
    if (!remove && i < after.size()) {
      add_index_columns(*statement, Side::kRedo, update ? before[i].key : after[i].key, 0, keys);
      add_index_columns(*statement, Side::kRedo, after[i].columns, keys, keys);
    }
    if (pair.has_header()) add_supplemental(*statement, *pair.block);
    if (count > 1 || !pair.has_header() || (pair.fb() & redo::kFbLast) != 0) finish(*statement);
  }
}

// `first`: place of the first of these columns in the entry.
void RowAssembler::add_index_columns(Statement& statement, Side side, const std::vector<redo::PieceColumn>& columns,
                                     std::size_t first, std::size_t keys) {
  for (const redo::PieceColumn& c : columns)
    statement.add(side, index_column(statement, first + c.position, keys), c.null, c.value);
}

// The segment column, counted from 0, of the column at `place` of an entry with `keys` key columns.
std::size_t RowAssembler::index_column(const Statement& statement, std::size_t place, std::size_t keys) const {
  const std::vector<std::uint16_t>& order = statement.table->iot_key_segcols;
  if (order.empty()) return place;
  if (order.size() < keys) throw Malformed("an index entry with more key columns than its table has");
  if (place < keys) return order[place] - 1U;
  // The columns that are not in the key follow in table order.
  std::size_t column = 0;
  for (std::size_t left = place - keys;; ++column) {
    if (std::find(order.begin(), order.end(), column + 1) != order.end()) continue;
    if (left-- == 0) return column;
  }
}

}  // namespace redoubt::capture
