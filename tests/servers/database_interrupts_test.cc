// What ends a statement from outside, and what must not: cancel() from another thread, time-outs, servers that fall
// silent, readers and writers that take their time.
#include <fmt/format.h>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/servers/engines.h"

namespace redoubt::database {
namespace {

using servers::OverEngines;
using servers::Relay;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

// The class of what `action` throws within `limit`; fails if it throws nothing or later.
template <class Action>
Failure failure_of(seconds limit, Action&& action) {
  const auto start = Clock::now();
  try {
    action();
  } catch (const DatabaseError& error) {
    EXPECT_LT(Clock::now() - start, limit) << error.what();
    return error.failure();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Failure::kOther;
}

class Interrupts : public OverEngines {
 protected:
  void TearDown() override {
    if (connection_) connection().rollback(), connection().execute("DROP TABLE IF EXISTS t");
  }
  std::int64_t count() { return engine().connect()->read_row("SELECT count(*) FROM t")[0].integer(0); }
  // A query that takes minutes before its first row.
  std::string slow() const {
    if (is("postgresql")) return "SELECT pg_sleep(60)::text";
    if (is("mariadb")) return "SELECT count(*) FROM seq_1_to_100000 a, seq_1_to_100000 b WHERE a.seq + b.seq < 0";
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  }
  // `rows` rows of a number and a text of 100 characters.
  std::string many(int rows) const {
    if (is("postgresql")) return fmt::format("SELECT i, repeat('x', 100) FROM generate_series(1, {}) AS s(i)", rows);
    if (is("mariadb")) return fmt::format("SELECT seq, repeat('x', 100) FROM seq_1_to_{}", rows);
    return fmt::format(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) "
        "SELECT i, printf('%0100d', i) FROM n",
        rows);
  }
  // Rows that no buffer between us and the server holds. MariaDB's driver takes all rows at once, however many.
  int more_than_buffers() const { return is("mariadb") ? 5'000 : 400'000; }
  static std::int64_t read_all(Rows& rows) {
    std::int64_t count = 0;
    Batch batch(rows.columns().size());
    while (rows.next(batch)) count += static_cast<std::int64_t>(batch.rows());
    return count;
  }
  void expect_works(Connection& c) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(c.read_row("SELECT 1")[0].integer(0), 1);
  }
};

TEST_P(Interrupts, CancelFromAnotherThread) {
  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(300));
    connection().cancel();
  });
  EXPECT_EQ(failure_of(seconds(10), [&] { read_all(*connection().read(slow())); }), Failure::kCancelled);
  other.join();
  expect_works(connection());
  connection().cancel();  // with nothing to cancel
  expect_works(connection());
}

TEST_P(Interrupts, CancelOfAStatementThatReadsNothing) {
  connection().execute("CREATE TABLE t (v varchar(100))");
  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(300));
    connection().cancel();
  });
  EXPECT_EQ(failure_of(seconds(10), [&] { connection().execute("INSERT INTO t " + slow()); }), Failure::kCancelled);
  other.join();
  expect_works(connection());
  EXPECT_EQ(count(), 0);
}

// Whether the server is still sending or has sent everything, in a transaction or not.
TEST_P(Interrupts, ACancelBetweenBatchesEndsTheRead) {
  for (const int rows : {3'000, 300'000}) {
    for (const bool transaction : {false, true}) {
      SCOPED_TRACE(fmt::format("{} rows, in a transaction: {}", rows, transaction));
      if (transaction) connection().begin(Access::kReadOnly);
      {
        const auto read = connection().read(many(rows));
        Batch batch(2);
        ASSERT_TRUE(read->next(batch));
        connection().cancel();
        EXPECT_EQ(failure_of(seconds(10), [&] { read->next(batch); }), Failure::kCancelled);
      }
      connection().rollback();
      expect_works(connection());
    }
  }
}

TEST_P(Interrupts, ACancelledLoadLeavesNothing) {
  connection().execute("CREATE TABLE t (id integer)");
  {
    const auto load = connection().load("t", {{"id", Type::kInteger, "", -1, 0}});
    load->add(row(1));
    connection().cancel();
    EXPECT_EQ(failure_of(seconds(10), [&] { load->add(row(2)); }), Failure::kCancelled);
  }
  EXPECT_FALSE(connection().in_transaction());
  expect_works(connection());
  {
    const auto load = connection().load("t", {{"id", Type::kInteger, "", -1, 0}});
    load->add(row(1));
    connection().cancel();
    EXPECT_EQ(failure_of(seconds(10), [&] { load->finish(); }), Failure::kCancelled);
  }
  expect_works(connection());
  EXPECT_EQ(count(), 0);
}

TEST_P(Interrupts, AWaitForALockIsCancelled) {
  connection().execute("CREATE TABLE t (id integer primary key, v integer)");
  connection().execute("INSERT INTO t VALUES (1, 0)");
  const auto other = engine().connect();
  connection().begin();
  connection().execute("UPDATE t SET v = 1");
  std::jthread canceller([&] {
    std::this_thread::sleep_for(milliseconds(300));
    other->cancel();
  });
  EXPECT_EQ(failure_of(seconds(10), [&] { other->execute("UPDATE t SET v = 2"); }), Failure::kCancelled);
  canceller.join();
  connection().rollback();
  EXPECT_EQ(other->execute("UPDATE t SET v = 3"), 1);
}

