#include "base/units.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <span>

namespace redoubt {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t worth;
};

constexpr Unit kDurations[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr Unit kSizes[] = {{"TiB", 1ULL << 40},       {"GiB", 1ULL << 30},   {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10},
                           {"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000},   {"kB", 1000}};

std::string_view digits_of(std::string_view text) {
  return text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
}

// The number times what its unit is worth; `max` bounds the product.
std::uint64_t with_unit(std::string_view text, std::string_view number, std::span<const Unit> units, std::uint64_t max,
                        std::string_view how) {
  const std::string_view name = text.substr(number.size());
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    const std::uint64_t count = parse_integer(number);
    if (count > max / unit.worth) throw BadValue("is too large");
    return count * unit.worth;
  }
  throw BadValue(std::string(how));
}

std::string shortest(std::uint64_t value, std::span<const Unit> units, std::string_view bare) {
  for (const Unit& unit : units)
    if (value != 0 && value % unit.worth == 0) return fmt::format("{}{}", value / unit.worth, unit.name);
  return fmt::format("{}{}", value, bare);
}

}  // namespace

std::uint64_t parse_integer(std::string_view text) {
  const std::string_view digits = digits_of(text.starts_with('-') ? text.substr(1) : text);
  if (text.starts_with('-') && !digits.empty() && digits.size() + 1 == text.size())
    throw BadValue("must not be negative");
  if (digits.empty() || digits.size() != text.size()) throw BadValue("must be a whole number, of digits alone");
  if (digits.size() > 1 && digits.front() == '0')
    throw BadValue("could be octal or decimal; write it without the zero in front");
  std::uint64_t value = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc())
    throw BadValue("is too large");
  return value;
}

Duration parse_duration(std::string_view text, bool bare_seconds) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max());
  constexpr std::string_view kHow = "must be a whole number and a unit, as in 500ms, 10s, 5m, 2h, 1d";
  if (text.starts_with('-')) throw BadValue("must not be negative");
  const std::string_view number = digits_of(text);
  if (number.empty()) throw BadValue(std::string(kHow));
  if (number.size() < text.size()) return Duration(with_unit(text, number, kDurations, kMax, kHow));
  const std::uint64_t count = parse_integer(number);
  if (!bare_seconds) throw BadValue(fmt::format("needs a unit: {0}s for seconds, or {0}ms, {0}m, {0}h, {0}d", number));
  if (count > kMax / 1000) throw BadValue("is too large");
  return Duration(count * 1000);
}

std::uint64_t parse_size(std::string_view text) {
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  constexpr std::string_view kHow = "must be bytes, or a whole number and a unit, as in 64MiB, 2GiB, 1GB (10^9)";
  if (text.starts_with('-')) throw BadValue("must not be negative");
  const std::string_view number = digits_of(text);
  if (number.empty()) throw BadValue(std::string(kHow));
  return number.size() == text.size() ? parse_integer(number) : with_unit(text, number, kSizes, kMax, kHow);
}

std::string write_duration(Duration duration) {
  return shortest(static_cast<std::uint64_t>(duration.count()), kDurations, "s");
}

std::string write_size(std::uint64_t bytes) { return shortest(bytes, kSizes, ""); }

}  // namespace redoubt
