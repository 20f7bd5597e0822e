// A row change of an index-organized table as one vector carries it. Such rows are index entries: a key, columns in row
// format in key order, and key data, a row piece with the other columns. Entries of other indexes look alike but for
// the key data, which is a ROWID or missing.
//
//   key data   @0 fb  @1 lb  @2 cc  without L: next piece (6)  columns in row format
//   array      keys behind each other, cut by the key sizes; key data likewise, each as long as its columns say
//
// Structures of the fields: index.h. Source: format.md 6.4, 6.8. Checked against real bytes of 10.30 and 10.35; how the
// key data of an array lies was never seen.
#pragma once

#include "redo/index.h"
#include "redo/row_vector.h"

namespace redoubt::redo {

// The columns of one entry as one side of a change has them.
struct IndexEntry {
  std::vector<PieceColumn> key;      // positions in the key
  std::vector<PieceColumn> columns;  // positions in the key data
};

struct IndexVector {
  Dba block = 0;                    // leaf
  std::uint16_t slot = 0;           // of the first entry; redo vectors only
  std::vector<IndexEntry> entries;  // at least one
  SupplementalBlock supplemental;   // undo vectors only
};

// Read the undo vector (5.1, opc 10.22) and the redo vector (10.2, 10.4, 10.18, 10.30, 10.35) of a change into `out`.
// Values stay in the vectors' bytes. Throw Malformed.
void read_index_undo(const Vector& undo, IndexVector& out);
void read_index_redo(const Vector& redo, IndexVector& out);

// Whether the undo vector of an index change has a supplemental block, as those of index-organized tables do.
bool has_index_supplemental(const Vector& undo);

}  // namespace redoubt::redo
