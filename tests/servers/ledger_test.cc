// The ledger over SQLite and over PostgreSQL: one suite.
#include "ledger/ledger.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "tests/servers/engines.h"

namespace redoubt::ledger {
namespace {

using database::parse_url;
using servers::OverEngines;

// The code of what `action` throws.
template <class Action>
ErrorCode error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kOperation;
}

std::vector<UnitSpec> units(std::string_view subject, std::int64_t count) {
  std::vector<UnitSpec> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back({std::string(subject), i, fmt::format(R"({{"from":{}}})", i)});
  return out;
}

RestorePoint named(std::string_view name) {
  RestorePoint point;
  point.name = name;
  return point;
}

class LedgerTest : public OverEngines {
 protected:
  void SetUp() override {
    OverEngines::SetUp();
    if (IsSkipped()) return;
    if (is("postgresql")) {
      connection().execute(
          "DROP TABLE IF EXISTS redoubt_ledger, redoubt_owner, redoubt_session, redoubt_unit, redoubt_operation, "
          "redoubt_checkpoint, redoubt_point, redoubt_setting CASCADE");
      url_ = engine().url();
    } else {
      url_ = "sqlite:" + (home_.path() / "ledger.db").string();
    }
  }
  std::unique_ptr<Ledger> open() const { return Ledger::open(parse_url(url_)); }
  std::string new_session(Ledger& ledger) {
    return ledger.create_session({"compare", "prod.yaml", "abc", "{}"}, "0.1");
  }

  // Runs `work` in a process of its own.
  template <class Work>
  static pid_t start_process(Work&& work) {
    const pid_t child = fork();
    if (child != 0) return child;
    int status = 0;
    try {
      work();
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}\n", error.what());
      status = 1;
    }
    _exit(status);
  }
  static int status_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }

  servers::TemporaryDirectory home_;
  std::string url_;
};

TEST_P(LedgerTest, ASessionGoesFromRunToRun) {
  const auto ledger = open();
  const std::string id = new_session(*ledger);
  Session s = ledger->session(id.substr(0, 8));
  EXPECT_EQ(s.id, id);
  EXPECT_EQ(s.state, SessionState::kRunning);
  EXPECT_TRUE(s.owner.alive);
  EXPECT_FALSE(s.interrupted());
  EXPECT_EQ(s.owner.process, this_process());
  ledger->end_session(id, SessionState::kStopped, 2.5, R"({"why":"test"})");
  s = ledger->session(id);
  EXPECT_EQ(s.state, SessionState::kStopped);
  EXPECT_EQ(s.owner.token, "");
  ledger->claim_session(id);
  ledger->end_session(id, SessionState::kCompleted, 1.5, "{}");
  EXPECT_DOUBLE_EQ(ledger->session(id).run_seconds, 4.0);
  EXPECT_EQ(error_of([&] { ledger->end_session(id, SessionState::kFailed, 0, "{}"); }), ErrorCode::kBusy);
  EXPECT_EQ(error_of([&] { ledger->session("ffff-none"); }), ErrorCode::kUnknown);
  EXPECT_EQ(error_of([&] { ledger->session(""); }), ErrorCode::kUnknown);
  EXPECT_EQ(ledger->sessions("compare").size(), 1U);
  EXPECT_EQ(ledger->sessions("load").size(), 0U);
  ledger->remove_session(id);
  EXPECT_EQ(ledger->sessions().size(), 0U);
}

TEST_P(LedgerTest, ALiveOwnerKeepsOthersOutAndADeadOneDoesNot) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t other = start_process([&] {
    const auto theirs = open();
    const std::string id = new_session(*theirs);
    if (write(pipe[1], id.data(), id.size()) < 0) _exit(1);
    pause();
  });
  std::string id(36, ' ');
  ASSERT_EQ(read(pipe[0], id.data(), id.size()), 36);
  const auto ledger = open();
  try {
    ledger->claim_session(id);
    ADD_FAILURE() << "a session of a live process was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBusy);
    EXPECT_NE(std::string(error.what()).find(fmt::format("process {}", other)), std::string::npos) << error.what();
  }
  EXPECT_EQ(error_of([&] { ledger->remove_session(id); }), ErrorCode::kBusy);
  ::kill(other, SIGKILL);
  status_of(other);
  EXPECT_TRUE(ledger->session(id).interrupted());
  ledger->claim_session(id);
  EXPECT_TRUE(ledger->session(id).owner.alive);
}

