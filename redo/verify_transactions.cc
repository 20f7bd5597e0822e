#include "redo/verify_transactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "redo/ktb.h"
#include "redo/marker.h"
#include "redo/supplemental.h"
#include "redo/transaction_vectors.h"
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

// Operations that name the row they change.
bool names_row(RowOp op) {
  switch (op) {
    case RowOp::kInsert:
    case RowOp::kDelete:
    case RowOp::kLock:
    case RowOp::kUpdate:
    case RowOp::kOverwrite:
    case RowOp::kForward:
    case RowOp::kInsertMany:
    case RowOp::kDeleteMany: return true;
    default: return false;
  }
}

bool undone_by(RowOp op, RowOp undo) {
  return undo == inverse(op) || (op == RowOp::kOverwrite && undo == RowOp::kInsert);
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

bool is_undo_applied(Opcode op) { return op == kUndoApplied || op == kUndoAppliedLast; }

// A row vector stands behind its undo or before what rolls it back.
bool has_partner(const std::vector<Vector>& vectors, std::size_t at) {
  if (at + 1 < vectors.size() && is_undo_applied(vectors[at + 1].op)) return true;
  while (at > 0 && layer_of(vectors[at - 1].op) == 4) --at;
  return at > 0 && vectors[at - 1].op == kUndo;
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
    if (v.encrypted()) return forget();  // what it changes, and whose it is, nobody can say
    if (v.op == kBeginTransaction) in_memory |= row_seen;
    row_seen |= is_row(v.op) || v.op == kArrayUpdate;
  }
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    const Vector& v = vectors[i];
    switch (v.op) {
      case kBeginTransaction: begin(record, v, version, in_memory); break;
      case kUndo:
        if (!in_memory) undo(record, vectors, i);
        break;
      case kUndoApplied:
      case kUndoAppliedLast: rollback(record, vectors, i); break;
      case kEndTransaction: end(record, vectors, i, version); break;
      default: break;
    }
    if (is_row(v.op)) row(record, v);
    if (is_row(v.op) && v.op != opcode(11, 10) && !in_memory && !has_partner(vectors, i))
      report(record, "pairing", fmt::format("{} without undo or rollback vector", name(v.op)));
    if (is_row(v.op) || v.op == kUndo) supplemental(record, v, fields[i]);
    if (layer_of(v.op) == 10 || layer_of(v.op) == 11) {
      if (v.op != kLobMarker && v.field_count > 0) ktb_length(record, v, v.field(1));
    }
  }
}

void TransactionVerifier::begin(const Record& record, const Vector& v, Version version, bool in_memory) {
  const Ktudh ktudh = decode<Ktudh>(v.field(1), v.order);
  if (ktudh.sqn == 0) return;
  Open& open = open_[{v.con_id, v.usn(), ktudh.slt}];
  if (open.sqn != ktudh.sqn) {
    if (open.sqn != 0)
      report(record, "begin",
             fmt::format("{}.{}.{} begins while {} of the slot is open", v.usn(), ktudh.slt, ktudh.sqn, open.sqn));
    forget_changes(open);
    open = {ktudh.sqn, record.scn, ktudh.uba, in_memory, !in_memory, {}};
  }
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
    const bool first = !std::exchange(open->second.undo_seen, true);
    const Uba uba{v.dba, ktudb.seq, ktudb.rec};
    if (first && (ktub.flg & kUndoSplit) == 0 && open->second.sqn == ktudb.xid.sqn) {
      if (open->second.first_undo != uba)
        report(record, "undo",
               fmt::format("5.2 names undo {}, the first 5.1 is {}", oracle::to_text(open->second.first_undo),
                           oracle::to_text(uba)));
      if ((ktub.flg & kUndoBegin) == 0)
        report(
            record, "undo",
            fmt::format("the first 5.1 of {} has flags 0x{:04x}, without begin", oracle::to_text(ktudb.xid), ktub.flg));
    }
  }
  if (v.field(2).size() == kKtubSize && ktub.wrp != (ktudb.xid.sqn & 0xFFFF))
    report(record, "undo", fmt::format("5.1 of XID {} with wrap {}", oracle::to_text(ktudb.xid), ktub.wrp));
  for (std::size_t i = 0; i < at; ++i) {
    if (vectors[i].op != kBeginTransaction || vectors[i].usn() != v.usn()) continue;
    const Ktudh ktudh = decode<Ktudh>(vectors[i].field(1), v.order);
    if (ktudh.sqn == 0 || i + 1 != at) continue;
    if (ktudh.slt != ktudb.xid.slt || ktudh.sqn != ktudb.xid.sqn)
      report(record, "undo",
             fmt::format("5.2 begins {}.{}.{}, 5.1 behind it is of {}", v.usn(), ktudh.slt, ktudh.sqn,
                         oracle::to_text(ktudb.xid)));
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
    if (opc == opcode(11, 1)) row(record, v);
  }
  pair(record, v, *change, ktudb, ktub);
}

