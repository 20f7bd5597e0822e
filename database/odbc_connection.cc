#include "database/odbc_connection.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>

#include "database/engines.h"
#include "database/odbc_load.h"
#include "database/odbc_rows.h"
#include "database/odbc_values.h"

namespace redoubt::database {

namespace odbc {

namespace {

std::string in_braces(std::string_view value) {
  std::string out = "{";
  for (const char c : value) {
    out += c;
    if (c == '}') out += c;
  }
  return out += '}';
}

// A value of a connection string. Only where it must be in braces, for some drivers take them for a part of it.
std::string value_of(std::string_view text) {
  const bool plain = text.find_first_of("[]{}(),;?*=!@ ") == text.npos && !text.empty();
  return plain ? std::string(text) : in_braces(text);
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
  const auto seconds = [](std::chrono::milliseconds time) {
    return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count());
  };
  std::string text;
  if (url.engine == Engine::kOdbc) {
    text = url.name;
    while (text.ends_with(';')) text.pop_back();
  } else if (url.engine == Engine::kMariadb) {
    // OPTION: 2 = rows found, not only those changed; 2^20 + 2^21 = rows are not kept by the driver but passed
    // through, where it can (Debian 12's 3.1.15 keeps all rows of a query in memory).
    text = fmt::format("DRIVER={};SERVER={};PORT={};DATABASE={};CHARSET=utf8mb4;OPTION={};CONN_TIMEOUT={}",
                       installed_driver(environment, {"MariaDB Unicode", "MariaDB"}, "libmaodbc.so"),
                       value_of(url.host), url.port ? url.port : 3306, value_of(url.name), 2 | 1 << 20 | 1 << 21,
                       seconds(options.connect_timeout));
    if (options.statement_timeout.count()) {
      const std::int64_t silence = seconds(options.statement_timeout + kGrace);
      text += fmt::format(";READ_TIMEOUT={0};WRITE_TIMEOUT={0}", silence);
    }
  } else {
    text = fmt::format("DRIVER={};DBQ={}:{}/{}", installed_driver(environment, {"Oracle"}, "libsqora.so"), url.host,
                       url.port ? url.port : 1521, url.name);
  }
  if (!url.user.empty()) text += ";UID=" + value_of(url.user);
  if (!url.password.empty()) text += ";PWD=" + value_of(url.password);
  for (const auto& [key, value] : url.options) text += fmt::format(";{}={}", key, value_of(value));
  return text;
}

}  // namespace

// --- connecting ---

// The driver is asked for ODBC 3 before the connection's handle is made.
Link::Link() {
  SQLSetEnvAttr(environment(), SQL_ATTR_ODBC_VERSION, number(SQL_OV_ODBC3), 0);
  connection_ = std::make_unique<Handle<SQL_HANDLE_DBC>>(environment());
}

bool Link::open(std::string text) {
  return open_ = good(SQLDriverConnect(get(), nullptr, chars(text), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT));
}

void Link::close() {
  if (open_) SQLDisconnect(get());
  open_ = false;
}

OdbcConnection::OdbcConnection(const Url& url, const Options& options)
    : place_(url.shown()),
      dialect_(url.engine),
      timeout_(options.statement_timeout),
      fetch_rows_(options.fetch_rows),
      interrupter_(question(url, options)) {
  const auto set = [&](SQLINTEGER attribute, std::int64_t value) {
    SQLSetConnectAttr(get(), attribute, number(value), SQL_IS_UINTEGER);
  };
  set(SQL_ATTR_LOGIN_TIMEOUT, std::max<std::int64_t>(1, options.connect_timeout.count() / 1000));
  if (engine() != Engine::kMariadb && timeout_.count())  // MariaDB's stands in the connection string
    set(SQL_ATTR_CONNECTION_TIMEOUT, std::chrono::ceil<std::chrono::seconds>(timeout_ + kGrace).count());
  if (engine() == Engine::kOdbc && options.access == Access::kReadOnly) set(SQL_ATTR_ACCESS_MODE, SQL_MODE_READ_ONLY);
  if (!link_.open(connection_string(url, options, link_.environment()))) fail(SQL_HANDLE_DBC, get());
  set_up_session(options);
  read_only_session_ = options.access == Access::kReadOnly;
}

OdbcConnection::~OdbcConnection() {
  if (in_transaction_ && engine() != Engine::kMariadb) SQLEndTran(SQL_HANDLE_DBC, get(), SQL_ROLLBACK);
}

void OdbcConnection::set_up_session(const Options& options) {
  const auto info = [&](SQLUSMALLINT what) {
    std::array<SQLCHAR, 256> text{};
    SQLSMALLINT size = 0;
    SQLGetInfo(get(), what, text.data(), text.size(), &size);
    return std::string(reinterpret_cast<const char*>(text.data()));
  };
  server_ = {info(SQL_DBMS_NAME), info(SQL_DBMS_VER), info(SQL_USER_NAME), info(SQL_DATABASE_NAME), ""};
  if (engine() == Engine::kMariadb) {
    // The time of a statement is kept here, for the server's clock runs on while the reader of rows does something
    // else; for the same reason it may wait a day to be rid of rows.
    execute(
        "SET time_zone = '+00:00', max_statement_time = 0, net_write_timeout = 86400, tx_isolation = "
        "'REPEATABLE-READ', "
        "sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION'");
    if (options.access == Access::kReadOnly) execute("SET SESSION TRANSACTION READ ONLY");
    const Batch who = read_row(
        "SELECT version(), current_user(), coalesce(database(), ''), coalesce(@@server_uid, ''), "
        "cast(connection_id() as signed)");
    const auto field = [&](std::size_t i) { return std::string(who[i].is_null(0) ? "" : who[i].text(0)); };
    server_ = {"MariaDB", field(0), field(1), field(2), field(3)};
    *session_id_ = who[4].integer(0);
  } else if (engine() == Engine::kOracle) {
    execute(
        "ALTER SESSION SET NLS_DATE_FORMAT = 'SYYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'SYYYY-MM-DD "
        "HH24:MI:SS.FF9' "
        "NLS_TIMESTAMP_TZ_FORMAT = 'SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM' NLS_NUMERIC_CHARACTERS = '.,' NLS_COMP = "
        "BINARY "
        "NLS_SORT = BINARY TIME_ZONE = 'UTC'");
    execute(
        fmt::format("BEGIN DBMS_APPLICATION_INFO.SET_MODULE({}, NULL); END;", dialect_.literal(options.application)));
  }
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
  // What drivers make of an interruption differs; why it was made is known.
  if (failure == Failure::kOther || failure == Failure::kCancelled || failure == Failure::kTimeout) check_interrupted();
  if (code == "IM002" || code == "01000" || text.find("Can't open lib") != text.npos) {
    failure = Failure::kOther;
    text += "; install the ODBC driver, for MariaDB: apt-get install odbc-mariadb";
  }
  throw DatabaseError(failure, code, place_, fmt::format("{} ({})", text, code));
}

// --- ending statements from outside ---

std::function<void()> OdbcConnection::question(const Url& url, const Options& options) {
  if (engine() != Engine::kMariadb) {
    return [this] {
      const std::lock_guard lock(mutex_);
      if (cancellable_) SQLCancel(cancellable_);
    };
  }
  Options hasty = options;
  hasty.connect_timeout = hasty.statement_timeout = kGrace / 4;
  return [id = session_id_, text = connection_string(url, hasty, link_.environment())] {
    Link link;
    if (!link.open(text)) return;  // then the statement ends by itself, or by the silence of its server
    const Handle<SQL_HANDLE_STMT> statement(link.get());
    std::string sql = fmt::format("KILL QUERY {}", id->load());
    SQLExecDirect(statement.get(), chars(sql), SQL_NTS);
  };
}

void OdbcConnection::check_interrupted() const {
  switch (interrupter_.interrupted()) {
    case Interrupter::Reason::kNone: return;
    case Interrupter::Reason::kCancelled:
      throw DatabaseError(Failure::kCancelled, "HY008", place_, "the statement was cancelled (HY008)");
    case Interrupter::Reason::kTimeout:
      throw DatabaseError(Failure::kTimeout, "HYT00", place_, "the statement took longer than query_timeout (HYT00)");
  }
}

OdbcConnection::Running::Running(OdbcConnection& connection) : connection_(connection) {
  if (connection.interrupter_.answers_late())
    throw DatabaseError(Failure::kConnection, "08S01", connection.place_,
                        "the connection is lost: the server has not answered a cancellation (08S01)");
  connection_.check_interrupted();
  connection_.interrupter_.begin();
}

OdbcConnection::Running::~Running() {
  const bool asked = connection_.interrupter_.end(4 * kGrace);
  if (!asked || connection_.engine() != Engine::kMariadb) return;
  // A KILL QUERY that came when nothing ran any more is for the next statement: this one.
  const Handle<SQL_HANDLE_STMT> statement(connection_.get());
  std::string sql = "DO 0";
  if (statement.get()) SQLExecDirect(statement.get(), chars(sql), SQL_NTS);
}

OdbcConnection::Waiting::Waiting(OdbcConnection& connection, SQLHSTMT statement, bool fetching)
    : connection_(connection) {
  const Engine engine = connection.engine();
  if (engine == Engine::kOracle || (engine == Engine::kOdbc && !fetching)) {
    const std::lock_guard lock(connection.mutex_);
    connection.cancellable_ = statement;
  }
  try {
    connection.check_interrupted();
  } catch (...) {
    const std::lock_guard lock(connection.mutex_);
    connection.cancellable_ = nullptr;
    throw;
  }
  if (engine == Engine::kMariadb && connection.timeout_.count())
    connection.interrupter_.set_deadline(Interrupter::Clock::now() + connection.timeout_);
}

OdbcConnection::Waiting::~Waiting() {
  if (connection_.engine() == Engine::kMariadb)
    connection_.interrupter_.set_deadline(Interrupter::Clock::time_point::max());
  const std::lock_guard lock(connection_.mutex_);
  connection_.cancellable_ = nullptr;
}

// --- transactions ---

void OdbcConnection::set_autocommit(bool on) {
  if (!good(SQLSetConnectAttr(get(), SQL_ATTR_AUTOCOMMIT, number(on ? SQL_AUTOCOMMIT_ON : SQL_AUTOCOMMIT_OFF), 0)))
    fail(SQL_HANDLE_DBC, get());
}

void OdbcConnection::begin(Access access) {
  const bool read_only = access == Access::kReadOnly || read_only_session_;
  if (engine() == Engine::kMariadb) {
    execute(access == Access::kReadOnly ? "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
                                        : "START TRANSACTION");
  } else {
    set_autocommit(false);
    in_transaction_ = true;
    if (read_only && engine() == Engine::kOracle) execute("SET TRANSACTION READ ONLY");
  }
  in_transaction_ = true;
  read_only_ = read_only;
}

void OdbcConnection::commit() {
  // What a driver has let through is taken back.
  end("COMMIT", read_only_ && engine() == Engine::kOdbc ? SQL_ROLLBACK : SQL_COMMIT);
}

void OdbcConnection::rollback() {
  if (in_transaction_) end("ROLLBACK", SQL_ROLLBACK);
}

// A transaction that cannot be ended goes on, to be rolled back.
void OdbcConnection::end(std::string_view sql, SQLSMALLINT how) {
  if (engine() == Engine::kMariadb) {
    execute(sql);
  } else {
    if (!good(SQLEndTran(SQL_HANDLE_DBC, get(), how))) fail(SQL_HANDLE_DBC, get());
    set_autocommit(true);
  }
  in_transaction_ = read_only_ = false;
}

// Servers refuse most by themselves. But DDL ends a transaction before it looks at it, and drivers need not keep to
// their access mode, so here it is by the first word.
void OdbcConnection::refuse_writing(std::string_view sql) const {
  const bool read_only = (in_transaction_ && read_only_) || (read_only_session_ && engine() != Engine::kMariadb);
  if (!read_only) return;
  static constexpr std::array<std::string_view, 12> kHarmless = {"SELECT",  "WITH",    "VALUES",   "TABLE",
                                                                 "SHOW",    "EXPLAIN", "SET",      "SAVEPOINT",
                                                                 "RELEASE", "COMMIT",  "ROLLBACK", "UNLOCK"};
  if (std::find(kHarmless.begin(), kHarmless.end(), first_word(sql)) == kHarmless.end())
    throw DatabaseError(Failure::kPrivilege, "25006", place_,
                        "the session or the transaction is read-only, and this is no query (25006)");
}

// --- statements ---

OdbcConnection::Statement::Statement(OdbcConnection& connection)
    : connection_(connection), handle_(connection.get()), running_(connection) {
  if (!get()) connection_.fail(SQL_HANDLE_DBC, connection_.get());
  SQLSetStmtAttr(get(), SQL_ATTR_CURSOR_TYPE, number(SQL_CURSOR_FORWARD_ONLY), 0);
  if (connection_.engine() != Engine::kMariadb && connection_.timeout_.count())
    SQLSetStmtAttr(get(), SQL_ATTR_QUERY_TIMEOUT,
                   number(std::max<std::int64_t>(1, connection_.timeout_.count() / 1000)), 0);
}

void OdbcConnection::Statement::prepare(std::string_view sql, std::vector<std::size_t>& order) {
  connection_.refuse_writing(sql);
  std::string text = replace_parameters(sql, [&](std::size_t n) {
    order.push_back(n - 1);
    return std::string("?");
  });
  wait(false, [&] { return SQLPrepare(get(), chars(text), SQL_NTS); });
}

std::int64_t OdbcConnection::Statement::changed() const {
  SQLSMALLINT columns = 0;
  SQLLEN rows = 0;
  if (!good(SQLNumResultCols(get(), &columns)) || columns != 0 || !good(SQLRowCount(get(), &rows))) return 0;
  return std::max<std::int64_t>(rows, 0);
}

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
        write_moment(connection_.engine(), text, column.time(row));
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

std::int64_t OdbcConnection::execute(std::string_view sql) {
  refuse_writing(sql);
  // MariaDB's and Oracle's servers refuse several themselves; their procedures hold semicolons.
  if (engine() == Engine::kOdbc && has_several_statements(sql))
    throw DatabaseError(Failure::kOther, "42000", place_, "several statements in one text are not taken here (42000)");
  Statement statement(*this);
  std::string text(sql);
  const auto run = [&] { return SQLExecDirect(statement.get(), chars(text), SQL_NTS); };
  if (statement.wait(false, run) == SQL_NO_DATA) return 0;
  std::int64_t changed = 0;
  do {  // a procedure has several results
    changed += statement.changed();
  } while (statement.wait(false, [&] { return SQLMoreResults(statement.get()); }) != SQL_NO_DATA);
  return changed;
}

std::vector<std::int64_t> OdbcConnection::execute(std::string_view sql, const Batch& parameters) {
  std::optional<Transaction> own;
  if (!in_transaction_ && parameters.rows() > 1) own.emplace(*this);
  std::vector<std::int64_t> changed(parameters.rows());
  {
    Statement statement(*this);
    std::vector<std::size_t> order;
    statement.prepare(sql, order);
    Arguments arguments(*this, statement, order);
    for (std::size_t row = 0; row < parameters.rows(); ++row) {
      arguments.bind(parameters, row);
      const SQLRETURN result = statement.wait(false, [&] { return SQLExecute(statement.get()); });
      changed[row] = result == SQL_NO_DATA ? 0 : statement.changed();
      SQLFreeStmt(statement.get(), SQL_CLOSE);
    }
  }
  if (own) own->commit();
  return changed;
}

std::unique_ptr<Rows> OdbcConnection::read(std::string_view sql, const Batch& parameters) {
  return std::make_unique<OdbcRows>(*this, sql, parameters);
}

std::unique_ptr<Connection::Load> OdbcConnection::load(std::string_view table, const std::vector<ColumnInfo>& columns) {
  refuse_writing("INSERT");
  return std::make_unique<OdbcLoad>(*this, table, columns);
}

}  // namespace odbc

std::unique_ptr<Connection> connect_odbc(const Url& url, const Options& options) {
  return std::make_unique<odbc::OdbcConnection>(url, options);
}

}  // namespace redoubt::database
