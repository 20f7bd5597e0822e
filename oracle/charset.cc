#include "oracle/charset.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <unicode/ucnv.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "oracle/json_string.h"

namespace redoubt::oracle {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kWaveDashSign = 0x301C;
constexpr char32_t kFullwidthTilde = 0xFF5E;
constexpr char32_t kYen = 0xA5;

constexpr bool is_high_surrogate(char32_t c) { return c >> 10 == 0xD800 >> 10; }
constexpr bool is_low_surrogate(char32_t c) { return c >> 10 == 0xDC00 >> 10; }
constexpr char32_t combine(char32_t high, char32_t low) { return 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF); }

bool is_valid_utf8(const std::uint8_t* from, const std::uint8_t* end) {
  return simdjson::validate_utf8(reinterpret_cast<const char*>(from), static_cast<std::size_t>(end - from));
}

// The character at `from` (not at the end), which moves behind it. An invalid sequence is replaced once per longest
// prefix of a valid one, as Unicode recommends. Surrogates are valid only where `surrogates` says so.
char32_t next_utf8(const std::uint8_t*& from, const std::uint8_t* end, bool surrogates) {
  const unsigned lead = *from++;
  if (lead < 0x80) return lead;
  if (lead < 0xC2 || lead > 0xF4) return kReplacement;
  int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned high = lead == 0xED && !surrogates ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t c = lead & (0x3FU >> more);
  for (; more > 0; --more) {
    if (from == end || *from < low || *from > high) return kReplacement;
    c = c << 6 | (*from++ & 0x3FU);
    low = 0x80;
    high = 0xBF;
  }
  return c;
}

char32_t next_cesu8(const std::uint8_t*& from, const std::uint8_t* end) {
  const char32_t c = next_utf8(from, end, true);
  if (is_high_surrogate(c) && from != end) {
    const std::uint8_t* behind = from;
    const char32_t low = next_utf8(behind, end, true);
    if (is_low_surrogate(low)) {
      from = behind;
      return combine(c, low);
    }
  }
  return is_high_surrogate(c) || is_low_surrogate(c) ? kReplacement : c;
}

char32_t next_utf16(const std::uint8_t*& from, const std::uint8_t* end, ByteOrder order) {
  if (end - from < 2) {
    from = end;
    return kReplacement;
  }
  const char32_t c = load_u16(from, order);
  from += 2;
  if (is_high_surrogate(c) && end - from >= 2) {
    const char32_t low = load_u16(from, order);
    if (is_low_surrogate(low)) {
      from += 2;
      return combine(c, low);
    }
  }
  return is_high_surrogate(c) || is_low_surrogate(c) ? kReplacement : c;
}

// Text of a set in which bytes below 80 stand for themselves, except that kStop also leaves what JSON escapes to
// `next`. `next(p, from)` writes the character at `from`, moves `from` behind it and returns the new p.
template <bool kStop, class Next>
void append_ascii_based(TextBuffer& out, Bytes bytes, Next next) {
  const std::uint8_t* from = bytes.data();
  const std::uint8_t* const end = from + bytes.size();
  char* p = out.room(bytes.size() + kCharacterRoom);
  for (;;) {
    const std::size_t plain = copy_plain<kStop, false>(p, from, static_cast<std::size_t>(end - from));
    p += plain;
    from += plain;
    if (from == end) break;
    do {
      p = next(p, from);
      out.used(p);
      p = out.room(static_cast<std::size_t>(end - from) + kCharacterRoom);
    } while (from != end && *from >= 0x80);
  }
  out.used(p);
}

// Valid UTF-8, nearly always the case, is copied; characters are looked at one by one only if some are not valid.
template <bool kJson>
void append_utf8_based(TextBuffer& out, Bytes bytes, bool cesu8) {
  const std::uint8_t* from = bytes.data();
  const std::uint8_t* const end = from + bytes.size();
  char* p = out.room(bytes.size() + kCharacterRoom);
  const std::size_t ascii = copy_plain<kJson, false>(p, from, bytes.size());
  p += ascii;
  from += ascii;
  if (from == end) return out.used(p);
  out.used(p);

  if (!is_valid_utf8(from, end)) {
    return append_ascii_based<kJson>(out, {from, end}, [end, cesu8](char* to, const std::uint8_t*& at) {
      return write_character<kJson>(to, cesu8 ? next_cesu8(at, end) : next_utf8(at, end, false));
    });
  }
  for (;;) {
    p = out.room(static_cast<std::size_t>(end - from) + kCharacterRoom);
    const std::size_t plain = copy_plain<kJson, true>(p, from, static_cast<std::size_t>(end - from));
    p += plain;
    from += plain;
    if (from == end) return out.used(p);
    out.used(write_character<kJson>(p, *from++));
  }
}

