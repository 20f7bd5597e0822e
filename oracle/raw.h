// RAW and LONG RAW: any bytes, shown as lower-case hex without blanks.
#pragma once

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

inline void append_hex(TextBuffer& out, Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  char* p = out.room(2 * bytes.size());
  for (const std::uint8_t b : bytes) {
    *p++ = kDigits[b >> 4];
    *p++ = kDigits[b & 15];
  }
  out.used(p);
}

}  // namespace redoubt::oracle
