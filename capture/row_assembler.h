// From the changes of a committed transaction to its rows: pairs are grouped into statements, statements into
// RowChange.
//
// A pair belongs to the open statement of the same object and head address; a supplemental header with F starts a
// statement, one with L completes it. Rows come out in the order of their first pair. Rules: rows.md 2.2 to 2.6.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "capture/column_keys.h"
#include "capture/statement.h"
#include "capture/transaction.h"
#include "redo/direct_block.h"
#include "redo/index_vector.h"
#include "redo/row_vector.h"

namespace redoubt::capture {

// Finds the table of an object for a row with a given SCN. Null: the object is no table of interest; its rows are left
// out. `columns`: how many stored columns a schemaless table must have at least.
class TableSource {
 public:
  virtual ~TableSource() = default;
  virtual const oracle::Table* table(std::uint16_t con_id, std::uint32_t obj, Scn scn, std::size_t columns) = 0;
};

// Puts the content of LOBs into cells.
class LobSource {
 public:
  virtual ~LobSource() = default;
  // `cell` holds the locator of a LOB column as stored; replaces it by the content or by a state that says why not.
  // Memory for assembled content comes from `memory`.
  virtual void fill(const oracle::Table& table, change::Cell& cell, bool before, ChunkList& memory) = 0;
  // Whether this locator leads to a value that is neither in the row nor written by the transaction.
  virtual bool is_elsewhere(Bytes locator) const = 0;
};

class RowAssembler {
 public:
  // Called with a sentence about redo that could not be used as it should, and the place.
  using Warn = std::function<void(Rba, const std::string&)>;

  RowAssembler(TableSource& tables, oracle::TdeKeys keys, Warn warn)
      : tables_(tables), keys_(std::move(keys)), warn_(std::move(warn)) {}

  ColumnKeys& keys() { return keys_; }

  // The changes of `t` come next, or those of its next part. Their rows are appended to the batch's rows and cells;
  // cells point into the chunks of `t` and into `memory`. `lobs` may be null: LOB columns are then told as unavailable.
  void begin(OpenTransaction& t, change::Batch& batch, ChunkList& memory, LobSource* lobs);
  void add(Change& change);
  // Whether no row waits for more changes: a part may end here.
  bool between_rows() const { return open_count_ == 0; }
  // No more changes come, or none in this part: rows that wait are told as they are.
  void end();

 private:
  // The change in work; what its vectors say is in undo_ and redo_, or index_undo_ and index_redo_.
  struct Pair {
    Change* change = nullptr;
    const redo::SupplementalBlock* block = nullptr;  // null: without header
    redo::RowAddress own;
    redo::RowAddress address;  // that groups: the head's where the header has it

    bool has_header() const { return block != nullptr; }
    // Row flags of the header, 0 without one.
    std::uint8_t fb() const { return block ? block->header.fb : std::uint8_t{0}; }
  };

  void row_change(Change& change);
  Pair read_pair(Change& change);
  static Pair with_header(Change& change, const redo::SupplementalBlock& block, redo::RowAddress own);
  void array_change(Change& change, bool insert);
  void array_update(Change& change);
  // direct_block.cc
  void direct_block(Change& change);
  void direct_row(Change& change, const redo::DirectBlock& block, std::uint16_t slot, const oracle::Table& table);
  // index_organized.cc
  void index_organized(Change& change);
  void add_index_columns(Statement& statement, Side side, const std::vector<redo::PieceColumn>& columns,
                         std::size_t first, std::size_t keys);
  std::size_t index_column(const Statement& statement, std::size_t place, std::size_t keys) const;
  bool ignored(const Pair& pair) const;
  Statement* statement_of(const Pair& pair);
  Statement* open_statement(const Pair& pair);
  Statement& next_statement();
  void give_up(Statement& statement);
  void add_columns(Statement& statement, const Pair& pair);
  void add_supplemental(Statement& statement, const redo::SupplementalBlock& block);
  void add_side(Statement& statement, Side side, const redo::RowVector& row, int base, bool in_front);
  bool complete(const Statement& statement, const Pair& pair) const;
  void finish(Statement& statement);
  void drop(Statement& statement);
  void close(Statement& statement);
  change::Op operation(const Statement& statement) const;
  const oracle::Table* find_table(const Change& change, std::size_t columns);
  // Of several rows of one change the `nth`, from 0.
  change::RowChange& reserve_row(const Change& change, std::uint32_t nth = 0);
  void fill_lobs(change::RowChange& row);
  void leave_out_unchanged_lobs(change::RowChange& row);

  TableSource& tables_;
  ColumnKeys keys_;
  Warn warn_;

  // Of the transaction in work.
  OpenTransaction* transaction_ = nullptr;
  change::Batch* batch_ = nullptr;
  ChunkList* memory_ = nullptr;
  LobSource* lobs_ = nullptr;
  std::uint32_t first_row_ = 0;
  bool gaps_ = false;       // rows that were reserved and are not told
  bool encrypted_ = false;  // rows with encrypted columns

  static constexpr std::size_t kOpenMax = 256;    // statements; beyond, the oldest is given up
  std::vector<std::unique_ptr<Statement>> open_;  // the first open_count_ are in use
  std::size_t open_count_ = 0;
  redo::RowVector undo_, redo_;  // of the pair in work
  redo::IndexVector index_undo_, index_redo_;
  std::unordered_set<std::uint32_t> key_order_unknown_;  // index-organized tables that a warning has named

  // The last table found: rows of one transaction mostly have one.
  std::uint32_t cached_obj_ = 0;
  Scn cached_scn_ = 0;
  const oracle::Table* cached_table_ = nullptr;
};

}  // namespace redoubt::capture
