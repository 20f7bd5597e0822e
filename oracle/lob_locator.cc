#include "oracle/lob_locator.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_writer.h"
#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr ByteOrder kBig = ByteOrder::kBig;
constexpr std::size_t kLocatorSize = 20;

constexpr std::uint8_t kHasInode = 0x04;
constexpr std::uint8_t kInitialised = 0x08;
constexpr std::uint8_t kUtf16 = 0x80;

constexpr std::uint16_t kBasicInRow = 0x0100;
constexpr std::uint16_t kBasicPages = 0x0400;
constexpr std::uint16_t kSecureInRow = 0x0800;
constexpr std::uint16_t kSecureMap = 0x4000;
constexpr std::uint8_t kMapStyle = 0xF0;
constexpr std::uint8_t kExtentList = 0x20;
constexpr std::uint8_t kListBlock = 0x40;
constexpr std::uint8_t kWideCount = 0x20;
constexpr std::size_t kPagesMax = 12;
constexpr std::size_t kExtentsMax = 256;

using Kind = LobLocator::Kind;

void parse_secure(LobLocator& lob, Bytes bytes, std::uint16_t flags) {
  Cursor inode(slice(bytes, 24, bytes.size() - 24), kBig);
  if (const std::size_t size = inode.u16(); size != inode.left())
    throw Malformed(fmt::format("SecureFile inode of {} bytes says {}", inode.left(), size));
  const std::uint8_t form = inode.u8();
  const std::uint8_t version_form = inode.u8();
  for (const std::uint8_t b : inode.take((form & 3U) + 1)) lob.length = lob.length << 8 | b;
  inode.take(version_form & 0x0F ? 2 : 1);

  if (flags & kSecureInRow || lob.length == 0) {
    lob.kind = Kind::kSecureInRow;
    if (lob.length == 0) return;
    if (inode.left() != lob.length)
      throw Malformed(fmt::format("LOB of {} bytes, {} in the row", lob.length, inode.left()));
    lob.data = inode.take(lob.length);
  } else if (flags & kSecureMap && (form & kMapStyle) == kListBlock) {
    lob.kind = Kind::kSecureListBlock;
    lob.list_block = inode.u32();
  } else {
    lob.kind = Kind::kSecureExtents;
    const std::size_t count = inode.u8() + 1U;
    for (std::size_t i = 0; i < count; ++i) {
      const bool wide = inode.u8() & kWideCount;
      const Dba first = inode.u32();
      const std::uint32_t blocks = wide ? inode.u16() : inode.u8();
      lob.extents.push_back({first, blocks});
    }
  }
}

void encode_secure(const LobLocator& lob, ByteWriter& to) {
  const std::size_t width = lob.length >> 24 ? 4 : lob.length >> 16 ? 3 : lob.length >> 8 ? 2 : 1;
  const bool list_block = lob.kind == Kind::kSecureListBlock;
  to.u8((lob.in_row() ? 0 : list_block ? kListBlock : kExtentList) | (width - 1)).u8(0);
  for (std::size_t i = width; i > 0; --i) to.u8(lob.length >> (8 * (i - 1)));
  to.u8(1);
  if (lob.in_row()) {
    to.put(lob.data);
  } else if (list_block) {
    to.u32(lob.list_block);
  } else {
    REDOUBT_ASSERT(!lob.extents.empty() && lob.extents.size() <= kExtentsMax);
    to.u8(lob.extents.size() - 1);
    for (const LobExtent& extent : lob.extents) {
      REDOUBT_ASSERT(extent.blocks <= 0xFFFF);
      if (extent.blocks > 0xFF) {
        to.u8(kWideCount).u32(extent.first).u16(extent.blocks);
      } else {
        to.u8(0).u32(extent.first).u8(extent.blocks);
      }
    }
  }
}

}  // namespace

LobLocator LobLocator::parse(Bytes bytes) {
  need(bytes, kLocatorSize);
  LobLocator lob;
  lob.type = bytes[4];
  lob.utf16 = bytes[6] & oracle::kUtf16 || lob.type & kNclob;
  std::copy_n(bytes.data() + 10, lob.id.size(), lob.id.begin());
  if (!(bytes[5] & kHasInode)) {
    lob.kind = Kind::kLobIndex;
    return lob;
  }
  if (const std::size_t size = u16_at(bytes, 20, kBig); size + kLocatorSize != bytes.size())
    throw Malformed(fmt::format("LOB value of {} bytes, its inode says {}", bytes.size(), size + kLocatorSize));
  const std::uint16_t flags = u16_at(bytes, 22, kBig);
  if (flags & oracle::kBasicPages) {
    lob.kind = Kind::kBasicPages;
    lob.full_pages = u32_at(bytes, 24, kBig);
    lob.last_page_size = u16_at(bytes, 28, kBig);
    const Bytes pages = slice(bytes, 36, bytes.size() - 36);
    if (pages.size() % 4 != 0 || pages.size() / 4 > kPagesMax)
      throw Malformed(fmt::format("LOB page list of {} bytes", pages.size()));
    for (Cursor list(pages, kBig); !list.empty();) lob.pages.push_back(list.u32());
  } else if (flags & oracle::kBasicInRow) {
    lob.kind = Kind::kBasicInRow;
    lob.length = u16_at(bytes, 28, kBig);
    if (bytes.size() != 36 + std::size_t{lob.length})
      throw Malformed(fmt::format("LOB of {} bytes in a value of {}", lob.length, bytes.size()));
    lob.data = slice(bytes, 36, lob.length);
  } else {
    parse_secure(lob, bytes, flags);
  }
  return lob;
}

ByteString LobLocator::encode() const {
  REDOUBT_ASSERT(!in_row() || data.size() == length);
  const bool secure = kind >= Kind::kSecureInRow;
  ByteString bytes;
  ByteWriter to(bytes, kBig);
  to.u16(0x54).u16(1).u8(type);
  to.u8(kind == Kind::kLobIndex ? kInitialised : kInitialised | kHasInode);
  to.u8(utf16 ? oracle::kUtf16 : 0).u8(secure ? 0x80 : 0).u16(utf16 ? 2 : 1).put(id);
  if (kind == Kind::kLobIndex) return bytes;

  ByteString inode;
  ByteWriter in(inode, kBig);
  switch (kind) {
    case Kind::kBasicInRow: in.u16(0x0800 | oracle::kBasicInRow).u32(0).u16(length).u32(0).u16(1).put(data); break;
    case Kind::kBasicPages:
      REDOUBT_ASSERT(pages.size() <= kPagesMax);
      in.u16(oracle::kBasicPages).u32(full_pages).u16(last_page_size).u32(0).u16(1);
      for (const Dba page : pages) in.u32(page);
      break;
    default: {
      ByteString body;
      ByteWriter secure_body(body, kBig);
      encode_secure(*this, secure_body);
      in.u16(in_row() ? kSecureMap | oracle::kSecureInRow : kSecureMap).u16(body.size()).put(body);
    }
  }
  REDOUBT_ASSERT(inode.size() + 2 <= 0xFFFF);
  to.u16(inode.size() + 2).put(inode);
  return bytes;
}

}  // namespace redoubt::oracle
