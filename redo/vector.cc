#include "redo/vector.h"

namespace redoubt::redo {

Bytes Vector::field(unsigned n) const {
  if (n == 0 || n > field_count) return {};
  FieldCursor cursor = fields();
  while (--n) cursor.next();
  return cursor.next();
}

}  // namespace redoubt::redo
