// DATE and the TIMESTAMP types.
//
//   0        1       2      3    4     5       6       7          11
//   century  year    month  day  hour  minute  second  nanosec    zone
//   +100     +100    1-12   1-31 +1    +1      +1      u32 big    2 bytes (time_zone.h)
//   `---------------- DATE: 7 bytes ----------------'
//   `---------------- TIMESTAMP: 11 bytes, or 7 when the fraction is zero ----'
//   `---------------- TIMESTAMP WITH TIME ZONE: 13 bytes in UTC (or 9, without nanoseconds) ----'
//
// TIMESTAMP WITH LOCAL TIME ZONE has the bytes of TIMESTAMP, in the database's time zone. Years before 1 have both
// first bytes at or below 100: year = -((100 - b0) * 100 + (100 - b1)); there is no year 0.
//
// Text is ISO 8601 with Oracle's sign for BC (4712 BC is -4712-01-01T00:00:00). The calendar is Oracle's: Julian up to
// 1582-10-04, Gregorian from 1582-10-15.
//
// The append_ functions throw Malformed on bytes that are no date; the _from_text functions on text they do not
// understand, which is exactly what the append_ functions write.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

// "2025-06-15T10:30:00"
void append_date(TextBuffer& out, Bytes bytes);

// The same with exactly `digits` fraction digits (COL$.SCALE; outside 0 to 9 means 9). All nine are shown if the stored
// nanoseconds are finer than that.
void append_timestamp(TextBuffer& out, Bytes bytes, int digits);

// Offset zone: local time, "2025-06-15T10:30:00.123456+02:00". Named region: the instant in UTC and the name,
// "2025-06-15T08:30:00.123456Z[Europe/Paris]" or, when the number is not known, "...Z[region 999]". Where local time
// cannot be told without guessing at the calendar (before year 1, after 9999): UTC and the offset, "...Z[+02:00]".
void append_timestamp_tz(TextBuffer& out, Bytes bytes, int digits);

// `database_zone` is DBTIMEZONE. An offset gives the instant in UTC, "...Z"; a region name the stored fields and the
// name,
// "...[Europe/Paris]". As above, an offset is kept where UTC cannot be told: "...[+02:00]".
void append_timestamp_ltz(TextBuffer& out, Bytes bytes, int digits, std::string_view database_zone);

ByteString date_from_text(std::string_view text);
ByteString timestamp_from_text(std::string_view text);
ByteString timestamp_tz_from_text(std::string_view text);
ByteString timestamp_ltz_from_text(std::string_view text, std::string_view database_zone);

}  // namespace redoubt::oracle
