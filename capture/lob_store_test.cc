#include "capture/lob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>

#include "capture/redo_script.h"

namespace redoubt::capture {
namespace {

using oracle::LobLocator;
using redo::Kdli;
using redo::KdliCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Xid kA{10, 1, 100}, kB{11, 2, 200}, kRecursive{12, 3, 300};
constexpr LobId kLob{0, 0, 0, 1, 0, 0, 0, 0x2B, 0xA6, 0x33};
constexpr LobId kLob2{0, 0, 0, 1, 0, 0, 0, 0x2B, 0xA6, 0x34};
constexpr std::size_t kPage = 100;  // usable bytes of a block in these tests

ByteString bytes_of(std::string_view s) { return RedoScript::text(s); }

std::string content(std::size_t size, char from = 'a') {
  std::string s(size, ' ');
  for (std::size_t i = 0; i < size; ++i) s[i] = static_cast<char>(from + i % 23);
  return s;
}

ByteString basic_pages(std::uint32_t full, std::uint16_t rest, std::vector<oracle::Dba> pages, const LobId& id = kLob) {
  LobLocator l;
  l.id = id;
  l.type = LobLocator::kClob;
  l.kind = LobLocator::Kind::kBasicPages;
  l.full_pages = full;
  l.last_page_size = rest;
  l.pages = std::move(pages);
  return l.encode();
}

ByteString lob_index(const LobId& id = kLob) {
  LobLocator l;
  l.id = id;
  l.type = LobLocator::kClob;
  return l.encode();
}

ByteString extents(std::uint32_t length, std::vector<oracle::LobExtent> list, const LobId& id = kLob) {
  LobLocator l;
  l.id = id;
  l.type = LobLocator::kClob;
  l.kind = LobLocator::Kind::kSecureExtents;
  l.length = length;
  l.extents = std::move(list);
  return l.encode();
}

ByteString list_block(std::uint32_t length, oracle::Dba block) {
  LobLocator l;
  l.id = kLob;
  l.type = LobLocator::kClob;
  l.kind = LobLocator::Kind::kSecureListBlock;
  l.length = length;
  l.list_block = block;
  return l.encode();
}

ByteString in_row(std::string_view data, bool utf16 = false, const LobId& id = kLob) {
  LobLocator l;
  l.id = id;
  l.type = LobLocator::kClob;
  l.utf16 = utf16;
  l.kind = LobLocator::Kind::kBasicInRow;
  l.data = as_bytes(data);
  l.length = static_cast<std::uint32_t>(data.size());
  return l.encode();
}

// LOB redo on top of the rows that RedoScript writes.
class LobScript : public RedoScript {
 public:
  LobScript& page(oracle::Dba dba, std::uint32_t number, std::string_view data, const LobId& id = kLob,
                  std::uint32_t segment = kLobSegment) {
    redo::LobPage p;
    p.data_obj = segment;
    p.lob = id;
    p.page = number;
    p.data = as_bytes(data);
    alone(19, 1, dba, {field(p, redo::kLobPageSize + data.size()), ByteString(4, 1)});
    return *this;
  }
  // All pages of `data`, at dba and the blocks behind it.
  LobScript& pages(oracle::Dba dba, std::string_view data, const LobId& id = kLob) {
    for (std::uint32_t n = 0; n * kPage < data.size(); ++n) page(dba + n, n, data.substr(n * kPage, kPage), id);
    return *this;
  }
  LobScript& index(Xid xid, std::uint32_t page_number, std::uint32_t full, std::uint16_t rest,
                   std::vector<oracle::Dba> blocks, redo::Opcode op = redo::kIndexInsert, const LobId& id = kLob,
                   std::uint32_t obj = kLobIndex) {
    redo::LobIndexData d;
    d.whole_pages = full;
    d.rest = rest;
    std::copy(blocks.begin(), blocks.end(), d.pages.begin());
    ByteString data(redo::kLobIndexDataSize, 0);
    redo::Writer io({data.data(), data.size()}, ByteOrder::kBig);
    redo::layout_lob_index_data(io, page_number == 0, d);
    const ByteString key = redo::encode_lob_index_key({id, page_number});
    const Fields undo{ByteString(redo::kKdilkSize, 0), key};
    if (op == redo::kIndexInsert) {
      pair(xid, obj, obj, redo::opcode(10, 22), undo, op, 7, {ByteString(6, 0), key, data});
    } else if (op == redo::kIndexUpdateKeyData) {
      pair(xid, obj, obj, redo::opcode(10, 22), undo, op, 7, {ByteString(6, 0), data});
    } else {
      pair(xid, obj, obj, redo::opcode(10, 22), undo, op, 7,
           {ByteString(16, 0), ByteString(4, 0), ByteString{1, 1} + data + key});
    }
    return *this;
  }
  static Kdli part(KdliCode code) {
    Kdli k;
    k.code = static_cast<std::uint8_t>(code);
    return k;
  }
  static ByteString info(const LobId& id) {
    Kdli k = part(KdliCode::kInfo);
    k.lob = id;
    return field(k, redo::kKdliInfoSize);
  }
  static ByteString common(oracle::Dba dba, redo::KdliOp op) {
    redo::KdliCommon c;
    c.op = static_cast<std::uint8_t>(op);
    c.dba = dba;
    return field(c, redo::kKdliCommonSize);
  }
  LobScript& image(Xid xid, oracle::Dba dba, std::string_view data, const LobId& id = kLob, std::uint8_t flg2 = 0,
                   std::uint32_t segment = kLobSegment) {
    Kdli load = part(KdliCode::kFormatLoad);
    load.xid = xid;
    load.obj = segment;
    Kdli lob = part(KdliCode::kLoadData);
    lob.lob = id;
    lob.flg2 = flg2;
    alone(26, 6, dba,
          {common(dba, redo::KdliOp::kImage), field(load, redo::kKdliFormatLoadSize),
           field(lob, redo::kKdliLoadDataSize), bytes_of(data)});
    return *this;
  }
  LobScript& images(Xid xid, oracle::Dba dba, std::string_view data) {
    for (std::uint32_t n = 0; n * kPage < data.size(); ++n) image(xid, dba + n, data.substr(n * kPage, kPage));
    return *this;
  }
  LobScript& secure(Xid xid, oracle::Dba dba, const ByteString& first, const ByteString& second = {}) {
    Fields fields{common(dba, redo::KdliOp::kForward), first};
    if (!second.empty()) fields.push_back(second);
    pair(xid, kLobSegment, kLobSegment, redo::opcode(26, 1), {}, redo::kLobRedo, dba, fields);
    return *this;
  }
  static ByteString fill(std::uint16_t offset, std::string_view data) {
    Kdli k = part(KdliCode::kFill);
    k.offset = offset;
    k.size = static_cast<std::uint16_t>(data.size());
    k.data = as_bytes(data);
    return field(k, redo::kKdliFillSize + data.size());
  }
  static ByteString map(KdliCode code, std::vector<oracle::LobExtent> list, std::uint32_t from = 0) {
    Kdli k = part(code);
    k.start_index = from;
    for (const oracle::LobExtent& e : list) k.extents.push_back({0, 0, static_cast<std::uint16_t>(e.blocks), e.first});
    return field(k, (code == KdliCode::kMap ? redo::kKdliMapSize : redo::kKdliMapFromSize) +
                        list.size() * redo::kKdliExtentSize);
  }
  static ByteString header(std::array<oracle::Dba, 4> lists) {
    Kdli k = part(KdliCode::kLoadHeader);
    k.lob = kLob;
    k.map_pages = lists;
    return field(k, redo::kKdliLoadHeaderSize);
  }
  LobScript& marker(Xid xid, const LobId& id = kLob) {
    redo::LobWriteMarker m;
    m.operation = 1;
    m.xid = xid;
    m.lob = id;
    m.obj = kTable;
    alone(11, 17, 0, {ByteString(16, 0), ByteString{1}, field(m, redo::kLobWriteMarkerSize)});
    return *this;
  }
  LobScript& insert_lob(Xid xid, const ByteString& locator, std::uint16_t slot = 0) {
    insert(xid, kTable, {5, slot}, {number(1), locator, {}});
    return *this;
  }
};

std::string inserted(std::string_view value) { return "c ID=c102 C='" + std::string(value) + "' B=null"; }
const std::string kUnavailable = "c ID=c102 C=unavailable B=null";

TEST(LobStore, InRowNeedsNoPages) {
  LobScript redo;
  redo.begin(kA);
  redo.insert_lob(kA, in_row("Short")).insert_lob(kA, in_row("\0H\0i", true), 1).insert_lob(kA, in_row(""), 2);
  redo.insert(kA, RedoScript::kTable, {5, 3}, {RedoScript::number(1)}).commit(kA);
  EXPECT_THAT(redo.run().rows,
              ElementsAre(inserted("Short"), "c ID=c102 C=u'' B=null", inserted(""), "c ID=c102 C=null B=null"));
}

// The worked examples of rows.md 1.12.
TEST(LobStore, WorkedExamples) {
  LobScript redo;
  redo.begin(kA);
  redo.insert_lob(
      kA, from_hex("00540001 010C0000 0001 000000010000002BA633 0014 0900 00000000 0004 000000000001 DEADBEEF"));
  redo.insert_lob(kA, from_hex("00540001 020C8080 0002 000000010000002BA633 000E 4890 0008 00 00 04 01 00480069"), 1);
  redo.commit(kA);
  EXPECT_THAT(redo.run().rows,
              ElementsAre(inserted("\xDE\xAD\xBE\xEF"), "c ID=c102 C=u'" + std::string("\0H\0i", 4) + "' B=null"));
}

TEST(LobStore, PageListInTheRowComesAfterThePages) {
  const std::string value = content(250);
  LobScript redo;
  redo.begin(kA);
  redo.pages(50, value).insert_lob(kA, basic_pages(2, 50, {50, 51, 52})).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted(value)));
}

