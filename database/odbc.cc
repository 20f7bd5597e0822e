// MariaDB, Oracle and any other database with a driver for unixODBC.
//
// Rows are fetched in arrays. The driver fills many rows in one call, each laid out as
//
//     length of column 1 (8) | value (its width, up to the next multiple of 8) | length of column 2 | ...
//
// Row by row, because drivers differ in the stride of an array of 4-byte floats. Columns that have no bounded width
// (LONGTEXT, BLOB, CLOB) are read value by value, one row at a time. Moments come as text: the ODBC structures cannot
// hold MariaDB's zero dates nor Oracle's years BC.
//
// The unixODBC driver manager converts nothing we use: char data is UTF-8 both ways.
#include <fmt/format.h>
#include <sql.h>
#include <sqlext.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <mutex>

#include "database/engines.h"

namespace redoubt::database {

namespace {

// A column wider than this is read value by value.
constexpr std::size_t kWidest = 32U << 10;
// What one fetch may take of memory.
constexpr std::size_t kFetchBytes = 4U << 20;

bool good(SQLRETURN result) { return result == SQL_SUCCESS || result == SQL_SUCCESS_WITH_INFO; }

// ODBC takes the numbers of its attributes as pointers.
template <class Number>
SQLPOINTER number(Number value) {
  return std::bit_cast<SQLPOINTER>(static_cast<std::uintptr_t>(value));
}

SQLCHAR* chars(std::string& text) { return reinterpret_cast<SQLCHAR*>(text.data()); }

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
using StatementHandle = Handle<SQL_HANDLE_STMT>;

std::string in_braces(std::string_view value) {
  std::string out = "{";
  for (const char c : value) {
    out += c;
    if (c == '}') out += c;
  }
  return out += '}';
}

// Drivers by the names that their packages register; else the file itself.
std::string installed_driver(SQLHENV environment, std::initializer_list<std::string_view> names,
                             std::string_view otherwise) {
  std::array<SQLCHAR, 256> name{};
  SQLSMALLINT size = 0, more = 0;
  std::vector<std::string> found;
  for (SQLUSMALLINT step = SQL_FETCH_FIRST;
       good(SQLDrivers(environment, step, name.data(), name.size(), &size, nullptr, 0, &more)); step = SQL_FETCH_NEXT)
    found.emplace_back(reinterpret_cast<const char*>(name.data()));
  for (const std::string_view wanted : names)
    for (const std::string& driver : found)
      if (driver.find(wanted) != driver.npos) return in_braces(driver);
  return std::string(otherwise);
}

std::string connection_string(const Url& url, const Options& options, SQLHENV environment) {
  if (url.engine == Engine::kOdbc) return url.name;
  std::string text;
  if (url.engine == Engine::kMariadb) {
    // OPTION: 2 = rows found, not only those changed; 2^20 + 2^21 = rows are not kept by the driver but passed through;
    // 2^26 = several statements in one text.
    text =
        fmt::format("DRIVER={};SERVER={};PORT={};DATABASE={};CHARSET=utf8mb4;OPTION={};CONN_TIMEOUT={}",
                    installed_driver(environment, {"MariaDB Unicode", "MariaDB"}, "libmaodbc.so"), in_braces(url.host),
                    url.port ? url.port : 3306, in_braces(url.name), 2 | 1 << 20 | 1 << 21 | 1 << 26,
                    std::max<std::int64_t>(1, options.connect_timeout.count() / 1000));
  } else {
    text = fmt::format("DRIVER={};DBQ={}:{}/{}", installed_driver(environment, {"Oracle"}, "libsqora.so"), url.host,
                       url.port ? url.port : 1521, url.name);
  }
  if (!url.user.empty()) text += ";UID=" + in_braces(url.user);
  if (!url.password.empty()) text += ";PWD=" + in_braces(url.password);
  for (const auto& [key, value] : url.options) text += fmt::format(";{}={}", key, in_braces(value));
  return text;
}

// One column of a result: what the driver makes of it, and where in a row.
struct Binding {
  SQLSMALLINT c_type = SQL_C_CHAR;
  std::size_t width = 0;   // bytes; 0 = read value by value
  std::size_t offset = 0;  // of the length; the value is 8 bytes behind
};

bool read_duration(std::string_view text, Interval& out) {
  const bool minus = text.starts_with('-');
  if (minus) text.remove_prefix(1);
  std::array<std::int64_t, 3> parts{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i < 2 && (text.empty() || text.front() != ':')) return false;
    if (i < 2) text.remove_prefix(1);
  }
  std::int64_t fraction = 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    for (std::size_t i = 0; i < 6; ++i) fraction = fraction * 10 + (i < text.size() ? text[i] - '0' : 0);
  }
  out.micros = ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1'000'000 + fraction;
  if (minus) out.micros = -out.micros;
  return true;
}

