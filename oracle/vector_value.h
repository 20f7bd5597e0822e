// VECTOR: what the LOB of a VECTOR column holds. Big endian.
//
//   0   u8   DB
//   1   u8   version: 0, 1 (binary elements), 2 (sparse)
//   2   u16  flags: 02 norm present, 10 norm reserved, 20 sparse
//   4   u8   elements: 2 float32, 3 float64, 4 int8, 5 binary (one bit each)
//   5   u32  dimensions
//   9   8    norm, a BINARY_DOUBLE, if flags have 02 or 10
//   then     the elements; floats as in float.h, binary ones eight to a byte
//
// Checked against real values. How a sparse vector lies is not known: refused.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

enum class VectorElement : std::uint8_t { kFloat32 = 2, kFloat64 = 3, kInt8 = 4, kBinary = 5 };

// Appends a JSON array of numbers; of a binary vector its bytes, as Oracle shows it. Throws Malformed.
void append_vector(TextBuffer& out, Bytes bytes);

// `values`: the elements, of a binary vector its bytes (dimensions = 8 times as many). Values that are out of range of
// an int8 or byte are a programmer's error.
ByteString vector_bytes(VectorElement element, std::span<const double> values);

}  // namespace redoubt::oracle
