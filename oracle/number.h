// NUMBER (and FLOAT, INTEGER, DECIMAL ...), 1 to 21 bytes: base-100 floating point.
//
//   e d0 d1 ...   positive, e >= 80:  sum of (d[i] - 1)   * 100^(e - C1 - i), digits 01..64
//   e d0 d1 .. 66 negative, e <  80: -sum of (101 - d[i]) * 100^(3E - e - i), digits 65..02; no 66 behind 20 digits
//   80            zero
//   FF 65         +infinity
//   00            -infinity
//
// Source: Oracle's OCI guide; checked against real redo.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

// Appends the exact value: no exponent, no needless zeros, one zero before the point; "Infinity" or "-Infinity".
// Throws Malformed on bytes that are no NUMBER.
void append_number(TextBuffer& out, Bytes bytes);

bool number_is_infinite(Bytes bytes);

// The value, if it is an integer that fits; nullopt otherwise. Throws Malformed on bytes that are no NUMBER.
std::optional<std::int64_t> number_to_int64(Bytes bytes);

ByteString number_from_int64(std::int64_t value);

// Decimal text with optional sign, fraction and exponent, or what append_number writes for infinity. Throws Malformed
// if the text is no number or the value does not fit exactly: 20 base-100 digits, from 1e-130 to below 1e126.
ByteString number_from_text(std::string_view text);

}  // namespace redoubt::oracle