template <bool kJson>
void append_utf16(TextBuffer& out, Bytes bytes, ByteOrder order) {
  const std::uint8_t* from = bytes.data();
  const std::uint8_t* const end = from + bytes.size();
  char* p = out.room(bytes.size() / 2 + kCharacterRoom);
#ifdef __SSE2__
  const __m128i beyond_ascii = _mm_set1_epi16(static_cast<std::int16_t>(order == ByteOrder::kBig ? 0x80FF : 0xFF80));
#endif
  while (from != end) {
#ifdef __SSE2__
    // Eight ASCII characters at once.
    if (end - from >= 16) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      const __m128i other = _mm_cmpeq_epi16(_mm_and_si128(v, beyond_ascii), _mm_setzero_si128());
      if (_mm_movemask_epi8(other) == 0xFFFF) {
        const __m128i units = order == ByteOrder::kBig ? _mm_srli_epi16(v, 8) : v;
        std::array<std::uint8_t, 8> ascii;
        _mm_storel_epi64(reinterpret_cast<__m128i*>(ascii.data()), _mm_packus_epi16(units, units));
        const std::size_t plain = copy_plain<kJson, true>(p, ascii.data(), ascii.size());
        p += plain;
        from += 2 * plain;
        if (plain == ascii.size()) continue;
      }
    }
#endif
    p = write_character<kJson>(p, next_utf16(from, end, order));
    out.used(p);
    p = out.room(static_cast<std::size_t>(end - from) / 2 + kCharacterRoom);
  }
  out.used(p);
}

