// SQLite, in this process.
//
// A value's storage is taken as it is: SQLite's types are of values, not of columns, and nothing that is stored may be
// changed by being read. The declared type only says what to expect (section 3.1 of SQLite's "Datatypes").
#include <fmt/format.h>
#include <sqlite3.h>
#include <atomic>
#include <cerrno>
#include <limits>
#include <thread>

#include "database/engines.h"

namespace redoubt::database {

namespace {

using Clock = std::chrono::steady_clock;

Failure failure_of_sqlite(int code) {
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return code == SQLITE_BUSY_SNAPSHOT ? Failure::kConflict : Failure::kBusy;
    case SQLITE_INTERRUPT: return Failure::kCancelled;
    case SQLITE_FULL: return Failure::kSpace;
    case SQLITE_IOERR: return Failure::kConnection;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Failure::kCorrupt;
    case SQLITE_CANTOPEN: return Failure::kObject;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return Failure::kPrivilege;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return Failure::kConstraint;
    case SQLITE_SCHEMA: return Failure::kConflict;
    default: return Failure::kOther;
  }
}

std::string_view name_of_code(int code) {
  switch (code & 0xFF) {
    case SQLITE_ERROR: return "SQLITE_ERROR";
    case SQLITE_BUSY: return "SQLITE_BUSY";
    case SQLITE_LOCKED: return "SQLITE_LOCKED";
    case SQLITE_NOMEM: return "SQLITE_NOMEM";
    case SQLITE_READONLY: return "SQLITE_READONLY";
    case SQLITE_INTERRUPT: return "SQLITE_INTERRUPT";
    case SQLITE_IOERR: return "SQLITE_IOERR";
    case SQLITE_CORRUPT: return "SQLITE_CORRUPT";
    case SQLITE_FULL: return "SQLITE_FULL";
    case SQLITE_CANTOPEN: return "SQLITE_CANTOPEN";
    case SQLITE_SCHEMA: return "SQLITE_SCHEMA";
    case SQLITE_TOOBIG: return "SQLITE_TOOBIG";
    case SQLITE_CONSTRAINT: return "SQLITE_CONSTRAINT";
    case SQLITE_MISMATCH: return "SQLITE_MISMATCH";
    case SQLITE_PERM: return "SQLITE_PERM";
    case SQLITE_AUTH: return "SQLITE_AUTH";
    case SQLITE_NOTADB: return "SQLITE_NOTADB";
    default: return "SQLITE";
  }
}

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

// By the rules of affinity. A column of NUMERIC affinity holds integers, reals and texts alike: it is called decimal,
// and each of its values says what it is.
Type type_of_declared(std::string declared) {
  for (char& c : declared) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  if (contains(declared, "INT")) return Type::kInteger;
  if (contains(declared, "CHAR") || contains(declared, "CLOB") || contains(declared, "TEXT")) return Type::kText;
  if (declared.empty() || contains(declared, "BLOB")) return Type::kBytes;
  if (contains(declared, "REAL") || contains(declared, "FLOA") || contains(declared, "DOUB")) return Type::kDouble;
  return Type::kDecimal;
}

class SqliteConnection;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(const Url& url, const Options& options) : place_(url.shown()), timeout_(options.statement_timeout) {
    const bool read_only = options.access == Access::kReadOnly;
    const int flags =
        (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | (options.create ? SQLITE_OPEN_CREATE : 0)) |
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int result = sqlite3_open_v2(url.name.c_str(), &db_, flags, nullptr);
    if (result != SQLITE_OK) {
      const std::string what = db_ ? sqlite3_errmsg(db_) : "out of memory";
      sqlite3_close(db_);
      throw DatabaseError(failure_of_sqlite(result), name_of_code(result), place_, what);
    }
    patience_ = options.connect_timeout;
    sqlite3_busy_handler(
        db_, [](void* self, int count) { return static_cast<SqliteConnection*>(self)->wait_for_lock(count) ? 1 : 0; },
        this);
    // Every thousand instructions of SQLite's machine: about 20 us.
    sqlite3_progress_handler(
        db_, 1000, [](void* self) { return static_cast<SqliteConnection*>(self)->stop() ? 1 : 0; }, this);
    server_ = {"SQLite", sqlite3_libversion(), "", url.name, ""};
    try {
      execute("PRAGMA schema_version");  // opens the file really: what is no database is told here
    } catch (...) {
      sqlite3_close(db_);
      throw;
    }
  }
  ~SqliteConnection() override { sqlite3_close_v2(db_); }

