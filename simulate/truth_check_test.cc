#include "simulate/truth_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.h"

namespace redoubt::simulate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TruthCheckTest : public testing::Test {
 protected:
  TruthCheckTest() : directory_(std::filesystem::temp_directory_path() / ("truth_check_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~TruthCheckTest() override { std::filesystem::remove_all(directory_); }

  void write(const char* name, const std::string& text) { std::ofstream(directory_ / name) << text; }
  TruthCheck check() { return check_truth(directory_ / "rows.jsonl", directory_); }
  std::string error() {
    try {
      check();
    } catch (const Error& e) {
      return e.what();
    }
    return "none";
  }

  static std::string truth(int scn, const std::string& xid, const std::string& after) {
    return R"({"commit_scn":)" + std::to_string(scn) + R"(,"xid":")" + xid +
           R"(","thread":1,"ops":[{"op":"c","owner":"A","table":"T","rowid":"R","before":{},"after":)" + after +
           "}]}\n";
  }
  static std::string captured(int scn, const std::string& xid, const std::string& after) {
    return R"({"commit_scn":)" + std::to_string(scn) + R"(,"xid":")" + xid +
           R"(","thread":1,"payload":[{"op":"begin"}]})"
           "\n"
           R"({"payload":[{"op":"c","schema":{"owner":"A","table":"T"},"rid":"R","after":)" +
           after +
           "}]}\n"
           R"({"payload":[{"op":"commit"}]})"
           "\n";
  }

  std::filesystem::path directory_;
};

TEST_F(TruthCheckTest, MergesTheTruthsOfAllContainers) {
  write("truth.jsonl", truth(9, "1.1.1", "{}") + truth(20, "1.1.2", "{}"));
  write("truth_4.jsonl", truth(10, "2.1.1", "{}"));
  write("rows.jsonl", captured(9, "1.1.1", "{}") + captured(10, "2.1.1", "{}") + captured(20, "1.1.2", "{}"));
  EXPECT_EQ(check().transactions, 3U);
  EXPECT_EQ(check().rows, 3U);
  EXPECT_THAT(check().differences, ElementsAre());
  write("rows.jsonl", captured(9, "1.1.1", "{}") + captured(20, "1.1.2", "{}"));
  EXPECT_THAT(check().differences,
              ElementsAre(HasSubstr("2.1.1 at SCN 10: captured 1.1.2 at SCN 20"), HasSubstr("1.1.2: not captured")));
}

TEST_F(TruthCheckTest, ANumberIsNotItsDigitsInQuotes) {
  write("truth.jsonl", truth(9, "1.1.1", R"({"N":1.50})"));
  write("rows.jsonl", captured(9, "1.1.1", R"({"N":1.50})"));
  EXPECT_THAT(check().differences, ElementsAre());
  for (const char* other : {R"({"N":"1.50"})", R"({"N":1.5})", R"({"N":"1.5"})", "{}"}) {
    write("rows.jsonl", captured(9, "1.1.1", other));
    EXPECT_THAT(check().differences, ElementsAre(HasSubstr("after N captured"))) << other;
  }
}

TEST_F(TruthCheckTest, NamesTheLineThatIsNone) {
  write("truth.jsonl", truth(9, "1.1.1", "{}"));
  write("rows.jsonl", captured(9, "1.1.1", "{}") + "{\"payload\"");
  EXPECT_THAT(error(), HasSubstr("rows.jsonl line 4: is no JSON"));
  write("rows.jsonl", "{\"payload\":[{\"op\":\"begin\"}]}\n");
  EXPECT_THAT(error(), HasSubstr("rows.jsonl line 1: is no line of that kind"));
  write("rows.jsonl", captured(9, "1.1.1", "{}"));
  write("truth.jsonl", "{\"commit_scn\":\"9\",\"xid\":\"1.1.1\",\"thread\":1,\"ops\":[]}\n");
  EXPECT_THAT(error(), HasSubstr("truth.jsonl line 1: is no line of that kind"));
  write("truth.jsonl", truth(9, "1.1.1", "{}") + "{\"commit_scn\":1.5,\"xid\":\"1\",\"thread\":1,\"ops\":[]}\n");
  EXPECT_THAT(error(), HasSubstr("truth.jsonl line 2: is no line of that kind"));
  std::filesystem::remove(directory_ / "truth.jsonl");
  EXPECT_THAT(error(), HasSubstr("has no truth"));
}

}  // namespace
}  // namespace redoubt::simulate
