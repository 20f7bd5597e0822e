// The core on records that are made here: small transactions whose result is plain to see.
#include "capture/core.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "redo/index_vector.h"
#include "redo/record_builder.h"
#include "redo/undo.h"

namespace redoubt::capture {
namespace {

using redo::Kdo;
using redo::RowOp;
using redo::StatementKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr redo::Version kVersion = redo::kVersion19;
constexpr std::uint16_t kContainer = 3;
constexpr std::uint32_t kObject = 100;
constexpr std::uint8_t kWhole = redo::kFbHead | redo::kFbFirst | redo::kFbLast;
constexpr std::uint8_t kF = redo::kFbFirst, kL = redo::kFbLast;

using Values = std::vector<std::string>;  // "" is NULL

// A row piece, or a change of one. `positions`: an update's column numbers in the piece, from 0.
struct PieceOf {
  RowOp op;
  Values values;
  std::uint8_t fb = kWhole;
  std::vector<std::uint16_t> positions = {};
  redo::RowAddress at = {0x01000010, 5};
};

struct Header {
  StatementKind kind;
  std::uint8_t fb = kF | kL;
  std::uint16_t before = 1, after = 1;
  redo::RowAddress head = {0x01000010, 5};
  std::vector<std::pair<std::uint16_t, std::string>> columns = {};
};

// Makes records one by one and takes them through a core.
class CoreTest : public testing::Test {
 protected:
  static constexpr oracle::Xid kXid{2, 4, 77};

  void start() { builder_.begin(++scn_, 1, 0); }
  void stop() {
    const Bytes bytes = builder_.finish();
    bytes_.push_back(std::make_unique<ByteString>(bytes.begin(), bytes.end()));
    group_.records.push_back(redo::parse_record(*bytes_.back(), ByteOrder::kLittle, {1, ++block_, 16}));
  }

  void vector(redo::Opcode op, std::uint16_t cls, oracle::Dba dba = 0x02000001) {
    redo::VectorHeader header;
    header.layer = static_cast<std::uint8_t>(redo::layer_of(op));
    header.code = static_cast<std::uint8_t>(redo::code_of(op));
    header.cls = cls;
    header.con_id = kContainer;
    header.dba = dba;
    builder_.vector(header);
  }
  static std::uint16_t undo_block(oracle::Xid xid) { return static_cast<std::uint16_t>(16 + 2 * xid.usn); }
  static std::uint16_t undo_header(oracle::Xid xid) { return static_cast<std::uint16_t>(15 + 2 * xid.usn); }

  void begin(oracle::Xid xid = kXid) {
    vector(redo::kBeginTransaction, undo_header(xid));
    redo::Ktudh k;
    k.slt = xid.slt;
    k.sqn = xid.sqn;
    builder_.field(k, redo::kKtudhSize);
  }
  void end(oracle::Xid xid = kXid, std::uint8_t flg = 0) {
    vector(redo::kEndTransaction, undo_header(xid));
    redo::Ktucm k;
    k.slt = xid.slt;
    k.sqn = xid.sqn;
    k.flg = flg;
    builder_.field(k, redo::kKtucmSize);
  }
  void ktb(std::uint8_t undo_rec = 0) {
    redo::Ktb k;
    k.op = static_cast<std::uint8_t>(redo::KtbKind::kContinue);
    k.uba = {0x02000001, 9, undo_rec};
    builder_.field(k, k.body() + 8);
  }

  void undo_start(oracle::Xid xid, redo::Opcode opc, std::uint16_t flg = 0, std::uint8_t rec = 0) {
    vector(redo::kUndo, undo_block(xid));
    redo::Ktudb ktudb;
    ktudb.xid = xid;
    ktudb.seq = 9;
    ktudb.rec = rec;
    builder_.field(ktudb, redo::kKtudbSize);
    builder_.field(ktub(xid, opc, flg), redo::kKtubSize);
  }
  static redo::Ktub ktub(oracle::Xid xid, redo::Opcode opc, std::uint16_t flg) {
    redo::Ktub k;
    k.obj = k.data_obj = kObject;
    k.opc_layer = static_cast<std::uint8_t>(redo::layer_of(opc));
    k.opc_code = static_cast<std::uint8_t>(redo::code_of(opc));
    k.slt = static_cast<std::uint8_t>(xid.slt);
    k.flg = flg;
    return k;
  }

