#include "redo/direct_block.h"

namespace redoubt::redo {
namespace {

RowAddress take_link(Cursor& from) {
  RowAddress link;
  link.dba = from.u32();
  link.slot = from.u16();
  return link;
}

}  // namespace

std::uint8_t DirectBlock::table_of(std::uint16_t slot) const {
  for (std::size_t i = 0; i < tables.size(); ++i)
    if (slot >= tables[i].first && slot - tables[i].first < tables[i].rows) return static_cast<std::uint8_t>(i);
  return 0;
}

// A free slot holds the number of the next free slot instead of an offset: less than where rows can be.
bool read_stored_piece(const DirectBlock& b, std::uint16_t slot, ByteOrder order, StoredPiece& piece,
                       std::vector<PieceColumn>& columns) {
  REDOUBT_ASSERT(slot < b.row_offsets.size());
  const std::uint16_t offset = b.row_offsets[slot];
  if (offset < b.rows_at) return false;
  need(b.rows, offset - b.rows_at);
  Cursor head(b.rows.subspan(offset - b.rows_at), order);
  piece = {};
  piece.slot = slot;
  piece.table = b.table_of(slot);
  piece.fb = head.u8();
  piece.lock = head.u8();
  const std::uint8_t count = head.u8();
  if ((piece.fb & kFbDeleted) != 0) return false;
  if ((piece.fb & kFbCluster) != 0) piece.cki = head.u8();
  Kdo links;  // knows which flags have which links
  links.fb = piece.fb;
  if (links.has_head_link()) piece.head = take_link(head);
  if (links.has_next_link()) piece.next = take_link(head);
  Bytes rest = head.take(head.left());
  for (unsigned i = 0; i < count; ++i) rest = read_row_column(rest, i, order, columns);
  return true;
}

}  // namespace redoubt::redo