TEST(LobStore, LastPageIsCutAndWholePagesHaveNoRest) {
  const std::string value = content(200);
  LobScript redo;
  redo.begin(kA);
  redo.pages(50, value).insert_lob(kA, basic_pages(1, 30, {50, 51})).commit(kA);
  redo.begin(kB);
  redo.pages(50, value, kLob2).insert_lob(kB, basic_pages(2, 0, {50, 51}, kLob2), 1).commit(kB);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted(value.substr(0, 130)), inserted(value)));
}

TEST(LobStore, PagesBehindTheTwelfthAreInTheIndex) {
  const std::string value = content(2250);
  std::vector<oracle::Dba> in_row_list(12);
  std::iota(in_row_list.begin(), in_row_list.end(), 50);
  LobScript redo;
  redo.begin(kA);
  redo.index(kA, 12, 0, 0, {62, 63, 64, 65, 66, 67, 68, 69}).index(kA, 20, 0, 0, {70, 71, 72});
  redo.pages(50, value).insert_lob(kA, basic_pages(22, 50, in_row_list)).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted(value)));
}

TEST(LobStore, IndexAloneKnowsPagesAndSize) {
  for (const redo::Opcode op : {redo::kIndexInsert, redo::kIndexNewLeaf, redo::kIndexUpdateKeyData}) {
    const std::string value = content(550);
    LobScript redo;
    redo.begin(kA);
    redo.insert_lob(kA, lob_index());
    redo.index(kA, 0, 9, 9, {1, 2, 3, 4});  // an older state
    redo.index(kA, 0, 5, 50, {50, 51, 52, 53}, op).index(kA, 4, 0, 0, {54, 55}, op);
    redo.pages(50, value).commit(kA);
    EXPECT_THAT(redo.run().rows, ElementsAre(inserted(value))) << op;
  }
}

