// Bytes as they come from outside: spans, loads in a given byte order, and a bounds-checked cursor.
//
// Everything untrusted is read through Bytes + the checked functions here: a read outside throws Malformed, it never
// touches memory that is not part of the span. The unchecked load_* are for code that has checked the length just
// before.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace redoubt {

using Bytes = std::span<const std::uint8_t>;
// Bytes with an owner.
using ByteString = std::basic_string<std::uint8_t>;

enum class ByteOrder : std::uint8_t { kLittle, kBig };

static_assert(std::endian::native == std::endian::little, "loads below assume a little-endian host");

template <class T>
inline T load(const std::uint8_t* p, ByteOrder order) {
  T v;
  std::memcpy(&v, p, sizeof v);
  if (order == ByteOrder::kBig) {
    if constexpr (sizeof v == 2) v = static_cast<T>(__builtin_bswap16(v));
    if constexpr (sizeof v == 4) v = static_cast<T>(__builtin_bswap32(v));
    if constexpr (sizeof v == 8) v = static_cast<T>(__builtin_bswap64(v));
  }
  return v;
}
inline std::uint16_t load_u16(const std::uint8_t* p, ByteOrder order) { return load<std::uint16_t>(p, order); }
inline std::uint32_t load_u32(const std::uint8_t* p, ByteOrder order) { return load<std::uint32_t>(p, order); }
inline std::uint64_t load_u64(const std::uint8_t* p, ByteOrder order) { return load<std::uint64_t>(p, order); }

template <class T>
inline void store(std::uint8_t* p, T v, ByteOrder order) {
  v = load<T>(reinterpret_cast<const std::uint8_t*>(&v), order);
  std::memcpy(p, &v, sizeof v);
}

[[noreturn]] void throw_short(std::size_t need, std::size_t have);

inline void need(Bytes b, std::size_t size) {
  if (b.size() < size) [[unlikely]]
    throw_short(size, b.size());
}

inline std::uint8_t u8_at(Bytes b, std::size_t at) {
  need(b, at + 1);
  return b[at];
}
inline std::uint16_t u16_at(Bytes b, std::size_t at, ByteOrder order) {
  need(b, at + 2);
  return load_u16(b.data() + at, order);
}
inline std::uint32_t u32_at(Bytes b, std::size_t at, ByteOrder order) {
  need(b, at + 4);
  return load_u32(b.data() + at, order);
}
inline Bytes slice(Bytes b, std::size_t at, std::size_t size) {
  need(b, at + size);
  return b.subspan(at, size);
}

constexpr std::uint32_t align4(std::uint32_t n) { return (n + 3U) & ~3U; }

inline std::string_view as_text(Bytes b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }
inline Bytes as_bytes(std::string_view s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }

// Lower-case hexadecimal; `from_hex` accepts both cases and blanks, and throws Malformed on anything else.
std::string to_hex(Bytes b);
ByteString from_hex(std::string_view text);

// Reads forward through a span; every step is checked.
class Cursor {
 public:
  Cursor(Bytes bytes, ByteOrder order) : rest_(bytes), order_(order) {}

  bool empty() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }
  std::uint8_t u8() { return take(1)[0]; }
  std::uint16_t u16() { return load_u16(take(2).data(), order_); }
  std::uint32_t u32() { return load_u32(take(4).data(), order_); }
  std::uint64_t u64() { return load_u64(take(8).data(), order_); }
  Bytes take(std::size_t n) {
    Bytes b = slice(rest_, 0, n);
    rest_ = rest_.subspan(n);
    return b;
  }

 private:
  Bytes rest_;
  ByteOrder order_;
};

}  // namespace redoubt
