#include "oracle/datetime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/digits.h"
#include "base/error.h"
#include "oracle/time_zone.h"

namespace redoubt::oracle {
namespace {

constexpr int kYearMin = -4712;
constexpr int kYearMax = 9999;
constexpr std::uint32_t kNanosPerSecond = 1'000'000'000;
constexpr std::size_t kDateSize = 7;

struct Fields {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::uint32_t nanos = 0;
};

unsigned days_in_month(int year, unsigned month) {
  static constexpr std::array<std::uint8_t, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month != 2) return kDays[month - 1];
  // Which years before 1 are leap years is not settled: their 29 February is shown as it is stored.
  if (year < 1) return 29;
  const bool leap = year % 4 == 0 && (year <= 1582 || year % 100 != 0 || year % 400 == 0);
  return leap ? 29 : 28;
}

bool valid(const Fields& f) {
  return f.year >= kYearMin && f.year <= kYearMax && f.year != 0 && f.month - 1 < 12 && f.day >= 1 &&
         f.day <= days_in_month(f.year, f.month) && f.hour < 24 && f.minute < 60 && f.second < 60 &&
         f.nanos < kNanosPerSecond;
}

// `b` is 7 bytes of date and 0 or 4 bytes of nanoseconds.
Fields unpack(Bytes b) {
  Fields f;
  const int century = b[0] - 100;
  const int year = b[1] - 100;
  f.year = century * 100 + year;
  f.month = b[2];
  f.day = b[3];
  f.hour = b[4] - 1U;
  f.minute = b[5] - 1U;
  f.second = b[6] - 1U;
  if (b.size() > kDateSize) f.nanos = load_u32(b.data() + kDateSize, ByteOrder::kBig);
  if (!valid(f) || std::abs(year) > 99 || century * year < 0) [[unlikely]]
    throw Malformed(fmt::format("date {}", to_hex(b)));
  return f;
}

Fields unpack_timestamp(Bytes bytes) {
  if (bytes.size() != kDateSize && bytes.size() != kDateSize + 4)
    throw Malformed(fmt::format("timestamp of {} bytes", bytes.size()));
  return unpack(bytes);
}

ByteString pack_date(const Fields& f) {
  const auto byte = [](auto v) { return static_cast<std::uint8_t>(v); };
  return {byte(f.year / 100 + 100), byte(f.year % 100 + 100), byte(f.month),     byte(f.day),
          byte(f.hour + 1),         byte(f.minute + 1),       byte(f.second + 1)};
}

void add_nanos(ByteString& bytes, std::uint32_t nanos) {
  bytes.resize(kDateSize + 4);
  store<std::uint32_t>(bytes.data() + kDateSize, nanos, ByteOrder::kBig);
}

char* write_date(char* p, const Fields& f) {
  unsigned year = static_cast<unsigned>(f.year);
  if (f.year < 0) {
    *p++ = '-';
    year = static_cast<unsigned>(-f.year);
  }
  p = write_pair(p, year / 100);
  p = write_pair(p, year % 100);
  *p++ = '-';
  p = write_pair(p, f.month);
  *p++ = '-';
  p = write_pair(p, f.day);
  *p++ = 'T';
  p = write_pair(p, f.hour);
  *p++ = ':';
  p = write_pair(p, f.minute);
  *p++ = ':';
  return write_pair(p, f.second);
}

char* write_fraction(char* p, std::uint32_t nanos, int digits) {
  std::array<char, 10> text;  // ".nnnnnnnnn"
  text[0] = '.';
  text[1] = static_cast<char>('0' + nanos / 100'000'000);
  char* q = write_pair(text.data() + 2, nanos / 1'000'000 % 100);
  q = write_pair(q, nanos / 10'000 % 100);
  q = write_pair(q, nanos / 100 % 100);
  write_pair(q, nanos % 100);
  std::size_t size = digits >= 0 && digits <= 9 ? static_cast<std::size_t>(digits) + 1 : text.size();
  if (std::any_of(text.begin() + static_cast<std::ptrdiff_t>(size), text.end(), [](char c) { return c != '0'; }))
    size = text.size();
  if (size == 1) return p;
  std::memcpy(p, text.data(), size);
  return p + size;
}

void append_fields(TextBuffer& out, const Fields& f, int digits) {
  char* p = out.room(32);
  out.used(write_fraction(write_date(p, f), f.nanos, digits));
}

void next_day(Fields& f) {
  if (f.year == 1582 && f.month == 10 && f.day == 4) {
    f.day = 15;
  } else if (++f.day > days_in_month(f.year, f.month)) {
    f.day = 1;
    if (++f.month > 12) {
      f.month = 1;
      ++f.year;
    }
  }
}

void previous_day(Fields& f) {
  if (f.year == 1582 && f.month == 10 && f.day == 15) {
    f.day = 4;
  } else if (--f.day == 0) {
    if (--f.month == 0) {
      f.month = 12;
      --f.year;
    }
    f.day = days_in_month(f.year, f.month);
  }
}

// `f` moved by less than a day; nullopt where that leaves the years 1 to 9999, in which the calendar is certain.
std::optional<Fields> shifted(Fields f, int minutes) {
  if (f.year < 1) return std::nullopt;
  int at = static_cast<int>(f.hour * 60 + f.minute) + minutes;
  if (at < 0) {
    previous_day(f);
    at += 24 * 60;
  } else if (at >= 24 * 60) {
    next_day(f);
    at -= 24 * 60;
  }
  if (f.year < 1 || f.year > kYearMax) return std::nullopt;
  f.hour = static_cast<unsigned>(at / 60);
  f.minute = static_cast<unsigned>(at % 60);
  return f;
}

[[noreturn]] void throw_no_date(std::string_view text) {
  throw Malformed(fmt::format("'{}' is no date or timestamp", text));
}

// Reads "[-]YYYY-MM-DDTHH:MM:SS[.fraction]" and returns what follows it.
std::pair<Fields, std::string_view> parse(std::string_view text) {
  std::string_view rest = text;
  const auto number = [&](std::size_t width) {
    if (rest.size() < width) throw_no_date(text);
    unsigned value = 0;
    for (const char c : rest.substr(0, width)) {
      if (c < '0' || c > '9') throw_no_date(text);
      value = value * 10 + static_cast<unsigned>(c - '0');
    }
    rest.remove_prefix(width);
    return value;
  };
  const auto skip = [&](char c) {
    if (rest.empty() || rest[0] != c) throw_no_date(text);
    rest.remove_prefix(1);
  };

  Fields f;
  const bool before_christ = rest.starts_with('-');
  if (before_christ) rest.remove_prefix(1);
  f.year = static_cast<int>(number(4));
  if (before_christ) f.year = -f.year;
  skip('-');
  f.month = number(2);
  skip('-');
  f.day = number(2);
  skip('T');
  f.hour = number(2);
  skip(':');
  f.minute = number(2);
  skip(':');
  f.second = number(2);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const std::size_t width = std::min(rest.find_first_not_of("0123456789"), rest.size());
    if (width < 1 || width > 9) throw_no_date(text);
    f.nanos = number(width);
    for (std::size_t i = width; i < 9; ++i) f.nanos *= 10;
  }
  if (!valid(f)) throw_no_date(text);
  return {f, rest};
}

ByteString pack_timestamp(const Fields& f) {
  ByteString bytes = pack_date(f);
  if (f.nanos != 0) add_nanos(bytes, f.nanos);
  return bytes;
}

Fields shifted_or_throw(const Fields& f, int minutes, std::string_view text) {
  const std::optional<Fields> moved = shifted(f, minutes);
  if (!moved) throw_no_date(text);
  return *moved;
}

}  // namespace