TEST(LobStore, AMissingPageMakesTheValueUnavailable) {
  const std::string value = content(250);
  LobScript redo;
  redo.begin(kA);
  redo.page(50, 0, value.substr(0, 100))
      .page(52, 2, value.substr(200))
      .insert_lob(kA, basic_pages(2, 50, {50, 51, 52}));
  redo.insert_lob(kA, lob_index(kLob2), 1);
  redo.insert_lob(kA, extents(50, {{900, 1}}, kLob2), 2);
  redo.commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(kUnavailable, kUnavailable, kUnavailable));
}

TEST(LobStore, ExtentsOfImages) {
  const std::string value = content(450);
  LobScript redo;
  redo.begin(kA);
  redo.images(kA, 50, value.substr(0, 300)).images(kA, 90, value.substr(300) + std::string(50, 'P'));
  redo.insert_lob(kA, extents(450, {{50, 3}, {90, 7}})).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted(value)));
}

TEST(LobStore, ContentOfOnePieceIsNotCopied) {
  // More than all other memory of the transaction would need, were it copied: seen by the address lying in the vector.
  ChunkPool pool;
  OpenTransaction t(pool);
  LobScript script;
  LobOwners owners;
  LobStore store(owners);
  const std::string value = content(80);
  redo::LobPage p;
  p.lob = kLob;
  p.data = as_bytes(value);
  redo::RecordBuilder builder(redo::kVersion23, ByteOrder::kLittle);
  builder.begin(1, 1, 1);
  redo::VectorHeader h;
  h.layer = 19;
  h.code = 1;
  h.dba = 50;
  builder.vector(h);
  builder.field(p, redo::kLobPageSize + value.size());
  const redo::Record record = redo::parse_record(builder.finish(), ByteOrder::kLittle, {});
  std::vector<redo::Vector> vectors;
  redo::parse_vectors(record, 32, ByteOrder::kLittle, vectors);
  Change change{};
  change.op = redo::kDirectBlock;
  change.header_size = 32;
  change.lob = true;
  Change* kept = t.changes.add(change, {}, vectors[0].bytes);
  t.lobs = true;
  store.collect(t, true, 0);
  oracle::Table table;
  table.columns.emplace_back().type = oracle::TypeCode::kClob;
  const ByteString locator = basic_pages(0, 80, {50});
  change::Cell cell{locator.data(), static_cast<std::uint32_t>(locator.size()), 0, change::CellState::kValue};
  ChunkList memory(pool);
  store.fill(table, cell, false, memory);
  EXPECT_EQ(cell.state, change::CellState::kLob);
  EXPECT_EQ(as_text(cell.bytes()), value);
  EXPECT_EQ(memory.bytes(), 0U);
  EXPECT_GE(cell.data, kept->undo_data());
  EXPECT_LT(cell.data, kept->undo_data() + kept->redo_size);
}

