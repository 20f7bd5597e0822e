// Logs that are cut off, damaged, still being written or mixed up; and what verify says of them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "redo/kdo.h"
#include "redo/ktb.h"
#include "redo/log_reader.h"
#include "redo/log_writer.h"
#include "redo/record_builder.h"
#include "redo/transaction_vectors.h"
#include "redo/undo.h"
#include "redo/vector_fields.h"
#include "redo/verify.h"

namespace redoubt::redo {
namespace {

namespace fs = std::filesystem;

constexpr Version kVersion = 0x17060000;
constexpr std::uint32_t kSize = 512;

RedoHeader log_header(std::uint32_t sequence = 7) {
  RedoHeader h;
  h.version = kVersion;
  h.block_size = kSize;
  h.block.sequence = sequence;
  h.dbid = 1;
  h.first_scn = {1000, true};
  return h;
}

// Transaction 3.4.5 inserts one row and commits. What is wrong with it is set before write().
struct Sample {
  Ktudh begin{4, 5, {0xA7, 8, 9}, 0x12, 0, 0, {}};
  Ktudb undo{0, 0, 0x12, {3, 4, 5}, 8, 9};
  Ktub ktub;
  Ktb ktb;
  Kdo drop, insert;
  Ktucm end;
  VectorHeader begin_header = header(5, 2, 21, 0x10), undo_header = header(5, 1, 22, 0xA7),
               row_header = header(11, 2, 1, 0x0600000E), end_header = header(5, 4, 21, 0x10);
  std::uint32_t container_uid = 77;
  std::size_t ktb_size = 24, kdo_size = insert_kdo_size(1), time_size = 4;
  std::uint8_t null_byte = 0;
  bool with_undo = true;
  // With them, the row is updated instead: the columns that undo and redo name.
  ByteString old_columns, new_columns;
  // With it, transaction 3.4.5 then takes the row back.
  bool with_rollback = false;
  Kdo back;
  Ktub back_undo;
  Scn first = 1000, last = 1001;
  std::uint16_t first_sub_scn = 1, sub_scn = 1;
  std::uint8_t vld = kVldValid;
  ByteString blob = ByteString(1200, 'x');  // makes the record run over blocks

  static VectorHeader header(std::uint8_t layer, std::uint8_t code, std::uint16_t cls, Dba dba) {
    VectorHeader h;
    h.layer = layer;
    h.code = code;
    h.cls = cls;
    h.dba = dba;
    h.scn = {900, false};
    h.seq = 1;
    h.con_id = 3;
    return h;
  }

  Sample() {
    ktub.obj = ktub.data_obj = 9;
    ktub.opc_layer = 11;
    ktub.opc_code = 1;
    ktub.slt = 4;
    ktub.wrp = 5;
    ktub.flg = kUndoBegin;
    row_header.obj_high = 0;
    row_header.obj_low = 9;
    ktb.xid = {3, 4, 5};
    ktb.uba = {0xA7, 8, 9};
    drop.bdba = insert.bdba = 0x0600000E;
    drop.op = 0x23;
    insert.op = 2;
    insert.fb = 0x2C;
    insert.cc = 1;
    insert.nulls = {&null_byte, 1};
    end.slt = 4;
    end.sqn = 5;
    end.flg = 0;
    back.bdba = 0x0600000E;
    back.op = 0x23;
    back.flags = 2;
    back_undo = ktub;
    back_undo.flg = kUndoDone;
  }

