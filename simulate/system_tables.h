// The SYS tables of a container that a dictionary is made of: their rows, and how a DDL changes them through redo.
//
// Columns, in order: those of oracle/dictionary_layout.h, but a cluster key first. OBJ$ is an ordinary table; TAB$,
// COL$, LOB$ lie in the cluster C_OBJ#, CDEF$ and CCOL$ in C_COBJ#, USER$ in C_USER#, TS$ in C_TS#: their rows in redo
// leave the cluster key out.
#pragma once

#include <map>

#include "oracle/dictionary_rows.h"
#include "simulate/redo_encoder.h"

namespace redoubt::simulate {

class SystemTables {
 public:
  // The dictionary describes itself first: USER$ has SYS, OBJ$, TAB$ and COL$ have the SYS tables. `charset` is the
  // database character set.
  explicit SystemTables(const oracle::Charset& charset);

  oracle::DictionaryRows& rows() { return rows_; }
  const oracle::DictionaryRows& rows() const { return rows_; }

  // A row that was there before the first log.
  template <class R>
  oracle::RowId put(const R& row) {
    const oracle::RowId id = place(oracle::Layout<R>::kTable, row);
    rows_.of<R>().put(id, row);
    return id;
  }
  // The same as changes of a transaction.
  template <class R>
  oracle::RowId insert(RedoEncoder& redo, const R& row) {
    const oracle::RowId id = put(row);
    redo.insert(table<R>(), stored(id, row));
    return id;
  }
  template <class R>
  void update(RedoEncoder& redo, oracle::RowId id, const R& row) {
    const Row before = stored(id, *rows_.of<R>().find(id)), after = stored(id, row);
    std::vector<std::uint16_t> columns;
    for (std::uint16_t c = table<R>().cluster_columns; c < after.values.size(); ++c)
      if (before.values[c] != after.values[c]) columns.push_back(c);
    if (columns.empty()) columns.push_back(static_cast<std::uint16_t>(after.values.size() - 1));
    redo.update(table<R>(), before, after, columns, {});
    rows_.of<R>().put(id, row);
  }
  template <class R>
  void erase(RedoEncoder& redo, oracle::RowId id) {
    redo.remove(table<R>(), stored(id, *rows_.of<R>().find(id)));
    rows_.of<R>().erase(id);
  }

  // ROWIDs of the rows that `wanted` is true of.
  template <class R, class Wanted>
  std::vector<oracle::RowId> find(Wanted wanted) const {
    std::vector<oracle::RowId> ids;
    for (const auto& [id, row] : rows_.of<R>().rows())
      if (wanted(row)) ids.push_back(id);
    return ids;
  }
  template <class R>
  const R& row(oracle::RowId id) const {
    return *rows_.of<R>().find(id);
  }

 private:
  template <class R>
  const SimulatedTable& table() const {
    return tables_.at(oracle::Layout<R>::kTable);
  }
  template <class R>
  void describe(std::uint32_t charset_id);
  template <class R>
  oracle::RowId place(std::string_view name, const R& row);
  // The row as a table has it, at its place.
  template <class R>
  Row stored(oracle::RowId id, const R& row) const;

  oracle::DictionaryRows rows_;
  std::map<std::string_view, SimulatedTable> tables_;
};

}  // namespace redoubt::simulate
