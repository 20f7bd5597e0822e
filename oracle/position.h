// Positions: how Oracle names a moment (SCN), a place in redo (RBA), a block (DBA), a transaction (XID), an undo record
// (UBA) and a row (ROWID). Plain values; how each lies in redo bytes is redo/layout.h.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace redoubt::oracle {

// System change number, up to 63 bits. kNoScn stands for "none" and "infinite".
using Scn = std::uint64_t;
inline constexpr Scn kNoScn = ~Scn{0};

// Data block address: relative file number (10 bits), block number (22 bits); in a bigfile tablespace 32 bits of block.
using Dba = std::uint32_t;

// Redo byte address, meaningful inside one thread and incarnation. `offset` counts from the start of the block.
struct Rba {
  std::uint32_t sequence = 0;
  std::uint32_t block = 0;
  std::uint16_t offset = 0;
  auto operator<=>(const Rba&) const = default;
};

struct Xid {
  std::uint16_t usn = 0;  // undo segment number
  std::uint16_t slt = 0;  // slot in the undo segment header
  std::uint32_t sqn = 0;  // wrap
  auto operator<=>(const Xid&) const = default;
};

struct Uba {
  Dba dba = 0;
  std::uint16_t seq = 0;
  std::uint8_t rec = 0;
  auto operator<=>(const Uba&) const = default;
};

struct RowId {
  std::uint32_t data_obj = 0;
  Dba dba = 0;
  std::uint16_t slot = 0;
  auto operator<=>(const RowId&) const = default;
};

std::string to_text(Rba rba);  // 0x00000f.00000244.0168, as log dumps print it
std::string to_text(Xid xid);  // 10.12.572
std::string to_text(Uba uba);  // 0x000000a7.008b.23

// Writes the 18 characters of an extended ROWID at `to` and returns the end.
inline constexpr std::size_t kRowIdLength = 18;
char* write_rowid(char* to, RowId row);
std::string to_text(RowId row);
// The inverse of write_rowid; throws Malformed.
RowId rowid_from_text(std::string_view text);

}  // namespace redoubt::oracle
