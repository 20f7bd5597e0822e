// Structures of index vectors (layer 10) and of the undo of index changes (5.1 with opc 10.21 and 10.22). Field 1 is
// always KTB. Offsets: format.md 6.4, 6.8.
//
//   10.2  2 index row  3 key  4 key data  5 key sizes (array)     10.4   2 index row
//   10.8  2 new leaf   3 row index  4 rows                        10.18  2 index row, itl in 2 bytes  3 key data
//   10.30 2 index row  3 row piece                                10.35  2 IOT columns  3 list  4.. values
//   5.1   4 kdilk      5 key  6 key data; code 35: 6 list, 7.. values        opc 10.21: 4 kdilk of a branch
//
//   index row     @0 itl  @1 mode  @2 slot  @4 row size    mode & 20: @8 keys, @12 slots (2 x keys)
//   new leaf      @0 itl  @1 nco  @2 dsz  @3 col  @4 flags  @8 next  @12 previous      (4 bytes: @0 next)
//   IOT columns   @0 itl  @2 slot  @4 row size  @6 flag  @7 ncol  @8 nnew  @10 size  @12 null bits
//   kdilk         @0 code  @1 itl  @2 flags  @4 segment header DBA  @8 leaf DBA  @12 sdc
//                 code 35: @20 flag  @21 ncol  @22 nnew  @24 size  @26 null bits     else, from 24 bytes: @20 keys, @24
//                 sizes
//   kdilk branch  @0 code  @4 leaf DBA  @8 DBA
//
//   key           per column u8 length, bytes    a rowid inside: u32 DBA, u16 slot, both big-endian
#pragma once

#include "redo/layout.h"
#include "redo/row_piece.h"

namespace redoubt::redo {

inline constexpr std::uint8_t kIndexArray = 0x20;  // mode: several keys

// 10.2, 10.4, 10.30
struct IndexRow {
  std::uint8_t itl = 0;
  std::uint8_t mode = 0;
  std::uint16_t slot = 0;
  std::uint16_t row_size = 0;
  std::uint16_t keys = 0;            // array
  std::vector<std::uint16_t> slots;  // array
  bool operator==(const IndexRow&) const = default;
};
inline constexpr std::size_t kIndexRowSize = 6;
inline constexpr std::size_t kIndexArraySize = 12;  // + 2 per key

template <class Io>
void layout(Io& io, IndexRow& r) {
  io.u8(0, r.itl);
  io.u8(1, r.mode);
  io.u16(2, r.slot);
  io.u16(4, r.row_size);
  if ((r.mode & kIndexArray) == 0 || io.size() < kIndexArraySize) return;
  io.u16(8, r.keys);
  r.slots.resize(std::min<std::size_t>(r.keys, (io.size() - kIndexArraySize) / 2));
  for (std::size_t i = 0; i < r.slots.size(); ++i) io.u16(kIndexArraySize + 2 * i, r.slots[i]);
}

// 10.18
struct IndexKeyUpdate {
  std::uint16_t itl = 0;
  std::uint16_t slot = 0;
  std::uint16_t row_size = 0;
  bool operator==(const IndexKeyUpdate&) const = default;
};

template <class Io>
void layout(Io& io, IndexKeyUpdate& u) {
  io.u16(0, u.itl);
  io.u16(2, u.slot);
  io.u16(4, u.row_size);
}

// 10.8
struct IndexNewLeaf {
  std::uint8_t itl = 0;
  std::uint8_t nco = 0;
  std::uint8_t dsz = 0;
  std::uint8_t col = 0;
  std::uint8_t flags = 0;
  Dba next = 0;
  Dba previous = 0;
  bool operator==(const IndexNewLeaf&) const = default;
};
inline constexpr std::size_t kIndexNewLeafSize = 16;

template <class Io>
void layout(Io& io, IndexNewLeaf& l) {
  if (io.size() < kIndexNewLeafSize) return io.u32(0, l.next);
  io.u8(0, l.itl);
  io.u8(1, l.nco);
  io.u8(2, l.dsz);
  io.u8(3, l.col);
  io.u8(4, l.flags);
  io.u32(8, l.next);
  io.u32(12, l.previous);
}

// 10.35
struct IotColumns {
  std::uint8_t itl = 0;
  std::uint16_t slot = 0;
  std::uint16_t row_size = 0;
  std::uint8_t flag = 0;
  std::uint8_t ncol = 0;
  std::uint8_t nnew = 0;
  std::int16_t size = 0;
  bool operator==(const IotColumns&) const = default;
};
inline constexpr std::size_t kIotColumnsSize = 12;

template <class Io>
void layout(Io& io, IotColumns& c) {
  io.u8(0, c.itl);
  io.u16(2, c.slot);
  io.u16(4, c.row_size);
  io.u8(6, c.flag);
  io.u8(7, c.ncol);
  io.u8(8, c.nnew);
  io.i16(10, c.size);
}

enum class LeafUndo : std::uint8_t {
  kPurge = 2,  // undo of an insert
  kPurgeKey = 3,
  kMarkDeleted = 4,
  kRestore = 5,  // undo of a delete
  kUpdateKeyData = 18,
  kWholeRow = 30,
  kColumns = 35,
};
inline constexpr std::uint8_t kKdilkSupplemental = 0x80;  // flags: the last fields are a supplemental block

// 5.1, opc 10.22
struct Kdilk {
  std::uint8_t code = 0;
  std::uint8_t itl = 0;
  std::uint8_t flags = 0;
  Dba segment_header = 0;
  Dba leaf = 0;
  std::int32_t sdc = 0;
  std::uint8_t row_flag = 0;  // code 35, these four
  std::uint8_t ncol = 0;
  std::uint8_t nnew = 0;
  std::int16_t size = 0;
  std::uint16_t keys = 0;  // lists, these two
  std::vector<std::uint16_t> key_sizes;

