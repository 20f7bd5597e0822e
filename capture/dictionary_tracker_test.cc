#include "capture/dictionary_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <variant>

#include "base/error.h"
#include "oracle/charset.h"
#include "oracle/number.h"

namespace redoubt::capture {
namespace {

using change::CellState;
using oracle::RowId;
using oracle::Scn;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint16_t kCon = 3;

RowId id(std::uint32_t n) { return {1, n, 0}; }

// A database with a few SYS tables and two of a user's, loaded at SCN 100. The SYS tables are narrower than Oracle's:
// what follows them goes by the names of their columns.
class Source {
 public:
  Source() {
    loaded.facts.con_id = kCon;
    loaded.facts.context = "DB";
    loaded.facts.charset = oracle::charset_by_name("AL32UTF8");
    loaded.facts.national_charset = oracle::charset_by_name("AL16UTF16");
    loaded.schema_scn = loaded.scn = 100;
    put(oracle::UserRow{0, "SYS", {}, 1});
    put(oracle::UserRow{5, "APP", {}, 0});
    sys(18, "OBJ$", {"OBJ#", "DATAOBJ#", "OWNER#", "TYPE#", "FLAGS", "MTIME"}, {"NAME", "SUBNAME"});
    sys(4, "TAB$", {"OBJ#", "DATAOBJ#", "TS#", "FILE#", "FLAGS", "PROPERTY"}, {});
    sys(21, "COL$", {"OBJ#", "COL#", "SEGCOL#", "INTCOL#", "TYPE#", "LENGTH", "SCALE", "NULL$", "PROPERTY"}, {"NAME"});
    sys(947, "TABPART$", {"OBJ#", "DATAOBJ#", "BO#"}, {});
    sys(22, "USER$", {"USER#", "SPARE1", "SPARE6"}, {"NAME"});
    table(9, "T", {"ID", "NAME"});
    table(10, "OTHER", {"ID"});
  }

  void table(std::uint32_t obj, const std::string& name, const std::vector<std::string>& columns,
             std::uint32_t owner = 5) {
    rows_of[name] = put(oracle::ObjectRow{owner, obj, obj, name, 2, {}, 0, ""});
    put(oracle::TableRow{obj, obj, 4, 0, {}, {}});
    for (const std::string& column : columns) add_column(obj, column, 2, 0);
  }

  oracle::LoadedDictionary loaded;
  std::map<std::string, RowId> rows_of;  // of columns and tables, by name

 private:
  template <class Row>
  RowId put(Row row) {
    loaded.rows.of<Row>().put(id(next_), std::move(row));
    return id(next_++);
  }
  void add_column(std::uint32_t obj, const std::string& name, std::uint32_t type, std::uint32_t charset_form) {
    oracle::ColumnRow row;
    row.obj = obj;
    row.col = row.segcol = row.intcol = ++columns_[obj];
    row.name = name;
    row.type = type;
    row.charset_form = charset_form;
    rows_of[std::to_string(obj) + name] = put(row);
  }
  void sys(std::uint32_t obj, const std::string& name, const std::vector<std::string>& numbers,
           const std::vector<std::string>& texts) {
    table(obj, name, numbers, 0);
    for (const std::string& text : texts) add_column(obj, text, 1, 1);
  }

  std::uint32_t next_ = 1;
  std::map<std::uint32_t, std::uint32_t> columns_;
};

// One transaction under construction, its values in Oracle's bytes.
class Redo {
 public:
  using Value = std::variant<std::monostate, std::int64_t, std::string>;
  using Values = std::vector<std::pair<std::string, Value>>;

  Redo(DictionaryTracker& tracker, Scn commit_scn) : tracker_(tracker) {
    transaction_.con_id = kCon;
    transaction_.commit_scn = commit_scn;
  }

