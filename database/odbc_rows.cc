#include "database/odbc_rows.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "database/odbc_values.h"

namespace redoubt::database::odbc {

namespace {

// A column wider than this is read value by value.
constexpr std::size_t kWidest = 32U << 10;

}  // namespace

OdbcRows::OdbcRows(OdbcConnection& connection, std::string_view sql, const Batch& parameters)
    : connection_(connection), statement_(connection) {
  REDOUBT_ASSERT(parameters.width() == 0 || parameters.rows() == 1);
  std::vector<std::size_t> order;
  statement_.prepare(sql, order);
  OdbcConnection::Arguments arguments(connection, statement_, order);
  arguments.bind(parameters, 0);
  statement_.wait(false, [&] { return SQLExecute(statement_.get()); });
  SQLSMALLINT count = 0;
  statement_.check(SQLNumResultCols(statement_.get(), &count));
  if (count == 0) throw DatabaseError(Failure::kOther, "07005", connection.place(), "the statement returns no rows");
  for (SQLUSMALLINT i = 1; i <= count; ++i) describe(i);
  bind();
}

OdbcRows::~OdbcRows() {
  try {  // when more is left than another fetch brings, the server is told to stop
    if (fetch()) connection_.cancel();
  } catch (const DatabaseError&) {
  }
  SQLFreeStmt(statement_.get(), SQL_CLOSE);
}

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
  const std::size_t wanted = connection_.fetch_rows() ? connection_.fetch_rows() : Batch::kRows;
  rows_per_fetch_ = by_value ? 1 : std::clamp<std::size_t>(kRoundBytes / std::max<std::size_t>(stride_, 1), 1, wanted);
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
  taken_ = fetched_ = 0;
  more_ = false;  // should it fail
  more_ = statement_.wait(true, [&] { return SQLFetch(statement_.get()); }) != SQL_NO_DATA;
  if (!more_) fetched_ = 0;
  return more_;
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
  if (storage_of(type) == Storage::kDateTime && read_moment(connection_.engine(), text, time))
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
    const SQLRETURN result = statement_.wait(true, [&] {
      return SQLGetData(statement_.get(), static_cast<SQLUSMALLINT>(i + 1), b.c_type, window_.data() + size,
                        static_cast<SQLLEN>(room), &length);
    });
    if (result == SQL_NO_DATA) break;
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

}  // namespace redoubt::database::odbc