  void write(const fs::path& path) const {
    LogWriter log(path, log_header(), ByteOrder::kLittle);
    RecordBuilder r(kVersion, ByteOrder::kLittle);
    const auto uid = encode(NumberField{container_uid}, 4, ByteOrder::kLittle);
    log.begin_part();
    r.begin(first, first_sub_scn, 77);
    r.vector(begin_header);
    r.field(begin, kKtudhSize);
    r.field(uid);
    Ktb unused = ktb;
    unused.op = 3;
    if (with_undo) {
      r.vector(undo_header);
      r.field(undo, kKtudbSize);
      r.field(ktub, kKtubSize);
      r.field(unused, 8);
      r.field(drop, old_columns.empty() ? 20 : update_kdo_size(drop.nnew));
      if (!old_columns.empty()) r.field(old_columns);
      if (!old_columns.empty()) r.field(ByteString(1, 'o'));
    }
    r.vector(row_header);
    r.field(ktb, ktb_size);
    r.field(insert, kdo_size);
    if (!new_columns.empty()) r.field(new_columns);
    r.field(blob);
    log.add(r.finish());
    if (with_rollback) {
      r.begin(first, first_sub_scn, 77);
      VectorHeader delete_header = row_header;
      delete_header.code = 3;
      r.vector(delete_header);
      r.field(unused, 8);
      r.field(back, 20);
      r.vector(header(5, 6, 22, 0xA7));
      r.field(back_undo, kKtubExtSize);
      r.field(RollbackPosition{}, kRollbackPositionSize);
      log.add(r.finish());
    }
    r.begin(last, sub_scn, 77, vld);
    r.vector(end_header);
    r.field(end, kKtucmSize);
    r.field(ByteString(time_size, 1));
    log.add(r.finish());
    log.write_group(1);
    log.begin_part();
    r.begin(1010, 1, 77);
    log.add(r.finish());
    log.write_group(1);
    log.close(1100, 2);
  }
};

class Damage : public testing::Test {
 protected:
  fs::path path_ = fs::path(testing::TempDir()) / fmt::format("damage_{}", ::getpid());
  ~Damage() override { fs::remove(path_); }

  std::string bytes() const { return read_file(path_); }
  void replace(std::string_view bytes) const { std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes; }
  // Changes bytes of a block and makes its checksum right again.
  template <class Change>
  void edit(std::size_t block, Change&& change) const {
    std::string all = bytes();
    auto* p = reinterpret_cast<std::uint8_t*>(all.data()) + block * kSize;
    change(p);
    const std::size_t at = block == 0 ? 16 : 14;
    p[at] = p[at + 1] = 0;
    const std::uint16_t sum = block_xor(p, kSize);
    std::memcpy(p + at, &sum, 2);
    replace(all);
  }
  // All records that can be read, as a count.
  static int records(const fs::path& path) {
    LogReader reader(path);
    int count = 0;
    while (const Group* group = reader.next_group()) count += static_cast<int>(group->records.size());
    return count;
  }
  std::vector<std::string> rules() const {
    std::vector<std::string> rules;
    LogVerifier::Options options;
    options.found = [&](const Finding& f) { rules.push_back(f.rule); };
    LogVerifier(std::move(options)).verify(path_);
    return rules;
  }
};

TEST_F(Damage, CutOffAtEveryLength) {
  Sample().write(path_);
  ASSERT_EQ(records(path_), 3);
  for (std::uintmax_t size = fs::file_size(path_); size-- > 0;) {
    fs::resize_file(path_, size);
    EXPECT_THROW(records(path_), Error) << size;
  }
}

// One wrong bit anywhere is found, and in the block where it is.
TEST_F(Damage, EveryFlippedBitIsFound) {
  Sample().write(path_);
  const std::string sound = bytes();
  std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&](std::size_t at, char c) {
    file.seekp(static_cast<std::streamoff>(at));
    file.put(c).flush();
  };
  for (std::size_t at = 0; at < sound.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      put(at, static_cast<char>(sound[at] ^ (1 << bit)));
      try {
        records(path_);
        ADD_FAILURE() << "bit " << bit << " of byte " << at << " went unnoticed";
      } catch (const CorruptRedo& e) {
        EXPECT_EQ(e.rba().block, at / kSize) << "byte " << at;
      } catch (const Error& e) {
        EXPECT_EQ(at / kSize, 0U) << e.what();  // no longer known as a redo log
      }
    }
    put(at, sound[at]);
  }
  EXPECT_EQ(records(path_), 3);
}

