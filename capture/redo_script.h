// Redo for tests of the core, record by record, in the forms of format.md 6:
//
//   RedoScript redo;
//   redo.begin(kA).insert(kA, kTable, {1, 0}, {number, locator}).lob_page(...).commit(kA);
//   const Told told = redo.run();
//
// The database has one container and two tables, each with a LOB segment and a LOB index; only T is captured:
//
//   9 APP.T      ID NUMBER, C CLOB, B BLOB     data object 90    LOB segment 20    LOB index 21
//   10 APP.OTHER ID NUMBER, C CLOB, B BLOB     data object 10    LOB segment 30    LOB index 31
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <vector>

#include "capture/core.h"
#include "oracle/charset.h"
#include "oracle/number.h"
#include "redo/record_builder.h"

namespace redoubt::capture {

// What the core tells, held as text so that it outlives the run: "c 1 'value' null".
struct Told {
  std::vector<std::string> rows;
  std::vector<oracle::RowId> rowids;              // of the rows
  std::vector<change::Transaction> transactions;  // whole: parts are put together
  std::size_t parts = 0;
  std::vector<change::Ddl> ddls;
  std::vector<std::string> warnings;
  std::vector<std::string> events;  // other events
  Counters counters;
};

class RedoScript {
 public:
  static constexpr std::uint16_t kCon = 3;
  static constexpr std::uint32_t kTable = 9, kDataObj = 90, kLobSegment = 20, kLobIndex = 21;
  static constexpr std::uint32_t kOther = 10, kOtherLobSegment = 30, kOtherLobIndex = 31;
  using Fields = std::vector<ByteString>;

  RedoScript() : builder_(redo::kVersion23, ByteOrder::kLittle) {}

  Scn scn = 1000;                                              // of the last record
  std::uint32_t time = redo::redo_time_value({2026, 11, 24});  // of the groups to come

  // While `damaged`, the fields of pairs and of lone vectors pass through this before they are written; what makes them
  // vectors of a transaction stays whole.
  bool damaged = false;
  std::function<void(ByteString&)> damage;

  template <class T>
  static ByteString field(const T& t, std::size_t size) {
    const std::vector<std::uint8_t> bytes = redo::encode(t, size, ByteOrder::kLittle);
    return {bytes.data(), bytes.size()};
  }
  static ByteString text(std::string_view s) { return {as_bytes(s).data(), s.size()}; }
  static ByteString number(std::int64_t n) { return oracle::number_from_int64(n); }

  // A record of vectors that `add` puts into it.
  RedoScript& record(const std::function<void()>& add) {
    builder_.begin(++scn, 1, 1);
    add();
    const Bytes bytes = builder_.finish();
    records_.push_back({{bytes.begin(), bytes.end()}, time, thread_});
    return *this;
  }
  void vector(unsigned layer, unsigned code, std::uint16_t cls, redo::Dba dba, const Fields& fields,
              std::uint32_t obj = 0) {
    redo::VectorHeader h;
    h.layer = static_cast<std::uint8_t>(layer);
    h.code = static_cast<std::uint8_t>(code);
    h.cls = cls;
    h.afn = 4;
    h.dba = dba;
    h.con_id = kCon;
    h.obj_high = static_cast<std::uint16_t>(obj >> 16);
    h.obj_low = static_cast<std::uint16_t>(obj);
    builder_.vector(h);
    for (const ByteString& f : fields) builder_.field(f);
  }
  // A record of one vector that stands alone.
  RedoScript& alone(unsigned layer, unsigned code, redo::Dba dba, const Fields& fields, std::uint32_t obj = 0) {
    return record([&] { vector(layer, code, 1, dba, treated(fields), obj); });
  }

