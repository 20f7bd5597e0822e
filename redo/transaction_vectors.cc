#include "redo/transaction_vectors.h"

namespace redoubt::redo {

// Fields behind ktucm come in a fixed order, each announced by a flag; the last one, 4 bytes, is the commit time. The
// place of the 8-byte parent SCN among them is not known: it is the only field of that size.
TransactionEnd transaction_end(const Vector& v) {
  TransactionEnd result;
  FieldCursor fields = v.fields();
  if (fields.empty()) throw Malformed("5.4 without fields");
  result.end = decode<Ktucm>(fields.next(), v.order);
  while (!fields.empty()) {
    const Bytes field = fields.next();
    if (field.size() == 4) result.time = load_u32(field.data(), v.order);
    if (field.size() == 8 && (result.end.flg & kEndParentScn) != 0)
      result.parent_scn = load_scn8(field.data(), v.order).value;
  }
  return result;
}

}  // namespace redoubt::redo
