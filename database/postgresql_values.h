// PostgreSQL's values: the binary form that COPY gives, and the text form that parameters and COPY FROM take.
//
// Binary, all big-endian: integers and IEEE floats as they are; dates are i32 days, times i64 microseconds since
// 2000-01-01 (the largest and smallest are infinity); an interval is i64 microseconds, i32 days, i32 months; a jsonb is
// u8 version 1 and text. A numeric is
//
//     u16 digits | i16 weight | u16 sign | u16 scale | digits x u16
//     sign: 0 plus, 4000 minus, C000 NaN, D000 Infinity, F000 -Infinity
//
// with digits to the base 10,000, the first of which counts 10,000 to the power of weight, and scale decimal digits
// shown behind the point. Types without a decoder are read as the server's text.
#pragma once

#include <postgres_ext.h>

#include "database/batch.h"

namespace redoubt::database::postgresql {

// Big-endian integers off the front of a field. Throws Malformed at the end.
class Field {
 public:
  explicit Field(std::string_view bytes) : bytes_(bytes) {}
  template <class Int>
  Int take() {
    if (bytes_.size() < sizeof(Int)) throw Malformed("a value is shorter than its type");
    Int value;
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_.remove_prefix(sizeof value);
    if constexpr (sizeof(Int) == 2) value = static_cast<Int>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    if constexpr (sizeof(Int) == 4) value = static_cast<Int>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    if constexpr (sizeof(Int) == 8) value = static_cast<Int>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    return value;
  }
  std::string_view take(std::size_t size) {
    if (bytes_.size() < size) throw Malformed("a value is longer than the row");
    const std::string_view out = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return out;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

struct Decoder {
  Oid oid;  // of pg_type, fixed for all servers
  Type type;
  // Appends the value to the column. Throws Malformed.
  void (*decode)(std::string_view field, Column& column);
};

// Of a type, or the one for texts.
const Decoder& decoder_of(Oid oid);

// Throws DatabaseError(kConstraint) for a text with a zero byte, which PostgreSQL has not.
void refuse_zero_byte(const Column& column, std::size_t row);

// What the server reads back as the same value, of whatever type the column is. Nothing for NULL. Throws as
// refuse_zero_byte().
void write_value(TextBuffer& out, const Column& column, std::size_t row);

// 16 bytes as the text of a uuid.
void write_uuid(TextBuffer& out, std::string_view bytes);

// The same as a field of COPY FROM's text form; `type`: of the column.
void write_copied(TextBuffer& out, const Column& column, std::size_t row, Type type);

}  // namespace redoubt::database::postgresql
