// That each item of --cluster makes what it promises; whether it is right, tests/round_trip_test.py asks two readers.
#include "simulate/cluster_events.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "redo/log_reader.h"
#include "redo/transaction_vectors.h"
#include "redo/undo.h"

namespace redoubt::simulate {
namespace {

using Json = nlohmann::json;
using testing::Each;
using testing::ElementsAre;
using testing::Gt;
using testing::SizeIs;

struct Group {
  Scn scn, end_scn;
  std::uint16_t parts;
  std::vector<std::pair<Scn, std::uint16_t>> keys;  // (SCN, sub-SCN) of the records, in the file's order
  std::vector<Xid> undo;                            // of 5.1 vectors
  std::vector<Xid> rolled_back;                     // of 5.4 vectors
};
struct Log {
  redo::RedoHeader header;
  std::vector<Group> groups;
};

class ClusterEventsTest : public testing::Test {
 protected:
  ClusterEventsTest() : directory_(std::filesystem::temp_directory_path() / fmt::format("events_{}", getpid())) {}
  ~ClusterEventsTest() override { std::filesystem::remove_all(directory_); }

  void run(const std::string& events, std::vector<std::string> operations = {}) {
    Options options;
    options.directory = directory_;
    options.seed = 5;
    options.threads = 3;
    options.operations = std::move(operations);
    options.transactions = 200;
    options.types = {"number", "varchar2"};
    std::istringstream names(events);
    for (std::string name; std::getline(names, name, ',');) options.cluster.push_back(name);
    options.log_size = 64U << 10;
    simulate(options);
    read_all(directory_);
  }
  void read_all(const std::filesystem::path& directory) {
    logs_.clear();
    truth_.clear();
    for (const auto& entry : std::filesystem::directory_iterator(directory))
      if (entry.path().extension() == ".dbf") read(entry.path());
    std::ifstream truth(directory / "truth.jsonl");
    for (std::string line; std::getline(truth, line);) truth_.push_back(Json::parse(line));
  }
  // All groups of the thread.
  std::vector<Group> groups(std::uint16_t thread) {
    std::vector<Group> all;
    for (auto& [sequence, log] : logs_[thread]) all.insert(all.end(), log.groups.begin(), log.groups.end());
    return all;
  }

  std::filesystem::path directory_;
  std::map<std::uint16_t, std::map<std::uint32_t, Log>> logs_;  // by thread and sequence
  std::vector<Json> truth_;

