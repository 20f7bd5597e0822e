#include "simulate/transaction_redo.h"

#include <algorithm>
#include <utility>

#include "redo/ktb.h"
#include "redo/marker.h"
#include "redo/session.h"
#include "redo/transaction_vectors.h"

namespace redoubt::simulate {

using redo::Opcode;
using redo::opcode;

namespace {

constexpr std::uint16_t kUndoFile = 23;
constexpr std::uint8_t kUndoRecordsPerBlock = 100;

constexpr std::uint8_t layer(Opcode op) { return static_cast<std::uint8_t>(op >> 8); }
constexpr std::uint8_t code(Opcode op) { return static_cast<std::uint8_t>(op); }

ByteString text(std::string_view t) { return {reinterpret_cast<const std::uint8_t*>(t.data()), t.size()}; }

}  // namespace

TransactionRedo::TransactionRedo(Cluster& cluster, std::uint16_t thread, std::uint16_t con_id, std::uint32_t con_uid)
    : TransactionRedo(cluster, thread, con_uid, cluster.begin(thread, con_id)) {}

TransactionRedo::TransactionRedo(Cluster& cluster, std::uint16_t thread, std::uint32_t con_uid, const Undo& undo)
    : cluster_(cluster),
      order_(cluster.options().order),
      thread_(thread),
      con_id_(undo.con_id),
      con_uid_(con_uid),
      undo_(undo) {}

redo::VectorHeader TransactionRedo::vector(Opcode op) const {
  redo::VectorHeader h;
  h.layer = layer(op);
  h.code = code(op);
  h.con_id = con_id_;
  h.scn.value = cluster_.scn() - 1;
  h.seq = 1;
  return h;
}

redo::VectorHeader TransactionRedo::block_vector(Opcode op, const ObjectIds& object, Dba dba) const {
  redo::VectorHeader h = vector(op);
  h.cls = 1;
  h.afn = static_cast<std::uint16_t>(object.file);
  h.dba = dba;
  h.obj_high = static_cast<std::uint16_t>(object.data_obj >> 16);
  h.obj_low = static_cast<std::uint16_t>(object.data_obj);
  return h;
}

void TransactionRedo::add_fields(const Fields& fields) {
  for (const ByteString& f : fields) cluster_.builder().field(f);
}

void TransactionRedo::begin_record() { cluster_.begin_record(thread_, con_uid_); }

void TransactionRedo::end_record() { cluster_.add(thread_, cluster_.builder().finish()); }

// 5.2: the undo header's side of the first change.
void TransactionRedo::begin_vector() {
  redo::RecordBuilder& b = cluster_.builder();
  begin_scn_ = cluster_.scn();
  redo::VectorHeader h = vector(opcode(5, 2));
  h.cls = static_cast<std::uint16_t>(15 + 2 * undo_.xid.usn);
  h.afn = kUndoFile;
  h.dba = undo_.header;
  b.vector(h);
  redo::Ktudh ktudh;
  ktudh.slt = undo_.xid.slt;
  ktudh.sqn = undo_.xid.sqn;
  ktudh.uba = undo_.next;
  ktudh.flg = 0x52;
  ktudh.siz = 136;
  b.field(ktudh, redo::kKtudhSize);
  if (version() < redo::kVersion12_1) return;
  // Sometimes an extent of the undo segment's map changes, too.
  if (cluster_.options().varied && cluster_.random().percent(8)) b.field(ByteString(36, 0));
  ByteString uid(4, 0);
  store(uid.data(), con_uid_, order_);
  b.field(uid);
}

// 5.20, as a session's further transactions have it; or 5.19, as its first one has.
void TransactionRedo::session_vector() {
  const bool introduced = cluster_.options().varied && cluster_.random().percent(20);
  cluster_.builder().vector(marker_vector(introduced ? redo::kSession : redo::kSessionContinued));
  const bool wide = version() >= 0x13000000;
  redo::SessionId id;
  id.serial = 0x81;
  if (wide) {
    id.wide = 56;
  } else {
    id.low = 56;
  }
  const ByteString session = encoded(id, wide ? redo::kWideSessionIdSize : redo::kSessionIdSize);
  const ByteString flags(version() < redo::kVersion12_1 ? redo::kSessionFlagsSize : redo::kWideSessionFlagsSize, 0);
  ByteString release(4, 0), audit(4, 0);
  store(release.data(), version(), order_);
  if (introduced) {
    add_fields({session,
                text("SIM"),
                text("SIM"),
                {},
                text("oracle"),
                text("host"),
                text("pts/0"),
                text("4711"),
                text("sqlplus@host"),
                {},
                flags,
                release,
                audit,
                {},
                {}});
  } else {
    add_fields({session, {}, flags, release, audit, {}, {}, text("SIM")});
  }
}

// 5.1 with `fields` from its KTB on.
void TransactionRedo::undo_vector(const ObjectIds& object, Opcode opc, std::uint16_t flags, bool first,
                                  const Fields& fields) {
  redo::RecordBuilder& b = cluster_.builder();
  redo::VectorHeader h = vector(opcode(5, 1));
  h.cls = static_cast<std::uint16_t>(16 + 2 * undo_.xid.usn);
  h.afn = kUndoFile;
  h.dba = undo_.next.dba;
  b.vector(h);
  redo::Ktudb ktudb;
  ktudb.siz = 136;
  ktudb.spc = 3206;
  ktudb.flg = first ? 0x12 : 0x22;
  ktudb.xid = undo_.xid;
  ktudb.seq = undo_.next.seq;
  ktudb.rec = undo_.next.rec;
  b.field(ktudb, redo::kKtudbSize);
  redo::Ktub ktub;
  ktub.obj = object.obj;
  ktub.data_obj = object.data_obj;
  ktub.tablespace = object.tablespace;
  ktub.opc_layer = layer(opc);
  ktub.opc_code = code(opc);
  ktub.slt = static_cast<std::uint8_t>(undo_.xid.slt);
  ktub.rci = first ? 0 : static_cast<std::uint8_t>(undo_.next.rec - 1);
  ktub.flg = static_cast<std::uint16_t>(flags | (first ? 0x0C08 : 0));
  ktub.wrp = first ? std::uint16_t{1} : static_cast<std::uint16_t>(undo_.xid.sqn);
  b.field(ktub, first ? redo::kKtubBeginSize : redo::kKtubSize);
  add_fields(fields);
}

void TransactionRedo::next_undo_block() {
  ++undo_.next.dba;
  undo_.next.rec = 1;
}

// Undo longer than fits an undo block goes out in parts, its tail first, each in a block of its own: what is left in
// `fields` is the head, whose flags are returned. A part may begin in the middle of a field.
std::uint16_t TransactionRedo::cut_undo(const ObjectIds& object, Opcode opc, Fields& fields) {
  const std::size_t limit = cluster_.options().undo_bytes;
  const auto size = [](const Fields& f) {
    std::size_t sum = 0;
    for (const ByteString& field : f) sum += field.size();
    return sum;
  };
  bool tail = true;
  std::uint16_t split = 0;  // the head's last field goes on in the part just written
  while (size(fields) > limit) {
    // The last `limit` bytes; KTB and the field behind it stay in the head.
    std::size_t left = size(fields) - limit, i = 0;
    while (left > fields[i].size()) left -= fields[i++].size();
    if (i < 2) break;
    Fields part;
    std::uint16_t flags = tail ? redo::kUndoTail : redo::kUndoMiddle;
    const bool inside = left < fields[i].size();
    if (inside) {
      part.push_back(fields[i].substr(left));
      fields[i].resize(left);
    }
    part.insert(part.end(), fields.begin() + static_cast<std::ptrdiff_t>(i) + 1, fields.end());
    fields.resize(i + 1);
    begin_record();
    undo_vector(object, opc, static_cast<std::uint16_t>(flags | split), false, part);
    end_record();
    next_undo_block();
    tail = false;
    split = inside ? redo::kUndoFieldSplit : 0;
  }
  return tail ? std::uint16_t{0} : static_cast<std::uint16_t>(redo::kUndoHead | split);
}

// F, with XID and UBA, where the transaction has no ITL entry in the block yet; else C, with the UBA.
ByteString TransactionRedo::ktb(Dba dba) {
  const bool known = !touched_.insert(dba).second;
  redo::Ktb k;
  k.op = static_cast<std::uint8_t>(known ? redo::KtbKind::kContinue : redo::KtbKind::kFirst);
  k.xid = undo_.xid;
  k.uba = undo_.next;
  return encoded(k, known ? 16 : 24);
}

void TransactionRedo::row_change(const ObjectIds& object, Dba dba, redo::RowOp op, Fields undo, const Fields& redo) {
  const bool bare = op == redo::RowOp::kLogminer;  // is taken back without a row vector
  const Opcode inverse = bare ? Opcode{0} : opcode(11, undo.front()[10] & 0x1F);
  Fields take_back = undo;
  take_back.front()[11] = static_cast<std::uint8_t>((take_back.front()[11] & ~3) | 2);  // XR
  change(object, dba, opcode(11, 1), opcode(11, static_cast<std::uint8_t>(op)), std::move(undo), redo, inverse,
         std::move(take_back));
}

void TransactionRedo::change(const ObjectIds& object, Dba dba, Opcode undo_opc, Opcode op, Fields undo,
                             const Fields& redo, Opcode take_back_op, Fields take_back) {
  const bool first = !std::exchange(begun_, true);
  redo::Ktb unused;
  unused.op = static_cast<std::uint8_t>(redo::KtbKind::kUnused);
  undo.insert(undo.begin(), encoded(unused, 8));
  std::uint16_t flags = 0;
  if (!first) flags = cut_undo(object, undo_opc, undo);
  begin_record();
  if (first) begin_vector();
  undo_vector(object, undo_opc, flags, first, undo);
  if (cluster_.options().varied && cluster_.random().percent(3)) {
    cluster_.builder().vector(block_vector(opcode(4, 1), object, dba));  // cleanout of the block that is changed
    cluster_.builder().field(ByteString(20, 0));
  }
  cluster_.builder().vector(block_vector(op, object, dba));
  cluster_.builder().field(ktb(dba));
  add_fields(redo);
  if (first) session_vector();
  end_record();
  if (++undo_.next.rec == kUndoRecordsPerBlock) next_undo_block();
  if (remembers_) changes_.push_back({object, dba, undo_opc, take_back_op, std::move(take_back)});
}

void TransactionRedo::alone(const ObjectIds& object, Dba dba, Opcode op, const Fields& fields) {
  begin_record();
  cluster_.builder().vector(block_vector(op, object, dba));
  add_fields(fields);
  end_record();
}

void TransactionRedo::begin_bare(const ObjectIds& object) {
  if (std::exchange(begun_, true)) return;
  constexpr Opcode kBare = opcode(5, 7);
  begin_record();
  begin_vector();
  undo_vector(object, kBare, 0, true, {});
  session_vector();
  end_record();
  ++undo_.next.rec;
  changes_.push_back({object, 0, kBare, 0, {}});
}

void TransactionRedo::load(const ObjectIds& object, Dba dba, const ByteString& image, const ByteString& cache_header) {
  begin_record();
  cluster_.builder().vector(marker_vector(redo::kDirectLoadMarker));
  cluster_.builder().field(redo::DirectLoadMarker{undo_.xid}, redo::kDirectLoadMarkerSize);
  cluster_.builder().vector(block_vector(redo::kDirectBlock, object, dba));
  add_fields({image, cache_header});
  end_record();
}

redo::VectorHeader TransactionRedo::marker_vector(Opcode op) const {
  redo::VectorHeader h;
  h.layer = layer(op);
  h.code = code(op);
  h.con_id = con_id_;
  h.typ = redo::kTypMarker;
  return h;
}

void TransactionRedo::marker(Opcode op, const Fields& fields) {
  begin_record();
  cluster_.builder().vector(marker_vector(op));
  add_fields(fields);
  end_record();
}

void TransactionRedo::undo_to(std::size_t mark) {
  while (changes_.size() > mark) {
    const Done done = std::move(changes_.back());
    changes_.pop_back();
    const bool last = changes_.empty();
    begin_record();
    redo::RecordBuilder& b = cluster_.builder();
    if (done.op != 0) {
      b.vector(block_vector(done.op, done.object, done.dba));
      b.field(ktb(done.dba));
      add_fields(done.fields);
    }
    // The first change of a transaction is taken back on the undo header, others on the undo block.
    redo::VectorHeader h = vector(opcode(5, last ? 11 : 6));
    h.cls = static_cast<std::uint16_t>((last ? 15 : 16) + 2 * undo_.xid.usn);
    h.afn = kUndoFile;
    h.dba = last ? undo_.header : undo_.next.dba;
    b.vector(h);
    redo::Ktub ktub;
    ktub.obj = done.object.obj;
    ktub.data_obj = done.object.data_obj;
    ktub.tablespace = done.object.tablespace;
    ktub.opc_layer = layer(done.undo_opc);
    ktub.opc_code = code(done.undo_opc);
    ktub.slt = static_cast<std::uint8_t>(undo_.xid.slt);
    ktub.flg = redo::kUndoDone;
    b.field(ktub, redo::kKtubExtSize);
    b.field(redo::RollbackPosition{}, redo::kRollbackPositionSize);
    end_record();
  }
}

Scn TransactionRedo::end(bool rolled_back) {
  REDOUBT_ASSERT(begun_);
  cluster_.close_scn();  // the end is above all changes, and what waited for it is above the end
  begin_record();
  cluster_.close_scn();
  const Scn scn = cluster_.scn();
  redo::RecordBuilder& b = cluster_.builder();
  redo::VectorHeader h = vector(opcode(5, 4));
  h.cls = static_cast<std::uint16_t>(15 + 2 * undo_.xid.usn);
  h.afn = kUndoFile;
  h.dba = undo_.header;
  b.vector(h);
  redo::Ktucm ktucm;
  ktucm.slt = undo_.xid.slt;
  ktucm.sqn = undo_.xid.sqn;
  const bool timed = cluster_.options().varied && cluster_.random().percent(30);
  ktucm.flg = static_cast<std::uint8_t>((rolled_back ? redo::kEndRolledBack : redo::kEndUndoPosition) |
                                        (timed ? redo::kEndTimeField : 0));
  b.field(ktucm, redo::kKtucmSize);
  if (!rolled_back) {
    redo::Ktucf ktucf;
    ktucf.uba = undo_.next;
    b.field(ktucf, redo::kKtucfSize);
  }
  if (timed) {
    ByteString with_time(24, 0);
    store(with_time.data() + 8, Cluster::time_of(scn), order_);
    b.field(with_time);
  }
  ByteString time(4, 0);
  store(time.data(), Cluster::time_of(scn), order_);
  b.field(time);

  b.vector(marker_vector(opcode(24, 4)));
  b.field(redo::TransactionMarker{undo_.xid}, redo::kTransactionMarkerSize);
  ByteString outcome(4, 0);
  outcome[0] = rolled_back ? 0 : 1;
  b.field(outcome);
  b.field(ByteString(6, 0));
  ByteString begin(8, 0);
  redo::Writer scn_io({begin.data(), begin.size()}, order_);
  scn_io.scn8(0, redo::Scn8{begin_scn_, false});
  b.field(begin);
  end_record();
  cluster_.end(undo_);
  return scn;
}

}  // namespace redoubt::simulate
