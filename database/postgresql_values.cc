#include "database/postgresql_values.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <bit>

#include "base/digits.h"
#include "database/failure.h"

namespace redoubt::database::postgresql {

namespace {

constexpr std::int64_t kEpochDays = 10957;  // from 1970-01-01 to 2000-01-01
constexpr std::int64_t kDayMicros = 86'400'000'000;

void decode_numeric(std::string_view bytes, Column& column) {
  Field field(bytes);
  const auto digits = field.take<std::uint16_t>();
  const auto weight = field.take<std::int16_t>();
  const auto sign = field.take<std::uint16_t>();
  const auto scale = field.take<std::uint16_t>();
  if (sign == 0xC000) return column.add_text("NaN");
  if (sign == 0xD000) return column.add_text("Infinity");
  if (sign == 0xF000) return column.add_text("-Infinity");
  if (field.rest().size() != 2U * digits) throw Malformed("a numeric of another length");
  const auto digit = [&](int i) -> unsigned {
    if (i < 0 || i >= digits) return 0;
    const std::size_t at = 2 * static_cast<std::size_t>(i);
    const auto byte = [&](std::size_t n) -> unsigned { return static_cast<std::uint8_t>(field.rest()[n]); };
    return byte(at) << 8 | byte(at + 1);
  };
  char* p = column.room(static_cast<std::size_t>(std::max<int>(weight, 0)) * 4 + scale + 16U);
  if (sign == 0x4000) *p++ = '-';
  const auto four = [&](unsigned value) { p = write_pair(write_pair(p, value / 100 % 100), value % 100); };
  if (weight < 0) {
    *p++ = '0';
  } else {
    p = std::to_chars(p, p + 8, digit(0)).ptr;
    for (int i = 1; i <= weight; ++i) four(digit(i));
  }
  if (scale) {
    *p++ = '.';
    char* const point = p;
    for (int i = weight + 1, shown = 0; shown < scale; ++i, shown += 4) four(digit(i));
    p = point + scale;  // the last four may hold more than is shown: zeros
  }
  column.add_written(Storage::kText, p);
}

void decode_date(std::string_view bytes, Column& column) {
  const auto days = Field(bytes).take<std::int32_t>();
  DateTime time;
  if (days == INT32_MAX)
    time.special = Special::kInfinity;
  else if (days == INT32_MIN)
    time.special = Special::kMinusInfinity;
  else
    time = date_of(days + kEpochDays);
  column.add_time(time);
}

void decode_timestamp(std::string_view bytes, Column& column) {
  const auto micros = Field(bytes).take<std::int64_t>();
  DateTime time;
  if (micros == INT64_MAX) {
    time.special = Special::kInfinity;
  } else if (micros == INT64_MIN) {
    time.special = Special::kMinusInfinity;
  } else {
    // Days first: micros since 1970 may not fit.
    std::int64_t days = micros / kDayMicros, rest = micros % kDayMicros;
    if (rest < 0) rest += kDayMicros, --days;
    time = time_of(rest);
    const DateTime date = date_of(days + kEpochDays);
    time.year = date.year, time.month = date.month, time.day = date.day;
  }
  column.add_time(time);
}

void decode_interval(std::string_view bytes, Column& column) {
  Field field(bytes);
  Interval interval;
  interval.micros = field.take<std::int64_t>();
  interval.days = field.take<std::int32_t>();
  interval.months = field.take<std::int32_t>();
  column.add_interval(interval);
}

constexpr std::array<Decoder, 23> kDecoders = {{
    {16, Type::kBoolean, [](auto f, auto& c) { c.add_integer(Field(f).take<std::uint8_t>() != 0); }},
    {17, Type::kBytes, [](auto f, auto& c) { c.add_bytes(f); }},
    {18, Type::kText, [](auto f, auto& c) { c.add_text(f); }},  // "char"
    {19, Type::kText, [](auto f, auto& c) { c.add_text(f); }},  // name
    {20, Type::kInteger, [](auto f, auto& c) { c.add_integer(Field(f).take<std::int64_t>()); }},
    {21, Type::kInteger, [](auto f, auto& c) { c.add_integer(Field(f).take<std::int16_t>()); }},
    {23, Type::kInteger, [](auto f, auto& c) { c.add_integer(Field(f).take<std::int32_t>()); }},
    {25, Type::kText, [](auto f, auto& c) { c.add_text(f); }},
    {26, Type::kInteger, [](auto f, auto& c) { c.add_integer(Field(f).take<std::uint32_t>()); }},  // oid
    {114, Type::kJson, [](auto f, auto& c) { c.add_text(f); }},
    {142, Type::kText, [](auto f, auto& c) { c.add_text(f); }},  // xml
    {700, Type::kFloat,
     [](auto f, auto& c) { c.add_double(static_cast<double>(std::bit_cast<float>(Field(f).take<std::uint32_t>()))); }},
    {701, Type::kDouble, [](auto f, auto& c) { c.add_double(std::bit_cast<double>(Field(f).take<std::uint64_t>())); }},
    {1042, Type::kText, [](auto f, auto& c) { c.add_text(f); }},  // char(n)
    {1043, Type::kText, [](auto f, auto& c) { c.add_text(f); }},
    {1082, Type::kDate, decode_date},
    {1083, Type::kInterval,
     [](auto f, auto& c) {
       Interval time_of_day;
       time_of_day.micros = Field(f).take<std::int64_t>();
       c.add_interval(time_of_day);
     }},
    {1114, Type::kTimestamp, decode_timestamp},
    {1184, Type::kTimestampTz, decode_timestamp},
    {1186, Type::kInterval, decode_interval},
    {1700, Type::kDecimal, decode_numeric},
    {2950, Type::kUuid, [](auto f, auto& c) { c.add_bytes(f); }},
    {3802, Type::kJson,
     [](auto f, auto& c) {
       Field field(f);
       if (field.take<std::uint8_t>() != 1) throw Malformed("a jsonb of a version not known");
       c.add_text(field.rest());
     }},
}};

constexpr Decoder kText = {25, Type::kOther, [](std::string_view f, Column& c) { c.add_text(f); }};

void write_interval(TextBuffer& out, const Interval& v) {
  const std::int64_t micros = v.micros;
  const auto size = static_cast<std::uint64_t>(micros < 0 ? -(micros + 1) : micros) + (micros < 0);
  const std::string time = fmt::format("{}{:02}:{:02}:{:02}.{:06}", micros < 0 ? "-" : "", size / 3'600'000'000,
                                       size / 60'000'000 % 60, size / 1'000'000 % 60, size % 1'000'000);
  // Without months and days it is a time of day as well.
  if (v.months == 0 && v.days == 0)
    out.append(time);
  else
    out.append(fmt::format("{} months {} days {}", v.months, v.days, time));
}

void write_escaped(TextBuffer& out, std::string_view text) {
  char* p = out.room(2 * text.size());
  for (const char c : text) {
    switch (c) {
      case '\\': *p++ = '\\', *p++ = '\\'; break;
      case '\n': *p++ = '\\', *p++ = 'n'; break;
      case '\r': *p++ = '\\', *p++ = 'r'; break;
      case '\t': *p++ = '\\', *p++ = 't'; break;
      default: *p++ = c;
    }
  }
  out.used(p);
}

}  // namespace

const Decoder& decoder_of(Oid oid) {
  const auto* it = std::find_if(kDecoders.begin(), kDecoders.end(), [&](const Decoder& d) { return d.oid == oid; });
  return it == kDecoders.end() ? kText : *it;
}

void refuse_zero_byte(const Column& column, std::size_t row) {
  if (column.storage(row) == Storage::kText && column.text(row).find('\0') != std::string_view::npos)
    throw DatabaseError(Failure::kConstraint, "22021", "PostgreSQL",
                        "a text with a zero byte cannot be written here (22021)");
}

void write_value(TextBuffer& out, const Column& column, std::size_t row) {
  switch (column.storage(row)) {
    case Storage::kNull: break;
    case Storage::kInteger: out.append_int(column.integer(row)); break;
    case Storage::kDouble: out.append(fmt::format("{}", column.real(row))); break;
    case Storage::kText:
      refuse_zero_byte(column, row);
      out.append(column.text(row));
      break;
    case Storage::kBytes: {
      constexpr std::string_view kHex = "0123456789abcdef";
      const std::string_view bytes = column.text(row);
      char* p = out.room(2 + 2 * bytes.size());
      *p++ = '\\', *p++ = 'x';
      for (const char c : bytes) {
        *p++ = kHex[static_cast<std::uint8_t>(c) >> 4];
        *p++ = kHex[c & 15];
      }
      out.used(p);
      break;
    }
    case Storage::kDateTime: write_time(out, column.time(row), Parts::kTime); break;
    case Storage::kInterval: write_interval(out, column.interval(row)); break;
  }
}

void write_uuid(TextBuffer& out, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.append('-');
    out.append(fmt::format("{:02x}", static_cast<std::uint8_t>(bytes[i])));
  }
}

void write_copied(TextBuffer& out, const Column& column, std::size_t row, Type type) {
  switch (column.storage(row)) {
    case Storage::kNull: return out.append("\\N");
    case Storage::kText: return write_escaped(out, column.text(row));
    case Storage::kBytes:
      if (type == Type::kUuid) return write_uuid(out, column.text(row));
      out.append('\\');  // of \x: COPY takes one of two
      return write_value(out, column, row);
    default: return write_value(out, column, row);
  }
}

}  // namespace redoubt::database::postgresql