  void piece(const PieceOf& p, std::uint8_t op_flags) {
    std::array<std::uint8_t, 32> nulls{};
    for (std::size_t i = 0; i < p.values.size(); ++i)
      if (p.values[i].empty()) nulls[i >> 3] = static_cast<std::uint8_t>(nulls[i >> 3] | 1 << (i & 7));
    Kdo k;
    k.bdba = p.at.dba;
    k.slot = p.at.slot;
    k.op = static_cast<std::uint8_t>(static_cast<std::uint8_t>(p.op) | op_flags);
    k.fb = p.fb;
    k.cc = k.nnew = static_cast<std::uint8_t>(p.values.size());
    k.nulls = nulls;
    switch (p.op) {
      case RowOp::kInsert:
      case RowOp::kOverwrite: builder_.field(k, redo::insert_kdo_size(k.cc)); break;
      case RowOp::kUpdate: {
        if (p.values.empty()) throw std::logic_error("an update of nothing");
        k.cc = static_cast<std::uint8_t>(p.positions.back() + 1);
        builder_.field(k, redo::update_kdo_size(k.nnew));
        std::vector<std::uint8_t> list(2 * p.positions.size());
        for (std::size_t i = 0; i < p.positions.size(); ++i)
          store(list.data() + 2 * i, p.positions[i], ByteOrder::kLittle);
        builder_.field(list);
        break;
      }
      case RowOp::kLogminer: builder_.field(k, redo::kKdoSize); return;
      default: builder_.field(k, redo::kDeleteKdoSize); return;
    }
    for (const std::string& value : p.values) builder_.field(as_bytes(value));
  }
  void supplemental(const Header& h) {
    redo::SupplementalHeader s;
    s.kind = static_cast<std::uint8_t>(h.kind);
    s.fb = h.fb;
    s.columns = static_cast<std::uint16_t>(h.columns.size());
    s.before = h.before;
    s.after = h.after;
    s.head = h.head;
    builder_.field(s, redo::kSupplementalFullSize);
    if (h.columns.empty()) return;
    std::vector<std::uint8_t> numbers(2 * h.columns.size()), lengths(2 * h.columns.size());
    for (std::size_t i = 0; i < h.columns.size(); ++i) {
      store(numbers.data() + 2 * i, h.columns[i].first, ByteOrder::kLittle);
      store(lengths.data() + 2 * i, static_cast<std::uint16_t>(h.columns[i].second.size()), ByteOrder::kLittle);
    }
    builder_.field(numbers);
    builder_.field(lengths);
    for (const auto& [column, value] : h.columns) builder_.field(as_bytes(value));
  }

  void undo(const PieceOf& p, const Header* h, oracle::Xid xid = kXid, std::uint8_t rec = 0) {
    undo_start(xid, redo::opcode(11, 1), 0, rec);
    ktb();
    piece(p, redo::kKdoUndo);
    if (h) supplemental(*h);
  }
  void row(const PieceOf& p, std::uint8_t undo_rec = 0, std::uint8_t op_flags = 0) {
    vector(redo::opcode(11, static_cast<unsigned>(p.op)), 1, p.at.dba);
    ktb(undo_rec);
    piece(p, op_flags);
  }
  void applied(oracle::Xid xid = kXid, redo::Opcode opc = redo::opcode(11, 1)) {
    vector(redo::kUndoApplied, undo_block(xid));
    builder_.field(ktub(xid, opc, redo::kUndoDone), redo::kKtubExtSize);
    builder_.field(redo::RollbackPosition{}, redo::kRollbackPositionSize);
  }

