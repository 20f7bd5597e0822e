// The supplemental header of a row change: which statement the vector pair belongs to, and where its columns lie in the
// row. Last group of fields of an undo vector, of a rollback row vector, and of 11.16. Offsets: format.md 6.6.
//
//   @0 kind  @1 fb  @2 columns  @4 object version  @6 before: segment column of the first undo column, 0 = none
//   @8 after: the same for the redo columns   26 bytes and more: @20 DBA, @24 slot of the row's head piece
//   columns > 0: then a field u16 x columns with segment columns (1-based), one with lengths (0xFFFF = null),
//   the values
#pragma once

#include "redo/kdo.h"
#include "redo/layout.h"
#include "redo/vector.h"

namespace redoubt::redo {

enum class StatementKind : std::uint8_t { kUpdate = 1, kInsert = 2, kDelete = 4, kOther = 8, kLock = 16 };

struct SupplementalHeader {
  std::uint8_t kind = 0;
  std::uint8_t fb = 0;  // F first pair of the statement, L last; P, N: a supplemental column is split; K partition move
  std::uint16_t columns = 0;
  std::uint16_t object_version = 1;
  std::uint16_t before = 0;
  std::uint16_t after = 0;
  RowAddress head;

  StatementKind statement() const { return static_cast<StatementKind>(kind); }
};
inline constexpr std::size_t kSupplementalSize = 20;
inline constexpr std::size_t kSupplementalAddressSize = 26;
inline constexpr std::size_t kSupplementalFullSize = 28;

template <class Io>
void layout(Io& io, SupplementalHeader& s) {
  io.u8(0, s.kind);
  io.u8(1, s.fb);
  io.u16(2, s.columns);
  io.u16(4, s.object_version);
  io.u16(6, s.before);
  io.u16(8, s.after);
  if (io.size() >= kSupplementalAddressSize) layout_address(io, 20, s.head);
}

}  // namespace redoubt::redo
