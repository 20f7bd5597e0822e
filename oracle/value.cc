#include "oracle/value.h"

#include <fmt/format.h>

#include "base/error.h"
#include "oracle/charset.h"
#include "oracle/datetime.h"
#include "oracle/float.h"
#include "oracle/interval.h"
#include "oracle/json_string.h"
#include "oracle/lob_locator.h"
#include "oracle/number.h"
#include "oracle/oson.h"
#include "oracle/raw.h"
#include "oracle/rowid.h"
#include "oracle/vector_value.h"

namespace redoubt::oracle {
namespace {

void append_marked(TextBuffer& out, std::string_view mark, std::string_view why, Bytes bytes) {
  out.append("{\"");
  out.append(mark);
  out.append("\":");
  append_json_string(out, why);
  out.append(",\"hex\":\"");
  append_hex(out, bytes);
  out.append("\"}");
}
void append_unsupported(TextBuffer& out, std::string_view what, Bytes bytes) {
  append_marked(out, "$unsupported", what, bytes);
}

// Runs `append`; if the bytes turn out malformed, what it has written gives way to the mark.
template <class Append>
void append_or_mark(TextBuffer& out, Bytes bytes, Append append) {
  const std::size_t start = out.size();
  try {
    append();
  } catch (const Malformed& malformed) {
    out.shrink_to(start);
    append_marked(out, "$undecodable", malformed.what(), bytes);
  }
}

template <class Append>
void append_quoted(TextBuffer& out, Append append) {
  out.append('"');
  append();
  out.append('"');
}

void append_json_hex(TextBuffer& out, Bytes bytes) {
  append_quoted(out, [&] { append_hex(out, bytes); });
}

void append_characters(TextBuffer& out, const Charset* charset, Bytes bytes) {
  if (charset && charset->decodes(bytes)) [[likely]]
    return charset->append_json_string(out, bytes);
  append_unsupported(out, charset ? fmt::format("character set {}", charset->name()) : "unknown character set", bytes);
}

void append_row_lob(TextBuffer& out, const Column& column, Bytes bytes) {
  const LobLocator lob = LobLocator::parse(bytes);
  if (!lob.in_row()) return append_unsupported(out, "LOB out of row", bytes);
  // Extended VARCHAR2 goes by its column alone.
  append_json_lob(out, column, lob.data, lob.utf16 && column.type == TypeCode::kClob);
}

void append_value(TextBuffer& out, const Column& column, const DatabaseFacts& facts, Bytes bytes) {
  if (column.is_lob()) [[unlikely]]
    return append_row_lob(out, column, bytes);
  switch (column.type) {
    case TypeCode::kNumber:
      if (number_is_infinite(bytes)) [[unlikely]]
        return append_quoted(out, [&] { append_number(out, bytes); });
      return append_number(out, bytes);
    case TypeCode::kVarchar2:
    case TypeCode::kChar:
    case TypeCode::kLong: return append_characters(out, column.charset, bytes);
    case TypeCode::kDate: return append_quoted(out, [&] { append_date(out, bytes); });
    case TypeCode::kTimestamp: return append_quoted(out, [&] { append_timestamp(out, bytes, column.scale); });
    case TypeCode::kTimestampTz: return append_quoted(out, [&] { append_timestamp_tz(out, bytes, column.scale); });
    case TypeCode::kTimestampLtz:
      return append_quoted(out, [&] { append_timestamp_ltz(out, bytes, column.scale, facts.time_zone); });
    case TypeCode::kIntervalYm: return append_quoted(out, [&] { append_interval_ym(out, bytes); });
    case TypeCode::kIntervalDs: return append_quoted(out, [&] { append_interval_ds(out, bytes); });
    case TypeCode::kBinaryFloat: return append_json_float(out, float_value(bytes));
    case TypeCode::kBinaryDouble: return append_json_float(out, double_value(bytes));
    case TypeCode::kRaw:
    case TypeCode::kLongRaw:
    case TypeCode::kURowId: return append_json_hex(out, bytes);
    case TypeCode::kRowId: return append_quoted(out, [&] { append_rowid(out, bytes); });
    case TypeCode::kBoolean:
      if (bytes.size() != 1 || bytes[0] > 1) throw Malformed("BOOLEAN is neither 00 nor 01");
      return out.append(bytes[0] ? "true" : "false");
    default: return append_unsupported(out, fmt::format("type {}", static_cast<unsigned>(column.type)), bytes);
  }
}

}  // namespace

void append_json_value(TextBuffer& out, const Column& column, const DatabaseFacts& facts, Bytes bytes) {
  append_or_mark(out, bytes, [&] { append_value(out, column, facts, bytes); });
}

void append_json_lob(TextBuffer& out, const Column& column, Bytes content, bool utf16) {
  static const Charset* const kAl16Utf16 = charset_by_name("AL16UTF16");
  append_or_mark(out, content, [&] {
    switch (column.type) {
      case TypeCode::kVarchar2:
      case TypeCode::kChar:
      case TypeCode::kClob: return append_characters(out, utf16 ? kAl16Utf16 : column.charset, content);
      case TypeCode::kRaw:
      case TypeCode::kBlob: return append_json_hex(out, content);
      case TypeCode::kJson: return append_oson(out, content);
      case TypeCode::kVector: return append_vector(out, content);
      default: return append_unsupported(out, fmt::format("type {}", static_cast<unsigned>(column.type)), content);
    }
  });
}

}  // namespace redoubt::oracle
