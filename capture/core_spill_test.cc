// Transactions that are larger than memory: what is told is what would have been told with memory enough.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "capture/redo_script.h"

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kTable = RedoScript::kTable;

RedoScript::Fields row(std::size_t n, std::string_view text = "") {
  return {RedoScript::number(static_cast<std::int64_t>(n)), RedoScript::text(text), {}};
}

class CoreSpill : public testing::Test {
 protected:
  CoreSpill() {
    std::string name = (fs::temp_directory_path() / "core_spill_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~CoreSpill() override { fs::remove_all(directory_); }

  static Told run(const RedoScript& redo, std::uint64_t memory_max, SpillSpace* spill) {
    Core::Options options;
    options.memory_max = memory_max;
    options.spill = spill;
    return redo.run(DictionaryTracker({RedoScript::dictionary()}, "APP\\.T"), options);
  }
  // With little memory, and with all that is needed.
  Told same(const RedoScript& redo, std::uint64_t memory_max) {
    const Told whole = run(redo, Core::kMemoryMax, nullptr);
    SpillSpace space(directory_);
    Told told = run(redo, memory_max, &space);
    EXPECT_GT(space.files_made(), 0U) << "nothing was spilled";
    EXPECT_EQ(space.files(), 0U);
    EXPECT_EQ(told.rows, whole.rows);
    EXPECT_EQ(told.rowids, whole.rowids);
    EXPECT_EQ(told.warnings, whole.warnings);
    EXPECT_EQ(told.parts, whole.parts);
    EXPECT_EQ(told.counters.rows, whole.counters.rows);
    EXPECT_EQ(told.counters.transactions, whole.counters.transactions);
    EXPECT_EQ(told.transactions.size(), whole.transactions.size());
    for (std::size_t i = 0; i < std::min(told.transactions.size(), whole.transactions.size()); ++i) {
      EXPECT_EQ(told.transactions[i].xid, whole.transactions[i].xid);
      EXPECT_EQ(told.transactions[i].commit_index, whole.transactions[i].commit_index);
      EXPECT_TRUE(told.transactions[i].last);
    }
    return told;
  }

  fs::path directory_;
};

TEST_F(CoreSpill, OneTransactionLargerThanMemory) {
  RedoScript redo;
  const Xid xid{1, 2, 3};
  redo.begin(xid);
  for (std::size_t i = 0; i < 30000; ++i) redo.insert(xid, kTable, {2, static_cast<std::uint16_t>(i)}, row(i));
  redo.commit(xid);
  const Told told = same(redo, 1 << 20);
  EXPECT_THAT(told.rows, SizeIs(30000));
  EXPECT_THAT(told.transactions, SizeIs(1));
  EXPECT_GE(told.parts, 3U);
}

// Ten at once, with savepoints, changes taken back from far behind, rollbacks, and small ones between.
TEST_F(CoreSpill, ManyInterleavedWithRollbacks) {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(random); };
    constexpr std::uint16_t kOpen = 10;
    RedoScript redo;
    std::vector<std::vector<redo::RowAddress>> rows(kOpen);
    const auto xid = [](std::uint16_t i) { return Xid{1, i, 7}; };
    for (std::uint16_t i = 0; i < kOpen; ++i) redo.begin(xid(i));
    std::uint32_t next = 1;
    for (int step = 0; step < 9000; ++step) {
      // Some are busier than others.
      const auto i = static_cast<std::uint16_t>(below(kOpen) * below(kOpen) / kOpen);
      const std::uint32_t dice = below(1000);
      if (dice < 960 || rows[i].empty()) {
        const redo::RowAddress at{++next, static_cast<std::uint16_t>(below(100))};
        redo.insert(xid(i), kTable, at, row(next, std::string(below(150), 'x')));
        rows[i].push_back(at);
      } else if (dice < 995) {
        for (std::size_t n = 1 + (dice < 962 ? below(500) : below(8)); n > 0 && !rows[i].empty(); --n) {
          redo.undo_insert(xid(i), kTable, rows[i].back());
          rows[i].pop_back();
        }
      } else {
        // Not what a database does; a change far behind is meant.
        const std::size_t n = rows[i].size() - 1 - below(static_cast<std::uint32_t>(rows[i].size()));
        redo.undo_insert(xid(i), kTable, rows[i][n]);
        rows[i].erase(rows[i].begin() + static_cast<std::ptrdiff_t>(n));
      }
      if (below(20) == 0) {
        const Xid small{2, static_cast<std::uint16_t>(step % 30), static_cast<std::uint32_t>(step)};
        ++next;
        redo.begin(small).insert(small, kTable, {next, 1}, row(next)).commit(small);
      }
    }
    std::size_t left = 0;
    for (std::uint16_t i = 0; i < kOpen; ++i) {
      if (i % 4 == 3) {
        redo.roll_back(xid(i));
      } else {
        redo.commit(xid(i));
        left += rows[i].size();
      }
    }
    const Told told = same(redo, 300 << 10);
    EXPECT_GT(told.rows.size(), left);
    EXPECT_THAT(told.warnings, IsEmpty());
  }
}

