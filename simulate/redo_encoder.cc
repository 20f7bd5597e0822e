#include "simulate/redo_encoder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "redo/ktb.h"
#include "redo/row_piece.h"
#include "redo/transaction_vectors.h"

namespace redoubt::simulate {

using redo::Kdo;
using redo::RowOp;
using redo::StatementKind;

namespace {

constexpr std::uint8_t kItl = 2;

template <class T>
ByteString encoded(const T& t, std::size_t size, ByteOrder order) {
  const std::vector<std::uint8_t> bytes = redo::encode(t, size, order);
  return {bytes.data(), bytes.size()};
}

void append_u16(ByteString& out, std::size_t value, ByteOrder order) {
  out.resize(out.size() + 2);
  store(out.data() + out.size() - 2, static_cast<std::uint16_t>(value), order);
}

// What of a column lies in a piece; the whole value unless it is split.
Bytes part_of(const Row& row, const RowPiece& piece, std::uint16_t i) {
  const ByteString& bytes = row.values[piece.first + i].bytes;
  std::size_t from = 0, to = bytes.size();
  if (i == 0) from = piece.skip;
  if (i + 1 == piece.count && piece.cut != 0) to = piece.cut;
  return Bytes(bytes).subspan(from, to - from);
}

// Bytes of a column in a stored row: its length prefix and itself.
std::size_t stored_size(std::size_t length) { return length + (length > 250 ? 3 : 1); }

}  // namespace

RedoEncoder::RedoEncoder(Cluster& cluster, std::uint16_t thread, std::uint16_t con_id, std::uint32_t con_uid)
    : cluster_(cluster),
      order_(cluster.options().order),
      thread_(thread),
      con_id_(con_id),
      con_uid_(con_uid),
      undo_(cluster.begin(thread, con_id)) {}

// --- records ---

redo::VectorHeader RedoEncoder::vector(std::uint8_t layer, std::uint8_t code) const {
  redo::VectorHeader h;
  h.layer = layer;
  h.code = code;
  h.con_id = con_id_;
  h.scn.value = cluster_.scn() - 1;
  h.seq = 1;
  return h;
}

void RedoEncoder::begin_record() {
  cluster_.tick();
  cluster_.builder().begin(cluster_.scn(), 1, con_uid_);
}

void RedoEncoder::end_record(bool first) {
  redo::RecordBuilder& b = cluster_.builder();
  if (first) {
    redo::VectorHeader h;
    h.layer = 5;
    h.code = 20;
    h.con_id = con_id_;
    h.typ = redo::kTypMarker;
    b.vector(h);
    ByteString session(8, 0), version, audit(4, 0);
    session[2] = 0x81;
    session[4] = 56;
    version.resize(4);
    store(version.data(), cluster_.options().version, order_);
    for (const ByteString& f : {session, ByteString(), ByteString(6, 0), version, audit, ByteString(), ByteString(),
                                ByteString(reinterpret_cast<const std::uint8_t*>("SIM"), 3)})
      b.field(f);
  }
  cluster_.add(thread_, b.finish());
}

// 5.2 where the transaction begins, then the 5.1 with `fields` from its KTB on.
void RedoEncoder::undo_vectors(const SimulatedTable& table, const Fields& fields, bool first) {
  redo::RecordBuilder& b = cluster_.builder();
  if (first) {
    begin_scn_ = cluster_.scn();
    redo::VectorHeader h = vector(5, 2);
    h.cls = static_cast<std::uint16_t>(15 + 2 * undo_.xid.usn);
    h.afn = 23;
    h.dba = undo_.header;
    b.vector(h);
    redo::Ktudh ktudh;
    ktudh.slt = undo_.xid.slt;
    ktudh.sqn = undo_.xid.sqn;
    ktudh.uba = undo_.next;
    ktudh.flg = 0x52;
    ktudh.siz = 136;
    b.field(ktudh, redo::kKtudhSize);
    if (cluster_.options().version >= redo::kVersion12_1) {
      ByteString uid(4, 0);
      store(uid.data(), con_uid_, order_);
      b.field(uid);
    }
  }
  redo::VectorHeader h = vector(5, 1);
  h.cls = static_cast<std::uint16_t>(16 + 2 * undo_.xid.usn);
  h.afn = 23;
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
  ktub.obj = table.obj;
  ktub.data_obj = table.data_obj;
  ktub.tablespace = table.tablespace;
  ktub.opc_layer = 11;
  ktub.opc_code = 1;
  ktub.slt = static_cast<std::uint8_t>(undo_.xid.slt);
  ktub.rci = first ? 0 : static_cast<std::uint8_t>(undo_.next.rec - 1);
  ktub.flg = first ? 0x0C08 : 0;
  ktub.wrp = first ? std::uint16_t{1} : static_cast<std::uint16_t>(undo_.xid.sqn);
  b.field(ktub, first ? redo::kKtubBeginSize : redo::kKtubSize);
  for (const ByteString& f : fields) b.field(f);
}

// F, with XID and UBA, where the transaction has no ITL entry in the block yet; else C, with the UBA.
ByteString RedoEncoder::ktb(Dba dba) {
  const bool known = std::find(touched_.begin(), touched_.end(), dba) != touched_.end();
  if (!known) touched_.push_back(dba);
  redo::Ktb k;
  k.op = static_cast<std::uint8_t>(known ? redo::KtbKind::kContinue : redo::KtbKind::kFirst);
  k.xid = undo_.xid;
  k.uba = undo_.next;
  return encoded(k, known ? 16 : 24, order_);
}

// One change of one row piece: `undo` and `redo` hold the KDO and what follows it.
void RedoEncoder::pair(const SimulatedTable& table, Dba dba, std::uint8_t code, Fields undo, const Fields& redo) {
  const bool first = !std::exchange(begun_, true);
  begin_record();
  Done done{&table, dba, static_cast<std::uint8_t>(undo.front()[10] & 0x1F), undo};
  if (code == static_cast<std::uint8_t>(RowOp::kLogminer)) done.code = 0;

  redo::Ktb unused;
  unused.op = static_cast<std::uint8_t>(redo::KtbKind::kUnused);
  undo.insert(undo.begin(), encoded(unused, 8, order_));
  undo_vectors(table, undo, first);

  redo::RecordBuilder& b = cluster_.builder();
  redo::VectorHeader h = vector(11, code);
  h.cls = 1;
  h.afn = static_cast<std::uint16_t>(table.file);
  h.dba = dba;
  h.obj_high = static_cast<std::uint16_t>(table.data_obj >> 16);
  h.obj_low = static_cast<std::uint16_t>(table.data_obj);
  b.vector(h);
  b.field(ktb(dba));
  for (const ByteString& f : redo) b.field(f);
  end_record(first);

  if (++undo_.next.rec == 100) {
    ++undo_.next.dba;
    undo_.next.rec = 1;
  }
  changes_.push_back(std::move(done));
}

void RedoEncoder::undo_to(std::size_t mark) {
  while (changes_.size() > mark) {
    const Done done = std::move(changes_.back());
    changes_.pop_back();
    const bool last = changes_.empty();
    begin_record();
    redo::RecordBuilder& b = cluster_.builder();
    if (done.code != 0) {
      redo::VectorHeader h = vector(11, done.code);
      h.cls = 1;
      h.afn = static_cast<std::uint16_t>(done.table->file);
      h.dba = done.dba;
      h.obj_high = static_cast<std::uint16_t>(done.table->data_obj >> 16);
      h.obj_low = static_cast<std::uint16_t>(done.table->data_obj);
      b.vector(h);
      b.field(ktb(done.dba));
      for (std::size_t i = 0; i < done.compensating.size(); ++i) {
        ByteString f = done.compensating[i];
        if (i == 0) f[11] = static_cast<std::uint8_t>((f[11] & ~3) | 2);  // XR
        b.field(f);
      }
    }
    // The first change of a transaction is taken back on the undo header, others on the undo block.
    redo::VectorHeader h = vector(5, last ? 11 : 6);
    h.cls = static_cast<std::uint16_t>((last ? 15 : 16) + 2 * undo_.xid.usn);
    h.afn = 23;
    h.dba = last ? undo_.header : undo_.next.dba;
    b.vector(h);
    redo::Ktub ktub;
    ktub.obj = done.table->obj;
    ktub.data_obj = done.table->data_obj;
    ktub.tablespace = done.table->tablespace;
    ktub.opc_layer = 11;
    ktub.opc_code = 1;
    ktub.slt = static_cast<std::uint8_t>(undo_.xid.slt);
    ktub.flg = redo::kUndoDone;
    b.field(ktub, redo::kKtubExtSize);
    b.field(redo::RollbackPosition{}, redo::kRollbackPositionSize);
    end_record(false);
  }
}

Scn RedoEncoder::end(bool rolled_back) {
  REDOUBT_ASSERT(begun_);
  begin_record();
  const Scn scn = cluster_.scn();
  redo::RecordBuilder& b = cluster_.builder();
  redo::VectorHeader h = vector(5, 4);
  h.cls = static_cast<std::uint16_t>(15 + 2 * undo_.xid.usn);
  h.afn = 23;
  h.dba = undo_.header;
  b.vector(h);
  redo::Ktucm ktucm;
  ktucm.slt = undo_.xid.slt;
  ktucm.sqn = undo_.xid.sqn;
  ktucm.flg = rolled_back ? redo::kEndRolledBack : redo::kEndUndoPosition;
  b.field(ktucm, redo::kKtucmSize);
  if (!rolled_back) {
    redo::Ktucf ktucf;
    ktucf.uba = undo_.next;
    b.field(ktucf, redo::kKtucfSize);
  }
  ByteString time(4, 0);
  store(time.data(), Cluster::time_of(scn), order_);
  b.field(time);

  redo::VectorHeader marker;
  marker.layer = 24;
  marker.code = 4;
  marker.con_id = con_id_;
  marker.typ = redo::kTypMarker;
  b.vector(marker);
  ByteString xid(16, 0);
  redo::Writer io({xid.data(), xid.size()}, order_);
  io.xid(4, undo_.xid);
  b.field(xid);
  ByteString outcome(4, 0);
  outcome[0] = rolled_back ? 0 : 1;
  b.field(outcome);
  b.field(ByteString(6, 0));
  ByteString begin(8, 0);
  redo::Writer scn_io({begin.data(), begin.size()}, order_);
  scn_io.scn8(0, redo::Scn8{begin_scn_, false});
  b.field(begin);
  cluster_.add(thread_, b.finish());
  cluster_.end(undo_);
  return scn;
}

// --- fields ---

ByteString RedoEncoder::kdo(const SimulatedTable& table, Kdo k, bool undo) const {
  k.hdba = table.header_dba();
  k.maxfr = 4858;
  if (undo) k.op |= redo::kKdoUndo;
  k.flags |= 1;
  k.itli = kItl;
  const RowOp op = k.row_op();
  if (op == RowOp::kInsert || op == RowOp::kOverwrite || op == RowOp::kUpdate) k.lock = undo ? 0 : kItl;
  std::size_t size = redo::kKdoSize;
  switch (op) {
    case RowOp::kInsert:
    case RowOp::kOverwrite: size = redo::insert_kdo_size(k.cc); break;
    case RowOp::kUpdate: size = redo::update_kdo_size(k.nnew); break;
    case RowOp::kDelete:
    case RowOp::kLock: size = 20; break;
    case RowOp::kForward: size = 32; break;
    case RowOp::kInsertMany:
    case RowOp::kDeleteMany: size = redo::rows_kdo_size(k.nnew); break;
    default: break;
  }
  return encoded(k, size, order_);
}

// KDO and columns of a piece, for IRP and ORP.
void RedoEncoder::piece_fields(const SimulatedTable& table, const Row& row, std::size_t index, RowOp op, bool undo,
                               Fields& out) {
  const RowPiece& piece = row.pieces[index];
  Kdo k;
  k.op = static_cast<std::uint8_t>(op);
  k.bdba = piece.address.dba;
  k.slot = piece.address.slot;
  k.cc = static_cast<std::uint8_t>(piece.count);
  if (index == 0) k.fb |= redo::kFbFirst | (row.migrated ? 0 : redo::kFbHead);
  if (index + 1 == row.pieces.size()) k.fb |= redo::kFbLast;
  if (piece.skip != 0) k.fb |= redo::kFbPrevious;
  if (piece.cut != 0) k.fb |= redo::kFbNext;
  if (k.has_head_link()) k.hrid = row.head;
  if (k.has_next_link()) k.nrid = row.pieces[index + 1].address;
  std::size_t size = 3 + (k.has_head_link() ? 6 : 0) + (k.has_next_link() ? 6 : 0);
  ByteString nulls(redo::null_bytes(piece.count), 0);
  Fields columns;
  for (std::uint16_t i = 0; i < piece.count; ++i) {
    if (row.values[piece.first + i].null()) nulls[i >> 3] |= static_cast<std::uint8_t>(1 << (i & 7));
    const Bytes part = part_of(row, piece, i);
    size += stored_size(part.size());
    columns.emplace_back(part.begin(), part.end());
  }
  k.nulls = nulls;
  k.size = static_cast<std::uint16_t>(size);
  out.push_back(kdo(table, k, undo));
  std::move(columns.begin(), columns.end(), std::back_inserter(out));
}

// The supplemental block: 20 bytes, or 28 with the head piece's address; `columns` of `row` with it.
void RedoEncoder::supplement(Fields& fields, StatementKind kind, std::uint8_t fb, std::uint16_t before, std::uint16_t after,
                             const RowAddress* head, const std::vector<std::uint16_t>& columns, const Row* row) const {
  redo::SupplementalHeader s;
  s.kind = static_cast<std::uint8_t>(kind);
  s.fb = fb;
  s.columns = static_cast<std::uint16_t>(columns.size());
  s.before = before;
  s.after = after;
  if (head) s.head = *head;
  fields.push_back(encoded(s, head ? redo::kSupplementalFullSize : redo::kSupplementalSize, order_));
  if (columns.empty()) return;
  ByteString numbers, lengths;
  for (const std::uint16_t c : columns) {
    const Value& v = row->values[c];
    append_u16(numbers, c + 1u, order_);
    append_u16(lengths, v.null() ? 0xFFFF : v.bytes.size(), order_);
  }
  fields.push_back(numbers);
  fields.push_back(lengths);
  for (const std::uint16_t c : columns) fields.push_back(row->values[c].bytes);
}

std::vector<std::uint16_t> RedoEncoder::supplemental_columns(const SimulatedTable& table,
                                                             const std::vector<std::uint16_t>& changed) const {
  std::vector<std::uint16_t> columns;
  if (table.supplemental == Supplemental::kMinimal) return columns;
  const std::size_t count = table.supplemental == Supplemental::kAll ? table.columns.size() : 1;
  for (std::uint16_t c = 0; c < count; ++c)
    if (std::find(changed.begin(), changed.end(), c) == changed.end()) columns.push_back(c);
  return columns;
}

// --- operations ---

// Pieces are written tail first: each names the address of the next.
void RedoEncoder::insert(const SimulatedTable& table, const Row& row) {
  const bool one = row.pieces.size() == 1;
  for (std::size_t i = row.pieces.size(); i-- > 0;) {
    const RowPiece& piece = row.pieces[i];
    Kdo take_out;
    take_out.op = static_cast<std::uint8_t>(RowOp::kDelete);
    take_out.bdba = piece.address.dba;
    take_out.slot = piece.address.slot;
    Fields undo{kdo(table, take_out, true)};
    std::uint8_t fb = one ? redo::kFbDeleted : 0;
    if (i + 1 == row.pieces.size()) fb |= redo::kFbFirst;
    if (i == 0) fb |= redo::kFbLast;
    supplement(undo, StatementKind::kInsert, fb, 0, static_cast<std::uint16_t>(piece.first + 1),
               one ? nullptr : &row.pieces.back().address, {}, nullptr);
    Fields redo;
    piece_fields(table, row, i, RowOp::kInsert, false, redo);
    pair(table, piece.address.dba, 2, std::move(undo), redo);
  }
}

// The head goes first; of a migrated row that is the stub, which has no columns.
void RedoEncoder::remove(const SimulatedTable& table, const Row& row) {
  const bool one = row.pieces.size() == 1 && !row.migrated;
  const auto take = [&](RowAddress address, Fields undo, std::uint16_t before, bool first, bool last,
                        const std::vector<std::uint16_t>& supplemental) {
    const std::uint8_t fb = static_cast<std::uint8_t>((one ? redo::kFbDeleted : 0) | (first ? redo::kFbFirst : 0) |
                                                      (last ? redo::kFbLast : 0));
    supplement(undo, StatementKind::kDelete, fb, before, 0, one ? nullptr : &row.head, supplemental, &row);
    Kdo k;
    k.op = static_cast<std::uint8_t>(RowOp::kDelete);
    k.bdba = address.dba;
    k.slot = address.slot;
    pair(table, address.dba, 3, std::move(undo), {kdo(table, k, false)});
  };
  if (row.migrated) {
    Kdo stub;
    stub.op = static_cast<std::uint8_t>(RowOp::kInsert);
    stub.bdba = row.head.dba;
    stub.slot = row.head.slot;
    stub.fb = redo::kFbHead;
    stub.nrid = row.pieces[0].address;
    stub.size = 9;
    take(row.head, {kdo(table, stub, true)}, 0, true, false, {});
  }
  for (std::size_t i = 0; i < row.pieces.size(); ++i) {
    Fields undo;
    piece_fields(table, row, i, RowOp::kInsert, true, undo);
    take(row.pieces[i].address, std::move(undo), static_cast<std::uint16_t>(row.pieces[i].first + 1),
         i == 0 && !row.migrated, i + 1 == row.pieces.size(), {});
  }
}

void RedoEncoder::update(const SimulatedTable& table, const Row& row, const std::vector<std::uint16_t>& columns,
                         const std::vector<Value>& values, bool lock_first) {
  // Which entries of `columns` lie in which piece.
  std::vector<std::pair<std::size_t, std::vector<std::size_t>>> parts;
  for (std::size_t i = 0; i < row.pieces.size(); ++i) {
    const RowPiece& piece = row.pieces[i];
    std::vector<std::size_t> entries;
    for (std::size_t e = 0; e < columns.size(); ++e)
      if (columns[e] >= piece.first && columns[e] < piece.first + piece.count) entries.push_back(e);
    if (!entries.empty()) parts.emplace_back(i, entries);
  }
  REDOUBT_ASSERT(!parts.empty());
  std::vector<std::uint16_t> supplemental = supplemental_columns(table, columns);
  const bool lock = lock_first && (row.migrated || parts.front().first != 0);
  if (lock) {
    // The head is locked, and an 11.16 carries the supplemental columns; the pieces follow.
    for (const std::uint8_t code : {std::uint8_t{4}, std::uint8_t{16}}) {
      Kdo k;
      k.op = code;
      k.bdba = row.head.dba;
      k.slot = row.head.slot;
      k.lock = kItl;
      Fields undo{kdo(table, k, true)};
      supplement(undo, StatementKind::kUpdate, code == 4 ? redo::kFbFirst : 0, 0, 0, &row.head,
                 code == 16 ? supplemental : std::vector<std::uint16_t>{}, &row);
      Fields redo{kdo(table, k, false)};
      if (code == 16) redo.push_back(undo[1]);
      pair(table, row.head.dba, code, std::move(undo), redo);
    }
    supplemental.clear();
  }
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const auto& [index, entries] = parts[p];
    const RowPiece& piece = row.pieces[index];
    Kdo k;
    k.op = static_cast<std::uint8_t>(RowOp::kUpdate);
    k.bdba = piece.address.dba;
    k.slot = piece.address.slot;
    k.cc = static_cast<std::uint8_t>(piece.count);
    k.nnew = static_cast<std::uint8_t>(entries.size());
    if (index == 0) k.fb |= redo::kFbFirst | (row.migrated ? 0 : redo::kFbHead);
    if (index + 1 == row.pieces.size()) k.fb |= redo::kFbLast;
    if (piece.skip != 0) k.fb |= redo::kFbPrevious;
    if (piece.cut != 0) k.fb |= redo::kFbNext;
    ByteString list, old_nulls(redo::null_bytes(k.nnew), 0), new_nulls = old_nulls;
    Fields old_values, new_values;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const std::uint16_t column = columns[entries[i]];
      append_u16(list, column - piece.first, order_);
      const Value &before = row.values[column], &after = values[entries[i]];
      if (before.null()) old_nulls[i >> 3] |= static_cast<std::uint8_t>(1 << (i & 7));
      if (after.null()) new_nulls[i >> 3] |= static_cast<std::uint8_t>(1 << (i & 7));
      old_values.push_back(before.bytes);
      new_values.push_back(after.bytes);
    }
    k.nulls = old_nulls;
    Fields undo{kdo(table, k, true), list};
    std::move(old_values.begin(), old_values.end(), std::back_inserter(undo));
    const std::uint16_t start = static_cast<std::uint16_t>(columns[entries.front()] + 1);
    const std::uint8_t fb = static_cast<std::uint8_t>((p == 0 && !lock ? redo::kFbFirst : 0) |
                                                      (p + 1 == parts.size() ? redo::kFbLast : 0));
    supplement(undo, StatementKind::kUpdate, fb, start, start, &row.head,
               p == 0 ? supplemental : std::vector<std::uint16_t>{}, &row);
    k.nulls = new_nulls;
    Fields redo{kdo(table, k, false), list};
    std::move(new_values.begin(), new_values.end(), std::back_inserter(redo));
    pair(table, piece.address.dba, 5, std::move(undo), redo);
  }
}

