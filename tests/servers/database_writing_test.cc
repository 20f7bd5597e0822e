// Guarded writing and reading at one moment, on every engine.
#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <thread>

#include "database/check.h"
#include "database/position.h"
#include "database/row_writer.h"
#include "tests/servers/engines.h"

namespace redoubt::database {
namespace {

using servers::OverEngines;

class Writing : public OverEngines {
 protected:
  void SetUp() override {
    OverEngines::SetUp();
    if (IsSkipped()) return;
    if (is("sqlite")) connection().execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    const std::string types =
        is("sqlite") ? "name TEXT, amount NUMERIC, ratio REAL, small REAL, made TEXT, bytes BLOB, doc TEXT"
        : is("postgresql")
            ? "name text, amount numeric, ratio float8, small real, made timestamptz, bytes bytea, doc json"
            : "name varchar(50), amount decimal(40,10), ratio double, small float, made datetime(6), bytes blob, doc "
              "json";
    connection().execute("CREATE TABLE t (id integer PRIMARY KEY, " + types + ")");
    target_ = {"", "t", columns_of(connection(), "", "t"), {0}};
  }
  void TearDown() override {
    if (connection_) connection().execute("DROP TABLE IF EXISTS t");
  }

  // A row with a value of each kind that depends on `n`, and with NULLs for a few.
  void add_row(Batch& batch, std::int64_t id, int n) const {
    batch[0].add_integer(id);
    n % 7 == 6 ? batch[1].add_null()
               : batch[1].add_text(n % 2 ? fmt::format("name {}", n) : fmt::format("NAME {}  ", n));
    if (is("sqlite"))
      batch[2].add_double(n / 8.0);
    else
      batch[2].add_text(fmt::format("{}.0123456789", 12345678901234567LL + n));
    batch[3].add_double(n / 3.0);
    batch[4].add_double(static_cast<double>(static_cast<float>(n) / 3));
    if (is("sqlite"))
      batch[5].add_text("2024-02-29 10:00:00");
    else
      batch[5].add_time(time_of(1'700'000'000'000'000 + n));
    n % 5 == 4 ? batch[6].add_null() : batch[6].add_bytes(std::string("\0\xff", 2) + std::to_string(n));
    batch[7].add_text(fmt::format("{{\"n\" :  {}}}", n));
  }
  std::int64_t count() { return connection().read_row("SELECT count(*) FROM t")[0].integer(0); }

  Target target_;
};

TEST_P(Writing, WhatIsAsExpectedIsChangedAndNothingElse) {
  RowWriter writer(connection(), target_);
  Batch rows(8, 30), changed(8, 30);
  for (int i = 0; i < 30; ++i) add_row(rows, i, i), add_row(changed, i, i + 1);
  Written written = writer.insert(rows);
  EXPECT_EQ(written.rows, 30);
  EXPECT_TRUE(written.refused.empty());
  // Again: every key is taken.
  written = writer.insert(rows);
  EXPECT_EQ(written.rows, 0);
  EXPECT_EQ(written.refused.size(), 30U);
  // Somebody changes row 3, by no more than the case of a letter, and removes row 7.
  connection().execute("UPDATE t SET name = 'NAME 3' WHERE id = 3");
  connection().execute("DELETE FROM t WHERE id = 7");
  written = writer.update(rows, changed);
  EXPECT_EQ(written.rows, 28);
  EXPECT_EQ(written.refused, (std::vector<std::size_t>{3, 7}));
  EXPECT_EQ(connection().read_row("SELECT name FROM t WHERE id = 3")[0].text(0), "NAME 3");
  // Removed only where the change has arrived.
  written = writer.remove(changed);
  EXPECT_EQ(written.rows, 28);
  EXPECT_EQ(written.refused, (std::vector<std::size_t>{3, 7}));
  EXPECT_EQ(count(), 1);
}

TEST_P(Writing, WhatWasReadIsAValidGuard) {
  RowWriter writer(connection(), target_);
  Batch rows(8, 30);
  for (int i = 0; i < 30; ++i) add_row(rows, i, i);
  writer.insert(rows);
  Batch read(8, 100);
  const auto reader = engine().connect();
  ASSERT_TRUE(reader->read("SELECT * FROM t ORDER BY id")->next(read));
  const Written written = writer.remove(read);
  EXPECT_EQ(written.rows, 30);
  EXPECT_TRUE(written.refused.empty());
}

// Every update and delete finds its row by the index of the key.
TEST_P(Writing, RowsAreFoundByTheirKey) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite does not count what it reads";
  connection().execute("DROP TABLE t");
  connection().execute("CREATE TABLE t (name varchar(40) PRIMARY KEY, v integer)");
  RowWriter writer(connection(), {"", "t", columns_of(connection(), "", "t"), {0}});
  Batch rows(2, 5000);
  for (int i = 0; i < 5000; ++i) rows[0].add_text(fmt::format("key {}", i)), rows[1].add_integer(i);
  EXPECT_EQ(writer.insert(rows).rows, 5000);
  connection().execute(is("postgresql") ? "ANALYZE t" : "ANALYZE TABLE t");
  Batch some(2, 200);
  for (int i = 0; i < 200; ++i) some[0].add_text(fmt::format("key {}", i * 20)), some[1].add_integer(i * 20);
  // Rows read one behind the other, as a scan does.
  const auto scanned = [&]() -> std::int64_t {
    if (is("postgresql"))
      return connection()
          .read_row("SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_xact_user_tables")[0]
          .integer(0);
    return std::stoll(std::string(connection()
                                      .read_row("SELECT variable_value FROM information_schema.session_status "
                                                "WHERE variable_name = 'HANDLER_READ_RND_NEXT'")[0]
                                      .text(0)));
  };
  Transaction transaction(connection());
  const std::int64_t before = scanned();
  EXPECT_EQ(writer.remove(some).rows, 200);
  EXPECT_LT(scanned() - before, 5000) << "more than one scan of the table for 200 rows";
  transaction.commit();
}

// A key that a collation takes for another is not the key.
TEST_P(Writing, WhatOnlyACollationTakesForEqualIsRefused) {
  if (is("postgresql")) GTEST_SKIP() << "its collations tell all texts apart";
  connection().execute("DROP TABLE t");
  connection().execute(is("sqlite") ? "CREATE TABLE t (name text COLLATE NOCASE PRIMARY KEY, v text COLLATE RTRIM)"
                                    : "CREATE TABLE t (name varchar(40) PRIMARY KEY, v varchar(40))");
  RowWriter writer(connection(), {"", "t", columns_of(connection(), "", "t"), {0}});
  EXPECT_EQ(writer.insert(database::row("Key", "v")).rows, 1);
  for (const auto& [name, v] : {std::pair{"KEY", "v"}, std::pair{"Key", "v "}})
    EXPECT_EQ(writer.remove(database::row(name, v)).refused.size(), 1U) << name << "|" << v;
  EXPECT_EQ(writer.remove(database::row("Key", "v")).rows, 1);
}

TEST_P(Writing, AnErrorTakesTheWholeBatchBack) {
  connection().execute("DROP TABLE t");
  connection().execute("CREATE TABLE t (id integer PRIMARY KEY, v integer NOT NULL)");
  RowWriter writer(connection(), {"", "t", columns_of(connection(), "", "t"), {0}});
  Batch rows(2, 3);
  for (int i = 0; i < 3; ++i) rows[0].add_integer(i), i == 2 ? rows[1].add_null() : rows[1].add_integer(i);
  EXPECT_THROW(writer.insert(rows), DatabaseError);
  EXPECT_EQ(count(), 0);
}

TEST_P(Writing, ReadersOfASnapshotSeeOneMoment) {
  RowWriter writer(connection(), target_);
  Batch row(8, 1);
  add_row(row, 1, 1);
  writer.insert(row);
  const auto one = engine().connect(), two = engine().connect();
  Connection* const readers[] = {one.get(), two.get()};
  const Snapshot snapshot(readers);
  if (is("postgresql") || is("mariadb"))
    EXPECT_TRUE(snapshot.exact()) << snapshot.doubt();
  else
    EXPECT_FALSE(snapshot.exact());
  row.clear();
  add_row(row, 2, 2);
  writer.insert(row);
  for (Connection* reader : readers)
    EXPECT_EQ(reader->read_row("SELECT count(*) FROM " + snapshot.from("t"))[0].integer(0), 1);
  if (is("postgresql")) {
    const auto late = engine().connect();
    snapshot.join(*late);
    EXPECT_EQ(late->read_row("SELECT count(*) FROM t")[0].integer(0), 1);
    EXPECT_NE(current_position(connection()).text, snapshot.position().text);
    EXPECT_THROW(late->execute("DELETE FROM t"), DatabaseError);
  }
  for (Connection* reader : readers) reader->rollback();
  EXPECT_EQ(one->read_row("SELECT count(*) FROM t")[0].integer(0), 2);
}

// Every commit of the writer changes some rows, adds one and removes another.
TEST_P(Writing, ASnapshotStaysWhileAnotherConnectionCommits) {
  connection().execute("DROP TABLE t");
  connection().execute("CREATE TABLE t (id integer PRIMARY KEY, v integer NOT NULL)");
  Batch rows(2, 100);
  for (int i = 0; i < 100; ++i) rows[0].add_integer(i), rows[1].add_integer(10);
  connection().execute("INSERT INTO t VALUES ($1, $2)", rows);
  const auto writer = engine().connect();
  std::atomic<int> commits = 0;
  std::jthread writing([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      Transaction transaction(*writer);
      writer->execute("UPDATE t SET v = v + 1 WHERE id > $1", database::row(i + 50));
      writer->execute("INSERT INTO t VALUES ($1, 10)", database::row(100 + i));
      writer->execute("DELETE FROM t WHERE id = $1", database::row(i));
      transaction.commit();
      commits = i + 1;
    }
  });
  const auto wait_for_commits = [&](int more) {
    for (const int until = commits + more; commits < until;) std::this_thread::yield();
  };
  wait_for_commits(3);
  const auto one = engine().connect(), two = engine().connect();
  Connection* const readers[] = {one.get(), two.get()};
  const Snapshot snapshot(readers);
  const auto content = [](Connection& reader) {
    std::vector<std::pair<std::int64_t, std::int64_t>> out;
    const auto read = reader.read("SELECT id, v FROM t ORDER BY id");
    Batch batch(2);
    while (read->next(batch))
      for (std::size_t i = 0; i < batch.rows(); ++i) out.emplace_back(batch[0].integer(i), batch[1].integer(i));
    return out;
  };
  const auto first = content(*one), other = content(*two);
  EXPECT_EQ(first.size(), 100U);
  EXPECT_TRUE(!snapshot.exact() || other == first);
  for (int i = 0; i < 5; ++i) {
    wait_for_commits(2);
    EXPECT_EQ(content(*one), first) << "after " << commits << " commits";
    EXPECT_EQ(content(*two), other) << "after " << commits << " commits";
  }
  for (Connection* reader : readers) reader->commit();
  EXPECT_NE(content(*one), first);
}

// A role that has nothing; then what the check prints is executed, and the check is satisfied.
TEST_P(Writing, TheGrantsThatTheCheckPrintsAreWhatIsMissing) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite has no grants";
  if (is("mariadb")) {
    connection().execute("CREATE OR REPLACE USER 'it''s @ guest'@'%' IDENTIFIED BY 'guestbastion'");
    connection().execute("GRANT CREATE TEMPORARY TABLES ON redoubt.* TO 'it''s @ guest'@'%'");  // to be let in
  } else {
    connection().execute("DROP ROLE IF EXISTS \"it's a guest\"");
    connection().execute("CREATE ROLE \"it's a guest\" LOGIN PASSWORD 'guestbastion'");
    connection().execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  }
  Url url = parse_url(engine().server()->url_of("guest", "guestbastion"));
  url.user = is("mariadb") ? "it's @ guest" : "it's a guest";
  const auto missing = [&] {
    std::vector<std::string> grants;
    for (const Finding& finding : check(*connect(url))) {
      EXPECT_EQ(finding.works, finding.grants.empty()) << finding.what << ": " << finding.detail;
      grants.insert(grants.end(), finding.grants.begin(), finding.grants.end());
    }
    return grants;
  };
  const std::vector<std::string> grants = missing();
  EXPECT_GE(grants.size(), 2U);
  EXPECT_THROW(connect(url)->read_row("SELECT count(*) FROM t"), DatabaseError);
  for (const std::string& grant : grants) connection().execute(grant);
  EXPECT_EQ(missing(), std::vector<std::string>());
  EXPECT_EQ(connect(url)->read_row("SELECT count(*) FROM t")[0].integer(0), 0);
  if (is("mariadb")) {
    connection().execute("DROP USER 'it''s @ guest'@'%'");
  } else {
    connection().execute("DROP OWNED BY \"it's a guest\"; DROP ROLE \"it's a guest\"");
  }
}

REDOUBT_OVER_ENGINES(Writing);

}  // namespace
}  // namespace redoubt::database
