// Moments and durations as the text that an engine behind ODBC writes and reads.
//
// The ODBC structures cannot hold MariaDB's zero dates nor Oracle's years BC, so both go as text:
//
//     MariaDB   2024-02-29 10:00:00.5    0000-00-00, 0000-05-01: a year 0 and zero months and days    -838:59:59.5
//     Oracle    " 2024-02-29 10:00:00.5 +05:30", "-0044-03-15 00:00:00": SYYYY, no year 0, local time beside a zone
//
// A moment with an offset is kept as the same moment in UTC where the engine keeps no offset.
#pragma once

#include <string>
#include <string_view>

#include "base/text_buffer.h"
#include "database/url.h"
#include "database/value.h"

namespace redoubt::database::odbc {

// False: something else.
bool read_moment(Engine engine, std::string_view text, DateTime& out);
bool read_duration(std::string_view text, Interval& out);

// Throw DatabaseError(kConstraint) for what the engine has no form for, so that nothing is lost or bent: infinity,
// years BC in MariaDB, months in a duration.
void write_moment(Engine engine, TextBuffer& out, const DateTime& time);
std::string duration_text(const Interval& v);

}  // namespace redoubt::database::odbc
