#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "capture/redo_script.h"
#include "redo/direct_block.h"
#include "redo/marker.h"

namespace redoubt::capture {
namespace {

using redo::DirectBlock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Xid kA{10, 1, 100}, kB{11, 2, 200};
constexpr redo::Dba kBlock = 0x01000020;

// A row piece as it lies in a block.
ByteString piece(std::uint8_t fb, std::vector<ByteString> columns, std::uint8_t lock = 0, redo::RowAddress next = {}) {
  ByteString row{fb, lock, static_cast<std::uint8_t>(columns.size())};
  if ((fb & redo::kFbLast) == 0) {
    row.resize(row.size() + 6);
    store(row.data() + row.size() - 6, next.dba, ByteOrder::kLittle);
    store(row.data() + row.size() - 2, next.slot, ByteOrder::kLittle);
  }
  for (const ByteString& c : columns) {
    std::vector<std::uint8_t> out;
    redo::append_row_format(out, {0, c.empty(), c}, ByteOrder::kLittle);
    row.append(out.data(), out.size());
  }
  return row;
}

constexpr std::uint8_t kWhole = redo::kFbHead | redo::kFbFirst | redo::kFbLast;

class LoadScript : public RedoScript {
 public:
  LoadScript& marker(Xid xid) {
    alone(24, 6, 0, {load_marker(xid)});
    return *this;
  }
  static ByteString load_marker(Xid xid) {
    redo::DirectLoadMarker m{xid};
    return field(m, redo::kDirectLoadMarkerSize);
  }
  static Fields block(const std::vector<ByteString>& rows, Xid itl = {0xFFFF, 0, 0}, std::size_t tables = 1) {
    DirectBlock b;
    b.data_obj = kDataObj;
    b.bdba = kBlock;
    b.itl.resize(2);
    b.itl[0].xid = {0xFFFF, 0, 0};
    b.itl[1].xid = itl;
    b.tables.resize(tables);
    b.tables.back() = {0, static_cast<std::uint16_t>(rows.size())};
    const std::size_t at = 14 + 4 * tables + 2 * rows.size();
    ByteString all;
    for (const ByteString& row : rows) {
      b.row_offsets.push_back(static_cast<std::uint16_t>(at + all.size()));
      all += row;
    }
    b.rows = all;
    return {field(b, 24 + 24 * b.itl.size() + at + all.size()), ByteString{6, 0, 0, 0}};
  }
  LoadScript& load(const Fields& fields) {
    alone(19, 1, kBlock, fields, kDataObj);
    return *this;
  }
  LoadScript& ddl(Xid xid, std::string_view schema, std::string_view sql, std::uint32_t obj, std::uint16_t number = 1,
                  std::uint16_t parts = 1) {
    redo::DdlHeader h;
    h.xid = xid;
    h.type = 15;
    h.part = number;
    h.parts = parts;
    Fields fields{field(h, 24)};
    if (number == 1) {
      fields.push_back(text(schema));
      fields.resize(7);
      fields.push_back(text(sql) + ByteString{0});
      fields.resize(11);
      ByteString o(4, 0);
      store(o.data(), obj, ByteOrder::kLittle);
      fields.push_back(o);
    } else {
      fields.push_back(text(sql));
    }
    alone(24, 1, 0, fields);
    return *this;
  }
};

TEST(DirectLoad, EveryLiveRowIsAnInsert) {
  LoadScript redo;
  redo.begin(kA);
  redo.marker(kA);
  redo.load(LoadScript::block({piece(kWhole, {RedoScript::number(1)}), piece(redo::kFbHead, {}),
                               piece(kWhole | redo::kFbDeleted, {RedoScript::number(9)}),
                               piece(kWhole, {RedoScript::number(2), {}, {}})}));
  redo.commit(kA);
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre("c ID=c102 C=null B=null", "c ID=c103 C=null B=null"));
  EXPECT_THAT(told.rowids, ElementsAre(oracle::RowId{RedoScript::kDataObj, kBlock, 0},
                                       oracle::RowId{RedoScript::kDataObj, kBlock, 3}));
  EXPECT_THAT(told.warnings, IsEmpty());
}

TEST(DirectLoad, LocatorsOfItsRowsFindTheirPages) {
  oracle::LobLocator l;
  l.kind = oracle::LobLocator::Kind::kBasicPages;
  l.type = oracle::LobLocator::kClob;
  l.last_page_size = 4;
  l.pages = {50};
  redo::LobPage p;
  p.data_obj = RedoScript::kLobSegment;
  const ByteString data = RedoScript::text("text");
  p.data = data;
  LoadScript redo;
  redo.begin(kA);
  redo.marker(kA).load(LoadScript::block({piece(kWhole, {RedoScript::number(1), l.encode()})}));
  redo.alone(19, 1, 50, {RedoScript::field(p, redo::kLobPageSize + 4)}).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre("c ID=c102 C='text' B=null"));
}