  // A whole record of one change.
  void change(const PieceOf& before, const PieceOf& after, const Header& h, oracle::Xid xid = kXid) {
    start();
    undo(before, &h, xid);
    row(after);
    stop();
  }
  void insert(const std::string& value, redo::RowAddress at, oracle::Xid xid = kXid) {
    change({RowOp::kDelete, {}, kWhole, {}, at}, {RowOp::kInsert, {value}, kWhole, {}, at},
           {StatementKind::kInsert, kF | kL, 0, 1, at}, xid);
  }
  void begin_record(oracle::Xid xid = kXid) {
    start();
    begin(xid);
    stop();
  }
  void commit(oracle::Xid xid = kXid) {
    start();
    end(xid);
    stop();
  }
  // The compensating vector and its 5.6.
  void roll_back(const PieceOf& p) {
    start();
    row(p, 0, redo::kKdoUndo);
    applied();
    stop();
  }

  // What the core tells of all records: "c 1=a" and so on per row, transactions divided by "--".
  std::vector<std::string> told(DictionaryTracker dictionary = DictionaryTracker::schemaless()) {
    group_.thread = 1;
    group_.version = kVersion;
    Core core(std::move(dictionary), Core::Options{});
    core.open_thread(1);
    core.feed(1, &group_);
    while (core.step()) core.feed(1, nullptr);
    change::Batch batch;
    core.take(batch);
    for (const Event& event : core.take_events()) warnings_.push_back(event.text);
    std::vector<std::string> lines;
    for (const change::Transaction& t : batch.transactions) {
      if (!lines.empty()) lines.push_back("--");
      for (std::uint32_t i = 0; i < t.row_count; ++i) lines.push_back(line(batch, batch.rows[t.first_row + i]));
    }
    return lines;
  }
  static std::string line(const change::Batch& batch, const change::RowChange& row) {
    std::string text(1, static_cast<char>(row.op));
    const auto side = [&](std::size_t from, std::size_t count) {
      for (std::size_t i = from; i < from + count; ++i) {
        const change::Cell& c = batch.cells[i];
        text += fmt::format(" {}={}", c.column + 1,
                            c.state == change::CellState::kNull ? std::string("-") : std::string(as_text(c.bytes())));
      }
    };
    side(row.first_cell, row.before_count);
    if (row.before_count > 0 && row.after_count > 0) text += " >";
    side(row.first_cell + row.before_count, row.after_count);
    return row.suspect ? text + " suspect" : text;
  }

