// The one place that writes rows of a user's table: inserts, updates and deletes in batches, each guarded by what the
// row is expected to be. A row that is not as expected is not touched and is told; nothing is ever overwritten blindly.
//
//   insert   only where no row has the key
//   update   only where the row of the key is exactly `before`
//   remove   likewise
//
// Each call is one statement per row in as few round trips as the engine allows, and all or nothing when it fails.
// Calls within a transaction belong to it.
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"

namespace redoubt::database {

struct Target {
  std::string schema, table;
  std::vector<ColumnInfo> columns;  // as read from the table; batches have these
  std::vector<std::size_t> key;     // indices into columns, at least one: a unique index has just these, none NULL
};

// Reads the columns of a table, in its order. Throws DatabaseError(kObject).
std::vector<ColumnInfo> columns_of(Connection& connection, std::string_view schema, std::string_view table);

struct Written {
  std::int64_t rows = 0;
  std::vector<std::size_t> refused;  // rows of the batch that were not as expected, ascending
};

class RowWriter {
 public:
  RowWriter(Connection& connection, Target target);

  Written insert(const Batch& rows);
  // Row i of `before` becomes row i of `after`; the key may change.
  Written update(const Batch& before, const Batch& after);
  Written remove(const Batch& before);

 private:
  // The column is $n, so that NULL equals NULL and nothing equals that differs in a byte.
  std::string same(std::size_t column, std::size_t n) const;
  std::string guard(std::size_t first) const;
  Written run(const std::string& sql, const Batch& parameters);

  Connection& connection_;
  Target target_;
  std::string insert_, update_, remove_;
};

}  // namespace redoubt::database
