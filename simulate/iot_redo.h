// Rows of an index-organized table in redo: entries of its primary key index.
//
//   insert   5.1 (10.22 purge)      10.2       entry = key columns in key order | fb, lb, cc, the other columns
//   delete   5.1 (10.22 restore)    10.4
//   update   5.1 (10.22 code 18)    10.18      all other columns
//            5.1 (10.22 code 30)    10.30      all other columns
//            5.1 (10.22 code 35)    10.35      the changed ones
//
// The undo carries the supplemental block of the statement.
#pragma once

#include "redo/index.h"
#include "simulate/redo_encoder.h"

namespace redoubt::simulate {

enum class IotUpdate : std::uint8_t { kKeyData, kWholeRow, kColumns };

class IotRedo {
 public:
  IotRedo(RedoEncoder& redo, const SimulatedTable& table) : redo_(redo), table_(table), segment_(table.segments[0]) {}

  void insert(const Row& row);
  void remove(const Row& row);
  // Columns that are not in the key, ascending.
  void update(const Row& row, const Row& after, const std::vector<std::uint16_t>& columns, IotUpdate form);

 private:
  ByteString key(const Row& row) const;
  ByteString piece(const Row& row) const;
  ByteString index_row(const Row& row) const;
  ByteString kdilk(redo::LeafUndo code, const Row& row) const;
  Fields with_supplement(Fields undo, redo::StatementKind kind, const std::vector<std::uint16_t>& columns,
                         const Row* row) const;
  void update_columns(const Row& row, const Row& after, const std::vector<std::uint16_t>& columns,
                      const std::vector<std::uint16_t>& supplemental);

  RedoEncoder& redo_;
  const SimulatedTable& table_;
  const Segment& segment_;
};

}  // namespace redoubt::simulate
