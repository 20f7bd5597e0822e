// What transactions do to the tables of their container: inserts, updates, deletes, one row or many, of whatever size.
#pragma once

#include <algorithm>

#include "simulate/open_transaction.h"
#include "simulate/simulation.h"

namespace redoubt::simulate {

class Workload {
 public:
  Workload(const Options& options, const ValueSource& values, Random& random)
      : options_(options),
        values_(values),
        random_(random),
        wide_(options.workload == "wide"),
        rows_kept_(std::max<std::size_t>(kRowsKept, options.statements)) {}

  // One statement of the transaction, sometimes taken back at once.
  void statement(OpenTransaction& t);
  void insert(OpenTransaction& t, SimulatedTable& table);
  // The row is committed or the transaction's own; of no index-organized table.
  void update(OpenTransaction& t, SimulatedTable& table, Held& held);
  // Row changes so far.
  std::uint64_t rows() const { return rows_; }

 private:
  bool may(std::string_view operation) const { return chosen(options_, operation); }
  bool mixed() const { return options_.workload == "mixed"; }

  Held* free_row(OpenTransaction& t, SimulatedTable& table);
  Value new_value(OpenTransaction& t, SimulatedTable& table, std::size_t column, std::uint32_t longest);
  Row new_row(OpenTransaction& t, SimulatedTable& table);
  void place(SimulatedTable& table, Row& row, bool whole = false);
  Held& add(OpenTransaction& t, SimulatedTable& table, Row row);
  void insert_many(OpenTransaction& t, SimulatedTable& table);
  void remove(OpenTransaction& t, SimulatedTable& table, Held& held);
  void remove_many(OpenTransaction& t, SimulatedTable& table);
  std::vector<std::uint16_t> changeable(const SimulatedTable& table, const Row& row) const;
  void migrate(OpenTransaction& t, SimulatedTable& table, Held& held, std::vector<std::uint16_t> columns);
  std::vector<std::uint16_t> shown(const SimulatedTable& table, std::vector<std::uint16_t> columns) const;
  void add_index_entry(OpenTransaction& t, SimulatedTable& table, Row& row);
  void remove_index_entry(OpenTransaction& t, SimulatedTable& table, const Row& row);
  void index_organized(OpenTransaction& t, SimulatedTable& table);
  void load(OpenTransaction& t, SimulatedTable& table);

  const Options& options_;
  const ValueSource& values_;
  Random& random_;
  bool wide_;
  // Of a table: enough to change, little to remember. Large transactions find some that are not theirs yet.
  static constexpr std::size_t kRowsKept = 400;
  std::size_t rows_kept_;
  std::uint64_t rows_ = 0;
  std::uint64_t last_id_ = 0;
};

}  // namespace redoubt::simulate
