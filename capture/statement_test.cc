#include "capture/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace redoubt::capture {
namespace {

using change::Op;
using testing::ElementsAre;

// One statement on a table of columns, told as "column=value" for each side; NULL is "-".
class StatementTest : public testing::Test {
 protected:
  StatementTest() {
    for (std::uint16_t i = 0; i < 6; ++i) {
      oracle::Column column;
      column.segcol = static_cast<std::uint16_t>(i + 1);
      table_.columns.push_back(column);
    }
    statement_.open(&table_, 7, {1, 2});
  }

  void add(Side side, std::size_t segcol, const char* value) {
    statement_.add(side, segcol - 1, value == nullptr, value ? as_bytes(value) : Bytes{});
  }
  void tell(Op op) {
    batch_.clear();
    row_ = {};
    statement_.tell(op, batch_, row_, memory_);
  }
  std::vector<std::string> before() const { return side(row_.first_cell, row_.before_count); }
  std::vector<std::string> after() const { return side(row_.first_cell + row_.before_count, row_.after_count); }
  std::vector<std::string> side(std::size_t from, std::size_t count) const {
    std::vector<std::string> cells;
    for (std::size_t i = from; i < from + count; ++i) {
      const change::Cell& c = batch_.cells[i];
      const std::string value = c.state == change::CellState::kNull          ? "-"
                                : c.state == change::CellState::kUnavailable ? "?"
                                                                             : std::string(as_text(c.bytes()));
      cells.push_back(std::to_string(c.column + 1) + "=" + value);
    }
    return cells;
  }

  oracle::Table table_;
  ChunkPool pool_;
  ChunkList memory_{pool_};
  Statement statement_;
  change::Batch batch_;
  change::RowChange row_;
};

// As many as a LONG has; each is put in front of the others.
TEST_F(StatementTest, PartsThatComeLastFirst) {
  constexpr std::size_t kParts = 100'000;
  std::string value(kParts, ' ');
  for (std::size_t i = 0; i < kParts; ++i) value[i] = static_cast<char>('a' + i % 26);
  for (std::size_t i = kParts; i-- > 0;)
    statement_.add_part(Side::kRedo, 1, as_bytes(value).subspan(i, 1), i > 0, i + 1 < kParts, true);
  tell(Op::kInsert);
  EXPECT_EQ(after()[1], "2=" + value);
  EXPECT_FALSE(row_.suspect);
}

TEST_F(StatementTest, InsertTakesRedoThenSupplementalAndTheRestIsNull) {
  add(Side::kRedo, 1, "r");
  add(Side::kRedo, 2, nullptr);
  add(Side::kSupplemental, 2, "s");
  add(Side::kSupplemental, 1, "not taken");
  tell(Op::kInsert);
  EXPECT_THAT(before(), ElementsAre());
  EXPECT_THAT(after(), ElementsAre("1=r", "2=s", "3=-", "4=-", "5=-", "6=-"));
}

TEST_F(StatementTest, DeleteTakesUndoThenSupplementalAndTheRestIsNull) {
  add(Side::kUndo, 1, "u");
  add(Side::kUndo, 2, nullptr);
  add(Side::kSupplemental, 2, "s");
  tell(Op::kDelete);
  EXPECT_THAT(before(), ElementsAre("1=u", "2=s", "3=-", "4=-", "5=-", "6=-"));
  EXPECT_THAT(after(), ElementsAre());
}

TEST_F(StatementTest, ADeletedRowOlderThanAColumnWithDefaultDoesNotKnowIt) {
  table_.columns[4].property = oracle::column_property::kAddedWithDefault;
  table_.columns[5].property = oracle::column_property::kAddedWithDefault;
  add(Side::kUndo, 1, "u");
  add(Side::kUndo, 6, nullptr);  // stored as NULL: known
  tell(Op::kDelete);
  EXPECT_THAT(before(), ElementsAre("1=u", "2=-", "3=-", "4=-", "5=?", "6=-"));
}

TEST_F(StatementTest, UpdateTakesBothImages) {
  add(Side::kUndo, 2, "old");
  add(Side::kRedo, 2, "new");
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("2=old"));
  EXPECT_THAT(after(), ElementsAre("2=new"));
}

TEST_F(StatementTest, SupplementalColumnsOfAnUpdateAreUnchangedOnBothSides) {
  add(Side::kSupplemental, 1, "key");
  add(Side::kSupplemental, 3, nullptr);
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("1=key", "3=-"));
  EXPECT_THAT(after(), ElementsAre("1=key", "3=-"));
}

