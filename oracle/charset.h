// Oracle's character sets: bytes to UTF-8 and back.
//
// AL32UTF8, UTF8 (CESU-8: supplementary characters as two 3-byte surrogates), US7ASCII, AL16UTF16 and AL16UTF16LE are
// read here, single-byte sets through a table of 128 characters made from ICU at first use, multi-byte sets through an
// ICU converter per thread. Bytes below 80 are ASCII in all of them (0x5C is the yen sign in the *YEN sets): ICU's IBM
// tables move three control characters around, Oracle does not.
//
// Ids and names are Oracle's. These sets have no ICU converter and are known by name only: WE8DEC, WE8HP,
// VN8VN3, CL8ISOIR111, EL8DEC, TR8DEC, EE8MACCROATIANS, KO16KSCCS, ZHT32TRIS, ZHT16CCDC.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

class Charset {
 public:
  enum class Kind : std::uint8_t { kAscii, kUtf8, kCesu8, kUtf16Be, kUtf16Le, kSingleByte, kMultiByte, kNameOnly };
  // How a Japanese set differs from its ICU converter, which maps the wave dash to U+FF5E and 0x5C to the backslash.
  enum class Variant : std::uint8_t { kNone, kWaveDash, kWaveDashYen };

  constexpr Charset(unsigned id, std::string_view name, Kind kind, const char* icu_name = nullptr,
                    Variant variant = Variant::kNone)
      : name_(name), icu_name_(icu_name), id_(id), kind_(kind), variant_(variant) {}
  Charset(const Charset&) = delete;
  Charset& operator=(const Charset&) = delete;

  unsigned id() const { return id_; }
  std::string_view name() const { return name_; }  // Oracle's, "AL32UTF8"

  // Whether these bytes can be told for sure. Always, but for a set known by name only: there only plain ASCII can.
  bool decodes(Bytes bytes) const { return kind_ != Kind::kNameOnly || is_plain_ascii(bytes); }

  // Append the text as UTF-8, bare or as a quoted JSON string. Sequences invalid in this set become U+FFFD.
  void append_utf8(TextBuffer& out, Bytes bytes) const;
  void append_json_string(TextBuffer& out, Bytes bytes) const;

  // Throws Malformed on invalid UTF-8 and on characters this set does not have.
  ByteString from_utf8(std::string_view text) const;

 private:
  using HighHalf = std::array<char16_t, 128>;

  static bool is_plain_ascii(Bytes bytes);
  const HighHalf& high_half() const;
  template <bool kJson>
  void append(TextBuffer& out, Bytes bytes) const;

  std::string_view name_;
  const char* icu_name_;
  mutable std::atomic<const HighHalf*> high_half_ = nullptr;  // of a single-byte set, once made; never freed
  unsigned id_;
  Kind kind_;
  Variant variant_;
};

// Null if the id (COL$.CHARSETID) or the name (NLS_CHARACTERSET) is unknown. The objects live for ever.
const Charset* charset_by_id(unsigned id);
const Charset* charset_by_name(std::string_view name);

}  // namespace redoubt::oracle
