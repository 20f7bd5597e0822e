#include "base/bytes.h"

#include <fmt/format.h>

namespace redoubt {

void throw_short(std::size_t need, std::size_t have) {
  throw Malformed(fmt::format("needs {} bytes, only {} are there", need, have));
}

std::string to_hex(Bytes b) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(b.size() * 2, '\0');
  for (std::size_t i = 0; i < b.size(); ++i) {
    text[2 * i] = kDigits[b[i] >> 4];
    text[2 * i + 1] = kDigits[b[i] & 15];
  }
  return text;
}

ByteString from_hex(std::string_view text) {
  ByteString bytes;
  int high = -1;
  for (char c : text) {
    if (c == ' ') continue;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) throw Malformed(fmt::format("'{}' is no hexadecimal digit", c));
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) throw Malformed("odd number of hexadecimal digits");
  return bytes;
}

}  // namespace redoubt
