// PostgreSQL, over libpq.
//
// Queries are read with COPY ... TO STDOUT (FORMAT binary), the fastest way out of the server. Per row, all big-endian:
//
//     u16 fields | per field: i32 size (-1 = NULL), bytes | ... | u16 0xFFFF behind the last row
//     "PGCOPY\n\377\r\n\0", u32 flags, u32 size of the extension, before the first row
//
// What the bytes of a field are is in postgresql_values.h.
//
// Everything waits in poll() with a deadline, so a server that falls silent is noticed, and cancel() always works.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <algorithm>
#include <array>
#include <atomic>

#include "database/engines.h"
#include "database/postgresql_values.h"

namespace redoubt::database {

namespace {

using Clock = std::chrono::steady_clock;
using postgresql::decoder_of;
using postgresql::Field;
using postgresql::write_value;

// How long the server may be silent beyond its own statement time-out.
constexpr auto kGrace = std::chrono::seconds(10);

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
  void operator()(PGresult* result) const { PQclear(result); }
  void operator()(char* memory) const { PQfreemem(memory); }
};
using Result = std::unique_ptr<PGresult, Finish>;
using CopyRow = std::unique_ptr<char, Finish>;

// Can COPY read the rows of this statement?
bool is_query(std::string_view sql) {
  for (;;) {  // up to the first word
    sql.remove_prefix(std::min(sql.find_first_not_of(" \t\r\n("), sql.size()));
    const std::string_view end = sql.starts_with("--") ? "\n" : sql.starts_with("/*") ? "*/" : "";
    if (end.empty()) break;
    const std::size_t found = sql.find(end, 2);
    if (found == sql.npos) return false;
    sql.remove_prefix(found + end.size());
  }
  std::string word(sql.substr(0, 6));
  std::transform(word.begin(), word.end(), word.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  return word == "SELECT" || word.starts_with("WITH") || word.starts_with("TABLE") || word == "VALUES";
}

class PostgresqlConnection final : public Connection {
 public:
  PostgresqlConnection(const Url& url, const Options& options);

  const Dialect& dialect() const override { return dialect_; }
  const Server& server() const override { return server_; }
  const std::string& place() const override { return place_; }

  std::int64_t execute(std::string_view sql) override {
    const Running running(*this);
    check(PQsendQuery(connection_.get(), std::string(sql).c_str()));
    std::int64_t changed = 0;
    each_result([&](const Result& result) { changed += changed_by(result.get()); });
    return changed;
  }

  std::vector<std::int64_t> execute(std::string_view sql, const Batch& parameters) override;
  std::unique_ptr<Rows> read(std::string_view sql, const Batch& parameters) override;
  std::unique_ptr<Load> load(std::string_view table, const std::vector<ColumnInfo>& columns) override;

  void begin(Access access) override {
    execute(access == Access::kReadOnly ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN");
  }
  void commit() override {
    // The server answers COMMIT of a failed transaction with ROLLBACK, and calls that a success.
    if (PQtransactionStatus(connection_.get()) == PQTRANS_INERROR) {
      rollback();
      throw DatabaseError(Failure::kOther, "25P02", place_, "the transaction had failed and was rolled back");
    }
    execute("COMMIT");
  }
  void rollback() override {
    if (in_transaction()) execute("ROLLBACK");
  }
  bool in_transaction() const override {
    const auto status = PQtransactionStatus(connection_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }

  void cancel() noexcept override {
    if (!running_.load()) return;
    cancelled_.store(true);
    std::array<char, 256> error{};
    PQcancel(cancel_.get(), error.data(), error.size());  // fails when the server is gone: then the wait ends by itself
  }

  // Marks a call that can be cancelled and that has its time.
  class Running {
   public:
    explicit Running(PostgresqlConnection& connection) : connection_(connection) {
      connection_.cancelled_.store(false);
      connection_.running_.store(true);
      start_clock();
    }
    ~Running() { connection_.running_.store(false); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    void start_clock() {
      connection_.end_ =
          connection_.timeout_.count() ? Clock::now() + connection_.timeout_ + kGrace : Clock::time_point::max();
    }

   private:
    PostgresqlConnection& connection_;
  };

  PGconn* get() const { return connection_.get(); }

  // Columns of a statement: name, type and native name.
  std::vector<ColumnInfo> describe(const std::string& sql, std::vector<Oid>& oids);

  // Calls `take` with every result of what was sent. An error among them is thrown, behind the last.
  template <class Take>
  void each_result(Take&& take) {
    Result failed;
    while (Result result = next_result()) {
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_COPY_OUT || status == PGRES_COPY_IN) return take(result);
      if (status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE)
        take(result);
      else if (!failed)
        failed = std::move(result);
      if (status == PGRES_PIPELINE_SYNC) break;
    }
    if (failed) fail(failed.get());
  }

  // Waits until the socket can be read, or written as well. Throws at the deadline.
  void wait(bool to_write);
  void flush();
  void check(int sent) {
    if (!sent) fail(nullptr);
  }
  [[noreturn]] void fail(const PGresult* result) const;

 private:
  Result next_result();

  // Rows that a command changed; reading is none.
  static std::int64_t changed_by(PGresult* result) {
    if (PQresultStatus(result) != PGRES_COMMAND_OK) return 0;
    const char* text = PQcmdTuples(result);
    std::int64_t rows = 0;
    std::from_chars(text, text + std::strlen(text), rows);
    return rows;
  }

  std::string place_;
  Dialect dialect_{Engine::kPostgresql};
  Server server_;
  std::chrono::milliseconds timeout_;
  Clock::time_point end_ = Clock::time_point::max();
  std::unique_ptr<PGconn, Finish> connection_;
  std::unique_ptr<PGcancel, Finish> cancel_;
  std::atomic<bool> running_ = false, cancelled_ = false;
};

PostgresqlConnection::PostgresqlConnection(const Url& url, const Options& options)
    : place_(url.shown()), timeout_(options.statement_timeout) {
  std::vector<std::pair<std::string, std::string>> settings;
  const auto set = [&](const char* key, const std::string& value) {
    if (!value.empty()) settings.emplace_back(key, value);
  };
  set("host", url.host);
  set("port", url.port ? std::to_string(url.port) : "");
  set("dbname", url.name);
  set("user", url.user);
  set("password", url.password);
  set("connect_timeout", std::to_string(std::max<std::int64_t>(2, options.connect_timeout.count() / 1000)));
  set("fallback_application_name", options.application);
  // A peer that vanished is noticed within a minute even when nothing is sent.
  set("keepalives_idle", "20");
  set("keepalives_interval", "10");
  set("keepalives_count", "3");
  set("tcp_user_timeout", "60000");
  set("client_encoding", "UTF8");
  for (const auto& [key, value] : url.options) settings.emplace_back(key, value);
  std::vector<const char*> keys, values;
  for (const auto& [key, value] : settings) keys.push_back(key.c_str()), values.push_back(value.c_str());
  keys.push_back(nullptr), values.push_back(nullptr);
  connection_.reset(PQconnectdbParams(keys.data(), values.data(), 0));
  if (!connection_) throw std::bad_alloc();
  if (PQstatus(get()) != CONNECTION_OK) {
    // Before a session there is no SQLSTATE, only words.
    const std::string what = PQerrorMessage(get());
    const bool refused = what.find("authentication failed") != what.npos || what.find("no password") != what.npos ||
                         (what.find("role \"") != what.npos && what.find("does not exist") != what.npos);
    const bool unknown = what.find("database \"") != what.npos && what.find("does not exist") != what.npos;
    const bool permission = what.find("pg_hba.conf") != what.npos || what.find("permission denied") != what.npos;
    const Failure failure = refused      ? Failure::kCredentials
                            : unknown    ? Failure::kObject
                            : permission ? Failure::kPrivilege
                                         : Failure::kConnection;
    const std::string_view code = refused ? "28P01" : unknown ? "3D000" : permission ? "28000" : "08001";
    throw DatabaseError(failure, code, place_, what.substr(0, what.find_last_not_of('\n') + 1));
  }
  PQsetnonblocking(get(), 1);
  PQsetNoticeProcessor(
      get(), [](void*, const char*) {}, nullptr);
  cancel_.reset(PQgetCancel(get()));
  // Texts of values must not depend on the server's or the role's settings.
  execute(
      fmt::format("SET datestyle = 'ISO, YMD'; SET intervalstyle = postgres; SET timezone = 'UTC'; "
                  "SET extra_float_digits = 3; SET bytea_output = hex; SET standard_conforming_strings = on; "
                  "SET statement_timeout = {}; SET default_transaction_read_only = {}",
                  timeout_.count(), options.access == Access::kReadOnly ? "on" : "off"));
  const Batch who = read_row(
      "SELECT current_setting('server_version'), current_user::text, current_database()::text, "
      "(SELECT system_identifier::text FROM pg_control_system())");
  const auto text = [&](std::size_t column) { return std::string(who[column].is_null(0) ? "" : who[column].text(0)); };
  server_ = {"PostgreSQL", text(0), text(1), text(2), text(3)};
}

void PostgresqlConnection::wait(bool to_write) {
  pollfd socket{PQsocket(get()), static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now()).count();
    const int ready =
        poll(&socket, 1,
             end_ == Clock::time_point::max() ? -1 : static_cast<int>(std::clamp<std::int64_t>(left, 0, 1 << 30)));
    if (ready > 0) break;
    if (ready == 0)
      throw DatabaseError(Failure::kConnection, "08006", place_, "the server has not answered within query_timeout");
    if (errno != EINTR) throw DatabaseError(Failure::kConnection, "08006", place_, std::strerror(errno));
  }
  if ((socket.revents & (POLLIN | POLLERR | POLLHUP)) != 0) check(PQconsumeInput(get()));
}

void PostgresqlConnection::flush() {
  while (const int left = PQflush(get())) {
    if (left < 0) fail(nullptr);
    wait(true);
  }
}

Result PostgresqlConnection::next_result() {
  flush();
  while (PQisBusy(get())) wait(false);
  return Result(PQgetResult(get()));
}

void PostgresqlConnection::fail(const PGresult* result) const {
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  std::string what = result ? PQresultErrorMessage(result) : PQerrorMessage(get());
  if (const char* primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr) {
    what = primary;
    if (const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)) what += fmt::format(": {}", detail);
  }
  while (!what.empty() && what.back() == '\n') what.pop_back();
  if (!state)
    throw DatabaseError(Failure::kConnection, "08006", place_, what.empty() ? "the connection is lost" : what);
  Failure failure = failure_of_sqlstate(state);
  if (failure == Failure::kCancelled && !cancelled_.load()) failure = Failure::kTimeout;
  throw DatabaseError(failure, state, place_, fmt::format("{} ({})", what, state));
}

// --- statements with parameters ---

std::vector<std::int64_t> PostgresqlConnection::execute(std::string_view sql, const Batch& parameters) {
  if (parameters.rows() == 0) return {};
  const Running running(*this);
  // A pipeline: all rows are sent before the first answer is read, and up to its end all is one transaction.
  struct Pipeline {
    explicit Pipeline(PGconn* c) : connection(c) { PQenterPipelineMode(connection); }
    ~Pipeline() { PQexitPipelineMode(connection); }
    PGconn* connection;
  } pipeline(get());
  check(PQsendPrepare(get(), "", std::string(sql).c_str(), 0, nullptr));
  std::vector<std::string> texts(parameters.width());
  std::vector<const char*> values(parameters.width());
  std::vector<int> sizes(parameters.width()), formats(parameters.width());
  TextBuffer text;
  for (std::size_t row = 0; row < parameters.rows(); ++row) {
    for (std::size_t i = 0; i < parameters.width(); ++i) {
      const Column& column = parameters[i];
      const bool binary = column.storage(row) == Storage::kBytes;  // of bytea and uuid it is the bytes themselves
      text.clear();
      if (binary)
        text.append(column.text(row));
      else
        write_value(text, column, row);
      texts[i] = text.view();
      values[i] = column.is_null(row) ? nullptr : texts[i].c_str();
      sizes[i] = static_cast<int>(texts[i].size());
      formats[i] = binary;
    }
    check(PQsendQueryPrepared(get(), "", static_cast<int>(values.size()), values.data(), sizes.data(), formats.data(),
                              0));
  }
  check(PQpipelineSync(get()));
  std::vector<std::int64_t> changed;
  changed.reserve(parameters.rows());
  Result failed;
  for (bool prepared = false;;) {
    Result result = next_result();
    if (!result) {  // stands between the statements of a pipeline
      if (PQstatus(get()) != CONNECTION_OK) fail(nullptr);
      continue;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (prepared) changed.push_back(changed_by(result.get()));
    prepared = true;
    if (status == PGRES_FATAL_ERROR && !failed) failed = std::move(result);
  }
  if (failed) fail(failed.get());
  return changed;
}

std::vector<ColumnInfo> PostgresqlConnection::describe(const std::string& sql, std::vector<Oid>& oids) {
  std::vector<ColumnInfo> columns;
  std::vector<int> modifiers;
  check(PQsendPrepare(get(), "", sql.c_str(), 0, nullptr));
  each_result([](const Result&) {});
  check(PQsendDescribePrepared(get(), ""));
  each_result([&](const Result& result) {
    for (int i = 0; i < PQnfields(result.get()); ++i) {
      oids.push_back(PQftype(result.get(), i));
      modifiers.push_back(PQfmod(result.get(), i));
      ColumnInfo info;
      info.name = PQfname(result.get(), i);
      info.type = decoder_of(oids.back()).type;
      columns.push_back(std::move(info));
    }
  });
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int modifier = modifiers[i];
    if (oids[i] == 1700 && modifier >= 4) columns[i].scale = (modifier - 4) & 0xFFFF;
    if ((oids[i] == 1114 || oids[i] == 1184 || oids[i] == 1083) && modifier >= 0) columns[i].scale = modifier;
    if ((oids[i] == 1042 || oids[i] == 1043) && modifier >= 4) columns[i].size = static_cast<std::size_t>(modifier - 4);
  }
  if (columns.empty()) return columns;
  std::string list;
  for (std::size_t i = 0; i < columns.size(); ++i)
    list += fmt::format("{}({}, {}, {})", i ? ", " : "", i, oids[i], modifiers[i]);
  check(PQsendQuery(
      get(), fmt::format("SELECT format_type(t::oid, m) FROM (VALUES {}) AS v(i, t, m) ORDER BY i", list).c_str()));
  each_result([&](const Result& result) {
    for (int i = 0; i < PQntuples(result.get()); ++i)
      columns[static_cast<std::size_t>(i)].native = PQgetvalue(result.get(), i, 0);
  });
  return columns;
}

// --- rows ---

class CopyRows final : public Rows {
 public:
  CopyRows(PostgresqlConnection& connection, std::string_view sql, const Batch& parameters)
      : connection_(connection), running_(connection), in_transaction_(connection.in_transaction()) {
    REDOUBT_ASSERT(parameters.width() == 0 || parameters.rows() == 1);
    while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' || sql.back() == '\n')) sql.remove_suffix(1);
    // COPY takes no parameters: they become literals of no declared type, which the server types by where they stand,
    // as it does with parameters.
    std::string text = replace_parameters(sql, [&](std::size_t n) {
      if (n < 1 || n > parameters.width())
        throw DatabaseError(
            Failure::kConstraint, "08P01", connection.place(),
            fmt::format("the statement has a parameter ${}, and {} values were given", n, parameters.width()));
      if (parameters[n - 1].is_null(0)) return std::string("NULL");
      TextBuffer value;
      write_value(value, parameters[n - 1], 0);
      return connection.dialect().literal(value.view());
    });
    std::vector<Oid> oids;
    columns_ = connection.describe(text, oids);
    if (columns_.empty())
      throw DatabaseError(Failure::kOther, "42601", connection.place(), "the statement returns no rows");
    for (const Oid oid : oids) decode_.push_back(decoder_of(oid).decode);
    if (std::any_of(columns_.begin(), columns_.end(), [](const ColumnInfo& c) { return c.type == Type::kOther; }))
      text = with_texts(text);
    connection.check(PQsendQuery(connection.get(), fmt::format("COPY ({}\n) TO STDOUT (FORMAT binary)", text).c_str()));
    connection.each_result([](const Result&) {});
    open_ = true;
  }

  ~CopyRows() override {
    if (!open_) return;
    try {
      // Ended early: what is under way is thrown away. The server is told to stop, but not in a transaction, which
      // would fail by that.
      running_.start_clock();
      if (!in_transaction_) connection_.cancel();
      while (take().data() != nullptr) {
      }
    } catch (const std::exception&) {  // the cancellation, or the connection is gone
    }
  }

  const std::vector<ColumnInfo>& columns() const override { return columns_; }

  bool next(Batch& batch) override {
    REDOUBT_ASSERT(batch.width() == columns_.size());
    batch.clear();
    running_.start_clock();
    std::size_t bytes = 0;
    while (open_ && batch.rows() < batch.row_limit() && bytes < Batch::kMaxBytes) {
      const std::string_view row = take();
      if (row.data() == nullptr) break;
      bytes += row.size();
      decode(row, batch);
    }
    return batch.rows() != 0;
  }

 private:
  // The next row's bytes, or none behind the last.
  std::string_view take() {
    for (;;) {
      char* data = nullptr;
      const int size = PQgetCopyData(connection_.get(), &data, 1);
      row_.reset(data);
      if (size > 0) return strip({data, static_cast<std::size_t>(size)});
      if (size == 0) {
        connection_.wait(false);
        continue;
      }
      open_ = false;
      if (size == -2) connection_.fail(nullptr);
      connection_.each_result([](const Result&) {});  // an error in mid-stream stands here
      return {};
    }
  }

  std::string_view strip(std::string_view row) {
    if (begun_) return row;
    constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
    Field field(row);
    if (field.take(kSignature.size()) != kSignature) throw Malformed("no signature of COPY");
    field.take<std::uint32_t>();
    field.take(field.take<std::uint32_t>());
    begun_ = true;
    return field.rest();
  }

  void decode(std::string_view row, Batch& batch) {
    if (row.empty()) return;
    Field field(row);
    const auto count = field.take<std::uint16_t>();
    if (count == 0xFFFF) return;
    if (count != decode_.size()) throw Malformed("a row of another width");
    for (std::size_t i = 0; i < decode_.size(); ++i) {
      const auto size = field.take<std::int32_t>();
      if (size < 0)
        batch[i].add_null();
      else
        decode_[i](field.take(static_cast<std::size_t>(size)), batch[i]);
    }
  }

  // The same rows, with columns that have no decoder as text.
  std::string with_texts(std::string_view sql) const {
    std::string names, list;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      names += fmt::format("{}c{}", i ? ", " : "", i);
      list += fmt::format("{}c{}{}", i ? ", " : "", i, columns_[i].type == Type::kOther ? "::text" : "");
    }
    return fmt::format("SELECT {} FROM ({}\n) AS q({})", list, sql, names);
  }

  PostgresqlConnection& connection_;
  PostgresqlConnection::Running running_;
  std::vector<ColumnInfo> columns_;
  std::vector<void (*)(std::string_view field, Column& column)> decode_;
  CopyRow row_;
  bool open_ = false, begun_ = false;
  const bool in_transaction_;  // asked before the query runs: then the state is only "active"
};

// The rows of a statement that COPY cannot read: SHOW, EXPLAIN, INSERT ... RETURNING. They are few, and come at once.
class ResultRows final : public Rows {
 public:
  ResultRows(PostgresqlConnection& connection, std::string_view sql, const Batch& parameters) {
    const PostgresqlConnection::Running running(connection);
    REDOUBT_ASSERT(parameters.width() == 0 || parameters.rows() == 1);
    std::vector<std::string> texts(parameters.width());
    std::vector<const char*> values(parameters.width());
    for (std::size_t i = 0; i < parameters.width(); ++i) {
      TextBuffer text;
      write_value(text, parameters[i], 0);
      texts[i] = text.view();
      values[i] = parameters[i].is_null(0) ? nullptr : texts[i].c_str();
    }
    connection.check(PQsendQueryParams(connection.get(), std::string(sql).c_str(), static_cast<int>(values.size()),
                                       nullptr, values.data(), nullptr, nullptr, 0));
    connection.each_result([&](Result& result) { result_ = std::move(result); });
    for (int i = 0; i < PQnfields(result_.get()); ++i) {
      ColumnInfo info;
      info.name = PQfname(result_.get(), i);
      info.type = Type::kOther;
      columns_.push_back(std::move(info));
    }
  }

