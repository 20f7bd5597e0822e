// The core stopped anywhere and taken up again from its restart point: what both have told is what one run tells,
// whether open transactions hold the restart position or lie in their spill files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "capture/checkpoint.h"
#include "capture/redo_script.h"

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Xid kA{1, 2, 3}, kB{2, 2, 3};
constexpr std::uint32_t kTable = RedoScript::kTable;

RedoScript::Fields row(int n) { return {RedoScript::number(n), {}, {}}; }

class CoreRestart : public testing::Test {
 protected:
  CoreRestart() {
    std::string name = (fs::temp_directory_path() / "core_restart_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~CoreRestart() override { fs::remove_all(directory_); }

  // Feeds `groups` from `point` on for `steps` groups, or to their end; adds to `told`, leaves the point to go on from.
  void run(const RedoScript::Groups& groups, std::size_t steps, Scn save_before, std::optional<RestartPoint>& point,
           Told& told) {
    SpillSpace spill(directory_);
    std::set<std::string> keep;
    if (point)
      for (const RestartPoint::Saved& saved : point->saved) keep.insert(saved.spill.file);
    spill.open(keep);
    Core core(DictionaryTracker({RedoScript::dictionary()}, "APP\\.T"), {.spill = &spill});
    std::map<std::uint16_t, std::uint32_t> next;  // block
    if (point) core.resume(*point);
    for (const auto& [thread, list] : groups) {
      next[thread] = point ? point->threads.at(thread).low.block : 1;
      core.open_thread(thread);
    }
    for (std::size_t n = 0; core.step() && n < steps; ++n) {
      RedoScript::drain(core, told);
      const std::uint16_t thread = core.hungry();
      const auto& list = groups.at(thread);
      const std::uint32_t block = next[thread]++;
      core.feed(thread, block <= list.size() ? &list[block - 1] : nullptr);
    }
    core.step();
    RedoScript::drain(core, told);
    std::map<std::uint16_t, Rba> positions;
    for (const auto& [thread, block] : next) positions[thread] = {1, block, 0};
    // While old redo is read again the old point is the one to go on from.
    if (std::optional<RestartPoint> taken = core.restart_point(positions, save_before)) point = std::move(taken);
    ASSERT_TRUE(point);
    most_saved_ = std::max(most_saved_, point->saved.size());
  }

  fs::path directory_;
  std::size_t most_saved_ = 0;
};

// Transactions of three threads that begin, insert, take back, move and end at random.
RedoScript random_script(std::mt19937& random) {
  RedoScript redo;
  const auto below = [&](unsigned n) { return static_cast<std::uint16_t>(random() % n); };
  struct Open {
    Xid xid;
    std::vector<std::uint16_t> slots;
  };
  std::vector<Open> open;
  std::uint32_t sqn = 0;
  std::uint16_t slot = 0;
  for (int i = 0; i < 300; ++i) {
    redo.on_thread(static_cast<std::uint16_t>(1 + below(3)));
    const unsigned what = below(10);
    if (open.empty() || (what == 0 && open.size() < 12)) {
      Xid xid{static_cast<std::uint16_t>(1 + below(4)), below(6), ++sqn};
      const bool taken = std::any_of(open.begin(), open.end(),
                                     [&](const Open& o) { return o.xid.usn == xid.usn && o.xid.slt == xid.slt; });
      if (taken && below(3) != 0) continue;
      for (const Open& o : open)  // an XID that is open begins again
        if (o.xid.usn == xid.usn && o.xid.slt == xid.slt) xid = o.xid;
      open.push_back({xid, {}});
      redo.begin(xid);
      continue;
    }
    // Of two with one XID the newer ends first, and meanwhile all is its.
    std::size_t at = below(static_cast<unsigned>(open.size()));
    for (std::size_t later = at + 1; later < open.size(); ++later)
      if (open[later].xid == open[at].xid) at = later;
    Open& t = open[at];
    if (what < 7) {
      redo.insert(t.xid, kTable, {7, ++slot}, row(slot));
      t.slots.push_back(slot);
    } else if (what == 7 && !t.slots.empty()) {
      redo.undo_insert(t.xid, kTable, {7, t.slots.back()});
      t.slots.pop_back();
    } else if (what >= 8) {
      below(4) == 0 ? redo.roll_back(t.xid) : redo.commit(t.xid);
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  return redo;
}

TEST_F(CoreRestart, AnywhereAndAsOftenAsOneLikes) {
  std::size_t restarts = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const RedoScript redo = random_script(random);
    const RedoScript::Groups groups = redo.groups();
    const Told whole = redo.run();
    Told told;
    std::optional<RestartPoint> point;
    for (bool last = false; !last; ++restarts) {
      last = random() % 8 == 0;
      const Scn save_before = random() % 2 == 0 ? 0 : 1000 + random() % 300;
      run(groups, last ? ~std::size_t{0} : random() % 120, save_before, point, told);
      if (HasFatalFailure()) return;
    }
    ASSERT_EQ(told.rows, whole.rows) << "seed " << seed;
    ASSERT_EQ(told.transactions.size(), whole.transactions.size()) << "seed " << seed;
    for (std::size_t i = 0; i < whole.transactions.size(); ++i) {
      EXPECT_EQ(told.transactions[i].xid, whole.transactions[i].xid) << "seed " << seed;
      EXPECT_EQ(told.transactions[i].begin_scn, whole.transactions[i].begin_scn) << "seed " << seed;
      EXPECT_EQ(told.transactions[i].commit_index, whole.transactions[i].commit_index) << "seed " << seed;
    }
  }
  EXPECT_GT(most_saved_, 3U);
  std::printf("%zu restarts of 200 scripts, up to %zu transactions in spill files\n", restarts, most_saved_);
}

// What is in its file does not hold the position, and is not read again.
TEST_F(CoreRestart, ASavedTransactionDoesNotHoldThePosition) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1));
  for (std::uint32_t i = 1; i <= 50; ++i) {
    const Xid xid{2, 2, i};
    redo.begin(xid).insert(xid, kTable, {2, 0}, row(100)).commit(xid);
  }
  redo.commit(kA);
  const RedoScript::Groups groups = redo.groups();
  for (const Scn save_before : {Scn{0}, Scn{1002}}) {
    std::optional<RestartPoint> point;
    Told told;
    run(groups, 152, save_before, point, told);
    EXPECT_EQ(point->threads.at(1).low.block, save_before == 0 ? 1U : 153U);
    EXPECT_EQ(point->threads.at(1).holder, save_before == 0 ? kA : Xid{});
    EXPECT_THAT(point->saved, SizeIs(save_before == 0 ? 0 : 1));
    run(groups, 1000, save_before, point, told);
    EXPECT_THAT(told.rows, SizeIs(51));
    EXPECT_THAT(told.warnings, IsEmpty());
  }
}

