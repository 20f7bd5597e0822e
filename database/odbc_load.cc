#include "database/odbc_load.h"

#include <fmt/format.h>
#include <algorithm>

#include "database/odbc_values.h"

namespace redoubt::database::odbc {

namespace {

// How far from `from` on rows go in one round: in an array every value takes as much as the longest of its column.
std::size_t end_of_round(const Batch& rows, std::size_t from) {
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
    if (row > from && width * (row - from + 1) > kRoundBytes) return row;
  }
  return rows.rows();
}

// The storage that all values have, kNull for none at all, kText where they differ.
Storage storage_of_all(const Column& column, std::size_t from, std::size_t to) {
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

}  // namespace

OdbcLoad::OdbcLoad(OdbcConnection& connection, std::string_view table, const std::vector<ColumnInfo>& columns)
    : connection_(connection), transaction_(connection), running_(connection), arrays_(columns.size()) {
  std::string names, marks;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    names += (i ? ", " : "") + connection.dialect().quote(columns[i].name);
    marks += i ? ", ?" : "?";
  }
  sql_ = fmt::format("INSERT INTO {} ({}) VALUES ({})", table, names, marks);
}

void OdbcLoad::add(const Batch& rows) {
  for (std::size_t from = 0, to = 0; from < rows.rows(); from = to) {
    to = end_of_round(rows, from);
    OdbcConnection::Statement statement(connection_);
    std::vector<std::size_t> order;
    statement.prepare(sql_, order);
    statement.check(SQLSetStmtAttr(statement.get(), SQL_ATTR_PARAMSET_SIZE, number(to - from), 0));
    for (std::size_t i = 0; i < arrays_.size(); ++i)
      bind(statement, rows[i], from, to, arrays_[i], static_cast<SQLUSMALLINT>(i + 1));
    statement.wait(false, [&] { return SQLExecute(statement.get()); });
  }
}

void OdbcLoad::finish() { transaction_.commit(); }

void OdbcLoad::bind(OdbcConnection::Statement& statement, const Column& column, std::size_t from, std::size_t to,
                    Array& array, SQLUSMALLINT mark) const {
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
      case Storage::kDateTime: write_moment(connection_.engine(), array.values, column.time(row)); break;
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

}  // namespace redoubt::database::odbc
