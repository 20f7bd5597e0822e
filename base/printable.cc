#include "base/printable.h"

#include <fmt/format.h>

namespace redoubt {

std::string printable(std::string_view text, std::size_t limit) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool continues = (byte & 0xC0) == 0x80;
    if (shown.size() >= limit && !(continues && shown.size() < limit + 4)) return shown + "...";
    if (byte < 0x20 || byte == 0x7F) {
      shown += fmt::format("\\x{:02X}", byte);
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {  // U+0080 to U+009F: terminals obey them, too
      shown += fmt::format("\\x{:02X}", next);
      ++i;
    } else {
      shown += text[i];
    }
  }
  return shown;
}

}  // namespace redoubt
