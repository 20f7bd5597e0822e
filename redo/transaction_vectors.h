// Vectors that begin and end transactions and apply undo: 5.2, 5.4, 5.12, 5.6 and 5.11. Offsets: format.md 6.7.
//
//   ktudh 32  (5.2 field 1)   @0 slt  @4 sqn  @8 UBA  @16 flg  @18 siz  @20 fbi  @24 parent XID
//   ktucm 20  (5.4 field 1)   @0 slt  @4 sqn  @8 srt  @12 sta  @16 flg
//   ktucf 16  (5.4, flg 02)   @0 UBA  @8 ext  @10 spc  @12 fbi
//   24 bytes  (5.4, flg 10)   @8 Unix time
//   ktust 24  (5.12 field 1)  @0 slt  @4 sqn  @8 sta  @12 cfl
//   8 bytes   (5.6 field 2)   @0 offset  @4 flag
#pragma once

#include "redo/layout.h"
#include "redo/vector.h"

namespace redoubt::redo {

struct Ktudh {
  std::uint16_t slt = 0;
  std::uint32_t sqn = 0;  // 0: undo header maintenance, no transaction begins
  Uba uba;
  std::uint16_t flg = 0;
  std::uint16_t siz = 0;
  std::uint8_t fbi = 0;
  Xid parent;
};
inline constexpr std::size_t kKtudhSize = 32;

template <class Io>
void layout(Io& io, Ktudh& k) {
  io.u16(0, k.slt);
  io.u32(4, k.sqn);
  io.uba(8, k.uba);
  io.u16(16, k.flg);
  io.u16(18, k.siz);
  io.u8(20, k.fbi);
  io.xid(24, k.parent);
}

inline constexpr std::uint8_t kEndUndoPosition = 0x02;
inline constexpr std::uint8_t kEndRolledBack = 0x04;
inline constexpr std::uint8_t kEndTimeField = 0x10;
inline constexpr std::uint8_t kEndParentScn = 0x01;
inline constexpr std::uint32_t kEndStateEnded = 9;
inline constexpr std::uint32_t kEndStateParallelParent = 12;  // decides for a parallel DML, is not its end

struct Ktucm {
  std::uint16_t slt = 0;
  std::uint32_t sqn = 0;
  std::uint16_t srt = 0;
  std::uint32_t sta = kEndStateEnded;
  std::uint8_t flg = kEndUndoPosition;
};
inline constexpr std::size_t kKtucmSize = 20;

template <class Io>
void layout(Io& io, Ktucm& k) {
  io.u16(0, k.slt);
  io.u32(4, k.sqn);
  io.u16(8, k.srt);
  io.u32(12, k.sta);
  io.u8(16, k.flg);
}

struct Ktucf {
  Uba uba;
  std::uint16_t ext = 0;
  std::uint16_t spc = 0;
  std::uint8_t fbi = 0;
};
inline constexpr std::size_t kKtucfSize = 16;

template <class Io>
void layout(Io& io, Ktucf& k) {
  io.uba(0, k.uba);
  io.u16(8, k.ext);
  io.u16(10, k.spc);
  io.u8(12, k.fbi);
}

// The 24-byte field of flg 10.
struct CommitTime {
  std::uint32_t time = 0;  // seconds since 1970 UTC
};
inline constexpr std::size_t kCommitTimeSize = 24;

template <class Io>
void layout(Io& io, CommitTime& t) {
  io.u32(8, t.time);
}

struct Ktust {
  std::uint16_t slt = 0;
  std::uint32_t sqn = 0;
  std::uint32_t sta = 0;
  std::uint32_t cfl = 0;
};

template <class Io>
void layout(Io& io, Ktust& k) {
  io.u16(0, k.slt);
  io.u32(4, k.sqn);
  io.u32(8, k.sta);
  io.u32(12, k.cfl);
}

struct RollbackPosition {
  std::uint16_t offset = 0;
  std::uint16_t flag = 2;
};
inline constexpr std::size_t kRollbackPositionSize = 8;

template <class Io>
void layout(Io& io, RollbackPosition& p) {
  io.u16(0, p.offset);
  io.u16(4, p.flag);
}

// What a 5.4 says about the end of its transaction.
struct TransactionEnd {
  Ktucm end;
  std::uint32_t time = 0;   // seconds since 1970 UTC; 0 = not recorded
  Scn parent_scn = kNoScn;  // commit SCN of a parallel DML's parent (flg 01), kNoScn = none
};
TransactionEnd transaction_end(const Vector& v);

}  // namespace redoubt::redo
