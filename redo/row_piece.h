// The columns of a row piece, as vectors carry them.
//
//   IRP, ORP   one field per column 0..cc-1, or the whole piece in one field: fb, lb, cc, columns in row format
//   URP        field u16 x n: column numbers in the piece; then one field per entry, or (KDOM2) one field in row format
//   QMI        field u16 x nrow: row lengths; field: rows back to back, each fb, lb, cc, [SCN], columns in row format
//
//   row format, per column: 00-FA length, or FE + u16 length, then the bytes; FF = null
//   compressed literals, in a whole piece: C8 + n (n <= 49) length, or FA + u16 length, then the bytes; other codes
//   refer to the block's symbol table, which is not in redo
#pragma once

#include <vector>

#include "redo/kdo.h"
#include "redo/vector.h"

namespace redoubt::redo {

// A column of a piece. `position` counts from 0 inside the piece.
struct PieceColumn {
  std::uint16_t position = 0;
  bool null = false;
  Bytes value;
};

// How the columns of a piece lay.
enum class PieceForm : std::uint8_t {
  kColumns,
  kWhole,       // one field in row format (hash cluster)
  kCompressed,  // one field, literals only: the columns are right
  kOpaque,      // one field that needs the block's symbol table: no columns
};

struct Piece {
  PieceForm form = PieceForm::kColumns;
  std::uint16_t first = 0;  // URP: first entry of the column list, the one that before/after of the header name
};

// Reads the columns of an IRP, ORP or URP from the fields behind its KDO, appending to `out`, and leaves the cursor
// behind them (and behind the dependency SCN of op 0x40). Throws Malformed.
Piece read_piece(const Kdo& kdo, FieldCursor& fields, ByteOrder order, std::vector<PieceColumn>& out);

// One row of a QMI vector.
struct PackedRow {
  std::uint16_t slot = 0;
  std::uint8_t fb = 0;
  std::uint8_t lock = 0;
  std::uint8_t cc = 0;
  Bytes columns;  // in row format
};
// The rows of a QMI: `kdo` and the two fields behind it. The dependency SCN in front of the columns has 6 bytes before
// 12.2, else 8; `wide_scn` says which. Throws Malformed.
std::vector<PackedRow> read_packed_rows(const Kdo& kdo, FieldCursor& fields, bool wide_scn, ByteOrder order);

// `count` columns in row format, appended to `out` with positions from `first` on. All of `bytes` must be used.
void read_row_format(Bytes bytes, unsigned count, unsigned first, ByteOrder order, std::vector<PieceColumn>& out);

// One column in row format at the start of `bytes`, appended to `out`; returns what lies behind it. Throws Malformed.
Bytes read_row_column(Bytes bytes, unsigned position, ByteOrder order, std::vector<PieceColumn>& out);

// Appends one column in row format.
void append_row_format(std::vector<std::uint8_t>& out, const PieceColumn& column, ByteOrder order);

}  // namespace redoubt::redo
