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
#include "oracle/rowid.h"

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
  return {random.between(1900, 2099), random.between(1, 12), random.between(1, 28), random.below(24),
          random.below(60),           random.below(60),      random.percent(30) ? 0 : random.below(1000000000)};
}

std::string date_text(const Moment& m) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", m.year, m.month, m.day, m.hour, m.minute, m.second);
}

// With exactly `digits` of the nine.
std::string fraction_text(const Moment& m, int digits) {
  return digits == 0 ? std::string() : "." + fmt::format("{:09}", m.nanos).substr(0, static_cast<std::size_t>(digits));
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

// Shortest text that reads back to the same bits, as a reader prints it.
template <class Float>
std::string float_text(Float v) {
  TextBuffer out;
  oracle::append_float(out, v);
  return out.str();
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
  return {oracle::number_from_text(text), quoted(text)};
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

Value ValueSource::make(const ColumnKind& kind, Random& random, std::uint32_t longest) const {
  switch (kind.type) {
    case TypeCode::kNumber: {
      const std::string text = decimal(random);
      return {oracle::number_from_text(text), quoted(text)};
    }
    case TypeCode::kVarchar2:
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
      return {oracle::float_bytes(v), quoted(float_text(v))};
    }
    case TypeCode::kBinaryDouble: {
      const double v = floating<double>(random);
      return {oracle::double_bytes(v), quoted(float_text(v))};
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
