// Every type and edge value, on every engine: what the engine's own SQL has written is read, loaded into a second table
// in the engine's fast way and inserted into a third with parameters; then the engine itself says that the three are
// equal, and we read the same from each.
#include <fmt/format.h>
#include <limits>
#include <map>

#include "tests/servers/engines.h"

namespace redoubt::database {
namespace {

using servers::OverEngines;

struct Case {
  std::string column;               // the column's type in DDL
  std::vector<std::string> values;  // SQL literals
};

const std::vector<Case>& cases_of(const std::string& engine) {
  static const std::map<std::string, std::vector<Case>> cases = {
      {"sqlite",
       {{"INTEGER", {"0", "1", "-1", "9223372036854775807", "-9223372036854775807 - 1", "'text'", "1.5", "x'00ff'"}},
        {"REAL", {"0.0", "-0.0", "0.1", "1.7976931348623157e308", "5e-324", "9e999", "-9e999", "'word'"}},
        {"TEXT",
         {"''", "'a'", "'a|b'", "'~'", "' padded '", "'é€😀'", "'line' || char(10) || 'two'", "42", "'it''s'",
          "char(0)"}},
        {"BLOB", {"x''", "x'00'", "x'ff00ff'", "zeroblob(100000)"}},
        {"NUMERIC(10,2)", {"1", "1.5", "'abc'", "-12345.67"}},
        {"DATETIME", {"'2024-02-29 10:00:00'", "'2024-02-29'", "1709200800", "2460369.5"}}}},
      {"postgresql",
       {{"bigint", {"0", "-1", "9223372036854775807", "-9223372036854775808"}},
        {"integer", {"2147483647", "-2147483648"}},
        {"smallint", {"32767", "-32768"}},
        {"numeric",
         {"0", "1", "-1", "0.1", "-0.000000000000000000001", "12345678901234567890.123456789", "1e100", "1e-100",
          "'NaN'", "'Infinity'", "'-Infinity'", "10000", "9999.9999", "0.00010000", "100000000000000000000", "1.50"}},
        {"numeric(12,3)", {"0", "1.5", "-123456789.999", "1000"}},
        {"real", {"0.1", "1.1", "'NaN'", "'Infinity'", "'-Infinity'", "3.4028235e38", "1e-45", "16777217", "-0.0"}},
        {"double precision", {"0.1", "'NaN'", "'Infinity'", "1.7976931348623157e308", "5e-324", "-0.0", "1.0/3"}},
        {"boolean", {"true", "false"}},
        {"text",
         {"''", "'a'", "'a|b'", "'~'", "E'tab\\tnew\\nline\\rback\\\\slash'", "'é€😀'", "'it''s'", "'\\N'", "'\\.'"}},
        {"varchar(10)", {"'abc'", "'abc   '", "''"}},
        {"char(5)", {"'ab'", "''"}},
        {"\"char\"", {"'x'"}},
        {"name", {"'pg_class'"}},
        {"bytea", {"''", "'\\x00'", "'\\x5c5c6e0aff'", "decode(repeat('00ff', 50000), 'hex')"}},
        {"date",
         {"'2024-02-29'", "'0001-01-01'", "'4713-01-01 BC'", "'0044-03-15 BC'", "'infinity'", "'-infinity'",
          "'5874897-12-31'", "'1969-12-31'"}},
        {"timestamp",
         {"'2024-02-29 23:59:59.999999'", "'1969-12-31 23:59:59.999999'", "'0044-03-15 12:00:00 BC'", "'infinity'",
          "'-infinity'", "'294276-12-31 23:59:59.999999'", "'4713-01-01 00:00:00 BC'", "'2000-01-01'"}},
        {"timestamp(3)", {"'2024-02-29 23:59:59.999'"}},
        {"timestamptz", {"'2024-02-29 23:59:59.999999+05:30'", "'infinity'", "'0044-03-15 12:00:00+00 BC'"}},
        {"time", {"'00:00:00'", "'24:00:00'", "'23:59:59.999999'"}},
        {"timetz", {"'10:00:00+02'"}},
        {"interval",
         {"'1 year 2 months 3 days 04:05:06.789'", "'-1 month 1 day -00:00:01'", "'00:00:00'", "'25:00:00'",
          "'-00:00:00.000001'", "'178000000 years'", "'2562047788 hours'"}},
        {"uuid", {"'00000000-0000-0000-0000-000000000000'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"}},
        {"json", {"'{\"b\" : 1,  \"a\":[1,2.50]}'", "'null'"}},
        {"jsonb", {"'{\"b\" : 1, \"a\":[1,2.50]}'", "'\"x\"'"}},
        {"integer[]", {"'{1,2,NULL}'", "'{}'"}},
        {"inet", {"'10.0.0.1/8'"}},
        {"int4range", {"'[1,10)'"}},
        {"xml", {"'<a>1</a>'"}},
        {"bit(5)", {"B'10101'"}},
        {"money", {"'1234.56'"}},
        {"mood", {"'sad'", "'happy'"}},
        {"small_number", {"7"}}}},
      {"mariadb",
       {{"bigint", {"0", "-1", "9223372036854775807", "-9223372036854775808"}},
        {"bigint unsigned", {"0", "18446744073709551615"}},
        {"int", {"2147483647", "-2147483648"}},
        {"int unsigned", {"4294967295"}},
        {"mediumint", {"-8388608"}},
        {"smallint", {"32767", "-32768"}},
        {"tinyint", {"127", "-128"}},
        {"tinyint(1)", {"0", "1", "2"}},
        {"year", {"0", "1901", "2155"}},
        {"decimal(65,30)",
         {"0", "1", "-0.000000000000000000000000000001",
          "99999999999999999999999999999999999.999999999999999999999999999999"}},
        {"decimal(10,0)", {"100", "-9999999999"}},
        {"float", {"0.1", "1.1", "3.40282e38", "16777217", "-0.0", "1e-38"}},
        {"double", {"0.1", "1.7976931348623157e308", "2.2250738585072014e-308", "1e0/3"}},
        {"bit(1)", {"b'0'", "b'1'"}},
        {"bit(12)", {"b'101010101010'", "b'0'"}},
        {"varchar(20)", {"''", "'a'", "'a|b'", "'~'", "' pad '", "'é€😀'", "'it''s'", "'back\\\\slash'", "'tab\\tx'"}},
        {"char(5)", {"'ab'", "''"}},
        {"varchar(10) character set latin1", {"'é'"}},
        {"text", {"''", "'long text'", "repeat('é', 20000)"}},
        {"longtext", {"repeat('xy', 100000)"}},
        {"varbinary(10)", {"x''", "x'00'", "x'ff005c'"}},
        {"binary(4)", {"x'01'", "x'ffffffff'"}},
        {"blob", {"x''", "x'00ff'", "repeat(x'00ff', 30000)"}},
        {"longblob", {"repeat(x'00ff0a', 100000)"}},
        {"date",
         {"'2024-02-29'", "'0000-00-00'", "'2024-00-00'", "'0000-05-01'", "'1000-01-01'", "'9999-12-31'",
          "'0001-01-01'"}},
        {"datetime(6)",
         {"'2024-02-29 23:59:59.999999'", "'0000-05-01 10:00:00'", "'0000-00-00 00:00:00'",
          "'9999-12-31 23:59:59.999999'"}},
        {"datetime", {"'2024-02-29 23:59:59'"}},
        {"timestamp(6) null", {"'2024-02-29 23:59:59.000001'", "'1970-01-01 00:00:01'", "'0000-00-00 00:00:00'"}},
        {"time(6)", {"'00:00:00'", "'838:59:59'", "'-838:59:59'", "'-00:00:00.000001'", "'23:59:59.999999'"}},
        {"enum('sad','happy')", {"'sad'"}},
        {"set('a','b','c')", {"'a,c'", "''"}},
        {"json", {"'{\"b\" : 1,  \"a\":[1,2.50]}'"}},
        {"uuid", {"'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"}},
        {"inet6", {"'2001:db8::1'"}}}}};
  return cases.at(engine);
}

// All rows of a query, as comparable text.
std::vector<std::string> rows_of(Connection& connection, const std::string& sql) {
  std::vector<std::string> out;
  const auto rows = connection.read(sql);
  Batch batch(rows->columns().size(), 7);
  while (rows->next(batch)) {
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      std::string line;
      for (std::size_t i = 0; i < batch.width(); ++i) {
        const Column& column = batch[i];
        TextBuffer time;
        switch (column.storage(row)) {
          case Storage::kNull: line += "NULL|"; break;
          case Storage::kInteger: line += fmt::format("i{}|", column.integer(row)); break;
          case Storage::kDouble: line += fmt::format("d{}|", column.real(row)); break;
          case Storage::kText: line += fmt::format("t{}|", column.text(row)); break;
          case Storage::kBytes:
            line += fmt::format("b{}:{}|", column.text(row).size(), std::hash<std::string_view>()(column.text(row)));
            break;
          case Storage::kDateTime:
            write_time(time, column.time(row), Parts::kTime), line += fmt::format("m{}|", time.view());
            break;
          case Storage::kInterval: {
            const Interval v = column.interval(row);
            line += fmt::format("v{} {} {} {}|", v.months, v.days, v.micros, v.nanos);
          }
        }
      }
      out.push_back(std::move(line));
    }
  }
  return out;
}

class Values : public OverEngines {
 protected:
  void SetUp() override {
    OverEngines::SetUp();
    if (IsSkipped()) return;
    if (is("sqlite"))
      connection().execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");  // a reader beside a writer
    if (is("postgresql")) {
      connection().execute(
          "DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('sad', 'happy');"
          "DROP DOMAIN IF EXISTS small_number; CREATE DOMAIN small_number AS integer CHECK (value < 10)");
    }
  }
  void TearDown() override {
    if (connection_)
      for (const char* table : {"origin", "loaded", "inserted"})
        connection().execute(fmt::format("DROP TABLE IF EXISTS {}", table));
  }
};

// One table with a column of each type: row i has the i-th value of each, and the last row has none.
TEST_P(Values, AreReadAndWrittenBackUnchanged) {
  const std::vector<Case>& cases = cases_of(GetParam());
  std::string columns = "id integer", names = "id", marks = "$1", texts = "id";
  std::size_t rows = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    columns += fmt::format(", v{} {}", i, cases[i].column);
    names += fmt::format(", v{}", i);
    marks += fmt::format(", ${}", i + 2);
    // What the engine itself says of the value, beside what we read.
    if (is("sqlite"))
      texts += fmt::format(", typeof(v{0}) || quote(v{0})", i);
    else if (is("postgresql"))
      texts += fmt::format(", v{}::text", i);
    else
      texts += fmt::format(", hex(v{0}), cast(v{0} as char)", i);
    rows = std::max(rows, cases[i].values.size());
  }
  const std::vector<std::string> tables = {"origin", "loaded", "inserted"};
  for (const std::string& table : tables) connection().execute(fmt::format("CREATE TABLE {} ({})", table, columns));
  for (std::size_t row = 0; row <= rows; ++row) {
    std::string values = std::to_string(row);
    for (const Case& c : cases) values += ", " + (row < c.values.size() ? c.values[row] : "NULL");
    connection().execute(fmt::format("INSERT INTO origin VALUES ({})", values));
  }

