#include "redo/verify_transactions.h"

#include <fmt/format.h>

#include "redo/kdo.h"
#include "redo/ktb.h"
#include "redo/marker.h"
#include "redo/supplemental.h"
#include "redo/transaction_vectors.h"
#include "redo/undo.h"
#include "redo/vector_fields.h"
#include "redo/verify.h"

namespace redoubt::redo {
namespace {

std::string name(Opcode op) { return fmt::format("{}.{}", layer_of(op), code_of(op)); }

bool is_row(Opcode op) { return layer_of(op) == 11 && op != kLobMarker && op != kArrayUpdate; }

// The change that an undo of this kind belongs to.
bool undoes(Opcode opc, Opcode change) {
  switch (opc) {
    case opcode(11, 1): return layer_of(change) == 11;
    case opcode(10, 21):
    case opcode(10, 22): return layer_of(change) == 10;
    case opcode(26, 1): return change == kLobRedo;
    default: return true;
  }
}

RowOp inverse(RowOp op) {
  switch (op) {
    case RowOp::kInsert: return RowOp::kDelete;
    case RowOp::kDelete: return RowOp::kInsert;
    case RowOp::kInsertMany: return RowOp::kDeleteMany;
    case RowOp::kDeleteMany: return RowOp::kInsertMany;
    default: return op;
  }
}

// Length of a KTB field by its content; 0 when it is not known.
std::size_t ktb_size(const Ktb& k) {
  const std::size_t s = k.body();
  std::size_t size = s;
  switch (k.kind()) {
    case KtbKind::kFirst: size = s + 16; break;
    case KtbKind::kContinue: size = s + 8; break;
    case KtbKind::kUnused:
    case KtbKind::kNone: break;
    case KtbKind::kLast: size = s + 24; break;
    case KtbKind::kItlImage: size = s + 12 + 24 * k.itl.size(); break;
    default: return 0;
  }
  if ((k.op & kKtbCleanout) == 0) return size;
  if (k.kind() == KtbKind::kItlImage) return 0;
  const std::size_t entries = k.cleanout.size();
  return (k.cleanout_version & kKtbBigScn) != 0 ? s + 52 + 10 * entries : s + 48 + 8 * entries;
}

// Length of a KDO field by its content; 0 when it is not known.
std::size_t kdo_size(const Kdo& k) {
  switch (k.row_op()) {
    case RowOp::kInsert:
    case RowOp::kOverwrite: return insert_kdo_size(k.cc);
    case RowOp::kUpdate: return update_kdo_size(k.nnew);
    case RowOp::kDelete:
    case RowOp::kLock: return 20;
    case RowOp::kForward: return 32;
    case RowOp::kLogminer: return kKdoSize;
    default: return 0;
  }
}

Bytes kdo_field(const Vector& v) {
  const Bytes field = v.field(v.op == kUndo ? 4 : 2);
  return field.size() >= kKdoSize ? field : Bytes{};
}

const Vector* next_change(const std::vector<Vector>& vectors, std::size_t at) {
  for (++at; at < vectors.size(); ++at)
    if (layer_of(vectors[at].op) != 4) return &vectors[at];
  return nullptr;
}

}  // namespace

void TransactionVerifier::report(const Record& record, const char* rule, std::string text) {
  findings_.report(record.rba, rule, std::move(text));
}

// With in-memory undo a whole transaction lies in one record in another order: row vectors, 5.2, 5.4, then the undo.
// Its vectors do not stand in pairs.
void TransactionVerifier::check(const Record& record, const std::vector<Vector>& vectors,
                                const std::vector<std::vector<Field>>& fields, Version version) {
  bool in_memory = false, row_seen = false;
  for (const Vector& v : vectors) {
    if (v.encrypted()) return;
    if (v.op == kBeginTransaction) in_memory |= row_seen;
    row_seen |= is_row(v.op) || v.op == kArrayUpdate;
  }
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const Vector& v = vectors[i];
    switch (v.op) {
      case kBeginTransaction: begin(record, v, version); break;
      case kUndo:
        if (!in_memory) undo(record, vectors, i);
        break;
      case kUndoApplied:
      case kUndoAppliedLast: rollback(record, vectors, i); break;
      case kEndTransaction: end(record, vectors, i); break;
      default: break;
    }
    if (is_row(v.op)) row(record, v, nullptr);
    if (is_row(v.op) || v.op == kUndo) supplemental(record, v, fields[i]);
    if (layer_of(v.op) == 10 || layer_of(v.op) == 11) {
      if (v.op != kLobMarker && v.field_count > 0) ktb_length(record, v, v.field(1));
    }
  }
}