  redo::RecordBuilder builder_{kVersion, ByteOrder::kLittle};
  std::vector<std::unique_ptr<ByteString>> bytes_;
  redo::Group group_;
  Scn scn_ = 1000;
  std::uint32_t block_ = 1;
  std::vector<std::string> warnings_;
};

constexpr redo::RowAddress kRow1{0x01000010, 1}, kRow2{0x01000010, 2}, kRow3{0x01000011, 0};

TEST_F(CoreTest, PairsUndoWithTheRowVectorBehindIt) {
  start();
  begin();
  const Header h{StatementKind::kUpdate, kF | kL, 2, 2};
  undo({RowOp::kUpdate, {"old"}, kWhole, {1}}, &h);
  row({RowOp::kUpdate, {"new"}, kWhole, {1}});
  stop();
  commit();
  EXPECT_THAT(told(), ElementsAre("u 2=old > 2=new"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CoreTest, BlockCleanoutBetweenThePairIsPassedOver) {
  begin_record();
  start();
  const Header h{StatementKind::kInsert, kF | kL, 0, 1};
  undo({RowOp::kDelete, {}}, &h);
  vector(redo::opcode(4, 1), 1);
  builder_.field(Bytes{});
  row({RowOp::kInsert, {"a", "", "c"}});
  stop();
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=a 2=- 3=c"));
}

TEST_F(CoreTest, InMemoryUndoIsPairedByUba) {
  // Row vectors, 5.2, 5.4, then their undo in another order.
  start();
  row({RowOp::kUpdate, {"new 1"}, kWhole, {0}, kRow1}, 1);
  begin();
  row({RowOp::kUpdate, {"new 2"}, kWhole, {0}, kRow2}, 2);
  end();
  undo({RowOp::kUpdate, {"old 2"}, kWhole, {0}, kRow2}, nullptr, kXid, 2);
  undo({RowOp::kUpdate, {"old 1"}, kWhole, {0}, kRow1}, nullptr, kXid, 1);
  stop();
  EXPECT_THAT(told(), ElementsAre("u 1=old 1 > 1=new 1", "u 1=old 2 > 1=new 2"));
}

// Tail, middle, head: the head's fields first; with 0x0004 a field runs on in the part before.
TEST_F(CoreTest, SplitUndoIsPutTogether) {
  begin_record();
  const std::uint16_t split = redo::kUndoFieldSplit;
  start();
  undo_start(kXid, redo::opcode(11, 1), redo::kUndoTail);
  builder_.field(as_bytes("fth"));
  supplemental({StatementKind::kDelete, kF | kL, 1, 0});
  stop();
  start();
  undo_start(kXid, redo::opcode(11, 1), redo::kUndoMiddle | split);
  builder_.field(as_bytes("third"));
  builder_.field(as_bytes("fou"));  // + "rth" would be one field; here the tail goes on with "fth"
  stop();
  start();
  undo_start(kXid, redo::opcode(11, 1), redo::kUndoHead);
  ktb();
  const std::array<std::uint8_t, 1> no_nulls{};
  Kdo k;
  k.bdba = kRow1.dba;
  k.slot = kRow1.slot;
  k.op = static_cast<std::uint8_t>(static_cast<std::uint8_t>(RowOp::kInsert) | redo::kKdoUndo);
  k.fb = kWhole;
  k.cc = 4;
  k.nulls = no_nulls;
  builder_.field(k, redo::insert_kdo_size(k.cc));
  builder_.field(as_bytes("first"));
  builder_.field(as_bytes("second"));
  row({RowOp::kDelete, {}, kWhole, {}, kRow1});
  stop();
  commit();
  EXPECT_THAT(told(), ElementsAre("d 1=first 2=second 3=third 4=foufth"));
}

TEST_F(CoreTest, SplitUndoWithoutItsFirstPartIsSuspect) {
  begin_record();
  start();
  undo_start(kXid, redo::opcode(11, 1), redo::kUndoHead);
  row({RowOp::kDelete, {}, kWhole, {}, kRow1});
  stop();
  commit();
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("lacks its first parts")));
}

TEST_F(CoreTest, RollbackTakesBackTheInverseChangeOfItsRow) {
  begin_record();
  insert("1", kRow1);
  insert("2", kRow2);
  insert("3", kRow3);
  roll_back({RowOp::kDelete, {}, kWhole, {}, kRow1});  // not the newest: found by its row
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=2", "c 1=3"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CoreTest, RollbackTakesBackTheNewestOfTwoChangesOfARow) {
  begin_record();
  const auto update = [&](const char* from, const char* to) {
    change({RowOp::kUpdate, {from}, kWhole, {0}}, {RowOp::kUpdate, {to}, kWhole, {0}}, {StatementKind::kUpdate});
  };
  update("a", "b");
  update("b", "c");
  roll_back({RowOp::kUpdate, {"b"}, kWhole, {0}});
  commit();
  EXPECT_THAT(told(), ElementsAre("u 1=a > 1=b"));
}

TEST_F(CoreTest, RollbackOfADeleteIsAnInsert) {
  begin_record();
  change({RowOp::kInsert, {"x"}, kWhole, {}, kRow1}, {RowOp::kDelete, {}, kWhole, {}, kRow1},
         {StatementKind::kDelete, kF | kL, 1, 0, kRow1});
  insert("2", kRow2);
  roll_back({RowOp::kInsert, {"x"}, kWhole, {}, kRow1});
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=2"));
}

TEST_F(CoreTest, ALoneUndoAppliedTakesBackWhatRodeAlong) {
  begin_record();
  change({RowOp::kUpdate, {"a"}, kWhole, {0}}, {RowOp::kUpdate, {"b"}, kWhole, {0}}, {StatementKind::kUpdate, kF});
  change({RowOp::kLogminer, {}}, {RowOp::kLogminer, {}}, {StatementKind::kUpdate, kL, 0, 0});
  start();
  applied();
  stop();
  roll_back({RowOp::kUpdate, {"a"}, kWhole, {0}});
  insert("2", kRow2);
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=2"));
  EXPECT_THAT(warnings_, IsEmpty());
}

// The row vectors are gone, the extra is not: nothing changed.
TEST_F(CoreTest, AnExtraWhoseChangeWasRolledBackIsNoUpdate) {
  begin_record();
  change({RowOp::kLogminer, {}}, {RowOp::kLogminer, {}}, {StatementKind::kUpdate, kF, 0, 0});
  change({RowOp::kUpdate, {"a"}, kWhole, {0}}, {RowOp::kUpdate, {"b"}, kWhole, {0}}, {StatementKind::kUpdate, kL});
  roll_back({RowOp::kUpdate, {"a"}, kWhole, {0}});
  insert("2", kRow2);
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=2"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CoreTest, ARollbackOfAChangeNobodySawIsReported) {
  begin_record();
  insert("1", kRow1);
  roll_back({RowOp::kDelete, {}, kWhole, {}, kRow2});
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=1"));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("was not seen")));
}

TEST_F(CoreTest, ARolledBackTransactionTellsNothing) {
  begin_record();
  insert("1", kRow1);
  start();
  end(kXid, redo::kEndRolledBack);
  stop();
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(CoreTest, ASlotIsUsedAgainWithAnotherWrap) {
  constexpr oracle::Xid kLater{kXid.usn, kXid.slt, kXid.sqn + 1};
  begin_record();
  insert("1", kRow1);
  commit();
  begin_record(kLater);
  insert("2", kRow2, kLater);
  roll_back({RowOp::kDelete, {}, kWhole, {}, kRow2});
  insert("3", kRow3, kLater);
  commit(kLater);
  EXPECT_THAT(told(), ElementsAre("c 1=1", "--", "c 1=3"));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CoreTest, ABeginInASlotThatIsTakenIsReportedAndTheOldOneDropped) {
  constexpr oracle::Xid kLater{kXid.usn, kXid.slt, kXid.sqn + 1};
  begin_record();
  insert("1", kRow1);
  begin_record(kLater);
  insert("2", kRow2, kLater);
  commit(kLater);
  EXPECT_THAT(told(), ElementsAre("c 1=2"));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("its end was not seen")));
}

TEST_F(CoreTest, ATransactionWithoutBeginIsLeftOut) {
  insert("1", kRow1);
  commit();
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("began before the first log")));
}

