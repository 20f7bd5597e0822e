#include "oracle/rowid.h"

#include <fmt/format.h>

#include "base/byte_writer.h"
#include "base/error.h"

namespace redoubt::oracle {

void append_rowid(TextBuffer& out, Bytes bytes) {
  constexpr ByteOrder kBig = ByteOrder::kBig;
  if (bytes.size() == 10) {
    const RowId row{u32_at(bytes, 0, kBig), u32_at(bytes, 4, kBig), u16_at(bytes, 8, kBig)};
    char* p = out.room(kRowIdLength);
    return out.used(write_rowid(p, row));
  }
  if (bytes.size() != 6) throw Malformed(fmt::format("ROWID of {} bytes", bytes.size()));
  const Dba dba = u32_at(bytes, 0, kBig);
  char* p = out.room(24);
  out.used(fmt::format_to(p, "{:08X}.{:04X}.{:04X}", dba & 0x3FFFFF, u16_at(bytes, 4, kBig), dba >> 22));
}

ByteString rowid_bytes(RowId row) {
  ByteString bytes;
  ByteWriter(bytes, ByteOrder::kBig).u32(row.data_obj).u32(row.dba).u16(row.slot);
  return bytes;
}

}  // namespace redoubt::oracle
