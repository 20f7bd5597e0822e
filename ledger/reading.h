// Reading the ledger's own rows: NULL is nothing, 0 or empty.
#pragma once

#include <array>
#include <string>

#include "database/connection.h"

namespace redoubt::ledger {

inline std::string text(const database::Batch& rows, std::size_t column, std::size_t row) {
  return rows[column].is_null(row) ? std::string() : std::string(rows[column].text(row));
}

inline std::int64_t integer(const database::Batch& rows, std::size_t column, std::size_t row) {
  return rows[column].is_null(row) ? 0 : rows[column].integer(row);
}

// Calls `take(batch, row)` for every row of a query.
template <class Take>
void each_row(database::Connection& connection, std::string_view sql, const database::Batch& parameters, Take&& take) {
  const auto rows = connection.read(sql, parameters);
  database::Batch batch(rows->columns().size());
  while (rows->next(batch))
    for (std::size_t i = 0; i < batch.rows(); ++i) take(batch, i);
}

// The member of `names` that is called so, as its index.
template <class Enum, std::size_t N>
Enum named(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  throw Malformed("the ledger holds a state that is none: " + std::string(name));
}

}  // namespace redoubt::ledger
