#include "capture/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redoubt::capture {
namespace {

Checkpoint example() {
  Checkpoint c;
  c.database = "ORCL";
  c.dbid = 1497016494;
  c.resetlogs = 1224959854;
  c.resetlogs_scn = 2061806;
  c.point.released = {3812734, 1, 3, {812, 4410, 16}};
  c.point.index_scn = 3812734;
  c.point.next_index = 7;
  c.point.watermark = 3812760;
  c.point.low_scn = 3812000;
  c.point.threads[1] = {{811, 77120, 0}, {2, 18, 754}, 3812770, {3812733, 1, 2, {812, 4409, 16}}};
  c.point.threads[2] = {{95, 1203, 0}, {}, oracle::kNoScn, {}};
  RestartPoint::Saved& saved = c.point.saved.emplace_back();
  saved.id = {3, {2, 18, 754}};
  saved.spill = {"3-2.18.754-1.spill", 1ULL << 33, ~0ULL};
  saved.begin_scn = 3700000;
  saved.starts[1] = {790, 2, 0};
  c.point.key_proofs[{3, 72001}] = 4;
  c.reading[1] = {"reading", {812, 4410, 0}, 512};
  c.reading[2] = {"disabled", {95, 1203, 0}, 4096};
  c.dictionary_scn = 3764000;
  c.dictionary_files = {"dictionary-3764000-3.json"};
  c.dictionary_changes = "dictionary-changes-3764100-2.json";
  c.sink_kind = "file";
  c.sink_path = "/data/rows \"1\".jsonl";
  c.sink_length = 1ULL << 40;
  c.sink_tail = 0xFFFFFFFF;
  c.filter = "APP\\..*";
  return c;
}

TEST(Checkpoint, ComesBackAsItWas) {
  const Checkpoint a = example();
  const Checkpoint b = checkpoint_from_json(to_json(a), "here");
  EXPECT_EQ(b.database, a.database);
  EXPECT_EQ(b.dbid, a.dbid);
  EXPECT_EQ(b.resetlogs, a.resetlogs);
  EXPECT_EQ(b.resetlogs_scn, a.resetlogs_scn);
  EXPECT_EQ(b.point.released, a.point.released);
  EXPECT_EQ(b.point.index_scn, a.point.index_scn);
  EXPECT_EQ(b.point.next_index, a.point.next_index);
  EXPECT_EQ(b.point.watermark, a.point.watermark);
  EXPECT_EQ(b.point.low_scn, a.point.low_scn);
  EXPECT_EQ(b.point.key_proofs, a.point.key_proofs);
  ASSERT_EQ(b.point.threads.size(), 2U);
  EXPECT_EQ(b.point.threads.at(1).low, (Rba{811, 77120, 0}));
  EXPECT_EQ(b.point.threads.at(1).holder, (oracle::Xid{2, 18, 754}));
  EXPECT_EQ(b.point.threads.at(1).released, a.point.threads.at(1).released);
  EXPECT_EQ(b.point.threads.at(2).bound, oracle::kNoScn);
  EXPECT_EQ(b.reading.at(2).status, "disabled");
  EXPECT_EQ(b.reading.at(2).block_size, 4096U);
  EXPECT_EQ(b.reading.at(1).next, (Rba{812, 4410, 0}));
  EXPECT_EQ(b.point.saved, a.point.saved);
  EXPECT_EQ(b.dictionary_files, a.dictionary_files);
  EXPECT_EQ(b.dictionary_changes, a.dictionary_changes);
  EXPECT_EQ(b.sink_path, a.sink_path);
  EXPECT_EQ(b.sink_length, a.sink_length);
  EXPECT_EQ(b.sink_tail, a.sink_tail);
  EXPECT_EQ(b.filter, a.filter);
  EXPECT_EQ(b.floor(), (std::map<std::uint16_t, std::uint32_t>{{1, 811}, {2, 95}}));
}

// Cut off anywhere, or with any member missing, it is refused and never half taken.
TEST(Checkpoint, APartIsRefused) {
  const std::string whole = to_json(example());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(checkpoint_from_json(whole.substr(0, size), "here"), Error) << size;
  for (const char* member :
       {"format", "database", "incarnation", "released", "index", "watermark", "threads", "saved", "starts", "checksum",
        "changes", "dictionary", "sink", "filter", "low", "bound", "seq", "block_size"}) {
    std::string text = whole;
    text.replace(text.find("\"" + std::string(member) + "\""), 2, "\"_");
    EXPECT_THROW(checkpoint_from_json(text, "here"), Error) << text;
  }
}

TEST(Checkpoint, AnotherFormatIsNamed) {
  std::string text = to_json(example());
  text.replace(text.find("\"format\":3"), 10, "\"format\":9");
  try {
    checkpoint_from_json(text, "here");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("format 9"));
    EXPECT_EQ(e.code(), ErrorCode::kUnknown);
  }
}

TEST(Checkpoint, PositionsOfOtherReadersAreImported) {
  oracle::LoadedDictionary file;
  file.scn = 1000;
  file.sequence = 815;
  file.offset = 5120;
  const Checkpoint single = import_position(file, 512);
  EXPECT_EQ(single.point.threads.at(1).low, (Rba{815, 10, 0}));
  EXPECT_EQ(single.point.released.scn, 1000U);

  file.threads = {{1, 815, 5120, {}}, {2, 95, 1024, {}}};
  file.oldest = oracle::OldestTransaction{2, 94, 2048, {1, 2, 3}};
  const Checkpoint two = import_position(file, 512);
  EXPECT_EQ(two.point.threads.at(1).low, (Rba{0, 0, 0})) << "may have redo of the oldest transaction: found by SCN";
  EXPECT_EQ(two.point.threads.at(2).low, (Rba{94, 4, 0}));
  EXPECT_EQ(two.point.threads.at(2).holder, (oracle::Xid{1, 2, 3}));
  // Everything of the SCN is done, whatever thread and place.
  EXPECT_GT(two.point.released, (RecordKey{1000, 8, 900, {9999, 9999, 400}}));
  for (const auto& [number, thread] : two.point.threads) EXPECT_EQ(thread.released, two.point.released) << number;
}

}  // namespace
}  // namespace redoubt::capture
