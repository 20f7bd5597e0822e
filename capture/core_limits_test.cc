// Redo that would take more memory or time than its size is worth: from a hostile hand, or of a very large load.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/redo_script.h"

namespace redoubt::capture {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr Xid kA{1, 2, 3}, kB{2, 2, 3};
constexpr std::uint32_t kTable = RedoScript::kTable;

Told run(const RedoScript& redo, std::uint64_t memory_max) {
  Core::Options options;
  options.memory_max = memory_max;
  return redo.run(DictionaryTracker({RedoScript::dictionary()}, "APP\\.T"), options);
}
std::string error_of(const RedoScript& redo, std::uint64_t memory_max) {
  try {
    run(redo, memory_max);
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kOperation);
    return e.what();
  }
  return "";
}
RedoScript::Fields row(int n) { return {RedoScript::number(n), {}, {}}; }

TEST(CoreLimits, MemoryOfOpenTransactionsIsLimitedAndTheLargestNamed) {
  RedoScript redo;
  redo.begin(kB).insert(kB, kTable, {1, 0}, row(0));
  redo.begin(kA);
  for (int i = 0; i < 4000; ++i) redo.insert(kA, kTable, {2, static_cast<std::uint16_t>(i)}, row(i));
  const std::string text = error_of(redo, 512 << 10);
  EXPECT_THAT(text, HasSubstr("1.2.3 in container 3, open since SCN 1003, with"));
  EXPECT_THAT(text, HasSubstr("the 2 open transactions hold"));
  EXPECT_THAT(text, HasSubstr("the limit is 524288"));
  EXPECT_THAT(text, HasSubstr("--memory"));
  redo.commit(kA).commit(kB);
  EXPECT_THAT(run(redo, Core::kMemoryMax).rows, SizeIs(4001));
}

// Many small transactions need little at a time.
TEST(CoreLimits, MemoryOfEndedTransactionsIsFreeAgain) {
  RedoScript redo;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    const Xid xid{1, 2, i + 1};
    redo.begin(xid).insert(xid, kTable, {2, 1}, row(1)).commit(xid);
  }
  EXPECT_THAT(run(redo, 512 << 10).transactions, SizeIs(4000));
}

// Such as have no change to tell hold memory as well.
TEST(CoreLimits, MemoryOfIdleTransactionsIsCounted) {
  RedoScript redo;
  for (std::uint16_t i = 0; i < 8000; ++i) redo.begin({1, i, 3});
  EXPECT_THAT(error_of(redo, 512 << 10), HasSubstr("open transactions hold"));
}

// Of one slot only a few can be open: another wrap number each does not make a way to walk ever longer.
TEST(CoreLimits, OneSlotHoldsFewTransactions) {
  RedoScript redo;
  for (std::uint32_t i = 1; i <= 5000; ++i) redo.insert({1, 2, i}, kTable, {2, 1}, row(1));
  const Told told = run(redo, Core::kMemoryMax);
  EXPECT_THAT(told.warnings, SizeIs(5000 - TransactionTable::kSlotMax));
  EXPECT_THAT(told.warnings.front(), HasSubstr("transaction 1.2.1 is one of too many in its slot"));
}

// Each rollback means a change far behind the last ones, which all have to be looked through.
TEST(CoreLimits, FarRollbacksEndBeforeTheyTakeForever) {
  constexpr int kRows = 4000, kBehind = 4000;
  RedoScript redo;
  redo.begin(kA);
  for (int i = 0; i < kRows; ++i) redo.insert(kA, kTable, {2, static_cast<std::uint16_t>(i)}, row(i));
  for (int i = 0; i < kBehind; ++i) redo.insert(kA, kTable, {3, static_cast<std::uint16_t>(i)}, row(i));
  for (int i = 0; i < kRows; ++i) redo.undo_insert(kA, kTable, {2, static_cast<std::uint16_t>(i)});
  redo.commit(kA);
  const Told told = run(redo, Core::kMemoryMax);
  EXPECT_THAT(told.warnings, testing::ElementsAre(HasSubstr("transaction 1.2.3 takes back changes far behind")));
  ASSERT_THAT(told.transactions, SizeIs(1));
  EXPECT_TRUE(told.transactions[0].suspect);
  EXPECT_GT(told.rows.size(), std::size_t{kBehind});

  // In the order of every database they are found at once, however many.
  RedoScript right;
  right.begin(kA);
  for (int i = 0; i < kRows; ++i) right.insert(kA, kTable, {2, static_cast<std::uint16_t>(i)}, row(i));
  for (int i = kRows; i-- > 0;) right.undo_insert(kA, kTable, {2, static_cast<std::uint16_t>(i)});
  right.insert(kA, kTable, {2, 0}, row(1)).commit(kA);
  EXPECT_THAT(run(right, Core::kMemoryMax).rows, SizeIs(1));
  EXPECT_THAT(run(right, Core::kMemoryMax).warnings, testing::IsEmpty());
}

}  // namespace
}  // namespace redoubt::capture
