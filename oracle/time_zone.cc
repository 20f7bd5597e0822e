#include "oracle/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/digits.h"
#include "base/error.h"

namespace redoubt::oracle {
namespace {

struct Region {
  std::uint16_t number;
  std::string_view name;
};

// In order of number. An alias has its base's number plus a multiple of 512.
constexpr Region kRegions[] = {
    {1, "Etc/GMT"},
    {44, "Africa/Cairo"},
    {53, "Africa/Nairobi"},
    {61, "Africa/Casablanca"},
    {66, "Africa/Lagos"},
    {72, "Africa/Johannesburg"},
    {100, "America/New_York"},
    {101, "America/Chicago"},
    {102, "America/Denver"},
    {103, "America/Los_Angeles"},
    {106, "America/Anchorage"},
    {109, "America/Phoenix"},
    {120, "America/Halifax"},
    {130, "America/Vancouver"},
    {141, "America/Mexico_City"},
    {175, "America/Buenos_Aires"},
    {188, "America/Sao_Paulo"},
    {194, "America/Santiago"},
    {195, "America/Bogota"},
    {201, "America/Lima"},
    {205, "America/Caracas"},
    {211, "EST"},
    {212, "MST"},
    {213, "HST"},
    {214, "EST5EDT"},
    {215, "CST6CDT"},
    {216, "MST7MDT"},
    {217, "PST8PDT"},
    {220, "America/Toronto"},
    {250, "Asia/Shanghai"},
    {254, "Asia/Hong_Kong"},
    {255, "Asia/Taipei"},
    {260, "Asia/Calcutta"},
    {261, "Asia/Jakarta"},
    {264, "Asia/Tehran"},
    {266, "Asia/Jerusalem"},
    {267, "Asia/Tokyo"},
    {273, "Asia/Seoul"},
    {278, "Asia/Kuala_Lumpur"},
    {284, "Asia/Karachi"},
    {286, "Asia/Manila"},
    {288, "Asia/Riyadh"},
    {292, "Asia/Singapore"},
    {296, "Asia/Bangkok"},
    {298, "Asia/Dubai"},
    {301, "Asia/Saigon"},
    {303, "Asia/Yekaterinburg"},
    {305, "Asia/Novosibirsk"},
    {309, "Asia/Vladivostok"},
    {346, "Australia/Perth"},
    {347, "Australia/Brisbane"},
    {349, "Australia/Adelaide"},
    {351, "Australia/Melbourne"},
    {352, "Australia/Sydney"},
    {365, "WET"},
    {366, "CET"},
    {367, "MET"},
    {368, "EET"},
    {369, "Europe/London"},
    {371, "Europe/Dublin"},
    {374, "Europe/Vienna"},
    {375, "Europe/Minsk"},
    {376, "Europe/Brussels"},
    {377, "Europe/Sofia"},
    {378, "Europe/Prague"},
    {379, "Europe/Copenhagen"},
    {381, "Europe/Helsinki"},
    {382, "Europe/Paris"},
    {383, "Europe/Berlin"},
    {385, "Europe/Athens"},
    {386, "Europe/Budapest"},
    {387, "Europe/Rome"},
    {396, "Europe/Amsterdam"},
    {397, "Europe/Oslo"},
    {398, "Europe/Warsaw"},
    {399, "Europe/Lisbon"},
    {400, "Europe/Bucharest"},
    {402, "Europe/Moscow"},
    {404, "Europe/Madrid"},
    {405, "Europe/Stockholm"},
    {406, "Europe/Zurich"},
    {407, "Europe/Istanbul"},
    {408, "Europe/Kiev"},
    {450, "Pacific/Honolulu"},
    {471, "Pacific/Auckland"},
    {513, "GMT"},
    {612, "US/Eastern"},
    {613, "US/Central"},
    {615, "US/Pacific"},
    {687, "America/Argentina/Buenos_Aires"},
    {756, "Asia/Dhaka"},
    {772, "Asia/Kolkata"},
    {813, "Asia/Ho_Chi_Minh"},
    {1126, "US/Mountain"},
    {5121, "UTC"},
};

constexpr int kHoursMax = 15;

}  // namespace

TimeZone time_zone(Bytes bytes) {
  if (bytes.size() != 2) throw Malformed(fmt::format("time zone of {} bytes", bytes.size()));
  if (bytes[0] & 0x80) return {true, static_cast<std::uint16_t>((bytes[0] & 0x7F) << 6 | bytes[1] >> 2), 0};
  const int hours = bytes[0] - 20;
  const int minutes = bytes[1] - 60;
  if (std::abs(hours) > kHoursMax || std::abs(minutes) > 59 || hours * minutes < 0)
    throw Malformed(fmt::format("time zone {}", to_hex(bytes)));
  return {false, 0, static_cast<std::int16_t>(hours * 60 + minutes)};
}

ByteString time_zone_bytes(TimeZone zone) {
  if (zone.is_region)
    return {static_cast<std::uint8_t>(0x80 | zone.region >> 6), static_cast<std::uint8_t>((zone.region & 0x3F) << 2)};
  return {static_cast<std::uint8_t>(20 + zone.offset_min / 60), static_cast<std::uint8_t>(60 + zone.offset_min % 60)};
}

std::string_view region_name(std::uint16_t region) {
  const Region* found = std::ranges::lower_bound(kRegions, region, {}, &Region::number);
  return found != std::end(kRegions) && found->number == region ? found->name : std::string_view();
}

std::optional<std::uint16_t> region_number(std::string_view name) {
  const Region* found = std::ranges::find(kRegions, name, &Region::name);
  if (found == std::end(kRegions)) return std::nullopt;
  return found->number;
}

void append_offset(TextBuffer& out, int offset_min) {
  char* p = out.room(6);
  const unsigned minutes = static_cast<unsigned>(std::abs(offset_min));
  *p++ = offset_min < 0 ? '-' : '+';
  p = write_pair(p, minutes / 60);
  *p++ = ':';
  out.used(write_pair(p, minutes % 60));
}

std::optional<int> offset_from_text(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U})
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
  const int hours = (text[0] - '0') * 10 + text[1] - '0';
  const int minutes = (text[3] - '0') * 10 + text[4] - '0';
  if (hours > kHoursMax || minutes > 59) return std::nullopt;
  return negative ? -(hours * 60 + minutes) : hours * 60 + minutes;
}

}  // namespace redoubt::oracle