  const std::vector<ColumnInfo>& columns() const override { return columns_; }

  bool next(Batch& batch) override {
    batch.clear();
    const int end = PQntuples(result_.get());
    for (; row_ < end && batch.rows() < batch.row_limit(); ++row_)
      for (int i = 0; i < PQnfields(result_.get()); ++i) {
        Column& column = batch[static_cast<std::size_t>(i)];
        if (PQgetisnull(result_.get(), row_, i))
          column.add_null();
        else
          column.add_text(
              {PQgetvalue(result_.get(), row_, i), static_cast<std::size_t>(PQgetlength(result_.get(), row_, i))});
      }
    return batch.rows() != 0;
  }

 private:
  Result result_;
  std::vector<ColumnInfo> columns_;
  int row_ = 0;
};

// --- loading ---

class CopyLoad final : public Connection::Load {
 public:
  CopyLoad(PostgresqlConnection& connection, std::string_view table, const std::vector<ColumnInfo>& columns)
      : connection_(connection), transaction_(connection), running_(connection), columns_(columns) {
    std::string names;
    for (std::size_t i = 0; i < columns.size(); ++i)
      names += (i ? ", " : "") + connection.dialect().quote(columns[i].name);
    connection.check(PQsendQuery(connection.get(), fmt::format("COPY {} ({}) FROM STDIN", table, names).c_str()));
    connection.each_result([](const Result&) {});
    open_ = true;
  }

