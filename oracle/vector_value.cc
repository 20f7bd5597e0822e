#include "oracle/vector_value.h"

#include <fmt/format.h>

#include <cmath>

#include "base/byte_writer.h"
#include "base/error.h"
#include "oracle/float.h"

namespace redoubt::oracle {
namespace {

constexpr std::uint8_t kMagic = 0xDB;
constexpr std::uint16_t kNorm = 0x02;
constexpr std::uint16_t kNormReserved = 0x10;
constexpr std::uint16_t kSparse = 0x20;

}  // namespace

void append_vector(TextBuffer& out, Bytes bytes) {
  Cursor in(bytes, ByteOrder::kBig);
  if (in.u8() != kMagic) throw Malformed("VECTOR does not begin with DB");
  const std::uint8_t version = in.u8();
  const std::uint16_t flags = in.u16();
  if (version > 2) throw Malformed(fmt::format("VECTOR of version {}", version));
  if (version == 2 || flags & kSparse) throw Malformed("sparse VECTOR");
  const auto element = static_cast<VectorElement>(in.u8());
  const std::uint64_t dimensions = in.u32();
  if (flags & (kNorm | kNormReserved)) in.take(8);

  std::size_t width = 1;
  std::uint64_t count = dimensions;
  switch (element) {
    case VectorElement::kFloat32: width = 4; break;
    case VectorElement::kFloat64: width = 8; break;
    case VectorElement::kInt8: break;
    case VectorElement::kBinary: count = (dimensions + 7) / 8; break;
    default: throw Malformed(fmt::format("VECTOR elements of type {}", static_cast<int>(element)));
  }
  if (in.left() != count * width)
    throw Malformed(fmt::format("VECTOR of {} dimensions in {} bytes", dimensions, in.left()));

  out.append('[');
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i != 0) out.append(',');
    const Bytes b = in.take(width);
    switch (element) {
      case VectorElement::kFloat32: append_json_float(out, float_value(b)); break;
      case VectorElement::kFloat64: append_json_float(out, double_value(b)); break;
      case VectorElement::kInt8: out.append_int(static_cast<int>(static_cast<std::int8_t>(b[0]))); break;
      case VectorElement::kBinary: out.append_int(static_cast<int>(b[0])); break;
    }
  }
  out.append(']');
}

ByteString vector_bytes(VectorElement element, std::span<const double> values) {
  const bool binary = element == VectorElement::kBinary;
  double squares = 0;
  for (const double v : values) squares += v * v;
  ByteString bytes;
  ByteWriter to(bytes, ByteOrder::kBig);
  to.u8(kMagic)
      .u8(binary ? 1 : 0)
      .u16(binary ? kNormReserved : kNorm | kNormReserved)
      .u8(static_cast<std::size_t>(element));
  to.u32(binary ? values.size() * 8 : values.size());
  to.put(double_bytes(binary ? 0 : std::sqrt(squares)));
  for (const double v : values) {
    switch (element) {
      case VectorElement::kFloat32: to.put(float_bytes(static_cast<float>(v))); break;
      case VectorElement::kFloat64: to.put(double_bytes(v)); break;
      case VectorElement::kInt8:
        REDOUBT_ASSERT(v >= -128 && v <= 127 && v == std::floor(v));
        to.u8(static_cast<std::size_t>(static_cast<std::int64_t>(v)));
        break;
      case VectorElement::kBinary:
        REDOUBT_ASSERT(v >= 0 && v <= 255 && v == std::floor(v));
        to.u8(static_cast<std::size_t>(v));
        break;
    }
  }
  return bytes;
}

}  // namespace redoubt::oracle
