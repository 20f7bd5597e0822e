// OSON, the binary JSON of JSON columns. Big endian.
//
//   FF 4A 5A | version 1 or 3 | u16 flags | ...
//   scalar document (flag 0010)         u16 size of the tree (u32 with 1000), the node
//   object or array                     number of names (u8; u16 with 0400, u32 with 0008)
//                                       size of the name segment (u16; u32 with 0800)
//     version 3 (names over 255 bytes)  u16 flags 2, u32 number of long names, u32 size of their segment
//                                       size of the tree (u16; u32 with 1000), u16 tiny nodes
//                                       per name: hash (u8); per name: offset (u16; u32 with 0800); u8 length, text ...
//     version 3                         per long name: hash (u16); offset (u32; u16 with flags 2 0100); u16 length,
//     text ...
//                                       the tree, root first
//
//   node byte   1a w c c s s s   object (a = 0) or array (a = 1)
//                 w: offsets of 32 bits, else 16; cc: child count of 8, 16, 32 bits, or 3 = the field ids of another
//                 object
//               object: count, field ids (as wide as the number of names, 1-based, long names behind the short),
//               offsets array: count, offsets; with cc = 3: offset of the object that has count and ids, then offsets
//               an offset counts from the start of the tree (flag 0001: from the container's own node byte)
//   00-1F       string of that length         20-2F 60-6F   NUMBER of low nibble + 1 bytes
//   40-5F       NUMBER of low nibble bytes    34  NUMBER with u8 length
//   33 37 38    string with u8, u16, u32 length
//   30 31 32    null, true, false             36 7F         BINARY_DOUBLE, BINARY_FLOAT
//   3C 7D       DATE, TIMESTAMP of 7 bytes    39 7C         TIMESTAMP (11), TIMESTAMP WITH TIME ZONE (13)
//   3D 3E       INTERVAL (5, 11)              3A 3B 7E      raw with u16, u32 length; id with u8 length
//   7B 01       VECTOR with u32 length
//
// Checked against one real value. That the offset of shared field ids always counts from the
// start of the tree is taken from a public driver.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/text_buffer.h"

namespace redoubt::oracle {

// Appends the document as JSON text, members in stored order. Dates, intervals, raw values and ids become strings as in
// columns of those types; floats that are no numbers become strings. Throws Malformed (after writing part of the text)
// on broken bytes, on nesting deeper than kOsonDepthMax, and on text out of proportion to the bytes, which only
// containers that share children can reach.
void append_oson(TextBuffer& out, Bytes bytes);

inline constexpr int kOsonDepthMax = 1024;

// Throws Malformed on invalid JSON, nesting beyond the limit, names over 255 bytes, and numbers beyond NUMBER.
ByteString oson_from_json(std::string_view json);

}  // namespace redoubt::oracle