// MariaDB's TIME. Throws where the interval has parts that it has not, so that none is lost.
std::string duration_text(const Interval& v) {
  if (v.months != 0 || v.days != 0 || v.nanos != 0)
    throw DatabaseError(Failure::kConstraint, "22015", "ODBC",
                        fmt::format("an interval of {} months, {} days and {} nanoseconds has no form here (22015)",
                                    v.months, v.days, v.nanos));
  const std::int64_t micros = v.micros < 0 ? -v.micros : v.micros;
  return fmt::format("{}{:02}:{:02}:{:02}.{:06}", v.micros < 0 ? "-" : "", micros / 3'600'000'000,
                     micros / 60'000'000 % 60, micros / 1'000'000 % 60, micros % 1'000'000);
}

class OdbcConnection final : public Connection {
 public:
  OdbcConnection(const Url& url, const Options& options);
  ~OdbcConnection() override;

  const Dialect& dialect() const override { return dialect_; }
  const Server& server() const override { return server_; }
  const std::string& place() const override { return place_; }

  std::int64_t execute(std::string_view sql) override {
    Statement statement(*this);
    std::string text(sql);
    const SQLRETURN result = SQLExecDirect(statement.get(), chars(text), SQL_NTS);
    if (result == SQL_NO_DATA) return 0;
    if (!good(result)) statement.fail();
    std::int64_t changed = 0;
    do {
      changed += statement.changed();
    } while (statement.more());
    return changed;
  }

  std::vector<std::int64_t> execute(std::string_view sql, const Batch& parameters) override;
  std::unique_ptr<Rows> read(std::string_view sql, const Batch& parameters) override;
  std::unique_ptr<Load> load(std::string_view table, const std::vector<ColumnInfo>& columns) override;

  void begin(Access access) override {
    const bool read_only = access == Access::kReadOnly;
    if (engine() == Engine::kMariadb) {
      execute(read_only ? "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY" : "START TRANSACTION");
    } else {
      set_autocommit(false);
      in_transaction_ = true;
      if (read_only && engine() == Engine::kOracle) execute("SET TRANSACTION READ ONLY");
    }
    in_transaction_ = true;
  }
  void commit() override { end("COMMIT", SQL_COMMIT); }
  void rollback() override {
    if (in_transaction_) end("ROLLBACK", SQL_ROLLBACK);
  }
  bool in_transaction() const override { return in_transaction_; }

  void cancel() noexcept override {
    const std::lock_guard lock(mutex_);
    if (!running_) return;
    cancelled_.store(true);
    SQLCancel(running_);
  }

  Engine engine() const { return dialect_.engine(); }
  SQLHDBC get() const { return connection_.get(); }
  std::string with_marks(std::string_view sql, std::vector<std::size_t>& order) const;
  [[noreturn]] void fail(SQLSMALLINT kind, SQLHANDLE handle) const;

  // A statement while it runs: cancel() finds it.
  class Statement {
   public:
    explicit Statement(OdbcConnection& connection) : connection_(connection), handle_(connection.get()) {
      if (!get()) connection_.fail(SQL_HANDLE_DBC, connection_.get());
      SQLSetStmtAttr(get(), SQL_ATTR_CURSOR_TYPE, number(SQL_CURSOR_FORWARD_ONLY), 0);
      if (connection_.engine() != Engine::kMariadb && connection_.timeout_.count())  // MariaDB's server keeps the time
        SQLSetStmtAttr(get(), SQL_ATTR_QUERY_TIMEOUT,
                       number(std::max<std::int64_t>(1, connection_.timeout_.count() / 1000)), 0);
      const std::lock_guard lock(connection_.mutex_);
      connection_.cancelled_.store(false);
      connection_.running_ = get();
    }
    ~Statement() {
      const std::lock_guard lock(connection_.mutex_);
      connection_.running_ = nullptr;
    }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    SQLHSTMT get() const { return handle_.get(); }
    void prepare(std::string_view sql, std::vector<std::size_t>& order) {
      std::string text = connection_.with_marks(sql, order);
      check(SQLPrepare(get(), chars(text), SQL_NTS));
    }
    void check(SQLRETURN result) const {
      if (!good(result)) fail();
    }
    std::int64_t changed() const {
      SQLSMALLINT columns = 0;
      SQLLEN rows = 0;
      if (!good(SQLNumResultCols(get(), &columns)) || columns != 0 || !good(SQLRowCount(get(), &rows))) return 0;
      return std::max<std::int64_t>(rows, 0);
    }
    bool more() const {
      const SQLRETURN result = SQLMoreResults(get());
      if (result != SQL_NO_DATA && !good(result)) fail();
      return result != SQL_NO_DATA;
    }
    [[noreturn]] void fail() const { connection_.fail(SQL_HANDLE_STMT, get()); }