TEST_F(Damage, ReadingGoesOnBehindIt) {
  Sample().write(path_);
  std::string all = bytes();
  all[3 * kSize + 100] ^= 1;
  replace(all);
  LogReader reader(path_);
  try {
    reader.next_group();
    FAIL() << "the damage was not noticed";
  } catch (const CorruptRedo& e) {
    EXPECT_EQ(e.rba().block, 3U);
    EXPECT_TRUE(reader.resync(e.next_block()));
  }
  const Group* group = reader.next_group();
  ASSERT_NE(group, nullptr);
  EXPECT_EQ(group->records.front().scn, 1010U);
  EXPECT_EQ(reader.next_group(), nullptr);
}

// Online logs are written over: behind the end stand blocks of an older sequence.
TEST_F(Damage, OlderSequenceBehindTheEndIsTheEnd) {
  Sample().write(path_);
  const std::string old = bytes();
  {
    LogWriter log(path_, log_header(8), ByteOrder::kLittle);
    RecordBuilder r(kVersion, ByteOrder::kLittle);
    r.begin(1000, 1, 77);
    log.begin_part();
    log.add(r.finish());
    log.write_group(1);
    log.leave_open(static_cast<std::uint32_t>(old.size() / kSize));
  }
  std::string now = bytes();
  ASSERT_EQ(now.size(), old.size());
  now.replace(3 * kSize, old.size() - 3 * kSize, old, 3 * kSize, std::string::npos);
  replace(now);
  EXPECT_EQ(records(path_), 1);
  EXPECT_TRUE(rules().empty());
  LogReader reader(path_);
  while (reader.next_group()) {
  }
  EXPECT_FALSE(reader.ended_cleanly());
}

TEST_F(Damage, NewerSequenceIsCorrupt) {
  Sample().write(path_);
  edit(3, [](std::uint8_t* b) { b[8] = 9; });
  EXPECT_THROW(records(path_), CorruptRedo);
  EXPECT_EQ(rules(), std::vector<std::string>{"block-header"});
}

TEST_F(Damage, PartsOfAGroupAreSortedTogether) {
  {
    LogWriter log(path_, log_header(), ByteOrder::kLittle);
    RecordBuilder r(kVersion, ByteOrder::kLittle);
    for (const Scn scn : {1001, 1000, 1002}) {
      log.begin_part();
      r.begin(scn, 1, 77);
      log.add(r.finish());
      r.begin(scn + 10, 1, 77);
      log.add(r.finish());
    }
    log.write_group(1);
    log.close(1100, 2);
  }
  EXPECT_EQ(rules(), std::vector<std::string>{});
  LogReader reader(path_);
  const Group* group = reader.next_group();
  ASSERT_NE(group, nullptr);
  std::vector<Scn> scns;
  for (const Record& r : group->records) scns.push_back(r.scn);
  EXPECT_EQ(scns, (std::vector<Scn>{1000, 1001, 1002, 1010, 1011, 1012}));
  EXPECT_EQ(group->records[0].rba.block, 3U);

  edit(3, [](std::uint8_t* b) { b[16 + 26] = 2; });  // the second part says the group has two
  EXPECT_THROW(records(path_), CorruptRedo);
}