struct CloseConverter {
  void operator()(UConverter* converter) const { ucnv_close(converter); }
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

Converter open_converter(const char* icu_name) {
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open(icu_name, &error));
  REDOUBT_ASSERT(U_SUCCESS(error));
  ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  ucnv_setToUCallBack(converter.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  REDOUBT_ASSERT(U_SUCCESS(error));
  return converter;
}

// One per thread and ICU name; a converter keeps state while it works and is slow to open.
UConverter* converter_of(const char* icu_name) {
  struct Opened {
    const char* name;
    Converter converter;
  };
  thread_local std::vector<Opened> opened;
  for (const Opened& o : opened)
    if (o.name == icu_name) return o.converter.get();
  opened.push_back({icu_name, open_converter(icu_name)});
  return opened.back().converter.get();
}

// `from` is at a byte of 80 or above. Some double bytes of Big5-HKSCS stand for two characters: the second waits in the
// converter, and asking with an empty source gets it.
template <bool kJson>
char* write_icu(char* to, const std::uint8_t*& from, const std::uint8_t* end, UConverter* converter, bool wave_dash) {
  const char* source = reinterpret_cast<const char*>(from);
  const char* limit = reinterpret_cast<const char*>(end);
  UErrorCode error = U_ZERO_ERROR;
  const UChar32 first = ucnv_getNextUChar(converter, &source, limit, &error);
  const std::uint8_t* const behind = std::max(reinterpret_cast<const std::uint8_t*>(source), from + 1);
  const bool one_byte = behind == from + 1;
  from = behind;
  // ICU gives a few single bytes that mean nothing a private-use character of their own.
  if (U_FAILURE(error) || (one_byte && first >= 0xE000 && first <= 0xF8FF)) {
    ucnv_resetToUnicode(converter);
    return write_character<kJson>(to, kReplacement);
  }
  char32_t c = static_cast<char32_t>(first);
  if (wave_dash && c == kFullwidthTilde) c = kWaveDashSign;
  to = write_character<kJson>(to, c);
  const UChar32 second = ucnv_getNextUChar(converter, &source, source, &error);
  if (U_SUCCESS(error)) to = write_character<kJson>(to, static_cast<char32_t>(second));
  ucnv_resetToUnicode(converter);
  return to;
}

// False if the set does not have the character.
bool encode_icu(ByteString& bytes, UConverter* converter, char32_t c) {
  std::array<UChar, 2> units{static_cast<UChar>(c)};
  std::int32_t count = 1;
  if (c >= 0x10000) {
    units = {static_cast<UChar>(0xD7C0 + (c >> 10)), static_cast<UChar>(0xDC00 | (c & 0x3FF))};
    count = 2;
  }
  std::array<char, 8> encoded;
  UErrorCode error = U_ZERO_ERROR;
  const std::int32_t size = ucnv_fromUChars(converter, encoded.data(), encoded.size(), units.data(), count, &error);
  if (U_FAILURE(error) || size <= 0 || size > static_cast<std::int32_t>(encoded.size())) return false;
  bytes.append(reinterpret_cast<const std::uint8_t*>(encoded.data()), static_cast<std::size_t>(size));
  return true;
}

using enum Charset::Kind;
using enum Charset::Variant;

// In order of id.
constinit const Charset kCharsets[] = {
    {1, "US7ASCII", kAscii},
    {2, "WE8DEC", kNameOnly},
    {3, "WE8HP", kNameOnly},
    {4, "US8PC437", kSingleByte, "IBM437"},
    {10, "WE8PC850", kSingleByte, "IBM850"},
    {28, "WE8PC858", kSingleByte, "IBM00858"},
    {31, "WE8ISO8859P1", kSingleByte, "ISO-8859-1"},
    {32, "EE8ISO8859P2", kSingleByte, "ISO-8859-2"},
    {33, "SE8ISO8859P3", kSingleByte, "ISO-8859-3"},
    {34, "NEE8ISO8859P4", kSingleByte, "ISO-8859-4"},
    {35, "CL8ISO8859P5", kSingleByte, "ISO-8859-5"},
    {36, "AR8ISO8859P6", kSingleByte, "ISO-8859-6"},
    {37, "EL8ISO8859P7", kSingleByte, "ISO-8859-7"},
    {38, "IW8ISO8859P8", kSingleByte, "ISO-8859-8"},
    {39, "WE8ISO8859P9", kSingleByte, "ISO-8859-9"},
    {40, "NE8ISO8859P10", kSingleByte, "ISO-8859-10"},
    {41, "TH8TISASCII", kSingleByte, "TIS-620"},
    {44, "VN8VN3", kNameOnly},
    {45, "VN8MSWIN1258", kSingleByte, "windows-1258"},
    {46, "WE8ISO8859P15", kSingleByte, "ISO-8859-15"},
    {47, "BLT8ISO8859P13", kSingleByte, "ISO-8859-13"},
    {48, "CEL8ISO8859P14", kSingleByte, "ISO-8859-14"},
    {49, "CL8ISOIR111", kNameOnly},
    {51, "CL8KOI8U", kSingleByte, "KOI8-U"},
    {81, "EL8DEC", kNameOnly},
    {82, "TR8DEC", kNameOnly},
    {150, "EE8PC852", kSingleByte, "IBM852"},
    {152, "RU8PC866", kSingleByte, "IBM866"},
    {154, "IW8PC1507", kSingleByte, "IBM862"},
    {155, "RU8PC855", kSingleByte, "IBM855"},
    {156, "TR8PC857", kSingleByte, "IBM857"},
    {159, "CL8MACCYRILLICS", kSingleByte, "x-mac-cyrillic"},
    {160, "WE8PC860", kSingleByte, "IBM860"},
    {161, "IS8PC861", kSingleByte, "IBM861"},
    {162, "EE8MACCES", kSingleByte, "x-mac-centraleurroman"},
    {163, "EE8MACCROATIANS", kNameOnly},
    {164, "TR8MACTURKISHS", kSingleByte, "x-mac-turkish"},
    {166, "EL8MACGREEKS", kSingleByte, "x-mac-greek"},
    {170, "EE8MSWIN1250", kSingleByte, "windows-1250"},
    {171, "CL8MSWIN1251", kSingleByte, "windows-1251"},
    {172, "ET8MSWIN923", kSingleByte, "IBM923"},
    {174, "EL8MSWIN1253", kSingleByte, "windows-1253"},
    {175, "IW8MSWIN1255", kSingleByte, "windows-1255"},
    {176, "LT8MSWIN921", kSingleByte, "IBM921"},
    {177, "TR8MSWIN1254", kSingleByte, "windows-1254"},
    {178, "WE8MSWIN1252", kSingleByte, "windows-1252"},
    {179, "BLT8MSWIN1257", kSingleByte, "windows-1257"},
    {190, "N8PC865", kSingleByte, "IBM865"},
    {191, "BLT8CP921", kSingleByte, "IBM921"},
    {196, "CL8KOI8R", kSingleByte, "KOI8-R"},
    {197, "BLT8PC775", kSingleByte, "IBM775"},
    {261, "WE8ROMAN8", kSingleByte, "hp-roman8"},
    {352, "WE8MACROMAN8S", kSingleByte, "macintosh"},
    {382, "EL8PC737", kSingleByte, "IBM737"},
    {385, "EL8PC869", kSingleByte, "IBM869"},
    {390, "CDN8PC863", kSingleByte, "IBM863"},
    {558, "AR8ADOS720", kSingleByte, "windows-720"},
    {560, "AR8MSWIN1256", kSingleByte, "windows-1256"},
    {829, "JA16VMS", kMultiByte, "EUC-JP", kWaveDash},
    {830, "JA16EUC", kMultiByte, "EUC-JP", kWaveDash},
    {831, "JA16EUCYEN", kMultiByte, "EUC-JP", kWaveDashYen},
    {832, "JA16SJIS", kMultiByte, "windows-31J", kWaveDash},
    {834, "JA16SJISYEN", kMultiByte, "windows-31J", kWaveDashYen},
    {837, "JA16EUCTILDE", kMultiByte, "EUC-JP"},
    {838, "JA16SJISTILDE", kMultiByte, "windows-31J"},
    {840, "KO16KSC5601", kMultiByte, "EUC-KR"},
    {845, "KO16KSCCS", kNameOnly},
    {846, "KO16MSWIN949", kMultiByte, "windows-949"},
    {850, "ZHS16CGB231280", kMultiByte, "GB2312"},
    {852, "ZHS16GBK", kMultiByte, "GBK"},
    {854, "ZHS32GB18030", kMultiByte, "GB18030"},
    {860, "ZHT32EUC", kMultiByte, "EUC-TW"},
    {863, "ZHT32TRIS", kNameOnly},
    {865, "ZHT16BIG5", kMultiByte, "Big5"},
    {866, "ZHT16CCDC", kNameOnly},
    {867, "ZHT16MSWIN950", kMultiByte, "windows-950"},
    {868, "ZHT16HKSCS", kMultiByte, "Big5-HKSCS"},
    {870, "AL24UTFFSS", kUtf8},
    {871, "UTF8", kCesu8},
    {873, "AL32UTF8", kUtf8},
    {992, "ZHT16HKSCS31", kMultiByte, "Big5-HKSCS"},
    {2000, "AL16UTF16", kUtf16Be},
    {2002, "AL16UTF16LE", kUtf16Le},
};

}  // namespace