   private:
    OdbcConnection& connection_;
    StatementHandle handle_;
  };

  // The values of one row, bound to the marks of a prepared statement. They live as long as the batch and this.
  class Arguments {
   public:
    Arguments(Statement& statement, const std::vector<std::size_t>& order)
        : statement_(statement), order_(order), words_(order.size()), texts_(order.size()), lengths_(order.size()) {}
    void bind(const Batch& parameters, std::size_t row);

   private:
    Statement& statement_;
    const std::vector<std::size_t>& order_;
    std::vector<std::uint64_t> words_;
    std::vector<std::string> texts_;
    std::vector<SQLLEN> lengths_;
  };

 private:
  void set_autocommit(bool on) {
    if (!good(SQLSetConnectAttr(get(), SQL_ATTR_AUTOCOMMIT, number(on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF), 0)))
      fail(SQL_HANDLE_DBC, get());
  }
  // A transaction that cannot be ended goes on, to be rolled back.
  void end(std::string_view sql, SQLSMALLINT how) {
    if (engine() == Engine::kMariadb) {
      execute(sql);
    } else {
      if (!good(SQLEndTran(SQL_HANDLE_DBC, get(), how))) fail(SQL_HANDLE_DBC, get());
      set_autocommit(true);
    }
    in_transaction_ = false;
  }
  void set_up_session(const Options& options);

  std::string place_;
  Dialect dialect_;
  Server server_;
  std::chrono::milliseconds timeout_;
  Handle<SQL_HANDLE_ENV> environment_{SQL_NULL_HANDLE};
  std::unique_ptr<Handle<SQL_HANDLE_DBC>> handle_;
  Handle<SQL_HANDLE_DBC>& connection_;
  bool in_transaction_ = false;
  std::mutex mutex_;  // guards running_
  SQLHSTMT running_ = nullptr;
  std::atomic<bool> cancelled_ = false;
};

// The driver is asked for ODBC 3 before the connection's handle is made.
std::unique_ptr<Handle<SQL_HANDLE_DBC>> connection_handle(SQLHENV environment) {
  SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, number(SQL_OV_ODBC3), 0);
  return std::make_unique<Handle<SQL_HANDLE_DBC>>(environment);
}

OdbcConnection::OdbcConnection(const Url& url, const Options& options)
    : place_(url.shown()),
      dialect_(url.engine),
      timeout_(options.statement_timeout),
      handle_(connection_handle(environment_.get())),
      connection_(*handle_) {
  SQLSetConnectAttr(get(), SQL_ATTR_LOGIN_TIMEOUT,
                    number(std::max<std::int64_t>(1, options.connect_timeout.count() / 1000)), 0);
  std::string text = connection_string(url, options, environment_.get());
  if (!good(SQLDriverConnect(get(), nullptr, chars(text), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT)))
    fail(SQL_HANDLE_DBC, get());
  try {
    set_up_session(options);
  } catch (...) {
    SQLDisconnect(get());
    throw;
  }
}

OdbcConnection::~OdbcConnection() {
  if (in_transaction_ && engine() != Engine::kMariadb) SQLEndTran(SQL_HANDLE_DBC, get(), SQL_ROLLBACK);
  SQLDisconnect(get());
}

void OdbcConnection::set_up_session(const Options& options) {
  const auto info = [&](SQLUSMALLINT what) {
    std::array<SQLCHAR, 256> text{};
    SQLSMALLINT size = 0;
    SQLGetInfo(get(), what, text.data(), text.size(), &size);
    return std::string(reinterpret_cast<const char*>(text.data()));
  };
  server_ = {info(SQL_DBMS_NAME), info(SQL_DBMS_VER), info(SQL_USER_NAME), info(SQL_DATABASE_NAME), ""};
  const bool read_only = options.access == Access::kReadOnly;
  if (engine() == Engine::kMariadb) {
    execute(
        fmt::format("SET time_zone = '+00:00', max_statement_time = {}, "
                    "sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION'",
                    static_cast<double>(timeout_.count()) / 1000));
    if (read_only) execute("SET SESSION TRANSACTION READ ONLY");
    const Batch who =
        read_row("SELECT version(), current_user(), coalesce(database(), ''), coalesce(@@server_uid, '')");
    const auto field = [&](std::size_t i) { return std::string(who[i].is_null(0) ? "" : who[i].text(0)); };
    server_ = {"MariaDB", field(0), field(1), field(2), field(3)};
  } else if (engine() == Engine::kOracle) {
    execute(
        "ALTER SESSION SET NLS_DATE_FORMAT = 'SYYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'SYYYY-MM-DD "
        "HH24:MI:SS.FF9' "
        "NLS_TIMESTAMP_TZ_FORMAT = 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM' NLS_NUMERIC_CHARACTERS = '.,' NLS_COMP = "
        "BINARY "
        "NLS_SORT = BINARY TIME_ZONE = 'UTC'");
  }
}

