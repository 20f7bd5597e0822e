#include "simulate/value_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/text_buffer.h"
#include "oracle/charset.h"
#include "oracle/datetime.h"
#include "oracle/float.h"
#include "oracle/interval.h"
#include "oracle/number.h"
#include "oracle/oson.h"
#include "oracle/rowid.h"
#include "oracle/vector_value.h"

namespace redoubt::simulate {
namespace {

using oracle::TypeCode;

// "-00120.50" -> "-120.5": the canonical form that readers print.
std::string canonical_decimal(bool negative, std::string digits, std::size_t scale) {
  if (digits.size() <= scale) digits.insert(0, scale - digits.size() + 1, '0');
  std::string whole = digits.substr(0, digits.size() - scale);
  std::string fraction = digits.substr(digits.size() - scale);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  fraction.erase(fraction.find_last_not_of('0') + 1);
  std::string text = whole + (fraction.empty() ? "" : "." + fraction);
  return negative && text != "0" ? "-" + text : text;
}

std::string decimal(Random& random) {
  static constexpr std::string_view kEdges[] = {"0",
                                                "1",
                                                "-1",
                                                "99999999999999999999999999999999999999",
                                                "-99999999999999999999999999999999999999",
                                                "0.000000000000000000000000000000000001",
                                                "3.14159265358979323846264338327950288",
                                                "-9999999999.9999999999",
                                                "100",
                                                "-0.01",
                                                "9999999999999999999999999999999999999999",
                                                "12345678901234567890123456789012345678"};
  if (random.percent(15)) return std::string(kEdges[random.below(std::size(kEdges))]);
  const std::size_t count = random.percent(60) ? random.between(1, 9) : random.between(1, 38);
  std::string digits;
  for (std::size_t i = 0; i < count; ++i) digits += static_cast<char>('0' + random.below(10));
  const std::size_t scale = random.percent(50) ? 0 : random.below(static_cast<std::uint32_t>(count) + 3);
  return canonical_decimal(random.percent(40), digits, scale);
}

struct Moment {
  std::uint32_t year, month, day, hour, minute, second, nanos;
};

Moment moment(Random& random) {
  if (random.percent(8)) return {9999, 12, 31, 23, 59, 59, 999999999};
  if (random.percent(8)) return {1, 1, 1, 0, 0, 0, 0};
  return {random.between(1900, 2099),
          random.between(1, 12),
          random.between(1, 28),
          random.below(24),
          random.below(60),
          random.below(60),
          random.percent(30) ? 0 : random.below(1000000000)};
}

std::string date_text(const Moment& m) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", m.year, m.month, m.day, m.hour, m.minute, m.second);
}

// With exactly `digits` of the nine.
std::string fraction_text(const Moment& m, int digits) {
  return digits == 0 ? std::string() : "." + fmt::format("{:09}", m.nanos).substr(0, static_cast<std::size_t>(digits));
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Shortest text that reads back to the same bits; JSON has no number for infinity and NaN.
template <class Float>
std::string float_json(Float v) {
  TextBuffer out;
  oracle::append_float(out, v);
  return std::isfinite(v) ? out.str() : quoted(out.view());
}

template <class Float>
Float floating(Random& random) {
  const Float edges[] = {0,
                         1,
                         -1,
                         static_cast<Float>(3.14),
                         static_cast<Float>(-1.5),
                         std::numeric_limits<Float>::infinity(),
                         -std::numeric_limits<Float>::infinity(),
                         std::numeric_limits<Float>::quiet_NaN(),
                         static_cast<Float>(3.4e38),
                         std::numeric_limits<Float>::min(),
                         static_cast<Float>(1e20),
                         static_cast<Float>(65536.125)};
  if (random.percent(30)) return edges[random.below(std::size(edges))];
  const double v = (static_cast<double>(random.next() >> 11) / 9007199254740992.0 - 0.5) *
                   std::pow(10.0, static_cast<double>(random.below(30)) - 10);
  return static_cast<Float>(v);
}

std::string interval_ym(Random& random) {
  const std::uint32_t years = random.below(100), months = random.below(12);
  if (years == 0 && months == 0) return "P0M";
  std::string text = random.percent(30) ? "-P" : "P";
  if (years) text += fmt::format("{}Y", years);
  if (months) text += fmt::format("{}M", months);
  return text;
}

std::string interval_ds(Random& random) {
  const std::uint32_t days = random.below(99), hours = random.below(24), minutes = random.below(60);
  std::string text = random.percent(30) ? "-P" : "P";
  if (days) text += fmt::format("{}D", days);
  text += "T";
  if (hours) text += fmt::format("{}H", hours);
  if (minutes) text += fmt::format("{}M", minutes);
  return text + fmt::format("{}S", random.between(1, 59));
}

void append_code_point(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 63));
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

// A JSON document; its numbers are whole.
void add_json(std::string& document, Random& random, int depth) {
  const auto add = [&](std::string_view text) { document += text; };
  const std::uint32_t dice = depth > 3 ? random.below(5) : random.below(7);
  switch (dice) {
    case 0: return add("null");
    case 1: return add(random.percent(50) ? "true" : "false");
    case 2: return add(std::to_string(random.below(1000000000)));
    case 3: return add("\"\"");
    case 4: {
      std::string text;
      for (std::uint32_t n = random.below(random.percent(5) ? 300 : 20); n > 0; --n)
        append_code_point(text, random.percent(10) ? 0x4E2D : 'a' + random.below(26));
      return add(json_string(text));
    }
    case 5: {
      add("[");
      for (std::uint32_t i = 0, n = random.below(5); i < n; ++i) {
        if (i > 0) add(",");
        add_json(document, random, depth + 1);
      }
      return add("]");
    }
    default: {
      add("{");
      for (std::uint32_t i = 0, n = random.below(6); i < n; ++i) {
        add(fmt::format("{}\"name{}\":", i > 0 ? "," : "", i));
        add_json(document, random, depth + 1);
      }
      return add("}");
    }
  }
}

LobContent vector_content(Random& random) {
  static constexpr oracle::VectorElement kElements[] = {oracle::VectorElement::kFloat32,
                                                        oracle::VectorElement::kFloat64, oracle::VectorElement::kInt8};
  const oracle::VectorElement element = kElements[random.below(std::size(kElements))];
  std::vector<double> values;
  LobContent content;
  content.json = "[";
  for (std::uint32_t n = random.percent(10) ? random.between(500, 1500) : random.between(1, 16); n > 0; --n) {
    // Eighths are exact in every element type that has fractions.
    const bool whole = element == oracle::VectorElement::kInt8;
    const auto units = static_cast<std::int32_t>(random.below(200)) - 100;
    values.push_back(whole ? units : units / 8.0);
    if (values.size() > 1) content.json += ',';
    content.json += float_json(values.back());
  }
  content.json += "]";
  content.bytes = oracle::vector_bytes(element, values);
  return content;
}

// Oracle keeps character LOBs of such a database in AL16UTF16: the name tells how many bits a character has.
bool of_variable_width(const oracle::Charset& charset) {
  const std::string_view name = charset.name();
  const std::size_t bits = name.find_first_of("0123456789");
  return name == "UTF8" || (name[bits] != '7' && name[bits] != '8');
}

// Sizes that take each way of storing a LOB: in the row, a page or a few, more than a row can list.
std::size_t lob_size(Random& random) {
  const std::uint32_t dice = random.below(100);
  if (dice < 5) return 0;
  if (dice < 55) return random.between(1, 300);
  if (dice < 70) return random.between(1000, 3900);
  if (dice < 92) return random.between(3901, 40000);
  return random.between(90000, 180000);
}

}  // namespace

