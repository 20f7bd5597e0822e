// INTERVAL YEAR TO MONTH (5 bytes) and INTERVAL DAY TO SECOND (11 bytes).
//
//   0                4            4      5        6        7
//   years + 2^31     months + 60
//   days + 2^31      hours + 60 | minutes + 60 | seconds + 60 | nanoseconds + 2^31
//
// 4-byte integers are big endian. Every component of a negative interval is negative or zero.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

// Append an ISO 8601 duration without zero components: "P2Y3M", "-P1DT2H3M4.5S"; zero is "P0M" and "PT0S".
// Throw Malformed on bytes that are no interval.
void append_interval_ym(TextBuffer& out, Bytes bytes);
void append_interval_ds(TextBuffer& out, Bytes bytes);

// The inverse; throw Malformed.
ByteString interval_ym_from_text(std::string_view text);
ByteString interval_ds_from_text(std::string_view text);

}  // namespace redoubt::oracle
