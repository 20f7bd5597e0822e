// The value of a LOB column in its row: a locator, and behind it an inode that holds the data or says where it lies.
// All integers are big endian.
//
//   0   u16      length of the fixed part (0054, 0070 in newer releases)
//   2   u16      version, 1
//   4   u8       01 BLOB, 02 CLOB, 04 NCLOB, 08 BFILE
//   5   u8       04 an inode follows; clear: only the LOB index knows the data, and the value ends at 20
//   6   u8       80 character data is AL16UTF16
//   7   u8       80 SecureFile
//   8   u16      character width
//   10  10 bytes LOB id
//   20  u16      length of the inode: all that follows
//   22  u16      inode flags
//
//   0400 BasicFile, out of row        0100 BasicFile, in the row       neither: SecureFile
//   24 u32 full pages                 24 u32 0                         24 u16 length of what follows
//   28 u16 bytes in the last page     28 u16 length of the data        26 u8  low 2 bits: size of the length - 1; high:
//   map 30 6   version                    30 u32 0, u16 version            27 u8  low nibble: bytes of version - 1 (0
//   or 1) 36 u32 page address, up to 12     36 data                          28 1-4 length of the LOB in stored bytes
//                                                                      then   version, payload
//   SecureFile payload, by inode flags
//   0800                 the data
//   4000, map 40         u32 address of the first list block
//   otherwise            u8 extents - 1, then per extent u8 flags, u32 first block, u8 blocks (u16 if flags have 20)
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "oracle/position.h"

namespace redoubt::oracle {

using LobId = std::array<std::uint8_t, 10>;

struct LobExtent {
  Dba first = 0;
  std::uint32_t blocks = 0;
  auto operator<=>(const LobExtent&) const = default;
};

struct LobLocator {
  enum class Kind : std::uint8_t {
    kLobIndex,         // no inode: pages and size come from the LOB index alone
    kBasicInRow,       // `data`
    kBasicPages,       // `pages` (the first 12), `full_pages`, `last_page_size`
    kSecureInRow,      // `data`
    kSecureExtents,    // `length`, `extents`
    kSecureListBlock,  // `length`, `list_block`
  };
  static constexpr std::uint8_t kBlob = 0x01, kClob = 0x02, kNclob = 0x04, kBfile = 0x08;

  // Throws Malformed if `bytes` are no LOB value. `data` points into `bytes`. An empty LOB has its data in the row.
  static LobLocator parse(Bytes bytes);
  // The inverse; what parse does not keep (versions, fixed part) gets a usual value.
  ByteString encode() const;

  bool in_row() const { return kind == Kind::kBasicInRow || kind == Kind::kSecureInRow; }

  LobId id{};
  std::uint8_t type = kBlob;
  bool utf16 = false;  // character data is AL16UTF16, big endian
  Kind kind = Kind::kLobIndex;
  std::uint32_t length = 0;  // stored bytes, where the locator says so: not of kLobIndex and kBasicPages
  Bytes data;
  std::uint32_t full_pages = 0;
  std::uint16_t last_page_size = 0;  // 0: the length is a whole number of pages
  std::vector<Dba> pages;
  std::vector<LobExtent> extents;
  Dba list_block = 0;
};

}  // namespace redoubt::oracle