// Each piece of an update names the head of its row.
TEST_F(CoreTest, PiecesOfTwoRowsMayBeMixed) {
  constexpr redo::RowAddress kTail1{0x01000020, 1}, kTail2{0x01000020, 2};
  const auto part = [&](const char* from, const char* to, std::uint8_t row_fb, redo::RowAddress at, std::uint8_t fb,
                        std::uint16_t column, redo::RowAddress head) {
    change({RowOp::kUpdate, {from}, row_fb, {0}, at}, {RowOp::kUpdate, {to}, row_fb, {0}, at},
           {StatementKind::kUpdate, fb, column, column, head});
  };
  begin_record();
  part("a1", "A1", redo::kFbHead | kF, kRow1, kF, 1, kRow1);
  part("a2", "A2", redo::kFbHead | kF, kRow2, kF, 1, kRow2);
  part("b1", "B1", kL, kTail1, kL, 5, kRow1);
  part("b2", "B2", kL, kTail2, kL, 5, kRow2);
  commit();
  EXPECT_THAT(told(), ElementsAre("u 1=a1 5=b1 > 1=A1 5=B1", "u 1=a2 5=b2 > 1=A2 5=B2"));
}

// The tail is written first; a value may run over three pieces.
TEST_F(CoreTest, AnInsertedValueIsSplitOverPieces) {
  constexpr std::uint8_t kP = redo::kFbPrevious, kN = redo::kFbNext;
  const auto part = [&](Values values, std::uint8_t row_fb, std::uint16_t slot, std::uint8_t fb, std::uint16_t column) {
    const redo::RowAddress at{0x01000010, slot};
    change({RowOp::kDelete, {}, kWhole, {}, at}, {RowOp::kInsert, std::move(values), row_fb, {}, at},
           {StatementKind::kInsert, fb, 0, column, {0x01000010, 1}});
  };
  begin_record();
  part({"gh", "z"}, kL | kP, 1, kF, 2);
  part({"cdef"}, kP | kN, 2, 0, 2);
  part({"y", "ab"}, redo::kFbHead | kF | kN, 3, kL, 1);
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=y 2=abcdefgh 3=z"));
}

