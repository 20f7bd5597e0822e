// BINARY_FLOAT (4 bytes) and BINARY_DOUBLE (8 bytes): IEEE 754 big endian, made so that bytes sort like numbers:
// sign bit clear -> set it; sign bit set -> invert every bit.
#pragma once

#include <cmath>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

// Throw Malformed unless there are exactly 4 or 8 bytes.
float float_value(Bytes bytes);
double double_value(Bytes bytes);

ByteString float_bytes(float value);
ByteString double_bytes(double value);

// Appends the shortest text that reads back as the same value, with an exponent below 1e-4 and from 1e16 on ("1e+100");
// "Infinity", "-Infinity", "NaN".
void append_float(TextBuffer& out, float value);
void append_float(TextBuffer& out, double value);

// The same as a JSON value: what is no number becomes a string.
template <class Float>
void append_json_float(TextBuffer& out, Float value) {
  const bool finite = std::isfinite(value);
  if (!finite) out.append('"');
  append_float(out, value);
  if (!finite) out.append('"');
}

}  // namespace redoubt::oracle