void RedoEncoder::migrate(const SimulatedTable& table, const Row& row, const Row& moved) {
  const RowAddress to = moved.pieces[0].address;
  Kdo take_out;
  take_out.op = static_cast<std::uint8_t>(RowOp::kDelete);
  take_out.bdba = to.dba;
  take_out.slot = to.slot;
  Fields undo{kdo(table, take_out, true)};
  supplement(undo, StatementKind::kUpdate, redo::kFbFirst, 0, 1, &row.head, {}, nullptr);
  Fields redo;
  piece_fields(table, moved, 0, RowOp::kInsert, false, redo);
  pair(table, to.dba, 2, std::move(undo), redo);

  Fields old;
  piece_fields(table, row, 0, RowOp::kOverwrite, true, old);
  supplement(old, StatementKind::kUpdate, redo::kFbLast, 1, 0, &row.head, {}, nullptr);
  Kdo stub;
  stub.op = static_cast<std::uint8_t>(RowOp::kOverwrite);
  stub.bdba = row.head.dba;
  stub.slot = row.head.slot;
  stub.fb = redo::kFbHead;
  stub.nrid = to;
  stub.size = 9;
  pair(table, row.head.dba, 6, std::move(old), {kdo(table, stub, false)});
}

// QMI with the rows, or QMD with their slots alone.
RedoEncoder::Fields RedoEncoder::packed_rows(const SimulatedTable& table, const std::vector<const Row*>& rows, bool with_rows,
                                             bool undo) const {
  Kdo k;
  k.op = static_cast<std::uint8_t>(with_rows ? RowOp::kInsertMany : RowOp::kDeleteMany);
  k.bdba = rows.front()->head.dba;
  k.nnew = static_cast<std::uint8_t>(rows.size());
  k.lock = undo ? 0 : kItl;
  ByteString slots, lengths;
  std::vector<std::uint8_t> packed;
  for (const Row* row : rows) {
    append_u16(slots, row->head.slot, order_);
    const std::size_t before = packed.size();
    const RowPiece& piece = row->pieces[0];
    packed.push_back(redo::kFbHead | redo::kFbFirst | redo::kFbLast);
    packed.push_back(undo ? 0 : kItl);
    packed.push_back(static_cast<std::uint8_t>(piece.count));
    for (std::uint16_t i = 0; i < piece.count; ++i)
      redo::append_row_format(packed, {i, row->values[i].null(), row->values[i].bytes}, order_);
    append_u16(lengths, packed.size() - before, order_);
  }
  k.slots = slots;
  Fields fields{kdo(table, k, undo)};
  if (with_rows) {
    fields.push_back(lengths);
    fields.emplace_back(packed.data(), packed.size());
  }
  return fields;
}

void RedoEncoder::insert_rows(const SimulatedTable& table, const std::vector<const Row*>& rows) {
  pair(table, rows.front()->head.dba, 11, packed_rows(table, rows, false, true), packed_rows(table, rows, true, false));
}

void RedoEncoder::remove_rows(const SimulatedTable& table, const std::vector<const Row*>& rows) {
  pair(table, rows.front()->head.dba, 12, packed_rows(table, rows, true, true), packed_rows(table, rows, false, false));
}

}  // namespace redoubt::simulate
