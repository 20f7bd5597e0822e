// The two zone bytes of TIMESTAMP WITH TIME ZONE, and the region numbers of Oracle's time zone files.
//
//   z1 bit 80 clear   offset: hours = z1 - 20, minutes = z2 - 60, both with the sign
//   z1 bit 80 set     region: number = (z1 & 7F) << 6 | z2 >> 2
//
// Only common regions are known; a number without a name is shown as a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

struct TimeZone {
  bool is_region = false;
  std::uint16_t region = 0;     // of a region
  std::int16_t offset_min = 0;  // of an offset: minutes east of UTC, within 15:59
};

// Throws Malformed unless `bytes` are two valid zone bytes.
TimeZone time_zone(Bytes bytes);
ByteString time_zone_bytes(TimeZone zone);

// Empty if the number is not known.
std::string_view region_name(std::uint16_t region);
std::optional<std::uint16_t> region_number(std::string_view name);

// "+02:00"
void append_offset(TextBuffer& out, int offset_min);
// The inverse, also for a missing sign ("00:00"); nullopt if `text` is no offset.
std::optional<int> offset_from_text(std::string_view text);

}  // namespace redoubt::oracle
