// Change vectors: what one redo record does to one block.
//
//   @0 layer, code   @2 class   @4 AFN   @6 object high half   @8 DBA   @12 SCN before (8)   @20 SEQ   @21 TYP
//   @22 object low half   12.1 on: @24 container id, @26 unused, @28 FLG, @30 unused
//   then (at 24 or 32): u16 size of this list = 2 + 2n, u16 x n field lengths, padding to 4, n fields each padded to 4
#pragma once

#include <vector>

#include "redo/format.h"
#include "redo/layout.h"

namespace redoubt::redo {

struct VectorHeader {
  std::uint8_t layer = 0;
  std::uint8_t code = 0;
  std::uint16_t cls = 0;
  std::uint16_t afn = 0;
  std::uint16_t obj_high = 0xFFFF;
  Dba dba = 0;
  Scn8 scn;  // of the block before this change
  std::uint8_t seq = 0;
  std::uint8_t typ = 0;
  std::uint16_t obj_low = 0xFFFF;
  std::uint16_t con_id = 0;
  std::uint16_t flg = 0;

  Opcode op() const { return opcode(layer, code); }
  std::uint32_t obj() const { return std::uint32_t{obj_high} << 16 | obj_low; }
};

// `io` spans exactly the header: its size tells whether there is a container id.
template <class Io>
void layout(Io& io, VectorHeader& h) {
  io.u8(0, h.layer);
  io.u8(1, h.code);
  io.u16(2, h.cls);
  io.u16(4, h.afn);
  io.u16(6, h.obj_high);
  io.u32(8, h.dba);
  io.scn8(12, h.scn);
  io.u8(20, h.seq);
  io.u8(21, h.typ);
  io.u16(22, h.obj_low);
  if (io.size() >= 32) {
    io.u16(24, h.con_id);
    io.u16(28, h.flg);
  }
}

// Walks the fields of a vector in order. Valid while the vector's bytes are.
class FieldCursor {
 public:
  FieldCursor(const std::uint8_t* lengths, std::uint16_t count, const std::uint8_t* data, ByteOrder order)
      : lengths_(lengths), data_(data), left_(count), order_(order) {}

  bool empty() const { return left_ == 0; }
  std::uint16_t left() const { return left_; }
  // Length of the next field; only when not empty().
  std::uint16_t peek_size() const { return load_u16(lengths_, order_); }
  Bytes next() {
    const std::uint16_t size = peek_size();
    const Bytes field{data_, size};
    lengths_ += 2;
    data_ += align4(size);
    --left_;
    return field;
  }
  void skip_empty() {
    while (!empty() && peek_size() == 0) next();
  }

 private:
  const std::uint8_t* lengths_;
  const std::uint8_t* data_;
  std::uint16_t left_;
  ByteOrder order_;
};

// A view of one vector inside a record; `bytes` is the whole vector and was found consistent by parse_vector.
struct Vector {
  Opcode op = 0;
  std::uint16_t cls = 0;
  std::uint16_t con_id = 0;
  std::uint16_t field_count = 0;
  std::uint8_t typ = 0;
  ByteOrder order = ByteOrder::kLittle;
  std::uint8_t header_size = 32;
  Dba dba = 0;
  Bytes bytes;
  const std::uint8_t* lengths = nullptr;
  const std::uint8_t* data = nullptr;

  VectorHeader header() const { return decode<VectorHeader>(bytes.subspan(0, header_size), order); }
  FieldCursor fields() const {
    REDOUBT_ASSERT(lengths != nullptr || field_count == 0);
    return {lengths, field_count, data, order};
  }
  // Field n, counted from 1; empty when the vector has fewer. Walks the list: for small n.
  Bytes field(unsigned n) const;
  Bytes first_field() const { return field_count == 0 ? Bytes{} : fields().next(); }
  std::uint16_t usn() const { return usn_of_class(cls); }
  bool encrypted() const { return (typ & kTypEncrypted) != 0; }
};

// Fills all but the fields' place; `bytes` has at least `header_size` bytes.
inline void read_vector_header(Bytes bytes, std::uint32_t header_size, ByteOrder order, Vector& v) {
  const std::uint8_t* p = bytes.data();
  v.op = opcode(p[0], p[1]);
  v.cls = load_u16(p + 2, order);
  v.con_id = header_size >= 32 ? load_u16(p + 24, order) : std::uint16_t{0};
  v.typ = p[21];
  v.order = order;
  v.header_size = static_cast<std::uint8_t>(header_size);
  v.dba = load_u32(p + 8, order);
}

// Fills `v`, a new one, with the vector at the start of `rest`; throws Malformed when it does not fit. In place: a
// copy of the struct right behind its writing stalls on every store.
// A record may end right behind a vector header, without a list: no fields then.
inline void parse_vector(Bytes rest, std::uint32_t header_size, ByteOrder order, Vector& v) {
  need(rest, header_size);
  read_vector_header(rest, header_size, order, v);
  std::size_t size = header_size;
  if (rest.size() > header_size) {
    need(rest, header_size + 4);
    const std::uint8_t* p = rest.data();
    const std::uint16_t list = load_u16(p + header_size, order);
    if (list < 2 || list % 2 != 0) [[unlikely]]
      throw Malformed("field-length list of odd size");
    v.field_count = static_cast<std::uint16_t>(list / 2 - 1);
    v.lengths = p + header_size + 2;
    size += (list + 2U) & ~3U;
    need(rest, size);
    v.data = p + size;
    for (unsigned i = 0; i < v.field_count; ++i) size += align4(load_u16(v.lengths + 2 * i, order));
    need(rest, size);
  }
  v.bytes = rest.subspan(0, size);
}

// The same for bytes that parse_vector has found consistent before: a copy of a vector, exactly as long as it is.
inline Vector view_vector(Bytes bytes, std::uint32_t header_size, ByteOrder order) {
  Vector v;
  read_vector_header(bytes, header_size, order, v);
  v.bytes = bytes;
  if (bytes.size() > header_size) {
    const std::uint8_t* p = bytes.data();
    const std::uint16_t list = load_u16(p + header_size, order);
    v.field_count = static_cast<std::uint16_t>(list / 2 - 1);
    v.lengths = p + header_size + 2;
    v.data = p + header_size + ((list + 2U) & ~3U);
  }
  return v;
}

}  // namespace redoubt::redo