  {
    const auto reader = engine().connect();
    const auto origin = reader->read("SELECT * FROM origin ORDER BY id");
    for (const ColumnInfo& column : origin->columns()) EXPECT_NE(column.native, "") << column.name;
    Batch batch(cases.size() + 1, 5);
    const auto load = connection().load("loaded", origin->columns());
    while (origin->next(batch)) load->add(batch);
    load->finish();
  }
  {
    const auto reader = engine().connect();
    const auto origin = reader->read("SELECT * FROM origin ORDER BY id");
    Batch batch(cases.size() + 1, 5);
    while (origin->next(batch))
      EXPECT_EQ(connection().execute(fmt::format("INSERT INTO inserted ({}) VALUES ({})", names, marks), batch),
                std::vector<std::int64_t>(batch.rows(), 1));
  }

  const auto all_of = [&](const std::string& list, const std::string& table) {
    return rows_of(connection(), fmt::format("SELECT {} FROM {} ORDER BY id", list, table));
  };
  const std::vector<std::string> read = all_of("*", "origin"), said = all_of(texts, "origin");
  ASSERT_EQ(read.size(), rows + 1);
  EXPECT_EQ(read[0].find("|NULL|"), read[0].npos) << "every type has a first value: " << read[0];
  for (const char* table : {"loaded", "inserted"}) {
    SCOPED_TRACE(table);
    EXPECT_EQ(all_of("*", table), read);
    EXPECT_EQ(all_of(texts, table), said);
  }
}

