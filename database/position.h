// A position: a name for a moment of a database, and reading as of one.
//
//   Oracle       SCN; queries read AS OF SCN, and the SCN outlives our sessions while undo lasts
//   PostgreSQL   WAL position; readers share an exported snapshot, which dies with its first holder
//   MariaDB      GTID; each reader has a snapshot of its own, taken at one moment while all writers are held off
//   SQLite       none of its own; each reader has a snapshot from its first read on
#pragma once

#include <span>
#include <string>

#include "database/connection.h"

namespace redoubt::database {

struct Position {
  Engine engine = Engine::kSqlite;
  std::string text;  // SCN in digits, LSN, GTID; empty where the engine has none
};

// The present one. Oracle needs SELECT on V$DATABASE or EXECUTE on DBMS_FLASHBACK.
Position current_position(Connection& connection);

// Makes readers of one database see one moment.
class Snapshot {
 public:
  // Begins a read-only transaction on each reader; the snapshot lasts until the first of them ends its own.
  explicit Snapshot(std::span<Connection* const> readers);

  const Position& position() const { return position_; }
  // Do all readers see exactly the same moment? If not, why.
  bool exact() const { return doubt_.empty(); }
  const std::string& doubt() const { return doubt_; }
  // PostgreSQL: lets one more reader in.
  void join(Connection& reader) const;
  // How a table is read at this position: its name, on Oracle with AS OF SCN.
  std::string from(std::string_view table) const;

 private:
  Position position_;
  std::string token_, doubt_;
};

}  // namespace redoubt::database