TEST_F(CoreTest, SupplementalColumnsRideOnTheChange) {
  begin_record();
  change({RowOp::kUpdate, {"a"}, kWhole, {1}}, {RowOp::kUpdate, {"b"}, kWhole, {1}},
         {StatementKind::kUpdate, kF | kL, 2, 2, kRow1, {{1, "key"}, {4, ""}}});
  commit();
  EXPECT_THAT(told(), ElementsAre("u 1=key 2=a 4=- > 1=key 2=b 4=-"));
}

// Rows of index-organized tables.
class IndexOrganizedTest : public CoreTest {
 protected:
  struct Entry {
    Values key;
    Values columns;
  };

  static ByteString row_format(const Values& values) {
    std::vector<std::uint8_t> out;
    for (const std::string& v : values) redo::append_row_format(out, {0, v.empty(), as_bytes(v)}, ByteOrder::kLittle);
    return {out.begin(), out.end()};
  }
  static ByteString key_data(const Values& values) {
    ByteString data{kWhole, 0, static_cast<std::uint8_t>(values.size())};
    return data + row_format(values);
  }
  void index_undo(redo::LeafUndo code, const Entry& entry, bool iot, StatementKind kind) {
    undo_start(kXid, redo::opcode(10, 22));
    ktb();
    redo::Kdilk k;
    k.code = static_cast<std::uint8_t>(code);
    k.flags = iot ? redo::kKdilkSupplemental : std::uint8_t{0};
    k.leaf = kRow1.dba;
    builder_.field(k, redo::kKdilkSize);
    builder_.field(row_format(entry.key));
    if (code != redo::LeafUndo::kPurge) builder_.field(iot ? key_data(entry.columns) : ByteString{1, 0, 0, 0x10, 0, 1});
    if (iot) supplemental({kind, kF | kL, 1, 1, {}});
  }
  void index_redo(redo::Opcode op) {
    vector(op, 1, kRow1.dba);
    ktb();
    redo::IndexRow r;
    r.slot = 3;
    builder_.field(r, redo::kIndexRowSize);
  }
  void insert_entry(const Entry& entry, bool iot = true) {
    start();
    index_undo(redo::LeafUndo::kPurge, entry, iot, StatementKind::kInsert);
    index_redo(redo::kIndexInsert);
    builder_.field(row_format(entry.key));
    builder_.field(iot ? key_data(entry.columns) : ByteString{1, 0, 0, 0x10, 0, 1});
    stop();
  }
  void delete_entry(const Entry& entry, bool iot = true) {
    start();
    index_undo(redo::LeafUndo::kRestore, entry, iot, StatementKind::kDelete);
    index_redo(redo::kIndexDelete);
    stop();
  }
  void update_entry(redo::Opcode op, const Entry& before, const Values& after) {
    start();
    index_undo(op == redo::kIotUpdateRow ? redo::LeafUndo::kWholeRow : redo::LeafUndo::kUpdateKeyData, before, true,
               StatementKind::kUpdate);
    index_redo(op);
    builder_.field(key_data(after));
    stop();
  }
};

