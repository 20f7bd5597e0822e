// How far a long job is, on a terminal:
//
//   capture  [=========>          ]  47%  1.2 GiB of 2.5 GiB  812 MiB/s  0:02 left
//
// One line on standard error, drawn over itself at most ten times a second and wiped away at the end, so that results
// and messages stay readable. In a pipe or a file there is nothing to see.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace redoubt::cli {

class Progress {
 public:
  // `total` in bytes, 0 when it is not known. `to` must outlive the object.
  Progress(std::string what, std::uint64_t total, std::FILE* to = stderr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` bytes so far. Cheap enough for every batch.
  void update(std::uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  std::uint64_t total_;
  std::FILE* to_;
  bool shown_;
  bool drawn_ = false;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point next_draw_ = begun_;
};

// The line for a job that has done `done` of `total` bytes (0: unknown) in `seconds`; fits into `width` columns.
std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total, double seconds, int width);

// "17 B", "1.2 GiB": three digits at most before the unit.
std::string size_text(double bytes);

}  // namespace redoubt::cli
