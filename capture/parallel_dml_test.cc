#include "capture/parallel_dml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/redo_script.h"

namespace redoubt::capture {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Xid kParent{10, 1, 100}, kChild1{11, 2, 200}, kChild2{12, 3, 300}, kOther{13, 4, 400}, kOther2{14, 4, 400};

class Script : public RedoScript {
 public:
  Script& change(Xid xid, std::int64_t id) {
    begin(xid).insert(xid, kTable, {5, static_cast<std::uint16_t>(id)}, {number(id)});
    return *this;
  }
};

std::vector<std::pair<Scn, std::uint16_t>> commits(const Told& told) {
  std::vector<std::pair<Scn, std::uint16_t>> list;
  for (const change::Transaction& t : told.transactions) list.emplace_back(t.commit_scn, t.xid.usn);
  return list;
}

// The parent decides, a child ends, another transaction commits, the second child ends, at last the parent.
TEST(ParallelDml, TheGroupCommitsAtTheDecisionBeforeAllThatIsLater) {
  Script redo;
  redo.change(kParent, 1).change(kChild1, 2).change(kChild2, 3).change(kOther, 4);
  redo.decide(kParent);
  const Scn decision = redo.scn;
  redo.commit(kChild1, decision).commit(kOther);
  const Scn other = redo.scn;
  redo.commit(kChild2, decision).end_parallel(kParent);
  const Told told = redo.run();
  EXPECT_THAT(commits(told), ElementsAre(std::pair(decision, 11), std::pair(decision, 12), std::pair(decision, 10),
                                         std::pair(other, 13)));
  EXPECT_THAT(told.warnings, IsEmpty());
  EXPECT_EQ(told.counters.pdml_unresolved, 0U);
}

TEST(ParallelDml, HeldCommitsComeInOrderThoughTheirSlotsAreUsedAgain) {
  Script redo;
  redo.change(kParent, 1).change(kOther, 4);
  redo.decide(kParent).commit(kOther);
  Xid next = kOther;
  ++next.sqn;
  redo.change(next, 5).commit(next).end_parallel(kParent);
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre("c ID=c102 C=null B=null", "c ID=c105 C=null B=null", "c ID=c106 C=null B=null"));
  EXPECT_THAT(told.warnings, IsEmpty());
}

TEST(ParallelDml, TwoGroupsAtOnce) {
  Script redo;
  redo.change(kParent, 1).change(kChild1, 2).change(kOther, 3).change(kOther2, 4);
  redo.decide(kParent);
  const Scn first = redo.scn;
  redo.decide(kOther);
  const Scn second = redo.scn;
  redo.commit(kOther2, second).end_parallel(kOther).commit(kChild1, first).end_parallel(kParent);
  EXPECT_THAT(commits(redo.run()),
              ElementsAre(std::pair(first, 11), std::pair(first, 10), std::pair(second, 14), std::pair(second, 13)));
}

TEST(ParallelDml, PatienceEnds) {
  Script redo;
  redo.change(kParent, 1).change(kChild1, 2).change(kOther, 3);
  redo.time = redo::redo_time_value({2026, 11, 30, 23, 59, 55});
  redo.decide(kParent).commit(kOther);
  const Scn other = redo.scn;
  redo.time = redo::redo_time_value({2026, 12, 1, 0, 0, 4});
  redo.change(kOther2, 4);
  redo.time = redo::redo_time_value({2026, 12, 1, 0, 0, 5});
  redo.commit(kOther2);
  const Scn other2 = redo.scn;
  redo.commit(kChild1, other - 1);
  const Scn child = redo.scn;
  redo.end_parallel(kParent);
  const Told told = redo.run();
  EXPECT_THAT(commits(told),
              ElementsAre(std::pair(other, 13), std::pair(other2, 14), std::pair(child, 11), std::pair(redo.scn, 10)));
  EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("10.1.100 has not ended within 10 s")));
  EXPECT_EQ(told.counters.pdml_unresolved, 1U);
}

TEST(ParallelDml, TheEndOfTheParentsThreadLetsTheGroupGo) {
  Script redo;
  redo.change(kParent, 1).change(kOther, 2);
  redo.decide(kParent).on_thread(2).commit(kOther);
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre("c ID=c103 C=null B=null"));
  EXPECT_EQ(told.counters.pdml_unresolved, 1U);
}

// What was held then is told when the thread has no more, in no record's name.
TEST(ParallelDml, TheEndOfTheParentsThreadLetsGoWhatWasHeld) {
  Script redo;
  redo.change(kParent, 1).change(kOther, 2);
  redo.decide(kParent).on_thread(2).commit(kOther);
  redo.on_thread(1).begin({9, 9, 9});  // the last of its thread
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre("c ID=c103 C=null B=null"));
  EXPECT_EQ(told.counters.pdml_unresolved, 1U);
}

TEST(ParallelDml, ARolledBackParentHoldsNobody) {
  Script redo;
  redo.change(kParent, 1).change(kOther, 2);
  redo.decide(kParent).commit(kOther).roll_back(kParent);
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre("c ID=c103 C=null B=null"));
  EXPECT_EQ(told.counters.pdml_unresolved, 0U);
}

}  // namespace
}  // namespace redoubt::capture
