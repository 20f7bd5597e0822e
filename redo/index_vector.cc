#include "redo/index_vector.h"

#include <fmt/format.h>

namespace redoubt::redo {
namespace {

constexpr std::size_t kPieceHeader = 3;  // fb, lb, cc
constexpr std::size_t kNextPieceLink = 6;
constexpr std::size_t kEntriesMax = 4096;

// Key data of every entry, one behind the other.
void read_key_data(Bytes data, ByteOrder order, std::vector<IndexEntry>& entries) {
  for (IndexEntry& entry : entries) {
    need(data, kPieceHeader);
    const unsigned count = data[2];
    const std::size_t header = (data[0] & kFbLast) != 0 ? kPieceHeader : kPieceHeader + kNextPieceLink;
    need(data, header);
    data = data.subspan(header);
    for (unsigned i = 0; i < count; ++i) data = read_row_column(data, i, order, entry.columns);
  }
  if (!data.empty()) throw Malformed("key data longer than its row pieces");
}

void read_keys(Bytes keys, const std::vector<std::uint16_t>& sizes, ByteOrder order, std::vector<IndexEntry>& entries) {
  if (sizes.size() > kEntriesMax) throw Malformed(fmt::format("an array of {} index entries", sizes.size()));
  entries.resize(std::max<std::size_t>(sizes.size(), 1));
  if (sizes.empty()) return read_index_key(keys, order, entries.front().key);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    read_index_key(slice(keys, 0, sizes[i]), order, entries[i].key);
    keys = keys.subspan(sizes[i]);
  }
}

std::vector<std::uint16_t> key_sizes(Bytes field, std::size_t count, ByteOrder order) {
  std::vector<std::uint16_t> sizes(std::min(count, field.size() / 2));
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = load_u16(field.data() + 2 * i, order);
  return sizes;
}

// The numbers and values of 10.35 and of its undo. A column is null by its bit, or by an empty field.
void read_columns(Bytes nulls, unsigned count, FieldCursor& fields, ByteOrder order, IndexEntry& entry) {
  need(nulls, null_bytes(count));
  const Bytes list = fields.empty() ? Bytes{} : fields.next();
  need(list, 2 * std::size_t{count});
  for (unsigned i = 0; i < count; ++i) {
    const Bytes value = fields.empty() ? Bytes{} : fields.next();
    const bool null = (nulls[i >> 3] >> (i & 7) & 1) != 0 || value.empty();
    entry.columns.push_back({load_u16(list.data() + 2 * i, order), null, value});
  }
}

// The undo of an insert takes an entry away: what it has of key data is no before image.
bool restores_row(LeafUndo undo) {
  return undo == LeafUndo::kRestore || undo == LeafUndo::kUpdateKeyData || undo == LeafUndo::kWholeRow;
}

// Key data begins with the fb of a whole row, a supplemental header with the kind of statement.
bool at_supplemental(FieldCursor fields, std::uint8_t flags) {
  if ((flags & kKdilkSupplemental) == 0 || fields.peek_size() < kSupplementalSize) return false;
  const std::uint8_t kind = fields.next()[0];
  return kind != 0 && kind <= static_cast<std::uint8_t>(StatementKind::kLock) && (kind & (kind - 1)) == 0;
}

void clear(IndexVector& out) {
  out.entries.clear();
  out.supplemental.present = false;
  out.supplemental.columns.clear();
}

}  // namespace

bool has_index_supplemental(const Vector& undo) {
  const Bytes kdilk = undo.field(4);
  return kdilk.size() >= kKdilkSize && (kdilk[2] & kKdilkSupplemental) != 0;
}

void read_index_undo(const Vector& undo, IndexVector& out) {
  clear(out);
  FieldCursor fields = undo.fields();
  if (fields.left() < 5) throw Malformed("the undo of an index change with fewer than five fields");
  for (int i = 0; i < 3; ++i) fields.next();
  const Bytes kdilk_field = fields.next();
  const auto kdilk = decode<Kdilk>(kdilk_field, undo.order);
  out.block = kdilk.leaf;
  read_keys(fields.next(), kdilk.key_sizes, undo.order, out.entries);
  if (kdilk.undo() == LeafUndo::kColumns) {
    need(kdilk_field, kKdilkColumnsSize);
    read_columns(kdilk_field.subspan(kKdilkColumnsSize), kdilk.nnew, fields, undo.order, out.entries.front());
  } else if (!fields.empty() && !at_supplemental(fields, kdilk.flags)) {
    const Bytes data = fields.next();
    if (restores_row(kdilk.undo()) && !data.empty()) read_key_data(data, undo.order, out.entries);
  }
  if ((kdilk.flags & kKdilkSupplemental) != 0) read_supplemental(undo, fields, out.supplemental);
}

void read_index_redo(const Vector& redo, IndexVector& out) {
  clear(out);
  FieldCursor fields = redo.fields();
  if (fields.left() < 2) throw Malformed("an index change with fewer than two fields");
  fields.next();
  const Bytes head = fields.next();
  const auto row = decode<IndexRow>(head, redo.order);
  out.block = redo.dba;
  out.slot = row.slots.empty() ? row.slot : row.slots.front();
  out.entries.resize(1);
  switch (redo.op) {
    case kIndexInsert: {
      if (fields.empty()) throw Malformed("an index entry without key");
      const Bytes key = fields.next();
      const Bytes data = fields.empty() ? Bytes{} : fields.next();
      const Bytes sizes = fields.empty() ? Bytes{} : fields.next();
      read_keys(key, key_sizes(sizes, row.keys, redo.order), redo.order, out.entries);
      if (!data.empty()) read_key_data(data, redo.order, out.entries);
      break;
    }
    case kIndexUpdateKeyData:
    case kIotUpdateRow:
      if (!fields.empty()) read_key_data(fields.next(), redo.order, out.entries);
      break;
    case kIotUpdateColumns: {
      const auto columns = decode<IotColumns>(head, redo.order);
      need(head, kIotColumnsSize);
      read_columns(head.subspan(kIotColumnsSize), columns.nnew, fields, redo.order, out.entries.front());
      break;
    }
    default: break;
  }
}

}  // namespace redoubt::redo
