#include "capture/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>

namespace redoubt::capture {
namespace {

using testing::ElementsAre;

redo::Group group(std::uint16_t thread, std::initializer_list<Scn> scns) {
  redo::Group g;
  g.thread = thread;
  g.scn = scns.size() == 0 ? 0 : *scns.begin();
  std::uint32_t block = 0;
  for (const Scn scn : scns) {
    redo::Record r;
    r.scn = scn;
    r.rba = {1, ++block, 16};
    g.records.push_back(r);
  }
  return g;
}

// "thread:SCN" of everything that may go now.
std::vector<std::string> released(Merge& merge) {
  std::vector<std::string> records;
  while (const auto run = merge.next())
    for (std::size_t i = run->from; i < run->to; ++i)
      records.push_back(std::to_string(run->group->thread) + ":" + std::to_string(run->group->records[i].scn));
  return records;
}

TEST(Merge, TheSmallestKeyGoesFirst) {
  Merge merge;
  const redo::Group a = group(1, {100, 103, 107}), b = group(2, {101, 104});
  merge.open(1, 0);
  merge.open(2, 0);
  merge.feed(1, a);
  EXPECT_THAT(released(merge), ElementsAre()) << "thread 2 has said nothing yet";
  merge.feed(2, b);
  EXPECT_THAT(released(merge), ElementsAre("1:100", "2:101", "1:103", "2:104")) << "2 may still have 105";
  EXPECT_EQ(merge.watermark(), 104U);
  EXPECT_THAT(merge.hungry(), ElementsAre(2));
  merge.end(2);
  EXPECT_THAT(released(merge), ElementsAre("1:107"));
}

TEST(Merge, ATieIsDecidedByTheThreadAndWaitsForIt) {
  Merge merge;
  const redo::Group a = group(1, {50}), b = group(2, {50});
  merge.open(1, 0);
  merge.open(2, 50);
  merge.feed(1, a);
  EXPECT_THAT(released(merge), ElementsAre()) << "an equal SCN must wait for the bound to pass";
  merge.feed(2, b);
  EXPECT_THAT(released(merge), ElementsAre("1:50")) << "thread 1 may have more of SCN 50, which goes before thread 2";
  EXPECT_TRUE(merge.raise(1, 51));
  EXPECT_THAT(released(merge), ElementsAre("2:50"));
}

TEST(Merge, NobodyWaitsForAThreadThatIsPassed) {
  Merge merge;
  const redo::Group a = group(1, {100, 200}), late = group(2, {50, 120}), again = group(2, {199}), b = group(1, {210});
  merge.open(1, 0);
  merge.open(2, 40);
  merge.feed(1, a);
  EXPECT_THAT(released(merge), ElementsAre());
  merge.pass(2, 150);
  EXPECT_TRUE(merge.passed(2));
  EXPECT_THAT(released(merge), ElementsAre("1:100")) << "for what is above it is waited";
  EXPECT_EQ(merge.front(2), 40U) << "its own bound is what it was";
  merge.feed(2, late);
  EXPECT_THAT(released(merge), ElementsAre("2:50", "2:120")) << "late ones go at once";
  EXPECT_TRUE(merge.passed(2));
  merge.feed(2, again);
  EXPECT_FALSE(merge.passed(2));
  EXPECT_THAT(released(merge), ElementsAre("2:199"));
  merge.raise(2, 201);
  EXPECT_THAT(released(merge), ElementsAre("1:200"));
  merge.pass(2, oracle::kNoScn);
  merge.feed(1, b);
  EXPECT_THAT(released(merge), ElementsAre("1:210"));
  EXPECT_TRUE(merge.passed(2));
  EXPECT_TRUE(merge.raise(2, 209));
  EXPECT_TRUE(merge.passed(2)) << "not caught up with 210 yet";
  EXPECT_TRUE(merge.raise(2, 210));
  EXPECT_FALSE(merge.passed(2));
}

TEST(Merge, BoundsOnlyGrow) {
  Merge merge;
  merge.open(1, 100);
  EXPECT_FALSE(merge.raise(1, 90));
  EXPECT_EQ(merge.front(1), 100U);
  EXPECT_TRUE(merge.raise(1, 110));
  EXPECT_EQ(merge.watermark(), 110U);
  merge.end(1);
  EXPECT_EQ(merge.watermark(), oracle::kNoScn);
  EXPECT_TRUE(merge.all_ended());
  merge.open(1, 200);  // enabled again
  EXPECT_EQ(merge.watermark(), 200U);
}

TEST(Merge, OverlappingGroupsGiveCommitOrder) {
  Merge merge;
  const redo::Group a = group(1, {100, 118, 120}), b = group(2, {105, 106, 107});
  merge.open(1, 0);
  merge.open(2, 0);
  merge.feed(1, a);
  merge.feed(2, b);
  EXPECT_THAT(released(merge), ElementsAre("1:100", "2:105", "2:106", "2:107"));
  EXPECT_EQ(merge.held(1), (Rba{0, 0, 0})) << "the group of 118 has not been released as a whole";
  merge.raise(2, 119);
  EXPECT_THAT(released(merge), ElementsAre("1:118"));
}

// Whatever is fed when: what comes out is everything, in one order, the same every time.
TEST(Merge, TheOrderDoesNotDependOnWhenGroupsCome) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const std::uint16_t threads = static_cast<std::uint16_t>(1 + random() % 8);
    std::vector<std::deque<redo::Group>> logs(threads);
    std::vector<RecordKey> expected;
    for (std::uint16_t t = 0; t < threads; ++t) {
      Scn scn = random() % 20;
      std::uint32_t block = 0;
      for (std::size_t n = random() % 12; n-- > 0;) {
        redo::Group& g = logs[t].emplace_back();
        g.thread = static_cast<std::uint16_t>(t + 1);
        g.scn = scn;
        for (std::size_t r = random() % 5; r-- > 0;) {
          redo::Record record;
          record.scn = scn += random() % 3;
          record.rba = {1, ++block, 16};
          g.records.push_back(record);
          expected.push_back({record.scn, g.thread, 0, record.rba});
        }
      }
    }
    std::sort(expected.begin(), expected.end());
    for (int order = 0; order < 3; ++order) {
      Merge merge;
      std::vector<std::size_t> next(threads);
      for (std::uint16_t t = 1; t <= threads; ++t) merge.open(t, 0);
      std::vector<RecordKey> got;
      while (!merge.all_ended()) {
        while (const auto run = merge.next())
          for (std::size_t i = run->from; i < run->to; ++i)
            got.push_back({run->group->records[i].scn, run->group->thread, 0, run->group->records[i].rba});
        const std::vector<std::uint16_t> hungry = merge.hungry();
        if (hungry.empty()) break;
        const std::uint16_t t = hungry[random() % hungry.size()];
        std::size_t& n = next[t - 1U];
        if (n == logs[t - 1U].size()) {
          merge.end(t);
        } else if (random() % 4 == 0) {
          merge.raise(t, logs[t - 1U][n].scn);
        } else {
          merge.feed(t, logs[t - 1U][n++]);
        }
      }
      while (const auto run = merge.next())
        for (std::size_t i = run->from; i < run->to; ++i)
          got.push_back({run->group->records[i].scn, run->group->thread, 0, run->group->records[i].rba});
      ASSERT_EQ(got, expected) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace redoubt::capture
