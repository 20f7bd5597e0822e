#include "oracle/float.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

template <class Float, class Bits>
Float decode(Bytes bytes) {
  if (bytes.size() != sizeof(Bits)) throw Malformed(fmt::format("binary float of {} bytes", bytes.size()));
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  const Bits bits = load<Bits>(bytes.data(), ByteOrder::kBig);
  return std::bit_cast<Float>(bits & kSign ? bits ^ kSign : ~bits);
}

template <class Float, class Bits>
ByteString encode(Float value) {
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  const Bits bits = std::bit_cast<Bits>(value);
  ByteString bytes(sizeof(Bits), 0);
  store<Bits>(bytes.data(), bits & kSign ? ~bits : bits | kSign, ByteOrder::kBig);
  return bytes;
}

template <class Float>
void append(TextBuffer& out, Float value) {
  if (std::isnan(value)) return out.append("NaN");
  if (std::isinf(value)) return out.append(value > 0 ? "Infinity" : "-Infinity");

  // std::to_chars knows the shortest digits; where to put the point is decided here, since its own choice turns on
  // the length of the text and writes 100000 as 1e+05.
  std::array<char, 32> text;
  char* const end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
  char* mark = end - 1;
  while (*mark != 'e') --mark;
  const bool below_one = mark[1] == '-';
  int exponent = 0;
  std::from_chars(mark + 2, end, exponent);
  if (below_one ? exponent > 4 : exponent >= 16) return out.append({text.data(), end});

  char* p = out.room(40);
  const char* from = text.data();
  if (*from == '-') *p++ = *from++;
  if (below_one && exponent > 0) {
    *p++ = '0';
    *p++ = '.';
    for (int i = 1; i < exponent; ++i) *p++ = '0';
    for (; from != mark; ++from)
      if (*from != '.') *p++ = *from;
  } else {
    *p++ = *from++;
    if (from != mark) ++from;  // the point
    for (; exponent > 0; --exponent) *p++ = from != mark ? *from++ : '0';
    if (from != mark) *p++ = '.';
    while (from != mark) *p++ = *from++;
  }
  out.used(p);
}

}  // namespace

float float_value(Bytes bytes) { return decode<float, std::uint32_t>(bytes); }
double double_value(Bytes bytes) { return decode<double, std::uint64_t>(bytes); }

ByteString float_bytes(float value) { return encode<float, std::uint32_t>(value); }
ByteString double_bytes(double value) { return encode<double, std::uint64_t>(value); }

void append_float(TextBuffer& out, float value) { append(out, value); }
void append_float(TextBuffer& out, double value) { append(out, value); }

}  // namespace redoubt::oracle