// A file that is gone or damaged costs reading again from the begin, and nothing else.
TEST_F(CoreRestart, WithoutItsFileATransactionIsReadAgain) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1));
  for (int i = 0; i < 20; ++i) redo.insert(kA, kTable, {1, 1}, row(2));
  redo.begin(kB).insert(kB, kTable, {2, 0}, row(3)).commit(kB).commit(kA);
  const RedoScript::Groups groups = redo.groups();
  const Told whole = redo.run();
  for (const bool damaged : {false, true}) {
    std::optional<RestartPoint> point;
    Told told;
    run(groups, 23, 1010, point, told);
    ASSERT_THAT(point->saved, SizeIs(1));
    const fs::path file = directory_ / point->saved.front().spill.file;
    damaged ? fs::resize_file(file, fs::file_size(file) - 1) : (void)fs::remove(file);
    run(groups, 1000, 0, point, told);
    EXPECT_EQ(told.rows, whole.rows);
    ASSERT_THAT(told.warnings, SizeIs(1));
    EXPECT_THAT(told.warnings.front(), HasSubstr("transaction 1.2.3, open since SCN 1001, have to be read again"));
  }
}

// A position that another reader left: all that commits up to its SCN was told, and is read again from the begin.
TEST_F(CoreRestart, AnImportedPositionTellsNothingTwice) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1)).commit(kA);
  redo.begin(kB).insert(kB, kTable, {2, 0}, row(2)).commit(kB);
  oracle::LoadedDictionary file;
  file.scn = 1003;  // of the first commit
  file.sequence = 1;
  file.offset = 512;
  std::optional<RestartPoint> point = import_position(file, 512).point;
  Told told;
  run(redo.groups(), 1000, 0, point, told);
  ASSERT_THAT(told.transactions, SizeIs(1));
  EXPECT_EQ(told.transactions.front().xid, kB);
}

// Two open transactions with one XID: the newer ends first, each has its own rows.
TEST_F(CoreRestart, OneXidTwice) {
  RedoScript redo;
  redo.begin(kA).insert(kA, kTable, {1, 0}, row(1));
  redo.begin(kA).insert(kA, kTable, {1, 1}, row(2)).commit(kA);
  redo.insert(kA, kTable, {1, 2}, row(3)).commit(kA);
  const Told told = redo.run();
  ASSERT_THAT(told.transactions, SizeIs(2));
  EXPECT_EQ(told.transactions[0].row_count, 1U);
  EXPECT_EQ(told.transactions[1].row_count, 2U);
  ASSERT_THAT(told.warnings, SizeIs(1));
  EXPECT_THAT(told.warnings.front(), HasSubstr("another of this XID"));
}

}  // namespace
}  // namespace redoubt::capture
