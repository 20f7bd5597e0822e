// The image of a data or index block in a 19.1 vector: what direct-path inserts write. It is the block without its
// 20-byte cache header and 4-byte tail. Offsets: format.md 6.10, rows 7.2.
//
//   @0 type (1 data, 2 index)  @4 data object  @8 cleanout SCN  @16 ITL entries n  @18 flags  @20 bdba
//   @24 n x ITL entry (24)   flags & 20: 8 more bytes
//   A: data block  @A flags  +1 tables t  +2 rows r  +4 frre  +6 fsbo  +8 fseo  +10 avsp  +12 tosp
//                  +14 t x (first row, rows)   then r x u16 row offset, from A
//   row piece      fb, lb, cc, [cki if fb has C], links (6 bytes each), cc columns in row format
//
// Field 1 is an image when there are two fields and the second begins with 06 (89: encrypted); else it is a LOB page.
#pragma once

#include "redo/ktb.h"
#include "redo/layout.h"
#include "redo/row_piece.h"
#include "redo/vector.h"

namespace redoubt::redo {

inline constexpr std::uint8_t kImageData = 1;
inline constexpr std::uint8_t kImageIndex = 2;
inline constexpr std::uint8_t kImageWide = 0x20;  // flags

struct DirectBlock {
  struct Table {
    std::uint16_t first = 0;
    std::uint16_t rows = 0;
    bool operator==(const Table&) const = default;
  };

  std::uint8_t type = kImageData;
  std::uint32_t data_obj = 0;
  Scn8 cleanout_scn;
  std::uint8_t flags = 0;
  Dba bdba = 0;
  std::vector<ItlEntry> itl;
  // Data blocks only:
  std::uint8_t data_flags = 0;
  std::uint16_t frre = 0;
  std::uint16_t fsbo = 0;
  std::uint16_t fseo = 0;
  std::uint16_t avsp = 0;
  std::uint16_t tosp = 0;
  std::vector<Table> tables;
  std::vector<std::uint16_t> row_offsets;  // by slot, from the start of the row area
  Bytes rows;                              // behind the row directory; index blocks: all behind the ITL
  std::size_t rows_at = 0;                 // where `rows` starts in the row area

  // Number of the table of a cluster that slot belongs to.
  std::uint8_t table_of(std::uint16_t slot) const;
};

template <class Io>
void layout_data_area(Io& io, std::size_t a, DirectBlock& b) {
  std::uint8_t tables = static_cast<std::uint8_t>(b.tables.size());
  std::uint16_t rows = static_cast<std::uint16_t>(b.row_offsets.size());
  io.u8(a, b.data_flags);
  io.u8(a + 1, tables);
  io.u16(a + 2, rows);
  io.u16(a + 4, b.frre);
  io.u16(a + 6, b.fsbo);
  io.u16(a + 8, b.fseo);
  io.u16(a + 10, b.avsp);
  io.u16(a + 12, b.tosp);
  b.tables.resize(tables);
  for (std::size_t i = 0; i < tables; ++i) {
    io.u16(a + 14 + 4 * i, b.tables[i].first);
    io.u16(a + 16 + 4 * i, b.tables[i].rows);
  }
  const std::size_t directory = 14 + 4 * std::size_t{tables};
  b.row_offsets.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) io.u16(a + directory + 2 * i, b.row_offsets[i]);
  b.rows_at = directory + 2 * std::size_t{rows};
}

template <class Io>
void layout(Io& io, DirectBlock& b) {
  std::uint16_t itls = static_cast<std::uint16_t>(b.itl.size());
  io.u8(0, b.type);
  io.u32(4, b.data_obj);
  io.scn8(8, b.cleanout_scn);
  io.u16(16, itls);
  io.u8(18, b.flags);
  io.u32(20, b.bdba);
  b.itl.resize(itls);
  for (std::size_t i = 0; i < itls; ++i) layout_itl(io, 24 + 24 * i, b.itl[i]);
  const std::size_t a = 24 + 24 * std::size_t{itls} + ((b.flags & kImageWide) != 0 ? 8 : 0);
  if (b.type == kImageData) layout_data_area(io, a, b);
  if (a + b.rows_at > io.size()) throw Malformed("a block image shorter than its directory");
  io.view(a + b.rows_at, io.size() - a - b.rows_at, b.rows);
}

inline bool has_block_image(const Vector& v) {
  if (v.field_count < 2) return false;
  const Bytes second = v.field(2);
  return !second.empty() && (second[0] == 0x06 || second[0] == 0x89);
}

// A row piece as it lies in a block.
struct StoredPiece {
  std::uint16_t slot = 0;
  std::uint8_t table = 0;
  std::uint8_t fb = 0;
  std::uint8_t lock = 0;  // ITL entry, 0 = none
  std::uint8_t cki = 0;
  RowAddress head;  // as Kdo's hrid and nrid
  RowAddress next;
};

// Calls `visit(piece, columns)` for each row piece of a data block in slot order; slots that hold none are passed over.
// The columns are views of the block. Throws Malformed when a row leaves the block.
template <class Visit>
void for_each_piece(const DirectBlock& b, ByteOrder order, Visit&& visit);

// Reads the piece that starts at `offset` of the row area. False when the slot is free.
bool read_stored_piece(const DirectBlock& b, std::uint16_t slot, ByteOrder order, StoredPiece& piece,
                       std::vector<PieceColumn>& columns);

template <class Visit>
void for_each_piece(const DirectBlock& b, ByteOrder order, Visit&& visit) {
  StoredPiece piece;
  std::vector<PieceColumn> columns;
  for (std::size_t slot = 0; slot < b.row_offsets.size(); ++slot) {
    columns.clear();
    if (read_stored_piece(b, static_cast<std::uint16_t>(slot), order, piece, columns)) visit(piece, columns);
  }
}

}  // namespace redoubt::redo