// Groups of one to four parts. Wherever one block is damaged, all groups but its own are read, each from its first
// part.
TEST_F(Damage, GroupsAreReadFromTheirFirstPart) {
  std::mt19937_64 random(3);
  const auto up_to = [&](unsigned n) { return static_cast<unsigned>(random() % n) + 1; };
  for (const unsigned sizes : {1U, 3U}) {  // parts of one block, all groups alike but for their SCNs; parts of any size
    Scn scn = 1000;
    {
      LogWriter log(path_, log_header(), ByteOrder::kLittle);
      RecordBuilder r(kVersion, ByteOrder::kLittle);
      for (int group = 0; group < 12; ++group, ++scn) {
        for (unsigned part = sizes == 1 ? 3 : up_to(4); part > 0; --part) {
          log.begin_part();
          for (unsigned blocks = up_to(sizes); blocks > 0; --blocks) {
            r.begin(scn, 1, 77);
            r.vector(Sample::header(13, 2, 1, 1));
            r.field(ByteString(330, 'x'));
            log.add(r.finish());
          }
        }
        log.write_group(1);
      }
      log.close(scn, 2);
    }
    std::map<std::uint32_t, std::size_t> whole;  // first block to records
    {
      LogReader reader(path_);
      while (const Group* group = reader.next_group()) whole[group->start.block] = group->records.size();
    }
    ASSERT_EQ(whole.size(), 12U);
    const std::string sound = bytes();
    for (std::uint32_t block = kFirstDataBlock; block < sound.size() / kSize; ++block) {
      std::string all = sound;
      all[block * kSize + 100] ^= 1;
      replace(all);
      auto expected = whole;
      expected.erase(std::prev(expected.upper_bound(block)));
      std::map<std::uint32_t, std::size_t> found;
      LogReader reader(path_);
      for (bool more = true; more;) {
        try {
          const Group* group = reader.next_group();
          if (group) found[group->start.block] = group->records.size();
          more = group != nullptr;
        } catch (const CorruptRedo& e) {
          more = reader.resync(e.next_block());
        }
      }
      EXPECT_EQ(found, expected) << "block " << block;
    }
    replace(sound);
  }
}

TEST_F(Damage, AMissingPartIsNamed) {
  {
    LogWriter log(path_, log_header(), ByteOrder::kLittle);
    RecordBuilder r(kVersion, ByteOrder::kLittle);
    for (Scn scn = 1000; scn < 1003; ++scn) {
      for (int part = 0; part < 2; ++part) {
        log.begin_part();
        r.begin(scn, 1, 77);
        log.add(r.finish());
      }
      log.write_group(1);
    }
    log.close(1003, 2);
  }
  LogReader reader(path_);
  reader.resync(5);  // the second part of the second group
  try {
    reader.next_group();
    FAIL() << "parts of two groups were taken for one";
  } catch (const CorruptRedo& e) {
    EXPECT_EQ(e.reason(), "an LWN group of 2 parts has only 1, here is one of another group");
    EXPECT_EQ(e.rba().block, 6U);
    EXPECT_EQ(e.next_block(), 6U);
  }
}

TEST_F(Damage, SoundLogHasNoFindings) {
  Sample().write(path_);
  EXPECT_EQ(rules(), std::vector<std::string>{});
}

