// KDO, the row-operation field: second of every 11.x vector, fourth of an undo vector with opc 11.1. Offsets:
// format.md 6.5.
//
//   all      @0 bdba  @4 hdba  @8 maxfr  @10 op  @11 flags  @12 itli  @13 ispac
//   IRP ORP  @16 fb  @17 lb  @18 cc  @19 cki  @20 hrid (6)  @28 nrid (6)  @40 size  @42 slot  @44 tabn  @45 null bits
//   DRP      @16 slot  @18 tabn
//   LKR      @16 slot  @18 tabn  @19 to
//   URP      @16 fb  @17 lock  @18 ckix  @19 tabn  @20 slot  @22 ncol  @23 nnew  @24 size  @26 null bits
//   CFA      @16 nrid (6)  @24 slot  @26 fb  @27 tabn  @28 lock
//   SKL      @16 forward (6, big-endian)  @22 backward (6, big-endian)  @28 flags  @29 lock
//   QMI QMD  @16 tabn  @17 lock  @18 nrow  @20 slots (2 x nrow)
//   DSC      @16 slot  @18 tabn  @19 column
#pragma once

#include "redo/layout.h"

namespace redoubt::redo {

// Row flags (fb) of a piece, and of a supplemental header.
inline constexpr std::uint8_t kFbClusterKey = 0x80;  // K
inline constexpr std::uint8_t kFbCluster = 0x40;     // C
inline constexpr std::uint8_t kFbHead = 0x20;        // H
inline constexpr std::uint8_t kFbDeleted = 0x10;     // D
inline constexpr std::uint8_t kFbFirst = 0x08;       // F
inline constexpr std::uint8_t kFbLast = 0x04;        // L
inline constexpr std::uint8_t kFbPrevious = 0x02;    // P: first column continues from the previous piece
inline constexpr std::uint8_t kFbNext = 0x01;        // N: last column continues in the next piece

// g++ 12 takes scoped names for shadows of the opcodes of the same name.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
enum class RowOp : std::uint8_t {
  kInsert = 2,       // IRP
  kDelete = 3,       // DRP
  kLock = 4,         // LKR
  kUpdate = 5,       // URP
  kOverwrite = 6,    // ORP
  kManageFree = 7,   // MFC
  kForward = 8,      // CFA
  kClusterKey = 9,   // CKI
  kSetLinks = 10,    // SKL
  kInsertMany = 11,  // QMI
  kDeleteMany = 12,  // QMD
  kDescribe = 14,    // DSC
  kLogminer = 16,    // LMN
  kLob = 17,         // LLB
  kUpdateMany = 21,
  kCompare = 22,  // CMP
};
#pragma GCC diagnostic pop

inline constexpr std::uint8_t kKdoUndo = 0x20;             // in op: undo and rollback vectors
inline constexpr std::uint8_t kKdoRowDependencies = 0x40;  // in op
inline constexpr std::uint8_t kKdoPacked = 0x80;           // in flags (KDOM2): all values in one field, in row format

struct RowAddress {
  Dba dba = 0;
  std::uint16_t slot = 0;
  auto operator<=>(const RowAddress&) const = default;
};

struct Kdo {
  Dba bdba = 0;
  Dba hdba = 0;
  std::uint16_t maxfr = 0;
  std::uint8_t op = 0;
  std::uint8_t flags = 1;  // low two bits 1 XA forward and undo, 2 XR rollback, 3 CR
  std::uint8_t itli = 0;
  std::uint8_t ispac = 0;

  std::uint8_t fb = 0;
  std::uint8_t lock = 0;
  std::uint8_t cc = 0;  // IRP, ORP: columns of the piece; URP: ncol, columns after the change
  std::uint8_t cki = 0;
  std::uint8_t nnew = 0;  // URP: changed columns; QMI, QMD: rows
  std::uint8_t tabn = 0;
  std::uint16_t slot = 0;
  std::uint16_t size = 0;  // IRP, ORP: bytes of the piece; URP: change of the piece's size (signed)
  RowAddress hrid;         // head piece, where fb has F and not H; with K the previous key link
  RowAddress nrid;         // next piece, where fb has no L; with K the next key link; CFA: forward address
  Bytes nulls;             // bit i of the piece or list: 1 = null
  Bytes slots;             // QMI, QMD: u16 x nnew in file byte order