void TransactionVerifier::pair(const Record& record, const Vector& undo, const Vector& redo, const Ktudb& ktudb,
                               const Ktub& ktub) {
  if (redo.con_id != undo.con_id)
    report(record, "pairing",
           fmt::format("{} of container {} behind 5.1 of {}", name(redo.op), redo.con_id, undo.con_id));
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
  if (!is_row(redo.op)) return;
  if (ktb.kind() != KtbKind::kFirst && ktb.kind() != KtbKind::kContinue)
    report(record, "pairing",
           fmt::format("{} with a KTB of kind {}, which names no undo", name(redo.op), ktb.op & 0x0F));
  const Bytes field = kdo_field(redo);
  if (ktub.opc() != opcode(11, 1) || field.empty()) return;
  row_pair(record, undo, redo, ktub);
  const auto open = open_.find({undo.con_id, ktudb.xid.usn, ktudb.xid.slt});
  if (open != open_.end()) keep(open->second, place(ktub.obj, decode<Kdo>(field, redo.order)));
}

// A row vector beside the undo it is paired with.
void TransactionVerifier::row_pair(const Record& record, const Vector& undo, const Vector& redo, const Ktub& ktub) {
  const auto bad = [&](const std::string& text) { report(record, "row", name(redo.op) + " " + text); };
  const Kdo kdo = decode<Kdo>(kdo_field(redo), redo.order);
  if (kdo.bdba != redo.dba) bad(fmt::format("of block 0x{:08x} changes 0x{:08x}", redo.dba, kdo.bdba));
  if (redo.header().obj() != ktub.data_obj)
    bad(fmt::format("of object {}, its undo is of {}", redo.header().obj(), ktub.data_obj));
  if ((kdo.op & kKdoUndo) != 0 || (kdo.flags & 3) != 1)
    bad(fmt::format("with operation byte 0x{:02x} and flags 0x{:02x} changes nothing forward", kdo.op, kdo.flags));
  if ((kdo.row_op() == RowOp::kInsert || kdo.row_op() == RowOp::kOverwrite) && kdo.lock != kdo.itli)
    bad(fmt::format("locks by ITL entry {}, and uses {}", kdo.lock, kdo.itli));

  const Bytes undo_field = kdo_field(undo);
  if (undo_field.empty() || (ktub.flg & kUndoSplit) != 0) return;  // of a split undo the rest lies in other records
  const Kdo old = decode<Kdo>(undo_field, undo.order);
  if ((old.op & kKdoUndo) == 0) bad(fmt::format("with an undo of operation byte 0x{:02x}", old.op));
  if (!undone_by(kdo.row_op(), old.row_op())) bad(fmt::format("with an undo of operation {}", old.op & 0x1F));
  if (old.bdba != kdo.bdba) bad(fmt::format("changes block 0x{:08x}, its undo 0x{:08x}", kdo.bdba, old.bdba));
  if (old.hdba != kdo.hdba) bad(fmt::format("has segment header 0x{:08x}, its undo 0x{:08x}", kdo.hdba, old.hdba));
  if (old.itli != kdo.itli) bad(fmt::format("uses ITL entry {}, its undo {}", kdo.itli, old.itli));
  if (!names_row(kdo.row_op()) || !names_row(old.row_op())) return;
  if (old.tabn != kdo.tabn) bad(fmt::format("changes table {} of its block, its undo {}", kdo.tabn, old.tabn));
  if (old.slot != kdo.slot || !std::ranges::equal(old.slots, kdo.slots))
    bad(fmt::format("changes slot {}, its undo {}{}", kdo.slot, old.slot, kdo.slots.empty() ? "" : " or others"));
  if (kdo.row_op() == RowOp::kUpdate && old.row_op() == RowOp::kUpdate && kdo.cc == old.cc)
    columns_of_update(record, undo, redo);
}

