// Structures of LOB redo: SecureFile changes (26.2, 26.6, undo with opc 26.1), LOB pages (19.1), markers for LogMiner
// (11.17) and the entries of a BasicFile LOB index. Offsets: format.md 6.8 to 6.10.
//
//   26.2  1 KTB  2 common  3 kdli  [4 kdli]
//   26.6  1 common  2 kdli fpload  3 kdli load data  4 page data if common.op is BIMG, else kdli  5 kdli suplog
//   5.1   4 common  5.. kdli                                   (opc 26.1)
//   19.1  1 LOB page, unless field 2 says that field 1 is a block image (direct_block.h)
//   11.17 2 type  3 marker of that type
//
//   common  @0 op  @1 type  @2 flg0  @3 flg1  @4 psiz  @6 poff  @8 DBA
//   kdli    @0 code, then
//     1 info       @1 LOB id (10)  @11 block  @15 slot, both big-endian
//     4 load data  @2 SCN6R  @10 flg0 flg1  @12 LOB id  @22 rid: slot, DBA  @28 flg2 flg3  @30 pskip sskip  @32 hash
//     (20)
//                  @52 hwm  @54 spr
//     5 zero       @2 offset  @4 size
//     6 fill       @2 offset  @4 fsiz  @6 length  @8 data
//     7 lmap       @4 n  @8 n x extent       8 lmapx  the same with 16-byte extents
//     9 suplog     @4 XID  @12 obj  @16 version  @18 column  @20 flags
//    11 fpload     @4 block size  @8 SCN  @16 XID  @24 data object
//    12 load lhb   @12 LOB id  @28 flg2 flg3  @48 extents  @52 asiz  @54 hwm  @64 four map pages  @80 ldba  @84 nblk
//    13 almap      @4 n  @8 start index  @12 n x extent
//    15 itree      @12 LOB id  @30 level  @32 asiz  @34 hwm  @36 parent  @40 asiz x extent (probable)
//    16 imap       @4 n  then as lmap or as almap, whichever fits the field
//   extent  u8, u8, u16 pages, u32 first DBA     lmapx: + u32, u32
//
//   LOB page    @0 data object  @4 LOB id  @16 version (4 + 2)  @24 page number  @28 parent DBA  @36 data
//   marker      1 write, trim, erase: @0 operation  @4 XID  @12 LOB id  @22 column  @24 offset  @32 size  @36 obj
//               3 end: @0 XID  @8 obj  @12 size  @34 column       4 prepare: @0 obj  @8 XID
//
//   LOB index   key: 0A, LOB id, 04, page number (4, big-endian)
//   key data    32 bytes: of page 0 @4 whole pages (4)  @8 rest (2)  @16 DBAs; of others DBAs from @0; big-endian, 0 =
//   none
#pragma once

#include <optional>

#include "oracle/lob_locator.h"
#include "redo/kdo.h"
#include "redo/ktb.h"
#include "redo/layout.h"

namespace redoubt::redo {

using oracle::LobId;

enum class KdliOp : std::uint8_t { kForward, kBackward, kCr, kFormat, kInvalidate, kLoad, kImage, kImageInvalidate };

struct KdliCommon {
  std::uint8_t op = 0;
  std::uint8_t type = 0;  // & 70: 00 new, 10 lhb, 20 data, 30 btree, 40 itree, 60 aux; 08 lock; 80 version 1
  std::uint8_t flg0 = 0;
  std::uint8_t flg1 = 0;
  std::uint16_t psiz = 0;
  std::uint16_t poff = 0;
  Dba dba = 0;