void append_date(TextBuffer& out, Bytes bytes) {
  if (bytes.size() != kDateSize) throw Malformed(fmt::format("DATE of {} bytes", bytes.size()));
  char* p = out.room(20);
  out.used(write_date(p, unpack(bytes)));
}

void append_timestamp(TextBuffer& out, Bytes bytes, int digits) { append_fields(out, unpack_timestamp(bytes), digits); }

void append_timestamp_tz(TextBuffer& out, Bytes bytes, int digits) {
  if (bytes.size() != 9 && bytes.size() != 13)
    throw Malformed(fmt::format("timestamp with time zone of {} bytes", bytes.size()));
  const Fields utc = unpack(bytes.first(bytes.size() - 2));
  const TimeZone zone = time_zone(bytes.last(2));
  if (zone.is_region) {
    append_fields(out, utc, digits);
    const std::string_view name = region_name(zone.region);
    if (name.empty()) {
      out.append("Z[region ");
      out.append_int(zone.region);
    } else {
      out.append("Z[");
      out.append(name);
    }
    return out.append(']');
  }
  if (const std::optional<Fields> local = shifted(utc, zone.offset_min)) {
    append_fields(out, *local, digits);
    append_offset(out, zone.offset_min);
  } else {
    append_fields(out, utc, digits);
    out.append("Z[");
    append_offset(out, zone.offset_min);
    out.append(']');
  }
}