  RedoScript& begin(Xid xid) {
    return record([&] {
      redo::Ktudh h;
      h.slt = xid.slt;
      h.sqn = xid.sqn;
      vector(5, 2, header_class(xid), 0x10, {field(h, redo::kKtudhSize)});
    });
  }
  // 5.1 and the vector whose undo it is.
  RedoScript& pair(Xid xid, std::uint32_t obj, std::uint32_t data_obj, redo::Opcode opc, const Fields& undo,
                   redo::Opcode op, redo::Dba dba, const Fields& fields) {
    return record([&] {
      redo::Ktudb ktudb;
      ktudb.xid = xid;
      redo::Ktub ktub = undo_of(xid, obj, data_obj, opc);
      Fields all{field(ktudb, redo::kKtudbSize), field(ktub, redo::kKtubSize), ktb()};
      for (const ByteString& f : treated(undo)) all.push_back(f);
      vector(5, 1, static_cast<std::uint16_t>(header_class(xid) + 1), 0x20, all);
      Fields after{ktb()};
      for (const ByteString& f : treated(fields)) after.push_back(f);
      vector(redo::layer_of(op), redo::code_of(op), 1, dba, after);
    });
  }
  RedoScript& insert(Xid xid, std::uint32_t obj, redo::RowAddress at, const Fields& values) {
    return pair(xid, obj, obj, redo::opcode(11, 1), {field(row_kdo(redo::RowOp::kDelete, at, {}), 20), header(2)},
                redo::kInsertRow, at.dba, whole_row(at, values));
  }
  RedoScript& remove(Xid xid, std::uint32_t obj, redo::RowAddress at, const Fields& values) {
    Fields undo = whole_row(at, values);
    undo.push_back(header(4));
    return pair(xid, obj, obj, redo::opcode(11, 1), undo, redo::kDeleteRow, at.dba,
                {field(row_kdo(redo::RowOp::kDelete, at, {}), 20)});
  }
  // The row is written anew (11.6): all columns on both sides.
  RedoScript& overwrite(Xid xid, std::uint32_t obj, redo::RowAddress at, const Fields& before, const Fields& after) {
    Fields undo = whole_row(at, before, redo::RowOp::kOverwrite);
    undo.push_back(header(1));
    return pair(xid, obj, obj, redo::opcode(11, 1), undo, redo::kOverwriteRow, at.dba,
                whole_row(at, after, redo::RowOp::kOverwrite));
  }
  // Takes an insert back: 11.3, 5.6.
  RedoScript& undo_insert(Xid xid, std::uint32_t obj, redo::RowAddress at) {
    return record([&] {
      vector(11, 3, 1, at.dba, {ktb(), field(row_kdo(redo::RowOp::kDelete, at, {}), 20)});
      apply_undo(xid, obj, redo::opcode(11, 1));
    });
  }
  // Takes an index insert back: 10.4, 5.6.
  RedoScript& undo_index_insert(Xid xid, std::uint32_t obj) {
    return record([&] {
      vector(10, 4, 1, 7, {ktb(), ByteString(6, 0)});
      apply_undo(xid, obj, redo::opcode(10, 22));
    });
  }
  RedoScript& undo_overwrite(Xid xid, std::uint32_t obj, redo::RowAddress at, const Fields& before) {
    return record([&] {
      Fields fields{ktb()};
      const Fields row = whole_row(at, before, redo::RowOp::kOverwrite);
      fields.insert(fields.end(), row.begin(), row.end());
      vector(11, 6, 1, at.dba, fields);
      apply_undo(xid, obj, redo::opcode(11, 1));
    });
  }
  RedoScript& commit(Xid xid, Scn parent = oracle::kNoScn) {
    redo::Ktucm end;
    end.slt = xid.slt;
    end.sqn = xid.sqn;
    end.flg = parent != oracle::kNoScn ? redo::kEndParentScn : 0;
    return record([&] {
      Fields fields{field(end, redo::kKtucmSize)};
      if (parent != oracle::kNoScn) fields.push_back(scn8(parent));
      vector(5, 4, header_class(xid), 0x10, fields);
    });
  }
  RedoScript& roll_back(Xid xid) {
    redo::Ktucm end;
    end.slt = xid.slt;
    end.sqn = xid.sqn;
    end.flg = redo::kEndRolledBack;
    return record([&] { vector(5, 4, header_class(xid), 0x10, {field(end, redo::kKtucmSize)}); });
  }
  // Parallel DML: the parent's decision (5.4 with state 12) and its end (5.12 with state 9).
  RedoScript& decide(Xid xid) {
    redo::Ktucm end;
    end.slt = xid.slt;
    end.sqn = xid.sqn;
    end.sta = redo::kEndStateParallelParent;
    end.flg = 0;
    return record([&] { vector(5, 4, header_class(xid), 0x10, {field(end, redo::kKtucmSize)}); });
  }
  RedoScript& end_parallel(Xid xid) {
    redo::Ktust state{xid.slt, xid.sqn, redo::kEndStateEnded, 0};
    return record([&] { vector(5, 12, header_class(xid), 0x10, {field(state, 24)}); });
  }
  RedoScript& on_thread(std::uint16_t thread) {
    thread_ = thread;
    return *this;
  }