TEST_P(LedgerTest, AnotherProcessOfTheSameNumberOrAnotherBootIsNotTheOwner) {
  const auto ledger = open();
  const std::string id = new_session(*ledger);
  const auto direct = database::connect(parse_url(url_));
  // The same number, started at another time: the number was used again.
  direct->execute("UPDATE redoubt_owner SET started = started - 1");
  EXPECT_TRUE(ledger->session(id).interrupted());
  direct->execute("UPDATE redoubt_owner SET started = started + 1");
  EXPECT_FALSE(ledger->session(id).interrupted());
  // Another machine: its lease decides, by the ledger's clock.
  direct->execute("UPDATE redoubt_owner SET machine = 'elsewhere'");
  EXPECT_FALSE(ledger->session(id).interrupted());
  direct->execute(fmt::format("UPDATE redoubt_owner SET lease_until = {}", ledger->now() - 1));
  EXPECT_TRUE(ledger->session(id).interrupted());
  ledger->renew();
  EXPECT_FALSE(ledger->session(id).interrupted());
  // Our own process lives, whatever the clock says of its lease.
  direct->execute(fmt::format("UPDATE redoubt_owner SET lease_until = 0, machine = '{}'", this_process().machine));
  EXPECT_FALSE(ledger->session(id).interrupted());
}

TEST_P(LedgerTest, UnitsAreDoneWithTheirResults) {
  const auto ledger = open();
  const std::string session = new_session(*ledger);
  ledger->plan(session, units("HR.EMPLOYEES", 5));
  ledger->plan(session, units("HR.EMPLOYEES", 6));  // what is planned stays, what is new comes behind
  const std::vector<Unit> first = ledger->claim(session, 2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].number, 0);
  EXPECT_EQ(first[1].plan, R"({"from":1})");
  EXPECT_EQ(first[0].attempt, 1);
  ledger->finish({{&first[0], R"({"rows":10})"}});
  ledger->fail(first[1], "ORA-01555", "snapshot too old");
  Counts counts = ledger->counts(session)["HR.EMPLOYEES"];
  EXPECT_EQ(counts.total(), 6);
  EXPECT_EQ(counts.done, 1);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.pending, 4);
  // Not twice, and not what is not ours.
  EXPECT_EQ(error_of([&] { ledger->finish({{&first[0], "{}"}}); }), ErrorCode::kBusy);
  EXPECT_EQ(error_of([&] { ledger->fail(first[0], "", ""); }), ErrorCode::kBusy);
  EXPECT_EQ(ledger->retry(session), 1);
  const std::vector<Unit> rest = ledger->claim(session, 100);
  ASSERT_EQ(rest.size(), 5U);
  EXPECT_EQ(rest[0].number, 1);
  EXPECT_EQ(rest[0].attempt, 2);
  ledger->release({rest[4]});
  EXPECT_EQ(ledger->counts(session)["HR.EMPLOYEES"].pending, 1);
  // All or none.
  EXPECT_EQ(error_of([&] { ledger->finish({{&rest[0], "{}"}, {&rest[4], "{}"}}); }), ErrorCode::kBusy);
  EXPECT_EQ(ledger->counts(session)["HR.EMPLOYEES"].done, 1);
  EXPECT_EQ(ledger->restart(session, "HR.EMPLOYEES", 0), 1);
  EXPECT_EQ(ledger->counts(session)["HR.EMPLOYEES"].done, 0);
  EXPECT_TRUE(ledger->claim(session, 10, "OTHER").empty());
}

