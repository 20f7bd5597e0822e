// Every structure that lies in redo: random values put into bytes are read back.
//
// A layout() is called with two more kinds of Io here: one that fills a structure with random values wherever a Reader
// would fill it from bytes, and one that lists the values a Writer would put. So every member that a layout names is
// drawn by itself, and two that overlap, or a count that is not written, show.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "redo/header.h"
#include "redo/record.h"
#include "redo/vector_fields.h"

namespace redoubt::redo {
namespace {

class RandomReader {
 public:
  static constexpr bool kReads = true;

  RandomReader(std::size_t size, std::mt19937_64& random, std::deque<std::vector<std::uint8_t>>& memory)
      : size_(size), random_(random), memory_(memory) {}

  std::size_t size() const { return size_; }
  void u8(std::size_t at, std::uint8_t& v) { v = number<std::uint8_t>(at); }
  void u16(std::size_t at, std::uint16_t& v) { v = number<std::uint16_t>(at); }
  void i16(std::size_t at, std::int16_t& v) { v = static_cast<std::int16_t>(number<std::uint16_t>(at)); }
  void u32(std::size_t at, std::uint32_t& v) { v = number<std::uint32_t>(at); }
  void i32(std::size_t at, std::int32_t& v) { v = static_cast<std::int32_t>(number<std::uint32_t>(at)); }
  void u16be(std::size_t at, std::uint16_t& v) { u16(at, v); }
  void u32be(std::size_t at, std::uint32_t& v) { u32(at, v); }
  void scn8(std::size_t at, Scn8& v) {
    check(at, 8);
    switch (random_() % 3) {
      case 0: v = {kNoScn, false}; break;
      case 1: v = {random_() >> 17, false}; break;
      default: v = {random_() >> 1, true}; break;
    }
  }
  void xid(std::size_t at, Xid& v) {
    check(at, 8);
    v = {static_cast<std::uint16_t>(random_()), static_cast<std::uint16_t>(random_()),
         static_cast<std::uint32_t>(random_())};
  }
  void uba(std::size_t at, Uba& v) {
    check(at, 7);
    v = {static_cast<std::uint32_t>(random_()), static_cast<std::uint16_t>(random_()),
         static_cast<std::uint8_t>(random_())};
  }
  void bytes(std::size_t at, std::span<std::uint8_t> v) {
    check(at, v.size());
    for (std::uint8_t& b : v) b = static_cast<std::uint8_t>(random_());
  }
  void view(std::size_t at, std::size_t size, Bytes& v) {
    check(at, size);
    std::vector<std::uint8_t>& own = memory_.emplace_back(size);
    bytes(at, own);
    v = own;
  }

 private:
  void check(std::size_t at, std::size_t n) const {
    if (at + n > size_) throw Malformed("no room");
  }
  // Half of the numbers are small, so that counts often fit.
  template <class T>
  T number(std::size_t at) {
    check(at, sizeof(T));
    const std::uint64_t v = random_();
    return static_cast<T>((v & 1) != 0 ? v >> 8 : (v >> 8) % 4);
  }

  std::size_t size_;
  std::mt19937_64& random_;
  std::deque<std::vector<std::uint8_t>>& memory_;
};

class Lister {
 public:
  static constexpr bool kReads = false;

  explicit Lister(std::size_t size) : size_(size) {}

  std::size_t size() const { return size_; }
  void u8(std::size_t at, const std::uint8_t& v) { add(at, v); }
  void u16(std::size_t at, const std::uint16_t& v) { add(at, v); }
  void i16(std::size_t at, const std::int16_t& v) { add(at, v); }
  void u32(std::size_t at, const std::uint32_t& v) { add(at, v); }
  void i32(std::size_t at, const std::int32_t& v) { add(at, v); }
  void u16be(std::size_t at, const std::uint16_t& v) { add(at, v); }
  void u32be(std::size_t at, const std::uint32_t& v) { add(at, v); }
  void scn8(std::size_t at, const Scn8& v) { text += fmt::format("{}:{}/{} ", at, v.value, v.marked); }
  void xid(std::size_t at, const Xid& v) { text += fmt::format("{}:{} ", at, oracle::to_text(v)); }
  void uba(std::size_t at, const Uba& v) { text += fmt::format("{}:{} ", at, oracle::to_text(v)); }
  void bytes(std::size_t at, Bytes v) { text += fmt::format("{}:{} ", at, to_hex(v)); }
  void view(std::size_t at, std::size_t size, const Bytes& v) {
    ASSERT_EQ(v.size(), size);
    bytes(at, v);
  }

