#include "oracle/lob_locator.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

using Kind = LobLocator::Kind;

TEST(LobLocator, WorkedExampleBasicFileInRow) {
  const ByteString bytes = from_hex(
      "00 54 00 01 01 0C 00 00 00 01 00 00 00 01 00 00 00 2B A6 33 00 14 09 00 00 00 00 00 00 04 00 00 00 00 00 01"
      "DE AD BE EF");
  const LobLocator lob = LobLocator::parse(bytes);
  EXPECT_EQ(lob.kind, Kind::kBasicInRow);
  EXPECT_EQ(lob.type, LobLocator::kBlob);
  EXPECT_FALSE(lob.utf16);
  EXPECT_EQ(to_hex(lob.id), "000000010000002ba633");
  EXPECT_EQ(lob.length, 4U);
  EXPECT_EQ(to_hex(lob.data), "deadbeef");
  EXPECT_EQ(lob.encode(), bytes);
}

TEST(LobLocator, WorkedExampleSecureFileInRow) {
  const ByteString bytes =
      from_hex("00 54 00 01 02 0C 80 80 00 02 00 00 00 01 00 00 00 2B A6 34 00 0E 48 90 00 08 00 00 04 01 00 48 00 69");
  const LobLocator lob = LobLocator::parse(bytes);
  EXPECT_EQ(lob.kind, Kind::kSecureInRow);
  EXPECT_EQ(lob.type, LobLocator::kClob);
  EXPECT_TRUE(lob.utf16);
  EXPECT_EQ(to_hex(lob.data), "00480069");
  ByteString ours = lob.encode();
  ours[23] |= 0x90;  // flag bits whose meaning is not known
  EXPECT_EQ(ours, bytes);
}

TEST(LobLocator, RefusesWhatDoesNotAddUp) {
  const std::string head = "0054000101 0c00000001 00000001000000000001";
  const std::string kCases[] = {
      "",                                                             // nothing
      "0054000101 0c000000010000000100000000",                        // cut in the LOB id
      head,                                                           // inode announced, absent
      head + "0015 0900 00000000 0004 00000000 0001 deadbeef",        // inode length
      head + "0014 0900 00000000 0005 00000000 0001 deadbeef",        // data length
      head + "000e 4890 0007 00 00 04 01 00480069",                   // SecureFile part length
      head + "000e 4890 0008 00 00 05 01 00480069",                   // SecureFile data length
      head + "000a 4890 0004 03 00 0401",                             // cut in the length
      head + "000e 4090 0008 20 00 04 01 02000000",                   // cut in the extents
      head + "0017 0400 00000001 0001 000000000001 00000001 000000",  // half a page address
  };
  for (const std::string& hex : kCases) EXPECT_THROW(LobLocator::parse(from_hex(hex)), Malformed) << hex;
}

TEST(LobLocator, RandomLocatorsSurvive) {
  std::mt19937_64 random(37);
  for (int i = 0; i < 20000; ++i) {
    LobLocator lob;
    for (std::uint8_t& b : lob.id) b = static_cast<std::uint8_t>(random());
    lob.type = static_cast<std::uint8_t>(1U << random() % 3);
    lob.utf16 = lob.type == LobLocator::kNclob || (lob.type == LobLocator::kClob && random() % 2);
    lob.kind = static_cast<Kind>(random() % 6);
    const auto u32 = [&] { return static_cast<std::uint32_t>(random() >> (32 + random() % 32)); };
    ByteString data;
    if (lob.in_row()) {
      for (std::size_t n = random() % (random() % 2 ? 10 : 3900); n > 0; --n)
        data += static_cast<std::uint8_t>(random());
      lob.data = data;
      lob.length = static_cast<std::uint32_t>(data.size());
    } else if (lob.kind == Kind::kBasicPages) {
      lob.full_pages = u32();
      lob.last_page_size = static_cast<std::uint16_t>(random());
      for (std::size_t n = random() % 13; n > 0; --n) lob.pages.push_back(u32());
    } else if (lob.kind != Kind::kLobIndex) {
      lob.length = u32() | 1;
      lob.list_block = lob.kind == Kind::kSecureListBlock ? u32() : 0;
      if (lob.kind == Kind::kSecureExtents)
        for (std::size_t n = 1 + random() % 256; n > 0; --n)
          lob.extents.push_back({u32(), static_cast<std::uint32_t>(random() % (random() % 2 ? 256 : 65536))});
    }
    const ByteString bytes = lob.encode();
    const LobLocator read = LobLocator::parse(bytes);
    ASSERT_EQ(read.id, lob.id);
    ASSERT_EQ(read.type, lob.type);
    ASSERT_EQ(read.utf16, lob.utf16);
    ASSERT_EQ(read.kind, lob.kind);
    ASSERT_EQ(read.length, lob.length);
    ASSERT_EQ(to_hex(read.data), to_hex(lob.data));
    ASSERT_EQ(read.full_pages, lob.full_pages);
    ASSERT_EQ(read.last_page_size, lob.last_page_size);
    ASSERT_EQ(read.pages, lob.pages);
    ASSERT_EQ(read.extents, lob.extents);
    ASSERT_EQ(read.list_block, lob.list_block);
    ASSERT_EQ(read.encode(), bytes);
    if (bytes.size() > 20) {
      ASSERT_THROW(LobLocator::parse(Bytes(bytes).first(bytes.size() - 1)), Malformed);
    }
  }
}

}  // namespace
}  // namespace redoubt::oracle
