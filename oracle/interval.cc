#include "oracle/interval.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <initializer_list>

#include "base/digits.h"
#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr std::int64_t kBias = 0x80000000;
constexpr std::int64_t kLeadingMax = 999'999'999;  // nine digits of years or days
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

std::int64_t biased_u32(Bytes b, std::size_t at) { return std::int64_t{u32_at(b, at, ByteOrder::kBig)} - kBias; }

// One sign for all components, each below its limit.
bool negative(Bytes bytes, std::initializer_list<std::pair<std::int64_t, std::int64_t>> components) {
  bool below = false, above = false;
  for (const auto& [value, limit] : components) {
    below |= value < 0;
    above |= value > 0;
    if (std::abs(value) > limit) throw Malformed(fmt::format("interval {}", to_hex(bytes)));
  }
  if (below && above) throw Malformed(fmt::format("interval {} has components of both signs", to_hex(bytes)));
  return below;
}

void append_component(TextBuffer& out, std::int64_t value, char unit) {
  if (value == 0) return;
  out.append_int(std::abs(value));
  out.append(unit);
}

[[noreturn]] void throw_no_interval(std::string_view text) {
  throw Malformed(fmt::format("'{}' is no interval", text));
}

// Reads "[-]P" and then numbers with their units.
class Duration {
 public:
  explicit Duration(std::string_view text) : text_(text), rest_(text) {
    if (rest_.starts_with('-')) {
      sign_ = -1;
      rest_.remove_prefix(1);
    }
    if (!skip('P')) throw_no_interval(text_);
  }

  bool skip(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    complete_ = false;  // a component must follow P and T
    return true;
  }
  // The number before `unit`, with the sign of the interval; 0 if another unit comes first.
  std::int64_t component(char unit, std::int64_t limit) {
    std::int64_t value = 0;
    const char* end = rest_.data() + rest_.size();
    const char* stop = std::from_chars(rest_.data(), end, value).ptr;
    if (stop == rest_.data() || stop == end || *stop != unit) return 0;
    if (value < 0 || value > limit) throw_no_interval(text_);
    rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()) + 1);
    complete_ = true;
    return sign_ * value;
  }
  // Seconds with their fraction, in nanoseconds.
  std::int64_t nanoseconds() {
    if (rest_.empty()) return 0;
    std::int64_t value = 0;
    const char* end = rest_.data() + rest_.size();
    const char* stop = std::from_chars(rest_.data(), end, value).ptr;
    if (stop == rest_.data() || value < 0 || value > 59) throw_no_interval(text_);
    rest_.remove_prefix(static_cast<std::size_t>(stop - rest_.data()));
    int width = 9;
    if (skip('.')) {
      for (; width > 0 && !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; --width) {
        value = value * 10 + (rest_[0] - '0');
        rest_.remove_prefix(1);
      }
    }
    for (; width > 0; --width) value *= 10;
    if (!skip('S')) throw_no_interval(text_);
    complete_ = true;
    return sign_ * value;
  }
  void finish() const {
    if (!rest_.empty() || !complete_) throw_no_interval(text_);
  }

 private:
  std::string_view text_;
  std::string_view rest_;
  int sign_ = 1;
  bool complete_ = false;
};

std::uint32_t biased(std::int64_t value) { return static_cast<std::uint32_t>(value + kBias); }
std::uint8_t biased_byte(std::int64_t value) { return static_cast<std::uint8_t>(value + 60); }

}  // namespace

void append_interval_ym(TextBuffer& out, Bytes bytes) {
  if (bytes.size() != 5) throw Malformed(fmt::format("INTERVAL YEAR TO MONTH of {} bytes", bytes.size()));
  const std::int64_t years = biased_u32(bytes, 0);
  const std::int64_t months = bytes[4] - 60;
  out.append(negative(bytes, {{years, kLeadingMax}, {months, 11}}) ? "-P" : "P");
  append_component(out, years, 'Y');
  append_component(out, months, 'M');
  if (years == 0 && months == 0) out.append("0M");
}

void append_interval_ds(TextBuffer& out, Bytes bytes) {
  if (bytes.size() != 11) throw Malformed(fmt::format("INTERVAL DAY TO SECOND of {} bytes", bytes.size()));
  const std::int64_t days = biased_u32(bytes, 0);
  const std::int64_t hours = bytes[4] - 60, minutes = bytes[5] - 60, seconds = bytes[6] - 60;
  const std::int64_t nanos = biased_u32(bytes, 7);
  const bool below =
      negative(bytes, {{days, kLeadingMax}, {hours, 23}, {minutes, 59}, {seconds, 59}, {nanos, kNanosPerSecond - 1}});
  out.append(below ? "-P" : "P");
  append_component(out, days, 'D');
  const bool has_seconds = seconds != 0 || nanos != 0;
  if (hours != 0 || minutes != 0 || has_seconds) {
    out.append('T');
    append_component(out, hours, 'H');
    append_component(out, minutes, 'M');
  } else if (days == 0) {
    out.append("T0S");
  }
  if (!has_seconds) return;
  out.append_int(std::abs(seconds));
  if (nanos != 0) {
    out.append('.');
    char* p = out.room(9);
    std::int64_t rest = std::abs(nanos);
    for (std::int64_t unit = kNanosPerSecond / 10; rest != 0; unit /= 10) {
      *p++ = static_cast<char>('0' + rest / unit);
      rest %= unit;
    }
    out.used(p);
  }
  out.append('S');
}

ByteString interval_ym_from_text(std::string_view text) {
  Duration duration(text);
  const std::int64_t years = duration.component('Y', kLeadingMax);
  const std::int64_t months = duration.component('M', 11);
  duration.finish();
  ByteString bytes(5, 0);
  store<std::uint32_t>(bytes.data(), biased(years), ByteOrder::kBig);
  bytes[4] = biased_byte(months);
  return bytes;
}

ByteString interval_ds_from_text(std::string_view text) {
  Duration duration(text);
  const std::int64_t days = duration.component('D', kLeadingMax);
  std::int64_t hours = 0, minutes = 0, nanos = 0;
  if (duration.skip('T')) {
    hours = duration.component('H', 23);
    minutes = duration.component('M', 59);
    nanos = duration.nanoseconds();
  }
  duration.finish();
  ByteString bytes(11, 0);
  store<std::uint32_t>(bytes.data(), biased(days), ByteOrder::kBig);
  bytes[4] = biased_byte(hours);
  bytes[5] = biased_byte(minutes);
  bytes[6] = biased_byte(nanos / kNanosPerSecond);
  store<std::uint32_t>(bytes.data() + 7, biased(nanos % kNanosPerSecond), ByteOrder::kBig);
  return bytes;
}

}  // namespace redoubt::oracle
