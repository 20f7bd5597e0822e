// The rows of a query over ODBC, fetched in arrays. The driver fills many rows in one call, each laid out as
//
//     length of column 1 (8) | value (its width, up to the next multiple of 8) | length of column 2 | ...
//
// Row by row, because drivers differ in the stride of an array of 4-byte floats. Columns that have no bounded width
// (LONGTEXT, BLOB, CLOB) are read value by value, one row at a time.
#pragma once

#include "database/odbc_connection.h"

namespace redoubt::database::odbc {

class OdbcRows final : public Rows {
 public:
  // Runs the query. Throws DatabaseError; the connection must outlive this.
  OdbcRows(OdbcConnection& connection, std::string_view sql, const Batch& parameters);
  ~OdbcRows() override;

  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  bool next(Batch& batch) override;

 private:
  // One column of a result: what the driver makes of it, and where in a row.
  struct Binding {
    SQLSMALLINT c_type = SQL_C_CHAR;
    std::size_t width = 0;   // bytes; 0 = read value by value
    std::size_t offset = 0;  // of the length; the value is 8 bytes behind
  };

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

}  // namespace redoubt::database::odbc
