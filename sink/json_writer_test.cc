#include "sink/json_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "oracle/charset.h"

namespace redoubt::sink {
namespace {

using change::Cell;
using change::CellState;

oracle::Table test_table() {
  oracle::Table table;
  table.serial = 1;
  table.owner = "APP";
  table.name = "T\"1";
  oracle::Column id;
  id.name = "ID";
  id.segcol = 1;
  id.type = oracle::TypeCode::kNumber;
  oracle::Column name;
  name.name = "NAME";
  name.segcol = 2;
  name.type = oracle::TypeCode::kVarchar2;
  name.charset = oracle::charset_by_name("AL32UTF8");
  table.columns = {id, name};
  return table;
}

constexpr std::uint8_t kOne[] = {0xC1, 0x02};
constexpr std::uint8_t kText[] = {'a', '"', '\n'};

change::Batch one_update(const oracle::Table& table) {
  change::Batch batch;
  batch.cells = {{kOne, 2, 0, CellState::kValue},
                 {nullptr, 0, 1, CellState::kNull},
                 {kOne, 2, 0, CellState::kValue},
                 {kText, 3, 1, CellState::kValue}};
  change::RowChange row;
  row.table = &table;
  row.op = change::Op::kUpdate;
  row.rowid = {72726, 0x0600000E, 0};
  row.before_count = row.after_count = 2;
  batch.rows = {row};
  change::Transaction t;
  t.xid = {10, 12, 572};
  t.con_id = 3;
  t.thread = 1;
  t.begin_scn = 2267707;
  t.commit_scn = 2267708;
  t.commit_time = 1772847880;
  t.row_count = 1;
  t.commit_index = 3;
  batch.transactions = {t};
  return batch;
}

std::string written(const change::Batch& batch) {
  TextBuffer out;
  JsonWriter writer{oracle::DatabaseFacts{}};
  writer.write(batch, out);
  return out.str();
}

// A table is another one after each DDL.
TEST(JsonWriter, NamesOfPastVersionsAreForgotten) {
  JsonWriter writer{oracle::DatabaseFacts{}};
  oracle::Table table = test_table();
  const change::Batch batch = one_update(table);
  TextBuffer first, last;
  writer.write(batch, first);
  for (std::size_t i = 0; i < JsonWriter::kNamesMax; ++i) {
    ++table.serial;
    last.clear();
    writer.write(batch, last);
    ASSERT_LE(writer.names_kept(), JsonWriter::kNamesMax + 100);
  }
  table.columns[1].name = "OTHER";
  ++table.serial;
  last.clear();
  writer.write(batch, last);
  EXPECT_NE(last.view().find("\"OTHER\":"), std::string_view::npos);
}

TEST(JsonWriter, WritesBeginRowAndCommit) {
  const oracle::Table table = test_table();
  EXPECT_EQ(
      written(one_update(table)),
      R"({"scns":"0x0000000000229a3c","tms":"1772847880","c_scn":2267707,"c_idx":1,"xid":"10.12.572",)"
      R"("commit_scn":2267708,"begin_scn":2267707,"thread":1,"con_id":3,"payload":[{"op":"begin"}]})"
      "\n"
      R"({"c_scn":2267707,"c_idx":2,"xid":"10.12.572","payload":[{"op":"u","schema":{"owner":"APP","table":"T\"1"},)"
      R"("rid":"AAARwWAAYAAAAAOAAA","before":{"ID":1,"NAME":null},"after":{"ID":1,"NAME":"a\"\n"}}]})"
      "\n"
      R"({"c_scn":2267707,"c_idx":3,"xid":"10.12.572","commit_scn":2267708,"payload":[{"op":"commit"}]})"
      "\n");
}

