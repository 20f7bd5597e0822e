// What reading a table into batches costs, beside the barest client of the same engine, in turns on one machine:
//
//   SQLite       sqlite3_step and sqlite3_column_* of the same query, nothing kept
//   PostgreSQL   psql's COPY ... TO STDOUT (FORMAT binary), to /dev/null
//   MariaDB      the C client with mysql_use_result (rows pass through, nothing kept)
//
//   database_bench [ROWS] [ROUNDS]      2,000,000 rows of 170 bytes, 5 rounds; the best round of each counts
#include <fmt/format.h>
#include <mysql.h>
#include <sqlite3.h>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <stdexcept>

#include "database/connection.h"
#include "tests/servers/servers.h"

namespace {

using namespace redoubt;
using database::Batch;
using Clock = std::chrono::steady_clock;

double seconds(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// 2 int, bigint key, decimal, double, 3 strings, 2 time stamps, boolean.
constexpr std::string_view kTable =
    "CREATE TABLE t (k bigint PRIMARY KEY, a integer, b integer, amount decimal(12,2), ratio double precision, "
    "name varchar(40), city varchar(40), note varchar(120), made timestamp, changed timestamp, active boolean)";

void fill(database::Connection& connection, std::int64_t count, bool decimal_as_text) {
  connection.execute(kTable);
  const auto described = connection.read("SELECT * FROM t WHERE k < 0");
  const std::vector<database::ColumnInfo> columns = described->columns();
  Batch none(columns.size());
  described->next(none);
  const auto load = connection.load("t", columns);
  Batch batch(columns.size(), 1024);
  for (std::int64_t k = 0; k < count; ++k) {
    batch[0].add_integer(k);
    batch[1].add_integer(k % 1000);
    batch[2].add_integer(k * 7919 % 100'003);
    if (decimal_as_text)
      batch[3].add_text(fmt::format("{}.{:02}", k % 100'000, k % 100));
    else
      batch[3].add_double(static_cast<double>(k % 10'000'000) / 100);
    batch[4].add_double(static_cast<double>(k) / 3);
    batch[5].add_text(fmt::format("customer number {:012}", k));
    batch[6].add_text(fmt::format("city of {:08}", k % 5000));
    batch[7].add_text(fmt::format("a note of some sixty characters or more, of row number {:09}", k));
    batch[8].add_time(database::time_of(1'600'000'000'000'000 + k * 1'000'003));
    batch[9].add_time(database::time_of(1'650'000'000'000'000 + k * 1'000'000));
    batch[10].add_integer(k % 2);
    if (batch.full() || k + 1 == count) load->add(batch), batch.clear();
  }
  load->finish();
}

void read_batches(database::Connection& connection, std::int64_t count) {
  const auto rows = connection.read("SELECT * FROM t");
  Batch batch(rows->columns().size());
  std::int64_t read = 0;
  while (rows->next(batch)) read += static_cast<std::int64_t>(batch.rows());
  if (read != count) throw std::runtime_error(fmt::format("{} rows instead of {}", read, count));
}

void compare(std::string_view engine, int rounds, std::string_view peer, double limit,
             const std::function<void()>& theirs, const std::function<void()>& ours) {
  double best_theirs = 1e9, best_ours = 1e9;
  for (int i = 0; i < rounds; ++i) {
    best_theirs = std::min(best_theirs, seconds(theirs));
    best_ours = std::min(best_ours, seconds(ours));
  }
  fmt::print("{:<12} {:<44} {:.3f} s   redoubt {:.3f} s   {:.2f} times (limit {:.2f})\n", engine, peer, best_theirs,
             best_ours, best_ours / best_theirs, limit);
  std::fflush(stdout);
}

void bare_sqlite(const std::string& file) {
  sqlite3* db = nullptr;
  sqlite3_open_v2(file.c_str(), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(db, "SELECT * FROM t", -1, &statement, nullptr);
  const int columns = sqlite3_column_count(statement);
  std::uint64_t sum = 0;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int i = 0; i < columns; ++i) {
      switch (sqlite3_column_type(statement, i)) {
        case SQLITE_INTEGER: sum += static_cast<std::uint64_t>(sqlite3_column_int64(statement, i)); break;
        case SQLITE_FLOAT: sum += static_cast<std::uint64_t>(sqlite3_column_double(statement, i)); break;
        case SQLITE_TEXT:
          sum += *sqlite3_column_text(statement, i);
          sum += static_cast<std::uint64_t>(sqlite3_column_bytes(statement, i));
          break;
        default: break;
      }
    }
  }
  sqlite3_finalize(statement);
  sqlite3_close(db);
  if (sum == 42) std::puts("");  // the compiler must not leave it out
}

void bare_mariadb(int port) {
  MYSQL* client = mysql_init(nullptr);
  if (!mysql_real_connect(client, "127.0.0.1", "redoubt", "bastion", "redoubt", static_cast<unsigned>(port), nullptr,
                          0))
    throw std::runtime_error(mysql_error(client));
  mysql_query(client, "SELECT * FROM t");
  MYSQL_RES* result = mysql_use_result(client);
  std::uint64_t rows = 0;
  while (mysql_fetch_row(result)) ++rows;
  mysql_free_result(result);
  mysql_close(client);
  if (rows == 0) throw std::runtime_error("no rows");
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t count = argc > 1 ? std::atoll(argv[1]) : 2'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  fmt::print("{} rows of about 170 bytes into batches; best of {} rounds. Repeat: ./do bench database\n\n", count,
             rounds);
  {
    const servers::TemporaryDirectory home;
    const std::string file = (home.path() / "bench.db").string();
    const auto connection = database::connect(database::parse_url("sqlite:" + file));
    connection->execute("PRAGMA synchronous = OFF");
    fill(*connection, count, false);
    compare(
        "SQLite", rounds, "bare step and column", 1 / 0.85, [&] { bare_sqlite(file); },
        [&] { read_batches(*connection, count); });
  }
  if (const auto missing = servers::PostgresqlServer::missing()) {
    fmt::print("PostgreSQL   {}\n", *missing);
  } else {
    const servers::PostgresqlServer server({"fsync = off", "shared_buffers = 1GB", "max_wal_size = 4GB"});
    const auto connection = database::connect(database::parse_url(server.url()));
    fill(*connection, count, true);
    connection->execute("VACUUM ANALYZE t");
    const std::string psql =
        fmt::format("psql -q '{}' -c 'COPY (SELECT * FROM t) TO STDOUT (FORMAT binary)' > /dev/null", server.url());
    compare(
        "PostgreSQL", rounds, "psql COPY (FORMAT binary) to /dev/null", 1.15,
        [&] {
          if (std::system(psql.c_str()) != 0) throw std::runtime_error(psql);
        },
        [&] { read_batches(*connection, count); });
  }
  if (const auto missing = servers::MariadbServer::missing()) {
    fmt::print("MariaDB      {}\n", *missing);
  } else {
    const servers::MariadbServer server({"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=1G"});
    const auto connection = database::connect(database::parse_url(server.url()));
    fill(*connection, count, true);
    compare(
        "MariaDB", rounds, "the C client, unbuffered", 1.2, [&] { bare_mariadb(server.port()); },
        [&] { read_batches(*connection, count); });
  }
}