  LeafUndo undo() const { return static_cast<LeafUndo>(code); }
  bool operator==(const Kdilk&) const = default;
};
inline constexpr std::size_t kKdilkSize = 20;
inline constexpr std::size_t kKdilkListSize = 24;     // + 2 per key
inline constexpr std::size_t kKdilkColumnsSize = 26;  // of code 35

template <class Io>
void layout(Io& io, Kdilk& k) {
  io.u8(0, k.code);
  io.u8(1, k.itl);
  io.u8(2, k.flags);
  io.u32(4, k.segment_header);
  io.u32(8, k.leaf);
  io.i32(12, k.sdc);
  if (k.undo() == LeafUndo::kColumns) {
    if (io.size() < kKdilkColumnsSize) return;
    io.u8(20, k.row_flag);
    io.u8(21, k.ncol);
    io.u8(22, k.nnew);
    io.i16(24, k.size);
  } else if (io.size() >= kKdilkListSize) {
    io.u16(20, k.keys);
    k.key_sizes.resize(std::min<std::size_t>(k.keys, (io.size() - kKdilkListSize) / 2));
    for (std::size_t i = 0; i < k.key_sizes.size(); ++i) io.u16(kKdilkListSize + 2 * i, k.key_sizes[i]);
  }
}

// 5.1, opc 10.21
struct KdilkBranch {
  std::uint8_t code = 0;
  Dba leaf = 0;
  Dba dba = 0;
  bool operator==(const KdilkBranch&) const = default;
};
inline constexpr std::size_t kKdilkBranchSize = 12;

template <class Io>
void layout(Io& io, KdilkBranch& k) {
  io.u8(0, k.code);
  io.u32(4, k.leaf);
  io.u32(8, k.dba);
}

// The columns of an index key, appended to `out` with positions from 0. Throws Malformed.
inline void read_index_key(Bytes key, ByteOrder order, std::vector<PieceColumn>& out) {
  for (std::uint16_t position = 0; !key.empty(); ++position) key = read_row_column(key, position, order, out);
}

// The rowid an index entry carries: the key data of a unique index, the last key column of another.
inline RowAddress index_rowid(Bytes six) { return {u32_at(six, 0, ByteOrder::kBig), u16_at(six, 4, ByteOrder::kBig)}; }

}  // namespace redoubt::redo