// Both have a list of column numbers behind the KDO.
void TransactionVerifier::columns_of_update(const Record& record, const Vector& undo, const Vector& redo) {
  const Bytes before = undo.field(5), after = redo.field(3);
  if (!std::ranges::equal(before, after))
    report(record, "row",
           fmt::format("{} with the column list {}, its undo has {}", name(redo.op), to_hex(after), to_hex(before)));
}

TransactionVerifier::Place TransactionVerifier::place(std::uint32_t obj, const Kdo& kdo) {
  std::uint32_t hash = 0;
  for (const std::uint8_t b : kdo.slots) hash = (hash ^ b) * 0x01000193;
  if (!names_row(kdo.row_op())) return {obj, 0, 0, kdo.row_op(), 0};
  return {obj, kdo.bdba, kdo.slot, kdo.row_op(), hash};
}

void TransactionVerifier::keep(Open& open, const Place& place) {
  if (!open.complete) return;
  if (changes_ == kChangesMax) return forget_changes(open);
  open.changes.push_back(place);
  ++changes_;
}

void TransactionVerifier::forget_changes(Open& open) {
  changes_ -= open.changes.size();
  open.changes = {};
  open.complete = false;
}

// A row vector by itself.
void TransactionVerifier::row(const Record& record, const Vector& v) {
  const Bytes field = kdo_field(v);
  if (field.empty()) return;
  const Kdo kdo = decode<Kdo>(field, v.order);
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
  if ((kdo.op & kKdoUndo) == 0 || (kdo.flags & 3) != 2)
    report(record, "rollback",
           fmt::format("{} before {} has operation byte 0x{:02x} and flags 0x{:02x}: no rollback", name(change.op),
                       name(v.op), kdo.op, kdo.flags));
  if ((ktub.flg & (kUndoDone | kUndoBegin)) == 0)
    report(record, "rollback", fmt::format("{} with flags 0x{:04x}", name(v.op), ktub.flg));
  if (open != open_.end()) take_back(record, change, kdo, ktub, open->second);
}

void TransactionVerifier::take_back(const Record& record, const Vector& change, const Kdo& kdo, const Ktub& ktub,
                                    Open& open) {
  if (!open.complete || (!names_row(kdo.row_op()) && kdo.row_op() != RowOp::kLogminer)) return;
  Place wanted = place(ktub.obj, kdo);
  wanted.op = inverse(kdo.row_op());
  const auto newest = open.changes.rbegin();
  const auto oldest = newest + static_cast<std::ptrdiff_t>(std::min(open.changes.size(), kLookBackMax));
  const auto match = std::find(newest, oldest, wanted);
  if (match != oldest) {
    open.changes.erase(std::next(match).base());
    --changes_;
    return;
  }
  if (oldest == open.changes.rend())
    report(record, "rollback",
           fmt::format("{} of block 0x{:08x} slot {} takes back no change of its transaction", name(change.op),
                       kdo.bdba, kdo.slot));
  forget_changes(open);  // what it took back nobody knows
}

void TransactionVerifier::end(const Record& record, const std::vector<Vector>& vectors, std::size_t at,
                              Version version) {
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
    changes_ -= open->second.changes.size();
    open_.erase(open);
  }
  const bool position = (t.end.flg & kEndUndoPosition) != 0;
  if (position && v.field(2).size() != kKtucfSize)
    report(record, "end",
           fmt::format("5.4 with flag 0x{:02x} has {} bytes where ktucf belongs", t.end.flg, v.field(2).size()));
  // From 12.1 on the time comes last, as seconds since 1970.
  if (version >= kVersion12_1 && (t.end.flg & kEndParentScn) == 0) {
    const unsigned fields = 2U + position + ((t.end.flg & kEndTimeField) != 0);
    if (v.field_count != fields || v.field(fields).size() != 4)
      report(record, "end",
             fmt::format("5.4 with flags 0x{:02x} and {} fields, the time the last of {}", t.end.flg, v.field_count,
                         fields));
  }
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