// Each rule is broken once, on purpose.
TEST_F(Damage, VerifyNamesTheRule) {
  const auto one = [&](const char* rule, auto&& change) {
    Sample sample;
    change(sample);
    sample.write(path_);
    const auto found = rules();
    EXPECT_TRUE(!found.empty() && std::all_of(found.begin(), found.end(), [&](const auto& f) { return f == rule; }))
        << rule << " expected, found " << testing::PrintToString(found);
  };
  one("begin", [](Sample& s) { s.container_uid = 78; });
  one("undo", [](Sample& s) { s.ktub.slt = 5; });
  one("undo", [](Sample& s) { s.begin.uba.rec = 10; });
  one("pairing", [](Sample& s) { s.ktb.uba.seq = 9; });
  one("pairing", [](Sample& s) { s.ktb.xid.sqn = 6; });
  one("pairing", [](Sample& s) { s.row_header.layer = 13; });
  one("pairing", [](Sample& s) { s.with_undo = false; });
  one("pairing", [](Sample& s) { s.row_header.con_id = 4; });
  one("pairing", [](Sample& s) {
    s.ktb.op = 3;
    s.ktb_size = 8;
  });
  one("undo", [](Sample& s) { s.ktub.wrp = 6; });
  one("undo", [](Sample& s) { s.ktub.flg = 0; });
  one("row", [](Sample& s) { s.insert.bdba = 0x0600000F; });
  one("row", [](Sample& s) { s.row_header.dba = 0x0600000F; });
  one("row", [](Sample& s) { s.row_header.obj_low = 10; });
  one("row", [](Sample& s) { s.insert.lock = 1; });
  one("row", [](Sample& s) { s.drop.itli = 1; });
  one("row", [](Sample& s) { s.insert.hdba = 0x0600000A; });
  one("row", [](Sample& s) { s.insert.tabn = 1; });
  one("row", [](Sample& s) { s.insert.slot = 1; });
  one("row", [](Sample& s) { s.insert.flags = 2; });
  one("row", [](Sample& s) { s.drop.op = 3; });
  one("row", [](Sample& s) { s.drop.op = 0x24; });
  one("lengths", [](Sample& s) { s.ktb_size = 28; });
  one("lengths", [](Sample& s) { s.kdo_size = 52; });
  one("class", [](Sample& s) {
    s.end_header.cls = 24;
    s.end.sqn = 6;
  });
  one("end", [](Sample& s) { s.end.sqn = 6; });
  one("end", [](Sample& s) { s.time_size = 8; });
  one("vector-scn", [](Sample& s) { s.row_header.scn.value = 2000; });
  one("vector-header", [](Sample& s) { s.row_header.typ = 5; });
  one("sub-scn", [](Sample& s) { s.sub_scn = 0; });
  one("vld", [](Sample& s) { s.vld = 0x41; });
  one("lwn-scn", [](Sample& s) { s.first = 1001; });  // not the log's first SCN
  one("lwn-scn", [](Sample& s) { s.last = 1200; });   // beyond the log's next SCN, and the next group's
  one("record-order", [](Sample& s) {
    s.last = s.first;
    s.first_sub_scn = 2;
  });
}

TEST_F(Damage, VerifyComparesTheColumnsOfAnUpdate) {
  Sample sample;
  sample.row_header.code = 5;
  sample.drop.op = 0x25;
  sample.insert.op = 5;
  sample.drop.nnew = sample.insert.nnew = 1;
  sample.drop.cc = sample.insert.cc = 4;
  sample.drop.nulls = sample.insert.nulls;
  sample.kdo_size = update_kdo_size(1);
  sample.old_columns = sample.new_columns = {3, 0};
  sample.write(path_);
  EXPECT_EQ(rules(), std::vector<std::string>{});
  sample.old_columns = {2, 0};
  sample.write(path_);
  EXPECT_EQ(rules(), std::vector<std::string>{"row"});
}

// A rollback vector takes back a change of its transaction, named by operation, object, block and slot.
TEST_F(Damage, VerifyMatchesRollbacks) {
  const auto found = [&](auto&& change) {
    Sample sample;
    sample.with_rollback = true;
    change(sample);
    sample.write(path_);
    return rules();
  };
  const std::vector<std::string> nothing, rollback = {"rollback"};
  EXPECT_EQ(found([](Sample&) {}), nothing);
  EXPECT_EQ(found([](Sample& s) { s.back.slot = 1; }), rollback);
  EXPECT_EQ(found([](Sample& s) { s.back.bdba = 0x0600000F; }), rollback);
  EXPECT_EQ(found([](Sample& s) { s.back_undo.obj = 10; }), rollback);
  EXPECT_EQ(found([](Sample& s) { s.back.flags = 1; }), rollback);
  EXPECT_EQ(found([](Sample& s) { s.back_undo.flg = 0; }), rollback);
  // Of a transaction that began before the log nobody knows all changes.
  EXPECT_EQ(found([](Sample& s) {
              s.back.slot = 1;
              s.begin.sqn = 0;
            }),
            nothing);
}

