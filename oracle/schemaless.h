// Tables nobody described: OBJ_n with columns COL_1, COL_2, ... of raw bytes, made as redo mentions them.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "oracle/dictionary.h"

namespace redoubt::oracle {

class SchemalessTables {
 public:
  static constexpr std::size_t kColumnsMax = 1U << 17;

  // The table of an object number with at least that many columns. Lives as long as this, and longer with whoever took
  // part in keep_alive(): a table that turns out to be wider is replaced, not changed.
  const Table* table(std::uint16_t con_id, std::uint32_t obj, std::size_t columns);

  // Forgets all tables when they have more than kColumnsMax columns together.
  void forget_many();
  std::size_t table_count() const { return made_->size(); }

  void keep_alive(std::vector<std::shared_ptr<const void>>& owners) const { owners.push_back(made_); }

 private:
  using Made = std::vector<std::shared_ptr<const Table>>;

  std::unordered_map<std::uint64_t, const Table*> latest_;  // by container and object number
  std::shared_ptr<Made> made_ = std::make_shared<Made>();
  std::size_t columns_ = 0;  // of all tables made
};

}  // namespace redoubt::oracle