void TransactionVerifier::begin(const Record& record, const Vector& v, Version version) {
  const Ktudh ktudh = decode<Ktudh>(v.field(1), v.order);
  if (ktudh.sqn == 0) return;
  open_[{v.con_id, v.usn(), ktudh.slt}] = {ktudh.sqn, record.scn};
  if (version < kVersion12_1) return;
  const Bytes last = v.field_count > 1 ? v.field(v.field_count) : Bytes{};
  const std::uint32_t uid = load_u32(record.bytes.data() + 16, v.order);
  if (last.size() == 4 && load_u32(last.data(), v.order) != uid)
    report(record, "begin",
           fmt::format("5.2 names container uid {}, its record {}", load_u32(last.data(), v.order), uid));
}

void TransactionVerifier::undo(const Record& record, const std::vector<Vector>& vectors, std::size_t at) {
  const Vector& v = vectors[at];
  if (v.field_count < 2) return report(record, "lengths", fmt::format("5.1 with {} fields", v.field_count));
  const Ktudb ktudb = decode<Ktudb>(v.field(1), v.order);
  const Ktub ktub = decode<Ktub>(v.field(2), v.order);
  if (ktudb.xid.usn != v.usn())
    report(record, "undo", fmt::format("5.1 of XID {} in undo segment {}", oracle::to_text(ktudb.xid), v.usn()));
  if (ktub.slt != (ktudb.xid.slt & 0xFF))
    report(record, "undo", fmt::format("5.1 of XID {} with slot {}", oracle::to_text(ktudb.xid), ktub.slt));
  const auto open = open_.find({v.con_id, ktudb.xid.usn, ktudb.xid.slt});
  if (open != open_.end()) {
    if (open->second.sqn != ktudb.xid.sqn)
      report(record, "undo",
             fmt::format("5.1 of XID {}, but {} began in its slot", oracle::to_text(ktudb.xid), open->second.sqn));
    open->second.last_scn = std::max(open->second.last_scn, record.scn);
  }
  for (std::size_t i = 0; i < at; ++i) {
    if (vectors[i].op != kBeginTransaction || vectors[i].usn() != v.usn()) continue;
    const Ktudh ktudh = decode<Ktudh>(vectors[i].field(1), v.order);
    if (ktudh.sqn == 0 || i + 1 != at) continue;
    if (ktudh.slt != ktudb.xid.slt || ktudh.sqn != ktudb.xid.sqn)
      report(record, "undo",
             fmt::format("5.2 begins {}.{}.{}, 5.1 behind it is of {}", v.usn(), ktudh.slt, ktudh.sqn,
                         oracle::to_text(ktudb.xid)));
    if (ktudh.uba != Uba{v.dba, ktudb.seq, ktudb.rec})
      report(record, "undo",
             fmt::format("5.2 names undo {}, 5.1 is {}", oracle::to_text(ktudh.uba),
                         oracle::to_text(Uba{v.dba, ktudb.seq, ktudb.rec})));
  }
  if ((ktub.flg & (kUndoTail | kUndoMiddle)) != 0) return;  // parts of a split undo stand alone
  const Opcode opc = ktub.opc();
  if (opc != opcode(11, 1) && opc != opcode(10, 22) && opc != opcode(26, 1)) return;
  const Vector* change = next_change(vectors, at);
  if (!change || !undoes(opc, change->op))
    return report(record, "pairing",
                  fmt::format("5.1 for {} is followed by {}", name(opc), change ? name(change->op) : "nothing"));
  if ((ktub.flg & kUndoSplit) == 0) {
    if (v.field_count >= 3) ktb_length(record, v, v.field(3));
    if (opc == opcode(11, 1)) row(record, v, nullptr);
  }
  pair(record, v, *change, ktudb);
}

