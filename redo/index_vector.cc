#include "redo/index_vector.h"

#include <fmt/format.h>

namespace redoubt::redo {
namespace {

constexpr std::uint8_t kNextPieceLink = 6;
constexpr std::uint8_t kUpdateColumns = 35;
constexpr unsigned kKeyColumnsMax = 32;  // an index has no more
constexpr std::size_t kEntriesMax = 4096;

// Length of one column in row format, its length bytes included.
std::size_t column_size(Bytes bytes, ByteOrder order) {
  const std::uint8_t first = u8_at(bytes, 0);
  if (first == 0xFF) return 1;
  return first == 0xFE ? 3 + std::size_t{u16_at(bytes, 1, order)} : 1 + std::size_t{first};
}

void read_key(Bytes key, ByteOrder order, IndexRow& row) {
  unsigned count = 0;
  for (Bytes rest = key; !rest.empty(); ++count) {
    const std::size_t size = column_size(rest, order);
    need(rest, size);
    rest = rest.subspan(size);
  }
  if (count > kKeyColumnsMax) throw Malformed(fmt::format("an index key of {} columns", count));
  read_row_format(key, count, 0, order, row.key);
}

// Reads the row piece at the start of `data` and returns what is behind it.
Bytes read_piece_of(Bytes data, ByteOrder order, IndexRow& row) {
  need(data, 3);
  const std::size_t at = (data[0] & kFbLast) != 0 ? 3 : 3 + kNextPieceLink;
  const unsigned count = data[2];
  std::size_t size = at;
  for (unsigned i = 0; i < count; ++i) {
    need(data, size);
    size += column_size(data.subspan(size), order);
  }
  read_row_format(slice(data, at, size - at), count, 0, order, row.columns);
  return data.subspan(size);
}

void read_key_data(Bytes data, ByteOrder order, std::vector<IndexRow>& rows) {
  for (IndexRow& row : rows) data = read_piece_of(data, order, row);
  if (!data.empty()) throw Malformed("key data longer than its row pieces");
}

// The keys of an array lie behind each other; `sizes` cuts them.
void read_keys(Bytes keys, Bytes sizes, std::size_t count, ByteOrder order, std::vector<IndexRow>& rows) {
  if (count == 0 || count > kEntriesMax) throw Malformed(fmt::format("an array of {} index entries", count));
  rows.resize(count);
  if (count == 1 && sizes.empty()) return read_key(keys, order, rows.front());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t size = u16_at(sizes, 2 * i, order);
    read_key(slice(keys, 0, size), order, rows[i]);
    keys = keys.subspan(size);
  }
}

// The columns of 10.35 and of its undo; `update` begins at ncol.
void read_columns(Bytes update, FieldCursor& fields, ByteOrder order, IndexRow& row) {
  const unsigned count = u8_at(update, 1);
  const Bytes nulls = slice(update, 5, null_bytes(count));
  const Bytes list = fields.empty() ? Bytes{} : fields.next();
  need(list, 2 * std::size_t{count});
  for (unsigned i = 0; i < count; ++i) {
    const Bytes value = fields.empty() ? Bytes{} : fields.next();
    const bool null = (nulls[i >> 3] >> (i & 7) & 1) != 0 || value.empty();
    row.columns.push_back({load_u16(list.data() + 2 * i, order), null, value});
  }
}

// The undo of an insert takes an entry away: what it has of key data is no before image.
bool restores_row(std::uint8_t code) { return code != 2 && code != 3 && code != 4; }

// Key data begins with the fb of a whole row, a supplemental header with the kind of statement.
bool at_supplemental(FieldCursor fields, std::uint8_t flags) {
  if ((flags & kKdilkSupplemental) == 0 || fields.peek_size() < kSupplementalSize) return false;
  const std::uint8_t kind = fields.next()[0];
  return kind != 0 && kind <= static_cast<std::uint8_t>(StatementKind::kLock) && (kind & (kind - 1)) == 0;
}

void clear(IndexVector& out) {
  out.rows.clear();
  out.supplemental.present = false;
  out.supplemental.columns.clear();
}

}  // namespace

bool has_index_supplemental(const Vector& undo) {
  const Bytes kdilk = undo.field(4);
  return kdilk.size() >= kKdilkSize && (kdilk[2] & kKdilkSupplemental) != 0;
}

void read_index_undo(const Vector& undo, bool iot, IndexVector& out) {
  clear(out);
  FieldCursor fields = undo.fields();
  if (fields.left() < 5) throw Malformed("the undo of an index change with fewer than five fields");
  for (int i = 0; i < 3; ++i) fields.next();
  const Bytes kdilk = fields.next();
  need(kdilk, kKdilkSize);
  out.code = kdilk[0];
  out.flags = kdilk[2];
  out.block = load_u32(kdilk.data() + 8, undo.order);
  const Bytes key = fields.next();
  if (out.code == kUpdateColumns) {
    out.rows.resize(1);
    read_key(key, undo.order, out.rows.front());
    read_columns(kdilk.subspan(kKdilkSize + 1), fields, undo.order, out.rows.front());
  } else {
    const bool array = kdilk.size() >= kKdilkSize + 6;
    const std::size_t count = array ? load_u16(kdilk.data() + kKdilkSize, undo.order) : 1;
    read_keys(key, array ? kdilk.subspan(kKdilkSize + 4) : Bytes{}, count, undo.order, out.rows);
    if (!fields.empty() && !at_supplemental(fields, out.flags)) {
      const Bytes data = fields.next();
      if (iot && restores_row(out.code) && !data.empty()) read_key_data(data, undo.order, out.rows);
    }
  }
  if ((out.flags & kKdilkSupplemental) != 0) read_supplemental(undo, fields, out.supplemental);
}

void read_index_redo(const Vector& redo, IndexVector& out) {
  clear(out);
  FieldCursor fields = redo.fields();
  if (fields.left() < 2) throw Malformed("an index change with fewer than two fields");
  fields.next();
  const Bytes entry = fields.next();
  need(entry, 6);
  out.code = static_cast<std::uint8_t>(code_of(redo.op));
  out.block = redo.dba;
  out.slot = load_u16(entry.data() + 2, redo.order);
  out.rows.resize(1);
  switch (redo.op) {
    case kIndexInsert: {
      if (fields.empty()) throw Malformed("an index entry without key");
      const Bytes key = fields.next();
      const Bytes data = fields.empty() ? Bytes{} : fields.next();
      const bool array = (entry[1] & kIndexArray) != 0;
      if (array) out.slot = u16_at(entry, 12, redo.order);
      const Bytes sizes = array && !fields.empty() ? fields.next() : Bytes{};
      read_keys(key, sizes, array ? u16_at(entry, 8, redo.order) : 1, redo.order, out.rows);
      if (!data.empty()) read_key_data(data, redo.order, out.rows);
      break;
    }
    case kIndexUpdateKeyData:
    case kIotUpdateRow:
      if (!fields.empty()) read_key_data(fields.next(), redo.order, out.rows);
      break;
    case kIotUpdateColumns:
      need(entry, 12);
      read_columns(entry.subspan(7), fields, redo.order, out.rows.front());
      break;
    default: break;
  }
}

}  // namespace redoubt::redo