  const Dialect& dialect() const override { return dialect_; }
  const Server& server() const override { return server_; }
  const std::string& place() const override { return place_; }

  std::int64_t execute(std::string_view sql) override {
    std::optional<Transaction> own;  // of several statements; ends behind what was cancelled
    const Running running(*this);
    const int before = sqlite3_total_changes(db_);
    while (Statement statement = prepare(sql, &sql)) {
      const bool pragma = first_word(sqlite3_sql(statement.get())) == "PRAGMA";
      if (pragma && own) fail(SQLITE_MISUSE, "a PRAGMA stands behind other statements, where it may do nothing");
      if (!pragma && !own && !in_transaction() && has_statement(sql)) own.emplace(*this);
      run(statement.get());
    }
    if (own) own->commit();
    return sqlite3_total_changes(db_) - before;
  }

  std::vector<std::int64_t> execute(std::string_view sql, const Batch& parameters) override {
    std::optional<Transaction> own;
    if (!in_transaction() && parameters.rows() > 1) own.emplace(*this);
    std::vector<std::int64_t> changed(parameters.rows());
    {
      const Running running(*this);
      const Statement statement = prepare_numbered(sql);
      for (std::size_t row = 0; row < parameters.rows(); ++row) {
        bind(statement.get(), parameters, row);
        const int before = sqlite3_total_changes(db_);
        run(statement.get());
        // Of the statement alone, without what its triggers changed; a statement that changes nothing leaves the old
        // count.
        changed[row] = sqlite3_total_changes(db_) == before ? 0 : sqlite3_changes(db_);
        sqlite3_reset(statement.get());
      }
    }
    if (own) own->commit();
    return changed;
  }

  std::unique_ptr<Rows> read(std::string_view sql, const Batch& parameters) override;
  std::unique_ptr<Load> load(std::string_view table, const std::vector<ColumnInfo>& columns) override;

  void begin(Access access) override {
    // A writer takes its lock now: to upgrade later may fail with a conflict that no waiting can solve.
    execute(access == Access::kReadOnly ? "BEGIN" : "BEGIN IMMEDIATE");
    read_only_ = access == Access::kReadOnly;
  }
  void commit() override {
    execute("COMMIT");
    read_only_ = false;
  }
  void rollback() override {
    read_only_ = false;
    if (in_transaction()) execute("ROLLBACK");  // some errors have rolled back already
  }
  bool in_transaction() const override { return sqlite3_get_autocommit(db_) == 0; }

  void cancel() noexcept override {
    Work running = Work::kRunning;
    work_.compare_exchange_strong(running, Work::kCancelled);
  }

  // Marks a piece of work that can be cancelled and that has its time. Nests.
  class Running {
   public:
    // Throws when the work that this is part of was cancelled.
    explicit Running(SqliteConnection& connection) : connection_(connection) {
      connection_.check_cancelled();
      if (connection_.depth_++ == 0) connection_.work_ = Work::kRunning;
      start_clock();
    }
    void start_clock() {
      connection_.timed_out_ = false;
      connection_.end_ = connection_.timeout_.count() ? Clock::now() + connection_.timeout_ : Clock::time_point::max();
    }
    ~Running() {
      if (--connection_.depth_ == 0) connection_.work_ = Work::kIdle;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    SqliteConnection& connection_;
  };

  void check_cancelled() const {
    if (work_.load() == Work::kCancelled) fail(SQLITE_INTERRUPT);
  }

  // A statement with parameters: to SQLite $2 is a name, ?2 the second one.
  Statement prepare_numbered(std::string_view sql) {
    Statement statement = prepare(replace_parameters(sql, [](std::size_t n) { return fmt::format("?{}", n); }));
    if (!statement) fail(SQLITE_ERROR, "an empty statement");
    return statement;
  }

