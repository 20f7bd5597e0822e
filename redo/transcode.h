// A record taken apart into structures and put together again from them. What is decoded right comes out byte for byte,
// so a wrong offset, size or width shows. Bytes that no structure names are unused memory and are carried over.
#pragma once

#include <optional>
#include <vector>

#include "redo/record.h"
#include "redo/vector_fields.h"

namespace redoubt::redo {

struct DecodedVector {
  VectorHeader header;
  bool has_list = true;  // a record may end right behind a vector header
  std::vector<Field> fields;
};

// Views point into the record's bytes.
struct DecodedRecord {
  RecordHeader header;
  std::optional<LwnHeader> lwn;
  std::vector<DecodedVector> vectors;
};

// Throws Malformed when the vectors do not fill the record exactly.
DecodedRecord decode_record(const Record& record, std::uint32_t vector_header, ByteOrder order);

// Where the bytes of an encoded record came from.
struct Coverage {
  std::size_t structure = 0;
  std::size_t content = 0;  // column values, texts, fields of unknown meaning
  std::size_t carried = 0;

  Coverage& operator+=(const Coverage& other) {
    structure += other.structure;
    content += other.content;
    carried += other.carried;
    return *this;
  }
};

// The record's bytes. Those that no structure names come from `original`, which must be as long as the result.
std::vector<std::uint8_t> encode_record(const DecodedRecord& record, Bytes original, std::uint32_t vector_header,
                                        ByteOrder order, Coverage& coverage);

}  // namespace redoubt::redo
