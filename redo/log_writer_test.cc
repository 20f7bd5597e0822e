#include "redo/log_writer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "redo/log_reader.h"
#include "redo/record_builder.h"

namespace redoubt::redo {
namespace {

namespace fs = std::filesystem;

struct Form {
  std::uint32_t block_size;
  ByteOrder order;
  Version version;
};

class LogWriterForms : public testing::TestWithParam<Form> {};

RedoHeader test_header(const Form& form) {
  RedoHeader h;
  h.version = form.version;
  h.block_size = form.block_size;
  h.block.sequence = 7;
  h.dbid = 1;
  h.thread = 2;
  h.first_scn = {1000, form.version >= kVersion12_2};
  return h;
}

// What is written is read back: groups, parts, records in order, vectors and fields, whatever the lengths.
TEST_P(LogWriterForms, ReaderFindsWhatWasWritten) {
  const Form form = GetParam();
  std::mt19937_64 random(form.block_size + form.version);
  const fs::path path = fs::path(testing::TempDir()) / fmt::format("log_writer_{}_{}", form.block_size, form.version);
  struct Written {
    Scn scn;
    std::vector<std::uint8_t> bytes;  // behind the header
  };
  std::vector<std::vector<Written>> groups;
  std::vector<unsigned> part_counts;
  Scn scn = 1000;
  {
    LogWriter log(path, test_header(form), form.order);
    RecordBuilder builder(form.version, form.order);
    for (int g = 0; g < 60; ++g) {
      const unsigned parts = 1 + static_cast<unsigned>(random() % 3);
      part_counts.push_back(parts);
      std::vector<Written>& group = groups.emplace_back();
      const Scn base = scn;
      for (unsigned p = 0; p < parts; ++p) {
        log.begin_part();
        scn = base + p;  // strands overlap
        for (unsigned r = 0, n = 1 + static_cast<unsigned>(random() % 5); r < n; ++r, scn += 3) {
          builder.begin(scn, 1, 77);
          for (unsigned v = 0, m = static_cast<unsigned>(random() % 4); v < m; ++v) {
            VectorHeader header;
            header.layer = 99;
            header.code = static_cast<std::uint8_t>(v);
            builder.vector(header);
            for (unsigned f = 0, k = static_cast<unsigned>(random() % 5); f < k; ++f) {
              const std::size_t size = random() % (random() % 8 == 0 ? 6000 : 60);
              builder.field(std::vector<std::uint8_t>(size, static_cast<std::uint8_t>(random())));
            }
          }
          const Bytes record = builder.finish();
          group.push_back({scn, {record.begin() + kRecordHeaderSize, record.end()}});
          log.add(record);
        }
      }
      scn = base + 100;
      log.write_group(redo_time_value({2026, 3, 7, 1, 44, 38}));
      std::stable_sort(group.begin(), group.end(), [](const Written& a, const Written& b) { return a.scn < b.scn; });
    }
    log.close(scn, 5);
  }
  LogReader reader(path);
  EXPECT_EQ(reader.header().next_scn.value, scn);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Group* group = reader.next_group();
    ASSERT_NE(group, nullptr);
    EXPECT_EQ(group->parts, part_counts[g]);
    ASSERT_EQ(group->records.size(), groups[g].size());
    for (std::size_t r = 0; r < groups[g].size(); ++r) {
      const Record& record = group->records[r];
      EXPECT_EQ(record.scn, groups[g][r].scn);
      const Bytes body = record.bytes.subspan(record.header_size());
      EXPECT_TRUE(std::equal(body.begin(), body.end(), groups[g][r].bytes.begin(), groups[g][r].bytes.end()));
      std::vector<Vector> vectors;
      parse_vectors(record, reader.vector_header_size(), reader.order(), vectors);
    }
  }
  EXPECT_EQ(reader.next_group(), nullptr);
  EXPECT_TRUE(reader.ended_cleanly());
  fs::remove(path);
}

INSTANTIATE_TEST_SUITE_P(All, LogWriterForms,
                         testing::Values(Form{512, ByteOrder::kLittle, 0x17060000},
                                         Form{1024, ByteOrder::kLittle, kVersion19},
                                         Form{4096, ByteOrder::kLittle, 0x0C100200},
                                         Form{512, ByteOrder::kBig, 0x0B200400},
                                         Form{4096, ByteOrder::kBig, kVersion23}));

TEST(LogWriter, OpenLogEndsWhereNothingWasWritten) {
  const Form form{512, ByteOrder::kLittle, kVersion23};
  const fs::path path = fs::path(testing::TempDir()) / "log_writer_open";
  {
    LogWriter log(path, test_header(form), form.order);
    RecordBuilder builder(form.version, form.order);
    builder.begin(1000, 1, 1);
    log.begin_part();
    log.add(builder.finish());
    log.write_group(1);
    log.leave_open(100);
  }
  LogReader reader(path);
  EXPECT_TRUE(reader.header().open());
  ASSERT_NE(reader.next_group(), nullptr);
  EXPECT_EQ(reader.next_group(), nullptr);
  EXPECT_FALSE(reader.ended_cleanly());
  fs::remove(path);
}

}  // namespace
}  // namespace redoubt::redo