TEST_F(StatementTest, SupplementalColumnFillsNullPlaceholdersOfBothImages) {
  add(Side::kUndo, 1, nullptr);
  add(Side::kRedo, 1, nullptr);
  add(Side::kSupplemental, 1, "s");
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("1=s"));
  EXPECT_THAT(after(), ElementsAre("1=s"));
}

TEST_F(StatementTest, SupplementalColumnIsTheOldValueWhereUndoLacksTheColumn) {
  add(Side::kRedo, 1, "new");
  add(Side::kSupplemental, 1, "default");
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("1=default"));
  EXPECT_THAT(after(), ElementsAre("1=new"));
}

TEST_F(StatementTest, AColumnSetToNullStaysNull) {
  add(Side::kUndo, 1, "old");
  add(Side::kRedo, 1, nullptr);
  add(Side::kSupplemental, 1, "old");
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("1=old"));
  EXPECT_THAT(after(), ElementsAre("1=-"));
}

TEST_F(StatementTest, AColumnKnownOnOneSideOnlyIsNullOnTheOther) {
  add(Side::kUndo, 5, "cut off");
  add(Side::kRedo, 6, "appended");
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("5=cut off", "6=-"));
  EXPECT_THAT(after(), ElementsAre("5=-", "6=appended"));
}

TEST_F(StatementTest, ColumnsThatAreNotShownAreNotTold) {
  table_.columns[1].shown = false;
  for (std::size_t i = 1; i <= 3; ++i) add(Side::kUndo, i, "u");
  for (std::size_t i = 1; i <= 3; ++i) add(Side::kRedo, i, "r");
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("1=u", "3=u"));
  EXPECT_THAT(after(), ElementsAre("1=r", "3=r"));
}

TEST_F(StatementTest, ATableThatIsNotKnownEndsWithTheLastColumnSeen) {
  table_.known = false;
  add(Side::kRedo, 2, "r");
  tell(Op::kInsert);
  EXPECT_THAT(after(), ElementsAre("1=-", "2=r"));
}

TEST_F(StatementTest, WhatAnEarlierStatementHeldIsForgotten) {
  add(Side::kUndo, 1, "u");
  add(Side::kRedo, 1, "r");
  statement_.open(&table_, 7, {1, 3});
  add(Side::kRedo, 2, "r");
  tell(Op::kUpdate);
  EXPECT_THAT(before(), ElementsAre("2=-"));
  EXPECT_THAT(after(), ElementsAre("2=r"));
}

TEST_F(StatementTest, JoinsFirstMiddleAndLastPartInAnyOrder) {
  std::mt19937_64 random(1);
  struct Part {
    const char* value;
    bool previous, next;
  };
  std::vector<Part> parts{{"first ", false, true}, {"middle ", true, true}, {"last", true, false}};
  for (int i = 0; i < 20; ++i) {
    std::shuffle(parts.begin(), parts.end(), random);
    statement_.open(&table_, 7, {1, 2});
    for (const Part& p : parts) statement_.add_part(Side::kRedo, 0, as_bytes(p.value), p.previous, p.next, false);
    tell(Op::kUpdate);
    EXPECT_THAT(after(), ElementsAre("1=first middle last"));
    EXPECT_FALSE(row_.suspect);
  }
}

// Pieces of an insert come last first, so of several middle parts the newest stands in front.
TEST_F(StatementTest, PartsOfAnInsertAreJoinedFromTheBack) {
  statement_.add_part(Side::kRedo, 0, as_bytes("d"), true, false, true);
  statement_.add_part(Side::kRedo, 0, as_bytes("c"), true, true, true);
  statement_.add_part(Side::kRedo, 0, as_bytes("b"), true, true, true);
  statement_.add_part(Side::kRedo, 0, as_bytes("a"), false, true, true);
  tell(Op::kUpdate);
  EXPECT_THAT(after(), ElementsAre("1=abcd"));
}

TEST_F(StatementTest, AValueThatLacksAnEndIsSuspect) {
  statement_.add_part(Side::kUndo, 0, as_bytes("middle"), true, true, false);
  statement_.add_part(Side::kUndo, 0, as_bytes("last"), true, false, false);
  tell(Op::kDelete);
  EXPECT_TRUE(row_.suspect);
}

}  // namespace
}  // namespace redoubt::capture
