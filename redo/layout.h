// One description of a structure's bytes serves both directions.
//
// A structure T that lies in redo has a function
//
//   template <class Io> void layout(Io& io, T& t) { io.u16(0, t.siz); io.xid(8, t.xid); ... }
//
// Called with a Reader it fills t from bytes, called with a Writer it puts t into bytes. Offsets count from the start
// of the structure. Bytes that layout() does not name are unused: real files hold old memory there. A Writer records
// which bytes it has put, so that a caller can carry the unused rest over from an original.
//
// Elementary encodings (all multi-byte numbers in the byte order of the file):
//
//   scn8   u32 lo, u16 w, u16 x        bytes 0-5 all FF: none; w & 8000: marked, bits 48-62 in w, 32-47 in x;
//                                      else plain, 32-47 in w
//   xid    u16 usn, u16 slt, u32 sqn
//   uba    u32 dba, u16 seq, u8 rec, u8 unused
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "oracle/position.h"

namespace redoubt::redo {

using oracle::Dba;
using oracle::kNoScn;
using oracle::Rba;
using oracle::Scn;
using oracle::Uba;
using oracle::Xid;

// An 8-byte SCN with the form it was stored in: marked (from 12.2 on, needed above 2^47) or plain.
struct Scn8 {
  Scn value = 0;
  bool marked = false;
  bool operator==(const Scn8&) const = default;
};

// lo = bits 0-31, then plain: mid = bits 32-47 and two unused bytes; marked: 0x8000 | bits 48-62, then bits 32-47.
inline Scn8 load_scn8(const std::uint8_t* p, ByteOrder order) {
  const std::uint32_t lo = load_u32(p, order);
  const std::uint16_t w = load_u16(p + 4, order);
  if (lo == 0xFFFFFFFF && w == 0xFFFF) return {kNoScn, false};
  if ((w & 0x8000) == 0) return {Scn{w} << 32 | lo, false};
  const Scn hi = w & 0x7FFF;
  const Scn mid = load_u16(p + 6, order);
  return {hi << 48 | mid << 32 | lo, true};
}

class Reader {
 public:
  static constexpr bool kReads = true;

  Reader(Bytes bytes, ByteOrder order) : bytes_(bytes), order_(order) {}

  std::size_t size() const { return bytes_.size(); }
  ByteOrder order() const { return order_; }

  void u8(std::size_t at, std::uint8_t& v) { v = u8_at(bytes_, at); }
  void u16(std::size_t at, std::uint16_t& v) { v = u16_at(bytes_, at, order_); }
  void i16(std::size_t at, std::int16_t& v) { v = static_cast<std::int16_t>(u16_at(bytes_, at, order_)); }
  void u32(std::size_t at, std::uint32_t& v) { v = u32_at(bytes_, at, order_); }
  void i32(std::size_t at, std::int32_t& v) { v = static_cast<std::int32_t>(u32_at(bytes_, at, order_)); }
  // Big-endian whatever the file: numbers inside values, locators and index keys.
  void u16be(std::size_t at, std::uint16_t& v) { v = u16_at(bytes_, at, ByteOrder::kBig); }
  void u32be(std::size_t at, std::uint32_t& v) { v = u32_at(bytes_, at, ByteOrder::kBig); }
  void scn8(std::size_t at, Scn8& v) {
    need(bytes_, at + 8);
    v = load_scn8(bytes_.data() + at, order_);
  }
  void xid(std::size_t at, Xid& v) {
    need(bytes_, at + 8);
    const std::uint8_t* p = bytes_.data() + at;
    v = {load_u16(p, order_), load_u16(p + 2, order_), load_u32(p + 4, order_)};
  }
  void uba(std::size_t at, Uba& v) {
    need(bytes_, at + 8);
    const std::uint8_t* p = bytes_.data() + at;
    v = {load_u32(p, order_), load_u16(p + 4, order_), p[6]};
  }
  // `v` of fixed or already chosen size.
  void bytes(std::size_t at, std::span<std::uint8_t> v) {
    const Bytes from = slice(bytes_, at, v.size());
    std::copy(from.begin(), from.end(), v.begin());
  }
  // `size` bytes that stay where they are: valid as long as what is read.
  void view(std::size_t at, std::size_t size, Bytes& v) { v = slice(bytes_, at, size); }

