#include "oracle/dictionary_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr RowId kRow{2, 21566, 3};

std::vector<DictionaryValue> column(std::string_view name, Int128 scale) {
  return {{"OBJ#", Int128{9}}, {"NAME", name}, {"SCALE", scale}, {"DEFAULT$", std::string_view("ignored")}};
}

TEST(DictionaryRows, PatchesOnlyTheColumnsGiven) {
  DictionaryRows rows;
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kInsert, kRow, column("A", -2)), Patched::kChanged);
  const DictionaryValue name[] = {{"NAME", std::string_view("B")}};
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kUpdate, kRow, name), Patched::kChanged);
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kUpdate, kRow, name), Patched::kUnchanged);
  const ColumnRow* row = rows.of<ColumnRow>().find(kRow);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->name, "B");
  EXPECT_EQ(row->scale, -2);
  EXPECT_EQ(row->precision, -1);
  EXPECT_EQ(rows.take_touched().objects, std::set<std::uint32_t>{9});
  EXPECT_TRUE(rows.take_touched().empty());
}

TEST(DictionaryRows, NullIsTheDefault) {
  DictionaryRows rows;
  rows.apply("SYS", "COL$", RowOp::kInsert, kRow, column("A", 5));
  const DictionaryValue nulls[] = {{"NAME", {}}, {"SCALE", {}}};
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kUpdate, kRow, nulls), Patched::kChanged);
  EXPECT_EQ(rows.of<ColumnRow>().find(kRow)->name, "");
  EXPECT_EQ(rows.of<ColumnRow>().find(kRow)->scale, -1);
}

TEST(DictionaryRows, IgnoresUnknownRowsAndTablesAndReplacesUsedRowIds) {
  DictionaryRows rows;
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kUpdate, kRow, column("A", 0)), Patched::kIgnored);
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kDelete, kRow, {}), Patched::kIgnored);
  EXPECT_EQ(rows.apply("SYS", "SEG$", RowOp::kInsert, kRow, column("A", 0)), Patched::kIgnored);
  EXPECT_EQ(rows.apply("APP", "COL$", RowOp::kInsert, kRow, column("A", 0)), Patched::kIgnored);
  EXPECT_TRUE(rows.take_touched().empty());
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kInsert, kRow, column("A", 0)), Patched::kChanged);
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kInsert, kRow, column("B", 0)), Patched::kReplaced);
  EXPECT_EQ(rows.of<ColumnRow>().size(), 1U);
  EXPECT_EQ(rows.apply("SYS", "COL$", RowOp::kDelete, kRow, {}), Patched::kChanged);
  EXPECT_EQ(rows.of<ColumnRow>().size(), 0U);
}

// Clustered tables share blocks: TAB$ and COL$ rows can have one ROWID.
TEST(DictionaryRows, KeysByTableAndRowId) {
  DictionaryRows rows;
  const DictionaryValue obj[] = {{"OBJ#", Int128{9}}};
  rows.apply("SYS", "COL$", RowOp::kInsert, kRow, obj);
  rows.apply("SYS", "TAB$", RowOp::kInsert, kRow, obj);
  rows.apply("SYS", "COL$", RowOp::kDelete, kRow, {});
  EXPECT_TRUE(rows.of<TableRow>().find(kRow));
}

TEST(DictionaryRows, KeepsWideNumbersAndRefusesMisfits) {
  DictionaryRows rows;
  const Int128 wide = (Int128{33554432} << 64) + 1024;
  const DictionaryValue good[] = {{"OBJ#", Int128{9}}, {"PROPERTY", wide}};
  rows.apply("SYS", "TAB$", RowOp::kInsert, kRow, good);
  EXPECT_EQ(rows.of<TableRow>().find(kRow)->property, (Wide{1024, 33554432}));
  const TableRow before = *rows.of<TableRow>().find(kRow);
  const DictionaryValue misfits[][2] = {{{"DATAOBJ#", Int128{1}}, {"PROPERTY", Int128{-1}}},
                                        {{"DATAOBJ#", Int128{1}}, {"TS#", Int128{1} << 32}},
                                        {{"DATAOBJ#", Int128{1}}, {"TS#", std::string_view("1")}}};
  for (const auto& values : misfits) {
    EXPECT_THROW(rows.apply("SYS", "TAB$", RowOp::kUpdate, kRow, values), Malformed);
    EXPECT_EQ(*rows.of<TableRow>().find(kRow), before);
  }
}

TEST(DictionaryRows, ANewTokenSetBringsItsTables) {
  DictionaryRows rows;
  EXPECT_FALSE(rows.follows("XDB", "X$QNABC"));
  const DictionaryValue set[] = {{"TOKSUF", std::string_view("ABC")}};
  rows.apply("XDB", "XDB$TTSET", RowOp::kInsert, kRow, set);
  EXPECT_TRUE(rows.follows("XDB", "X$QNABC"));
  EXPECT_FALSE(rows.follows("XDB", "X$QN"));
  EXPECT_FALSE(rows.follows("SYS", "X$QNABC"));
  EXPECT_TRUE(rows.take_touched().everything);
  const DictionaryValue token[] = {{"LOCALNAME", std::string_view("a")}, {"ID", std::string_view("01")}};
  EXPECT_EQ(rows.apply("XDB", "X$QNABC", RowOp::kInsert, kRow, token), Patched::kChanged);
  EXPECT_EQ(rows.tokens().at("ABC").names.find(kRow)->local_name, "a");
}

// Lookups by object agree with a walk over all rows, whatever was put and erased.
TEST(RowTable, LooksUpWhatItHolds) {
  std::mt19937_64 random(1);
  RowTable<LobRow> table;
  for (int step = 0; step < 3000; ++step) {
    const RowId id{1, static_cast<Dba>(random() % 40), 0};
    if (random() % 3 == 0) {
      table.erase(id);
    } else {
      const auto number = [&] { return static_cast<std::uint32_t>(random() % 6); };
      table.put(id, {number(), 0, 0, number(), 0});
    }
    const auto value = static_cast<std::uint32_t>(random() % 6);
    std::vector<LobRow> expected, found;
    for (const auto& [rowid, row] : table.rows())
      if (row.lob_obj == value) expected.push_back(row);
    table.each(1, value, [&](const LobRow& row) { found.push_back(row); });
    ASSERT_EQ(found, expected);
    ASSERT_EQ(table.first(1, value) != nullptr, !expected.empty());
  }
}

}  // namespace
}  // namespace redoubt::oracle