  ~CopyLoad() override {
    if (!open_) return;
    try {
      PQputCopyEnd(connection_.get(), "not finished");
      connection_.each_result([](const Result&) {});
    } catch (const Error&) {  // it is what was asked for
    }
  }

  void add(const Batch& rows) override {
    running_.start_clock();
    text_.clear();
    for (std::size_t row = 0; row < rows.rows(); ++row) {
      for (std::size_t i = 0; i < rows.width(); ++i) {
        if (i) text_.append('\t');
        postgresql::write_copied(text_, rows[i], row, columns_[i].type);
      }
      text_.append('\n');
    }
    for (int sent;
         (sent = PQputCopyData(connection_.get(), text_.view().data(), static_cast<int>(text_.size()))) != 1;) {
      if (sent < 0) connection_.fail(nullptr);
      connection_.wait(true);
    }
    connection_.flush();
  }

  void finish() override {
    running_.start_clock();
    open_ = false;
    while (PQputCopyEnd(connection_.get(), nullptr) == 0) connection_.wait(true);
    connection_.each_result([](const Result&) {});
    transaction_.commit();
  }

 private:
  PostgresqlConnection& connection_;
  Transaction transaction_;  // ends behind the COPY
  PostgresqlConnection::Running running_;
  std::vector<ColumnInfo> columns_;
  TextBuffer text_;
  bool open_ = false;
};

std::unique_ptr<Rows> PostgresqlConnection::read(std::string_view sql, const Batch& parameters) {
  if (is_query(sql)) return std::make_unique<CopyRows>(*this, sql, parameters);
  return std::make_unique<ResultRows>(*this, sql, parameters);
}

std::unique_ptr<Connection::Load> PostgresqlConnection::load(std::string_view table,
                                                             const std::vector<ColumnInfo>& columns) {
  return std::make_unique<CopyLoad>(*this, table, columns);
}

}  // namespace

std::unique_ptr<Connection> connect_postgresql(const Url& url, const Options& options) {
  return std::make_unique<PostgresqlConnection>(url, options);
}

}  // namespace redoubt::database
