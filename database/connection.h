// A connection to a database, whichever it is. SQL goes through as it is written, with parameters $1, $2, ... in every
// engine; rows come and go as batches (batch.h); what differs between engines is in dialect.h and position.h.
//
// A connection belongs to one thread at a time, except for cancel(). A statement that fails throws DatabaseError and
// leaves nothing half done: outside of begin() and commit() every statement is a transaction of its own, and so are all
// rows of a batch.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "database/batch.h"
#include "database/dialect.h"
#include "database/failure.h"
#include "database/url.h"

namespace redoubt::database {

// What is at the other end.
struct Server {
  std::string product;   // PostgreSQL, MariaDB, SQLite, Oracle
  std::string version;   // 15.18
  std::string user;      // the role the session has, empty where there is none
  std::string database;  // its name, or the file
  std::string identity;  // what stays the same when the name changes: system identifier, DBID, server uid; may be empty
};

// The rows of one query, front to back. The connection can do nothing else while one is open; destroying it ends the
// query.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual const std::vector<ColumnInfo>& columns() const = 0;
  // Clears `batch` and fills it; false when there is no row left. Assert: the batch has as many columns.
  virtual bool next(Batch& batch) = 0;
};

enum class Access { kReadWrite, kReadOnly };

class Connection {
 public:
  virtual ~Connection() = default;
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual const Dialect& dialect() const = 0;
  virtual const Server& server() const = 0;
  // Where errors happen: engine, host and database, without secrets.
  virtual const std::string& place() const = 0;

  // Rows changed, 0 where the statement changes none. PostgreSQL and SQLite take several statements in one text, which
  // are one transaction, all or nothing; the others, where DDL commits, refuse such a text (kOther) and do none of it.
  // SQLite's PRAGMAs stand in front, outside of the transaction. BEGIN and COMMIT are begin() and commit().
  virtual std::int64_t execute(std::string_view sql) = 0;
  // Once per row of parameters, in as few round trips as the engine allows; `changed[i]` = rows that row i changed.
  // Outside of a transaction all of it is one.
  virtual std::vector<std::int64_t> execute(std::string_view sql, const Batch& parameters) = 0;

  // Assert: `parameters` has one row, or no columns.
  virtual std::unique_ptr<Rows> read(std::string_view sql, const Batch& parameters) = 0;
  std::unique_ptr<Rows> read(std::string_view sql) { return read(sql, Batch(0)); }
  // The first row of a query, or a batch without rows.
  Batch read_row(std::string_view sql, const Batch& parameters = Batch(0));

  // Appends rows to a table by the engine's fastest way (COPY, prepared insert, row arrays): all or nothing.
  // `columns`: what the columns of the batches are, by name and type of the table (see read("select ... where 1 = 0")).
  class Load {
   public:
    virtual ~Load() = default;  // not finished: nothing is loaded
    virtual void add(const Batch& rows) = 0;
    virtual void finish() = 0;
  };
  virtual std::unique_ptr<Load> load(std::string_view table, const std::vector<ColumnInfo>& columns) = 0;

  // Reads within one read-only transaction see one moment, as far as the engine can (position.h says how far). Writing
  // in it fails with kPrivilege, on every engine.
  virtual void begin(Access access = Access::kReadWrite) = 0;
  virtual void commit() = 0;
  virtual void rollback() = 0;
  virtual bool in_transaction() const = 0;

  // From any thread, at any time: what runs ends with Failure::kCancelled; when nothing runs, nothing happens, now or
  // later. Rows and a Load run until they are destroyed: at latest their next call fails. A statement that the server
  // had finished succeeds.
  virtual void cancel() noexcept = 0;
};

struct Options {
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);
  // Of a statement, or of a batch of its rows: time in which the server is waited for. 0 = none.
  std::chrono::milliseconds statement_timeout = std::chrono::seconds(300);
  std::string application = "redoubt";  // what the DBA sees in pg_stat_activity, V$SESSION
  Access access = Access::kReadWrite;   // kReadOnly: the session refuses to write
  bool create = true;                   // SQLite: make the file where there is none
  std::size_t fetch_rows = 0;           // through ODBC: rows per round trip, 0 = as many as suit
};

// Connects. Throws DatabaseError.
std::unique_ptr<Connection> connect(const Url& url, const Options& options = {});

// All or nothing: a transaction, or a savepoint in the one that is under way. Taken back, unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection, Access access = Access::kReadWrite);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Connection& connection_;
  const bool nested_;
  bool open_ = true;
};

}  // namespace redoubt::database