TEST(LobStore, FillsLieOverAnImageAndEachOther) {
  LobScript redo;
  redo.begin(kA);
  redo.image(kA, 50, std::string(100, 'i'));
  redo.secure(kA, 50, LobScript::info(kLob), LobScript::fill(10, "xxxx"));
  redo.secure(kA, 50, LobScript::fill(12, "yyyy"));  // no LOB id: known by its block
  redo.secure(kA, 60, LobScript::info(kLob2), LobScript::fill(3, "def"));
  redo.secure(kA, 60, LobScript::info(kLob2), LobScript::fill(0, "abc"));
  redo.insert_lob(kA, extents(20, {{50, 1}})).insert_lob(kA, extents(6, {{60, 1}}, kLob2), 1).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted("iiiiiiiiiixxyyyyiiii"), inserted("abcdef")));
}

TEST(LobStore, AHoleInAPageOrAPartOfAnOldOneIsNoValue) {
  LobScript redo;
  redo.begin(kA);
  redo.secure(kA, 50, LobScript::info(kLob), LobScript::fill(0, "abc"));
  redo.secure(kA, 50, LobScript::info(kLob), LobScript::fill(5, "fgh"));
  redo.insert_lob(kA, extents(8, {{50, 1}}));
  // A write into the first page of an old LOB, and the whole second one: longer than the LOB, still not the LOB.
  redo.secure(kA, 60, LobScript::info(kLob2), LobScript::fill(0, content(70)));
  redo.image(kA, 61, content(100), kLob2);
  redo.insert_lob(kA, extents(150, {{60, 2}}, kLob2), 1);
  redo.commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(kUnavailable, kUnavailable));
}

