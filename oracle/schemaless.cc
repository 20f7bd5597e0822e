#include "oracle/schemaless.h"

#include <fmt/format.h>

#include <bit>

namespace redoubt::oracle {

const Table* SchemalessTables::table(std::uint16_t con_id, std::uint32_t obj, std::size_t columns) {
  const Table*& latest = latest_[std::uint64_t{con_id} << 32 | obj];
  if (latest && latest->columns.size() >= columns) return latest;

  auto table = std::make_shared<Table>();
  table->con_id = con_id;
  table->obj = obj;
  table->name = fmt::format("OBJ_{}", obj);
  table->known = false;
  // A power of two: rows that grow column by column would leave as many tables behind.
  const std::size_t size = columns == 0 ? 0 : std::bit_ceil(columns);
  for (std::size_t i = 1; i <= size; ++i) {
    Column& column = table->columns.emplace_back();
    column.name = fmt::format("COL_{}", i);
    column.segcol = column.intcol = column.col = static_cast<std::uint16_t>(i);
  }
  made_->push_back(table);
  columns_ += size + 1;  // a table without columns costs something too
  return latest = table.get();
}

void SchemalessTables::forget_many() {
  if (columns_ <= kColumnsMax) return;
  latest_.clear();
  made_ = std::make_shared<Made>();
  columns_ = 0;
}

}  // namespace redoubt::oracle
