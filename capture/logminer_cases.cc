// Cases without redo: LogMiner rows, some flagged as rollbacks, and updates whose values may be equal. Records that say
// the same are made, so that what captures real redo decides.
#include <fmt/format.h>

#include <algorithm>

#include "capture/case_runner.h"
#include "capture/record_facts.h"
#include "capture/record_set.h"
#include "redo/record_builder.h"
#include "redo/transaction_vectors.h"
#include "redo/undo.h"

namespace redoubt::capture {
namespace {

using redo::Kdo;
using redo::RowOp;

constexpr std::uint16_t kContainer = 3;

// A change of one row, as the values of its columns where they matter.
struct Made {
  std::uint32_t obj = 1;
  oracle::RowId rowid;
  RowOp op = RowOp::kUpdate;
  std::vector<std::pair<std::uint16_t, ByteString>> before, after, logged;  // by segment column
};

class RecordMaker {
 public:
  explicit RecordMaker(oracle::Xid xid) : xid_(xid), builder_(redo::kVersion19, ByteOrder::kLittle) {}

  Bytes change(const Made& made, Scn scn) {
    builder_.begin(scn, 1, 0);
    vector(5, 1, undo_class());
    redo::Ktudb ktudb;
    ktudb.xid = xid_;
    builder_.field(ktudb, redo::kKtudbSize);
    builder_.field(ktub(made, 0), redo::kKtubSize);
    ktb();
    kdo(made, inverse(made.op), redo::kKdoUndo, made.before);
    supplemental(made);
    vector(11, static_cast<std::uint8_t>(made.op), 1);
    ktb();
    kdo(made, made.op, 0, made.after);
    return builder_.finish();
  }

  // The change that takes one back, as it is applied.
  Bytes rollback(const Made& made, Scn scn) {
    builder_.begin(scn, 1, 0);
    vector(11, static_cast<std::uint8_t>(made.op), 1);
    ktb();
    kdo(made, made.op, redo::kKdoUndo, made.after);
    vector(5, 6, undo_class());
    builder_.field(ktub(made, redo::kUndoDone), redo::kKtubExtSize);
    builder_.field(redo::RollbackPosition{}, redo::kRollbackPositionSize);
    return builder_.finish();
  }

 private:
  static RowOp inverse(RowOp op) {
    return op == RowOp::kInsert ? RowOp::kDelete : op == RowOp::kDelete ? RowOp::kInsert : op;
  }
  std::uint16_t undo_class() const { return static_cast<std::uint16_t>(16 + 2 * xid_.usn); }

  void vector(std::uint8_t layer, std::uint8_t code, std::uint16_t cls) {
    redo::VectorHeader header;
    header.layer = layer;
    header.code = code;
    header.cls = cls;
    header.con_id = kContainer;
    builder_.vector(header);
  }

  redo::Ktub ktub(const Made& made, std::uint16_t flg) const {
    redo::Ktub k;
    k.obj = made.obj;
    k.data_obj = made.rowid.data_obj;
    k.opc_layer = 11;
    k.opc_code = 1;
    k.slt = static_cast<std::uint8_t>(xid_.slt);
    k.flg = flg;
    return k;
  }

  void ktb() {
    redo::Ktb k;
    k.op = static_cast<std::uint8_t>(redo::KtbKind::kUnused);
    builder_.field(k, k.body());
  }

  void kdo(const Made& made, RowOp op, std::uint8_t op_flags,
           const std::vector<std::pair<std::uint16_t, ByteString>>& columns) {
    static constexpr std::array<std::uint8_t, 32> kNoNulls{};
    Kdo k;
    k.bdba = made.rowid.dba;
    k.op = static_cast<std::uint8_t>(static_cast<std::uint8_t>(op) | op_flags);
    k.fb = redo::kFbHead | redo::kFbFirst | redo::kFbLast;
    k.slot = made.rowid.slot;
    k.nulls = kNoNulls;
    switch (op) {
      case RowOp::kInsert: builder_.field(k, redo::insert_kdo_size(0)); break;
      case RowOp::kDelete: builder_.field(k, redo::kDeleteKdoSize); break;
      default: {
        k.cc = k.nnew = static_cast<std::uint8_t>(columns.size());
        builder_.field(k, redo::update_kdo_size(k.nnew));
        std::vector<std::uint8_t> list(std::max<std::size_t>(2, 2 * columns.size()));
        for (std::size_t i = 0; i < columns.size(); ++i)
          store(list.data() + 2 * i, static_cast<std::uint16_t>(columns[i].first - 1), builder_.order());
        builder_.field(list);
        for (const auto& [column, value] : columns) builder_.field(value);
      }
    }
  }

