// JSON strings out of text: what to escape, and the fast way past everything that needs no escape.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

// Appends `utf8` as a quoted JSON string. Valid UTF-8 passes through, invalid sequences become U+FFFD.
void append_json_string(TextBuffer& out, std::string_view utf8);

// The widest thing write_character writes, and room enough for two of them.
inline constexpr std::size_t kCharacterRoom = 16;

// Writes one code point as UTF-8 and returns the end; with kJson escaped as inside a JSON string.
template <bool kJson>
inline char* write_character(char* to, char32_t c) {
  const auto byte = [](char32_t v) { return static_cast<char>(v); };
  if (c < 0x80) {
    if constexpr (kJson) {
      if (c == '"' || c == '\\') {
        *to++ = '\\';
      } else if (c < 0x20) {
        // What follows the backslash, by control character.
        static constexpr char kShort[33] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
        static constexpr char kHex[17] = "0123456789abcdef";
        *to++ = '\\';
        *to++ = kShort[c];
        if (kShort[c] != 'u') return to;
        to[0] = to[1] = '0';
        to[2] = kHex[c >> 4];
        to[3] = kHex[c & 15];
        return to + 4;
      }
    }
    *to++ = byte(c);
  } else if (c < 0x800) {
    *to++ = byte(0xC0 | c >> 6);
    *to++ = byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    *to++ = byte(0xE0 | c >> 12);
    *to++ = byte(0x80 | (c >> 6 & 0x3F));
    *to++ = byte(0x80 | (c & 0x3F));
  } else {
    *to++ = byte(0xF0 | c >> 18);
    *to++ = byte(0x80 | (c >> 12 & 0x3F));
    *to++ = byte(0x80 | (c >> 6 & 0x3F));
    *to++ = byte(0x80 | (c & 0x3F));
  }
  return to;
}

// Copies the longest prefix of `size` bytes that are plain and returns its length. Plain is what needs no escape
// (kJson) and is ASCII (unless kHigh). Everything at `to` up to `size` may be overwritten. 16 bytes at a time where the
// processor can, then 8 in one register.
template <bool kJson, bool kHigh>
inline std::size_t copy_plain(char* to, const std::uint8_t* from, std::size_t size) {
  std::size_t at = 0;
#ifdef __SSE2__
  for (; size - at >= 16; at += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at), v);
    unsigned special = 0;
    if constexpr (kJson) {
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
      const __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
      const __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
      special = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
    }
    if constexpr (!kHigh) special |= static_cast<unsigned>(_mm_movemask_epi8(v));
    if (special != 0) return at + static_cast<std::size_t>(std::countr_zero(special));
  }
#endif
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kTops = kOnes * 0x80;
  for (; size - at >= 8; at += 8) {
    std::uint64_t v;
    std::memcpy(&v, from + at, 8);
    std::uint64_t special = kHigh ? 0 : v & kTops;
    if constexpr (kJson) {
      const std::uint64_t quote = v ^ kOnes * '"';
      const std::uint64_t backslash = v ^ kOnes * '\\';
      // Each term sets the top bit of a byte that is below its limit (and perhaps of one behind it).
      special |= ((v - kOnes * 0x20) & ~v & kTops) | ((quote - kOnes) & ~quote & kTops) |
                 ((backslash - kOnes) & ~backslash & kTops);
    }
    if (special != 0) break;
    std::memcpy(to + at, &v, 8);
  }
  for (; at < size; ++at) {
    const std::uint8_t c = from[at];
    if (!kHigh && c >= 0x80) break;
    if (kJson && (c < 0x20 || c == '"' || c == '\\')) break;
    to[at] = static_cast<char>(c);
  }
  return at;
}

}  // namespace redoubt::oracle