 private:
  void read(const std::filesystem::path& path) {
    redo::LogReader reader(path);
    Log log{reader.header(), {}};
    while (const redo::Group* g = reader.next_group()) {
      Group group{g->scn, g->end_scn, g->parts, {}, {}, {}};
      std::vector<std::pair<redo::Rba, std::pair<Scn, std::uint16_t>>> records;
      for (const redo::Record& r : g->records) {
        records.push_back({r.rba, {r.scn, r.sub_scn}});
        std::vector<redo::Vector> vectors;
        redo::parse_vectors(r, reader.vector_header_size(), g->order, vectors);
        for (const redo::Vector& v : vectors) {
          if (v.op == redo::opcode(5, 1)) group.undo.push_back(redo::decode<redo::Ktudb>(v.field(1), g->order).xid);
          if (v.op != redo::opcode(5, 4)) continue;
          const auto end = redo::decode<redo::Ktucm>(v.field(1), g->order);
          if ((end.flg & redo::kEndRolledBack) != 0) group.rolled_back.push_back({v.usn(), end.slt, end.sqn});
        }
      }
      std::sort(records.begin(), records.end());
      for (const auto& [rba, key] : records) group.keys.push_back(key);
      log.groups.push_back(std::move(group));
    }
    logs_[log.header.thread][log.header.block.sequence] = std::move(log);
  }
};

TEST_F(ClusterEventsTest, RowsAreChangedFromOneThreadAfterTheOther) {
  run("shared");
  // The image before is the one behind of another thread's transaction.
  std::map<std::string, std::pair<int, Json>> last;  // by ROWID: thread, image
  int chained = 0;
  for (const Json& t : truth_)
    for (const Json& op : t["ops"]) {
      const auto before = last.find(op["rowid"]);
      if (op["op"] == "u" && before != last.end() && before->second.first != t["thread"]) {
        for (const auto& [column, value] : op["before"].items()) {
          if (before->second.second.contains(column)) {
            EXPECT_EQ(before->second.second[column], value) << t["xid"];
          }
        }
        ++chained;
      }
      last[op["rowid"]] = {t["thread"], op["after"]};
    }
  EXPECT_GT(chained, 50);
}

TEST_F(ClusterEventsTest, CommitsAndGroupsBeginWithOneScn) {
  run("ties");
  int ties = 0, bounds = 0;
  for (std::size_t i = 1; i < truth_.size(); ++i) {
    const auto key = [&](std::size_t at) {
      return std::pair{truth_[at]["commit_scn"].get<Scn>(), truth_[at]["thread"].get<int>()};
    };
    EXPECT_LT(key(i - 1), key(i));
    ties += key(i - 1).first == key(i).first;
  }
  EXPECT_GT(ties, 10);
  for (const Json& t : truth_)
    for (const auto& [thread, logs] : logs_)
      if (thread != t["thread"])
        for (const Group& g : groups(thread)) bounds += g.scn == t["commit_scn"].get<Scn>();
  EXPECT_GT(bounds, 10);
}

TEST_F(ClusterEventsTest, GroupsCoverMany) {
  run("overlap");
  int covered = 0;  // begin later and end earlier
  for (const Group& a : groups(1))
    for (const Group& b : groups(2)) covered += a.scn < b.scn && b.end_scn < a.end_scn;
  EXPECT_GT(covered, 10);
}

TEST_F(ClusterEventsTest, OneThreadWorks) {
  run("skew");
  std::map<int, int> commits;
  for (const Json& t : truth_) ++commits[t["thread"]];
  EXPECT_THAT(commits, testing::Contains(testing::Pair(testing::_, Gt(190))));
}

TEST_F(ClusterEventsTest, OneThreadIsIdle) {
  run("idle");
  std::set<int> threads;
  for (const Json& t : truth_) threads.insert(t["thread"].get<int>());
  EXPECT_THAT(threads, ElementsAre(1, 2));
  EXPECT_THAT(groups(3), SizeIs(Gt(5U)));
  for (const Group& g : groups(3)) EXPECT_THAT(g.keys, SizeIs(1));
}

TEST_F(ClusterEventsTest, LogsEndAtAnyMoment) {
  run("switches");
  for (const auto& [thread, logs] : logs_) {
    int empty = 0, in_a_row = 0, most = 0;
    for (const auto& [sequence, log] : logs) {
      empty += log.groups.empty();
      in_a_row = log.groups.empty() ? in_a_row + 1 : 0;
      most = std::max(most, in_a_row);
    }
    EXPECT_GT(logs.size(), 20U);
    EXPECT_GT(empty, 5);
    EXPECT_GE(most, 9);
  }
}

TEST_F(ClusterEventsTest, ThreadsHaveOtherBlockSizes) {
  run("blocks");
  std::set<std::uint32_t> sizes;
  for (const auto& [thread, logs] : logs_) sizes.insert(logs.begin()->second.header.block_size);
  EXPECT_THAT(sizes, ElementsAre(512, 1024, 4096));
}

TEST_F(ClusterEventsTest, RecordsLieOutOfOrderAndShareScns) {
  run("parts");
  for (const auto thread : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}}) {
    int parts = 0, shared = 0, turned = 0, turned_subs = 0;
    for (const Group& g : groups(thread)) {
      parts += g.parts > 1;
      for (std::size_t i = 1; i < g.keys.size(); ++i) {
        shared += g.keys[i].second > 1;
        turned += g.keys[i].first < g.keys[i - 1].first;
        turned_subs += g.keys[i].first == g.keys[i - 1].first && g.keys[i].second < g.keys[i - 1].second;
      }
    }
    EXPECT_GT(parts, 10);
    EXPECT_GT(shared, 20);
    EXPECT_GT(turned, 10);
    EXPECT_GT(turned_subs, 0);
  }
  std::map<Scn, std::set<int>> threads_of;
  for (const auto& [thread, logs] : logs_)
    for (const Group& g : groups(thread))
      for (const auto& key : g.keys) threads_of[key.first].insert(thread);
  EXPECT_GT(std::count_if(threads_of.begin(), threads_of.end(), [](const auto& t) { return t.second.size() > 1; }), 20);
}

