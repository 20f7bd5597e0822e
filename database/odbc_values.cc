#include "database/odbc_values.h"

#include <fmt/format.h>
#include <array>
#include <charconv>

#include "database/failure.h"

namespace redoubt::database::odbc {

namespace {

[[noreturn]] void has_no_form(std::string_view what) {
  throw DatabaseError(Failure::kConstraint, "22007", "ODBC", fmt::format("{} has no form here (22007)", what));
}

}  // namespace

bool read_moment(Engine engine, std::string_view text, DateTime& out) {
  if (engine != Engine::kOracle) return read_time(text, out);
  const bool bc = text.starts_with('-');
  if (bc || text.starts_with(' ')) text.remove_prefix(1);
  std::string joined(text);  // the zone stands behind a blank
  if (const std::size_t zone = joined.find_last_of(' '); zone != joined.npos && zone + 1 < joined.size())
    if (joined[zone + 1] == '+' || joined[zone + 1] == '-') joined.erase(zone, 1);
  return read_time(bc ? joined + " BC" : joined, out);
}

bool read_duration(std::string_view text, Interval& out) {
  const bool minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  std::array<std::int64_t, 3> parts{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i < 2 && (text.empty() || text.front() != ':')) return false;
    if (i < 2) text.remove_prefix(1);
  }
  std::int64_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    for (std::size_t i = 0; i < 6; ++i) fraction = fraction * 10 + (i < text.size() ? text[i] - '0' : 0);
  }
  out.micros = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1'000'000 + fraction;
  if (minus) out.micros = -out.micros;
  return true;
}

void write_moment(Engine engine, TextBuffer& out, const DateTime& time) {
  if (time.special != Special::kNone) has_no_form("an infinite moment");
  if (engine == Engine::kMariadb && time.year < 0) has_no_form("a year BC");
  DateTime local = time;
  const bool zoned = engine == Engine::kOracle && time.offset != 0;
  if (zoned) {
    local = time_of(micros_of(time) + time.offset * 60'000'000LL);
    local.nanos = time.nanos;
  }
  TextBuffer text;
  write_time(text, local, Parts::kTime);
  std::string_view written = text.view();
  if (engine != Engine::kOdbc && written.ends_with(" BC")) {
    written.remove_suffix(3);
    if (engine == Engine::kOracle) out.append('-');
    if (engine == Engine::kMariadb) out.append("0000"), written.remove_prefix(4);
  }
  out.append(written);
  if (zoned) {
    const int minutes = time.offset < 0 ? -time.offset : time.offset;
    out.append(fmt::format(" {}{:02}:{:02}", time.offset < 0 ? '-' : '+', minutes / 60, minutes % 60));
  }
}

std::string duration_text(const Interval& v) {
  if (v.months != 0 || v.days != 0 || v.nanos != 0)
    throw DatabaseError(Failure::kConstraint, "22015", "ODBC",
                        fmt::format("an interval of {} months, {} days and {} nanoseconds has no form here (22015)",
                                    v.months, v.days, v.nanos));
  const std::int64_t micros = v.micros < 0 ? -v.micros : v.micros;
  return fmt::format("{}{:02}:{:02}:{:02}.{:06}", v.micros < 0 ? "-" : "", micros / 3'600'000'000,
                     micros / 60'000'000 % 60, micros / 1'000'000 % 60, micros % 1'000'000);
}

}  // namespace redoubt::database::odbc
