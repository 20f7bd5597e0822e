#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace redoubt::cli {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

class Terminal : public testing::Test {
 protected:
  void SetUp() override {
    winsize size{24, 132, 0, 0};
    int screen = -1;
    ASSERT_EQ(::openpty(&keyboard_, &screen, nullptr, nullptr, &size), 0);
    terminal_.reset(::fdopen(screen, "w"));
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "xterm", 1);
  }
  void TearDown() override { ::close(keyboard_); }

  int keyboard_ = -1;
  File terminal_{nullptr, &std::fclose};
};

TEST_F(Terminal, TakesColorUnlessAskedNotTo) {
  EXPECT_EQ(red(terminal_.get(), "x"), "\x1b[31mx\x1b[0m");
  ::setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(takes_color(terminal_.get())) << "empty is as good as not set";
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(red(terminal_.get(), "x"), "x");
  ::unsetenv("NO_COLOR");
  ::setenv("TERM", "dumb", 1);
  EXPECT_EQ(red(terminal_.get(), "x"), "x");
}

TEST_F(Terminal, KnowsItsWidth) { EXPECT_EQ(width_of(terminal_.get()), 132); }

TEST_F(Terminal, AFileIsNone) {
  const File file(std::tmpfile(), &std::fclose);
  EXPECT_FALSE(is_terminal(file.get()));
  EXPECT_EQ(red(file.get(), "x"), "x");
  EXPECT_EQ(width_of(file.get()), 80);
}

}  // namespace
}  // namespace redoubt::cli