TEST(LobStore, ListBlocksAndTheirChain) {
  const std::string value = content(650);
  LobScript redo;
  redo.begin(kA);
  redo.images(kA, 50, value.substr(0, 300)).images(kA, 70, value.substr(300, 200)).images(kA, 80, value.substr(500));
  redo.secure(kA, 30, LobScript::header({31, 32, 0, 0}));
  redo.secure(kA, 31, LobScript::info(kLob), LobScript::map(KdliCode::kMap, {{50, 2}}));
  redo.secure(kA, 31, LobScript::info(kLob), LobScript::map(KdliCode::kMapFrom, {{52, 1}, {70, 2}}, 1));
  redo.secure(kA, 32, LobScript::info(kLob), LobScript::map(KdliCode::kMap, {{80, 2}}));
  redo.insert_lob(kA, list_block(650, 30)).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted(value)));
}

TEST(LobStore, AListThatStartsTooFarIsBroken) {
  LobScript redo;
  redo.begin(kA);
  redo.images(kA, 50, content(100));
  redo.secure(kA, 31, LobScript::info(kLob), LobScript::map(KdliCode::kMapFrom, {{50, 1}}, 0xFFFFFFFF));
  redo.insert_lob(kA, list_block(100, 31)).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(kUnavailable));
}

TEST(LobStore, CompressedUnitsAreInflatedOrUnavailable) {
  const std::string value = content(5000);
  std::string packed(compressBound(value.size()), '\0');
  uLongf size = packed.size();
  ASSERT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(value.data()),
                     value.size()),
            Z_OK);
  packed.resize(size);
  LobScript redo;
  redo.begin(kA);
  redo.image(kA, 50, packed, kLob, 0x10).insert_lob(kA, extents(5000, {{50, 1}}));
  redo.image(kA, 60, content(90), kLob2, 0x10).insert_lob(kA, extents(90, {{60, 1}}, kLob2), 1);
  redo.commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted(value), kUnavailable));
}

// An extent of a page that is there, as often as a list can say it.
TEST(LobStore, ListsThatRepeatAPageEndSoon) {
  LobScript redo;
  redo.begin(kA);
  redo.images(kA, 50, "x");
  redo.secure(kA, 31, LobScript::info(kLob),
              LobScript::map(KdliCode::kMap, std::vector<oracle::LobExtent>(8000, {50, 1})));
  redo.insert_lob(kA, list_block(8000, 31)).insert_lob(kA, extents(0xFFFFFFFF, {{50, 0xFFFF}}), 1).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(kUnavailable, kUnavailable));
}

TEST(LobStore, BeforeImagesHaveOnlyWhatIsInTheRow) {
  LobScript redo;
  redo.begin(kA);
  redo.pages(50, content(50));
  redo.remove(kA, RedoScript::kTable, {5, 0}, {RedoScript::number(1), in_row("old"), {}});
  redo.remove(kA, RedoScript::kTable, {5, 1}, {RedoScript::number(1), basic_pages(0, 50, {50}), {}}).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre("d ID=c102 C='old' B=null", "d ID=c102 C=unavailable B=null"));
}

TEST(LobStore, AnUpdateLeavesAnUnchangedLobOut) {
  const RedoScript::Fields before{RedoScript::number(1), basic_pages(0, 50, {50}), {}};
  RedoScript::Fields after = before;
  after[0] = RedoScript::number(2);
  LobScript redo;
  redo.begin(kA);
  redo.overwrite(kA, RedoScript::kTable, {5, 0}, before, after).commit(kA);
  redo.begin(kB);
  redo.pages(50, content(50));  // the same locator, but written to
  redo.overwrite(kB, RedoScript::kTable, {5, 0}, before, after).commit(kB);
  EXPECT_THAT(redo.run().rows, ElementsAre("u ID=c102 B=null -> ID=c103 B=null",
                                           "u ID=c102 C=unavailable B=null -> ID=c103 C='" + content(50) + "' B=null"));
}

