// Loading over ODBC with row arrays: as many rows per round trip as a batch has. A column of integers or of doubles
// goes as such, all others as text or bytes.
#pragma once

#include "database/odbc_connection.h"

namespace redoubt::database::odbc {

class OdbcLoad final : public Connection::Load {
 public:
  // Begins a transaction, or a savepoint in the one under way. The connection must outlive this.
  OdbcLoad(OdbcConnection& connection, std::string_view table, const std::vector<ColumnInfo>& columns);
  void add(const Batch& rows) override;
  void finish() override;

 private:
  // One column of a round, as the driver is shown it.
  struct Array {
    TextBuffer values;
    std::vector<std::size_t> ends;
    std::vector<SQLLEN> lengths;
    std::vector<std::uint64_t> words;
    std::vector<char> texts;
  };

  void bind(OdbcConnection::Statement& statement, const Column& column, std::size_t from, std::size_t to, Array& array,
            SQLUSMALLINT mark) const;

  OdbcConnection& connection_;
  Transaction transaction_;
  OdbcConnection::Running running_;  // ends before the transaction, which a cancelled load takes back
  std::string sql_;
  std::vector<Array> arrays_;
};

}  // namespace redoubt::database::odbc