  Redo& row(std::uint32_t obj, change::Op op, RowId rowid, const Values& values) {
    const oracle::Table* table = tracker_.latest().find(kCon, obj);
    REDOUBT_ASSERT(table);
    change::RowChange row;
    row.table = table;
    row.op = op;
    row.rowid = rowid;
    row.first_cell = static_cast<std::uint32_t>(batch_.cells.size());
    for (const auto& [name, value] : values) {
      change::Cell cell;
      for (const oracle::Column& column : table->columns)
        if (column.name == name) cell.column = static_cast<std::uint16_t>(column.segcol - 1);
      if (const auto* number = std::get_if<std::int64_t>(&value)) bytes_.push_back(oracle::number_from_int64(*number));
      if (const auto* text = std::get_if<std::string>(&value)) bytes_.emplace_back(text->begin(), text->end());
      if (!std::holds_alternative<std::monostate>(value)) {
        cell.state = CellState::kValue;
        cell.data = bytes_.back().data();
        cell.size = static_cast<std::uint32_t>(bytes_.back().size());
      }
      batch_.cells.push_back(cell);
    }
    row.after_count = static_cast<std::uint16_t>(values.size());
    batch_.rows.push_back(row);
    transaction_.row_count = static_cast<std::uint32_t>(batch_.rows.size());
    return *this;
  }
  Redo& suspect() {
    batch_.rows.back().suspect = true;
    return *this;
  }
  std::vector<std::string> commit() { return tracker_.apply(batch_, transaction_); }