TEST(JsonWriter, LinesHaveTheirPlaces) {
  const oracle::Table table = test_table();
  change::Batch batch = one_update(table);
  batch.rows[0].index = 70;
  batch.transactions[0].begin_index = 4;
  batch.transactions[0].row_index = 5;
  batch.transactions[0].commit_index = 90;
  const std::string text = written(batch);
  EXPECT_NE(text.find(R"("c_scn":2267707,"c_idx":4,"xid":"10.12.572","commit_scn")"), std::string::npos);
  EXPECT_NE(text.find(R"("c_scn":2267707,"c_idx":75,"xid":"10.12.572","payload":[{"op":"u")"), std::string::npos);
  EXPECT_NE(text.find(R"("c_scn":2267707,"c_idx":90,"xid":"10.12.572","commit_scn")"), std::string::npos);
}

TEST(JsonWriter, MarksWhatIsNotCertain) {
  const oracle::Table table = test_table();
  change::Batch batch = one_update(table);
  batch.rows[0].suspect = true;
  batch.cells[1].state = CellState::kUnavailable;
  batch.cells[3].state = CellState::kSuspect;
  batch.transactions[0].suspect = true;
  const std::string text = written(batch);
  EXPECT_NE(text.find(R"("suspect":true,"payload":[{"op":"begin"}])"), std::string::npos);
  EXPECT_NE(text.find(R"("rid":"AAARwWAAYAAAAAOAAA","suspect":true,"before")"), std::string::npos);
  EXPECT_NE(text.find(R"("NAME":{"$unavailable":"not in redo"})"), std::string::npos);
  EXPECT_NE(text.find(R"("NAME":{"$suspect":"61220a"})"), std::string::npos);
}

// A large transaction comes in parts; what is written is the same.
TEST(JsonWriter, PartsAreOneTransaction) {
  const oracle::Table table = test_table();
  change::Batch whole = one_update(table);
  change::RowChange second = whole.rows[0];
  second.index = 1;
  whole.rows.push_back(second);
  whole.transactions[0].row_count = 2;
  whole.transactions[0].commit_index = 4;
  change::Batch first = whole, middle = whole, last = whole;
  first.transactions[0].last = false;
  first.transactions[0].row_count = 1;
  middle.transactions[0].first = middle.transactions[0].last = false;
  middle.transactions[0].first_row = middle.transactions[0].row_count = 1;
  last.transactions[0].first = false;
  last.transactions[0].row_count = 0;
  EXPECT_EQ(written(first) + written(middle) + written(last), written(whole));
  // What the begin could not say the commit does.
  last.transactions[0].suspect = true;
  EXPECT_NE(written(last).find(R"("commit_scn":2267708,"suspect":true,"payload":[{"op":"commit"}])"),
            std::string::npos);
}

TEST(JsonWriter, TellsDdlBeforeRows) {
  const oracle::Table table = test_table();
  change::Batch batch = one_update(table);
  change::Ddl create;
  create.obj = 7;
  create.table = &table;
  create.schema = "APP";
  create.sql = "create table \"T\" (\n ID number)";
  change::Ddl cut;
  cut.schema = "APP";
  cut.sql = "drop";
  cut.cut = true;
  cut.index = 1;
  batch.ddls = {create, cut};
  batch.transactions[0].ddl_count = 2;
  const std::string text = written(batch);
  const std::string first =
      R"x({"c_scn":2267707,"c_idx":2,"xid":"10.12.572","payload":[{"op":"ddl","schema":{"owner":"APP",)x"
      R"x("table":"T\"1","obj":7},"sql":"create table \"T\" (\n ID number)"}]})x";
  const std::string second =
      R"x("c_idx":3,"xid":"10.12.572","payload":[{"op":"ddl","schema":{"owner":"APP"},"sql":"drop","cut":true}]})x";
  EXPECT_THAT(text, testing::HasSubstr(first));
  EXPECT_THAT(text, testing::HasSubstr(second));
  EXPECT_LT(text.find(R"("op":"ddl")"), text.find(R"("op":"u")"));
}

}  // namespace
}  // namespace redoubt::sink
