// A data block as redo holds it whole (19.1, direct-path load): without its cache header and tail.
//
//   @0 type: 1 data, 2 index  @4 data object  @8 cleanout SCN  @16 itc  @18 flags: 20 = 8 bytes before the row area
//   @20 DBA  @24 itc ITL entries of 24 bytes
//   row area, at A = 24 + 24 itc (+ 8)   @0 flags  @1 tables  @2 rows  @4 frre  @6 fsbo  @8 fseo  @10 avsp  @12 tosp
//                                        @14 tables x (first row, rows)  then rows x u16 offset from A
//
// Source: format.md 6.10, 7.2.
#pragma once

#include "redo/layout.h"

namespace redoubt::redo {

enum class BlockType : std::uint8_t { kData = 1, kIndex = 2 };

struct BlockImage {
  std::uint8_t type = 0;
  std::uint32_t data_obj = 0;
  Scn8 scn;
  std::uint16_t itl_count = 0;
  std::uint8_t flags = 0;
  Dba dba = 0;

  std::size_t row_area() const { return 24 + 24 * std::size_t{itl_count} + ((flags & 0x20) != 0 ? 8 : 0); }
};

template <class Io>
void layout(Io& io, BlockImage& b) {
  io.u8(0, b.type);
  io.u32(4, b.data_obj);
  io.scn8(8, b.scn);
  io.u16(16, b.itl_count);
  io.u8(18, b.flags);
  io.u32(20, b.dba);
}

struct RowArea {
  std::uint8_t flags = 0;
  std::uint8_t tables = 1;
  std::uint16_t rows = 0;
};

template <class Io>
void layout(Io& io, RowArea& a) {
  io.u8(0, a.flags);
  io.u8(1, a.tables);
  io.u16(2, a.rows);
}

}  // namespace redoubt::redo
