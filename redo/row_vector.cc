#include "redo/row_vector.h"

namespace redoubt::redo {

void read_supplemental(const Vector& vector, FieldCursor& fields, SupplementalBlock& out) {
  out.present = false;
  out.columns.clear();
  fields.skip_empty();
  if (fields.empty() || fields.peek_size() < kSupplementalSize) return;
  out.field = static_cast<std::uint16_t>(vector.field_count - fields.left());
  out.header = {};
  decode_into(fields.next(), vector.order, out.header);
  out.present = true;
  const unsigned count = out.header.columns;
  if (count == 0 || fields.left() < 2) return;
  const Bytes numbers = fields.next();
  const Bytes lengths = fields.next();
  if (numbers.size() < 2 * std::size_t{count} || lengths.size() < 2 * std::size_t{count})
    throw Malformed("supplemental columns without numbers and lengths");
  for (unsigned i = 0; i < count; ++i) {
    const std::uint16_t segcol = load_u16(numbers.data() + 2 * i, vector.order);
    const std::uint16_t length = load_u16(lengths.data() + 2 * i, vector.order);
    const Bytes value = fields.empty() ? Bytes{} : fields.next();
    if (segcol == 0) throw Malformed("supplemental column number 0");
    if (length != 0xFFFF && length != value.size())
      throw Malformed("a supplemental column has another length than stated");
    out.columns.push_back({static_cast<std::uint16_t>(segcol - 1), length == 0xFFFF || length == 0, value});
  }
}

void read_row_vector(const Vector& vector, RowVector& out) {
  out.clear();
  FieldCursor fields = vector.fields();
  const unsigned kdo_at = vector.op == kUndo ? 3 : 1;
  if (fields.left() <= kdo_at) return;
  for (unsigned i = 0; i < kdo_at; ++i) fields.next();
  decode_into(fields.next(), vector.order, out.kdo);
  out.present = true;
  if (out.has_columns()) out.piece = read_piece(out.kdo, fields, vector.order, out.columns);
  read_supplemental(vector, fields, out.supplemental);
}

}  // namespace redoubt::redo