TEST_F(ClusterEventsTest, TransactionsMoveToOtherThreads) {
  run("move");
  std::map<Xid, std::set<int>> threads_of;
  for (const auto& [thread, logs] : logs_)
    for (const Group& g : groups(thread))
      for (const Xid& xid : g.undo) threads_of[xid].insert(thread);
  EXPECT_GT(std::count_if(threads_of.begin(), threads_of.end(), [](const auto& t) { return t.second.size() > 1; }), 20);
}

TEST_F(ClusterEventsTest, XidsAreUsedTwiceAtOnce) {
  run("reuse");
  std::map<std::string, int> commits;
  for (const Json& t : truth_) ++commits[t["xid"]];
  EXPECT_GT(std::count_if(commits.begin(), commits.end(), [](const auto& c) { return c.second > 1; }), 10);
}

TEST_F(ClusterEventsTest, TransactionsSleep) {
  run("sleepers");
  std::map<Xid, std::set<std::uint32_t>> logs_of;
  for (const auto& [thread, logs] : logs_)
    for (const auto& [sequence, log] : logs)
      for (const Group& g : log.groups)
        for (const Xid& xid : g.undo) logs_of[xid].insert(sequence);
  EXPECT_GT(std::count_if(logs_of.begin(), logs_of.end(), [](const auto& t) { return t.second.size() > 2; }), 0);
}

TEST_F(ClusterEventsTest, AThreadIsEnabledLater) {
  run("enable");
  const redo::RedoHeader& first = logs_[3].begin()->second.header;
  EXPECT_EQ(first.block.sequence, 1U);
  EXPECT_EQ(first.enabled_scn.value, first.first_scn.value);
  EXPECT_EQ(groups(3).front().scn, first.first_scn.value);
  EXPECT_GT(first.first_scn.value, logs_[1].begin()->second.header.next_scn.value);
  EXPECT_EQ(logs_[1].begin()->second.header.enabled_threads[0], 0x06);
  EXPECT_EQ(logs_[1].rbegin()->second.header.enabled_threads[0], 0x0E);
  const auto its = std::find_if(truth_.begin(), truth_.end(), [](const Json& t) { return t["thread"] == 3; });
  ASSERT_NE(its, truth_.end());
  EXPECT_LT((*its)["commit_scn"].get<Scn>(), groups(3).front().end_scn + 20);
}

TEST_F(ClusterEventsTest, ThreadsAreDisabledAndEnabledAgain) {
  run("disable");
  int disabled = 0;
  for (const auto& [thread, logs] : logs_) {
    const redo::RedoHeader* before = nullptr;
    for (const auto& [sequence, log] : logs) {
      if (before && before->disabled != 0) {
        ++disabled;
        EXPECT_EQ(before->end_of_thread, 1);
        EXPECT_EQ(log.header.enabled_scn.value, log.header.first_scn.value);
        EXPECT_LT(before->next_scn.value, log.header.first_scn.value);
      } else if (before) {
        EXPECT_EQ(before->next_scn.value, log.header.first_scn.value);
        EXPECT_EQ(before->enabled_scn.value, log.header.enabled_scn.value);
      }
      before = &log.header;
    }
  }
  EXPECT_GT(disabled, 3);
}

TEST_F(ClusterEventsTest, InstancesStopForAWhile) {
  run("restart");
  std::map<Scn, std::uint16_t> by_scn;
  for (const auto& [thread, logs] : logs_)
    for (const Group& g : groups(thread)) by_scn[g.scn] = thread;
  std::map<std::uint16_t, int> without, longest;
  for (const auto& [scn, thread] : by_scn)
    for (const auto& [other, logs] : logs_) {
      without[other] = other == thread ? 0 : without[other] + 1;
      longest[other] = std::max(longest[other], without[other]);
    }
  EXPECT_THAT(longest, Each(testing::Pair(testing::_, Gt(30))));
}