TEST(DirectLoad, TheLoaderIsFoundByMarkerLockOrObject) {
  const auto rows = [](std::uint8_t lock) { return std::vector{piece(kWhole, {RedoScript::number(1)}, lock)}; };
  {  // the marker in the record, against an older one
    LoadScript redo;
    redo.begin(kA).begin(kB);
    redo.marker(kA).record([&] {
      redo.vector(24, 6, 1, 0, {LoadScript::load_marker(kB)});
      redo.vector(19, 1, 1, kBlock, LoadScript::block(rows(0)));
    });
    redo.commit(kB);
    EXPECT_THAT(redo.run().transactions, SizeIs(1));
  }
  {  // the ITL entry of the row's lock
    LoadScript redo;
    redo.begin(kA).begin(kB);
    redo.marker(kA).load(LoadScript::block(rows(2), kB)).commit(kB);
    EXPECT_THAT(redo.run().transactions, SizeIs(1));
  }
  {  // the only transaction that has changed the table
    LoadScript redo;
    redo.begin(kA).begin(kB).insert(kB, RedoScript::kTable, {5, 0}, {RedoScript::number(3)});
    redo.load(LoadScript::block(rows(0))).commit(kB);
    EXPECT_THAT(redo.run().rows, ElementsAre("c ID=c104 C=null B=null", "c ID=c102 C=null B=null"));
  }
  {  // nobody
    LoadScript redo;
    redo.begin(kA);
    redo.load(LoadScript::block(rows(0))).load(LoadScript::block(rows(0))).commit(kA);
    const Told told = redo.run();
    EXPECT_THAT(told.rows, IsEmpty());
    EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("direct load of object 9")));
  }
}

TEST(DirectLoad, ARolledBackLoadIsNeverTold) {
  LoadScript redo;
  redo.begin(kA);
  redo.marker(kA).load(LoadScript::block({piece(kWhole, {RedoScript::number(1)})})).roll_back(kA);
  EXPECT_THAT(redo.run().rows, IsEmpty());
}

TEST(DirectLoad, PiecesAreJoinedInsideTheBlockElseTheRowIsSuspect) {
  constexpr std::uint8_t kFirst = redo::kFbHead | redo::kFbFirst;
  LoadScript redo;
  redo.begin(kA);
  redo.marker(kA);
  redo.load(LoadScript::block({piece(kFirst, {RedoScript::number(1)}, 0, {kBlock, 2}),
                               piece(kFirst, {RedoScript::number(2)}, 0, {kBlock + 1, 0}),
                               piece(redo::kFbLast, {RedoScript::text("no LOB"), {}}),
                               piece(kFirst, {RedoScript::number(3)}, 0, {kBlock, 4}), piece(0, {}, 0, {kBlock, 4})}));
  redo.commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre("c ID=c102 C=suspect B=null", "c ID=c103 C=null B=null suspect",
                                           "c ID=c104 C=null B=null suspect"));
}

TEST(DirectLoad, CompressedBlocksAreToldWithoutValues) {
  LoadScript redo;
  redo.begin(kA);
  redo.marker(kA).load(LoadScript::block({piece(kWhole, {RedoScript::number(1)})}, {0xFFFF, 0, 0}, 2)).commit(kA);
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre("c suspect"));
  EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("loaded compressed")));
}

