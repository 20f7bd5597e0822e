#include "oracle/number.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "base/digits.h"
#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr std::size_t kDigitsMax = 20;
constexpr std::uint8_t kZero = 0x80;
constexpr std::uint8_t kNegativeEnd = 0x66;

[[noreturn]] void throw_no_number(Bytes bytes) { throw Malformed(fmt::format("NUMBER {}", to_hex(bytes))); }

// A finite value: digits[0] is the base-100 digit of 100^(point - 1).
struct Decimal {
  std::array<std::uint8_t, kDigitsMax> digits;
  int count = 0;
  int point = 0;  // base-100 digits before the decimal point; may be negative or above count
  bool negative = false;
};

// Not for zero and the infinities.
Decimal unpack(Bytes bytes) {
  Decimal d;
  std::size_t count = bytes.size() - 1;
  if (count == 0 || count > kDigitsMax) throw_no_number(bytes);
  const std::uint8_t* from = bytes.data() + 1;
  unsigned worst = 0;
  if (bytes[0] >= 0x80) {
    d.point = bytes[0] - 0xC0;
    for (std::size_t i = 0; i < count; ++i) {
      d.digits[i] = static_cast<std::uint8_t>(from[i] - 1);
      worst = std::max<unsigned>(worst, d.digits[i]);
    }
  } else {
    d.negative = true;
    d.point = 0x3F - bytes[0];
    if (from[count - 1] == kNegativeEnd) {
      --count;
    } else if (count < kDigitsMax) {
      throw_no_number(bytes);  // cut off: a shorter negative value always ends with 66
    }
    if (count == 0) throw_no_number(bytes);
    for (std::size_t i = 0; i < count; ++i) {
      d.digits[i] = static_cast<std::uint8_t>(101 - from[i]);
      worst = std::max<unsigned>(worst, d.digits[i]);
    }
  }
  if (worst > 99) throw_no_number(bytes);
  // Oracle stores neither leading nor trailing zero digits; a foreign writer may.
  std::size_t first = 0;
  while (first < count && d.digits[first] == 0) ++first;
  if (first != 0) [[unlikely]] {
    std::memmove(d.digits.data(), d.digits.data() + first, count - first);
    count -= first;
    d.point -= static_cast<int>(first);
  }
  while (count > 0 && d.digits[count - 1] == 0) --count;
  d.count = static_cast<int>(count);
  return d;
}

bool is_plus_infinity(Bytes b) { return b.size() == 2 && b[0] == 0xFF && b[1] == 0x65; }
bool is_minus_infinity(Bytes b) { return b.size() == 1 && b[0] == 0; }

char* write_zeros(char* to, int count) {
  std::memset(to, '0', static_cast<std::size_t>(count));
  return to + count;
}

// One base-100 digit without a leading zero.
char* write_first(char* to, unsigned digit) {
  if (digit >= 10) return write_pair(to, digit);
  *to = static_cast<char>('0' + digit);
  return to + 1;
}

}  // namespace

void append_number(TextBuffer& out, Bytes bytes) {
  if (bytes.empty()) throw_no_number(bytes);
  if (bytes.size() == 1 && bytes[0] == kZero) return out.append('0');
  if (is_plus_infinity(bytes)) return out.append("Infinity");
  if (is_minus_infinity(bytes)) return out.append("-Infinity");

  const Decimal d = unpack(bytes);
  // At most '-', '0', '.', 64 zero pairs and 20 pairs; or 63 pairs before the point.
  char* p = out.room(3 + 2 * 64 + 2 * kDigitsMax);
  if (d.count == 0) {
    *p++ = '0';
    return out.used(p);
  }
  if (d.negative) *p++ = '-';
  int i = 0;
  if (d.point > 0) {
    p = write_first(p, d.digits[0]);
    for (i = 1; i < d.count && i < d.point; ++i) p = write_pair(p, d.digits[static_cast<std::size_t>(i)]);
    if (d.point > i) p = write_zeros(p, 2 * (d.point - i));
  } else {
    *p++ = '0';
  }
  if (i < d.count) {
    *p++ = '.';
    if (d.point < 0) p = write_zeros(p, -2 * d.point);
    for (; i < d.count; ++i) p = write_pair(p, d.digits[static_cast<std::size_t>(i)]);
    if (p[-1] == '0') --p;
  }
  out.used(p);
}

bool number_is_infinite(Bytes bytes) { return is_plus_infinity(bytes) || is_minus_infinity(bytes); }

std::optional<std::int64_t> number_to_int64(Bytes bytes) {
  if (bytes.empty()) throw_no_number(bytes);
  if (bytes.size() == 1 && bytes[0] == kZero) return 0;
  if (number_is_infinite(bytes)) return std::nullopt;
  const Decimal d = unpack(bytes);
  if (d.count == 0) return 0;
  if (d.count > d.point || d.point > 10) return std::nullopt;
  // Built below zero, where the range is one larger.
  std::int64_t value = 0;
  for (int i = 0; i < d.point; ++i) {
    const int digit = i < d.count ? d.digits[static_cast<std::size_t>(i)] : 0;
    if (__builtin_mul_overflow(value, 100, &value) || __builtin_sub_overflow(value, digit, &value)) return std::nullopt;
  }
  if (d.negative) return value;
  if (value == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  return -value;
}

ByteString number_from_int64(std::int64_t value) {
  std::array<char, 24> text;
  return number_from_text({text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr});
}

ByteString number_from_text(std::string_view text) {
  if (text == "Infinity") return {0xFF, 0x65};
  if (text == "-Infinity") return {0x00};
  const auto fail = [text](const char* why) { throw Malformed(fmt::format("'{}' {}", text, why)); };

  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  std::string digits;      // without leading zeros
  std::int64_t point = 0;  // decimal digits before the point
  bool seen_point = false, seen_digit = false;
  std::size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (c == '.' && !seen_point) {
      seen_point = true;
    } else if (c >= '0' && c <= '9') {
      seen_digit = true;
      if (c == '0' && digits.empty()) {
        if (seen_point) --point;
      } else {
        digits += c;
        if (!seen_point) ++point;
      }
    } else {
      break;
    }
  }
  if (!seen_digit) fail("is no number");
  if (at < rest.size()) {
    if (rest[at] != 'e' && rest[at] != 'E') fail("is no number");
    if (++at + 1 < rest.size() && rest[at] == '+' && rest[at + 1] != '-') ++at;
    int exponent = 0;
    const char* end = rest.data() + rest.size();
    const auto [stop, error] = std::from_chars(rest.data() + at, end, exponent);
    if (stop != end || error != std::errc()) fail("is no number");
    point += exponent;
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  if (digits.empty()) return {kZero};

  if (point % 2 != 0) {
    digits.insert(digits.begin(), '0');
    ++point;
  }
  if (digits.size() % 2 != 0) digits += '0';
  const std::size_t count = digits.size() / 2;
  point /= 2;
  if (count > kDigitsMax) fail("has too many digits for a NUMBER");
  if (point < -64 || point > 63) fail("is outside the range of a NUMBER");

  ByteString bytes;
  bytes += static_cast<std::uint8_t>(negative ? 0x3F - point : 0xC0 + point);
  for (std::size_t i = 0; i < count; ++i) {
    const int digit = (digits[2 * i] - '0') * 10 + digits[2 * i + 1] - '0';
    bytes += static_cast<std::uint8_t>(negative ? 101 - digit : digit + 1);
  }
  if (negative && count < kDigitsMax) bytes += kNegativeEnd;
  return bytes;
}

}  // namespace redoubt::oracle
