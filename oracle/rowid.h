// ROWID columns (69) and UROWID columns (208).
//
//   extended    data object u32 | file (10 bits) and block (22 bits) u32 | slot u16      10 bytes, big endian
//   restricted  file and block u32 | slot u16                                             6 bytes
//   UROWID      01 and 12 bytes, or 02 and a logical row id
//
// The order inside a physical UROWID is not settled and a logical one has no text of its own: both are shown as hex.
#pragma once

#include "base/bytes.h"
#include "base/text_buffer.h"
#include "oracle/position.h"

namespace redoubt::oracle {

// Appends 18 characters for an extended ROWID, "BBBBBBBB.RRRR.FFFF" (block, slot, file in hex, as Oracle prints it) for
// a restricted one. Throws Malformed on other lengths.
void append_rowid(TextBuffer& out, Bytes bytes);

// The 10 bytes of an extended ROWID.
ByteString rowid_bytes(RowId row);

}  // namespace redoubt::oracle
