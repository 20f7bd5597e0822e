// redoubt session and redoubt database on files.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/outcome_for_test.h"
#include "ledger/ledger.h"

namespace redoubt::cli {
namespace {

namespace fs = std::filesystem;

class SessionCommands : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::path(testing::TempDir()) / ("session_commands_" + std::to_string(::getpid()));
    fs::create_directories(directory_);
    url_ = "sqlite:" + (directory_ / "ledger.db").string();
    const auto ledger = ledger::Ledger::open(database::parse_url(url_));
    id_ = ledger->create_session({"compare", "prod.yaml", "hash", R"({"chunk_size":10})"}, "0.1");
    ledger->plan(id_, {{"HR.EMPLOYEES", 0, R"({"from":1})"}, {"HR.EMPLOYEES", 1, "{}"}, {"HR.JOBS", 0, "{}"}});
    const auto units = ledger->claim(id_, 2);
    ledger->finish({{&units[0], R"({"rows":7})"}});
    ledger->fail(units[1], "ORA-01555", "snapshot too old");
  }
  void TearDown() override { fs::remove_all(directory_); }

  fs::path directory_;
  std::string url_, id_;
};

TEST_F(SessionCommands, ListShowsWhatIsThere) {
  const Outcome text = run_with({"session", "list", "--ledger", url_});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find(id_), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("interrupted"), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("1/3"), std::string::npos) << text.out;
  EXPECT_EQ(run_with({"session", "list", "--ledger", url_, "--kind", "load", "--json"}).out, "[]\n");
  const auto json = nlohmann::json::parse(run_with({"session", "list", "--ledger", url_, "--json"}).out);
  EXPECT_EQ(json.at(0).at("session_id"), id_);
  EXPECT_EQ(json.at(0).at("units").at("failed"), 1);
}

TEST_F(SessionCommands, ShowTellsWhatFailed) {
  const Outcome text = run_with({"session", "show", "--ledger", url_, id_.substr(0, 6)});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("failed: HR.EMPLOYEES 1, attempt 1: ORA-01555 snapshot too old"), std::string::npos)
      << text.out;
  const auto json = nlohmann::json::parse(run_with({"session", "show", "--ledger", url_, id_, "--json"}).out);
  EXPECT_EQ(json.at("subjects").at("HR.JOBS").at("pending"), 1);
  EXPECT_EQ(run_with({"session", "show", "--ledger", url_, "none"}).code, 4);
}

TEST_F(SessionCommands, ExportHasEveryUnit) {
  const Outcome text = run_with({"session", "export", "--ledger", url_, id_});
  EXPECT_EQ(text.code, 0) << text.err;
  std::istringstream lines(text.out);
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].at("config").at("chunk_size"), 10);
  EXPECT_EQ(all[1].at("result").at("rows"), 7);
  EXPECT_EQ(all[1].at("plan").at("from"), 1);
  EXPECT_EQ(all[2].at("error_code"), "ORA-01555");
  EXPECT_TRUE(all[3].at("result").is_null());
}

TEST_F(SessionCommands, CleanupSparesTheYoung) {
  EXPECT_NE(run_with({"session", "cleanup", "--ledger", url_, "1"}).out.find("Nothing to remove"), std::string::npos);
  const Outcome all = run_with({"session", "cleanup", "--ledger", url_, "0"});
  EXPECT_NE(all.out.find("removed " + id_), std::string::npos) << all.out;
  EXPECT_NE(run_with({"session", "list", "--ledger", url_}).out.find("No session"), std::string::npos);
  EXPECT_EQ(run_with({"session", "cleanup", "--ledger", url_, "-1"}).code, 2);
}

TEST_F(SessionCommands, DatabaseCheckOfAFile) {
  const std::string missing = "sqlite:" + (directory_ / "copy.db").string();
  EXPECT_EQ(run_with({"database", "check", missing}).code, 1);
  EXPECT_EQ(run_with({"session", "list", "--ledger", missing}).code, 4);
  EXPECT_FALSE(fs::exists(directory_ / "copy.db")) << "looking has made a file";
  const std::string& file = url_;
  const Outcome text = run_with({"database", "check", file});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_NE(text.out.find("yes      writing"), std::string::npos) << text.out;
  const auto json = nlohmann::json::parse(run_with({"database", "check", file, "--json"}).out);
  EXPECT_EQ(json.at("product"), "SQLite");
  EXPECT_TRUE(json.at("good"));
  const Outcome wrong = run_with({"database", "check", "postgresql://u:hunter2@127.0.0.1:1/d"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(wrong.err.find("hunter2"), std::string::npos) << wrong.err;
  EXPECT_NE(wrong.err.find("command line"), std::string::npos) << wrong.err;
  EXPECT_EQ(run_with({"database", "check", "unknown-name"}).code, 2);
}

}  // namespace
}  // namespace redoubt::cli
