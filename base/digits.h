// Decimal digits, written in pairs: the unit of Oracle's numbers and dates.
#pragma once

#include <array>
#include <cstdint>
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

// Chars that write_number may write, whatever the number.
inline constexpr std::size_t kNumberRoom = 24;

// Writes `value` in decimal and returns the end; up to kNumberRoom chars at `to` are overwritten.
inline char* write_number(char* to, std::uint64_t value) {
  if (value < 100) {
    if (value >= 10) return write_pair(to, static_cast<unsigned>(value));
    *to = static_cast<char>('0' + value);
    return to + 1;
  }
  std::array<char, 2 * kNumberRoom> text;  // the digits end in its middle: the copy below has one size
  char* p = text.data() + kNumberRoom;
  for (; value >= 100; value /= 100) write_pair(p -= 2, static_cast<unsigned>(value % 100));
  if (value >= 10) {
    write_pair(p -= 2, static_cast<unsigned>(value));
  } else {
    *--p = static_cast<char>('0' + value);
  }
  std::memcpy(to, p, kNumberRoom);
  return to + (text.data() + kNumberRoom - p);
}

}  // namespace redoubt
