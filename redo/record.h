// Redo records: a header and change vectors that fill the rest exactly. The first record of an LWN part has the longer
// header, which describes the group. Offsets: format.md 4.1.
//
//   @0 length (4)  @4 VLD  @6 SCN bits 32-47 (2)  @8 SCN bits 0-31 (4)  @12 sub-SCN (2)  @16 container uid (4, 12.1 on)
//   VLD & 4:  @26 NST (2)  @28 blocks of this part (4)  @32 blocks of the group (4)  @36 0A  @40 LWN SCN (8)
//             @56 end SCN (8)  @64 time (4)
#pragma once

#include <vector>

#include "redo/format.h"
#include "redo/layout.h"
#include "redo/vector.h"

namespace redoubt::redo {

struct RecordHeader {
  std::uint32_t length = 0;
  std::uint8_t vld = kVldValid;
  Scn scn = 0;  // 48 bits are stored
  std::uint16_t sub_scn = 1;
  std::uint32_t con_uid = 0;
};

template <class Io>
void layout(Io& io, RecordHeader& h) {
  std::uint16_t mid = static_cast<std::uint16_t>(h.scn >> 32);
  std::uint32_t lo = static_cast<std::uint32_t>(h.scn);
  io.u32(0, h.length);
  io.u8(4, h.vld);
  io.u16(6, mid);
  io.u32(8, lo);
  io.u16(12, h.sub_scn);
  io.u32(16, h.con_uid);
  h.scn = Scn{mid} << 32 | lo;
}

struct LwnHeader {
  std::uint16_t word24 = 0;
  std::uint16_t parts = 1;  // NST
  std::uint32_t part_blocks = 0;
  std::uint32_t group_blocks = 0;
  std::uint8_t byte36 = 0x0A;  // 8 in 11.2.0.1
  Scn8 scn;                    // no record of the group has a lower one
  Scn8 end_scn;                // greater than every record's
  std::uint32_t time = 0;
};

template <class Io>
void layout(Io& io, LwnHeader& h) {
  io.u16(24, h.word24);
  io.u16(26, h.parts);
  io.u32(28, h.part_blocks);
  io.u32(32, h.group_blocks);
  io.u8(36, h.byte36);
  io.scn8(40, h.scn);
  io.scn8(56, h.end_scn);
  io.u32(64, h.time);
}

// A view of one record; `bytes` is the whole record.
struct Record {
  Bytes bytes;
  Scn scn = 0;
  std::uint16_t sub_scn = 0;
  std::uint8_t vld = 0;
  Rba rba;

  std::uint32_t header_size() const { return (vld & kVldLwn) != 0 ? kLwnRecordHeaderSize : kRecordHeaderSize; }
  bool valid() const { return (vld & kVldValid) != 0; }
};

// The record whose bytes start `bytes` (its length is taken from them); `rba` is given to it.
// Throws Malformed when the length is impossible.
inline Record parse_record(Bytes bytes, ByteOrder order, Rba rba) {
  need(bytes, kRecordHeaderSize);
  const std::uint8_t* p = bytes.data();
  const std::uint32_t length = load_u32(p, order);
  Record r;
  r.vld = p[4];
  if (length < r.header_size() || length > bytes.size()) [[unlikely]]
    throw_short(std::max(length, r.header_size()), bytes.size());
  r.bytes = bytes.subspan(0, length);
  r.scn = Scn{load_u16(p + 6, order)} << 32 | load_u32(p + 8, order);
  r.sub_scn = load_u16(p + 12, order);
  r.rba = rba;
  return r;
}

// Appends the vectors of `record` to `out`; throws Malformed when they do not fill it exactly.
inline void parse_vectors(const Record& record, std::uint32_t vector_header, ByteOrder order,
                          std::vector<Vector>& out) {
  const auto parse = [&](ByteOrder own) {
    Bytes rest = record.bytes.subspan(record.header_size());
    while (!rest.empty()) {
      Vector& v = out.emplace_back();
      parse_vector(rest, vector_header, own, v);
      rest = rest.subspan(v.bytes.size());
    }
  };
  // One loop per byte order: the compiler leaves the question out of each.
  order == ByteOrder::kLittle ? parse(ByteOrder::kLittle) : parse(ByteOrder::kBig);
}

}  // namespace redoubt::redo