void TransactionVerifier::pair(const Record& record, const Vector& undo, const Vector& redo, const Ktudb& ktudb) {
  if (redo.field_count == 0 || redo.field(1).size() < 8) return;
  const Ktb ktb = decode<Ktb>(redo.field(1), redo.order);
  const Uba uba{undo.dba, ktudb.seq, ktudb.rec};
  if (ktb.kind() == KtbKind::kFirst && ktb.xid != ktudb.xid)
    report(record, "pairing",
           fmt::format("{} of XID {} behind 5.1 of {}", name(redo.op), oracle::to_text(ktb.xid),
                       oracle::to_text(ktudb.xid)));
  if ((ktb.kind() == KtbKind::kFirst || ktb.kind() == KtbKind::kContinue) && ktb.uba != uba)
    report(record, "pairing",
           fmt::format("{} names undo {}, 5.1 before it is {}", name(redo.op), oracle::to_text(ktb.uba),
                       oracle::to_text(uba)));
  const Bytes field = kdo_field(undo);
  if (!is_row(redo.op) || field.empty()) return;
  const Kdo kdo = decode<Kdo>(field, undo.order);
  row(record, redo, &kdo);
}

// A row vector by itself, or beside the undo it is paired with.
void TransactionVerifier::row(const Record& record, const Vector& v, const Kdo* undo_kdo) {
  const Bytes field = kdo_field(v);
  if (field.empty()) return;
  const Kdo kdo = decode<Kdo>(field, v.order);
  if (undo_kdo) {
    if (kdo.bdba != 0 && undo_kdo->bdba != 0 && kdo.bdba != undo_kdo->bdba)
      report(record, "row",
             fmt::format("{} changes block 0x{:08x}, its undo 0x{:08x}", name(v.op), kdo.bdba, undo_kdo->bdba));
    // An overwritten or compared row may be undone as another operation; insert and delete are each other's undo.
    if ((kdo.row_op() == RowOp::kInsert || kdo.row_op() == RowOp::kDelete) &&
        inverse(kdo.row_op()) != undo_kdo->row_op())
      report(record, "row", fmt::format("{} with an undo of operation {}", name(v.op), undo_kdo->op & 0x1F));
    return;
  }
  if (v.op != kUndo && code_of(v.op) != (kdo.op & 0x1FU))
    report(record, "row", fmt::format("{} with operation {}", name(v.op), kdo.op & 0x1F));
  const std::size_t size = kdo_size(kdo);
  if (size != 0 && field.size() != size)
    report(
        record, "lengths",
        fmt::format("{} with a KDO of {} bytes, operation {} has {}", name(v.op), field.size(), kdo.op & 0x1F, size));
  if ((kdo.row_op() == RowOp::kInsertMany || kdo.row_op() == RowOp::kDeleteMany) &&
      field.size() < 22 + 2 * std::size_t{kdo.nnew})
    report(record, "lengths", fmt::format("{} of {} rows with a KDO of {} bytes", name(v.op), kdo.nnew, field.size()));
}