std::string OdbcConnection::with_marks(std::string_view sql, std::vector<std::size_t>& order) const {
  return replace_parameters(sql, [&](std::size_t n) {
    order.push_back(n - 1);
    return std::string("?");
  });
}

void OdbcConnection::fail(SQLSMALLINT kind, SQLHANDLE handle) const {
  std::array<SQLCHAR, 6> state{};
  std::array<SQLCHAR, 1024> message{};
  SQLINTEGER native = 0;
  SQLSMALLINT size = 0;
  std::string text = "the driver gave no reason", code;
  if (good(SQLGetDiagRec(kind, handle, 1, state.data(), &native, message.data(), message.size(), &size)))
    text = reinterpret_cast<const char*>(message.data());
  code = reinterpret_cast<const char*>(state.data());
  // The words of the manager and the driver in front, [unixODBC][ma-3.1.15][10.11.19-MariaDB], say nothing more.
  while (text.starts_with('[') && text.find(']') != text.npos) text.erase(0, text.find(']') + 1);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  Failure failure = Failure::kOther;
  if (engine() == Engine::kMariadb && native != 0) {
    failure = failure_of_mariadb(native);
    code = fmt::format("MARIADB-{}", native);
  } else if (const std::size_t at = text.find("ORA-"); engine() == Engine::kOracle && at != text.npos) {
    int number = 0;
    std::from_chars(text.data() + at + 4, text.data() + text.size(), number);
    failure = failure_of_oracle(number);
    code = fmt::format("ORA-{:05}", number);
  }
  if (failure == Failure::kOther) failure = failure_of_sqlstate(reinterpret_cast<const char*>(state.data()));
  if (code.empty())
    failure = Failure::kConnection, code = "08003";  // a handle that gives no reason is of no connection
  if (cancelled_.load()) failure = Failure::kCancelled;
  if (code == "IM002" || code == "01000" || text.find("Can't open lib") != text.npos) {
    failure = Failure::kOther;
    text += "; install the ODBC driver, for MariaDB: apt-get install odbc-mariadb";
  }
  throw DatabaseError(failure, code, place_, fmt::format("{} ({})", text, code));
}

// --- statements with parameters ---

void OdbcConnection::Arguments::bind(const Batch& parameters, std::size_t row) {
  for (std::size_t i = 0; i < order_.size(); ++i) {
    REDOUBT_ASSERT(order_[i] < parameters.width());
    const Column& column = parameters[order_[i]];
    const auto mark = static_cast<SQLUSMALLINT>(i + 1);
    const auto bytes = [&](SQLSMALLINT c_type, SQLSMALLINT sql_type, std::string_view value) {
      lengths_[i] = static_cast<SQLLEN>(value.size());
      statement_.check(SQLBindParameter(
          statement_.get(), mark, SQL_PARAM_INPUT, c_type, sql_type, std::max<SQLULEN>(value.size(), 1), 0,
          const_cast<char*>(value.data() ? value.data() : ""), lengths_[i], &lengths_[i]));
    };
    const auto word = [&](SQLSMALLINT c_type, SQLSMALLINT sql_type, auto value) {
      std::memcpy(&words_[i], &value, sizeof value);
      lengths_[i] = 0;
      statement_.check(SQLBindParameter(statement_.get(), mark, SQL_PARAM_INPUT, c_type, sql_type, 0, 0, &words_[i], 0,
                                        &lengths_[i]));
    };
    switch (column.storage(row)) {
      case Storage::kNull:
        bytes(SQL_C_CHAR, SQL_VARCHAR, "");
        lengths_[i] = SQL_NULL_DATA;
        break;
      case Storage::kInteger: word(SQL_C_SBIGINT, SQL_BIGINT, column.integer(row)); break;
      case Storage::kDouble: word(SQL_C_DOUBLE, SQL_DOUBLE, column.real(row)); break;
      case Storage::kText: bytes(SQL_C_CHAR, SQL_VARCHAR, column.text(row)); break;
      case Storage::kBytes: bytes(SQL_C_BINARY, SQL_VARBINARY, column.text(row)); break;
      case Storage::kDateTime: {
        TextBuffer text;
        write_time(text, column.time(row), Parts::kTime);
        texts_[i] = text.view();
        bytes(SQL_C_CHAR, SQL_VARCHAR, texts_[i]);
        break;
      }
      case Storage::kInterval:
        texts_[i] = duration_text(column.interval(row));
        bytes(SQL_C_CHAR, SQL_VARCHAR, texts_[i]);
        break;
    }
  }
}

