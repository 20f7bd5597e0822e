// Numbers with units, as a configuration or an option writes them.
//
//   duration   500ms  10s  5m  2h  1d          whole number and unit, without space
//   size       4096  64KiB  2GiB  1GB          KiB MiB GiB TiB are powers of 1024, kB MB GB TB of 1000; no unit: bytes
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace redoubt {

// A value that could not be read, as the end of a sentence that begins with it: "needs a unit: 30s, ...".
class BadValue {
 public:
  explicit BadValue(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

using Duration = std::chrono::milliseconds;

// All throw BadValue. A whole number has no sign, no leading zero (010 is 8 to some readers, 10 to others) and no
// digits grouped.
std::uint64_t parse_integer(std::string_view text);
// `bare_seconds`: a number without unit is seconds, as it has always been for some keys.
Duration parse_duration(std::string_view text, bool bare_seconds = false);
std::uint64_t parse_size(std::string_view text);

// The shortest form that reads back as the same.
std::string write_duration(Duration duration);
std::string write_size(std::uint64_t bytes);

}  // namespace redoubt
