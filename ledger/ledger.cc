// Opening and owning: the file, its version, who we are. What the words mean is in sessions.cc, units.cc, operations.cc
// and marks.cc (checkpoints, restore points, settings).
#include "ledger/ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <filesystem>

#include "base/error.h"
#include "ledger/reading.h"
#include "ledger/schema.h"

namespace redoubt::ledger {

namespace fs = std::filesystem;
using database::Batch;
using database::row;

namespace {

// A new SQLite ledger is made beside its place and then linked to it, so that a file which is there is always whole.
void create_file(const std::string& path) {
  const std::string draft = path + ".new-" + new_id();
  const auto remove_draft = [&] {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(draft + suffix, ignored);
  };
  try {
    database::Url url;
    url.name = draft;
    const auto connection = database::connect(url);
    connection->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database::Transaction transaction(*connection);
    connection->execute("CREATE TABLE redoubt_ledger (version bigint NOT NULL); INSERT INTO redoubt_ledger VALUES (0)");
    transaction.commit();
  } catch (...) {
    remove_draft();
    throw;
  }
  const int linked = link(draft.c_str(), path.c_str());
  const int error = errno;
  remove_draft();
  if (linked != 0 && error != EEXIST)  // EEXIST: another process was quicker, and its file is as good
    throw Error(ErrorCode::kOperation, path, fmt::format("the ledger cannot be created: {}", std::strerror(error)));
}

}  // namespace

std::unique_ptr<Ledger> Ledger::open(const database::Url& url) {
  if (url.engine != database::Engine::kSqlite && url.engine != database::Engine::kPostgresql)
    throw Error(ErrorCode::kUsage, url.shown(), "a ledger is a SQLite file or a PostgreSQL database",
                "--ledger sqlite:FILE or --ledger postgresql://user@host/name");
  if (url.engine == database::Engine::kSqlite) {
    std::error_code none;
    if (!fs::exists(url.name, none)) create_file(url.name);
    if (fs::file_size(url.name, none) == 0)
      throw Error(ErrorCode::kIntegrity, url.shown(), "the file is empty, and a ledger never is: it was cut off",
                  "restore it from a backup, or remove it to begin a new one");
  }
  std::unique_ptr<Ledger> ledger(new Ledger(database::connect(url)));
  if (ledger->is_sqlite()) ledger->check_file();
  ledger->upgrade();
  ledger->connection_->execute(
      "INSERT INTO redoubt_owner (token, machine, host, pid, started, lease_until) VALUES ($1, $2, $3, $4, $5, $6)",
      row(ledger->token_, ledger->process_.machine, ledger->process_.host, ledger->process_.pid,
          ledger->process_.started, ledger->now() + std::chrono::microseconds(kLeaseLasts).count()));
  return ledger;
}

Ledger::Ledger(std::unique_ptr<database::Connection> connection)
    : connection_(std::move(connection)), token_(new_id()), process_(this_process()) {}

Ledger::~Ledger() {
  try {
    connection_->rollback();
    connection_->execute("DELETE FROM redoubt_owner WHERE token = $1", row(token_));
  } catch (const Error&) {  // then the process table or the lease tells that we are gone
  }
}

void Ledger::check_file() {
  const auto damaged = [&](std::string_view what) {
    throw Error(ErrorCode::kIntegrity, place(), fmt::format("the ledger is damaged: {}", what),
                "put a backup of the file in its place, or move it away to begin a new one");
  };
  try {
    connection_->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    const Batch answer = connection_->read_row("PRAGMA quick_check(1)");
    if (text(answer, 0, 0) != "ok") damaged(text(answer, 0, 0));
  } catch (const database::DatabaseError& error) {
    if (error.failure() != database::Failure::kCorrupt) throw;
    damaged(error.what());
  }
}

void Ledger::upgrade() {
  const bool is_new = [&] {
    try {
      return connection_->read_row("SELECT version FROM redoubt_ledger").rows() == 0;
    } catch (const database::DatabaseError& error) {
      if (error.failure() != database::Failure::kObject) throw;
      if (is_sqlite())
        throw Error(ErrorCode::kIntegrity, place(), "this is a SQLite database, but no ledger",
                    "give --ledger another file");
      return true;
    }
  }();
  database::Transaction transaction(*connection_);
  if (!is_sqlite()) connection_->execute("SELECT pg_advisory_xact_lock(7236839)");  // one creates, the others wait
  if (is_new) connection_->execute("CREATE TABLE IF NOT EXISTS redoubt_ledger (version bigint NOT NULL)");
  Batch found = connection_->read_row("SELECT version FROM redoubt_ledger");
  if (found.rows() == 0) {
    connection_->execute("INSERT INTO redoubt_ledger VALUES (0)");
    found = row(0);
  }
  const std::int64_t version = integer(found, 0, 0);
  if (version > kVersion)
    throw Error(ErrorCode::kUsage, place(),
                fmt::format("the ledger has version {}, and this program knows up to {}", version, kVersion),
                "a newer redoubt has used it: install that one");
  if (version < 0) throw Error(ErrorCode::kIntegrity, place(), fmt::format("the ledger has version {}", version));
  for (int from = static_cast<int>(version); from < kVersion; ++from) connection_->execute(upgrade_from(from));
  if (version < kVersion) connection_->execute("UPDATE redoubt_ledger SET version = $1", row(kVersion));
  transaction.commit();
}

Micros Ledger::now() {
  if (is_sqlite())
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  return integer(connection_->read_row("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"), 0, 0);
}

void Ledger::renew() {
  connection_->execute("UPDATE redoubt_owner SET lease_until = $1 WHERE token = $2",
                       row(now() + std::chrono::microseconds(kLeaseLasts).count(), token_));
}

Owner Ledger::owner_of(std::string_view token) {
  Owner owner;
  owner.token = token;
  if (token.empty()) return owner;
  const Batch found = connection_->read_row(
      "SELECT machine, host, pid, started, lease_until FROM redoubt_owner WHERE token = $1", row(token));
  if (found.rows() == 0) return owner;
  owner.process = {text(found, 0, 0), text(found, 1, 0), integer(found, 2, 0), integer(found, 3, 0)};
  owner.lease_until = integer(found, 4, 0);
  const Life life = life_of(owner.process);
  owner.alive = life == Life::kAlive || (life == Life::kElsewhere && owner.lease_until > now());
  return owner;
}

void Ledger::change_one(std::string_view sql, const Batch& parameters, std::string_view what) {
  if (connection_->execute(sql, parameters) != std::vector<std::int64_t>{1})
    throw Error(ErrorCode::kBusy, place(), what);
}

void Ledger::back_up(const std::string& file) {
  if (!is_sqlite())
    throw Error(ErrorCode::kUsage, place(), "this ledger is a PostgreSQL database", "back it up with pg_dump");
  const std::string draft = file + ".new-" + new_id();
  try {
    connection_->execute("VACUUM INTO $1", row(draft));
    const int fd = ::open(draft.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    if (!synced || std::rename(draft.c_str(), file.c_str()) != 0)
      throw Error(ErrorCode::kOperation, file, fmt::format("the backup cannot be written: {}", std::strerror(errno)));
  } catch (...) {
    std::error_code ignored;
    fs::remove(draft, ignored);
    throw;
  }
}

}  // namespace redoubt::ledger
