// Committed transactions as row changes. Values are still Oracle's bytes: whoever writes them out makes the text.
//
// A Batch is a struct of arrays that capture fills and a sink reads: transactions point into rows, rows point into
// cells, cells point at bytes. Everything a batch points at lives until the batch is cleared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "oracle/dictionary.h"
#include "oracle/position.h"

namespace redoubt::change {

enum class Op : char { kInsert = 'c', kUpdate = 'u', kDelete = 'd' };

enum class CellState : std::uint8_t {
  kNull,
  kValue,        // bytes as stored in the row
  kLob,          // a whole LOB value, put together; character data in the column's character set
  kLobUtf16,     // the same, character data in AL16UTF16
  kUnavailable,  // changed, but the value is not in redo (LOB written in part, encrypted without key)
  kSuspect,      // bytes that could not be interpreted safely: shown raw and marked, never as a value
};

struct Cell {
  const std::uint8_t* data = nullptr;
  std::uint32_t size = 0;
  std::uint16_t column = 0;  // index into table->columns
  CellState state = CellState::kNull;

  Bytes bytes() const { return {data, size}; }
};

struct RowChange {
  const oracle::Table* table = nullptr;
  oracle::Scn scn = 0;  // of the record of its first part
  oracle::Rba rba;      // of the same
  oracle::RowId rowid;  // of the head piece
  std::uint16_t thread = 0;
  Op op = Op::kInsert;
  bool suspect = false;            // incomplete or not decodable as a whole: compressed row, missing part
  std::uint32_t index = 0;         // place among the transaction's row changes, those not told among them; ascends
  std::uint32_t first_cell = 0;    // in Batch::cells: `before_count` cells, then `after_count`, each in column order
  std::uint16_t before_count = 0;  // 0 for an insert
  std::uint16_t after_count = 0;   // 0 for a delete
};

// A DDL statement.
struct Ddl {
  oracle::Scn scn = 0;  // of the record with its (first) text
  oracle::Rba rba;
  std::uint16_t thread = 0;
  std::uint32_t index = 0;               // place among the transaction's statements, those not told among them
  std::uint16_t type = 0;                // 1 create table, 12 drop table, 15 alter table, 85 truncate ...
  std::uint32_t obj = 0;                 // object number, 0 = not said
  const oracle::Table* table = nullptr;  // of that object, once the statement was executed; null = none known
  std::string schema, sql;               // UTF-8
  bool cut = false;                      // a part of the text is missing
};

// A transaction, or a part of a large one: its parts follow one another, with nothing between them, the statements in
// the first one and the rows in order.
struct Transaction {
  bool first = true;  // its begin is told
  bool last = true;   // its commit is told; may have no row
  oracle::Xid xid;
  std::uint16_t con_id = 0;
  std::uint16_t thread = 0;  // of the commit record
  oracle::Scn begin_scn = 0;
  oracle::Scn commit_scn = 0;
  // Told late: what commits up to this SCN, which is above its own, was told before, without waiting for its thread.
  // 0: it is in order.
  oracle::Scn late_behind = 0;
  oracle::Rba commit_rba;
  std::uint32_t commit_time = 0;  // seconds since 1970, UTC; 0 = not recorded
  std::uint32_t first_row = 0;    // in Batch::rows
  std::uint32_t row_count = 0;
  std::uint32_t first_ddl = 0;  // in Batch::ddls
  std::uint32_t ddl_count = 0;
  bool suspect = false;  // some of its redo could not be read, as far as is known in this part
  // Places among everything that commits at this SCN, whether it is told or not: they are the same whatever is left
  // out.
  std::uint64_t begin_index = 1;   // of the begin; statements follow it
  std::uint64_t row_index = 2;     // of the row change with index 0
  std::uint64_t commit_index = 2;  // of the commit
};

struct Batch {
  std::vector<Transaction> transactions;
  std::vector<RowChange> rows;
  std::vector<Cell> cells;
  std::vector<Ddl> ddls;
  // What keeps the bytes and the tables alive.
  std::vector<std::shared_ptr<const void>> owners;

  void clear() {
    transactions.clear();
    rows.clear();
    cells.clear();
    ddls.clear();
    owners.clear();
  }
};

}  // namespace redoubt::change
