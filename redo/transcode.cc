#include "redo/transcode.h"

#include <algorithm>
#include <memory>

namespace redoubt::redo {
namespace {

// Writes structure after structure into one buffer and marks what was written.
class MarkedBuffer {
 public:
  MarkedBuffer(std::size_t size, ByteOrder order)
      : bytes_(size), written_(std::make_unique<bool[]>(size)), order_(order) {}

  // Room for the next `size` bytes.
  Writer next(std::size_t size) {
    REDOUBT_ASSERT(at_ + size <= bytes_.size());
    Writer io({bytes_.data() + at_, size}, order_, {written_.get() + at_, size});
    at_ += size;
    return io;
  }
  template <class T>
  void put(const T& t, std::size_t size) {
    Writer io = next(size);
    layout(io, const_cast<T&>(t));  // a Writer only reads t
  }
  std::size_t at() const { return at_; }

  std::vector<std::uint8_t> finish(Bytes original, Coverage& coverage) {
    REDOUBT_ASSERT(at_ == bytes_.size() && original.size() == bytes_.size());
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      if (written_[i]) {
        ++coverage.structure;
      } else {
        bytes_[i] = original[i];
        ++coverage.carried;
      }
    }
    return std::move(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<bool[]> written_;
  ByteOrder order_;
  std::size_t at_ = 0;
};

std::size_t list_area(std::size_t fields) { return align4(static_cast<std::uint32_t>(2 + 2 * fields)); }

std::size_t encoded_size(const DecodedRecord& r, std::uint32_t vector_header) {
  std::size_t size = r.lwn ? kLwnRecordHeaderSize : kRecordHeaderSize;
  for (const DecodedVector& v : r.vectors) {
    size += vector_header;
    if (v.has_list) size += list_area(v.fields.size());
    for (const Field& f : v.fields) size += align4(f.size);
  }
  return size;
}

void put_field(MarkedBuffer& to, const Field& field) {
  std::visit(
      [&](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Content>) {
          to.next(field.size).bytes(0, value.bytes);
        } else {
          to.put(value, field.size);
        }
      },
      field.value);
  to.next(align4(field.size) - field.size);
}

void put_list(MarkedBuffer& to, const std::vector<Field>& fields) {
  Writer io = to.next(list_area(fields.size()));
  io.u16(0, static_cast<std::uint16_t>(2 + 2 * fields.size()));
  for (std::size_t i = 0; i < fields.size(); ++i) io.u16(2 + 2 * i, fields[i].size);
}

}  // namespace

DecodedRecord decode_record(const Record& record, std::uint32_t vector_header, ByteOrder order) {
  DecodedRecord decoded;
  decoded.header = decode<RecordHeader>(record.bytes, order);
  if ((record.vld & kVldLwn) != 0) decoded.lwn = decode<LwnHeader>(record.bytes, order);
  std::vector<Vector> vectors;
  parse_vectors(record, vector_header, order, vectors);
  for (const Vector& v : vectors) decoded.vectors.push_back({v.header(), v.lengths != nullptr, decode_fields(v)});
  return decoded;
}

std::vector<std::uint8_t> encode_record(const DecodedRecord& record, Bytes original, std::uint32_t vector_header,
                                        ByteOrder order, Coverage& coverage) {
  MarkedBuffer to(encoded_size(record, vector_header), order);
  Writer header = to.next(record.lwn ? kLwnRecordHeaderSize : kRecordHeaderSize);
  layout(header, const_cast<RecordHeader&>(record.header));
  if (record.lwn) layout(header, const_cast<LwnHeader&>(*record.lwn));
  std::size_t content = 0;
  for (const DecodedVector& v : record.vectors) {
    to.put(v.header, vector_header);
    if (v.has_list) put_list(to, v.fields);
    for (const Field& f : v.fields) {
      put_field(to, f);
      content += content_size(f);
    }
  }
  std::vector<std::uint8_t> bytes = to.finish(original, coverage);
  coverage.structure -= content;
  coverage.content += content;
  return bytes;
}

}  // namespace redoubt::redo