TEST(LobStore, PagesOfTwoTransactionsStayApart) {
  LobScript redo;
  redo.begin(kA).begin(kB);
  redo.marker(kA).marker(kB, kLob2);
  redo.page(50, 0, "from A").page(50, 0, "from B", kLob2);
  redo.insert_lob(kB, basic_pages(0, 6, {50}, kLob2), 1).insert_lob(kA, basic_pages(0, 6, {50}));
  redo.commit(kB).commit(kA);
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre(inserted("from B"), inserted("from A")));
  EXPECT_THAT(told.warnings, IsEmpty());
}

TEST(LobStore, ARecursiveTransactionWritesTheIndexOfItsParent) {
  LobScript redo;
  redo.begin(kA);
  redo.insert_lob(kA, lob_index());
  redo.begin(kRecursive);
  redo.index(kRecursive, 0, 0, 6, {50}, redo::kIndexNewLeaf).page(50, 0, "parent").commit(kRecursive).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted("parent")));
}

TEST(LobStore, RollingARowBackForgetsItsPages) {
  LobScript redo;
  redo.begin(kA);
  redo.page(50, 0, "gone").insert_lob(kA, basic_pages(0, 4, {50}));
  redo.undo_insert(kA, RedoScript::kTable, {5, 0});
  redo.insert_lob(kA, basic_pages(0, 4, {50}), 1);  // the same LOB and block, no page written
  redo.commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(kUnavailable));
}

TEST(LobStore, RollingALaterChangeBackKeepsTheEarlierPages) {
  const RedoScript::Fields first{RedoScript::number(1), basic_pages(0, 5, {50}), {}};
  const RedoScript::Fields second{RedoScript::number(1), basic_pages(0, 6, {51}), {}};
  LobScript redo;
  redo.begin(kA);
  redo.page(50, 0, "first").insert(kA, RedoScript::kTable, {5, 0}, first);
  redo.page(50, 0, "reused").overwrite(kA, RedoScript::kTable, {5, 0}, first, second);
  redo.undo_overwrite(kA, RedoScript::kTable, {5, 0}, first).commit(kA);
  const Told told = redo.run();
  EXPECT_THAT(told.rows, ElementsAre(inserted("first")));
  EXPECT_THAT(told.warnings, IsEmpty());
}

// Index changes of a LOB that went with its row are rolled back once more by vectors that name no key.
TEST(LobStore, RollingTheIndexBackTakesNothingFromAnotherLob) {
  LobScript redo;
  redo.begin(kA);
  redo.insert_lob(kA, lob_index());
  redo.index(kA, 0, 0, 4, {50}).page(50, 0, "stay");
  redo.index(kA, 0, 0, 4, {60}, redo::kIndexInsert, kLob2).page(60, 0, "gone", kLob2);
  redo.insert_lob(kA, lob_index(kLob2), 1);
  redo.undo_insert(kA, RedoScript::kTable, {5, 1}).undo_index_insert(kA, RedoScript::kLobIndex).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(inserted("stay")));
}

TEST(LobStore, OnlyLobsOfCapturedTablesAreKept) {
  LobScript redo;
  redo.begin(kA);
  redo.page(50, 0, "other", kLob, RedoScript::kOtherLobSegment);
  redo.image(kA, 60, "other", kLob2, 0, RedoScript::kOtherLobSegment);
  redo.index(kA, 0, 0, 5, {50}, redo::kIndexInsert, kLob, RedoScript::kOtherLobIndex);
  redo.insert(kA, RedoScript::kOther, {5, 0}, {RedoScript::number(1), basic_pages(0, 5, {50}), {}});
  redo.insert_lob(kA, basic_pages(0, 5, {50})).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre(kUnavailable));
}