TEST_P(LedgerTest, AWorkerThatSeemedDeadCannotWriteItsResult) {
  const auto ledger = open();
  const std::string session = new_session(*ledger);
  ledger->plan(session, units("T", 1));
  auto slow = open();
  const std::vector<Unit> taken = slow->claim(session, 1);
  EXPECT_EQ(ledger->recover(session), 0) << "its owner lives";
  database::connect(parse_url(url_))->execute("UPDATE redoubt_owner SET machine = 'elsewhere', lease_until = 0");
  EXPECT_EQ(ledger->recover(session), 1);
  const std::vector<Unit> again = ledger->claim(session, 1);
  EXPECT_EQ(again.at(0).attempt, 2);
  EXPECT_EQ(error_of([&] { slow->finish({{&taken[0], "late"}}); }), ErrorCode::kBusy);
  ledger->finish({{&again[0], "good"}});
  EXPECT_EQ(error_of([&] { slow->finish({{&taken[0], "later"}}); }), ErrorCode::kBusy);
  ledger->each_unit(session, [](const Unit& unit) {
    EXPECT_EQ(unit.result, "good");
    EXPECT_TRUE(unit.whole);
  });
}

TEST_P(LedgerTest, AResultThatWasTouchedIsNotWhole) {
  const auto ledger = open();
  const std::string session = new_session(*ledger);
  ledger->plan(session, units("T", 2));
  const auto taken = ledger->claim(session, 2);
  ledger->finish({{&taken[0], "a"}, {&taken[1], "b"}});
  const auto direct = database::connect(parse_url(url_));
  direct->execute("UPDATE redoubt_unit SET result = 'c' WHERE number = 1");
  std::vector<bool> whole;
  ledger->each_unit(session, [&](const Unit& unit) { whole.push_back(unit.whole); });
  EXPECT_EQ(whole, (std::vector<bool>{true, false}));
  // The tables themselves refuse "done" without a result.
  EXPECT_THROW(direct->execute("UPDATE redoubt_unit SET result = NULL WHERE number = 0"), database::DatabaseError);
}

TEST_P(LedgerTest, OperationsTakeLegalStepsOnly) {
  const auto ledger = open();
  using enum OperationState;
  const std::vector<OperationState> all = {kPending, kInProgress, kSuccess, kFailed, kRolledBack};
  const std::set<std::pair<OperationState, OperationState>> legal = {{kPending, kInProgress}, {kPending, kFailed},
                                                                     {kInProgress, kSuccess}, {kInProgress, kFailed},
                                                                     {kSuccess, kRolledBack}, {kFailed, kRolledBack}};
  const std::string id = ledger->create_operation({"compress", "HR.T", "", "", R"({"before":"NONE"})"});
  for (const OperationState from : all)
    for (const OperationState to : all)
      if (!legal.contains({from, to})) {
        EXPECT_EQ(error_of([&] { ledger->move(id, from, to); }), ErrorCode::kIntegrity);
      }
  EXPECT_EQ(error_of([&] { ledger->create_operation({"compress", "HR.T", "", "", "{}"}); }), ErrorCode::kBusy);
  EXPECT_EQ(error_of([&] { ledger->move(id, kInProgress, kSuccess); }), ErrorCode::kBusy);
  EXPECT_EQ(error_of([&] { ledger->note(id, "MOVING", true, "{}"); }), ErrorCode::kBusy);
  ledger->move(id, kPending, kInProgress);
  EXPECT_EQ(error_of([&] { ledger->move(id, kPending, kInProgress); }), ErrorCode::kBusy);
  ledger->note(id, "RECORDED", false, R"({"before":"NONE"})");
  ledger->move(id, kInProgress, kFailed, "ORA-01652", "no space");
  EXPECT_EQ(error_of([&] { ledger->move(id, kFailed, kRolledBack); }), ErrorCode::kBusy) << "nothing was changed yet";
  const std::string next = ledger->create_operation({"compress", "HR.T", "", id, "{}"});
  ledger->move(next, kPending, kInProgress);
  ledger->note(next, "MOVING", true, "{}");
  ledger->move(next, kInProgress, kSuccess);
  ledger->move(next, kSuccess, kRolledBack);
  const Operation done = ledger->operation(next);
  EXPECT_EQ(done.state, kRolledBack);
  EXPECT_EQ(done.parent, id);
  EXPECT_EQ(ledger->operation(id).error_code, "ORA-01652");
  EXPECT_EQ(ledger->operations("compress").size(), 2U);
}