bool Charset::is_plain_ascii(Bytes bytes) {
  // The two ASCII places that national variants give to other signs do not count.
  return std::ranges::all_of(bytes, [](std::uint8_t b) { return b < 0x80 && b != '\\' && b != '~'; });
}

const Charset::HighHalf& Charset::high_half() const {
  if (const HighHalf* made = high_half_.load(std::memory_order_acquire)) return *made;
  const Converter converter = open_converter(icu_name_);
  auto table = std::make_unique<HighHalf>();
  unsigned controls = 0;
  const auto is_control = [](char16_t c) { return c >= 0x80 && c < 0xA0; };
  for (unsigned i = 0; i < table->size(); ++i) {
    const char byte = static_cast<char>(0x80 + i);
    const char* source = &byte;
    UErrorCode error = U_ZERO_ERROR;
    const UChar32 c = ucnv_getNextUChar(converter.get(), &source, &byte + 1, &error);
    (*table)[i] = static_cast<char16_t>(U_SUCCESS(error) && c < 0x10000 ? c : UChar32{kReplacement});
    if (is_control((*table)[i])) ++controls;
  }
  // ISO sets have the 32 control characters; where there are fewer, ICU has only filled the holes of the set with them.
  if (controls < 32) std::ranges::replace_if(*table, is_control, static_cast<char16_t>(kReplacement));
  const HighHalf* other = nullptr;
  if (high_half_.compare_exchange_strong(other, table.get(), std::memory_order_acq_rel)) return *table.release();
  return *other;
}

template <bool kJson>
void Charset::append(TextBuffer& out, Bytes bytes) const {
  const std::uint8_t* const end = bytes.data() + bytes.size();
  switch (kind_) {
    case Kind::kUtf8: return append_utf8_based<kJson>(out, bytes, false);
    case Kind::kCesu8: return append_utf8_based<kJson>(out, bytes, true);
    case Kind::kUtf16Be: return append_utf16<kJson>(out, bytes, ByteOrder::kBig);
    case Kind::kUtf16Le: return append_utf16<kJson>(out, bytes, ByteOrder::kLittle);
    case Kind::kAscii:
    case Kind::kNameOnly:
      return append_ascii_based<kJson>(out, bytes, [](char* p, const std::uint8_t*& from) {
        const std::uint8_t b = *from++;
        return write_character<kJson>(p, b < 0x80 ? b : kReplacement);
      });
    case Kind::kSingleByte: {
      const HighHalf& high = high_half();
      return append_ascii_based<kJson>(out, bytes, [&high](char* p, const std::uint8_t*& from) {
        const std::uint8_t b = *from++;
        return write_character<kJson>(p, b < 0x80 ? b : high[b - 0x80U]);
      });
    }
    case Kind::kMultiByte: break;
  }
  UConverter* const converter = converter_of(icu_name_);
  const auto next = [this, converter, end](char* p, const std::uint8_t*& from) {
    if (*from >= 0x80) return write_icu<kJson>(p, from, end, converter, variant_ != Variant::kNone);
    const std::uint8_t b = *from++;
    return write_character<kJson>(p, b == '\\' && variant_ == Variant::kWaveDashYen ? kYen : b);
  };
  // The yen sets must not let the backslash pass as plain, in bare text either.
  if (variant_ == Variant::kWaveDashYen) return append_ascii_based<true>(out, bytes, next);
  append_ascii_based<kJson>(out, bytes, next);
}