TEST_P(Values, ManyRowsComeInBatchesThatKeepTheirLimits) {
  connection().execute("CREATE TABLE origin (id integer, v text)");
  const auto load = connection().load("origin", {{"id", Type::kInteger, "", -1, 0}, {"v", Type::kText, "", -1, 0}});
  Batch batch(2, 1000);
  for (int i = 0; i < 10'000; ++i) {
    batch[0].add_integer(i);
    batch[1].add_text(std::string(static_cast<std::size_t>(i % 97), 'x'));
    if (batch.full()) load->add(batch), batch.clear();
  }
  load->finish();
  const auto rows = connection().read("SELECT id, v FROM origin ORDER BY id");
  Batch read(2, 333);
  int next = 0;
  while (rows->next(read)) {
    ASSERT_LE(read.rows(), 333U);
    for (std::size_t row = 0; row < read.rows(); ++row, ++next) {
      ASSERT_EQ(read[0].integer(row), next);
      ASSERT_EQ(read[1].text(row).size(), static_cast<std::size_t>(next % 97));
    }
  }
  EXPECT_EQ(next, 10'000);
}

TEST_P(Values, ParametersStandWhereTheyAreNamed) {
  const std::string both = is("mariadb") ? "concat($2, '$1')" : "$2 || '$1'";
  const Batch one = connection().read_row("SELECT $2, $1, " + both + "  -- $3\n", row("it's \\ a", "b"));
  EXPECT_EQ(one[0].text(0), "b");
  EXPECT_EQ(one[1].text(0), "it's \\ a");
  EXPECT_EQ(one[2].text(0), "b$1");
}

TEST_P(Values, BytesAreAParameterOfEveryKindOfQuery) {
  connection().execute(fmt::format("CREATE TABLE origin (id {}, v {})", is("postgresql") ? "uuid" : "varbinary(16)",
                                   is("postgresql") ? "bytea" : "varbinary(16)"));
  const std::string bytes("\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11", 16);
  Batch key(2, 1);
  key[0].add_bytes(bytes), key[1].add_bytes(bytes);
  connection().execute("INSERT INTO origin VALUES ($1, $2)", key);
  const auto read = [&](const std::string& sql) {
    const Batch found = connection().read_row(sql, key);
    ASSERT_EQ(found.rows(), 1U) << sql;
    EXPECT_EQ(found[0].text(0), bytes);
  };
  read("SELECT id FROM origin WHERE id = $1 AND v = $2");
  if (is("mariadb")) return;  // which returns nothing of an UPDATE
  EXPECT_EQ(connection().read_row("UPDATE origin SET v = v WHERE id = $1 AND v = $2 RETURNING 1", key).rows(), 1U);
}

// MariaDB and PostgreSQL keep the moment, in UTC; the offset is Oracle's to keep.
TEST_P(Values, AMomentWithAnOffsetStaysTheSameMoment) {
  if (is("sqlite")) GTEST_SKIP() << "SQLite has no moments";
  connection().execute(fmt::format("CREATE TABLE origin (v {})", is("postgresql") ? "timestamptz" : "datetime(6)"));
  DateTime time;
  ASSERT_TRUE(read_time("2024-03-01 04:59:59.5+05:30", time));
  connection().execute("INSERT INTO origin VALUES ($1)", row(time));
  EXPECT_EQ(rows_of(connection(), "SELECT v FROM origin"), std::vector<std::string>{"m2024-02-29 23:29:59.5|"});
}

TEST_P(Values, AZeroByteInATextIsRefusedAndTheConnectionGoesOn) {
  if (!is("postgresql")) GTEST_SKIP() << "of PostgreSQL only";
  connection().execute("CREATE TABLE origin (v text)");
  Batch rows(1, 2);
  rows[0].add_text("a"), rows[0].add_text(std::string_view("a\0b", 3));
  try {
    connection().execute("INSERT INTO origin VALUES ($1)", rows);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.failure(), Failure::kConstraint);
  }
  EXPECT_EQ(rows_of(connection(), "SELECT count(*) FROM origin"), std::vector<std::string>{"i0|"});
}

