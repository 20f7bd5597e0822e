// MariaDB, Oracle and any other database with a driver for unixODBC. Within this room only; odbc_rows.h reads and
// odbc_load.h loads over it.
//
// The unixODBC driver manager converts nothing we use: char data is UTF-8 both ways.
//
// A driver's calls block, so a statement is ended from outside (interrupter.h): MariaDB by KILL QUERY over a connection
// of its own, for its driver's SQLCancel closes a cursor that another thread may be reading; the others by SQLCancel,
// Oracle at any time, the rest while they execute. A server that fell silent is noticed by the driver: its time-out for
// reading from the socket is query_timeout and kGrace.
#pragma once

#include <sql.h>
#include <sqlext.h>
#include <atomic>
#include <bit>
#include <mutex>

#include "database/connection.h"
#include "database/interrupter.h"

namespace redoubt::database::odbc {

// What one fetch or one round of loading may take of memory.
constexpr std::size_t kRoundBytes = 4U << 20;
// How long the server may be silent beyond a statement's time.
constexpr auto kGrace = std::chrono::seconds(10);

inline bool good(SQLRETURN result) { return result == SQL_SUCCESS || result == SQL_SUCCESS_WITH_INFO; }

// ODBC takes the numbers of its attributes as pointers.
template <class Number>
SQLPOINTER number(Number value) {
  return std::bit_cast<SQLPOINTER>(static_cast<std::uintptr_t>(value));
}

inline SQLCHAR* chars(std::string& text) { return reinterpret_cast<SQLCHAR*>(text.data()); }

// A handle and what it is a handle of.
template <SQLSMALLINT kind>
class Handle {
 public:
  // Null where the driver gives none.
  explicit Handle(SQLHANDLE parent) { SQLAllocHandle(kind, parent, &handle_); }
  ~Handle() {
    if (handle_) SQLFreeHandle(kind, handle_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  SQLHANDLE get() const { return handle_; }

 private:
  SQLHANDLE handle_ = nullptr;
};

// An environment and a connection in it, disconnected at its end.
class Link {
 public:
  Link();
  ~Link() { close(); }
  // Connects; false where the driver or the server refuses, with the reason in the handle.
  bool open(std::string text);
  void close();
  SQLHENV environment() const { return environment_.get(); }
  SQLHDBC get() const { return connection_->get(); }

 private:
  Handle<SQL_HANDLE_ENV> environment_{SQL_NULL_HANDLE};
  std::unique_ptr<Handle<SQL_HANDLE_DBC>> connection_;
  bool open_ = false;
};

class OdbcConnection final : public Connection {
 public:
  OdbcConnection(const Url& url, const Options& options);
  ~OdbcConnection() override;

  const Dialect& dialect() const override { return dialect_; }
  const Server& server() const override { return server_; }
  const std::string& place() const override { return place_; }

  std::int64_t execute(std::string_view sql) override;
  std::vector<std::int64_t> execute(std::string_view sql, const Batch& parameters) override;
  std::unique_ptr<Rows> read(std::string_view sql, const Batch& parameters) override;
  std::unique_ptr<Load> load(std::string_view table, const std::vector<ColumnInfo>& columns) override;

  void begin(Access access) override;
  void commit() override;
  void rollback() override;
  bool in_transaction() const override { return in_transaction_; }
  void cancel() noexcept override { interrupter_.cancel(); }

  Engine engine() const { return dialect_.engine(); }
  SQLHDBC get() const { return link_.get(); }
  // Rows per fetch that the user wants, 0 = as many as suit.
  std::size_t fetch_rows() const { return fetch_rows_; }
  // Throws what the driver says of a handle.
  [[noreturn]] void fail(SQLSMALLINT kind, SQLHANDLE handle) const;

  // A piece of work that cancel() ends: a statement, or a load of many. Nests.
  class Running {
   public:
    // Throws when the work that this is part of was cancelled, or when the connection is lost.
    explicit Running(OdbcConnection& connection);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    OdbcConnection& connection_;
  };

  class Statement {
   public:
    explicit Statement(OdbcConnection& connection);
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    SQLHSTMT get() const { return handle_.get(); }
    // `order`: for each mark of the statement its parameter, from 0.
    void prepare(std::string_view sql, std::vector<std::size_t>& order);
    // Runs `call`, a call of the driver that waits for the server: it has its time, and cancel() reaches it. Throws
    // when it was cancelled before, and when it fails.
    template <class Call>
    SQLRETURN wait(bool fetching, Call&& call) {
      const Waiting waiting(connection_, get(), fetching);
      const SQLRETURN result = call();
      if (result != SQL_NO_DATA) check(result);
      return result;
    }
    void check(SQLRETURN result) const {
      if (!good(result)) connection_.fail(SQL_HANDLE_STMT, get());
    }
    // Rows changed by what was executed last; 0 for a query.
    std::int64_t changed() const;

   private:
    OdbcConnection& connection_;
    Handle<SQL_HANDLE_STMT> handle_;
    Running running_;  // ends before the handle is freed
  };

  // The values of one row, bound to the marks of a prepared statement. They live as long as the batch and this.
  class Arguments {
   public:
    Arguments(const OdbcConnection& connection, Statement& statement, const std::vector<std::size_t>& order)
        : connection_(connection),
          statement_(statement),
          order_(order),
          words_(order.size()),
          texts_(order.size()),
          lengths_(order.size()) {}
    void bind(const Batch& parameters, std::size_t row);

   private:
    const OdbcConnection& connection_;
    Statement& statement_;
    const std::vector<std::size_t>& order_;
    std::vector<std::uint64_t> words_;
    std::vector<std::string> texts_;
    std::vector<SQLLEN> lengths_;
  };

 private:
  // While a call of the driver waits for the server.
  class Waiting {
   public:
    Waiting(OdbcConnection& connection, SQLHSTMT statement, bool fetching);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    OdbcConnection& connection_;
  };

  std::function<void()> question(const Url& url, const Options& options);
  void set_up_session(const Options& options);
  void set_autocommit(bool on);
  void end(std::string_view sql, SQLSMALLINT how);
  void check_interrupted() const;
  void refuse_writing(std::string_view sql) const;

  std::string place_;
  Dialect dialect_;
  Server server_;
  std::chrono::milliseconds timeout_;
  std::size_t fetch_rows_;
  Link link_;
  bool in_transaction_ = false, read_only_ = false, read_only_session_ = false;
  std::shared_ptr<std::atomic<std::int64_t>> session_id_ = std::make_shared<std::atomic<std::int64_t>>(0);  // MariaDB
  std::mutex mutex_;  // guards cancellable_
  SQLHSTMT cancellable_ = nullptr;
  Interrupter interrupter_;  // the last: it stops asking before the rest goes
};

}  // namespace redoubt::database::odbc
