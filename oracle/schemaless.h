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
  // `captured`: whether rows of such tables are wanted.
  explicit SchemalessTables(bool captured) : captured_(captured) {}

  // The table of an object number with at least that many columns. Lives as long as this, and longer with whoever took
  // part in keep_alive(): a table that turns out to be wider is replaced, not changed.
  const Table* table(std::uint16_t con_id, std::uint32_t obj, std::size_t columns);

  void keep_alive(std::vector<std::shared_ptr<const void>>& owners) const { owners.push_back(made_); }

 private:
  using Made = std::vector<std::shared_ptr<const Table>>;

  bool captured_;
  std::unordered_map<std::uint64_t, const Table*> latest_;  // by container and object number
  std::shared_ptr<Made> made_ = std::make_shared<Made>();
};

}  // namespace redoubt::oracle
