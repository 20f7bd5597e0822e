#include "cli/outcome_for_test.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "cli/command.h"

namespace redoubt::cli {
namespace {

TEST(CommandLine, WithoutCommandShowsHelpAndIsUsage) {
  const Outcome outcome = run_with({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_NE(outcome.err.find("Usage: redoubt"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("version"), std::string::npos) << outcome.err;
}

TEST(CommandLine, HelpIsAskedForAndGoesToStandardOutput) {
  const Outcome outcome = run_with({"version", "--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("Examples:\n  redoubt version --json"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.err, "");
}

TEST(CommandLine, WrongOptionNamesTheCommandThatExplainsIt) {
  const Outcome outcome = run_with({"version", "--jsn"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.rfind("redoubt: ", 0), 0U) << outcome.err;
  EXPECT_NE(outcome.err.find("--jsn"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("see redoubt version --help\n"), std::string::npos) << outcome.err;
}

TEST(CommandLine, UnknownCommandIsUsage) {
  const Outcome outcome = run_with({"frobnicate"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("frobnicate"), std::string::npos) << outcome.err;
}

TEST(CommandLine, VersionFlagAndCommandAgree) {
  const Outcome flag = run_with({"--version"});
  const Outcome command = run_with({"version"});
  EXPECT_EQ(flag.code, 0);
  EXPECT_EQ(command.out.rfind(flag.out, 0), 0U) << flag.out << command.out;
}

TEST(CommandLine, RepeatableOptionLeavesTheWordsBehindItsValue) {
  CLI::App root("Guards data", "redoubt");
  std::vector<std::string> dictionaries, logs;
  CLI::App* command = add_command(root, "capture", "Capture", {});
  command->add_option("LOG", logs)->required();
  command->add_option("--dictionary", dictionaries);
  on_run(command, [] { return 0; });
  root.parse("capture --dictionary d1 a --dictionary d2 b c", false);
  EXPECT_EQ(dictionaries, (std::vector<std::string>{"d1", "d2"}));
  EXPECT_EQ(logs, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(CommandLine, FullOutputIsAnError) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  std::swap(full, stdout);
  testing::internal::CaptureStderr();
  const char* arguments[] = {"redoubt", "version"};
  const int code = run(2, arguments);
  std::swap(full, stdout);
  std::fclose(full);
  EXPECT_EQ(code, 1);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "redoubt: standard output: cannot be written; is the disk full?\n");
}

}  // namespace
}  // namespace redoubt::cli