// Cancelled at any moment of short statements: each ends as if it were not there, or as cancelled, and what begins when
// cancel() has returned and the statement has ended is never hit.
TEST_P(Interrupts, ACancelNeverHitsALaterStatement) {
  std::atomic<int> begun = 0, cancelled = 0;
  constexpr int kRounds = 150;
  std::jthread other([&] {
    for (int round = 1; round <= kRounds; ++round) {
      while (begun < round) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::microseconds(round * 37 % 1500));
      connection().cancel();
      cancelled = round;
    }
  });
  int hit = 0;
  for (int round = 1; round <= kRounds; ++round) {
    begun = round;
    try {
      read_all(*connection().read(many(round % 5 == 0 ? 50'000 : 500)));  // some too long to be missed
    } catch (const DatabaseError& error) {
      ASSERT_EQ(error.failure(), Failure::kCancelled) << error.what();
      ++hit;
    }
    while (cancelled < round) std::this_thread::yield();
    ASSERT_EQ(connection().read_row("SELECT 1")[0].integer(0), 1) << "round " << round;
  }
  EXPECT_GT(hit, 0);
}

TEST_P(Interrupts, StatementsHaveTheirTime) {
  Options options;
  options.statement_timeout = milliseconds(300);
  const auto hasty = engine().connect(options);
  connection().execute("CREATE TABLE t (v varchar(100))");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(failure_of(seconds(8), [&] { read_all(*hasty->read(slow())); }), Failure::kTimeout);
    EXPECT_EQ(failure_of(seconds(8), [&] { hasty->execute("INSERT INTO t " + slow()); }), Failure::kTimeout);
    expect_works(*hasty);
  }
  EXPECT_EQ(count(), 0);
}

// The time is the server's: whoever takes or gives rows may take longer.
TEST_P(Interrupts, TheTimeOfOthersDoesNotCount) {
  Options options;
  options.statement_timeout = seconds(1);
  const auto hasty = engine().connect(options);
  {
    const int all = more_than_buffers();
    const auto rows = hasty->read(many(all));
    Batch batch(2);
    std::int64_t read = 0;
    while (rows->next(batch)) {
      if (read < 3 * static_cast<std::int64_t>(Batch::kRows)) std::this_thread::sleep_for(milliseconds(1300));
      read += static_cast<std::int64_t>(batch.rows());
    }
    EXPECT_EQ(read, all);
  }
  connection().execute("CREATE TABLE t (id integer)");
  const auto load = hasty->load("t", {{"id", Type::kInteger, "", -1, 0}});
  for (int i = 0; i < 3; ++i) {
    load->add(row(i));
    std::this_thread::sleep_for(milliseconds(1300));
  }
  load->finish();
  EXPECT_EQ(count(), 3);
  EXPECT_EQ(failure_of(seconds(8), [&] { read_all(*hasty->read(slow())); }), Failure::kTimeout);
}

// A server that says nothing any more, while the wire seems whole.
TEST_P(Interrupts, ASilentServerIsALostConnection) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite has no wire";
  connection().execute("CREATE TABLE t (id integer)");
  Url url = parse_url(engine().url());
  Relay relay(url.port);
  url.port = relay.port();
  Options options;
  options.connect_timeout = seconds(2);
  options.statement_timeout = seconds(2);
  const auto idle = connect(url, options), reading = connect(url, options), loading = connect(url, options);
  const auto rows = reading->read(many(more_than_buffers()));
  const auto load = loading->load("t", {{"id", Type::kInteger, "", -1, 0}});
  load->add(row(1));
  relay.silence();
  std::vector<std::jthread> threads;  // each waits for its own time to be over
  threads.emplace_back([&] {
    EXPECT_EQ(failure_of(seconds(25), [&] { idle->execute("INSERT INTO t VALUES (1)"); }), Failure::kConnection);
    EXPECT_EQ(failure_of(seconds(2), [&] { idle->execute("INSERT INTO t VALUES (2)"); }), Failure::kConnection);
  });
  if (is("postgresql")) {  // MariaDB's driver has taken all rows at once
    threads.emplace_back([&] { EXPECT_EQ(failure_of(seconds(25), [&] { read_all(*rows); }), Failure::kConnection); });
  }
  threads.emplace_back(
      [&] { EXPECT_EQ(failure_of(seconds(25), [&] { load->add(row(2)), load->finish(); }), Failure::kConnection); });
  threads.emplace_back(
      [&] { EXPECT_EQ(failure_of(seconds(25), [&] { connect(url, options); }), Failure::kConnection); });
  threads.clear();
  EXPECT_TRUE(repeatable(Failure::kConnection));
  EXPECT_EQ(count(), 0);
}

TEST_P(Interrupts, WhoWaitsForASilentServerCanBeCancelled) {
  if (!is("postgresql")) GTEST_SKIP() << "MariaDB's driver waits until query_timeout is over";
  Url url = parse_url(engine().url());
  Relay relay(url.port);
  url.port = relay.port();
  Options options;
  options.statement_timeout = milliseconds(0);
  const auto lost = connect(url, options);
  relay.silence();
  std::jthread other([&] {
    std::this_thread::sleep_for(milliseconds(300));
    lost->cancel();
  });
  EXPECT_EQ(failure_of(seconds(25), [&] { lost->execute("SELECT 1"); }), Failure::kCancelled);
  EXPECT_EQ(failure_of(seconds(2), [&] { lost->execute("SELECT 1"); }), Failure::kConnection);
}

REDOUBT_OVER_ENGINES(Interrupts);

}  // namespace
}  // namespace redoubt::database