const std::vector<ColumnKind>& column_kinds() {
  static const std::vector<ColumnKind> kinds{
      {"number", TypeCode::kNumber, 22, -1, -1, 0},
      {"varchar2", TypeCode::kVarchar2, 200, -1, -1, 1},
      {"date", TypeCode::kDate, 7, -1, -1, 0},
      {"timestamp", TypeCode::kTimestamp, 11, -1, 6, 0},
      {"char", TypeCode::kChar, 20, -1, -1, 1},
      {"nvarchar2", TypeCode::kVarchar2, 200, -1, -1, 2},
      {"nchar", TypeCode::kChar, 20, -1, -1, 2},
      {"raw", TypeCode::kRaw, 100, -1, -1, 0},
      {"timestamp0", TypeCode::kTimestamp, 7, -1, 0, 0},
      {"timestamp9", TypeCode::kTimestamp, 11, -1, 9, 0},
      {"timestamptz", TypeCode::kTimestampTz, 13, -1, 6, 0},
      {"timestampltz", TypeCode::kTimestampLtz, 11, -1, 3, 0},
      {"intervalym", TypeCode::kIntervalYm, 5, 2, 0, 0},
      {"intervalds", TypeCode::kIntervalDs, 11, 2, 6, 0},
      {"float", TypeCode::kBinaryFloat, 4, -1, -1, 0},
      {"double", TypeCode::kBinaryDouble, 8, -1, -1, 0},
      {"boolean", TypeCode::kBoolean, 1, -1, -1, 0},
      {"rowid", TypeCode::kRowId, 10, -1, -1, 0},
      {"clob", TypeCode::kClob, 4000, -1, -1, 1, true},
      {"blob", TypeCode::kBlob, 4000, -1, -1, 0, true},
      {"nclob", TypeCode::kClob, 4000, -1, -1, 2, true},
      {"json", TypeCode::kJson, 8200, -1, -1, 0, true},
      {"vector", TypeCode::kVector, 8200, -1, -1, 0, true},
      {"varchar2x", TypeCode::kVarchar2, 32767, -1, -1, 1, true},
      {"rawx", TypeCode::kRaw, 32767, -1, -1, 0, true},
      {"long", TypeCode::kLong, 4000, -1, -1, 1},
      {"encrypted", TypeCode::kVarchar2, 200, -1, -1, 1, false, ColumnKind::Encryption::kSalted},
      {"encryptednumber", TypeCode::kNumber, 22, -1, -1, 0, false, ColumnKind::Encryption::kUnsalted},
      {"encryptedraw", TypeCode::kRaw, 100, -1, -1, 0, false, ColumnKind::Encryption::kSalted},
  };
  return kinds;
}