TEST(DirectLoad, UnloggedLoadsOfCapturedTablesAreNamed) {
  LoadScript redo;
  redo.alone(19, 2, kBlock, {ByteString(8, 0)}, RedoScript::kDataObj);
  redo.alone(19, 2, kBlock, {ByteString(8, 0)}, RedoScript::kOther);
  EXPECT_THAT(redo.run().warnings, ElementsAre(testing::AllOf(HasSubstr("unlogged direct load on object 9 (APP.T)"),
                                                              HasSubstr("file 4"), HasSubstr("0x01000020"))));
}

// The one real block there is.
TEST(DirectLoad, RealBlock) {
  const char* shared = std::getenv("REDOUBT_SHARED");
  const auto path = std::filesystem::path(shared ? shared : "") / "data/redo-records/op19_1-direct-load.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent: the real block was not read";
  std::ifstream in(path);
  const auto set = nlohmann::json::parse(in);
  const auto& real = set["cases"][0]["records"][0];
  const ByteString bytes = from_hex(real["hex"].get<std::string>());
  redo::Group group;
  group.thread = 1;
  group.version = redo::kVersion19;
  group.records.push_back(redo::parse_record(bytes, ByteOrder::kLittle, {20, 2, 16}));
  std::vector<redo::Vector> vectors;
  redo::parse_vectors(group.records[0], 32, ByteOrder::kLittle, vectors);
  ASSERT_EQ(vectors.size(), 1U);

  // It names no transaction: one that begins before and its marker are put around it.
  const auto lone = [&](std::uint8_t layer, std::uint8_t code, std::uint16_t cls, const ByteString& field) {
    redo::RecordBuilder b(redo::kVersion19, ByteOrder::kLittle);
    b.begin(group.records[0].scn, 1, 1);
    redo::VectorHeader h;
    h.layer = layer;
    h.code = code;
    h.cls = cls;
    h.con_id = vectors[0].con_id;
    b.vector(h);
    b.field(field);
    const Bytes record = b.finish();
    return std::vector<std::uint8_t>(record.begin(), record.end());
  };
  redo::Ktudh begin;
  begin.slt = kA.slt;
  begin.sqn = kA.sqn;
  redo::Ktucm end;
  end.slt = kA.slt;
  end.sqn = kA.sqn;
  const auto cls = static_cast<std::uint16_t>(15 + 2 * kA.usn);
  const auto first = lone(5, 2, cls, RedoScript::field(begin, redo::kKtudhSize));
  const auto second = lone(24, 6, 1, LoadScript::load_marker(kA));
  const auto last = lone(5, 4, cls, RedoScript::field(end, redo::kKtucmSize));
  const auto record = [&](const std::vector<std::uint8_t>& b) { return redo::parse_record(b, ByteOrder::kLittle, {}); };
  group.records = {record(first), record(second), group.records[0], record(last)};

  Core core(DictionaryTracker::schemaless(), {});
  core.open_thread(1);
  ASSERT_TRUE(core.step());
  core.feed(1, &group);
  ASSERT_TRUE(core.step());
  change::Batch batch;
  ASSERT_TRUE(core.take(batch));
  EXPECT_EQ(batch.rows.size(), 9U);
  for (std::size_t i = 0; i < batch.rows.size(); ++i) {
    EXPECT_EQ(batch.rows[i].op, change::Op::kInsert);
    EXPECT_FALSE(batch.rows[i].suspect);
    EXPECT_EQ(batch.rows[i].rowid, (oracle::RowId{0x00012788, 0x00020671, static_cast<std::uint16_t>(i)}));
    EXPECT_GT(batch.rows[i].after_count, 0);
  }
}

TEST(ArrayUpdate, IsToldAsSuspect) {
  const redo::RowAddress row{kBlock, 3};
  RedoScript redo;
  const std::vector<ByteString> fields{ByteString(20, 0), ByteString(20, 0)};
  redo.begin(kA).pair(kA, RedoScript::kTable, RedoScript::kDataObj, redo::opcode(11, 1), fields, redo::kArrayUpdate,
                      kBlock, fields);
  redo.insert(kA, RedoScript::kTable, row, {{0xC1, 2}}).commit(kA);
  const Told told = redo.run();
  EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("11.19 of APP.T in transaction 10.1.100 is not decoded")));
  ASSERT_THAT(told.transactions, SizeIs(1));
  EXPECT_TRUE(told.transactions[0].suspect);
  EXPECT_THAT(told.rows, ElementsAre(testing::AllOf(HasSubstr("u"), HasSubstr("suspect")), HasSubstr("ID=")));
  EXPECT_EQ(told.rowids[0], (oracle::RowId{RedoScript::kDataObj, kBlock, 0xFFFF}));
}

