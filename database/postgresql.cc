// PostgreSQL, over libpq.
//
// Queries are read with COPY ... TO STDOUT (FORMAT binary), the fastest way out of the server. Per row, all big-endian:
//
//     u16 fields | per field: i32 size (-1 = NULL), bytes | ... | u16 0xFFFF behind the last row
//     "PGCOPY\n\377\r\n\0", u32 flags, u32 size of the extension, before the first row
//
// What the bytes of a field are is in postgresql_values.h.
//
// Everything waits in poll() with a deadline, so a server that falls silent is noticed: then the connection is shut
// down and every later statement fails. The server keeps the time of statements, except of COPY, where its clock would
// run on while the reader of rows does something else: there the wait itself is timed, and ended like a cancelled one.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <algorithm>
#include <array>

#include "database/engines.h"
#include "database/interrupter.h"
#include "database/postgresql_values.h"

namespace redoubt::database {

namespace {

using Clock = std::chrono::steady_clock;
using postgresql::decoder_of;
using postgresql::Field;
using postgresql::write_value;

// How long the server may be silent beyond its own statement time-out, or behind a cancellation.
constexpr auto kGrace = std::chrono::seconds(10);
// How soon a wait finds out that it was cancelled, should the server not tell it.
constexpr auto kLook = std::chrono::milliseconds(250);

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
  const std::string word = first_word(sql);
  return word == "SELECT" || word == "WITH" || word == "TABLE" || word == "VALUES";
}

// The SQLSTATE in a message of PQERRORS_VERBOSE, which is all there is before a session: "FATAL:  28P01: password ...".
std::string take_sqlstate(std::string& what) {
  for (std::size_t at = what.find(":  "); at != what.npos; at = what.find(":  ", at + 1)) {
    std::string code = what.substr(at + 3, 5);
    const bool state = code.size() == 5 && std::all_of(code.begin(), code.end(), [](char c) {
                         return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                       });
    if (!state || what.compare(at + 8, 2, ": ") != 0) continue;
    what.erase(at + 2, 7);
    return code;
  }
  return {};
}

// A parameter as libpq takes it; `text` holds its bytes. Returns whether its form is binary: bytes go as they are,
// which bytea and uuid both understand.
int write_parameter(const Column& column, std::size_t row, std::string& text, const char*& value, int& size) {
  const bool binary = column.storage(row) == Storage::kBytes;
  if (binary) {
    text = column.text(row);
  } else {
    TextBuffer written;
    write_value(written, column, row);
    text = written.view();
  }
  value = column.is_null(row) ? nullptr : text.c_str();
  size = static_cast<int>(text.size());
  return binary;
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

  void cancel() noexcept override { interrupter_.cancel(); }

  // Marks a piece of work that can be cancelled and that has its time. Nests.
  class Running {
   public:
    // Throws when the work that this is part of was cancelled, or when the connection is lost.
    explicit Running(PostgresqlConnection& connection) : connection_(connection) {
      if (connection.lost_)
        throw DatabaseError(Failure::kConnection, "08003", connection.place_, "the connection is lost (08003)");
      connection.check_cancelled();
      connection.interrupter_.begin();
      start_clock();
    }
    ~Running() {
      connection_.timed_here_ = false;
      connection_.interrupter_.end(connection_.lost_ ? std::chrono::milliseconds(0) : kGrace);
      if (connection_.interrupter_.answers_late()) connection_.lose();  // or it would end a later statement
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    void start_clock() {
      connection_.end_ = connection_.timeout_.count() ? Clock::now() + connection_.timeout_ : Clock::time_point::max();
    }
    // From now on the waits are timed here, and not by the server.
    void time_here() { connection_.timed_here_ = true; }

   private:
    PostgresqlConnection& connection_;
  };

  // What the running work should end for, between its waits.
  void check_cancelled() const {
    if (interrupter_.interrupted() == Interrupter::Reason::kCancelled)
      throw DatabaseError(Failure::kCancelled, "57014", place_, "the statement was cancelled (57014)");
  }
  bool lost() const { return lost_; }
  // A COPY of which the server does not keep the time. All is one transaction, so an error takes the setting back.
  std::string timed_here(std::string_view copy) const {
    return fmt::format("SET statement_timeout = 0; {}; SET statement_timeout = {}", copy, timeout_.count());
  }

  PGconn* get() const { return connection_.get(); }

  // Columns of a statement: name, type and native name.
  std::vector<ColumnInfo> describe(const std::string& sql, std::vector<Oid>& oids);
  // Types of a statement's parameters, as the server infers them.
  std::vector<Oid> parameter_types(std::string_view sql);

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
  // Nothing is sent or read any more.
  void lose() {
    lost_ = true;
    shutdown(PQsocket(get()), SHUT_RDWR);
  }

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
  bool timed_here_ = false, lost_ = false;
  std::unique_ptr<PGconn, Finish> connection_;
  // Shared with the thread that asks the server to stop, should a silent one never answer it.
  std::shared_ptr<std::unique_ptr<PGcancel, Finish>> cancel_ = std::make_shared<std::unique_ptr<PGcancel, Finish>>();
  Interrupter interrupter_{[cancel = cancel_] {
    std::array<char, 256> error{};
    PQcancel(cancel->get(), error.data(), error.size());  // fails when the server is gone: then the wait ends by itself
  }};
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
  // Begun twice: how much the server's refusal says is a setting of a connection, and PQreset() is what connects one
  // within connect_timeout. The first is given up before anything is sent.
  connection_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
  if (!connection_) throw std::bad_alloc();
  PQsetErrorVerbosity(get(), PQERRORS_VERBOSE);
  PQreset(get());
  if (PQstatus(get()) != CONNECTION_OK) {
    std::string what = PQerrorMessage(get());
    std::string state = take_sqlstate(what);
    what = what.substr(0, what.find("\nLOCATION:"));
    Failure failure = failure_of_sqlstate(state);
    if (state.empty() && PQconnectionNeedsPassword(get())) {
      failure = Failure::kCredentials, state = "28P01";
    } else if (state.empty()) {
      failure = Failure::kConnection, state = "08001";
    }
    throw DatabaseError(failure, state, place_,
                        fmt::format("{} ({})", what.substr(0, what.find_last_not_of('\n') + 1), state));
  }
  PQsetErrorVerbosity(get(), PQERRORS_DEFAULT);
  PQsetnonblocking(get(), 1);
  PQsetNoticeProcessor(
      get(), [](void*, const char*) {}, nullptr);
  cancel_->reset(PQgetCancel(get()));
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
    const int ready = poll(&socket, 1, static_cast<int>(kLook.count()));
    if (ready > 0) break;
    if (ready < 0 && errno != EINTR) throw DatabaseError(Failure::kConnection, "08006", place_, std::strerror(errno));
    const Clock::time_point now = Clock::now();
    const Interrupter::Reason reason = interrupter_.interrupted();
    if (timed_here_ && now > end_ && reason == Interrupter::Reason::kNone) interrupter_.expire();
    const bool silent = (end_ != Clock::time_point::max() && now > end_ + kGrace) ||
                        (reason != Interrupter::Reason::kNone && now > interrupter_.interrupted_at() + kGrace);
    if (!silent) continue;
    lose();
    check_cancelled();
    throw DatabaseError(Failure::kConnection, "08006", place_,
                        "the server has not answered within query_timeout (08006)");
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
  if (failure == Failure::kCancelled && interrupter_.interrupted() != Interrupter::Reason::kCancelled)
    failure = Failure::kTimeout;
  throw DatabaseError(failure, state, place_, fmt::format("{} ({})", what, state));
}

// --- statements with parameters ---

std::vector<std::int64_t> PostgresqlConnection::execute(std::string_view sql, const Batch& parameters) {
  if (parameters.rows() == 0) return {};
  const Running running(*this);
  // Before anything is sent: what is begun would have to be ended.
  for (std::size_t i = 0; i < parameters.width(); ++i)
    for (std::size_t row = 0; row < parameters.rows(); ++row) postgresql::refuse_zero_byte(parameters[i], row);
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
  for (std::size_t row = 0; row < parameters.rows(); ++row) {
    for (std::size_t i = 0; i < parameters.width(); ++i)
      formats[i] = write_parameter(parameters[i], row, texts[i], values[i], sizes[i]);
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

std::vector<Oid> PostgresqlConnection::parameter_types(std::string_view sql) {
  std::vector<Oid> types;
  check(PQsendPrepare(get(), "", std::string(sql).c_str(), 0, nullptr));
  each_result([](const Result&) {});
  check(PQsendDescribePrepared(get(), ""));
  each_result([&](const Result& result) {
    for (int i = 0; i < PQnparams(result.get()); ++i) types.push_back(PQparamtype(result.get(), i));
  });
  return types;
}

// --- rows ---

class CopyRows final : public Rows {
 public:
  CopyRows(PostgresqlConnection& connection, std::string_view sql, const Batch& parameters)
      : connection_(connection), running_(connection), in_transaction_(connection.in_transaction()) {
    REDOUBT_ASSERT(parameters.width() == 0 || parameters.rows() == 1);
    while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' || sql.back() == '\n')) sql.remove_suffix(1);
    // COPY takes no parameters: they become literals of no declared type, which the server types by where they stand,
    // as it does with parameters. Only bytes look different by their type.
    std::vector<Oid> types;
    for (std::size_t i = 0; i < parameters.width(); ++i)
      if (types.empty() && parameters[i].storage(0) == Storage::kBytes) types = connection.parameter_types(sql);
    std::string text = replace_parameters(sql, [&](std::size_t n) {
      if (n < 1 || n > parameters.width())
        throw DatabaseError(
            Failure::kConstraint, "08P01", connection.place(),
            fmt::format("the statement has a parameter ${}, and {} values were given", n, parameters.width()));
      if (parameters[n - 1].is_null(0)) return std::string("NULL");
      TextBuffer value;
      if (n <= types.size() && decoder_of(types[n - 1]).type == Type::kUuid)
        postgresql::write_uuid(value, parameters[n - 1].text(0));
      else
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
    running_.time_here();
    running_.start_clock();
    connection.check(PQsendQuery(
        connection.get(), connection.timed_here(fmt::format("COPY ({}\n) TO STDOUT (FORMAT binary)", text)).c_str()));
    connection.each_result([](const Result&) {});
    open_ = true;
  }

  ~CopyRows() override {
    if (!open_ || connection_.lost()) return;
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
    if (open_) connection_.check_cancelled();
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
    std::vector<int> sizes(parameters.width()), formats(parameters.width());
    for (std::size_t i = 0; i < parameters.width(); ++i)
      formats[i] = write_parameter(parameters[i], 0, texts[i], values[i], sizes[i]);
    connection.check(PQsendQueryParams(connection.get(), std::string(sql).c_str(), static_cast<int>(values.size()),
                                       nullptr, values.data(), sizes.data(), formats.data(), 0));
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
    connection.check(PQsendQuery(connection.get(),
                                 connection.timed_here(fmt::format("COPY {} ({}) FROM STDIN", table, names)).c_str()));
    connection.each_result([](const Result&) {});
    running_.time_here();
    open_ = true;
  }

  ~CopyLoad() override {
    if (!open_ || connection_.lost()) return;
    try {
      PQputCopyEnd(connection_.get(), "not finished");
      connection_.each_result([](const Result&) {});
    } catch (const Error&) {  // it is what was asked for
    }
  }

  void add(const Batch& rows) override {
    connection_.check_cancelled();
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
    connection_.check_cancelled();
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
