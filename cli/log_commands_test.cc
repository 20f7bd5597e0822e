// redoubt log on simulated logs, whole and damaged.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/outcome_for_test.h"

namespace redoubt::cli {
namespace {

namespace fs = std::filesystem;

class LogCommands : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::path(testing::TempDir()) / ("log_commands_" + std::to_string(::getpid()));
    const Outcome made =
        run_with({"simulate", "--seed", "7", "--threads", "2", "--transactions", "200", directory_.string()});
    ASSERT_EQ(made.code, 0) << made.err;
    for (const auto& entry : fs::directory_iterator(directory_))
      if (entry.path().extension() == ".dbf") logs_.push_back(entry.path().string());
    std::sort(logs_.begin(), logs_.end());
    ASSERT_GE(logs_.size(), 4U);
  }
  void TearDown() override { fs::remove_all(directory_); }

  fs::path directory_;
  std::vector<std::string> logs_;
};

TEST_F(LogCommands, InfoOfADirectoryHasATablePerThread) {
  const Outcome text = run_with({"log", "info", directory_.string()});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("thread 1\n"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("thread 2\n"), std::string::npos);
  EXPECT_NE(text.out.find("all threads are covered from SCN "), std::string::npos);
  EXPECT_EQ(text.out.find("missing"), std::string::npos);

  const auto json = nlohmann::json::parse(run_with({"log", "info", "--json", directory_.string()}).out);
  EXPECT_EQ(json.at("threads").size(), 2U);
  std::size_t logs = 0;
  for (const auto& thread : json.at("threads")) {
    logs += thread.at("logs").size();
    EXPECT_TRUE(thread.at("holes").empty());
  }
  EXPECT_EQ(logs, logs_.size());
  EXPECT_LT(json.at("covered_from_scn"), json.at("covered_to_scn"));
}

// The middle one of three logs of a thread goes away.
TEST_F(LogCommands, InfoNamesTheHole) {
  const auto json = nlohmann::json::parse(run_with({"log", "info", "--json", directory_.string()}).out);
  for (const auto& thread : json.at("threads")) {
    if (thread.at("logs").size() < 3) continue;
    fs::remove(thread.at("logs").at(1).at("path").get<std::string>());
    const Outcome text = run_with({"log", "info", directory_.string()});
    const std::uint32_t sequence = thread.at("logs").at(1).at("sequence");
    EXPECT_NE(text.out.find(std::to_string(sequence) + "  missing\n"), std::string::npos) << text.out;
    return;
  }
  FAIL() << "no thread has three logs";
}

TEST_F(LogCommands, InfoOfOneFileTellsItsHeader) {
  const Outcome one = run_with({"log", "info", logs_.front()});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_NE(one.out.find("byte order      little-endian\n"), std::string::npos) << one.out;
  EXPECT_NE(one.out.find("state           closed\n"), std::string::npos) << one.out;
}

TEST_F(LogCommands, VerifyFindsNothingInSoundLogs) {
  std::vector<std::string> arguments{"log", "verify"};
  arguments.insert(arguments.end(), logs_.rbegin(), logs_.rend());  // any order
  const Outcome outcome = run_with(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.out;
  EXPECT_NE(outcome.out.find(": sound\n"), std::string::npos) << outcome.out;
}

TEST_F(LogCommands, VerifyNamesDamageByRba) {
  std::string bytes = read_file(logs_.front());
  bytes[3 * 512 + 100] ^= 1;
  std::ofstream(logs_.front(), std::ios::binary) << bytes;
  const Outcome text = run_with({"log", "verify", logs_.front()});
  EXPECT_EQ(text.code, 1);
  EXPECT_NE(text.out.find(".00000003.0000: checksum: "), std::string::npos) << text.out;
  const Outcome json = run_with({"log", "verify", "--json", logs_.front()});
  EXPECT_EQ(json.code, 1);
  const auto all = nlohmann::json::parse(json.out);
  EXPECT_EQ(all.at("faults"), all.at("findings").size());
  EXPECT_EQ(all.at("findings").at(0).at("rule"), "checksum");
}

TEST_F(LogCommands, DumpPrintsRecordsAndStopsAtDamage) {
  const Outcome sound = run_with({"log", "dump", logs_.front()});
  EXPECT_EQ(sound.code, 0) << sound.err;
  EXPECT_NE(sound.out.find("\nREDO RECORD - Thread:1 RBA: 0x"), std::string::npos);
  EXPECT_NE(sound.out.find("\nKDO Op code: IRP row dependencies Disabled\n"), std::string::npos);
  EXPECT_NE(sound.out.find("\ncol  0: [ "), std::string::npos);
  EXPECT_NE(sound.out.find("END OF REDO DUMP\n"), std::string::npos);

  std::string bytes = read_file(logs_.front());
  bytes[bytes.size() / 1024 * 512 + 100] ^= 1;
  std::ofstream(logs_.front(), std::ios::binary) << bytes;
  const Outcome damaged = run_with({"log", "dump", logs_.front()});
  EXPECT_EQ(damaged.code, 6);
  EXPECT_NE(damaged.out.find("REDO RECORD"), std::string::npos);
  EXPECT_NE(damaged.err.find("redoubt log verify"), std::string::npos) << damaged.err;
}

TEST_F(LogCommands, WhatIsNoLogIsTold) {
  const std::string empty = (directory_ / "empty").string(), text = (directory_ / "schema.json").string();
  std::ofstream(empty).flush();
  for (const char* command : {"info", "verify", "dump"}) {
    for (const std::string& path : {empty, text}) {
      const Outcome outcome = run_with({"log", command, path});
      EXPECT_EQ(outcome.code, 1) << command << " " << path;
      EXPECT_NE(outcome.err.find("is no redo log"), std::string::npos) << outcome.err;
    }
    EXPECT_EQ(run_with({"log", command, (directory_ / "absent").string()}).code, 1);
    EXPECT_EQ(run_with({"log", command}).code, 2);
  }
  EXPECT_NE(run_with({"log", "dump", directory_.string()}).err.find("name a file, not a directory"), std::string::npos);
  EXPECT_NE(run_with({"log", "verify", directory_.string()}).err.find("name a file, not a directory"),
            std::string::npos);
}

}  // namespace
}  // namespace redoubt::cli
