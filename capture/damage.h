// What is to be done about redo that is damaged or missing, and what is said of it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace redoubt::capture {

enum class DamagePolicy : std::uint8_t {
  kStop,
  kSkip,
  kWait,  // until it is mended; only where redo is followed live
};

// The warning about redo that was passed over: `reason` says what is wrong, `part` what goes on without it.
inline std::string passed_over_text(std::string_view file, std::string_view reason, std::string_view part) {
  return fmt::format(
      "{}: {}; {} passed over: changes in there are lost, and transactions that may have some are told "
      "as suspect",
      file, reason, part);
}

}  // namespace redoubt::capture