  // The first statement of `sql`, or nothing if there is only white space and comment.
  Statement prepare(std::string_view sql, std::string_view* rest = nullptr) {
    while (!sql.empty()) {
      if (sql.size() > std::numeric_limits<int>::max()) fail(SQLITE_TOOBIG, "the statement is too long");
      sqlite3_stmt* statement = nullptr;
      const char* end = nullptr;
      const int result = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), 0, &statement, &end);
      if (result != SQLITE_OK) fail(result);
      sql.remove_prefix(static_cast<std::size_t>(end - sql.data()));
      if (statement) {
        if (rest) *rest = sql;
        Statement out(statement);
        if (read_only_ && in_transaction() && sqlite3_stmt_readonly(statement) == 0)
          fail(SQLITE_READONLY, "the transaction is read-only");
        return out;
      }
    }
    return nullptr;
  }

  void bind(sqlite3_stmt* statement, const Batch& parameters, std::size_t row) {
    const int expected = sqlite3_bind_parameter_count(statement);
    if (static_cast<std::size_t>(expected) != parameters.width())
      fail(SQLITE_RANGE,
           fmt::format("the statement has {} parameters, and {} values were given", expected, parameters.width()));
    for (int i = 0; i < expected; ++i) bind(statement, i + 1, parameters[static_cast<std::size_t>(i)], row);
  }

  // The bytes must outlive the next step: the batch does.
  void bind(sqlite3_stmt* statement, int i, const Column& column, std::size_t row) {
    int result = SQLITE_OK;
    const auto bytes = [&] { return column.text(row); };
    switch (column.storage(row)) {
      case Storage::kNull: result = sqlite3_bind_null(statement, i); break;
      case Storage::kInteger: result = sqlite3_bind_int64(statement, i, column.integer(row)); break;
      case Storage::kDouble: result = sqlite3_bind_double(statement, i, column.real(row)); break;
      case Storage::kText:
        result = sqlite3_bind_text64(statement, i, bytes().data() ? bytes().data() : "", bytes().size(), SQLITE_STATIC,
                                     SQLITE_UTF8);
        break;
      case Storage::kBytes:
        result =
            sqlite3_bind_blob64(statement, i, bytes().empty() ? "" : bytes().data(), bytes().size(), SQLITE_STATIC);
        break;
      case Storage::kDateTime: {
        TextBuffer text;
        write_time(text, column.time(row), Parts::kTime);
        result = sqlite3_bind_text64(statement, i, text.view().data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        break;
      }
      case Storage::kInterval: fail(SQLITE_MISMATCH, "SQLite has no intervals: write them as text");
    }
    if (result != SQLITE_OK) fail(result);
  }

  // One step; false when there are no more rows.
  bool step(sqlite3_stmt* statement) {
    const int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) fail(result);
    return false;
  }

  [[noreturn]] void fail(int code, std::string_view what = {}) const {
    const bool given_up = timed_out_ || work_.load() == Work::kCancelled;  // waiting for a lock
    if ((code & 0xFF) == SQLITE_INTERRUPT || ((code & 0xFF) == SQLITE_BUSY && given_up))
      throw DatabaseError(timed_out_ ? Failure::kTimeout : Failure::kCancelled, name_of_code(code), place_,
                          timed_out_ ? "the statement took longer than query_timeout" : "the statement was cancelled");
    const std::string message = what.empty() ? sqlite3_errmsg(db_) : std::string(what);
    Failure failure = failure_of_sqlite(code);
    if ((code & 0xFF) == SQLITE_IOERR && sqlite3_system_errno(db_) == ENOSPC) failure = Failure::kSpace;
    if (code == SQLITE_ERROR && (message.starts_with("no such table") || message.starts_with("no such column")))
      failure = Failure::kObject;
    throw DatabaseError(failure, name_of_code(code), place_, fmt::format("{} ({})", message, name_of_code(code)));
  }

 private:
  void run(sqlite3_stmt* statement) {
    while (step(statement)) {
    }
  }

  // Is there a statement in what is left of a text?
  static bool has_statement(std::string_view sql) { return has_several_statements(fmt::format(";{}", sql)); }

  bool stop() {
    if (work_.load(std::memory_order_relaxed) == Work::kCancelled) return true;
    return timed_out_ = end_ != Clock::time_point::max() && Clock::now() > end_;
  }

  // Another connection holds a lock, and was asked `count` times before. False: no more.
  bool wait_for_lock(int count) {
    if (count == 0) waits_since_ = Clock::now();
    if (stop() || Clock::now() - waits_since_ >= patience_) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(1 << std::min(count, 5), 20)));
    return true;
  }

  std::string place_;
  Dialect dialect_{Engine::kSqlite};
  Server server_;
  sqlite3* db_ = nullptr;
  std::chrono::milliseconds timeout_;
  Clock::time_point end_ = Clock::time_point::max();
  bool timed_out_ = false, read_only_ = false;  // read_only_: the transaction, if there is one
  std::chrono::milliseconds patience_{};        // with locks of others
  Clock::time_point waits_since_;
  int depth_ = 0;
  enum class Work { kIdle, kRunning, kCancelled };
  std::atomic<Work> work_ = Work::kIdle;
};

