// Pairs of decimal digits, the unit of Oracle's numbers and dates.
#pragma once

#include <array>
#include <cstring>

namespace redoubt {

inline constexpr std::array<char, 200> kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// Writes `value` (0 to 99) as two digits and returns the end.
inline char* write_pair(char* to, unsigned value) {
  std::memcpy(to, kDigitPairs.data() + 2 * value, 2);
  return to + 2;
}

}  // namespace redoubt
