// What goes wrong between us and a server: each has its documented class, and nothing is half written.
#include <fmt/format.h>
#include <sys/mount.h>
#include <cstdlib>
#include <thread>

#include "tests/servers/engines.h"

namespace redoubt::database {
namespace {

using servers::MariadbServer;
using servers::OverEngines;
using servers::PostgresqlServer;
using servers::Relay;

// The class of what `action` throws; fails if it does not.
template <class Action>
Failure failure_of(Action&& action) {
  try {
    action();
  } catch (const DatabaseError& error) {
    EXPECT_NE(error.code(), "") << error.what();
    EXPECT_NE(error.place(), "") << error.what();
    EXPECT_EQ(std::string(error.what()).find("bastion"), std::string::npos) << "the password is in: " << error.what();
    return error.failure();
  }
  ADD_FAILURE() << "nothing was thrown";
  return Failure::kOther;
}

class Failures : public OverEngines {
 protected:
  void TearDown() override {
    if (connection_) connection().execute("DROP TABLE IF EXISTS t");
  }
  std::int64_t count() { return engine().connect()->read_row("SELECT count(*) FROM t")[0].integer(0); }
  // A query that takes long.
  std::string slow() const {
    if (is("postgresql")) return "SELECT pg_sleep(60)::text";
    if (is("mariadb")) return "SELECT count(*) FROM seq_1_to_100000 a, seq_1_to_100000 b WHERE a.seq + b.seq < 0";
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
  }
};

TEST_P(Failures, UnknownTableAndColumn) {
  EXPECT_EQ(failure_of([&] { connection().execute("SELECT * FROM nowhere"); }), Failure::kObject);
  EXPECT_EQ(failure_of([&] { connection().read("SELECT * FROM nowhere"); }), Failure::kObject);
  connection().execute("CREATE TABLE t (id integer primary key)");
  EXPECT_EQ(failure_of([&] { connection().read("SELECT absent FROM t"); }), Failure::kObject);
  EXPECT_EQ(connection().read_row("SELECT 1")[0].integer(0), 1);
}

TEST_P(Failures, AFailedRowTakesTheWholeBatchBack) {
  connection().execute("CREATE TABLE t (id integer primary key)");
  Batch rows(1, 4);
  for (const int id : {1, 2, 2, 3}) rows[0].add_integer(id);
  EXPECT_EQ(failure_of([&] { connection().execute("INSERT INTO t VALUES ($1)", rows); }), Failure::kConstraint);
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(failure_of([&] {
              const auto load = connection().load("t", {{"id", Type::kInteger, "", -1, 0}});
              load->add(rows);
              load->finish();
            }),
            Failure::kConstraint);
  EXPECT_EQ(count(), 0);
}

TEST_P(Failures, CancelFromAnotherThread) {
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    connection().cancel();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_of([&] {
              const auto rows = connection().read(slow());
              Batch batch(1);
              rows->next(batch);
            }),
            Failure::kCancelled);
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  EXPECT_EQ(connection().read_row("SELECT 1")[0].integer(0), 1);
  connection().cancel();  // with nothing to cancel
  EXPECT_EQ(connection().read_row("SELECT 1")[0].integer(0), 1);
}

TEST_P(Failures, StatementsHaveTheirTime) {
  Options options;
  options.statement_timeout = std::chrono::milliseconds(300);
  const auto hasty = engine().connect(options);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(failure_of([&] {
              const auto rows = hasty->read(slow());
              Batch batch(1);
              rows->next(batch);
            }),
            Failure::kTimeout);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(hasty->read_row("SELECT 1")[0].integer(0), 1);
}

TEST_P(Failures, AReadOnlySessionWritesNothing) {
  connection().execute("CREATE TABLE t (id integer primary key)");
  Options options;
  options.access = Access::kReadOnly;
  const auto reader = engine().connect(options);
  EXPECT_EQ(failure_of([&] { reader->execute("INSERT INTO t VALUES (1)"); }), Failure::kPrivilege);
  EXPECT_EQ(count(), 0);
}

TEST_P(Failures, ALockedRowIsBusyOrAConflict) {
  connection().execute("CREATE TABLE t (id integer primary key, v integer)");
  connection().execute("INSERT INTO t VALUES (1, 0)");
  Options options;
  options.connect_timeout = std::chrono::milliseconds(300);  // SQLite's patience with locks
  const auto other = engine().connect(options);
  if (is("postgresql")) other->execute("SET lock_timeout = 300");
  if (is("mariadb")) other->execute("SET innodb_lock_wait_timeout = 1");
  Transaction transaction(connection());
  connection().execute("UPDATE t SET v = 1");
  const Failure failure = failure_of([&] { other->execute("UPDATE t SET v = 2"); });
  EXPECT_TRUE(failure == Failure::kBusy || failure == Failure::kConflict) << name_of(failure);
  EXPECT_TRUE(repeatable(failure));
}

TEST_P(Failures, CredentialsAndUnknownDatabases) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite has no users";
  EXPECT_EQ(failure_of([&] { connect(parse_url(engine().server()->url_of("redoubt", "wrong"))); }),
            Failure::kCredentials);
  EXPECT_EQ(failure_of([&] { connect(parse_url(engine().server()->url_of("nobody", "wrong"))); }),
            Failure::kCredentials);
  std::string url = engine().url();
  url.replace(url.rfind('/') + 1, url.npos, "nowhere");
  EXPECT_EQ(failure_of([&] { connect(parse_url(url)); }), Failure::kObject);
}

