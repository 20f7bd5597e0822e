#include "database/batch.h"

#include <algorithm>

namespace redoubt::database {

std::string_view name_of(Type type) {
  switch (type) {
    case Type::kInteger: return "integer";
    case Type::kDecimal: return "decimal";
    case Type::kFloat: return "float";
    case Type::kDouble: return "double";
    case Type::kBoolean: return "boolean";
    case Type::kDate: return "date";
    case Type::kTimestamp: return "timestamp";
    case Type::kTimestampTz: return "timestamp with time zone";
    case Type::kInterval: return "interval";
    case Type::kText: return "text";
    case Type::kBytes: return "bytes";
    case Type::kUuid: return "uuid";
    case Type::kJson: return "json";
    case Type::kOther: return "other";
  }
  return "?";
}

void Column::add_from(const Column& other, std::size_t row) {
  switch (other.storage(row)) {
    case Storage::kNull:
    case Storage::kInteger:
    case Storage::kDouble: return add(other.storage_[row], other.words_[row]);
    default: return add_bytes(other.storage_[row], other.text(row).data(), other.text(row).size());
  }
}

Batch::Batch(std::size_t columns, std::size_t rows) : row_limit_(rows) {
  columns_.reserve(columns);
  for (std::size_t i = 0; i < columns; ++i) columns_.emplace_back(rows);
}

bool Batch::full() const {
  return rows() >= row_limit_ ||
         std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return c.byte_count() >= kMaxBytes; });
}

}  // namespace redoubt::database