std::string json_string(std::string_view text) {
  TextBuffer out;
  oracle::charset_by_name("AL32UTF8")->append_json_string(out, as_bytes(text));
  return out.str();
}

Value ValueSource::number(std::uint64_t n) {
  const std::string text = std::to_string(n);
  return {oracle::number_from_text(text), text};
}

// Characters that the character set has: letters, then what it adds, quotes and control characters among them.
Value ValueSource::text(const ColumnKind& kind, Random& random, std::uint32_t longest) const {
  const oracle::Charset& charset = kind.charset_form == 2 ? national_ : charset_;
  static constexpr std::uint32_t kLatin[] = {0xE4, 0xF6, 0xDF, 0xE9, 0xA3};
  static constexpr std::uint32_t kWide[] = {0x416, 0x3A9, 0x4E2D, 0x65E5, 0x1F600, 0x20AC};
  static constexpr std::uint32_t kHard[] = {'"', '\\', '\n', '\r', '\t', '\'', 1, 0x7F, '/', '<'};
  const bool unicode = charset.name().find("UTF") != std::string_view::npos;
  const std::uint32_t limit = std::min(longest, kind.length);
  const std::uint32_t size = kind.type == TypeCode::kChar ? kind.length
                             : random.percent(5)          ? limit
                                                          : random.between(1, std::min<std::uint32_t>(limit, 40));
  std::string utf8;
  ByteString bytes;
  while (true) {
    std::string next;
    const std::uint32_t dice = random.below(100);
    if (dice < 5) {
      append_code_point(next, kHard[random.below(std::size(kHard))]);
    } else if (dice < 12 && unicode) {
      append_code_point(next, kWide[random.below(std::size(kWide))]);
    } else if (dice < 18 && (unicode || charset.name() == "WE8MSWIN1252" || charset.name() == "WE8ISO8859P1")) {
      append_code_point(next, kLatin[random.below(std::size(kLatin))]);
    } else {
      append_code_point(next, 'a' + random.below(26));
    }
    const ByteString encoded = charset.from_utf8(next);
    if (bytes.size() + encoded.size() > size) break;
    bytes += encoded;
    utf8 += next;
    if (kind.type != TypeCode::kChar && bytes.size() + 4 >= size) break;
  }
  if (kind.type == TypeCode::kChar) {
    const ByteString blank = charset.from_utf8(" ");
    while (bytes.size() + blank.size() <= kind.length) {
      bytes += blank;
      utf8 += ' ';
    }
  }
  if (bytes.empty()) {
    bytes = charset.from_utf8("x");
    utf8 = "x";
  }
  return {bytes, json_string(utf8)};
}

LobContent ValueSource::characters(const ColumnKind& kind, Random& random, std::size_t size) const {
  LobContent content;
  ColumnKind part = kind;
  part.type = TypeCode::kVarchar2;
  const bool clob = kind.type == TypeCode::kClob;
  if (clob) content.type = kind.charset_form == 2 ? oracle::LobLocator::kNclob : oracle::LobLocator::kClob;
  content.utf16 = clob && (kind.charset_form == 2 || of_variable_width(charset_));
  if (content.utf16) part.charset_form = 2;
  content.json = "\"";
  // One piece of text many times, each with its number.
  const Value value = text(part, random, 100);
  const oracle::Charset& charset = part.charset_form == 2 ? national_ : charset_;
  for (std::uint32_t n = 0; content.bytes.size() < size; ++n) {
    const std::string number = std::to_string(n);
    content.bytes += value.bytes;
    content.bytes += charset.from_utf8(number);
    content.json.append(value.json, 1, value.json.size() - 2);
    content.json += number;
  }
  content.json += '"';
  return content;
}

