// A row change as one vector carries it: 11.2 to 11.8, 11.16 and 11.22, or the undo (5.1) of one.
//
//   11.x   KTB | KDO | columns ... | supplemental block (11.16, and vectors that roll back)
//   5.1    ktudb | ktub | KTB | KDO | columns ... | supplemental block
//
//   supplemental block   header | then, with columns: numbers u16 x n | lengths u16 x n (FFFF = null) | values ...
//
// Rows of 11.11 and 11.12 are read by read_packed_rows. Source: format.md 6.4 to 6.6.
#pragma once

#include <vector>

#include "redo/row_piece.h"
#include "redo/supplemental.h"

namespace redoubt::redo {

struct SupplementalBlock {
  bool present = false;
  std::uint16_t field = 0;  // of the header in its vector, counted from 0
  SupplementalHeader header;
  std::vector<PieceColumn> columns;  // `position` is the segment column, counted from 0
};

struct RowVector {
  bool present = false;  // false: the vector has no KDO
  Kdo kdo;
  Piece piece;
  std::vector<PieceColumn> columns;
  SupplementalBlock supplemental;

  void clear() {
    present = false;
    kdo = {};
    piece = {};
    columns.clear();
    supplemental.present = false;
    supplemental.columns.clear();
  }
  bool has_columns() const {
    return kdo.row_op() == RowOp::kInsert || kdo.row_op() == RowOp::kOverwrite || kdo.row_op() == RowOp::kUpdate;
  }
};

// Reads the block that may lie where the cursor of `vector` stands. Some vectors have one or two further fields behind
// it, also where it has no columns: they mean nothing. Throws Malformed.
void read_supplemental(const Vector& vector, FieldCursor& fields, SupplementalBlock& out);

// Reads a row vector, or the undo vector of one, into `out`, whose memory is used again. Values stay in the vector's
// bytes. Throws Malformed.
void read_row_vector(const Vector& vector, RowVector& out);

}  // namespace redoubt::redo
