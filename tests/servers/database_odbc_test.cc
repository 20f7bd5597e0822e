// Any database behind ODBC, as a URL odbc:... names it: a PostgreSQL server by its own driver, and MariaDB's.
#include <fmt/format.h>
#include <fstream>

#include "database/connection_config.h"
#include "database/row_writer.h"
#include "tests/servers/engines.h"

namespace redoubt::database {
namespace {

using servers::engine_under_test;

class Odbc : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (server().missing()) GTEST_SKIP() << *server().missing();
    std::ifstream drivers("/etc/odbcinst.ini");
    const std::string installed{std::istreambuf_iterator<char>(drivers), {}};
    const std::string driver = GetParam() == "postgresql" ? "PostgreSQL Unicode" : "MariaDB Unicode";
    if (installed.find(driver) == installed.npos)
      GTEST_SKIP() << "no ODBC driver " << driver << " here: apt-get install odbc-" << GetParam();
    source_ = fmt::format("odbc:DRIVER={{{}}};SERVER=127.0.0.1;PORT={};DATABASE={}", driver, server().server()->port(),
                          GetParam() == "postgresql" ? "postgres" : "redoubt");
    native_ = server().connect();
    native_->execute("DROP TABLE IF EXISTS t");
    native_->execute("CREATE TABLE t (id integer primary key, v varchar(40))");
  }
  servers::EngineUnderTest& server() const { return engine_under_test(GetParam()); }
  std::string with_user() const { return source_ + ";UID=redoubt;PWD=bastion"; }
  std::int64_t count() { return native_->read_row("SELECT count(*) FROM t")[0].integer(0); }
  template <class Action>
  static Failure failure_of(Action&& action) {
    try {
      action();
    } catch (const DatabaseError& error) {
      EXPECT_EQ(std::string(error.what()).find("bastion"), std::string::npos) << error.what();
      return error.failure();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Failure::kOther;
  }

  std::string source_;
  std::unique_ptr<Connection> native_;
};

TEST_P(Odbc, UserAndPasswordOfTheConfigurationCount) {
  EXPECT_EQ(connect(parse_url(with_user()))->read_row("SELECT 1").rows(), 1U);
  ConnectionConfig config;
  config.dsn = {parse_url(source_ + ";UID=nobody;PWD=wrong")};
  // PostgreSQL's driver has one SQLSTATE for all that goes wrong when it connects.
  EXPECT_EQ(failure_of([&] { connect(config.urls({}).at(0)); }),
            GetParam() == "mariadb" ? Failure::kCredentials : Failure::kConnection);
  const ConfigReport report = read_config_text(
      fmt::format("dsn: '{};UID=nobody;PWD=wrong'\nuser: redoubt\npassword: ${{PW}}\n", source_), "f",
      [&](ConfigKeys& keys) { layout(keys, config); }, [](const char*) { return "bastion"; });
  ASSERT_TRUE(report.problems.empty()) << report.text();
  EXPECT_EQ(connect(config.urls({}).at(0))->read_row("SELECT 1").rows(), 1U);
}

TEST_P(Odbc, RowsAreWrittenOnlyWhereTheyAreAsExpected) {
  const auto connection = connect(parse_url(with_user()));
  if (GetParam() == "mariadb") connection->execute("SET sql_mode = 'ANSI_QUOTES'");  // as the standard has names
  RowWriter writer(*connection, {"", "t", columns_of(*native_, "", "t"), {0}});
  Batch rows(2, 3);
  for (int i = 0; i < 3; ++i) rows[0].add_integer(i), rows[1].add_text(fmt::format("row {}", i));
  EXPECT_EQ(writer.insert(rows).rows, 3);
  const Written again = writer.insert(rows);
  EXPECT_EQ(again.rows, 0);
  EXPECT_EQ(again.refused.size(), 3U);
  EXPECT_EQ(count(), 3);
  Batch changed(2, 3);
  for (int i = 0; i < 3; ++i) changed[0].add_integer(i), i == 0 ? changed[1].add_null() : changed[1].add_text("new");
  native_->execute("UPDATE t SET v = NULL WHERE id = 1");
  EXPECT_EQ(writer.update(rows, changed).refused, std::vector<std::size_t>{1});
  EXPECT_EQ(writer.remove(changed).refused, std::vector<std::size_t>{1});  // a NULL is as expected
  EXPECT_EQ(count(), 1);
}

TEST_P(Odbc, AReadOnlySessionOrTransactionWritesNothing) {
  Options options;
  options.access = Access::kReadOnly;
  const auto session = connect(parse_url(with_user()), options), writer = connect(parse_url(with_user()));
  for (const bool in_transaction : {false, true}) {
    Connection& c = in_transaction ? *writer : *session;
    if (in_transaction) c.begin(Access::kReadOnly);
    EXPECT_EQ(failure_of([&] { c.execute("INSERT INTO t VALUES (1, 'x')"); }), Failure::kPrivilege);
    EXPECT_EQ(failure_of([&] { c.execute("INSERT INTO t VALUES ($1, 'x')", row(2)); }), Failure::kPrivilege);
    EXPECT_EQ(failure_of([&] { c.read("/* a note */ DELETE FROM t"); }), Failure::kPrivilege);
    EXPECT_EQ(failure_of([&] { c.execute("CREATE TABLE other (id integer)"); }), Failure::kPrivilege);
    EXPECT_EQ(failure_of([&] { c.load("t", {{"id", Type::kInteger, "", -1, 0}}); }), Failure::kPrivilege);
    EXPECT_EQ(c.read_row("SELECT count(*) FROM t").rows(), 1U);
    if (in_transaction) c.commit();
  }
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(writer->execute("INSERT INTO t VALUES (1, 'x')"), 1);
  EXPECT_EQ(count(), 1);
}

TEST_P(Odbc, SeveralStatementsAreRefused) {
  const auto connection = connect(parse_url(with_user()));
  EXPECT_EQ(failure_of([&] { connection->execute("INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, ';')"); }),
            Failure::kOther);
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(connection->execute("INSERT INTO t VALUES (1, 'a; b');"), 1);
}

TEST_P(Odbc, RowsComeInArraysOfTheSizeThatIsAskedFor) {
  for (const std::size_t size : {0UL, 1UL, 7UL, 5000UL}) {
    Options options;
    options.fetch_rows = size;
    const auto connection = connect(parse_url(with_user()), options);
    native_->execute("DELETE FROM t");
    Batch rows(2, 100);
    for (int i = 0; i < 100; ++i) rows[0].add_integer(i), rows[1].add_text(fmt::format("row {}", i));
    EXPECT_EQ(connection->execute("INSERT INTO t VALUES ($1, $2)", rows), std::vector<std::int64_t>(100, 1));
    const auto read = connection->read("SELECT id, v FROM t ORDER BY id");
    Batch batch(2, 33);
    int next = 0;
    while (read->next(batch))
      for (std::size_t i = 0; i < batch.rows(); ++i, ++next) {
        EXPECT_EQ(batch[0].integer(i), next);
        EXPECT_EQ(batch[1].text(i), fmt::format("row {}", next));
      }
    EXPECT_EQ(next, 100) << size << " rows per fetch";
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, Odbc, testing::Values("postgresql", "mariadb"),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace redoubt::database