std::vector<std::int64_t> OdbcConnection::execute(std::string_view sql, const Batch& parameters) {
  std::optional<Transaction> own;
  if (!in_transaction_ && parameters.rows() > 1) own.emplace(*this);
  std::vector<std::int64_t> changed(parameters.rows());
  {
    Statement statement(*this);
    std::vector<std::size_t> order;
    statement.prepare(sql, order);
    Arguments arguments(statement, order);
    for (std::size_t row = 0; row < parameters.rows(); ++row) {
      arguments.bind(parameters, row);
      const SQLRETURN result = SQLExecute(statement.get());
      if (result != SQL_NO_DATA) statement.check(result);
      changed[row] = result == SQL_NO_DATA ? 0 : statement.changed();
      SQLFreeStmt(statement.get(), SQL_CLOSE);
    }
  }
  if (own) own->commit();
  return changed;
}

// --- rows ---

class OdbcRows final : public Rows {
 public:
  OdbcRows(OdbcConnection& connection, std::string_view sql, const Batch& parameters)
      : connection_(connection), statement_(connection) {
    REDOUBT_ASSERT(parameters.width() == 0 || parameters.rows() == 1);
    std::vector<std::size_t> order;
    statement_.prepare(sql, order);
    OdbcConnection::Arguments arguments(statement_, order);
    arguments.bind(parameters, 0);
    statement_.check(SQLExecute(statement_.get()));
    SQLSMALLINT count = 0;
    statement_.check(SQLNumResultCols(statement_.get(), &count));
    for (SQLUSMALLINT i = 1; i <= count; ++i) describe(i);
    bind();
  }

  ~OdbcRows() override {
    if (more_) connection_.cancel();  // what is left is not read, if the driver can help it
    SQLFreeStmt(statement_.get(), SQL_CLOSE);
  }

  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  bool next(Batch& batch) override;

 private:
  void describe(SQLUSMALLINT i);
  void bind();
  void take(Column& column, std::size_t i, std::size_t row);
  void take_text(Column& column, Type type, std::string_view text);
  void take_long(Column& column, std::size_t i);
  bool fetch();

  OdbcConnection& connection_;
  OdbcConnection::Statement statement_;
  std::vector<ColumnInfo> columns_;
  std::vector<Binding> bindings_;
  std::size_t stride_ = 0;
  std::vector<std::uint64_t> buffer_;
  SQLULEN rows_per_fetch_ = 1, fetched_ = 0, taken_ = 0;
  bool more_ = true;
  std::vector<char> window_;
};

