#include "database/value.h"

#include <array>
#include <charconv>
#include <cstdlib>

#include "base/digits.h"

namespace redoubt::database {

namespace {

constexpr std::int64_t kSecond = 1'000'000, kDay = 86'400 * kSecond;

// A reader of fixed text: takes digits and marks, and remembers whether all fitted.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  // A number of `least` to `most` digits.
  bool number(std::size_t least, std::size_t most, std::int64_t& value) {
    std::size_t n = 0;
    value = 0;
    for (; n < text_.size() && n < most && text_[n] >= '0' && text_[n] <= '9'; ++n)
      value = value * 10 + (text_[n] - '0');
    text_.remove_prefix(n);
    return n >= least;
  }
  bool at(char c) const { return text_.starts_with(c); }
  std::size_t left() const { return text_.size(); }

 private:
  std::string_view text_;
};

}  // namespace

// Counted from March, so that the leap day is the last of its year; eras of 400 years all have the same length.
std::int64_t days_of(std::int32_t year, unsigned month, unsigned day) {
  const std::int64_t y = static_cast<std::int64_t>(year) - (month <= 2);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

DateTime date_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;  // 0 = March
  DateTime out;
  out.day = static_cast<std::uint8_t>(day_of_year - (153 * month + 2) / 5 + 1);
  out.month = static_cast<std::uint8_t>(month < 10 ? month + 3 : month - 9);
  out.year = static_cast<std::int32_t>(year_of_era + era * 400 + (out.month <= 2));
  return out;
}

std::int64_t micros_of(const DateTime& time) {
  REDOUBT_ASSERT(time.special == Special::kNone);
  return days_of(time.year, time.month, time.day) * kDay +
         (time.hour * 3600 + time.minute * 60 + time.second) * kSecond + time.nanos / 1000;
}

DateTime time_of(std::int64_t micros) {
  std::int64_t days = micros / kDay;
  std::int64_t rest = micros % kDay;
  if (rest < 0) rest += kDay, --days;
  DateTime out = date_of(days);
  out.hour = static_cast<std::uint8_t>(rest / (3600 * kSecond));
  out.minute = static_cast<std::uint8_t>(rest / (60 * kSecond) % 60);
  out.second = static_cast<std::uint8_t>(rest / kSecond % 60);
  out.nanos = static_cast<std::uint32_t>(rest % kSecond * 1000);
  return out;
}

void write_time(TextBuffer& out, const DateTime& time, Parts parts) {
  if (time.special != Special::kNone) return out.append(time.special == Special::kInfinity ? "infinity" : "-infinity");
  const bool bc = time.year <= 0 && !(time.month == 0 && time.day == 0);  // MariaDB's 0000-00-00 is no BC
  const std::int64_t year = bc ? 1 - static_cast<std::int64_t>(time.year) : time.year;
  char* p = out.room(64);
  for (std::int64_t limit = 1000; limit > 1 && year < limit; limit /= 10) *p++ = '0';
  p = std::to_chars(p, p + 16, year).ptr;
  *p++ = '-', p = write_pair(p, time.month);
  *p++ = '-', p = write_pair(p, time.day);
  if (parts == Parts::kTime) {
    *p++ = ' ', p = write_pair(p, time.hour);
    *p++ = ':', p = write_pair(p, time.minute);
    *p++ = ':', p = write_pair(p, time.second);
    if (time.nanos) {
      *p++ = '.';
      std::uint32_t rest = time.nanos;
      for (std::uint32_t unit = 100'000'000; rest; unit /= 10)
        *p++ = static_cast<char>('0' + rest / unit), rest %= unit;
    }
  }
  if (bc) *p++ = ' ', *p++ = 'B', *p++ = 'C';
  out.used(p);
}

bool read_time(std::string_view text, DateTime& time) {
  time = {};
  if (text == "infinity" || text == "-infinity") {
    time.special = text.front() == '-' ? Special::kMinusInfinity : Special::kInfinity;
    return true;
  }
  Scan scan(text);
  std::int64_t year, month, day, hour = 0, minute = 0, second = 0;
  if (!scan.number(4, 6, year) || !scan.take('-') || !scan.number(2, 2, month) || !scan.take('-') ||
      !scan.number(2, 2, day))
    return false;
  if (month > 12 || day > 31) return false;
  std::int64_t shift = 0;
  bool bc = scan.take(" BC");
  if (!bc && scan.left()) {
    if (!scan.take(' ') && !scan.take('T')) return false;
    if (!scan.number(2, 2, hour) || !scan.take(':') || !scan.number(2, 2, minute) || !scan.take(':') ||
        !scan.number(2, 2, second))
      return false;
    if (hour > 24 || minute > 59 || second > 60) return false;
    if (scan.take('.')) {
      const std::size_t left = scan.left();
      std::int64_t fraction;
      if (!scan.number(1, 9, fraction)) return false;
      for (std::size_t n = left - scan.left(); n < 9; ++n) fraction *= 10;
      time.nanos = static_cast<std::uint32_t>(fraction);
    }
    if (!scan.take('Z') && (scan.at('+') || scan.at('-'))) {
      const bool west = !scan.take('+') && scan.take('-');
      std::int64_t hours, minutes = 0;
      if (!scan.number(2, 2, hours) || (scan.take(':') && !scan.number(2, 2, minutes)) || hours > 15 || minutes > 59)
        return false;
      shift = (west ? -1 : 1) * (hours * 60 + minutes);
    }
    bc = scan.take(" BC");
  }
  if (scan.left() != 0 || (bc && year == 0)) return false;
  time.year = static_cast<std::int32_t>(bc ? 1 - year : year);
  time.month = static_cast<std::uint8_t>(month), time.day = static_cast<std::uint8_t>(day);
  time.hour = static_cast<std::uint8_t>(hour), time.minute = static_cast<std::uint8_t>(minute);
  time.second = static_cast<std::uint8_t>(second);
  if (shift != 0) {
    const std::uint32_t nanos = time.nanos;
    if (month == 0 || day == 0) return false;
    time = time_of(micros_of(time) - shift * 60 * kSecond);
    time.nanos = nanos;
    time.offset = static_cast<std::int16_t>(shift);
  }
  return true;
}

}  // namespace redoubt::database