Value ValueSource::encrypted(const ColumnKind& kind, const oracle::TdeKey& key, Value value, Random& random) {
  ByteString salt;
  if (kind.encryption == ColumnKind::Encryption::kSalted) salt = random.bytes(oracle::tde_block_size(key.cipher));
  value.bytes = oracle::tde_encrypt(key, salt, value.bytes);
  return value;
}

LobContent ValueSource::make_lob(const ColumnKind& kind, Random& random) const {
  switch (kind.type) {
    case TypeCode::kJson: {
      LobContent content;
      add_json(content.json, random, 0);
      content.bytes = oracle::oson_from_json(content.json);
      return content;
    }
    case TypeCode::kVector: return vector_content(random);
    case TypeCode::kClob: return characters(kind, random, lob_size(random));
    // Never empty, and no longer than the column.
    case TypeCode::kVarchar2:
      return characters(kind, random, random.percent(60) ? random.between(1, 300) : random.between(1, 30000));
    default: {
      LobContent content;
      content.bytes.resize(kind.type == TypeCode::kRaw ? random.between(1, random.percent(60) ? 300 : 32767)
                                                       : lob_size(random));
      for (std::uint8_t& b : content.bytes) b = static_cast<std::uint8_t>(random.next());
      content.json = quoted(to_hex(content.bytes));
      return content;
    }
  }
}

Value ValueSource::make(const ColumnKind& kind, Random& random, std::uint32_t longest) const {
  switch (kind.type) {
    case TypeCode::kNumber: {
      const std::string text = decimal(random);
      return {oracle::number_from_text(text), text};
    }
    case TypeCode::kVarchar2:
    case TypeCode::kLong:
    case TypeCode::kChar: return text(kind, random, longest);
    case TypeCode::kRaw: {
      ByteString bytes(random.between(1, std::min(kind.length, longest)), 0);
      for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random.next());
      return {bytes, quoted(to_hex(bytes))};
    }
    case TypeCode::kDate: {
      const std::string text = date_text(moment(random));
      return {oracle::date_from_text(text), quoted(text)};
    }
    case TypeCode::kTimestamp: {
      const Moment m = moment(random);
      const std::string text = date_text(m) + fraction_text(m, kind.scale);
      return {oracle::timestamp_from_text(text), quoted(text)};
    }
    case TypeCode::kTimestampTz: {
      Moment m = moment(random);
      m.year = std::clamp(m.year, 1900U, 9998U);  // the instant must fit, whatever the zone
      const std::uint32_t hours = random.below(15), minutes = random.percent(30) ? 30 : 0;
      const char sign = hours + minutes == 0 || random.percent(50) ? '+' : '-';
      const std::string text =
          date_text(m) + fraction_text(m, kind.scale) + fmt::format("{}{:02}:{:02}", sign, hours, minutes);
      return {oracle::timestamp_tz_from_text(text), quoted(text)};
    }
    case TypeCode::kTimestampLtz: {
      const Moment m = moment(random);
      const std::string text = date_text(m) + fraction_text(m, kind.scale) + "Z";
      return {oracle::timestamp_ltz_from_text(text, "+00:00"), quoted(text)};
    }
    case TypeCode::kIntervalYm: {
      const std::string text = interval_ym(random);
      return {oracle::interval_ym_from_text(text), quoted(text)};
    }
    case TypeCode::kIntervalDs: {
      const std::string text = interval_ds(random);
      return {oracle::interval_ds_from_text(text), quoted(text)};
    }
    case TypeCode::kBinaryFloat: {
      const float v = floating<float>(random);
      return {oracle::float_bytes(v), float_json(v)};
    }
    case TypeCode::kBinaryDouble: {
      const double v = floating<double>(random);
      return {oracle::double_bytes(v), float_json(v)};
    }
    case TypeCode::kBoolean: {
      const bool v = random.percent(50);
      return {ByteString(1, v ? 1 : 0), v ? "true" : "false"};
    }
    case TypeCode::kRowId: {
      const oracle::RowId row{random.between(1, 1000000), random.between(1, 0x7FFFFFFF),
                              static_cast<std::uint16_t>(random.below(700))};
      return {oracle::rowid_bytes(row), quoted(to_text(row))};
    }
    default: REDOUBT_ASSERT(false);
  }
  return {};
}

}  // namespace redoubt::simulate
