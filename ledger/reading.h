// Reading the ledger's own rows: NULL is nothing, 0 or empty.
#pragma once

#include <array>
#include <string>

#include "database/batch.h"

namespace redoubt::ledger {

inline std::string text(const database::Batch& rows, std::size_t column, std::size_t row) {
  return rows[column].is_null(row) ? std::string() : std::string(rows[column].text(row));
}

inline std::int64_t integer(const database::Batch& rows, std::size_t column, std::size_t row) {
  return rows[column].is_null(row) ? 0 : rows[column].integer(row);
}

// The member of `names` that is called so, as its index.
template <class Enum, std::size_t N>
Enum named(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  throw Malformed("the ledger holds a state that is none: " + std::string(name));
}

}  // namespace redoubt::ledger