  static oracle::LoadedDictionary dictionary() {
    oracle::LoadedDictionary loaded;
    loaded.facts.con_id = kCon;
    loaded.facts.charset = oracle::charset_by_name("AL32UTF8");
    loaded.facts.national_charset = oracle::charset_by_name("AL16UTF16");
    loaded.scn = loaded.schema_scn = 100;
    std::uint32_t next = 1;
    const auto put = [&](auto row) { loaded.rows.of<decltype(row)>().put({1, next++, 0}, std::move(row)); };
    put(oracle::UserRow{5, "APP", {}, 0});
    const auto table = [&](std::uint32_t obj, std::uint32_t data_obj, const std::string& name, std::uint32_t lob) {
      put(oracle::ObjectRow{5, obj, data_obj, name, 2, {}, 0, ""});
      put(oracle::TableRow{obj, data_obj, 4, 0, {}, {}});
      std::uint32_t n = 0;
      for (const auto& [column, type, form] :
           {std::tuple("ID", 2U, 0U), std::tuple("C", 112U, 1U), std::tuple("B", 113U, 0U)}) {
        ++n;
        put(oracle::ColumnRow{obj, n, n, n, column, type, 22, -1, -1, form, 0, 0, {}});
      }
      put(oracle::LobRow{obj, 2, 2, lob, 4});
      put(oracle::ObjectRow{5, lob, lob, fmt::format("SYS_LOB{:010}C00002$$", obj), 21, {}, 0, ""});
      put(oracle::ObjectRow{5, lob + 1, lob + 1, fmt::format("SYS_IL{:010}C00002$$", obj), 1, {}, 0, ""});
    };
    table(kTable, kDataObj, "T", kLobSegment);
    table(kOther, kOther, "OTHER", kOtherLobSegment);
    return loaded;
  }

  // All records, each as a group of its own.
  Told run() const { return run(DictionaryTracker({dictionary()}, "APP\\.T")); }
  Told run(DictionaryTracker tracker, Core::Options options = {}) const {
    Core core(std::move(tracker), options);
    const Groups all = groups();
    for (const auto& [thread, list] : all) core.open_thread(thread);
    Told told;
    std::map<std::uint16_t, std::size_t> next;
    while (core.step()) {
      drain(core, told);
      const std::uint16_t thread = core.hungry();
      const std::size_t at = next[thread]++;
      core.feed(thread, at < all.at(thread).size() ? &all.at(thread)[at] : nullptr);
    }
    drain(core, told);
    told.counters = core.counters();
    return told;
  }

  // By thread; group n stands at block n + 1. They view the script.
  using Groups = std::map<std::uint16_t, std::vector<redo::Group>>;
  Groups groups() const {
    Groups all;
    for (const Kept& kept : records_) {
      redo::Group& group = all[kept.thread].emplace_back();
      group.thread = kept.thread;
      group.version = redo::kVersion23;
      group.file = "script.dbf";
      group.time = kept.time;
      group.start = {1, static_cast<std::uint32_t>(all[kept.thread].size()), 0};
      group.records.push_back(redo::parse_record(kept.bytes, ByteOrder::kLittle, {1, group.start.block, 16}));
    }
    return all;
  }
  // All that the core has to tell.
  static void drain(Core& core, Told& told) {
    change::Batch batch;
    while (core.take(batch)) add(batch, told);
    for (const Event& e : core.take_events())
      (e.kind == Event::Kind::kWarning ? told.warnings : told.events).push_back(e.text);
  }

 private:
  struct Kept {
    std::vector<std::uint8_t> bytes;
    std::uint32_t time;
    std::uint16_t thread;
  };