TEST_P(Values, WhatMariadbHasNoFormForIsRefused) {
  if (!is("mariadb")) GTEST_SKIP() << "of MariaDB only";
  connection().execute("CREATE TABLE origin (v datetime(6))");
  DateTime time;
  for (const char* text : {"0044-03-15 12:00:00 BC", "infinity"}) {
    ASSERT_TRUE(read_time(text, time));
    try {
      connection().execute("INSERT INTO origin VALUES ($1)", row(time));
      ADD_FAILURE() << text;
    } catch (const DatabaseError& error) {
      EXPECT_EQ(error.failure(), Failure::kConstraint);
      EXPECT_EQ(error.code(), "22007");
    }
  }
}

TEST_P(Values, AnAbandonedLoadLeavesNothing) {
  connection().execute("CREATE TABLE origin (id integer primary key)");
  {
    const auto load = connection().load("origin", {{"id", Type::kInteger, "", -1, 0}});
    load->add(row(1));
  }
  EXPECT_EQ(rows_of(connection(), "SELECT count(*) FROM origin"), std::vector<std::string>{"i0|"});
  // In a transaction only the load is taken back.
  Transaction transaction(connection());
  connection().execute("INSERT INTO origin VALUES (7)");
  {
    const auto load = connection().load("origin", {{"id", Type::kInteger, "", -1, 0}});
    load->add(row(2));
  }
  transaction.commit();
  EXPECT_EQ(rows_of(connection(), "SELECT id FROM origin"), std::vector<std::string>{"i7|"});
}

TEST_P(Values, RowsMayBeLeftEarly) {
  connection().execute("CREATE TABLE origin (id integer, v text)");
  for (int i = 0; i < 13; ++i)
    connection().execute(i == 0 ? "INSERT INTO origin VALUES (1, 'some text that is long enough to fill a buffer')"
                                : "INSERT INTO origin SELECT id, v FROM origin");
  {
    const auto rows = connection().read("SELECT id, v FROM origin");
    Batch batch(2, 10);
    ASSERT_TRUE(rows->next(batch));
  }
  EXPECT_EQ(rows_of(connection(), "SELECT count(*) FROM origin"), std::vector<std::string>{"i4096|"});
}

REDOUBT_OVER_ENGINES(Values);

}  // namespace
}  // namespace redoubt::database