TEST_F(Damage, VerifyNamesJumpsBetweenLogs) {
  const auto found = [&](Scn next_first) {
    const fs::path second = fs::path(path_).concat("_2");
    Sample().write(path_);
    {
      RedoHeader header = log_header(8);
      header.first_scn.value = next_first;
      LogWriter log(second, header, ByteOrder::kLittle);
      RecordBuilder r(kVersion, ByteOrder::kLittle);
      log.begin_part();
      r.begin(next_first, 1, 77);
      log.add(r.finish());
      log.write_group(1);
      log.close(2000, 2);
    }
    std::vector<std::string> rules;
    LogVerifier::Options options;
    options.found = [&](const Finding& f) { rules.push_back(f.rule); };
    LogVerifier verifier(std::move(options));
    verifier.verify(path_);
    verifier.verify(second);
    fs::remove(second);
    return rules;
  };
  EXPECT_EQ(found(1100), std::vector<std::string>{});
  EXPECT_EQ(found(1101), std::vector<std::string>{"log-set"});
  EXPECT_EQ(found(1099), std::vector<std::string>{"log-set"});
}

TEST_F(Damage, VerifyNamesTheRuleOfBlocks) {
  const auto one = [&](const char* rule, std::size_t block, auto&& change) {
    Sample().write(path_);
    edit(block, change);
    const auto found = rules();
    EXPECT_TRUE(!found.empty() && found.front() == rule)
        << rule << " expected, found " << testing::PrintToString(found);
  };
  one("first-record", 3, [](std::uint8_t* b) { b[12] = 0x30; });
  one("block-header", 3, [](std::uint8_t* b) { b[4] = 9; });
  one("block-header", 3, [](std::uint8_t* b) { b[1] = 0x82; });
  one("lwn-fill", 5, [](std::uint8_t* b) { b[511] = 1; });
  one("lwn-parts", 2, [](std::uint8_t* b) { b[16 + 32] = 9; });
  one("lwn-chain", 2, [](std::uint8_t* b) { b[16 + 28] = 1; });
  one("lwn-chain", 2, [](std::uint8_t* b) { b[16 + 4] = 1; });
  one("vector", 2, [](std::uint8_t* b) { b[16 + 68 + 32] = 7; });
  one("file-header", 0, [](std::uint8_t* b) { b[24] ^= 1; });
  one("file-header", 0, [](std::uint8_t* b) { b[1] = 0x82; });
  one("redo-header", 1, [](std::uint8_t* b) { b[50] = 3; });
  one("redo-header", 1, [](std::uint8_t* b) { b[268] = 1; });
  one("redo-header", 1, [](std::uint8_t* b) { b[176] = 0; });
  one("description", 1, [](std::uint8_t* b) { b[92 + 15] ^= 1; });

  Sample().write(path_);
  std::string all = bytes();
  all[kSize + 400] ^= 1;
  all[3 * kSize + 99] ^= 1;
  replace(all);
  EXPECT_EQ(rules(), (std::vector<std::string>{"checksum", "checksum"}));
}

TEST(RealLogs, VerifyFindsNothing) {
  const char* shared = std::getenv("REDOUBT_SHARED");
  const fs::path folder = fs::path(shared ? shared : "../shared") / "data/redo/example-free-23";
  if (!fs::exists(folder)) GTEST_SKIP() << "the real redo logs are not there: " << folder;
  LogVerifier::Options options;
  options.found = [](const Finding& f) {
    ADD_FAILURE() << f.path << " " << oracle::to_text(f.rba) << " " << f.rule << ": " << f.text;
  };
  LogVerifier verifier(std::move(options));
  verifier.verify(folder / "arch1_15_1224959854.dbf");
  verifier.verify(folder / "arch1_16_1224959854.dbf");
  EXPECT_EQ(verifier.counts().blocks, 608U);
  EXPECT_EQ(verifier.counts().groups, 526U);
  EXPECT_EQ(verifier.counts().records, 1161U);
  EXPECT_EQ(verifier.counts().vectors, 1290U);
  EXPECT_EQ(verifier.counts().findings, 0U);
}

}  // namespace
}  // namespace redoubt::redo