void OdbcRows::describe(SQLUSMALLINT i) {
  std::array<SQLCHAR, 512> name{};
  SQLSMALLINT size = 0, sql_type = 0, scale = 0, nullable = 0;
  SQLULEN length = 0;
  statement_.check(
      SQLDescribeCol(statement_.get(), i, name.data(), name.size(), &size, &sql_type, &length, &scale, &nullable));
  std::array<SQLCHAR, 128> native{};
  SQLColAttribute(statement_.get(), i, SQL_DESC_TYPE_NAME, native.data(), native.size(), &size, nullptr);
  SQLLEN is_unsigned = SQL_FALSE, octets = 0;
  SQLColAttribute(statement_.get(), i, SQL_DESC_UNSIGNED, nullptr, 0, nullptr, &is_unsigned);
  SQLColAttribute(statement_.get(), i, SQL_DESC_OCTET_LENGTH, nullptr, 0, nullptr, &octets);

  ColumnInfo info;
  info.name = reinterpret_cast<const char*>(name.data());
  info.native = reinterpret_cast<const char*>(native.data());
  Binding binding;
  const auto is = [&](Type type, SQLSMALLINT c_type, std::size_t width) {
    info.type = type;
    binding.c_type = c_type;
    binding.width = width;
  };
  const auto bytes = static_cast<std::size_t>(std::max<SQLLEN>(octets, 0));
  switch (sql_type) {
    case SQL_BIT: is(Type::kBoolean, SQL_C_SBIGINT, 8); break;
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER: is(Type::kInteger, SQL_C_SBIGINT, 8); break;
    case SQL_BIGINT:
      if (is_unsigned == SQL_TRUE)
        is(Type::kDecimal, SQL_C_CHAR, 24);
      else
        is(Type::kInteger, SQL_C_SBIGINT, 8);
      break;
    case SQL_DECIMAL:
    case SQL_NUMERIC:
      is(Type::kDecimal, SQL_C_CHAR, length + 8);
      info.scale = scale;
      break;
    case SQL_REAL: is(Type::kFloat, SQL_C_FLOAT, 4); break;
    case SQL_FLOAT:
    case SQL_DOUBLE: is(Type::kDouble, SQL_C_DOUBLE, 8); break;
    case SQL_DATE:
    case SQL_TYPE_DATE: is(Type::kDate, SQL_C_CHAR, 32); break;
    case SQL_TIME:
    case SQL_TYPE_TIME: is(Type::kInterval, SQL_C_CHAR, 32); break;
    case SQL_TIMESTAMP:
    case SQL_TYPE_TIMESTAMP:
      is(Type::kTimestamp, SQL_C_CHAR, 48);
      info.scale = scale;
      break;
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
      is(Type::kBytes, SQL_C_BINARY, std::max<std::size_t>(bytes, length));
      info.size = length;
      break;
    case SQL_CHAR:
    case SQL_VARCHAR:
    case SQL_LONGVARCHAR:
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_WLONGVARCHAR:
      is(Type::kText, SQL_C_CHAR, std::max<std::size_t>(bytes, 4 * length) + 1);
      info.size = length;
      break;
    default: is(Type::kOther, SQL_C_CHAR, 0);
  }
  if (length == 0 && (info.type == Type::kText || info.type == Type::kBytes)) binding.width = 0;
  if (binding.width > kWidest) binding.width = 0;
  columns_.push_back(std::move(info));
  bindings_.push_back(binding);
}

void OdbcRows::bind() {
  bool by_value = false;
  for (Binding& b : bindings_) {
    b.offset = stride_;
    stride_ += sizeof(SQLLEN) + (b.width + 7) / 8 * 8;
    by_value |= b.width == 0;
  }
  rows_per_fetch_ =
      by_value ? 1 : std::clamp<std::size_t>(kFetchBytes / std::max<std::size_t>(stride_, 1), 1, Batch::kRows);
  buffer_.resize((stride_ * rows_per_fetch_ + 7) / 8);
  const auto set = [&](SQLINTEGER attribute, SQLPOINTER value) {
    statement_.check(SQLSetStmtAttr(statement_.get(), attribute, value, 0));
  };
  set(SQL_ATTR_ROW_BIND_TYPE, number(stride_));
  set(SQL_ATTR_ROW_ARRAY_SIZE, number(rows_per_fetch_));
  set(SQL_ATTR_ROWS_FETCHED_PTR, &fetched_);
  char* const first = reinterpret_cast<char*>(buffer_.data());
  for (std::size_t i = 0; i < bindings_.size(); ++i) {
    const Binding& b = bindings_[i];
    if (b.width == 0) continue;
    statement_.check(SQLBindCol(statement_.get(), static_cast<SQLUSMALLINT>(i + 1), b.c_type,
                                first + b.offset + sizeof(SQLLEN), static_cast<SQLLEN>(b.width),
                                reinterpret_cast<SQLLEN*>(first + b.offset)));
  }
}

bool OdbcRows::fetch() {
  if (!more_) return false;
  const SQLRETURN result = SQLFetch(statement_.get());
  taken_ = 0;
  if (result == SQL_NO_DATA) {
    fetched_ = 0;
    return more_ = false;
  }
  if (!good(result)) more_ = false;
  statement_.check(result);
  return true;
}

bool OdbcRows::next(Batch& batch) {
  REDOUBT_ASSERT(batch.width() == columns_.size());
  batch.clear();
  while (!batch.full()) {
    if (taken_ == fetched_ && !fetch()) break;
    // Column by column, as far as the batch has room.
    const std::size_t end = std::min<std::size_t>(fetched_, taken_ + (batch.row_limit() - batch.rows()));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (bindings_[i].width == 0)
        take_long(batch[i], i);
      else
        for (std::size_t row = taken_; row < end; ++row) take(batch[i], i, row);
    }
    taken_ = end;
  }
  return batch.rows() != 0;
}