  Fields treated(Fields fields) const {
    if (damaged)
      for (ByteString& f : fields) damage(f);
    return fields;
  }
  static std::uint16_t header_class(Xid xid) { return static_cast<std::uint16_t>(15 + 2 * xid.usn); }
  static ByteString ktb() {
    redo::Ktb k;
    k.op = static_cast<std::uint8_t>(redo::KtbKind::kUnused);
    return field(k, 8);
  }
  static ByteString scn8(Scn scn) {
    ByteString bytes(8, 0);
    store(bytes.data(), static_cast<std::uint64_t>(scn), ByteOrder::kLittle);
    return bytes;
  }
  static redo::Ktub undo_of(Xid xid, std::uint32_t obj, std::uint32_t data_obj, redo::Opcode opc) {
    redo::Ktub k;
    k.obj = obj;
    k.data_obj = data_obj;
    k.opc_layer = static_cast<std::uint8_t>(redo::layer_of(opc));
    k.opc_code = static_cast<std::uint8_t>(redo::code_of(opc));
    k.slt = static_cast<std::uint8_t>(xid.slt);
    return k;
  }
  void apply_undo(Xid xid, std::uint32_t obj, redo::Opcode opc) {
    redo::Ktub ktub = undo_of(xid, obj, obj, opc);
    ktub.flg = redo::kUndoDone;
    vector(5, 6, static_cast<std::uint16_t>(header_class(xid) + 1), 0x20, {field(ktub, redo::kKtubExtSize)});
  }
  static redo::Kdo row_kdo(redo::RowOp op, redo::RowAddress at, Bytes nulls) {
    redo::Kdo k;
    k.bdba = at.dba;
    k.slot = at.slot;
    k.op = static_cast<std::uint8_t>(op);
    k.fb = redo::kFbHead | redo::kFbFirst | redo::kFbLast;
    k.nulls = nulls;
    return k;
  }
  static Fields whole_row(redo::RowAddress at, const Fields& values, redo::RowOp op = redo::RowOp::kInsert) {
    ByteString nulls(redo::null_bytes(static_cast<unsigned>(values.size())), 0);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i].empty()) nulls[i / 8] = static_cast<std::uint8_t>(nulls[i / 8] | 1 << i % 8);
    redo::Kdo kdo = row_kdo(op, at, nulls);
    kdo.cc = static_cast<std::uint8_t>(values.size());
    Fields fields{field(kdo, redo::insert_kdo_size(kdo.cc))};
    fields.insert(fields.end(), values.begin(), values.end());
    return fields;
  }
  static ByteString header(std::uint8_t kind) {
    redo::SupplementalHeader h;
    h.kind = kind;
    h.fb = redo::kFbFirst | redo::kFbLast;
    h.before = h.after = 1;
    return field(h, redo::kSupplementalSize);
  }

  static std::string cell_text(const change::RowChange& row, const change::Cell& c) {
    const std::string value(as_text(c.bytes()));
    const std::string name = row.table->columns[c.column].name;
    switch (c.state) {
      case change::CellState::kNull: return name + "=null";
      case change::CellState::kValue: return name + "=" + to_hex(c.bytes());
      case change::CellState::kLob: return name + "='" + value + "'";
      case change::CellState::kLobUtf16: return name + "=u'" + value + "'";
      case change::CellState::kUnavailable: return name + "=unavailable";
      default: return name + "=suspect";
    }
  }
  static void add(const change::Batch& batch, Told& told) {
    for (const change::Transaction& t : batch.transactions) {
      // A part belongs to the one before it.
      REDOUBT_ASSERT(t.first == (told.transactions.empty() || told.transactions.back().last));
      ++told.parts;
      if (t.first) {
        told.transactions.push_back(t);
      } else {
        told.transactions.back().row_count += t.row_count;
        told.transactions.back().suspect = t.suspect;
        told.transactions.back().last = t.last;
      }
      for (std::uint32_t i = 0; i < t.row_count; ++i) {
        const change::RowChange& row = batch.rows[t.first_row + i];
        std::string text(1, static_cast<char>(row.op));
        for (std::size_t n = 0; n < std::size_t{row.before_count} + row.after_count; ++n) {
          if (n == row.before_count && n > 0) text += " ->";
          text += " " + cell_text(row, batch.cells[row.first_cell + n]);
        }
        told.rowids.push_back(row.rowid);
        told.rows.push_back(text + (row.suspect ? " suspect" : ""));
      }
      for (std::uint32_t i = 0; i < t.ddl_count; ++i) told.ddls.push_back(batch.ddls[t.first_ddl + i]);
    }
  }

  redo::RecordBuilder builder_;
  std::vector<Kept> records_;
  std::uint16_t thread_ = 1;
};

}  // namespace redoubt::capture
