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

// Every way to write, of which none may work.
void expect_no_writing(Connection& reader) {
  const auto load = [&] {
    const auto loading = reader.load("t", {{"id", Type::kInteger, "", -1, 0}});
    loading->add(row(3));
    loading->finish();
  };
  const auto returning = [&] { reader.read_row("INSERT INTO t VALUES (4) RETURNING id"); };
  EXPECT_EQ(failure_of([&] { reader.execute("INSERT INTO t VALUES (1)"); }), Failure::kPrivilege);
  if (reader.in_transaction()) reader.rollback(), reader.begin(Access::kReadOnly);  // PostgreSQL's has failed
  EXPECT_EQ(failure_of([&] { reader.execute("DELETE FROM t WHERE id = $1", row(2)); }), Failure::kPrivilege);
  if (reader.in_transaction()) reader.rollback(), reader.begin(Access::kReadOnly);
  EXPECT_EQ(failure_of([&] { reader.execute("CREATE TABLE other (id integer)"); }), Failure::kPrivilege);
  if (reader.in_transaction()) reader.rollback(), reader.begin(Access::kReadOnly);
  EXPECT_EQ(failure_of(returning), Failure::kPrivilege);
  if (reader.in_transaction()) reader.rollback(), reader.begin(Access::kReadOnly);
  EXPECT_EQ(failure_of(load), Failure::kPrivilege);
}

TEST_P(Failures, AReadOnlySessionWritesNothing) {
  connection().execute("CREATE TABLE t (id integer primary key)");
  connection().execute("INSERT INTO t VALUES (7)");
  Options options;
  options.access = Access::kReadOnly;
  const auto reader = engine().connect(options);
  expect_no_writing(*reader);
  EXPECT_EQ(failure_of([&] {
              reader->begin();  // as much as the session may
              reader->execute("DELETE FROM t");
            }),
            Failure::kPrivilege);
  reader->rollback();
  EXPECT_EQ(reader->read_row("SELECT id FROM t")[0].integer(0), 7);
}

TEST_P(Failures, AReadOnlyTransactionWritesNothingAndTheNextOneMay) {
  connection().execute("CREATE TABLE t (id integer primary key)");
  connection().execute("INSERT INTO t VALUES (7)");
  connection().begin(Access::kReadOnly);
  expect_no_writing(connection());
  connection().rollback();
  connection().begin(Access::kReadOnly);
  EXPECT_EQ(connection().read_row("SELECT id FROM t")[0].integer(0), 7);
  connection().commit();
  connection().execute("INSERT INTO t VALUES (8)");
  Transaction transaction(connection());
  connection().execute("INSERT INTO t VALUES (9)");
  transaction.commit();
  EXPECT_EQ(count(), 3);
}

// One transaction, or none of it.
TEST_P(Failures, SeveralStatementsAreOneTransactionOrRefused) {
  connection().execute("CREATE TABLE t (id integer primary key)");
  const Failure expected = is("mariadb") ? Failure::kOther : Failure::kConstraint;
  EXPECT_EQ(failure_of([&] { connection().execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2), (1)"); }),
            expected);
  EXPECT_FALSE(connection().in_transaction());
  EXPECT_EQ(count(), 0);
  if (is("mariadb")) return;
  EXPECT_EQ(connection().execute("INSERT INTO t VALUES (1); -- a note\nINSERT INTO t VALUES (2), (3);\n"), 3);
  EXPECT_EQ(count(), 3);
  // In a transaction they are a part of it.
  connection().begin();
  connection().execute("DELETE FROM t; INSERT INTO t VALUES (9)");
  connection().rollback();
  EXPECT_EQ(count(), 3);
}

TEST_P(Failures, APragmaStandsInFront) {
  if (!is("sqlite")) GTEST_SKIP() << "of SQLite only";
  connection().execute("PRAGMA synchronous = OFF; CREATE TABLE t (id integer); INSERT INTO t VALUES (1)");
  EXPECT_EQ(failure_of([&] { connection().execute("INSERT INTO t VALUES (2); PRAGMA foreign_keys = ON"); }),
            Failure::kOther);
  EXPECT_EQ(count(), 1);
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

// By the server's condition, not by its words: these are refused for a reason that is none of the password's.
TEST_P(Failures, RefusedLoginsHaveTheClassOfTheirCondition) {
  if (!is("postgresql")) GTEST_SKIP() << "MariaDB's and SQLite's errors have numbers";
  connection().execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guestbastion' CONNECTION LIMIT 0");
  const std::string guest = engine().server()->url_of("guest", "guestbastion");
  const auto refused = [&](const std::string& url, Failure failure, std::string_view code) {
    try {
      connect(parse_url(url));
      ADD_FAILURE() << "connected";
    } catch (const DatabaseError& error) {
      EXPECT_EQ(error.failure(), failure) << error.what();
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_EQ(std::string(error.what()).find("LOCATION"), std::string::npos) << error.what();
    }
  };
  refused(guest, Failure::kConnection, "53300");  // too many connections
  connection().execute("ALTER ROLE guest NOLOGIN CONNECTION LIMIT 5");
  refused(guest, Failure::kCredentials, "28000");
  connection().execute("ALTER ROLE guest LOGIN");
  connection().execute("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC");
  std::string elsewhere = guest;
  elsewhere.replace(elsewhere.rfind('/') + 1, elsewhere.npos, "template1");
  refused(elsewhere, Failure::kPrivilege, "42501");
  refused(engine().server()->url_of("guest", ""), Failure::kCredentials, "28P01");
  connection().execute("DROP ROLE guest");
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
    connection().execute("CREATE OR REPLACE USER guest@'%' IDENTIFIED BY 'guestbastion'");
    connection().execute("GRANT SELECT ON redoubt.t TO guest@'%'");
  }
  const auto guest = connect(parse_url(engine().server()->url_of("guest", "guestbastion")));
  EXPECT_EQ(guest->read_row("SELECT count(*) FROM t")[0].integer(0), 0);
  EXPECT_EQ(failure_of([&] { guest->execute("INSERT INTO t VALUES (1)"); }), Failure::kPrivilege);
  // MariaDB needs one grant left, or there is no database to be in.
  if (is("mariadb")) {
    connection().execute("CREATE TABLE IF NOT EXISTS other (id integer)");
    connection().execute("GRANT SELECT ON redoubt.other TO guest@'%'");
  }
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

void fill(Connection& connection, std::size_t size = 60'000) {
  const auto load = connection.load("t", {{"v", Type::kText, "", -1, 0}});
  const std::string text(size, 'x');
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

// Only the table's disk is full, and its rows fit into pages: for its log or for long values without room MariaDB's
// server crashes, which is a lost connection.
TEST(FullDisk, Mariadb) {
  if (const auto missing = MariadbServer::missing()) GTEST_SKIP() << *missing;
  const SmallDisk disk("16m");
  if (!disk.mounted()) GTEST_SKIP() << "a small file system can only be mounted by root";
  MariadbServer server;
  const auto connection = connect(parse_url(server.url()));
  connection->execute(fmt::format("CREATE TABLE t (v varchar(4000)) DATA DIRECTORY = '{}'", disk.path().string()));
  EXPECT_EQ(failure_of([&] { fill(*connection, 3'000); }), Failure::kSpace);
  EXPECT_EQ(connect(parse_url(server.url()))->read_row("SELECT count(*) FROM t")[0].integer(0), 0);
}

}  // namespace
}  // namespace redoubt::database