TEST_P(LedgerTest, CheckpointsPointsAndSettings) {
  const auto ledger = open();
  EXPECT_FALSE(ledger->newest_checkpoint("orcl"));
  EXPECT_EQ(ledger->save_checkpoint("orcl", "one"), 1);
  EXPECT_EQ(ledger->save_checkpoint("orcl", "two"), 2);
  EXPECT_EQ(ledger->save_checkpoint("other", "x"), 1);
  EXPECT_EQ(ledger->newest_checkpoint("orcl")->body, "two");
  database::connect(parse_url(url_))->execute("UPDATE redoubt_checkpoint SET body = 'tw0' WHERE number = 2");
  EXPECT_EQ(ledger->newest_checkpoint("orcl")->body, "one") << "the newest that is whole";
  ledger->remove_checkpoints("orcl", {1});
  EXPECT_EQ(ledger->checkpoints("orcl").size(), 1U);

  ledger->add_point({"load_sales_1001", "db1", "3764000", 5, 0, true, false, "1001", "load_sales", 1, "note"});
  EXPECT_EQ(error_of([&] { ledger->add_point(named("LOAD_SALES_1001")); }), ErrorCode::kUsage);
  for (const char* name : {"", "1abc", "a b", "a-b", "é"})
    EXPECT_EQ(error_of([&] { ledger->add_point(named(name)); }), ErrorCode::kUsage) << name;
  EXPECT_TRUE(ledger->point("Load_Sales_1001").guaranteed);
  ledger->protect_point("load_sales_1001", true);
  EXPECT_TRUE(ledger->points().at(0).is_protected);
  try {
    ledger->point("load_sale_1001");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnknown);
    EXPECT_NE(std::string(error.what()).find("LOAD_SALES_1001"), std::string::npos) << error.what();
  }
  ledger->drop_point("load_sales_1001");
  EXPECT_TRUE(ledger->points().empty());

  EXPECT_FALSE(ledger->setting("k"));
  ledger->set("k", "1");
  ledger->set("k", "2");
  EXPECT_EQ(ledger->setting("k"), "2");
}

// Two writers look for the next number at the same moment.
TEST_P(LedgerTest, CheckpointsOfSeveralWritersAllGetANumber) {
  open();
  constexpr int kWriters = 4, kEach = 25;
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < kWriters; ++w)
      writers.emplace_back([&, w] {
        const auto ledger = open();
        for (int i = 0; i < kEach; ++i) ledger->save_checkpoint("stream", fmt::format("{}-{}", w, i));
      });
  }
  const auto all = open()->checkpoints("stream");
  std::set<std::string> bodies;
  for (const Checkpoint& c : all) {
    bodies.insert(c.body);
    EXPECT_TRUE(c.whole);
  }
  EXPECT_EQ(bodies.size(), static_cast<std::size_t>(kWriters * kEach));
  ASSERT_EQ(all.size(), bodies.size());
  EXPECT_EQ(all.front().number, kWriters * kEach);
}

TEST_P(LedgerTest, TheNewestCheckpointCostsOneBody) {
  const auto ledger = open();
  const std::string body(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) ledger->save_checkpoint("stream", body);
  const auto time_of = [](auto&& action) {
    const auto start = std::chrono::steady_clock::now();
    action();
    return std::chrono::steady_clock::now() - start;
  };
  const auto all = time_of([&] { EXPECT_EQ(ledger->checkpoints("stream").size(), 40U); });
  const auto newest = time_of([&] { EXPECT_EQ(ledger->newest_checkpoint("stream")->number, 40); });
  EXPECT_LT(newest * 3, all);
}