  std::string text;

 private:
  template <class T>
  void add(std::size_t at, T v) {
    text += fmt::format("{}:{} ", at, v);
  }

  std::size_t size_;
};

template <class T>
std::string listed(T& t, std::size_t size) {
  Lister io(size);
  layout(io, t);
  return io.text;
}

// Returns how many random structures of this size there were; those that do not fit it do not count.
template <class T>
int round_trips(std::size_t size, ByteOrder order, std::mt19937_64& random) {
  int done = 0;
  for (int i = 0; i < 200; ++i) {
    std::deque<std::vector<std::uint8_t>> memory;
    T t;
    try {
      RandomReader io(size, random, memory);
      layout(io, t);
    } catch (const Malformed&) {
      continue;
    }
    const std::vector<std::uint8_t> bytes = encode(t, size, order);
    T back = decode<T>(bytes, order);
    EXPECT_EQ(listed(back, size), listed(t, size)) << to_hex(bytes);
    EXPECT_EQ(encode(back, size, order), bytes);
    ++done;
  }
  return done;
}

template <class T>
class Structures : public testing::Test {};

using All =
    testing::Types<BlockHeader, FileHeader, RedoHeader, RecordHeader, LwnHeader, VectorHeader, NumberField, ByteField,
                   ScnField, XidField, ListField, Ktudb, Ktub, Ktudh, Ktucm, Ktucf, CommitTime, Ktust, RollbackPosition,
                   SessionId, SessionFlags, Ktb, Kdo, SupplementalHeader, IndexRow, IndexKeyUpdate, IndexNewLeaf,
                   IotColumns, Kdilk, KdilkBranch, KdliCommon, Kdli, LobPage, DirectBlock, LobWriteMarker, LobEndMarker,
                   LobPrepareMarker, DdlHeader, TransactionMarker, DirectLoadMarker>;
TYPED_TEST_SUITE(Structures, All);

TYPED_TEST(Structures, AreReadBack) {
  std::mt19937_64 random(20260307);
  int done = 0;
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig})
    for (const std::size_t size : {1, 2, 4, 6, 8, 16, 20, 24, 26, 28, 32, 36, 40, 56, 68, 76, 112, 300, 482, 2048})
      done += round_trips<TypeParam>(size, order, random);
  EXPECT_GE(done, 200);
}

// Every byte is stated once, so that a structure is told apart from its neighbours: nothing is written outside it.
TEST(Layout, AStructureThatDoesNotFitIsMalformed) {
  const std::vector<std::uint8_t> bytes(19);
  EXPECT_THROW(decode<Ktudb>(Bytes(bytes).subspan(0, 18), ByteOrder::kLittle), Malformed);
  EXPECT_THROW(decode<Ktub>(Bytes(bytes), ByteOrder::kLittle), Malformed);
  EXPECT_THROW(decode<Kdo>(Bytes(bytes).subspan(0, 13), ByteOrder::kLittle), Malformed);
}

TEST(Layout, ScnForms) {
  const auto scn = [](const char* hex) { return decode<ScnField>(from_hex(hex), ByteOrder::kLittle).scn; };
  EXPECT_EQ(scn("0696220000800000"), (Scn8{0x229606, true}));
  EXPECT_EQ(scn("0696220000000000"), (Scn8{0x229606, false}));
  EXPECT_EQ(scn("53b461e70080050d"), (Scn8{0x0D05E761B453, true}));
  EXPECT_EQ(scn("ffffffffffff0000"), (Scn8{kNoScn, false}));
  EXPECT_EQ(scn("732b0b000000ac9c"), (Scn8{0x0B2B73, false}));  // 11.2: two bytes of old memory
}