void TransactionVerifier::rollback(const Record& record, const std::vector<Vector>& vectors, std::size_t at) {
  const Vector& v = vectors[at];
  const Ktub ktub = decode<Ktub>(v.field(1), v.order);
  const auto open = open_.find({v.con_id, v.usn(), ktub.slt});
  if (open != open_.end()) open->second.last_scn = std::max(open->second.last_scn, record.scn);
  if (at == 0 || ktub.opc() != opcode(11, 1)) return;
  const Vector& change = vectors[at - 1];
  if (layer_of(change.op) != 11) return;
  const Bytes field = kdo_field(change);
  if (field.empty()) return;
  const Kdo kdo = decode<Kdo>(field, change.order);
  if ((kdo.op & kKdoUndo) == 0)
    report(record, "rollback", fmt::format("{} before {} is no undo operation", name(change.op), name(v.op)));
}

void TransactionVerifier::end(const Record& record, const std::vector<Vector>& vectors, std::size_t at) {
  const Vector& v = vectors[at];
  const TransactionEnd t = transaction_end(v);
  if (t.end.sta == kEndStateParallelParent) return;
  const auto open = open_.find({v.con_id, v.usn(), t.end.slt});
  if (open != open_.end()) {
    if (open->second.sqn != t.end.sqn)
      report(record, "end",
             fmt::format("5.4 ends {}.{}.{}, but {} began there", v.usn(), t.end.slt, t.end.sqn, open->second.sqn));
    if (open->second.last_scn > record.scn)
      report(record, "end", fmt::format("the transaction ends before its change of SCN 0x{:x}", open->second.last_scn));
    open_.erase(open);
  }
  const bool position = (t.end.flg & kEndUndoPosition) != 0;
  if (position && v.field(2).size() != kKtucfSize)
    report(record, "end",
           fmt::format("5.4 with flag 0x{:02x} has {} bytes where ktucf belongs", t.end.flg, v.field(2).size()));
  if (at + 1 >= vectors.size() || vectors[at + 1].op != kTransactionMarker || vectors[at + 1].field_count < 3) return;
  const Vector& marker = vectors[at + 1];
  const TransactionMarker m = decode<TransactionMarker>(marker.field(1), v.order);
  const bool committed = u8_at(marker.field(2), 0) == 1;
  if (m.xid != Xid{v.usn(), t.end.slt, t.end.sqn})
    report(record, "end",
           fmt::format("24.4 of {} behind 5.4 of {}.{}.{}", oracle::to_text(m.xid), v.usn(), t.end.slt, t.end.sqn));
  if (committed == ((t.end.flg & kEndRolledBack) != 0))
    report(record, "end", "5.4 and 24.4 differ about commit or rollback");
}

void TransactionVerifier::ktb_length(const Record& record, const Vector& v, Bytes field) {
  if (field.size() < 8) return;  // no body
  const Ktb ktb = decode<Ktb>(field, v.order);
  const std::size_t size = ktb_size(ktb);
  if (size != 0 && field.size() != std::max<std::size_t>(size, 8))
    report(record, "lengths",
           fmt::format("{} with a KTB of {} bytes, kind {} has {}", name(v.op), field.size(), ktb.op & 0x0F, size));
}

void TransactionVerifier::supplemental(const Record& record, const Vector& v, const std::vector<Field>& fields) {
  std::size_t expected = 0, values = 0;
  for (const Field& f : fields) {
    if (const auto* header = std::get_if<SupplementalHeader>(&f.value)) {
      const std::uint8_t kind = header->kind;
      if (kind != 1 && kind != 2 && kind != 4 && kind != 8 && kind != 16)
        report(record, "supplemental", fmt::format("{} with a header of kind {}", name(v.op), kind));
      if (f.size != kSupplementalSize && f.size != kSupplementalAddressSize && f.size != kSupplementalFullSize)
        report(record, "supplemental", fmt::format("{} with a header of {} bytes", name(v.op), f.size));
      expected = header->columns;
    } else if (std::string_view(f.name) == "supplemental col") {
      ++values;
    }
  }
  // Vectors that roll back, and 11.16, may carry the header alone.
  if (values != expected && !(values == 0 && v.op != kUndo))
    report(record, "supplemental", fmt::format("{} with {} supplemental columns of {}", name(v.op), values, expected));
}

}  // namespace redoubt::redo