// A value that the ledger refuses for another reason is not said to be there already.
TEST_P(LedgerTest, OnlyWhatExistsIsSaidToExist) {
  const auto ledger = open();
  RestorePoint point = named("p");
  ledger->add_point(point);
  EXPECT_EQ(error_of([&] { ledger->add_point(point); }), ErrorCode::kUsage);
  ledger->create_operation({"rewind", "HR.T", "", "", "{}"});
  EXPECT_EQ(error_of([&] { ledger->create_operation({"rewind", "HR.T", "", "", "{}"}); }), ErrorCode::kBusy);
  // Refused by the database, each for a reason of its own.
  if (is("postgresql")) {
    point.name = "q", point.note = std::string("a\0b", 3);
    EXPECT_EQ(error_of([&] { ledger->add_point(point); }), ErrorCode::kOperation);
    EXPECT_EQ(error_of([&] {
                ledger->create_operation({"rewind", "HR.U", "", "", point.note});
              }),
              ErrorCode::kOperation);
  } else {
    database::connect(parse_url(url_))
        ->execute("CREATE TRIGGER refuse_point BEFORE INSERT ON redoubt_point BEGIN SELECT RAISE(ABORT, 'no'); END");
    database::connect(parse_url(url_))
        ->execute("CREATE TRIGGER refuse BEFORE INSERT ON redoubt_operation BEGIN SELECT RAISE(ABORT, 'no'); END");
    point.name = "q";
    EXPECT_EQ(error_of([&] { ledger->add_point(point); }), ErrorCode::kOperation);
    EXPECT_EQ(error_of([&] { ledger->create_operation({"rewind", "HR.U", "", "", "{}"}); }), ErrorCode::kOperation);
  }
}

TEST_P(LedgerTest, ASessionWithALiveWorkerIsNotRemoved) {
  const auto ledger = open(), worker = open();
  const std::string id = new_session(*ledger);
  ledger->plan(id, units("T", 2));
  ASSERT_EQ(worker->claim(id, 1).size(), 1U);
  ledger->end_session(id, SessionState::kStopped, 1, "{}");
  EXPECT_EQ(error_of([&] { ledger->remove_session(id); }), ErrorCode::kBusy);
  EXPECT_EQ(ledger->counts(id)["T"].total(), 2);
  const auto claimed = ledger->claim(id, 5);  // its own units count too
  EXPECT_EQ(error_of([&] { ledger->remove_session(id); }), ErrorCode::kBusy);
  ledger->release(claimed);
  ledger->restart(id, "T");
  std::vector<Unit> running;
  ledger->each_unit(id, [&](const Unit& unit) {
    if (unit.state == UnitState::kRunning) running.push_back(unit);
  });
  worker->release(running);
  ledger->remove_session(id);
  EXPECT_TRUE(ledger->sessions().empty());
}

TEST_P(LedgerTest, ASessionIsFoundByTheBytesOfItsId) {
  const auto ledger = open();
  const std::string id = new_session(*ledger);
  for (const std::string& prefix : {std::string("%"), std::string("_"), "_" + id.substr(1), id + "0"})
    EXPECT_EQ(error_of([&] { ledger->session(prefix); }), ErrorCode::kUnknown) << prefix;
  EXPECT_EQ(ledger->session(id.substr(0, 1)).id, id);
  EXPECT_TRUE(ledger->session(id).owner.alive);
}

TEST_P(LedgerTest, ANewerLedgerIsRefused) {
  open();
  database::connect(parse_url(url_))->execute("UPDATE redoubt_ledger SET version = 99");
  try {
    open();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_NE(std::string(error.what()).find("version 99"), std::string::npos) << error.what();
  }
}

TEST_P(LedgerTest, ManyProcessesMayCreateItAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) children.push_back(start_process([&] { new_session(*open()); }));
  for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
  EXPECT_EQ(open()->sessions().size(), 8U);
}

// 64 processes, 100,000 units (20,000 on PostgreSQL): each done once.
TEST_P(LedgerTest, EveryUnitIsClaimedByOne) {
  const std::int64_t count = is("sqlite") ? 100'000 : 20'000;
  const auto ledger = open();
  const std::string session = new_session(*ledger);
  ledger->plan(session, units("T", count));
  std::vector<pid_t> children;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 64; ++i)
    children.push_back(start_process([&] {
      const auto mine = open();
      for (;;) {
        const std::vector<Unit> taken = mine->claim(session, 250);
        if (taken.empty()) return;
        std::vector<UnitResult> results;
        const std::string who = std::to_string(getpid());
        for (const Unit& unit : taken) results.push_back({&unit, who});
        mine->finish(results);
      }
    }));
  for (const pid_t child : children) EXPECT_EQ(status_of(child), 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::int64_t done = 0;
  std::set<std::string> workers;
  ledger->each_unit(session, [&](const Unit& unit) {
    done += unit.state == UnitState::kDone && unit.attempt == 1 && unit.whole;
    workers.insert(unit.result);
  });
  EXPECT_EQ(done, count);
  EXPECT_GT(workers.size(), 1U);
  fmt::print("{} units claimed and done by {} processes in {:.1f} s: {:.0f} transitions/s\n", count, workers.size(),
             seconds, 2.0 * static_cast<double>(count) / seconds);
}