TEST(Ddl, IsToldWithItsTransaction) {
  LoadScript redo;
  redo.begin(kA).begin(kB);
  redo.ddl(kA, "APP", "alter table T add X number", RedoScript::kTable);
  redo.ddl(kB, "APP", "truncate table T", RedoScript::kTable);
  redo.roll_back(kB).commit(kA);
  const Told told = redo.run();
  ASSERT_THAT(told.ddls, SizeIs(1));
  EXPECT_EQ(told.ddls[0].schema, "APP");
  EXPECT_EQ(told.ddls[0].sql, "alter table T add X number");
  EXPECT_EQ(told.ddls[0].type, 15);
  EXPECT_EQ(told.ddls[0].obj, RedoScript::kTable);
  EXPECT_FALSE(told.ddls[0].cut);
  EXPECT_EQ(told.transactions[0].xid, kA);
  EXPECT_THAT(told.events, ElementsAre(HasSubstr("APP.T, object 9: alter table T add X number")));
}

// "é" is one byte there; in UTF-8, as without a dictionary, that byte is nothing.
TEST(Ddl, TextIsInTheCharacterSetOfTheDatabase) {
  LoadScript redo;
  redo.begin(kA);
  redo.ddl(kA, "APP", "comment on table T is '\xE9t", RedoScript::kTable, 1, 2);
  redo.ddl(kA, "", "\xE9'", RedoScript::kTable, 2, 2).commit(kA);
  oracle::LoadedDictionary western = RedoScript::dictionary();
  western.facts.charset = oracle::charset_by_name("WE8MSWIN1252");
  const Told told = redo.run(DictionaryTracker({western}));
  ASSERT_THAT(told.ddls, SizeIs(1));
  EXPECT_EQ(told.ddls[0].sql, "comment on table T is '\u00E9t\u00E9'");
  EXPECT_THAT(told.events, ElementsAre(HasSubstr("\u00E9t\u00E9")));
  const Told unknown = redo.run(DictionaryTracker::schemaless());
  ASSERT_THAT(unknown.ddls, SizeIs(1));
  EXPECT_EQ(unknown.ddls[0].sql, "comment on table T is '\uFFFDt\uFFFD'");
}

TEST(Ddl, PartsAreJoined) {
  LoadScript redo;
  redo.begin(kA).begin(kB);
  redo.ddl(kA, "APP", "create table X (", 0, 1, 3);
  redo.ddl(kB, "APP", "create table Y (", 0, 1, 3);
  redo.ddl(kA, "", "A number, ", 0, 2, 3).ddl(kA, "", "B number)", 0, 3, 3).ddl(kB, "", "B number)", 0, 3, 3);
  redo.commit(kA).commit(kB);
  const Told told = redo.run();
  ASSERT_THAT(told.ddls, SizeIs(2));
  EXPECT_EQ(told.ddls[0].sql, "create table X (A number, B number)");
  EXPECT_FALSE(told.ddls[0].cut);
  EXPECT_TRUE(told.ddls[1].cut);
}

TEST(Ddl, OfTablesThatAreNotCapturedIsNotTold) {
  LoadScript redo;
  redo.begin(kA);
  redo.ddl(kA, "APP", "truncate table OTHER", RedoScript::kOther).commit(kA);
  EXPECT_THAT(redo.run().transactions, IsEmpty());
}

TEST(Ddl, TextsAreBounded) {
  DdlTexts texts;
  const std::string long_text(2 * DdlTexts::kTextMax, 'x');
  for (std::uint32_t i = 0; i < 40; ++i) {
    redo::Ddl part;
    part.header.xid = {1, 1, i};
    part.sql = long_text;
    texts.add(3, part, {});
  }
  EXPECT_THAT(texts.take(3, {1, 1, 0}), IsEmpty());  // the oldest went
  const std::vector<change::Ddl> last = texts.take(3, {1, 1, 39});
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].sql.size(), DdlTexts::kTextMax);
  EXPECT_TRUE(last[0].cut);
}

}  // namespace
}  // namespace redoubt::capture
