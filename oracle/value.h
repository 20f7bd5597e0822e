// A column value as JSON text: what a sink writes for one cell.
//
//   NUMBER, BINARY_FLOAT, BINARY_DOUBLE   number, all digits; "Infinity", "-Infinity", "NaN"
//   character types                        string
//   RAW, LONG RAW, UROWID                  string of lower-case hex
//   DATE, TIMESTAMP types, INTERVALs       string (datetime.h, interval.h)
//   ROWID                                  string
//   BOOLEAN                                true, false
//   CLOB, BLOB, JSON, VECTOR               string, hex string, the document, array of numbers
//
// A value that does not follow its type's format is {"$undecodable":"why","hex":"..."}; one of a type or character set
// that is not supported {"$unsupported":"type 121","hex":"..."}. Nothing here throws on account of the bytes.
#pragma once

#include "base/bytes.h"
#include "base/text_buffer.h"
#include "oracle/dictionary.h"

namespace redoubt::oracle {

// Appends the JSON text of a value as stored in the row, not null (`bytes` not empty). Of a LOB that is its locator:
// the LOB is shown if it lies in the row.
void append_json_value(TextBuffer& out, const Column& column, const DatabaseFacts& facts, Bytes bytes);

// Appends the JSON text of a LOB's content, put together; it may be empty. `utf16`: character data in AL16UTF16, else
// in the column's character set. For every column with Column::is_lob().
void append_json_lob(TextBuffer& out, const Column& column, Bytes content, bool utf16);

}  // namespace redoubt::oracle