TEST(Ktb, LengthsByKind) {
  const auto kind = [](const char* hex) { return decode<Ktb>(from_hex(hex), ByteOrder::kLittle); };
  const Ktb first = kind("010d0000000000000a000c003c020000a70000008b002300");
  EXPECT_EQ(first.kind(), KtbKind::kFirst);
  EXPECT_EQ(oracle::to_text(first.xid), "10.12.572");
  EXPECT_EQ(oracle::to_text(first.uba), "0x000000a7.008b.23");
  EXPECT_EQ(kind("0205000034120000010002 00").uba.dba, 0x1234U);  // s = 4
  EXPECT_EQ(kind("030d000000000000").kind(), KtbKind::kUnused);
  EXPECT_THROW(kind("010d0000000000000a000c003c020000"), Malformed);

  // A marked SCN has bits 32-46 in the lock word.
  ItlEntry itl;
  itl.lock = 0x858E;
  itl.scn = {0x8000, 0x32880C9F};
  EXPECT_EQ(itl.commit_scn(), Scn{0x058E32880C9F});
  EXPECT_TRUE(itl.committed());
}

// Block cleanout with big SCNs: 70 bytes for one entry and 80 for two behind an 8-byte header, 76 and 60 elsewhere.
TEST(Ktb, CleanoutLengths) {
  struct Case {
    std::uint8_t flags, version;
    std::size_t entries, size;
  };
  for (const Case& c :
       {Case{0x0D, 0x08, 1, 70}, Case{0x0D, 0x08, 2, 80}, Case{0x05, 0x08, 2, 76}, Case{0x05, 0x04, 1, 60}}) {
    Ktb k;
    k.op = 0x11;
    k.flags = c.flags;
    k.xid = {1, 2, 3};
    k.cleanout_version = c.version;
    k.cleanout_scn = {0x229606, true};
    for (std::size_t i = 0; i < c.entries; ++i)
      k.cleanout.push_back(
          {static_cast<std::uint8_t>(i + 1), 2, {0x8000, 77}, c.version == 8 ? std::uint16_t{9} : std::uint16_t{0}});
    const auto bytes = encode(k, c.size, ByteOrder::kLittle);
    const Ktb back = decode<Ktb>(bytes, ByteOrder::kLittle);
    ASSERT_EQ(back.cleanout.size(), c.entries);
    EXPECT_EQ(back.cleanout_scn, k.cleanout_scn);
    EXPECT_EQ(back.cleanout.back().scn_mid, k.cleanout.back().scn_mid);
    EXPECT_EQ(back.cleanout.back().itl, c.entries);
  }
}

TEST(Kdo, InsertOfTheWorkedExample) {
  const ByteString bytes = from_hex(
      "0e0000060a000006fa122301"
      "01000000"
      "00000000");
  const Kdo drop = decode<Kdo>(bytes, ByteOrder::kLittle);
  EXPECT_EQ(drop.row_op(), RowOp::kDelete);
  EXPECT_NE(drop.op & kKdoUndo, 0);
  EXPECT_EQ(drop.bdba, 0x0600000EU);
  EXPECT_EQ(drop.slot, 0);
  EXPECT_EQ(insert_kdo_size(2), 49U);
  EXPECT_EQ(insert_kdo_size(14), 50U);
  EXPECT_EQ(update_kdo_size(9), 30U);
  EXPECT_EQ(rows_kdo_size(1), 24U);
}

TEST(LobIndex, KeyAndData) {
  LobIndexKey key;
  key.lob = {0, 0, 0, 1, 0, 0, 0, 0, 1, 2};
  key.page = 0x01020304;
  const ByteString bytes = encode_lob_index_key(key);
  EXPECT_EQ(lob_index_key(bytes), key);
  EXPECT_EQ(bytes.back(), 4);  // big-endian
  EXPECT_FALSE(lob_index_key(Bytes(bytes).subspan(1)).has_value());
  for (const bool first : {true, false}) {
    LobIndexData d;
    d.whole_pages = first ? 5 : 0;
    d.rest = first ? 6 : 0;
    for (std::size_t i = 0; i < (first ? 4U : 8U); ++i) d.pages[i] = static_cast<Dba>(100 + i);
    std::vector<std::uint8_t> data(kLobIndexDataSize);
    Writer out(data, ByteOrder::kLittle);
    layout_lob_index_data(out, first, d);
    LobIndexData back;
    Reader in(data, ByteOrder::kBig);
    layout_lob_index_data(in, first, back);
    EXPECT_EQ(back.whole_pages, d.whole_pages);
    EXPECT_EQ(back.pages, d.pages);
  }
}

}  // namespace
}  // namespace redoubt::redo