TEST_F(ClusterEventsTest, SurvivorsTakeBackWhatFailedInstancesHadOpen) {
  run("crash");
  std::map<Xid, std::set<int>> changed, rolled_back;
  for (const auto& [thread, logs] : logs_)
    for (const Group& g : groups(thread)) {
      for (const Xid& xid : g.undo) changed[xid].insert(thread);
      for (const Xid& xid : g.rolled_back) rolled_back[xid].insert(thread);
    }
  int elsewhere = 0;
  for (const auto& [xid, threads] : rolled_back) {
    elsewhere += changed[xid] != threads;
    for (const Json& t : truth_) EXPECT_NE(t["xid"], to_text(xid));
  }
  EXPECT_GT(elsewhere, 5);
}

// Commits of DDL are not in the truth: the moment shows by the first row of the new shape.
TEST_F(ClusterEventsTest, TablesGetColumnsWhileOthersWork) {
  run("widen,shape", {"insert", "update", "delete"});
  std::map<std::pair<std::string, std::string>, Scn> added;  // by table and column: the first commit with it
  int at_once = 0, old_shape = 0;
  for (const Json& t : truth_) {
    const auto scn = t["commit_scn"].get<Scn>();
    for (const Json& op : t["ops"]) {
      const std::string table = op["table"];
      for (const auto& [column, value] : op["after"].items())
        if (column.starts_with("ADDED_") && added.emplace(std::pair{table, column}, scn).second)
          at_once += t["ops"].size() <= 2;
      for (const auto& [key, when] : added)
        old_shape += op["op"] == "c" && key.first == table && when < scn && !op["after"].contains(key.second);
    }
  }
  EXPECT_GT(at_once, 5);
  EXPECT_GT(old_shape, 0);
}

TEST_F(ClusterEventsTest, TheDatabaseGoesBackAndOnInANewIncarnation) {
  run("resetlogs");
  const redo::RedoHeader before = logs_[1].begin()->second.header;
  std::map<Xid, Scn> old;  // undo by XID
  for (const auto& [thread, logs] : logs_)
    for (const Group& g : groups(thread))
      for (const Xid& xid : g.undo) old[xid] = g.scn;
  const std::vector<Json> old_truth = truth_;

  read_all(directory_ / "incarnation_2");
  const redo::RedoHeader after = logs_[1].begin()->second.header;
  const Scn scn = after.resetlogs_scn.value;
  EXPECT_GT(after.resetlogs, before.resetlogs);
  EXPECT_EQ(after.previous_resetlogs, before.resetlogs);
  EXPECT_EQ(after.previous_resetlogs_scn.value, before.resetlogs_scn.value);
  EXPECT_NE(after.activation, before.activation);
  ASSERT_THAT(logs_, SizeIs(3));
  for (const auto& [thread, logs] : logs_) {
    EXPECT_EQ(logs.begin()->first, 1U);
    EXPECT_EQ(logs.begin()->second.header.enabled_scn.value, scn);
    EXPECT_GT(logs.begin()->second.header.first_scn.value, scn);
  }
  const auto behind = [&](const Json& t) { return t["commit_scn"].get<Scn>() >= scn; };
  EXPECT_THAT(truth_, SizeIs(Gt(60U)));
  EXPECT_TRUE(std::all_of(truth_.begin(), truth_.end(), behind));
  EXPECT_GT(std::count_if(old_truth.begin(), old_truth.end(), behind), 60);
  int again = 0;  // XIDs of what no longer happened
  for (const auto& [thread, logs] : logs_)
    for (const Group& g : groups(thread))
      for (const Xid& xid : g.undo) again += old.contains(xid) && old[xid] >= scn;
  EXPECT_GT(again, 0);
}

}  // namespace
}  // namespace redoubt::simulate
