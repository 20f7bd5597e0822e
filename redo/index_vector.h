// A row change of an index-organized table, whose rows lie in the leaves of its primary key index. An entry is a key,
// columns in row format in key order, and key data: a row piece with the other columns. Entries of other indexes look
// alike but for the key data, which is a ROWID or missing.
//
//   10.2   insert    KTB | entry | key | key data      array: one key behind the other, key data likewise, | key sizes
//   10.4   delete    KTB | entry
//   10.18  key data  KTB | entry | key data
//   10.30  row       KTB | entry | key data
//   10.35  columns   KTB | entry, update | numbers u16 x n | values ...
//   5.1    undo      ktudb | ktub | KTB | kdilk | key | key data, or of 35: numbers, values | ... | supplemental block
//
//   entry     @0 itl  @1 mode: 20 = array  @2 slot  @4 row size   array: @8 keys  @12 u16 x keys slots
//   update    @6 fb  @7 ncol  @8 nnew  @10 size  @12 null bits
//   kdilk     @0 code  @1 itl  @2 flags: 80 = supplemental block  @4 segment header  @8 leaf block  @12 sdc
//             array: @20 keys  @24 u16 x keys sizes      35: @20 fb  @21 ncol  @22 nnew  @24 size  @26 null bits
//   key data  @0 fb  @1 lb  @2 cc  without L: next piece (6)  columns in row format
//
// Source: format.md 6.4, 6.8; 10.30 and 10.35 checked against real bytes, and of these the null bits, which are in no
// document. An array's key data is taken to lie like its keys: no bytes of one were seen.
#pragma once

#include "redo/row_vector.h"

namespace redoubt::redo {

inline constexpr std::uint8_t kIndexArray = 0x20;         // in an entry's mode
inline constexpr std::uint8_t kKdilkSupplemental = 0x80;  // in kdilk flags
inline constexpr std::size_t kKdilkSize = 20;

// The columns of one entry as one side of a change has them.
struct IndexRow {
  std::vector<PieceColumn> key;      // positions in the key
  std::vector<PieceColumn> columns;  // positions in the key data
};

struct IndexVector {
  std::uint8_t code = 0;  // kdilk: what the undo is for; of a redo vector its opcode's
  std::uint8_t flags = 0;
  Dba block = 0;           // leaf
  std::uint16_t slot = 0;  // of the first entry; redo vectors only
  // What the vector holds of each entry; at least one.
  std::vector<IndexRow> rows;
  SupplementalBlock supplemental;
};

// Read the undo vector (opc 10.22) and the redo vector of a change into `out`. With `iot` key data is read as a row
// piece, else it is left alone. Throw Malformed.
void read_index_undo(const Vector& undo, bool iot, IndexVector& out);
void read_index_redo(const Vector& redo, IndexVector& out);

// Whether the undo vector of an index change has a supplemental block, as those of index-organized tables do.
bool has_index_supplemental(const Vector& undo);

}  // namespace redoubt::redo
