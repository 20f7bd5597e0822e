#include "redo/log_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace redoubt::redo {
namespace {

std::filesystem::path real_log(const char* name) {
  const char* shared = std::getenv("REDOUBT_SHARED");
  return std::filesystem::path(shared ? shared : "../shared") / "data/redo/example-free-23" / name;
}

struct Counts {
  int groups = 0;
  int records = 0;
  int vectors = 0;
  std::map<int, int> vld;
  std::map<Opcode, int> opcodes;
};

Counts count(const std::filesystem::path& path) {
  LogReader reader(path);
  Counts c;
  std::vector<Vector> vectors;
  while (const Group* group = reader.next_group()) {
    ++c.groups;
    for (const Record& r : group->records) {
      ++c.records;
      ++c.vld[r.vld];
      vectors.clear();
      parse_vectors(r, reader.vector_header_size(), reader.order(), vectors);
      c.vectors += static_cast<int>(vectors.size());
      for (const Vector& v : vectors) ++c.opcodes[v.op];
    }
  }
  EXPECT_TRUE(reader.ended_cleanly());
  return c;
}

// The totals of format.md 8.1.
TEST(LogReader, ReadsTheRealLogs) {
  if (!std::filesystem::exists(real_log("arch1_15_1224959854.dbf")))
    GTEST_SKIP() << "the real redo log is not there: " << real_log("");
  const Counts c = count(real_log("arch1_15_1224959854.dbf"));
  EXPECT_EQ(c.groups, 524);
  EXPECT_EQ(c.records, 1154);
  EXPECT_EQ(c.vectors, 1276);
  EXPECT_EQ(c.vld, (std::map<int, int>{{1, 630}, {5, 12}, {6, 512}}));
  EXPECT_EQ(c.opcodes.at(kUndo), 51);
  EXPECT_EQ(c.opcodes.at(kEndTransaction), 20);
  const Counts d = count(real_log("arch1_16_1224959854.dbf"));
  EXPECT_EQ(d.groups, 2);
  EXPECT_EQ(d.records, 7);
  EXPECT_EQ(d.vectors, 14);
}

TEST(RedoTime, RoundTrips) {
  EXPECT_EQ(to_text(redo_time(0x49261286)), "2026-03-07T01:44:38");
  for (std::uint32_t v : {0u, 1u, 0x49261286u, 0x48E4E5E5u}) EXPECT_EQ(redo_time_value(redo_time(v)), v);
}

TEST(Version, Text) {
  EXPECT_EQ(version_text(0x0B200400), "11.2.0.4");
  EXPECT_EQ(version_text(0x17060000), "23.6.0");
}

}  // namespace
}  // namespace redoubt::redo
