// Appends integers and bytes to a ByteString, in a given byte order: the counterpart of Cursor.
#pragma once

#include "base/bytes.h"

namespace redoubt {

class ByteWriter {
 public:
  // Writes at the end of `to`, which must outlive the writer.
  ByteWriter(ByteString& to, ByteOrder order) : to_(to), order_(order) {}

  // The low bits of `v`.
  ByteWriter& u8(std::size_t v) {
    to_ += static_cast<std::uint8_t>(v);
    return *this;
  }
  ByteWriter& u16(std::size_t v) { return put_int(static_cast<std::uint16_t>(v)); }
  ByteWriter& u32(std::size_t v) { return put_int(static_cast<std::uint32_t>(v)); }
  ByteWriter& u64(std::uint64_t v) { return put_int(v); }
  ByteWriter& put(Bytes bytes) {
    to_.append(bytes.data(), bytes.size());
    return *this;
  }

 private:
  template <class T>
  ByteWriter& put_int(T v) {
    const std::size_t at = to_.size();
    to_.resize(at + sizeof v);
    store<T>(to_.data() + at, v, order_);
    return *this;
  }

  ByteString& to_;
  ByteOrder order_;
};

}  // namespace redoubt
