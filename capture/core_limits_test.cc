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
  EXPECT_THAT(text, HasSubstr("transaction 1.2.3"));
  EXPECT_THAT(text, HasSubstr("open since SCN 1003"));
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

}  // namespace
}  // namespace redoubt::capture