 private:
  Bytes bytes_;
  ByteOrder order_;
};

class Writer {
 public:
  static constexpr bool kReads = false;

  // Writes into `bytes`; the caller zeroes it. With `written` (same size) marks every byte that was put.
  Writer(std::span<std::uint8_t> bytes, ByteOrder order, std::span<bool> written = {})
      : bytes_(bytes), order_(order), written_(written) {}

  std::size_t size() const { return bytes_.size(); }
  ByteOrder order() const { return order_; }

  void u8(std::size_t at, const std::uint8_t& v) { *put(at, 1) = v; }
  void u16(std::size_t at, const std::uint16_t& v) { store(put(at, 2), v, order_); }
  void i16(std::size_t at, const std::int16_t& v) { store(put(at, 2), static_cast<std::uint16_t>(v), order_); }
  void u32(std::size_t at, const std::uint32_t& v) { store(put(at, 4), v, order_); }
  void i32(std::size_t at, const std::int32_t& v) { store(put(at, 4), static_cast<std::uint32_t>(v), order_); }
  void u16be(std::size_t at, const std::uint16_t& v) { store(put(at, 2), v, ByteOrder::kBig); }
  void u32be(std::size_t at, const std::uint32_t& v) { store(put(at, 4), v, ByteOrder::kBig); }
  void scn8(std::size_t at, const Scn8& v) {
    u32(at, static_cast<std::uint32_t>(v.value));
    if (v.value == kNoScn) return u16(at + 4, 0xFFFF);
    if (!v.marked) return u16(at + 4, static_cast<std::uint16_t>(v.value >> 32));
    u16(at + 4, static_cast<std::uint16_t>(0x8000 | v.value >> 48));
    u16(at + 6, static_cast<std::uint16_t>(v.value >> 32));
  }
  void xid(std::size_t at, const Xid& v) {
    u16(at, v.usn);
    u16(at + 2, v.slt);
    u32(at + 4, v.sqn);
  }
  void uba(std::size_t at, const Uba& v) {
    u32(at, v.dba);
    u16(at + 4, v.seq);
    u8(at + 6, v.rec);
  }
  void bytes(std::size_t at, Bytes v) { std::copy(v.begin(), v.end(), put(at, v.size())); }
  void view(std::size_t at, std::size_t size, const Bytes& v) {
    REDOUBT_ASSERT(v.size() >= size);
    std::copy_n(v.begin(), size, put(at, size));
  }

 private:
  std::uint8_t* put(std::size_t at, std::size_t n) {
    REDOUBT_ASSERT(at + n <= bytes_.size());
    if (!written_.empty()) std::fill_n(written_.begin() + static_cast<std::ptrdiff_t>(at), n, true);
    return bytes_.data() + at;
  }

  std::span<std::uint8_t> bytes_;
  ByteOrder order_;
  std::span<bool> written_;
};

// Fills `t`, a new one, in place: for hot loops.
template <class T>
void decode_into(Bytes bytes, ByteOrder order, T& t) {
  Reader io(bytes, order);
  layout(io, t);
}

// T from its bytes; throws Malformed when they are too few.
template <class T>
T decode(Bytes bytes, ByteOrder order) {
  Reader io(bytes, order);
  T t;
  layout(io, t);
  return t;
}

// The bytes of T, `size` long, unused bytes 0.
template <class T>
std::vector<std::uint8_t> encode(const T& t, std::size_t size, ByteOrder order) {
  std::vector<std::uint8_t> bytes(size);
  Writer io(bytes, order);
  layout(io, const_cast<T&>(t));  // a Writer only reads t
  return bytes;
}

}  // namespace redoubt::redo
