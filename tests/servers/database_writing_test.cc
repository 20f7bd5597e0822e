// Guarded writing and reading at one moment, on every engine.
#include <fmt/format.h>
#include <algorithm>

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

REDOUBT_OVER_ENGINES(Writing);

}  // namespace
}  // namespace redoubt::database