void OdbcRows::take(Column& column, std::size_t i, std::size_t row) {
  const Binding& b = bindings_[i];
  const char* value = reinterpret_cast<const char*>(buffer_.data()) + row * stride_ + b.offset;
  SQLLEN length;
  std::memcpy(&length, value, sizeof length);
  if (length == SQL_NULL_DATA) return column.add_null();
  value += sizeof length;
  switch (b.c_type) {
    case SQL_C_SBIGINT: {
      std::int64_t integer;
      std::memcpy(&integer, value, 8);
      return column.add_integer(integer);
    }
    case SQL_C_DOUBLE: {
      double real;
      std::memcpy(&real, value, 8);
      return column.add_double(real);
    }
    case SQL_C_FLOAT: {
      float real;
      std::memcpy(&real, value, 4);
      return column.add_double(static_cast<double>(real));
    }
    default: break;
  }
  const bool text = b.c_type == SQL_C_CHAR;
  if (length < 0 || static_cast<std::size_t>(length) > b.width - text)
    throw DatabaseError(Failure::kOther, "01004", connection_.place(),
                        fmt::format("column {}: a value is longer than the driver said it could be", columns_[i].name));
  const std::string_view bytes(value, static_cast<std::size_t>(length));
  if (text)
    take_text(column, columns_[i].type, bytes);
  else
    column.add_bytes(bytes);
}

void OdbcRows::take_text(Column& column, Type type, std::string_view text) {
  DateTime time;
  Interval interval;
  if (storage_of(type) == Storage::kDateTime && read_time(text, time))
    column.add_time(time);
  else if (type == Type::kInterval && read_duration(text, interval))
    column.add_interval(interval);
  else
    column.add_text(text);
}

// A value of unknown size, window by window.
void OdbcRows::take_long(Column& column, std::size_t i) {
  const Binding& b = bindings_[i];
  const std::size_t end = b.c_type == SQL_C_CHAR ? 1 : 0;  // a zero that ends every window of text
  window_.clear();
  std::size_t size = 0;
  for (std::size_t room = 64U << 10;; room *= 2) {
    if (size + room > Batch::kMaxValue)
      throw DatabaseError(Failure::kSpace, "54000", connection_.place(),
                          fmt::format("column {}: a value of more than 1 GiB", columns_[i].name));
    window_.resize(size + room);
    SQLLEN length = 0;
    const SQLRETURN result = SQLGetData(statement_.get(), static_cast<SQLUSMALLINT>(i + 1), b.c_type,
                                        window_.data() + size, static_cast<SQLLEN>(room), &length);
    if (result == SQL_NO_DATA) break;
    statement_.check(result);
    if (length == SQL_NULL_DATA) return column.add_null();
    const bool whole = length != SQL_NO_TOTAL && static_cast<std::size_t>(length) <= room - end;
    size += whole ? static_cast<std::size_t>(length) : room - end;
    if (whole) break;
  }
  const std::string_view bytes(window_.data(), size);
  if (b.c_type == SQL_C_CHAR)
    take_text(column, columns_[i].type, bytes);
  else
    column.add_bytes(bytes);
}

// --- loading ---

