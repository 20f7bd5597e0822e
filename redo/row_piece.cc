#include "redo/row_piece.h"

#include <fmt/format.h>

namespace redoubt::redo {
namespace {

constexpr std::uint8_t kLongestShort = 0xFA;  // a length that is its own code
constexpr std::uint8_t kLongLength = 0xFE;
constexpr std::uint8_t kNull = 0xFF;
constexpr std::uint8_t kLiteral = 0xC8;  // + length, up to 49
constexpr std::uint8_t kLiteralLongest = 0xF9;
constexpr std::uint8_t kLongLiteral = 0xFA;  // + u16 length
constexpr std::size_t kPieceHeader = 3;      // fb, lb, cc

// A whole piece whose columns are all literals; false when one refers to the symbol table or the lengths do not add up.
bool read_literals(Bytes bytes, unsigned count, ByteOrder order, std::vector<PieceColumn>& out) {
  const std::size_t before = out.size();
  std::size_t at = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (at >= bytes.size()) break;
    const std::uint8_t code = bytes[at++];
    std::size_t length = 0;
    if (code == kNull) {
      out.push_back({static_cast<std::uint16_t>(i), true, {}});
      continue;
    }
    if (code >= kLiteral && code <= kLiteralLongest) {
      length = code - kLiteral;
    } else if (code == kLongLiteral && at + 2 <= bytes.size()) {
      length = load_u16(bytes.data() + at, order);
      at += 2;
    } else {
      break;
    }
    if (length == 0 || length > bytes.size() - at) break;
    out.push_back({static_cast<std::uint16_t>(i), false, bytes.subspan(at, length)});
    at += length;
  }
  if (out.size() - before == count && at == bytes.size()) return true;
  out.resize(before);
  return false;
}

PieceForm read_whole(const Kdo& kdo, Bytes field, ByteOrder order, std::vector<PieceColumn>& out) {
  need(field, kPieceHeader);
  if ((kdo.fb & kFbCluster) != 0) {
    read_row_format(field.subspan(kPieceHeader), field[2], 0, order, out);
    return PieceForm::kWhole;
  }
  return read_literals(field.subspan(kPieceHeader), field[2], order, out) ? PieceForm::kCompressed : PieceForm::kOpaque;
}

// Null bits decide. A null column has an empty field, or (undo vectors) none; trailing nulls may have none.
void read_column(bool null, std::uint16_t position, FieldCursor& fields, std::vector<PieceColumn>& out) {
  if (null) {
    if (!fields.empty() && fields.peek_size() == 0) fields.next();
    out.push_back({position, true, {}});
    return;
  }
  fields.skip_empty();
  if (fields.empty()) throw Malformed(fmt::format("column {} of the row piece has no field", position));
  out.push_back({position, false, fields.next()});
}

Piece read_update(const Kdo& kdo, FieldCursor& fields, ByteOrder order, std::vector<PieceColumn>& out) {
  Piece piece;
  if (fields.empty()) throw Malformed("an update without a column list");
  const Bytes list = fields.next();
  if (list.size() >= 2) piece.first = load_u16(list.data(), order);
  need(list, 2 * std::size_t{kdo.nnew});
  if ((kdo.flags & kKdoPacked) != 0) {
    if (fields.empty()) throw Malformed("an update without its values");
    read_row_format(fields.next(), kdo.nnew, piece.first, order, out);
    return piece;
  }
  for (unsigned i = 0; i < kdo.nnew; ++i)
    read_column(kdo.null_bit(i), load_u16(list.data() + 2 * i, order), fields, out);
  return piece;
}

}  // namespace

Piece read_piece(const Kdo& kdo, FieldCursor& fields, ByteOrder order, std::vector<PieceColumn>& out) {
  Piece piece;
  if (kdo.row_op() == RowOp::kUpdate) {
    piece = read_update(kdo, fields, order, out);
  } else if (!fields.empty() && kdo.cc != 1 && kdo.size != 0 && fields.peek_size() == kdo.size) {
    piece.form = read_whole(kdo, fields.next(), order, out);
  } else {
    for (unsigned i = 0; i < kdo.cc; ++i) read_column(kdo.null_bit(i), static_cast<std::uint16_t>(i), fields, out);
  }
  if ((kdo.op & kKdoRowDependencies) != 0 && !fields.empty()) {
    fields.skip_empty();
    if (!fields.empty() && fields.peek_size() >= 8) fields.next();
  }
  return piece;
}

std::vector<PackedRow> read_packed_rows(const Kdo& kdo, FieldCursor& fields, bool wide_scn, ByteOrder order) {
  if (fields.left() < 2) throw Malformed("rows without their lengths");
  const Bytes lengths = fields.next();
  Bytes rest = fields.next();
  need(lengths, 2 * std::size_t{kdo.nnew});
  const std::size_t scn_size = (kdo.op & kKdoRowDependencies) == 0 ? 0 : wide_scn ? 8 : 6;
  std::vector<PackedRow> rows(kdo.nnew);
  for (unsigned i = 0; i < kdo.nnew; ++i) {
    const Bytes row = slice(rest, 0, load_u16(lengths.data() + 2 * i, order));
    need(row, kPieceHeader + scn_size);
    rows[i] = {load_u16(kdo.slots.data() + 2 * i, order), row[0], row[1], row[2], row.subspan(kPieceHeader + scn_size)};
    rest = rest.subspan(row.size());
  }
  return rows;
}

Bytes read_row_column(Bytes bytes, unsigned position, ByteOrder order, std::vector<PieceColumn>& out) {
  const std::uint8_t code = u8_at(bytes, 0);
  if (code > kLongestShort && code != kLongLength && code != kNull)
    throw Malformed(fmt::format("column length code 0x{:02x}", code));
  const std::size_t head = code == kLongLength ? 3 : 1;
  const std::size_t length = code == kLongLength ? u16_at(bytes, 1, order) : code == kNull ? 0 : code;
  const Bytes value = slice(bytes, head, length);
  out.push_back({static_cast<std::uint16_t>(position), length == 0, length == 0 ? Bytes{} : value});
  return bytes.subspan(head + length);
}

void read_row_format(Bytes bytes, unsigned count, unsigned first, ByteOrder order, std::vector<PieceColumn>& out) {
  for (unsigned i = 0; i < count; ++i) bytes = read_row_column(bytes, first + i, order, out);
  if (!bytes.empty()) throw Malformed(fmt::format("{} bytes behind the last column of a row", bytes.size()));
}

void append_row_format(std::vector<std::uint8_t>& out, const PieceColumn& column, ByteOrder order) {
  if (column.null) {
    out.push_back(kNull);
    return;
  }
  const std::size_t size = column.value.size();
  if (size <= kLongestShort) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else {
    out.push_back(kLongLength);
    out.resize(out.size() + 2);
    store(out.data() + out.size() - 2, static_cast<std::uint16_t>(size), order);
  }
  out.insert(out.end(), column.value.begin(), column.value.end());
}

}  // namespace redoubt::redo