TEST_F(IndexOrganizedTest, EntriesAreRows) {
  begin_record();
  insert_entry({{"k1", "k2"}, {"a", "", "c"}});
  delete_entry({{"k3", "k4"}, {"d"}});
  update_entry(redo::kIotUpdateRow, {{"k5", "k6"}, {"e"}}, {"E", "F"});
  update_entry(redo::kIndexUpdateKeyData, {{"k7", "k8"}, {"g", "h"}}, {"G"});
  commit();
  EXPECT_THAT(told(),
              ElementsAre("c 1=k1 2=k2 3=a 4=- 5=c", "d 1=k3 2=k4 3=d", "u 1=k5 2=k6 3=e 4=- > 1=k5 2=k6 3=E 4=F",
                          "u 1=k7 2=k8 3=g 4=h > 1=k7 2=k8 3=G 4=-"));
}

TEST_F(IndexOrganizedTest, EntriesOfOtherIndexesAreNoRows) {
  begin_record();
  insert_entry({{"k1"}, {}}, false);
  delete_entry({{"k2"}, {}}, false);
  insert("2", kRow2);
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=2"));
}

TEST_F(IndexOrganizedTest, RollbackTakesEntriesBack) {
  begin_record();
  insert_entry({{"k1"}, {"a"}});
  delete_entry({{"k2"}, {"b"}});
  update_entry(redo::kIotUpdateRow, {{"k3"}, {"c"}}, {"C"});
  insert_entry({{"k4"}, {"d"}});
  const auto taken_back = [&](redo::Opcode op) {
    start();
    index_redo(op);
    applied(kXid, redo::opcode(10, 22));
    stop();
  };
  taken_back(redo::kIndexDelete);   // of k4
  taken_back(redo::kIotUpdateRow);  // of k3
  taken_back(redo::kIndexInsert);   // of k2
  commit();
  EXPECT_THAT(told(), ElementsAre("c 1=k1 2=a"));
  EXPECT_THAT(warnings_, IsEmpty());
}

// Pieces that begin rows and end none, and pieces of rows that none began: each row is told as suspect, in a time that
// grows with their number.
TEST_F(CoreTest, RowsWithoutEndTakeTimeByTheirNumber) {
  const auto seconds = [&](std::uint32_t rows) {
    group_.records.clear();
    begin_record();
    for (std::uint32_t i = 0; i < rows; ++i) {
      const redo::RowAddress at{0x01000010 + i, 1};
      const std::uint8_t fb = i % 2 == 0 ? kF : 0;
      change({RowOp::kDelete, {}, kWhole, {}, at}, {RowOp::kInsert, {"v"}, kWhole, {}, at},
             {StatementKind::kInsert, fb, 0, 1, at});
    }
    commit();
    const std::clock_t start = std::clock();
    const auto lines = told();
    const double taken = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_EQ(lines.size(), rows);
    EXPECT_TRUE(std::all_of(lines.begin(), lines.end(), [](const auto& line) { return line == "c 1=v suspect"; }));
    return taken;
  };
  const double few = seconds(4000), many = seconds(64000);
  EXPECT_LT(many, 16 * 2.5 * std::max(few, 0.01)) << few << " s for 4000 rows";
}

}  // namespace
}  // namespace redoubt::capture