class SqliteRows final : public Rows {
 public:
  SqliteRows(SqliteConnection& connection, std::string_view sql, const Batch& parameters)
      : connection_(connection), running_(connection), parameters_(parameters.width(), 1) {
    // The statement reads its parameters while it runs, so it has its own.
    for (std::size_t i = 0; i < parameters.width(); ++i) parameters_[i].add_from(parameters[i], 0);
    statement_ = connection.prepare_numbered(sql);
    if (parameters.width() != 0) {
      REDOUBT_ASSERT(parameters.rows() == 1);
      connection.bind(statement_.get(), parameters_, 0);
    }
    const int count = sqlite3_column_count(statement_.get());
    for (int i = 0; i < count; ++i) {
      const char* declared = sqlite3_column_decltype(statement_.get(), i);
      ColumnInfo info;
      info.name = sqlite3_column_name(statement_.get(), i);
      info.native = declared ? declared : "";
      info.type = type_of_declared(info.native);
      columns_.push_back(std::move(info));
    }
    more_ = connection.step(statement_.get());
  }

  const std::vector<ColumnInfo>& columns() const override { return columns_; }

  bool next(Batch& batch) override {
    REDOUBT_ASSERT(batch.width() == columns_.size());
    batch.clear();
    if (!more_) return false;
    connection_.check_cancelled();
    running_.start_clock();  // the time is the statement's, not that of whoever uses the rows
    std::size_t bytes = 0;
    for (std::size_t rows = 0; more_ && rows < batch.row_limit() && bytes < Batch::kMaxBytes; ++rows) {
      for (std::size_t i = 0; i < columns_.size(); ++i) bytes += take(batch[i], static_cast<int>(i));
      more_ = connection_.step(statement_.get());
    }
    return true;
  }

 private:
  // One call finds the value; the others only look at it. Returns how many bytes were copied.
  std::size_t take(Column& column, int i) {
    sqlite3_value* value = sqlite3_column_value(statement_.get(), i);
    switch (sqlite3_value_type(value)) {
      case SQLITE_INTEGER: column.add_integer(sqlite3_value_int64(value)); return 0;
      case SQLITE_FLOAT: column.add_double(sqlite3_value_double(value)); return 0;
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
        column.add_text({text, size});
        return size;
      }
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
        column.add_bytes({bytes, size});
        return size;
      }
      default: column.add_null(); return 0;
    }
  }

  SqliteConnection& connection_;
  SqliteConnection::Running running_;
  Batch parameters_;
  Statement statement_;
  std::vector<ColumnInfo> columns_;
  bool more_ = false;
};

class SqliteLoad final : public Connection::Load {
 public:
  SqliteLoad(SqliteConnection& connection, std::string_view table, const std::vector<ColumnInfo>& columns)
      : connection_(connection), transaction_(connection), running_(connection) {
    std::string names, marks;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      names += (i ? ", " : "") + connection.dialect().quote(columns[i].name);
      marks += fmt::format("{}${}", i ? ", " : "", i + 1);
    }
    sql_ = fmt::format("INSERT INTO {} ({}) VALUES ({})", table, names, marks);
  }
  void add(const Batch& rows) override { connection_.execute(sql_, rows); }
  void finish() override { transaction_.commit(); }

 private:
  SqliteConnection& connection_;
  Transaction transaction_;
  SqliteConnection::Running running_;  // ends before the transaction, which a cancelled load takes back
  std::string sql_;
};

std::unique_ptr<Rows> SqliteConnection::read(std::string_view sql, const Batch& parameters) {
  return std::make_unique<SqliteRows>(*this, sql, parameters);
}

std::unique_ptr<Connection::Load> SqliteConnection::load(std::string_view table,
                                                         const std::vector<ColumnInfo>& columns) {
  return std::make_unique<SqliteLoad>(*this, table, columns);
}

}  // namespace

std::unique_ptr<Connection> connect_sqlite(const Url& url, const Options& options) {
  return std::make_unique<SqliteConnection>(url, options);
}

}  // namespace redoubt::database