  void supplemental(const Made& made) {
    redo::SupplementalHeader h;
    h.kind = static_cast<std::uint8_t>(made.op == RowOp::kInsert   ? redo::StatementKind::kInsert
                                       : made.op == RowOp::kDelete ? redo::StatementKind::kDelete
                                                                   : redo::StatementKind::kUpdate);
    h.fb = redo::kFbFirst | redo::kFbLast;
    h.columns = static_cast<std::uint16_t>(made.logged.size());
    h.before = made.before.empty() ? std::uint16_t{1} : made.before.front().first;
    h.after = made.after.empty() ? std::uint16_t{1} : made.after.front().first;
    builder_.field(h, redo::kSupplementalSize);
    if (made.logged.empty()) return;
    std::vector<std::uint8_t> numbers(2 * made.logged.size()), lengths(2 * made.logged.size());
    for (std::size_t i = 0; i < made.logged.size(); ++i) {
      store(numbers.data() + 2 * i, made.logged[i].first, builder_.order());
      store(lengths.data() + 2 * i, static_cast<std::uint16_t>(made.logged[i].second.size()), builder_.order());
    }
    builder_.field(numbers);
    builder_.field(lengths);
    for (const auto& [column, value] : made.logged) builder_.field(value);
  }

  oracle::Xid xid_;
  redo::RecordBuilder builder_;
};

// The places of the rows that have not been taken back are their numbers.
Rba place_of(const Json& row) { return {0, row.at("n").get<std::uint32_t>(), 0}; }

RowOp row_op(const Json& operation) {
  return operation == "INSERT" ? RowOp::kInsert : operation == "DELETE" ? RowOp::kDelete : RowOp::kUpdate;
}

std::vector<std::pair<std::uint16_t, ByteString>> columns_of(const Json& stated) {
  std::vector<std::pair<std::uint16_t, ByteString>> columns;
  for (const auto& [number, value] : stated.items())
    columns.emplace_back(static_cast<std::uint16_t>(std::stoul(number)), from_hex(value.get<std::string>()));
  return columns;
}

}  // namespace

void check_logminer_rows(const Json& test, FactCheck& check) {
  const ByteString raw = from_hex(test.at("xid_raw").get<std::string>());
  oracle::Xid xid;
  redo::Reader(raw, ByteOrder::kLittle).xid(0, xid);
  RecordMaker maker(xid);
  CaseRunner run(redo::kVersion19, ByteOrder::kLittle);
  Scn last = 0;
  for (const Json& row : test.at("rows")) {
    Made made;
    made.obj = row.at("object_id");
    made.rowid = oracle::rowid_from_text(row.at("rowid").get<std::string>());
    made.op = row_op(row.at("operation"));
    last = std::max<Scn>(last, row.at("scn").get<Scn>());
    // The rows come in their order; one SCN may lie below the one before.
    run.add(row.at("rollback") == true ? maker.rollback(made, last) : maker.change(made, last), place_of(row));
  }
  run.commit(xid, kContainer, last + 1);
  for (const std::string& warning : run.warnings()) check.differs("warning: " + warning);

  // What came out, as LogMiner names it.
  Json told = Json::array(), surviving = Json::array();
  for (const change::RowChange& row : run.rows()) {
    const Json& stated = test["rows"].at(row.rba.block - 1);
    told.push_back({{"rba", stated.at("rba")}, {"rowid", to_text(row.rowid)}});
    surviving.push_back(stated.at("n"));
  }
  const Json& expected = test.at("expected");
  check.equal("statement_count", expected.at("statement_count"), told.size());
  check.equal("surviving_rows", test.at("derived").at("surviving_rows"), surviving);
  auto from = told.begin();
  for (const Json& row : expected.at("must_be_returned")) {
    const auto it = std::find(from, told.end(), row);
    check.equal("must_be_returned " + row.dump(), true, it != told.end());
    if (expected.contains("in_this_order") && it != told.end()) from = it + 1;
  }
  if (expected.contains("must_not_be_returned"))
    for (const Json& row : expected["must_not_be_returned"])
      check.equal("must_not_be_returned " + row.dump(), false, std::find(told.begin(), told.end(), row) != told.end());
  // Only changes were told: a rollback has no statement of its own.
  if (expected.contains("no_returned_row_is_a_rollback"))
    for (const Json& n : surviving)
      check.equal("row " + n.dump() + " is a rollback", false,
                  test["rows"].at(n.get<std::size_t>() - 1).at("rollback"));
}

void check_changed_columns(const Json& test, FactCheck& check) {
  const oracle::Xid xid{1, 1, 1};
  Made made;
  made.before = columns_of(test.at("before"));
  made.after = columns_of(test.at("set"));
  made.logged = columns_of(test.at("where"));
  CaseRunner run(redo::kVersion19, ByteOrder::kLittle);
  run.add(RecordMaker(xid).change(made, 1), {0, 1, 0});
  run.commit(xid, kContainer, 2);
  check.equal("statements", 1, run.rows().size());
  if (run.rows().empty()) return;
  const auto before = run.before(run.rows().front());
  const auto after = run.after(run.rows().front());
  const bool same =
      std::equal(before.begin(), before.end(), after.begin(), after.end(), [](const auto& b, const auto& a) {
        return b.column == a.column && b.state == a.state && to_hex(b.bytes()) == to_hex(a.bytes());
      });
  check.equal("without_changes", test.at("expected").at("without_changes"), same);
}

}  // namespace redoubt::capture
