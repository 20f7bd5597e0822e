#include "base/printable.h"

#include <fmt/format.h>

namespace redoubt {

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xC0) == 0x80;
    if (shown.size() >= limit && !(continues && shown.size() < limit + 4)) return shown + "...";
    if (byte < 0x20 || byte == 0x7F)
      shown += fmt::format("\\x{:02X}", byte);
    else
      shown += c;
  }
  return shown;
}

}  // namespace redoubt
