// From row operations of one transaction to redo records, in the forms of format.md 6 and 10.
//
//   first change      5.2, 5.1, 11.x, 5.20      further changes   5.1, 11.x
//   taking one back   11.x with xtype XR, 5.6   (5.11 for the first change of the transaction)
//   end               5.4, 24.4
#pragma once

#include <string>
#include <vector>

#include "redo/supplemental.h"
#include "simulate/cluster.h"
#include "simulate/table.h"

namespace redoubt::simulate {

class RedoEncoder {
 public:
  // A transaction on `thread` in container `con_id`, whose uid is `con_uid`; nothing is written before its first change.
  RedoEncoder(Cluster& cluster, std::uint16_t thread, std::uint16_t con_id, std::uint32_t con_uid);

  Xid xid() const { return undo_.xid; }
  std::uint16_t thread() const { return thread_; }
  bool empty() const { return changes_.empty() && !begun_; }

  // The row as it is after the operation, its pieces placed.
  void insert(const SimulatedTable& table, const Row& row);
  // The row as it was before.
  void remove(const SimulatedTable& table, const Row& row);
  // `columns` (ascending, stored in pieces of the row) change from row.values to `values`, in their order. `lock_first`:
  // a row of several pieces is locked at its head, and its supplemental columns ride on a vector of their own.
  void update(const SimulatedTable& table, const Row& row, const std::vector<std::uint16_t>& columns,
              const std::vector<Value>& values, bool lock_first);
  // The row (one piece, not migrated) moves to `to`, which holds the new values; its old place becomes a stub.
  void migrate(const SimulatedTable& table, const Row& row, const Row& moved);
  // Rows of one piece each, all in one block.
  void insert_rows(const SimulatedTable& table, const std::vector<const Row*>& rows);
  void remove_rows(const SimulatedTable& table, const std::vector<const Row*>& rows);

  // How many changes have been made, for undo_to().
  std::size_t mark() const { return changes_.size(); }
  // Takes the changes back down to the mark, newest first.
  void undo_to(std::size_t mark);
  // Ends the transaction; returns the SCN of the commit. Wants at least one change.
  Scn commit() { return end(false); }
  Scn roll_back() { return end(true); }

 private:
  using Fields = std::vector<ByteString>;

  // A change that was made, as far as taking it back needs it.
  struct Done {
    const SimulatedTable* table;
    Dba dba;
    std::uint8_t code;    // of the compensating row vector; 0: there was no row vector to compensate (11.16)
    Fields compensating;  // KDO and what follows it
  };

  void pair(const SimulatedTable& table, Dba dba, std::uint8_t code, Fields undo, const Fields& redo);
  void begin_record();
  void end_record(bool first);
  redo::VectorHeader vector(std::uint8_t layer, std::uint8_t code) const;
  void undo_vectors(const SimulatedTable& table, const Fields& fields, bool first);
  ByteString ktb(Dba dba);
  Scn end(bool rolled_back);

  ByteString kdo(const SimulatedTable& table, redo::Kdo k, bool undo) const;
  void piece_fields(const SimulatedTable& table, const Row& row, std::size_t piece, redo::RowOp op, bool undo, Fields& out);
  void supplement(Fields& fields, redo::StatementKind kind, std::uint8_t fb, std::uint16_t before, std::uint16_t after,
                  const RowAddress* head, const std::vector<std::uint16_t>& columns, const Row* row) const;
  std::vector<std::uint16_t> supplemental_columns(const SimulatedTable& table, const std::vector<std::uint16_t>& changed) const;
  Fields packed_rows(const SimulatedTable& table, const std::vector<const Row*>& rows, bool with_rows, bool undo) const;

  Cluster& cluster_;
  ByteOrder order_;
  std::uint16_t thread_;
  std::uint16_t con_id_;
  std::uint32_t con_uid_;
  Undo undo_;
  bool begun_ = false;
  Scn begin_scn_ = 0;
  std::vector<Dba> touched_;  // blocks that have an ITL entry of this transaction
  std::vector<Done> changes_;
};

}  // namespace redoubt::simulate