 private:
  DictionaryTracker& tracker_;
  change::Transaction transaction_;
  change::Batch batch_;
  std::deque<ByteString> bytes_;
};

using change::Op;

DictionaryTracker tracker_of(const Source& source, const std::string& tables = {}) {
  return DictionaryTracker({source.loaded}, tables);
}

Redo::Values new_column(std::uint32_t obj, int segcol, const std::string& name) {
  return {{"OBJ#", obj}, {"COL#", segcol}, {"SEGCOL#", segcol}, {"INTCOL#", segcol}, {"NAME", name},
          {"TYPE#", 2},  {"LENGTH", 22},   {"SCALE", -2},       {"PROPERTY", 0},     {"NULL$", 0}};
}

TEST(DictionaryTracker, AColumnIsThereFromItsCommitOn) {
  Source source;
  auto tracker = tracker_of(source);
  const auto told = Redo(tracker, 200)
                        .row(21, Op::kInsert, id(900), new_column(9, 3, "EMAIL"))
                        .row(4, Op::kUpdate, id(901), {{"FILE#", 4}})
                        .commit();
  EXPECT_THAT(told, ElementsAre("APP.T: column EMAIL added"));
  EXPECT_EQ(tracker.at(50).find(kCon, 9)->columns.size(), 2U);
  EXPECT_EQ(tracker.at(199).find(kCon, 9)->columns.size(), 2U);
  EXPECT_EQ(tracker.at(200).find(kCon, 9)->columns.size(), 3U);
  EXPECT_EQ(tracker.table(kCon, 9, 300, 0)->columns[2].scale, -2);
  EXPECT_EQ(tracker.at(200).find(kCon, 10), tracker.at(199).find(kCon, 10));  // shared
}

TEST(DictionaryTracker, WhatTheFileHasAlreadyIsNotAppliedAgain) {
  Source source;
  auto tracker = tracker_of(source);
  EXPECT_THAT(Redo(tracker, 100).row(21, Op::kInsert, id(900), new_column(9, 3, "EMAIL")).commit(), IsEmpty());
  EXPECT_EQ(tracker.latest().find(kCon, 9)->columns.size(), 2U);
}

TEST(DictionaryTracker, ChangesOfOtherFieldsMakeNoVersion) {
  Source source;
  auto tracker = tracker_of(source);
  // What every login does to USER$ (seen in the real log).
  EXPECT_THAT(Redo(tracker, 200).row(22, Op::kUpdate, id(2), {{"SPARE6", 7}}).commit(), IsEmpty());
  EXPECT_EQ(tracker.version_count(), 1U);
}

TEST(DictionaryTracker, TellsWhatDdlDid) {
  Source source;
  auto tracker = tracker_of(source);
  const RowId t = source.rows_of.at("T");
  Scn scn = 200;
  const auto commit = [&](std::uint32_t obj, Op op, RowId rowid, const Redo::Values& values) {
    return Redo(tracker, ++scn).row(obj, op, rowid, values).commit();
  };
  const RowId t_row = id(t.dba + 1);  // TAB$, put next
  EXPECT_THAT(commit(18, Op::kUpdate, t, {{"NAME", "NEW"}}), ElementsAre("APP.T: renamed to APP.NEW"));
  EXPECT_THAT(commit(18, Op::kUpdate, t, {{"NAME", "T"}}), ElementsAre("APP.NEW: renamed to APP.T"));
  EXPECT_THAT(commit(4, Op::kUpdate, t_row, {{"DATAOBJ#", 99}}),
              ElementsAre("APP.T: truncated or moved: data object 9 is now 99"));
  EXPECT_THAT(commit(21, Op::kUpdate, source.rows_of.at("9NAME"), {{"NAME", "TITLE"}}),
              ElementsAre("APP.T: column NAME renamed to TITLE"));
  EXPECT_THAT(commit(21, Op::kUpdate, source.rows_of.at("9NAME"), {{"LENGTH", 50}}),
              ElementsAre("APP.T: column TITLE changed"));
  EXPECT_THAT(commit(21, Op::kUpdate, source.rows_of.at("9NAME"), {{"NAME", "SYS_C1"}, {"PROPERTY", 0x8020}}),
              ElementsAre("APP.T: column TITLE dropped"));
  EXPECT_THAT(commit(18, Op::kUpdate, t, {{"NAME", "BIN$x"}, {"FLAGS", 0x80}}), ElementsAre("APP.T: dropped"));
  EXPECT_EQ(tracker.latest().find(kCon, 9), nullptr);
  EXPECT_EQ(tracker.latest().kind(kCon, 9), oracle::ObjectKind::kOther);
  EXPECT_THAT(commit(18, Op::kUpdate, t, {{"NAME", "T"}, {"FLAGS", 0}}), ElementsAre("APP.T: created as object 9"));
  EXPECT_THAT(commit(22, Op::kUpdate, id(2), {{"NAME", "NEWAPP"}}),
              ElementsAre("APP.T: renamed to NEWAPP.T", "APP.OTHER: renamed to NEWAPP.OTHER"));
}

TEST(DictionaryTracker, TellsOfPartitions) {
  Source source;
  auto tracker = tracker_of(source);
  auto told =
      Redo(tracker, 200)
          .row(18, Op::kInsert, id(900), {{"OBJ#", 20}, {"OWNER#", 5}, {"NAME", "T"}, {"SUBNAME", "P1"}, {"TYPE#", 19}})
          .row(947, Op::kInsert, id(901), {{"OBJ#", 20}, {"DATAOBJ#", 20}, {"BO#", 9}})
          .commit();
  EXPECT_THAT(told, ElementsAre("APP.T: partition P1 added"));
  EXPECT_EQ(tracker.latest().find(kCon, 20), tracker.latest().find(kCon, 9));
  const RowId other_row = id(source.rows_of.at("OTHER").dba + 1);
  told = Redo(tracker, 201)
             .row(947, Op::kUpdate, id(901), {{"DATAOBJ#", 10}})
             .row(4, Op::kUpdate, other_row, {{"DATAOBJ#", 20}})
             .commit();
  EXPECT_THAT(told, ElementsAre("APP.T: partition P1 exchanged with APP.OTHER", "APP.OTHER: exchanged with APP.T"));
  told = Redo(tracker, 202).row(947, Op::kDelete, id(901), {}).commit();
  EXPECT_THAT(told, ElementsAre("APP.T: partition P1 dropped"));
}

TEST(DictionaryTracker, SaysWhenItCouldNotReadARow) {
  Source source;
  auto tracker = tracker_of(source);
  const auto values = new_column(9, 3, "EMAIL");
  EXPECT_THAT(Redo(tracker, 200).row(21, Op::kInsert, id(900), values).suspect().commit(),
              ElementsAre(HasSubstr("SYS.COL$ row " + oracle::to_text(id(900)) + ": it could not be read completely")));
  EXPECT_THAT(Redo(tracker, 201).row(21, Op::kInsert, id(900), {{"OBJ#", -1}}).commit(),
              ElementsAre(HasSubstr("a value of column OBJ# does not fit")));
  EXPECT_EQ(tracker.version_count(), 1U);
  Redo(tracker, 202).row(21, Op::kInsert, id(900), values).commit();
  EXPECT_THAT(Redo(tracker, 203).row(21, Op::kInsert, id(900), values).commit(),
              ElementsAre(HasSubstr("inserted twice")));
}

TEST(DictionaryTracker, KeepsVersionsAsLongAsTheyAreNeeded) {
  Source source;
  auto tracker = tracker_of(source);
  for (int i = 0; i < 3; ++i)
    Redo(tracker, 200 + 10U * static_cast<Scn>(i))
        .row(21, Op::kInsert, id(900 + static_cast<std::uint32_t>(i)), new_column(9, 3 + i, "C" + std::to_string(i)))
        .commit();
  EXPECT_EQ(tracker.version_count(), 4U);
  tracker.forget_below(209);
  EXPECT_EQ(tracker.version_count(), 3U);
  EXPECT_EQ(tracker.at(209).find(kCon, 9)->columns.size(), 3U);
  std::vector<std::shared_ptr<const void>> owners;
  const oracle::Table* table = tracker.at(209).find(kCon, 9);
  tracker.keep_alive(owners);
  tracker.forget_below(1000);
  EXPECT_EQ(tracker.version_count(), 1U);
  EXPECT_EQ(table->columns[2].name, "C0");
  EXPECT_EQ(tracker.at(0).find(kCon, 9)->columns.size(), 5U);
}

TEST(DictionaryTracker, FilterTakesOwnerAndTableAsAWhole) {
  Source source;
  EXPECT_TRUE(tracker_of(source).latest().find(kCon, 9)->captured);
  EXPECT_FALSE(tracker_of(source).latest().find(kCon, 21)->captured);
  const auto only = tracker_of(source, R"(APP\.O.*|SYS\.TAB\$)");
  EXPECT_FALSE(only.latest().find(kCon, 9)->captured);
  EXPECT_TRUE(only.latest().find(kCon, 10)->captured);
  EXPECT_TRUE(only.latest().find(kCon, 4)->captured);
  EXPECT_FALSE(tracker_of(source, "APP").latest().find(kCon, 9)->captured);
  EXPECT_THROW(tracker_of(source, "APP.("), Error);
}

TEST(DictionaryTracker, FilesMustBeOfOneDatabaseAndDifferentContainers) {
  Source a, b;
  EXPECT_THROW(DictionaryTracker({a.loaded, b.loaded}), Error);
  b.loaded.facts.con_id = 4;
  DictionaryTracker both({a.loaded, b.loaded});
  EXPECT_NE(both.latest().find(3, 9), nullptr);
  EXPECT_NE(both.latest().find(4, 9), nullptr);
  EXPECT_NE(both.latest().find(3, 9), both.latest().find(4, 9));
  b.loaded.facts.resetlogs = 1;
  EXPECT_THROW(DictionaryTracker({a.loaded, b.loaded}), Error);
}

TEST(DictionaryTracker, DescribesUnknownObjectsByNumber) {
  auto tracker = DictionaryTracker::schemaless();
  const oracle::Table* table = tracker.table(kCon, 77, 5, 3);
  EXPECT_EQ(table->name, "OBJ_77");
  EXPECT_EQ(table->owner, "");
  EXPECT_FALSE(table->known);
  EXPECT_TRUE(table->captured);
  ASSERT_GE(table->columns.size(), 3U);
  EXPECT_EQ(table->columns[2].name, "COL_3");
  EXPECT_EQ(table->columns[2].segcol, 3);
  EXPECT_EQ(table->columns[2].type, oracle::TypeCode::kRaw);
  EXPECT_EQ(tracker.table(kCon, 77, 6, 1), table);
  const oracle::Table* wider = tracker.table(kCon, 77, 6, 900);
  EXPECT_GE(wider->columns.size(), 900U);
  EXPECT_EQ(table->columns[2].name, "COL_3");  // still there
  EXPECT_NE(tracker.table(4, 77, 6, 1), wider);
  EXPECT_EQ(tracker.latest().kind(kCon, 77), oracle::ObjectKind::kUnknown);
  EXPECT_FALSE(tracker_of(Source()).table(kCon, 77, 5, 3)->captured);
}

TEST(DictionaryTracker, LoadsTheRealFile) {
  const char* shared = std::getenv("REDOUBT_SHARED");
  const auto path = std::filesystem::path(shared ? shared : "") / "data/redo/example-free-23/schema.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the shared data is absent ($REDOUBT_SHARED)";
  auto tracker = DictionaryTracker::load({path}, {});
  EXPECT_EQ(tracker.facts().con_name, "FREEPDB1");
  EXPECT_THAT(tracker.take_warnings(), IsEmpty());
  // The deferred segment creation of the real log: DEFERRED_STG$ row gone, TAB$.PROPERTY changed. Nothing to tell.
  const auto told = Redo(tracker, 2267700)
                        .row(81, Op::kDelete, oracle::rowid_from_text("AAAABRAAAAAAIerACE"), {})
                        .row(4, Op::kUpdate, oracle::rowid_from_text("AAAAACAAAAAAFQ+AAD"), {{"PROPERTY", 536870912}})
                        .commit();
  EXPECT_THAT(told, IsEmpty());
  EXPECT_EQ(tracker.version_count(), 1U);
}

}  // namespace
}  // namespace redoubt::capture
