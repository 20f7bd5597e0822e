#include "database/position.h"

#include <fmt/format.h>

namespace redoubt::database {

namespace {

std::string first_text(Connection& connection, std::string_view sql) {
  const Batch answer = connection.read_row(sql);
  if (answer.rows() == 0 || answer[0].is_null(0)) return {};
  return answer[0].storage(0) == Storage::kInteger ? std::to_string(answer[0].integer(0))
                                                   : std::string(answer[0].text(0));
}

}  // namespace

Position current_position(Connection& connection) {
  const Engine engine = connection.dialect().engine();
  switch (engine) {
    case Engine::kOracle: return {engine, first_text(connection, "SELECT TO_CHAR(CURRENT_SCN) FROM V$DATABASE")};
    case Engine::kPostgresql:
      // A standby cannot say where it would write; it says up to where it has read.
      return {engine, first_text(connection,
                                 "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
                                 "ELSE pg_current_wal_insert_lsn() END)::text")};
    case Engine::kMariadb: return {engine, first_text(connection, "SELECT @@gtid_current_pos")};
    case Engine::kSqlite:
    case Engine::kOdbc: return {engine, ""};
  }
  return {};
}

Snapshot::Snapshot(std::span<Connection* const> readers) {
  REDOUBT_ASSERT(!readers.empty());
  Connection& first = *readers.front();
  position_.engine = first.dialect().engine();
  switch (position_.engine) {
    case Engine::kOracle:
      position_ = current_position(first);
      for (Connection* reader : readers) reader->begin(Access::kReadOnly);
      break;
    case Engine::kPostgresql:
      first.begin(Access::kReadOnly);
      token_ = first_text(first, "SELECT pg_export_snapshot()");
      position_ = current_position(first);
      for (Connection* reader : readers.subspan(1)) join(*reader);
      break;
    case Engine::kMariadb: {
      bool held = false;
      if (readers.size() > 1) {
        try {
          first.execute("SET lock_wait_timeout = 10");  // while we wait, new writers do
          first.execute("FLUSH TABLES WITH READ LOCK");
          held = true;
        } catch (const DatabaseError& error) {
          if (error.failure() == Failure::kConnection) throw;
          doubt_ = fmt::format("the readers' snapshots are some milliseconds apart: {}", error.what());
        }
      }
      // All begin while no writer can commit. Whatever happens, the lock must not stay.
      try {
        position_ = current_position(first);
        for (Connection* reader : readers) reader->begin(Access::kReadOnly);
      } catch (...) {
        if (held) first.execute("UNLOCK TABLES");
        throw;
      }
      if (held) first.execute("UNLOCK TABLES");
      break;
    }
    case Engine::kSqlite:
    case Engine::kOdbc:
      for (Connection* reader : readers) {
        reader->begin(Access::kReadOnly);
        if (position_.engine == Engine::kSqlite)
          reader->read_row("SELECT count(*) FROM sqlite_schema");  // the first read
      }
      if (readers.size() > 1)
        doubt_ = fmt::format("{} has no snapshot that readers can share", name_of(position_.engine));
      break;
  }
}

void Snapshot::join(Connection& reader) const {
  REDOUBT_ASSERT(position_.engine == Engine::kPostgresql);
  reader.begin(Access::kReadOnly);
  reader.execute("SET TRANSACTION SNAPSHOT " + reader.dialect().literal(token_));
}

std::string Snapshot::from(std::string_view table) const {
  if (position_.engine == Engine::kOracle) return fmt::format("{} AS OF SCN {}", table, position_.text);
  return std::string(table);
}

}  // namespace redoubt::database
