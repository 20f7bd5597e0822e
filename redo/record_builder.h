// Puts a redo record together: header, change vectors, field-length lists, padding. The inverse of parse_record and
// parse_vectors.
//
//   builder.begin(scn, 1, con_uid);
//   builder.vector(header);            // a change vector ...
//   builder.field(ktudh, kKtudhSize);  // ... and its fields in order
//   builder.field(Bytes{});
//   log.add(builder.finish());
#pragma once

#include <vector>

#include "redo/record.h"

namespace redoubt::redo {

class RecordBuilder {
 public:
  RecordBuilder(Version version, ByteOrder order) : header_size_(vector_header_size(version)), order_(order) {}

  // Starts a record, forgetting what was there. LogWriter gives the first of an LWN part its longer header.
  void begin(Scn scn, std::uint16_t sub_scn, std::uint32_t con_uid, std::uint8_t vld = kVldValid);
  // Starts a change vector; the fields that follow are its own.
  void vector(const VectorHeader& header);
  // A field of at most 65535 bytes.
  void field(Bytes bytes);
  // A field of `size` bytes that holds the structure; bytes it does not name are 0.
  template <class T>
  void field(const T& t, std::size_t size) {
    std::uint8_t* to = add_field(size);
    Writer io({to, size}, order_);
    layout(io, const_cast<T&>(t));  // a Writer only reads t
  }
  // Ends the record. Valid until the next begin().
  Bytes finish();

  ByteOrder order() const { return order_; }

 private:
  std::uint8_t* add_field(std::size_t size);
  void end_vector();

  std::uint32_t header_size_;
  ByteOrder order_;
  std::vector<std::uint8_t> record_;
  // Of the vector in work: its fields wait here until their number is known.
  VectorHeader header_;
  bool open_ = false;
  std::vector<std::uint16_t> lengths_;
  std::vector<std::uint8_t> fields_;
};

}  // namespace redoubt::redo