  KdliOp kind() const { return static_cast<KdliOp>(op); }
  bool operator==(const KdliCommon&) const = default;
};
inline constexpr std::size_t kKdliCommonSize = 12;

template <class Io>
void layout(Io& io, KdliCommon& k) {
  io.u8(0, k.op);
  io.u8(1, k.type);
  io.u8(2, k.flg0);
  io.u8(3, k.flg1);
  io.u16(4, k.psiz);
  io.u16(6, k.poff);
  io.u32(8, k.dba);
}

enum class KdliCode : std::uint8_t {
  kInfo = 1,
  kLoadCommon = 2,
  kLoadData = 4,
  kZero = 5,
  kFill = 6,
  kMap = 7,
  kMapWide = 8,
  kSupplementalLog = 9,
  kGmap = 10,
  kFormatLoad = 11,
  kLoadHeader = 12,
  kMapFrom = 13,
  kMapFromWide = 14,
  kLoadTree = 15,
  kTreeMap = 16,
  kTreeMapWide = 17,
};

struct KdliExtent {
  std::uint8_t byte0 = 0;
  std::uint8_t byte1 = 0;
  std::uint16_t pages = 0;
  Dba first = 0;
  std::uint32_t word8 = 0;  // the wide form, these two
  std::uint32_t word12 = 0;
  bool operator==(const KdliExtent&) const = default;
};
inline constexpr std::size_t kKdliExtentSize = 8;
inline constexpr std::size_t kKdliWideExtentSize = 16;

// Only the members of its code mean something.
struct Kdli {
  std::uint8_t code = 0;
  LobId lob{};                            // 1, 4, 12, 15
  RowAddress address;                     // 1: block and slot of the row; 4: rid
  SplitScn scn;                           // 4
  std::uint8_t flg0 = 0, flg1 = 0;        // 4
  std::uint8_t flg2 = 0, flg3 = 0;        // 4, 12: flg3 80 = long form
  std::uint8_t pskip = 0, sskip = 0;      // 4
  std::array<std::uint8_t, 20> hash{};    // 4
  std::uint16_t hwm = 0, spr = 0;         // 4, 12, 15; 4
  std::uint16_t offset = 0, size = 0;     // 5, 6: in the page
  Bytes data;                             // 6
  Xid xid;                                // 9, 11
  std::uint32_t obj = 0;                  // 9: object; 11: data object
  std::uint16_t version = 0, column = 0;  // 9
  std::uint32_t flags = 0;                // 9
  std::uint32_t block_size = 0;           // 11
  Scn8 load_scn;                          // 11
  std::uint32_t extent_count = 0;         // 12
  std::uint16_t asiz = 0;                 // 12, 15
  std::array<Dba, 4> map_pages{};         // 12: chain of map pages
  Dba last_page = 0;                      // 12
  std::uint32_t blocks = 0;               // 12
  std::uint16_t level = 0;                // 15
  Dba parent = 0;                         // 15
  std::uint32_t start_index = 0;          // 13, 16
  std::vector<KdliExtent> extents;        // 7, 8, 13, 15, 16

