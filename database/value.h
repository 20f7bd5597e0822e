// Values that need more than a machine word: moments and intervals, field by field as the engines have them, so that
// what is read can be written back unchanged: year 0, BC, infinity, MariaDB's 2024-02-00, Oracle's 9 digits.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text_buffer.h"

namespace redoubt::database {

enum class Special : std::uint8_t { kNone, kInfinity, kMinusInfinity };

// A date, a time stamp, or a time stamp with zone, in the proleptic Gregorian calendar as the engine counts it. With a
// zone the fields are UTC, and the offset is kept beside them.
struct DateTime {
  std::int32_t year = 0;  // astronomical: 0 = 1 BC, -1 = 2 BC
  std::uint8_t month = 0, day = 0, hour = 0, minute = 0, second = 0;
  Special special = Special::kNone;
  std::int16_t offset = 0;  // minutes east of UTC, where the engine keeps it (Oracle), else 0
  std::uint32_t nanos = 0;

  bool operator==(const DateTime&) const = default;
};
static_assert(sizeof(DateTime) == 16);

// An interval or a time of day. The parts are kept apart as PostgreSQL does: a month is no number of days, a day no
// number of hours.
struct Interval {
  std::int32_t months = 0, days = 0;
  std::int64_t micros = 0;
  std::int32_t nanos = 0;  // -999..999, beside micros and of its sign

  bool operator==(const Interval&) const = default;
};

// Days since 1970-01-01 of a civil date, and back. Any year of 32 bits.
std::int64_t days_of(std::int32_t year, unsigned month, unsigned day);
DateTime date_of(std::int64_t days);

// Microseconds since 1970-01-01 00:00:00, and back. Assert: no special value.
std::int64_t micros_of(const DateTime& time);
DateTime time_of(std::int64_t micros);

// How a moment is written: `2024-02-29`, `2024-02-29 10:00:00.5`, `0044-03-15 BC`, `infinity`; years of 4 digits or
// more.
enum class Parts { kDate, kTime };
void write_time(TextBuffer& out, const DateTime& time, Parts parts);

// Reads what write_time writes, and `T` for the blank, and a zone (`Z`, `+05:30`) if any, which is applied. False:
// something else. MariaDB's zero months and days are taken as they are.
bool read_time(std::string_view text, DateTime& time);

}  // namespace redoubt::database
