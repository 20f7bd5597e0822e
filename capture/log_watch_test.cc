#include "capture/log_watch.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class LogWatchTest : public testing::Test {
 protected:
  LogWatchTest() {
    std::string name = (fs::temp_directory_path() / "log_watch_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~LogWatchTest() override { fs::remove_all(directory_); }

  static void write(const fs::path& file) { std::ofstream(file, std::ios::app) << "redo"; }

  static constexpr milliseconds kNow{0}, kLong{60'000};
  fs::path directory_;
  LogWatch watch_;
};

TEST_F(LogWatchTest, AWriteEndsTheSleepOnce) {
  write(directory_ / "online.log");
  watch_.follow({directory_});
  EXPECT_FALSE(watch_.wait(kNow));
  write(directory_ / "online.log");
  EXPECT_TRUE(watch_.wait(kLong));
  EXPECT_FALSE(watch_.wait(kNow));
  // Told to follow the same again, it goes on.
  watch_.follow({directory_});
  write(directory_ / "online.log");
  EXPECT_TRUE(watch_.wait(kLong));
}

TEST_F(LogWatchTest, AFileThatComesEndsTheSleep) {
  const fs::path beside = directory_ / "beside", logs = directory_ / "logs";
  fs::create_directory(beside);
  fs::create_directory(logs);
  watch_.follow({logs});
  write(beside / "copy.log");
  EXPECT_FALSE(watch_.wait(kNow));
  fs::rename(beside / "copy.log", logs / "copy.log");
  EXPECT_TRUE(watch_.wait(kLong));
}

TEST_F(LogWatchTest, FollowsOnlyTheLastPlaces) {
  const fs::path one = directory_ / "one.log", other = directory_ / "other.log";
  write(one);
  write(other);
  watch_.follow({one, directory_ / "nothing"});
  watch_.follow({other});
  watch_.wait(kNow);  // the kernel tells that the first is no longer watched
  write(one);
  EXPECT_FALSE(watch_.wait(kNow));
  write(other);
  EXPECT_TRUE(watch_.wait(kLong));
}

TEST_F(LogWatchTest, ADirectoryMadeAnewIsFollowedAgain) {
  const fs::path logs = directory_ / "logs";
  fs::create_directory(logs);
  watch_.follow({logs});
  fs::remove(logs);
  fs::create_directory(logs);
  watch_.follow({logs});
  watch_.wait(kNow);
  write(logs / "online.log");
  EXPECT_TRUE(watch_.wait(kLong));
}

}  // namespace
}  // namespace redoubt::capture
