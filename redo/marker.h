// Markers for LogMiner (layer 24): DDL, begin and end of transactions, direct loads, XML. Offsets: format.md 6.11.
//
//   24.1  1 DDL header  2 schema  3-7 names  8 SQL text, NUL ended  12 object id      a long one comes in parts, whose
//         @4 XID  @12 DDL type  @16 kind  @18 part  @20 parts                         field 2 goes on with the text
//   24.4  1 marker: @4 XID  2 outcome: 1 commit  3 session flags  4 begin SCN         a begin marker has fewer fields
//   24.6  1 load: @8 XID
//   24.8  1 byte 0: 1  3 XID  4 object id  6 column  7 status: 1 begin, 2 end  8 data
//   24.10 1 u16 1  2 session id  3 serial  4 audit session id
#pragma once

#include <string_view>

#include "redo/layout.h"
#include "redo/session.h"
#include "redo/vector.h"

namespace redoubt::redo {

struct DdlHeader {
  Xid xid;
  std::uint16_t type = 0;  // 1 create table, 9 create index, 12 drop table, 15 alter table, 85 truncate ...
  std::uint16_t kind = 0;
  std::uint16_t part = 1;
  std::uint16_t parts = 1;

  bool temporary() const { return (kind >= 4 && kind <= 6) || (kind >= 8 && kind <= 10); }
  bool operator==(const DdlHeader&) const = default;
};
inline constexpr std::size_t kDdlHeaderSize = 18;
inline constexpr std::size_t kDdlPartHeaderSize = 22;

template <class Io>
void layout(Io& io, DdlHeader& d) {
  io.xid(4, d.xid);
  io.u16(12, d.type);
  io.u16(16, d.kind);
  if (io.size() < kDdlPartHeaderSize) return;
  io.u16(18, d.part);
  io.u16(20, d.parts);
}

// A whole 24.1. Texts are views of the vector; in a later part only `sql` is there.
struct Ddl {
  DdlHeader header;
  std::string_view schema;
  std::string_view sql;  // without the NUL
  std::uint32_t obj = 0;
};
Ddl read_ddl(const Vector& v);

struct TransactionMarker {
  Xid xid;
  bool operator==(const TransactionMarker&) const = default;
};
inline constexpr std::size_t kTransactionMarkerSize = 16;

template <class Io>
void layout(Io& io, TransactionMarker& m) {
  io.xid(4, m.xid);
}

struct DirectLoadMarker {
  Xid xid;
  bool operator==(const DirectLoadMarker&) const = default;
};
inline constexpr std::size_t kDirectLoadMarkerSize = 16;

template <class Io>
void layout(Io& io, DirectLoadMarker& m) {
  io.xid(8, m.xid);
}

// A whole 24.8, what it has of it.
struct XmlMarker {
  Xid xid;
  std::uint32_t obj = 0;
  std::uint16_t column = 0;
  std::uint16_t status = 0;
  Bytes data;
};
XmlMarker read_xml_marker(const Vector& v);

}  // namespace redoubt::redo
