// From row operations of one transaction to row vectors and their undo.
#pragma once

#include <string>
#include <vector>

#include "redo/supplemental.h"
#include "simulate/transaction_redo.h"

namespace redoubt::simulate {

struct UpdateForm {
  bool lock_first =
      false;  // a row of several pieces is locked at its head; supplemental columns ride on a vector of their own
  bool packed = false;  // neighbouring columns come in one field (KDOM2)
};

class RedoEncoder : public TransactionRedo {
 public:
  using TransactionRedo::TransactionRedo;

  // The row as it is after the operation, its pieces placed.
  void insert(const SimulatedTable& table, const Row& row);
  // The row as it was before.
  void remove(const SimulatedTable& table, const Row& row);
  // `columns` (ascending) change from what they are in `row` to what they are in `after`, which lies in the same
  // pieces; the last of them may have got longer.
  void update(const SimulatedTable& table, const Row& row, const Row& after, const std::vector<std::uint16_t>& columns,
              UpdateForm form);
  // The row (one piece, not migrated) moves to `to`, which holds the new values; its old place becomes a stub.
  void migrate(const SimulatedTable& table, const Row& row, const Row& moved);
  // Rows of one piece each, all in one block.
  void insert_rows(const SimulatedTable& table, const std::vector<const Row*>& rows);
  void remove_rows(const SimulatedTable& table, const std::vector<const Row*>& rows);

  // Appends the supplemental block: 20 bytes, or 28 with the head piece's address, and `columns` of `row`.
  void supplement(Fields& fields, redo::StatementKind kind, std::uint8_t fb, std::uint16_t before, std::uint16_t after,
                  const RowAddress* head, const std::vector<std::uint16_t>& columns, const Row* row) const;
  // Those logged besides the changed ones.
  std::vector<std::uint16_t> supplemental_columns(const SimulatedTable& table,
                                                  const std::vector<std::uint16_t>& changed) const;

 private:
  ByteString kdo(const SimulatedTable& table, const Segment& segment, redo::Kdo k, bool undo) const;
  ByteString dependency_scn() const;
  void piece_fields(const SimulatedTable& table, const Row& row, std::size_t piece, redo::RowOp op, bool undo,
                    Fields& out);
  static std::vector<std::uint16_t> cluster_key(const SimulatedTable& table);
  Fields packed_rows(const SimulatedTable& table, const std::vector<const Row*>& rows, bool with_rows, bool undo) const;
};

}  // namespace redoubt::simulate
