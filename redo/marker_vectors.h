// Vectors that stand alone: what a session did with LOBs (11.17) and with DDL (24.1), for LogMiner's use.
//
//   11.17   1: 16 bytes | 2: u8 type | 3: by type
//     type 1, write   @0 operation: 1, 2 write; 66, 67 trim; 68 erase  @4 XID  @12 LOB id (10)  @22 column  @24 offset
//                     @32 size  @36 object
//     type 3, end     @0 XID  @8 object  @12 size  @34 column
//
//   24.1    1: @4 XID  @12 DDL type  @16 kind  @18 part  @20 parts | 2: schema, or text continued | ... | 8: SQL text
//
// Source: format.md 6.9, 6.11.
#pragma once

#include <array>

#include "redo/layout.h"

namespace redoubt::redo {

enum class LobMarkerType : std::uint8_t { kWrite = 1, kEnd = 3, kPrepare = 4 };

struct LobWrite {
  std::uint8_t operation = 1;
  Xid xid;
  std::array<std::uint8_t, 10> lob{};
  std::uint16_t column = 0;
  std::uint32_t size = 0;
  std::uint32_t obj = 0;
};

template <class Io>
void layout(Io& io, LobWrite& w) {
  io.u8(0, w.operation);
  io.xid(4, w.xid);
  io.bytes(12, w.lob);
  io.u16(22, w.column);
  io.u32(32, w.size);
  io.u32(36, w.obj);
}

struct LobEnd {
  Xid xid;
  std::uint32_t obj = 0;
  std::uint32_t size = 0;
  std::uint16_t column = 0;
};

template <class Io>
void layout(Io& io, LobEnd& e) {
  io.xid(0, e.xid);
  io.u32(8, e.obj);
  io.u32(12, e.size);
  io.u16(34, e.column);
}

struct DdlMarker {
  Xid xid;
  std::uint16_t type = 0;
  std::uint16_t kind = 0;
  std::uint16_t part = 1;
  std::uint16_t parts = 1;
};

template <class Io>
void layout(Io& io, DdlMarker& d) {
  io.xid(4, d.xid);
  io.u16(12, d.type);
  io.u16(16, d.kind);
  io.u16(18, d.part);
  io.u16(20, d.parts);
}

}  // namespace redoubt::redo