  RowOp row_op() const { return static_cast<RowOp>(op & 0x1F); }
  bool null_bit(unsigned i) const { return (nulls[i >> 3] >> (i & 7) & 1) != 0; }
  bool has_head_link() const { return (fb & kFbClusterKey) != 0 || (fb & (kFbFirst | kFbHead)) == kFbFirst; }
  bool has_next_link() const { return (fb & kFbClusterKey) != 0 || (fb & kFbLast) == 0; }
  RowAddress address() const { return {bdba, slot}; }
};
inline constexpr std::size_t kKdoSize = 16;

inline constexpr std::size_t kDeleteKdoSize = 20;

constexpr std::size_t null_bytes(unsigned columns) { return (columns + 7) / 8; }
// Length of the whole field.
constexpr std::size_t insert_kdo_size(unsigned columns) { return 48 + null_bytes(columns); }
constexpr std::size_t update_kdo_size(unsigned columns) { return 28 + null_bytes(columns); }
constexpr std::size_t rows_kdo_size(unsigned rows) { return rows == 1 ? 24 : 22 + 2 * std::size_t{rows}; }

template <class Io>
void layout_address(Io& io, std::size_t at, RowAddress& a) {
  io.u32(at, a.dba);
  io.u16(at + 4, a.slot);
}

template <class Io>
void layout(Io& io, Kdo& k) {
  io.u32(0, k.bdba);
  io.u32(4, k.hdba);
  io.u16(8, k.maxfr);
  io.u8(10, k.op);
  io.u8(11, k.flags);
  io.u8(12, k.itli);
  io.u8(13, k.ispac);
  switch (k.row_op()) {
    case RowOp::kInsert:
    case RowOp::kOverwrite:
      io.u8(16, k.fb);
      io.u8(17, k.lock);
      io.u8(18, k.cc);
      io.u8(19, k.cki);
      if (k.has_head_link()) layout_address(io, 20, k.hrid);
      if (k.has_next_link()) layout_address(io, 28, k.nrid);
      io.u16(40, k.size);
      io.u16(42, k.slot);
      io.u8(44, k.tabn);
      io.view(45, null_bytes(k.cc), k.nulls);
      break;
    case RowOp::kDelete:
      io.u16(16, k.slot);
      io.u8(18, k.tabn);
      break;
    case RowOp::kLock:
      io.u16(16, k.slot);
      io.u8(18, k.tabn);
      io.u8(19, k.lock);
      break;
    case RowOp::kUpdate:
      io.u8(16, k.fb);
      io.u8(17, k.lock);
      io.u8(18, k.cki);
      io.u8(19, k.tabn);
      io.u16(20, k.slot);
      io.u8(22, k.cc);
      io.u8(23, k.nnew);
      io.u16(24, k.size);
      io.view(26, null_bytes(k.nnew), k.nulls);
      break;
    case RowOp::kForward:
      layout_address(io, 16, k.nrid);
      io.u16(24, k.slot);
      io.u8(26, k.fb);
      io.u8(27, k.tabn);
      io.u8(28, k.lock);
      break;
    case RowOp::kSetLinks:
      io.u32be(16, k.nrid.dba);
      io.u16be(20, k.nrid.slot);
      io.u32be(22, k.hrid.dba);
      io.u16be(26, k.hrid.slot);
      io.u8(28, k.fb);
      io.u8(29, k.lock);
      break;
    case RowOp::kInsertMany:
    case RowOp::kDeleteMany:
      io.u8(16, k.tabn);
      io.u8(17, k.lock);
      io.u8(18, k.nnew);
      io.view(20, 2 * std::size_t{k.nnew}, k.slots);
      break;
    case RowOp::kDescribe:
      io.u16(16, k.slot);
      io.u8(18, k.tabn);
      io.u8(19, k.cc);
      break;
    default: break;
  }
}

}  // namespace redoubt::redo