  KdliCode kind() const { return static_cast<KdliCode>(code); }
  bool has_lob() const {
    return kind() == KdliCode::kInfo || kind() == KdliCode::kLoadData || kind() == KdliCode::kLoadHeader ||
           kind() == KdliCode::kLoadTree;
  }
};
inline constexpr std::size_t kKdliInfoSize = 17;
inline constexpr std::size_t kKdliLoadDataSize = 56;
inline constexpr std::size_t kKdliFillSize = 8;  // + data
inline constexpr std::size_t kKdliSupplementalLogSize = 24;
inline constexpr std::size_t kKdliFormatLoadSize = 32;  // 28 are used; one reader wants 32
inline constexpr std::size_t kKdliLoadHeaderSize = 112;
inline constexpr std::size_t kKdliLoadTreeSize = 40;
inline constexpr std::size_t kKdliMapSize = 8;       // + extents
inline constexpr std::size_t kKdliMapFromSize = 12;  // + extents

template <class Io>
void layout_extents(Io& io, std::size_t at, std::size_t stride, std::size_t count, std::vector<KdliExtent>& extents) {
  if (io.size() < at || count > (io.size() - at) / stride) throw Malformed("a LOB map longer than its field");
  extents.resize(count);
  for (KdliExtent& e : extents) {
    io.u8(at, e.byte0);
    io.u8(at + 1, e.byte1);
    io.u16(at + 2, e.pages);
    io.u32(at + 4, e.first);
    if (stride == kKdliWideExtentSize) {
      io.u32(at + 8, e.word8);
      io.u32(at + 12, e.word12);
    }
    at += stride;
  }
}

template <class Io>
void layout_map(Io& io, Kdli& k) {
  std::uint32_t count = static_cast<std::uint32_t>(k.extents.size());
  io.u32(4, count);
  const bool from =
      k.kind() == KdliCode::kMapFrom ||
      (k.kind() == KdliCode::kTreeMap && io.size() >= kKdliMapFromSize + std::uint64_t{count} * kKdliExtentSize);
  if (from) io.u32(8, k.start_index);
  layout_extents(io, from ? kKdliMapFromSize : kKdliMapSize,
                 k.kind() == KdliCode::kMapWide ? kKdliWideExtentSize : kKdliExtentSize, count, k.extents);
}

template <class Io>
void layout_load_header(Io& io, Kdli& k) {
  io.bytes(12, k.lob);
  io.u8(28, k.flg2);
  io.u8(29, k.flg3);
  io.u32(48, k.extent_count);
  io.u16(52, k.asiz);
  io.u16(54, k.hwm);
  for (std::size_t i = 0; i < k.map_pages.size(); ++i) io.u32(64 + 4 * i, k.map_pages[i]);
  io.u32(80, k.last_page);
  io.u32(84, k.blocks);
}

template <class Io>
void layout_load_data(Io& io, Kdli& k) {
  io.u16(2, k.scn.word);
  io.u32(4, k.scn.lo);
  io.u8(10, k.flg0);
  io.u8(11, k.flg1);
  io.bytes(12, k.lob);
  io.u16(22, k.address.slot);
  io.u32(24, k.address.dba);
  io.u8(28, k.flg2);
  io.u8(29, k.flg3);
  io.u8(30, k.pskip);
  io.u8(31, k.sskip);
  io.bytes(32, k.hash);
  io.u16(52, k.hwm);
  io.u16(54, k.spr);
}

template <class Io>
void layout(Io& io, Kdli& k) {
  io.u8(0, k.code);
  switch (k.kind()) {
    case KdliCode::kInfo:
      io.bytes(1, k.lob);
      io.u32be(11, k.address.dba);
      io.u16be(15, k.address.slot);
      break;
    case KdliCode::kLoadData: layout_load_data(io, k); break;
    case KdliCode::kZero:
      io.u16(2, k.offset);
      io.u16(4, k.size);
      break;
    case KdliCode::kFill: {
      std::uint16_t length = static_cast<std::uint16_t>(k.data.size());
      io.u16(2, k.offset);
      io.u16(4, k.size);
      io.u16(6, length);
      io.view(8, length, k.data);
      break;
    }
    case KdliCode::kMap:
    case KdliCode::kMapWide:
    case KdliCode::kMapFrom:
    case KdliCode::kTreeMap: layout_map(io, k); break;
    case KdliCode::kSupplementalLog:
      io.xid(4, k.xid);
      io.u32(12, k.obj);
      io.u16(16, k.version);
      io.u16(18, k.column);
      io.u32(20, k.flags);
      break;
    case KdliCode::kFormatLoad:
      io.u32(4, k.block_size);
      io.scn8(8, k.load_scn);
      io.xid(16, k.xid);
      io.u32(24, k.obj);
      break;
    case KdliCode::kLoadHeader: layout_load_header(io, k); break;
    case KdliCode::kLoadTree:
      io.bytes(12, k.lob);
      io.u16(30, k.level);
      io.u16(32, k.asiz);
      io.u16(34, k.hwm);
      io.u32(36, k.parent);
      layout_extents(io, kKdliLoadTreeSize, kKdliExtentSize,
                     std::min<std::size_t>(k.asiz, (io.size() - kKdliLoadTreeSize) / kKdliExtentSize), k.extents);
      break;
    default: break;
  }
}

struct LobPage {
  std::uint32_t data_obj = 0;
  LobId lob{};
  std::uint32_t version = 0;
  std::uint16_t version_high = 0;
  std::uint32_t page = 0;
  Dba parent = 0;
  Bytes data;
};
inline constexpr std::size_t kLobPageSize = 36;  // + data

template <class Io>
void layout(Io& io, LobPage& p) {
  io.u32(0, p.data_obj);
  io.bytes(4, p.lob);
  io.u32(16, p.version);
  io.u16(20, p.version_high);
  io.u32(24, p.page);
  io.u32(28, p.parent);
  if (io.size() < kLobPageSize) throw Malformed("a LOB page shorter than its header");
  io.view(kLobPageSize, io.size() - kLobPageSize, p.data);
}

enum class LobOperation : std::uint8_t { kWrite = 1, kWrite2 = 2, kTrim = 0x66, kTrim2 = 0x67, kErase = 0x68 };

// 11.17 type 1
struct LobWriteMarker {
  std::uint8_t operation = 0;
  Xid xid;
  LobId lob{};
  std::uint16_t column = 0;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  std::uint32_t obj = 0;
  bool operator==(const LobWriteMarker&) const = default;
};
inline constexpr std::size_t kLobWriteMarkerSize = 40;

template <class Io>
void layout(Io& io, LobWriteMarker& m) {
  io.u8(0, m.operation);
  io.xid(4, m.xid);
  io.bytes(12, m.lob);
  io.u16(22, m.column);
  io.u32(24, m.offset);
  io.u32(32, m.size);
  io.u32(36, m.obj);
}

// 11.17 type 3
struct LobEndMarker {
  Xid xid;
  std::uint32_t obj = 0;
  std::uint32_t size = 0;
  std::uint16_t column = 0;
  bool operator==(const LobEndMarker&) const = default;
};
inline constexpr std::size_t kLobEndMarkerSize = 36;

template <class Io>
void layout(Io& io, LobEndMarker& m) {
  io.xid(0, m.xid);
  io.u32(8, m.obj);
  io.u32(12, m.size);
  io.u16(34, m.column);
}

// 11.17 type 4
struct LobPrepareMarker {
  std::uint32_t obj = 0;
  Xid xid;
  bool operator==(const LobPrepareMarker&) const = default;
};
inline constexpr std::size_t kLobPrepareMarkerSize = 16;

template <class Io>
void layout(Io& io, LobPrepareMarker& m) {
  io.u32(0, m.obj);
  io.xid(8, m.xid);
}

// The key of a BasicFile LOB index entry; nothing if `key` is none.
struct LobIndexKey {
  LobId lob{};
  std::uint32_t page = 0;
  bool operator==(const LobIndexKey&) const = default;
};
inline constexpr std::size_t kLobIndexKeySize = 16;

inline std::optional<LobIndexKey> lob_index_key(Bytes key) {
  if (key.size() != kLobIndexKeySize || key[0] != 10 || key[11] != 4) return std::nullopt;
  LobIndexKey k;
  std::copy_n(key.begin() + 1, k.lob.size(), k.lob.begin());
  k.page = load_u32(key.data() + 12, ByteOrder::kBig);
  return k;
}

inline ByteString encode_lob_index_key(const LobIndexKey& k) {
  ByteString key(kLobIndexKeySize, 0);
  key[0] = 10;
  std::copy(k.lob.begin(), k.lob.end(), key.begin() + 1);
  key[11] = 4;
  store(key.data() + 12, k.page, ByteOrder::kBig);
  return key;
}

// Key data of the entry of `page`. The entry of page 0 also states the LOB's size.
struct LobIndexData {
  std::uint32_t whole_pages = 0;
  std::uint16_t rest = 0;
  std::array<Dba, 8> pages{};  // 4 in the entry of page 0
};
inline constexpr std::size_t kLobIndexDataSize = 32;

template <class Io>
void layout_lob_index_data(Io& io, bool first, LobIndexData& d) {
  if (first) {
    io.u32be(4, d.whole_pages);
    io.u16be(8, d.rest);
  }
  const std::size_t from = first ? 16 : 0;
  for (std::size_t i = 0; from + 4 * i < kLobIndexDataSize; ++i) io.u32be(from + 4 * i, d.pages[i]);
}

}  // namespace redoubt::redo