// F41: each has a few rows; when memory is short all of them go to disk, and not with a file open each.
TEST_F(CoreSpill, TwentyThousandOpenTransactions) {
  constexpr std::uint32_t kCount = 20000;
  const auto xid = [](std::uint32_t i) {
    return Xid{static_cast<std::uint16_t>(i / 100), static_cast<std::uint16_t>(i % 100), 5};
  };
  RedoScript redo;
  for (std::uint32_t i = 0; i < kCount; ++i) redo.begin(xid(i));
  for (std::uint32_t n = 0; n < 3; ++n)
    for (std::uint32_t i = 0; i < kCount; ++i) redo.insert(xid(i), kTable, {i, static_cast<std::uint16_t>(n)}, row(n));
  for (std::uint32_t i = 0; i < kCount; ++i) redo.commit(xid(i));
  const Told told = same(redo, 16 << 20);
  EXPECT_THAT(told.rows, SizeIs(3 * kCount));
}

// What an idle open transaction costs: with two rows of a captured table, and with rows of others, which are not kept.
TEST_F(CoreSpill, IdleTransactionsCostLittle) {
  constexpr std::uint32_t kCount = 20000;
  const auto limit = [&](std::uint32_t obj, std::uint64_t bytes_each) {
    RedoScript redo;
    for (std::uint32_t i = 0; i < kCount; ++i) {
      const Xid xid{static_cast<std::uint16_t>(i / 100), static_cast<std::uint16_t>(i % 100), 5};
      redo.begin(xid).insert(xid, obj, {i, 1}, row(1)).insert(xid, obj, {i, 2}, row(2));
    }
    run(redo, kCount * bytes_each, nullptr);
  };
  EXPECT_NO_THROW(limit(kTable, 2048));
  EXPECT_NO_THROW(limit(RedoScript::kOther, 400));
}

TEST_F(CoreSpill, AFullDiskStopsAndNamesTheLargest) {
  RedoScript redo;
  const Xid large{1, 2, 3}, small{1, 3, 3};
  redo.begin(small).insert(small, kTable, {1, 1}, row(1)).begin(large);
  for (std::size_t i = 0; i < 20000; ++i) redo.insert(large, kTable, {2, static_cast<std::uint16_t>(i)}, row(i));
  redo.commit(large).commit(small);
  {
    SpillSpace space(directory_, 500'000);
    try {
      run(redo, 1 << 20, &space);
      FAIL() << "it was not stopped";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kOperation);
      EXPECT_EQ(e.place(), directory_.string());
      EXPECT_THAT(e.what(), HasSubstr("have reached the limit of 500000 bytes; the largest transactions: 1.2.3 in "
                                      "container 3, open since SCN 1003, with"));
      EXPECT_THAT(e.what(), HasSubstr("; 1.3.3 in container 3"));
      EXPECT_THAT(e.what(), HasSubstr("--spill-limit"));
    }
  }
  EXPECT_TRUE(fs::is_empty(directory_));
}

}  // namespace
}  // namespace redoubt::capture