TEST_P(Failures, NoServerThere) {
  if (is("sqlite")) {
    EXPECT_EQ(failure_of([] { connect(parse_url("sqlite:/nowhere/at/all.db")); }), Failure::kObject);
    return;
  }
  Url url = parse_url(engine().url());
  url.port = 1;
  EXPECT_EQ(failure_of([&] { connect(url); }), Failure::kConnection);
}

TEST_P(Failures, ARevokedGrant) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite has no grants";
  connection().execute("CREATE TABLE t (id integer primary key)");
  if (is("postgresql")) {
    connection().execute(
        "DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guestbastion'; GRANT SELECT ON t TO guest");
  } else {
    connection().execute(
        "CREATE OR REPLACE USER guest@'%' IDENTIFIED BY 'guestbastion'; GRANT SELECT ON redoubt.t TO guest@'%'");
  }
  const auto guest = connect(parse_url(engine().server()->url_of("guest", "guestbastion")));
  EXPECT_EQ(guest->read_row("SELECT count(*) FROM t")[0].integer(0), 0);
  EXPECT_EQ(failure_of([&] { guest->execute("INSERT INTO t VALUES (1)"); }), Failure::kPrivilege);
  // MariaDB needs one grant left, or there is no database to be in.
  if (is("mariadb"))
    connection().execute("CREATE TABLE IF NOT EXISTS other (id integer); GRANT SELECT ON redoubt.other TO guest@'%'");
  connection().execute(is("postgresql") ? "REVOKE SELECT ON t FROM guest"
                                        : "REVOKE SELECT ON redoubt.t FROM guest@'%'");
  EXPECT_EQ(failure_of([&] { guest->read("SELECT id FROM t"); }), Failure::kPrivilege);
  if (is("postgresql")) connection().execute("DROP TABLE t; DROP ROLE guest");
}