// Writers are killed at random instants, REDOUBT_KILLS of them (100; ./do soak takes 1,000): no unit is lost, none is
// done without its result.
TEST_P(LedgerTest, WritersMayDieAtAnyInstant) {
  const char* wanted = std::getenv("REDOUBT_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 100;
  const std::uint64_t seed = 20261124;
  std::mt19937_64 random(seed);
  SCOPED_TRACE(fmt::format("seed {}", seed));
  auto ledger = open();
  const std::string session = new_session(*ledger);
  std::int64_t planned = 0;
  for (int kill = 0; kill < kills; ++kill) {
    if (kill % 50 == 0) {
      std::vector<UnitSpec> more = units(fmt::format("T{}", kill), 400);
      ledger->plan(session, more);
      planned += static_cast<std::int64_t>(more.size());
    }
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe(ready.data()), 0);
    const pid_t child = start_process([&] {
      const auto mine = open();
      if (write(ready[1], "!", 1) != 1) return;
      for (;;) {
        mine->recover(session);
        const std::vector<Unit> taken = mine->claim(session, 3);
        std::vector<UnitResult> results;
        std::vector<std::string> texts;
        texts.reserve(taken.size());
        for (const Unit& unit : taken) {
          texts.push_back(fmt::format("{}/{}", unit.subject, unit.number));
          results.push_back({&unit, texts.back()});
        }
        mine->finish(results);
        mine->save_checkpoint("stream", "whole");
      }
    });
    // One in four dies while it opens the ledger.
    char ready_byte = 0;
    if (random() % 4 != 0) {
      ASSERT_EQ(read(ready[0], &ready_byte, 1), 1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    ::kill(child, SIGKILL);
    status_of(child);
    close(ready[0]), close(ready[1]);
  }
  ledger = open();  // which checks the file
  const auto late = [&] { return ledger->claim(session, 1000); };
  ledger->recover(session);
  std::int64_t before = 0;
  ledger->each_unit(session, [&](const Unit& unit) { before += unit.state == UnitState::kDone; });
  for (std::vector<Unit> taken = late(); !taken.empty(); taken = late()) {
    std::vector<UnitResult> results;
    std::vector<std::string> texts;
    texts.reserve(taken.size());
    for (const Unit& unit : taken) {
      texts.push_back(fmt::format("{}/{}", unit.subject, unit.number));
      results.push_back({&unit, texts.back()});
    }
    ledger->finish(results);
  }
  std::int64_t done = 0;
  ledger->each_unit(session, [&](const Unit& unit) {
    done +=
        unit.state == UnitState::kDone && unit.whole && unit.result == fmt::format("{}/{}", unit.subject, unit.number);
  });
  EXPECT_EQ(done, planned);
  std::int64_t number = 0;
  const std::vector<Checkpoint> checkpoints = ledger->checkpoints("stream");
  for (auto it = checkpoints.rbegin(); it != checkpoints.rend(); ++it) {
    EXPECT_EQ(it->number, ++number) << "a checkpoint is lost";
    EXPECT_TRUE(it->whole);
  }
  fmt::print("{} writers killed; {} of {} units were done by them, {} checkpoints\n", kills, before, planned, number);
}

INSTANTIATE_TEST_SUITE_P(Servers, LedgerTest, testing::Values("sqlite", "postgresql"),
                         [](const auto& p) { return p.param; });

// --- files ---

class LedgerFile : public testing::Test {
 protected:
  LedgerFile() : path_((home_.path() / "ledger.db").string()) {}
  std::unique_ptr<Ledger> open() const { return Ledger::open(parse_url("sqlite:" + path_)); }
  std::string make() {
    const auto ledger = open();
    const std::string session = ledger->create_session({"compare", "f", "h", "{}"}, "0.1");
    ledger->plan(session, units("T", 2000));
    const auto taken = ledger->claim(session, 1000);
    std::vector<UnitResult> results;
    for (const Unit& unit : taken) results.push_back({&unit, "result of some length, that it fills pages"});
    ledger->finish(results);
    return session;
  }

  servers::TemporaryDirectory home_;
  std::string path_;
};

TEST_F(LedgerFile, ACutOffFileIsRefusedAtEveryLength) {
  make();
  const auto size = std::filesystem::file_size(path_);
  std::string whole(size, 0);
  std::ifstream(path_, std::ios::binary).read(whole.data(), static_cast<std::streamsize>(size));
  for (std::size_t length = 0; length < size; length += length < 8192 ? 509 : 4093) {
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    std::ofstream(path_, std::ios::binary | std::ios::trunc).write(whole.data(), static_cast<std::streamsize>(length));
    EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kIntegrity) << length << " of " << size << " bytes";
  }
}

TEST_F(LedgerFile, TornPagesAreRefusedOrDoNoHarm) {
  const std::string session = make();
  const auto size = std::filesystem::file_size(path_);
  std::string whole(size, 0);
  std::ifstream(path_, std::ios::binary).read(whole.data(), static_cast<std::streamsize>(size));
  std::mt19937_64 random(3);
  int refused = 0, marked = 0, harmless = 0;
  for (int i = 0; i < 300; ++i) {
    std::string torn = whole;
    const std::size_t page = random() % (size / 4096) * 4096, from = page + random() % 8 * 512;
    for (std::size_t at = from; at < page + 4096; ++at) torn[at] = static_cast<char>(random());
    for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    std::ofstream(path_, std::ios::binary | std::ios::trunc).write(torn.data(), static_cast<std::streamsize>(size));
    try {
      const auto ledger = open();
      int wrong = 0;
      ledger->each_unit(session, [&](const Unit& unit) {
        if (unit.state != UnitState::kDone) return;
        if (!unit.whole)
          ++wrong;
        else
          EXPECT_EQ(unit.result, "result of some length, that it fills pages");
      });
      ++(wrong ? marked : harmless);
    } catch (const Error& error) {
      ++refused;
    } catch (const Malformed&) {
      ++refused;
    }
  }
  fmt::print("300 torn pages: {} refused, {} with results marked as not whole, {} of no consequence\n", refused, marked,
             harmless);
  EXPECT_GT(refused, 0);
}

TEST_F(LedgerFile, OtherFilesAreNoLedgers) {
  std::ofstream(path_) << "a letter, and no ledger";
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kIntegrity);
  std::filesystem::remove(path_);
  database::connect(parse_url("sqlite:" + path_))->execute("CREATE TABLE somebody_elses (id integer)");
  EXPECT_EQ(error_of([&] { open(); }), ErrorCode::kIntegrity);
  EXPECT_EQ(error_of([] { Ledger::open(parse_url("mariadb://u@h/d")); }), ErrorCode::kUsage);
  EXPECT_EQ(error_of([] { Ledger::open(parse_url("sqlite:/nowhere/at/all.db")); }), ErrorCode::kOperation);
}

TEST_F(LedgerFile, ABackupIsWholeWhileOthersWrite) {
  const std::string session = make();
  const auto ledger = open();
  std::jthread writer([&](const std::stop_token& stop) {
    const auto other = open();
    while (!stop.stop_requested()) other->save_checkpoint("s", "body");
  });
  const std::string copy = (home_.path() / "copy.db").string();
  for (int i = 0; i < 20; ++i) {
    ledger->back_up(copy);
    const auto copied = Ledger::open(parse_url("sqlite:" + copy));
    EXPECT_EQ(copied->counts(session)["T"].done, 1000);
    copied->each_unit(session, [](const Unit& unit) { EXPECT_TRUE(unit.whole); });
  }
}

}  // namespace
}  // namespace redoubt::ledger
