// The first two fields of an undo vector (5.1): who changed (ktudb) and what was changed (ktub). ktub is also the first
// field of the vectors that apply undo (5.6, 5.11). Offsets: format.md 6.3, 6.4.
//
//   ktudb 20   @0 siz  @2 spc  @4 flg  @8 XID (8)  @16 undo block seq  @18 undo record number
//   ktub  24   @0 object  @4 data object  @8 tablespace  @12 previous undo DBA  @16 opc layer, code  @18 slt  @19 rci
//              @20 flg  @22 wrp
//         28   + @24 flags 2  @26 BuExt index
//         76   + @28 previous control UBA  @36, @44 previous SCNs  @56 start SCN  @64 brb  @68 bcl  @72 user
#pragma once

#include "redo/format.h"
#include "redo/layout.h"

namespace redoubt::redo {

struct Ktudb {
  std::uint16_t siz = 0;
  std::uint16_t spc = 0;
  std::uint16_t flg = 0x22;
  Xid xid;
  std::uint16_t seq = 0;
  std::uint8_t rec = 0;
};
inline constexpr std::size_t kKtudbSize = 20;

template <class Io>
void layout(Io& io, Ktudb& k) {
  io.u16(0, k.siz);
  io.u16(2, k.spc);
  io.u16(4, k.flg);
  io.xid(8, k.xid);
  io.u16(16, k.seq);
  io.u8(18, k.rec);
}

// ktub flg
inline constexpr std::uint16_t kUndoHead = 0x0001;  // last part of a split undo, followed by its row vector
inline constexpr std::uint16_t kUndoTail = 0x0002;  // first part
inline constexpr std::uint16_t kUndoMiddle = 0x0100;
inline constexpr std::uint16_t kUndoSplit = kUndoHead | kUndoTail | kUndoMiddle;
inline constexpr std::uint16_t kUndoFieldSplit = 0x0004;  // its last field continues in the part before it
inline constexpr std::uint16_t kUndoBegin = 0x0008;
inline constexpr std::uint16_t kUndoDone = 0x0010;  // this vector applies undo
inline constexpr std::uint16_t kUndoTemporary = 0x0020;

struct Ktub {
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::uint32_t tablespace = 0;
  Dba previous_dba = 0;
  std::uint8_t opc_layer = 0;
  std::uint8_t opc_code = 0;
  std::uint8_t slt = 0;  // low byte of the XID's slot
  std::uint8_t rci = 0;
  std::uint16_t flg = 0;
  std::uint16_t wrp = 0;
  std::uint16_t flags2 = 0;
  std::int16_t buext = 0;
  Uba control_uba;
  Scn8 control_max_scn;
  Scn8 previous_commit_scn;
  Scn8 start_scn{kNoScn};
  std::uint32_t brb = 0;
  std::uint32_t bcl = 0;
  std::uint32_t user = 0;

  Opcode opc() const { return opcode(opc_layer, opc_code); }
};
inline constexpr std::size_t kKtubSize = 24;
inline constexpr std::size_t kKtubExtSize = 28;
inline constexpr std::size_t kKtubBeginSize = 76;

template <class Io>
void layout(Io& io, Ktub& k) {
  io.u32(0, k.obj);
  io.u32(4, k.data_obj);
  io.u32(8, k.tablespace);
  io.u32(12, k.previous_dba);
  io.u8(16, k.opc_layer);
  io.u8(17, k.opc_code);
  io.u8(18, k.slt);
  io.u8(19, k.rci);
  io.u16(20, k.flg);
  io.u16(22, k.wrp);
  if (io.size() < kKtubExtSize) return;
  io.u16(24, k.flags2);
  io.i16(26, k.buext);
  if (io.size() < kKtubBeginSize) return;
  io.uba(28, k.control_uba);
  io.scn8(36, k.control_max_scn);
  io.scn8(44, k.previous_commit_scn);
  io.scn8(56, k.start_scn);
  io.u32(64, k.brb);
  io.u32(68, k.bcl);
  io.u32(72, k.user);
}

}  // namespace redoubt::redo