TEST_P(Failures, ACutWire) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite has no wire";
  connection().execute("CREATE TABLE t (id integer primary key)");
  Url url = parse_url(engine().url());
  Relay relay(url.port);
  url.port = relay.port();
  {
    const auto over_wire = connect(url);
    over_wire->begin();
    over_wire->execute("INSERT INTO t VALUES (1)");
    relay.cut();
    EXPECT_EQ(failure_of([&] { over_wire->execute("INSERT INTO t VALUES (2)"); }), Failure::kConnection);
  }
  EXPECT_EQ(count(), 0);
  {
    const auto over_wire = connect(url);
    const auto load = over_wire->load("t", {{"id", Type::kInteger, "", -1, 0}});
    load->add(row(3));
    relay.cut();
    EXPECT_EQ(failure_of([&] {
                for (int i = 4; i < 100; ++i) load->add(row(i));
                load->finish();
              }),
              Failure::kConnection);
  }
  EXPECT_EQ(count(), 0);
}

TEST_P(Failures, AKilledServer) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite has no server";
  connection().execute("CREATE TABLE t (id integer primary key)");
  const auto victim = engine().connect();
  victim->begin();
  victim->execute("INSERT INTO t VALUES (1)");
  engine().server()->kill();
  EXPECT_EQ(failure_of([&] { victim->execute("INSERT INTO t VALUES (2)"); }), Failure::kConnection);
  EXPECT_EQ(failure_of([&] { engine().connect(); }), Failure::kConnection);
  engine().server()->start();
  connection_ = engine().connect();
  EXPECT_EQ(count(), 0);
}

TEST_P(Failures, WhatIsNoDatabaseIsTold) {
  if (!is("sqlite")) GTEST_SKIP() << "of files only";
  const servers::TemporaryDirectory home;
  const std::string path = home.path() / "letter.txt";
  FILE* file = fopen(path.c_str(), "w");
  fputs("Dear database, this is a letter and no page of yours at all, however long it may be.\n", file);
  fclose(file);
  EXPECT_EQ(failure_of([&] { connect(parse_url("sqlite:" + path)); }), Failure::kCorrupt);
}

REDOUBT_OVER_ENGINES(Failures);

// A file system of a few MiB, mounted for one test.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& size) {
    mounted_ = mount("tmpfs", home_.path().c_str(), "tmpfs", 0, ("mode=0777,size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(home_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  const std::filesystem::path& path() const { return home_.path(); }

 private:
  servers::TemporaryDirectory home_;
  bool mounted_ = false;
};

void fill(Connection& connection) {
  const auto load = connection.load("t", {{"v", Type::kText, "", -1, 0}});
  const std::string text(60'000, 'x');
  for (int i = 0; i < 20'000; ++i) load->add(row(text + std::to_string(i)));
  load->finish();
}

TEST(FullDisk, Sqlite) {
  const SmallDisk disk("4m");
  if (!disk.mounted()) GTEST_SKIP() << "a small file system can only be mounted by root";
  const std::string url = "sqlite:" + (disk.path() / "t.db").string();
  const auto connection = connect(parse_url(url));
  connection->execute("CREATE TABLE t (v text)");
  EXPECT_EQ(failure_of([&] { fill(*connection); }), Failure::kSpace);
  EXPECT_EQ(connect(parse_url(url))->read_row("SELECT count(*) FROM t")[0].integer(0), 0);
}

TEST(FullDisk, Postgresql) {
  if (const auto missing = PostgresqlServer::missing()) GTEST_SKIP() << *missing;
  const SmallDisk disk("160m");
  if (!disk.mounted()) GTEST_SKIP() << "a small file system can only be mounted by root";
  PostgresqlServer server({"max_wal_size = 64MB", "min_wal_size = 32MB", "wal_level = minimal", "max_wal_senders = 0"},
                          disk.path() / "data");
  const auto connection = connect(parse_url(server.url()));
  connection->execute("CREATE UNLOGGED TABLE t (v text); ALTER TABLE t ALTER v SET STORAGE EXTERNAL");
  EXPECT_EQ(failure_of([&] { fill(*connection); }), Failure::kSpace);
  EXPECT_EQ(connect(parse_url(server.url()))->read_row("SELECT count(*) FROM t")[0].integer(0), 0);
}

}  // namespace
}  // namespace redoubt::database