void append_timestamp_ltz(TextBuffer& out, Bytes bytes, int digits, std::string_view database_zone) {
  const Fields stored = unpack_timestamp(bytes);
  if (const std::optional<int> offset = offset_from_text(database_zone)) {
    const std::optional<Fields> utc = *offset == 0 ? stored : shifted(stored, -*offset);
    if (utc) {
      append_fields(out, *utc, digits);
      return out.append('Z');
    }
  }
  append_fields(out, stored, digits);
  out.append('[');
  out.append(database_zone);
  out.append(']');
}

ByteString date_from_text(std::string_view text) {
  const auto [fields, rest] = parse(text);
  if (!rest.empty() || fields.nanos != 0) throw_no_date(text);
  return pack_date(fields);
}

ByteString timestamp_from_text(std::string_view text) {
  const auto [fields, rest] = parse(text);
  if (!rest.empty()) throw_no_date(text);
  return pack_timestamp(fields);
}

ByteString timestamp_tz_from_text(std::string_view text) {
  auto [fields, rest] = parse(text);
  TimeZone zone;
  if (rest.starts_with("Z[") && rest.ends_with(']')) {
    const std::string_view name = rest.substr(2, rest.size() - 3);
    if (const auto offset = offset_from_text(name)) {
      zone.offset_min = static_cast<std::int16_t>(*offset);
    } else if (const auto known = region_number(name)) {
      zone = {true, *known, 0};
    } else {
      unsigned number = 0;
      if (!name.starts_with("region ")) throw_no_date(text);
      const auto [end, error] = std::from_chars(name.data() + 7, name.data() + name.size(), number);
      if (error != std::errc() || end != name.data() + name.size() || number > 0x1FFF) throw_no_date(text);
      zone = {true, static_cast<std::uint16_t>(number), 0};
    }
  } else {
    const std::optional<int> offset = offset_from_text(rest);
    if (!offset) throw_no_date(text);
    fields = shifted_or_throw(fields, -*offset, text);
    zone.offset_min = static_cast<std::int16_t>(*offset);
  }
  ByteString bytes = pack_date(fields);
  add_nanos(bytes, fields.nanos);
  return bytes + time_zone_bytes(zone);
}

ByteString timestamp_ltz_from_text(std::string_view text, std::string_view database_zone) {
  auto [fields, rest] = parse(text);
  if (rest == "Z") {
    const std::optional<int> offset = offset_from_text(database_zone);
    if (!offset) throw_no_date(text);
    if (*offset != 0) fields = shifted_or_throw(fields, *offset, text);
  } else if (rest.size() < 2 || rest.substr(1, rest.size() - 2) != database_zone) {
    throw_no_date(text);
  }
  return pack_timestamp(fields);
}

}  // namespace redoubt::oracle