TEST(LobStore, ALocatorThatIsNoneIsSuspect) {
  LobScript redo;
  redo.begin(kA);
  redo.insert_lob(kA, bytes_of("no locator")).commit(kA);
  EXPECT_THAT(redo.run().rows, ElementsAre("c ID=c102 C=suspect B=null"));
}

TEST(LobOwners, TheOldestParkedPagesGo) {
  LobOwners owners(100);
  const std::vector<std::uint8_t> page(40);
  EXPECT_FALSE(owners.park(3, kLob, {}, {}, page));
  EXPECT_FALSE(owners.park(3, kLob2, {}, {}, page));
  EXPECT_TRUE(owners.park(3, kLob2, {}, {}, page));
  EXPECT_EQ(owners.parked_bytes(), 80U);
  int found = 0;
  const auto count = [&](const Change&, Rba, Bytes) { ++found; };
  owners.adopt(3, kLob, count);
  EXPECT_EQ(found, 0);
  owners.adopt(4, kLob2, count);
  EXPECT_EQ(found, 0);
  owners.adopt(3, kLob2, count);
  EXPECT_EQ(found, 2);
  EXPECT_EQ(owners.parked_bytes(), 0U);
}

// The real marker of a LOB write, big-endian, says whose the LOB is.
TEST(LobStore, RealMarker) {
  const char* shared = std::getenv("REDOUBT_SHARED");
  const auto path = std::filesystem::path(shared ? shared : "") / "data/redo-records/op11_17-lob.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent: the real marker was not read";
  std::ifstream in(path);
  const auto real = nlohmann::json::parse(in)["cases"][0];
  const ByteString bytes = from_hex(real["records"][0]["hex"].get<std::string>());
  std::vector<redo::Vector> vectors;
  redo::parse_vectors(redo::parse_record(bytes, ByteOrder::kBig, {}), 32, ByteOrder::kBig, vectors);
  ASSERT_EQ(vectors.size(), 1U);
  const auto marker = redo::decode<redo::LobWriteMarker>(vectors[0].field(3), ByteOrder::kBig);
  const auto& expected = real["expected"]["records"]["r1"];
  EXPECT_EQ(to_hex(marker.lob), expected["lob_id"]);
  EXPECT_EQ(marker.obj, expected["lob_base_object_id"]);
  EXPECT_EQ(marker.column, expected["lob_column"]);
  EXPECT_EQ(marker.xid, (Xid{262, 24, 9996017}));
}

// Damaged LOB redo may cost a value; it must not end the run, nor give a value that nobody wrote in full.
TEST(LobStore, SurvivesDamage) {
  const std::string value = content(450);
  const auto script = [&](std::mt19937_64* random) {
    LobScript redo;
    redo.damage = [random](ByteString& f) {
      if (!random || f.empty() || (*random)() % 4 != 0) return;
      if ((*random)() % 3 == 0) f.resize((*random)() % f.size());
      if (!f.empty()) f[(*random)() % f.size()] = static_cast<std::uint8_t>((*random)());
    };
    redo.begin(kA);
    redo.damaged = true;
    redo.images(kA, 50, value.substr(0, 300)).images(kA, 70, value.substr(300));
    redo.secure(kA, 31, LobScript::info(kLob), LobScript::map(KdliCode::kMap, {{50, 3}, {70, 2}}));
    redo.index(kA, 0, 5, 50, {50, 51, 52, 53}, redo::kIndexInsert, kLob2)
        .index(kA, 4, 0, 0, {54}, redo::kIndexNewLeaf, kLob2);
    redo.pages(50, value, kLob2);
    redo.damaged = false;
    redo.insert_lob(kA, list_block(450, 31)).insert_lob(kA, lob_index(kLob2), 1).commit(kA);
    return redo.run();
  };
  const Told whole = script(nullptr);
  ASSERT_EQ(whole.rows.size(), 2U);
  EXPECT_EQ(whole.rows[0], inserted(value));
  std::mt19937_64 random(20261124);
  for (int i = 0; i < 500; ++i) EXPECT_EQ(script(&random).rows.size(), 2U) << i;
}

}  // namespace
}  // namespace redoubt::capture
