#include "cli/progress.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

namespace redoubt::cli {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

TEST(Progress, LineShowsPartRateAndTimeLeft) {
  EXPECT_EQ(progress_line("capture", 512 << 20, 1ULL << 30, 2, 100),
            "capture  [==========>         ]  50%  512 MiB of 1.0 GiB  256 MiB/s  0:02 left");
  EXPECT_EQ(progress_line("capture", 1, 7300, 1, 100),
            "capture  [>                   ]   0%  1 B of 7.1 KiB  1 B/s  2:01:39 left");
}

TEST(Progress, LineOfFinishedAndOvergrownJobs) {
  EXPECT_EQ(progress_line("verify", 2000, 2000, 0, 100), "verify  [====================] 100%  2.0 KiB of 2.0 KiB");
  EXPECT_EQ(progress_line("verify", 3000, 2000, 0, 100), progress_line("verify", 2000, 2000, 0, 100));
}

TEST(Progress, LineWithoutTotalHasNoPart) {
  EXPECT_EQ(progress_line("watch", 10 << 20, 0, 5, 100), "watch  10 MiB  2.0 MiB/s");
}

TEST(Progress, LineNeverFillsTheTerminal) {
  for (int width = 0; width < 90; ++width)
    EXPECT_LE(progress_line("capture", 5, 9, 1, width).size(), static_cast<std::size_t>(std::max(width - 1, 0)));
}

TEST(Progress, SizesHaveThreeDigitsAtMost) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "1.0 KiB");
  EXPECT_EQ(size_text(9.96 * 1024), "10 KiB");
  EXPECT_EQ(size_text(3.5 * 1024 * 1024 * 1024 * 1024), "3.5 TiB");
}

TEST(Progress, IsSilentInAFile) {
  const File file(std::tmpfile(), &std::fclose);
  ASSERT_NE(file, nullptr);
  {
    Progress progress("capture", 10, file.get());
    progress.update(5);
  }
  std::fflush(file.get());
  std::fseek(file.get(), 0, SEEK_END);
  EXPECT_EQ(std::ftell(file.get()), 0);
}

TEST(Progress, DrawsOnATerminalWithoutFloodingItAndWipesItsLine) {
  using Clock = std::chrono::steady_clock;
  int keyboard = -1, screen = -1;
  ASSERT_EQ(::openpty(&keyboard, &screen, nullptr, nullptr, nullptr), 0);
  const auto begun = Clock::now();
  {
    const File terminal(::fdopen(screen, "w"), &std::fclose);
    Progress progress("capture", 1000, terminal.get());
    for (std::uint64_t done = 0; done < 1000; ++done) progress.update(done);
  }
  const auto draws_allowed = (Clock::now() - begun) / std::chrono::milliseconds(100) + 1;
  std::string text;
  char part[4096];
  for (ssize_t size; (size = ::read(keyboard, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(size));
  ::close(keyboard);
  EXPECT_NE(text.find("capture  [>"), std::string::npos);
  EXPECT_LE(std::count(text.begin(), text.end(), '%'), draws_allowed);
  ASSERT_GE(text.size(), 4U);
  EXPECT_EQ(text.substr(text.size() - 4), "\r\x1b[K");
}

}  // namespace
}  // namespace redoubt::cli
