#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/terminal.h"

namespace redoubt::cli {
namespace {

constexpr auto kBetweenDraws = std::chrono::milliseconds(100);
constexpr std::size_t kBarWidth = 20;
constexpr char kWipeLine[] = "\r\x1b[K";

std::string bar(double part) {
  const auto filled = static_cast<std::size_t>(part * kBarWidth);
  std::string text(kBarWidth, ' ');
  std::fill_n(text.begin(), filled, '=');
  if (filled < kBarWidth) text[filled] = '>';
  return text;
}

std::string time_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string size_text(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 9.95 ? 0 : 1, kUnits[unit]);
}

std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total, double seconds, int width) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line(what);
  if (total > 0) {
    done = std::min(done, total);  // a live file may grow past what it was
    const double part = static_cast<double>(done) / static_cast<double>(total);
    line += fmt::format("  [{}] {:3}%  {} of {}", bar(part), static_cast<int>(part * 100),
                        size_text(static_cast<double>(done)), size_text(static_cast<double>(total)));
  } else {
    line += fmt::format("  {}", size_text(static_cast<double>(done)));
  }
  if (rate > 0) line += fmt::format("  {}/s", size_text(rate));
  if (rate > 0 && total > 0) line += fmt::format("  {} left", time_text(static_cast<double>(total - done) / rate));
  // A line that wraps could not be drawn over.
  return line.substr(0, static_cast<std::size_t>(std::max(width - 1, 0)));
}

Progress::Progress(std::string what, std::uint64_t total, std::FILE* to)
    : what_(std::move(what)), total_(total), to_(to), shown_(is_terminal(to)) {}

Progress::~Progress() {
  if (!drawn_) return;
  std::fputs(kWipeLine, to_);
  std::fflush(to_);
}

void Progress::update(std::uint64_t done) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (now < next_draw_) return;
  next_draw_ = now + kBetweenDraws;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  fmt::print(to_, "{}{}", kWipeLine, progress_line(what_, done, total_, seconds, width_of(to_)));
  std::fflush(to_);
}

}  // namespace redoubt::cli