// Row arrays: as many rows per round trip as a batch has. A column of integers or of doubles goes as such, all others
// as text or bytes.
class OdbcLoad final : public Connection::Load {
 public:
  OdbcLoad(OdbcConnection& connection, std::string_view table, const std::vector<ColumnInfo>& columns)
      : connection_(connection), transaction_(connection), arrays_(columns.size()) {
    std::string names, marks;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      names += (i ? ", " : "") + connection.dialect().quote(columns[i].name);
      marks += i ? ", ?" : "?";
    }
    sql_ = fmt::format("INSERT INTO {} ({}) VALUES ({})", table, names, marks);
  }

  void add(const Batch& rows) override {
    for (std::size_t from = 0, to = 0; from < rows.rows(); from = to) {
      to = end_of_round(rows, from);
      OdbcConnection::Statement statement(connection_);
      std::vector<std::size_t> order;
      statement.prepare(sql_, order);
      statement.check(SQLSetStmtAttr(statement.get(), SQL_ATTR_PARAMSET_SIZE, number(to - from), 0));
      for (std::size_t i = 0; i < arrays_.size(); ++i)
        bind(statement, rows[i], from, to, arrays_[i], static_cast<SQLUSMALLINT>(i + 1));
      statement.check(SQLExecute(statement.get()));
    }
  }

  void finish() override { transaction_.commit(); }

 private:
  struct Array {
    TextBuffer values;
    std::vector<std::size_t> ends;
    std::vector<SQLLEN> lengths;
    std::vector<std::uint64_t> words;
    std::vector<char> texts;
  };

  // How far from `from` on rows go in one round: in an array every value takes as much as the longest of its column.
  static std::size_t end_of_round(const Batch& rows, std::size_t from) {
    std::vector<std::size_t> widths(rows.width(), sizeof(SQLLEN));
    std::size_t width = 0;
    for (std::size_t row = from; row < rows.rows(); ++row) {
      width = 0;
      for (std::size_t i = 0; i < rows.width(); ++i) {
        const Storage storage = rows[i].storage(row);
        const bool sized = storage == Storage::kText || storage == Storage::kBytes;
        widths[i] = std::max(widths[i], sized ? rows[i].text(row).size() : sizeof(std::uint64_t));
        width += widths[i];
      }
      if (row > from && width * (row - from + 1) > kFetchBytes) return row;
    }
    return rows.rows();
  }

  // The storage that all values have, kNull for none at all, kText where they differ.
  static Storage storage_of_all(const Column& column, std::size_t from, std::size_t to) {
    Storage all = Storage::kNull;
    for (std::size_t row = from; row < to; ++row) {
      const Storage storage = column.storage(row);
      if (all == Storage::kNull)
        all = storage;
      else if (storage != Storage::kNull && storage != all)
        return Storage::kText;
    }
    return all;
  }

  static void bind(OdbcConnection::Statement& statement, const Column& column, std::size_t from, std::size_t to,
                   Array& array, SQLUSMALLINT mark) {
    const Storage storage = storage_of_all(column, from, to);
    const auto bind_array = [&](SQLSMALLINT c_type, SQLSMALLINT sql_type, void* values, std::size_t width) {
      statement.check(SQLBindParameter(statement.get(), mark, SQL_PARAM_INPUT, c_type, sql_type, width, 0, values,
                                       static_cast<SQLLEN>(width), array.lengths.data()));
    };
    array.lengths.clear();
    if (storage == Storage::kInteger || storage == Storage::kDouble) {
      array.words.clear();
      for (std::size_t row = from; row < to; ++row) {
        array.words.push_back(static_cast<std::uint64_t>(column.integer(row)));  // of a double its bits
        array.lengths.push_back(column.is_null(row) ? SQL_NULL_DATA : 0);
      }
      if (storage == Storage::kInteger) return bind_array(SQL_C_SBIGINT, SQL_BIGINT, array.words.data(), 8);
      return bind_array(SQL_C_DOUBLE, SQL_DOUBLE, array.words.data(), 8);
    }
    array.values.clear();
    array.ends.clear();
    std::size_t width = 1;
    for (std::size_t row = from, start = 0; row < to; ++row) {
      switch (column.storage(row)) {
        case Storage::kNull: break;
        case Storage::kInteger: array.values.append_int(column.integer(row)); break;
        case Storage::kDouble: array.values.append(fmt::format("{}", column.real(row))); break;
        case Storage::kBytes:
        case Storage::kText: array.values.append(column.text(row)); break;
        case Storage::kDateTime: write_time(array.values, column.time(row), Parts::kTime); break;
        case Storage::kInterval: array.values.append(duration_text(column.interval(row))); break;
      }
      const std::size_t size = array.values.size() - start;
      width = std::max(width, size);
      array.lengths.push_back(column.is_null(row) ? SQL_NULL_DATA : static_cast<SQLLEN>(size));
      array.ends.push_back(start += size);
    }
    array.texts.assign(width * (to - from), '\0');
    for (std::size_t i = 0, start = 0; i < array.ends.size(); start = array.ends[i++]) {
      const std::string_view text = array.values.view().substr(start, array.ends[i] - start);
      if (!text.empty()) std::memcpy(array.texts.data() + i * width, text.data(), text.size());
    }
    if (storage == Storage::kBytes)
      bind_array(SQL_C_BINARY, SQL_VARBINARY, array.texts.data(), width);
    else
      bind_array(SQL_C_CHAR, SQL_VARCHAR, array.texts.data(), width);
  }

  OdbcConnection& connection_;
  Transaction transaction_;
  std::string sql_;
  std::vector<Array> arrays_;
};

std::unique_ptr<Rows> OdbcConnection::read(std::string_view sql, const Batch& parameters) {
  return std::make_unique<OdbcRows>(*this, sql, parameters);
}

std::unique_ptr<Connection::Load> OdbcConnection::load(std::string_view table, const std::vector<ColumnInfo>& columns) {
  return std::make_unique<OdbcLoad>(*this, table, columns);
}

}  // namespace

std::unique_ptr<Connection> connect_odbc(const Url& url, const Options& options) {
  return std::make_unique<OdbcConnection>(url, options);
}

}  // namespace redoubt::database
