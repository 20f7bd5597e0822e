// Redo that only shows to be damaged when its records are read or merged: the core stops, or goes on behind it and
// tells nothing as whole that may not be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/redo_script.h"

namespace redoubt::capture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Xid kA{1, 2, 3}, kB{2, 2, 3}, kC{3, 2, 3};
constexpr std::uint32_t kTable = RedoScript::kTable;

Core::Options skip() {
  Core::Options options;
  options.on_corruption = DamagePolicy::kSkip;
  return options;
}
Told run(const RedoScript& redo, Core::Options options) {
  return redo.run(DictionaryTracker({RedoScript::dictionary()}, "APP\\.T"), options);
}
RedoScript::Fields row(int n) { return {RedoScript::number(n), {}, {}}; }

std::vector<std::string> told_as(const Told& told) {
  std::vector<std::string> lines;
  for (const change::Transaction& t : told.transactions)
    lines.push_back(to_text(t.xid) + (t.suspect ? " suspect" : ""));
  return lines;
}

// A 5.1 that is too short.
void half_undo(RedoScript& redo, Xid xid) {
  redo.record([&] { redo.vector(5, 1, static_cast<std::uint16_t>(16 + 2 * xid.usn), 0x20, {ByteString(20, 0)}); });
}

TEST(CoreDamage, ARecordThatCannotBeReadStops) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1));
  half_undo(redo, kA);
  try {
    run(redo, {});
    FAIL() << "the damage was not noticed";
  } catch (const redo::CorruptRedo& e) {
    EXPECT_EQ(e.code(), ErrorCode::kIntegrity);
    EXPECT_EQ(e.rba().block, 3U);
    EXPECT_THAT(e.what(), HasSubstr("script.dbf at RBA 0x000001.00000003.0010"));
  }
}

// Open ones and those whose begin lay in the damage are suspect; what begins later is whole.
TEST(CoreDamage, ARecordThatCannotBeReadIsPassedOver) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1));
  half_undo(redo, kA);
  redo.insert(kB, kTable, {1, 1}, row(2)).commit(kA).commit(kB);
  redo.begin(kC).insert(kC, kTable, {1, 2}, row(3)).commit(kC);
  const Told told = run(redo, skip());
  EXPECT_THAT(told_as(told), ElementsAre(to_text(kA) + " suspect", to_text(kB) + " suspect", to_text(kC)));
  EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("script.dbf: a redo record of")));
  EXPECT_EQ(told.counters.damaged, 1U);
}

TEST(CoreDamage, AGroupThatComesTooLateStops) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1));
  redo.scn -= 100;
  redo.insert(kA, kTable, {1, 1}, row(2));
  try {
    run(redo, {});
    FAIL() << "the order was not looked at";
  } catch (const redo::CorruptRedo& e) {
    EXPECT_EQ(e.code(), ErrorCode::kIntegrity);
    EXPECT_THAT(e.what(), HasSubstr("SCN 903 comes after SCN 1002"));
    EXPECT_THAT(e.what(), HasSubstr("RBA 0x000001.00000003.0010"));
  }
}

TEST(CoreDamage, AGroupThatComesTooLateIsPassedOver) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1));
  redo.scn -= 100;
  redo.insert(kA, kTable, {1, 1}, row(2));
  redo.scn += 100;
  redo.commit(kA).begin(kC).insert(kC, kTable, {1, 2}, row(3)).commit(kC);
  const Told told = run(redo, skip());
  EXPECT_THAT(told_as(told), ElementsAre(to_text(kA) + " suspect", to_text(kC)));
  EXPECT_EQ(told.rows.size(), 2U);
  EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("SCN 903 comes after SCN 1002 of the same thread; the LWN group")));
}

// Behind the damage thread 1 goes on at SCN 1051: what begins in thread 2 before that may have redo of thread 1 in it.
TEST(CoreDamage, WhatBeginsInAnotherThreadBesideTheHoleIsSuspect) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1)).commit(kA);
  redo.scn -= 100;
  redo.insert(kA, kTable, {1, 9}, row(9));
  redo.scn = 1050;
  redo.begin(kA).commit(kA);
  redo.scn = 1010;
  redo.on_thread(2).begin(kB).insert(kB, kTable, {1, 1}, row(2));
  redo.scn = 1060;
  redo.commit(kB).begin(kC).insert(kC, kTable, {1, 2}, row(3)).commit(kC);
  EXPECT_THAT(told_as(run(redo, skip())), ElementsAre(to_text(kA), to_text(kB) + " suspect", to_text(kC)));
}

// Each thread has an order of its own: a thread that is behind is waited for, not refused.
TEST(CoreDamage, ThreadsAreHeldAgainstThemselves) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1)).commit(kA);
  redo.scn = 1000;
  redo.on_thread(2).begin(kB).insert(kB, kTable, {1, 1}, row(2));
  redo.scn -= 2;
  redo.insert(kB, kTable, {1, 2}, row(3));
  redo.scn += 10;
  redo.commit(kB);
  const Told told = run(redo, skip());
  EXPECT_EQ(told.counters.damaged, 1U);
  EXPECT_THAT(told_as(told), ElementsAre(testing::StartsWith(to_text(kA)), to_text(kB) + " suspect"));
  EXPECT_THROW(run(redo, {}), redo::CorruptRedo);
}

}  // namespace
}  // namespace redoubt::capture
