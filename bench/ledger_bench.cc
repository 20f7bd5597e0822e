// How fast the ledger moves units, with durability on: one worker claims them in batches, finishes them with a result,
// on SQLite and on a PostgreSQL server of its own. A transition is one unit claimed, or one unit done.
//
//   ledger_bench [UNITS] [BATCH]      100,000 units, 250 at a time
#include <fmt/format.h>
#include <chrono>
#include <cstdlib>

#include "ledger/ledger.h"
#include "tests/servers/servers.h"

namespace {

using namespace redoubt;

void measure(const char* engine, const std::string& url, std::int64_t count, std::size_t batch) {
  const auto ledger = ledger::Ledger::open(database::parse_url(url));
  const std::string session = ledger->create_session({"bench", "", "", "{}"}, "bench");
  std::vector<ledger::UnitSpec> units;
  for (std::int64_t i = 0; i < count; ++i) units.push_back({"T", i, R"({"from":1,"to":2})"});
  ledger->plan(session, units);
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    const std::vector<ledger::Unit> taken = ledger->claim(session, batch);
    if (taken.empty()) break;
    std::vector<ledger::UnitResult> results;
    for (const ledger::Unit& unit : taken) results.push_back({&unit, R"({"rows":10000,"different":0})"});
    ledger->finish(results);
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{:<12} {} units, {} at a time: {:.2f} s, {:.0f} transitions/s (limit on SQLite 10000)\n", engine, count,
             batch, seconds, 2.0 * static_cast<double>(count) / seconds);
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t count = argc > 1 ? std::atoll(argv[1]) : 100'000;
  const std::size_t batch = argc > 2 ? static_cast<std::size_t>(std::atoll(argv[2])) : 250;
  const servers::TemporaryDirectory home;
  measure("SQLite", "sqlite:" + (home.path() / "ledger.db").string(), count, batch);
  if (const auto missing = servers::PostgresqlServer::missing()) {
    fmt::print("PostgreSQL   {}\n", *missing);
  } else {
    const servers::PostgresqlServer server;
    measure("PostgreSQL", server.url(), count, batch);
  }
}