void Charset::append_utf8(TextBuffer& out, Bytes bytes) const { append<false>(out, bytes); }

void Charset::append_json_string(TextBuffer& out, Bytes bytes) const {
  out.append('"');
  append<true>(out, bytes);
  out.append('"');
}

ByteString Charset::from_utf8(std::string_view text) const {
  const Bytes utf8 = as_bytes(text);
  const std::uint8_t* from = utf8.data();
  const std::uint8_t* const end = from + utf8.size();
  if (!is_valid_utf8(from, end)) throw Malformed("text is not valid UTF-8");

  ByteString bytes;
  const auto add_utf16 = [&bytes](char32_t unit, ByteOrder order) {
    bytes.resize(bytes.size() + 2);
    store<std::uint16_t>(bytes.data() + bytes.size() - 2, static_cast<std::uint16_t>(unit), order);
  };
  const auto add_utf8 = [&bytes](char32_t c) {
    std::array<char, kCharacterRoom> encoded;
    const char* stop = write_character<false>(encoded.data(), c);
    bytes.append(reinterpret_cast<const std::uint8_t*>(encoded.data()),
                 static_cast<std::size_t>(stop - encoded.data()));
  };
  const auto encode = [&](char32_t c) {
    switch (kind_) {
      case Kind::kUtf8: add_utf8(c); return true;
      case Kind::kCesu8:
        if (c < 0x10000) {
          add_utf8(c);
        } else {
          add_utf8(0xD7C0 + (c >> 10));
          add_utf8(0xDC00 | (c & 0x3FF));
        }
        return true;
      case Kind::kUtf16Be:
      case Kind::kUtf16Le: {
        const ByteOrder order = kind_ == Kind::kUtf16Be ? ByteOrder::kBig : ByteOrder::kLittle;
        if (c >= 0x10000) {
          add_utf16(0xD7C0 + (c >> 10), order);
          c = 0xDC00 | (c & 0x3FF);
        }
        add_utf16(c, order);
        return true;
      }
      case Kind::kSingleByte: {
        if (c < 0x80) break;
        const auto at = std::ranges::find(high_half(), c);
        if (at == high_half().end() || c == kReplacement) return false;
        bytes += static_cast<std::uint8_t>(0x80 + (at - high_half().begin()));
        return true;
      }
      case Kind::kMultiByte:
        if (variant_ == Variant::kWaveDashYen && (c == kYen || c == '\\')) {
          bytes += '\\';
          return c == kYen;
        }
        if (variant_ != Variant::kNone && c == kFullwidthTilde) return false;
        if (variant_ != Variant::kNone && c == kWaveDashSign) c = kFullwidthTilde;
        if (c < 0x80) break;
        return encode_icu(bytes, converter_of(icu_name_), c);
      case Kind::kAscii:
      case Kind::kNameOnly: break;
    }
    bytes += static_cast<std::uint8_t>(c);
    return c < 0x80;
  };
  while (from != end) {
    const char32_t c = next_utf8(from, end, false);
    if (!encode(c)) throw Malformed(fmt::format("{} has no character U+{:04X}", name_, static_cast<std::uint32_t>(c)));
  }
  return bytes;
}

const Charset* charset_by_id(unsigned id) {
  const Charset* found = std::ranges::lower_bound(kCharsets, id, {}, &Charset::id);
  return found != std::end(kCharsets) && found->id() == id ? found : nullptr;
}

const Charset* charset_by_name(std::string_view name) {
  const Charset* found = std::ranges::find(kCharsets, name, &Charset::name);
  return found != std::end(kCharsets) ? found : nullptr;
}

void append_json_string(TextBuffer& out, std::string_view utf8) {
  out.append('"');
  append_utf8_based<true>(out, as_bytes(utf8), false);
  out.append('"');
}

}  // namespace redoubt::oracle
