#include "base/secret.h"

#include <fmt/ostream.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/error.h"

namespace redoubt {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

static_assert(!fmt::is_formattable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string_view> && !std::is_convertible_v<Secret, std::string>);
template <class T>
concept Streams = requires(std::ostream& out, const T& value) { out << value; };
static_assert(Streams<int> && !Streams<Secret>);

class SecretFile : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(path_.back() == 'X' ? ::close(::mkstemp(path_.data())) : 0, 0); }
  void TearDown() override { ::unlink(path_.c_str()); }

  void hold(std::string_view bytes, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::binary) << bytes;
    ::chmod(path_.c_str(), mode);
  }
  Secret read() {
    return secret_from_file(path_, [this](std::string_view text) { warnings_.append(text); });
  }
  std::string complaint() {
    try {
      read();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  std::string path_ = testing::TempDir() + "secretXXXXXX";
  std::string warnings_;
};

std::string command_complaint(const std::string& command, milliseconds timeout = std::chrono::seconds(10)) {
  try {
    secret_from_command(command, timeout);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Secret, CopiesAreItsOwn) {
  auto first = std::make_unique<Secret>("tiger");
  Secret copy = *first;
  Secret moved = std::move(*first);
  first.reset();
  EXPECT_EQ(copy.reveal(), "tiger");
  EXPECT_EQ(moved.reveal(), "tiger");
  copy = Secret();
  EXPECT_TRUE(copy.empty());
  EXPECT_EQ(copy.reveal(), "");
}

TEST(Secret, IsOverwrittenWhenItGoes) {
  // In place, so that the storage of the object itself is still ours to look at; its bytes are seen on their way out by
  // the allocator only, so they are looked at through /proc/self/mem, which reads what is mapped without touching it.
  alignas(Secret) unsigned char room[sizeof(Secret)];
  auto* secret = new (room) Secret(std::string(4000, 's'));
  const char* bytes = secret->reveal().data();
  secret->~Secret();
  std::ifstream memory("/proc/self/mem", std::ios::binary);
  memory.seekg(static_cast<std::streamoff>(reinterpret_cast<std::uintptr_t>(bytes)));
  std::string after(4000, '?');
  memory.read(after.data(), 4000);
  ASSERT_TRUE(memory);
  EXPECT_EQ(after.find("ssss"), std::string::npos);
}

TEST_F(SecretFile, FirstLineWithoutItsEnd) {
  for (const char* bytes : {"tiger", "tiger\n", "tiger\r\n", "tiger\nsecond line\n"}) {
    hold(bytes);
    EXPECT_EQ(read().reveal(), "tiger");
  }
  EXPECT_EQ(warnings_, "");
}

TEST_F(SecretFile, OthersWhoMayReadItAreWarnedOf) {
  hold("tiger", 0640);
  EXPECT_EQ(read().reveal(), "tiger");
  EXPECT_NE(warnings_.find("chmod 600 " + path_), std::string::npos) << warnings_;
}

TEST_F(SecretFile, EmptyOrTooLongIsRefusedWithoutShowingIt) {
  hold("");
  EXPECT_NE(complaint().find("has no password in its first line"), std::string::npos);
  hold("\ntiger");
  EXPECT_NE(complaint().find("has no password in its first line"), std::string::npos);
  hold(std::string(Secret::kSizeMax, 'x') + "\n");
  EXPECT_EQ(read().reveal().size(), Secret::kSizeMax);
  hold(std::string(Secret::kSizeMax + 1, 'x'));
  EXPECT_NE(complaint().find("too long"), std::string::npos);
  EXPECT_EQ(complaint().find("xxx"), std::string::npos);
  ::unlink(path_.c_str());
  EXPECT_NE(complaint().find("cannot open"), std::string::npos);
}

TEST(SecretCommand, FirstLineOfWhatItPrints) {
  EXPECT_EQ(secret_from_command("echo tiger; echo more").reveal(), "tiger");
  EXPECT_EQ(secret_from_command("printf tiger").reveal(), "tiger");
  EXPECT_EQ(secret_from_command("read line || echo no input").reveal(), "no input");
}

TEST(SecretCommand, FailureShowsStandardErrorAndNotWhatItPrinted) {
  const std::string text = command_complaint("echo tiger; echo vault is sealed >&2; exit 3");
  EXPECT_EQ(text, "password_command: failed with exit code 3: vault is sealed");
  EXPECT_EQ(command_complaint("kill -9 $$"), "password_command: was ended by signal 9");
  EXPECT_EQ(command_complaint("true"), "password_command: has no password in its first line");
}

TEST(SecretCommand, EndlessOutputIsRefused) {
  EXPECT_EQ(command_complaint("yes | head -c 1000000 | tr '\\n' y"),
            "password_command: has a first line too long for a password");
  EXPECT_NE(command_complaint("yes >&2", milliseconds(300)).find("has not ended after 300 ms"), std::string::npos);
}

TEST(SecretCommand, IsKilledWithAllItStartedWhenItTakesTooLong) {
  const auto start = steady_clock::now();
  const std::string file = testing::TempDir() + "still_alive";
  ::unlink(file.c_str());
  EXPECT_EQ(command_complaint("(sleep 1; touch " + file + ") & sleep 60", milliseconds(200)),
            "password_command: has not ended after 200 ms and was killed");
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(10));
  std::this_thread::sleep_for(milliseconds(1300));
  EXPECT_NE(::access(file.c_str(), F_OK), 0);
}

TEST(SecretCommand, OneThatClosedItsOutputAndRunsOnIsKilled) {
  EXPECT_NE(command_complaint("echo tiger; exec >&- 2>&-; sleep 60", milliseconds(200)).find("was killed"),
            std::string::npos);
}

TEST(SecretSource, ReadsAnewAndTheLastOneSetCounts) {
  SecretSource source;
  EXPECT_FALSE(source.given());
  EXPECT_TRUE(source.read({}).empty());
  source.set_text("tiger");
  EXPECT_EQ(source.read({}).reveal(), "tiger");
  source.set_command("cat /proc/self/stat | cut -d' ' -f1");  // another process each time
  EXPECT_TRUE(source.given());
  EXPECT_NE(source.read({}).reveal(), source.read({}).reveal());
}

}  // namespace
}  // namespace redoubt
