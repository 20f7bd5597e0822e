#include "simulate/redo_encoder.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "redo/row_piece.h"

namespace redoubt::simulate {

using redo::Kdo;
using redo::RowOp;
using redo::StatementKind;

namespace {

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

ByteString RedoEncoder::kdo(const SimulatedTable& table, const Segment& segment, Kdo k, bool undo) const {
  k.hdba = segment.header_dba();
  k.tabn = table.cluster_table;
  k.maxfr = 4858;
  if (undo) k.op |= redo::kKdoUndo;
  k.flags |= 1;
  k.itli = kItl;
  const RowOp op = k.row_op();
  const bool piece = op == RowOp::kInsert || op == RowOp::kOverwrite || op == RowOp::kUpdate;
  if (piece) {
    k.lock = undo ? 0 : kItl;
    if (table.cluster_columns > 0) k.fb |= redo::kFbCluster;
  }
  if (table.row_dependencies && (piece || op == RowOp::kInsertMany || op == RowOp::kDeleteMany))
    k.op |= redo::kKdoRowDependencies;
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
  return encoded(k, size);
}

// The SCN of the row's last change, which a table with row dependencies keeps with each row.
ByteString RedoEncoder::dependency_scn() const {
  ByteString bytes(8, 0);
  redo::Writer io({bytes.data(), bytes.size()}, order());
  io.scn8(0, redo::Scn8{scn(), version() >= redo::kVersion12_2});
  return bytes;
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
  std::size_t size =
      3 + (table.cluster_columns > 0 ? 1 : 0) + (k.has_head_link() ? 6 : 0) + (k.has_next_link() ? 6 : 0);
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
  out.push_back(kdo(table, table.segment_of(row), k, undo));
  std::move(columns.begin(), columns.end(), std::back_inserter(out));
  if (table.row_dependencies) out.push_back(dependency_scn());
}

void RedoEncoder::supplement(Fields& fields, StatementKind kind, std::uint8_t fb, std::uint16_t before,
                             std::uint16_t after, const RowAddress* head, const std::vector<std::uint16_t>& columns,
                             const Row* row) const {
  redo::SupplementalHeader s;
  s.kind = static_cast<std::uint8_t>(kind);
  s.fb = fb;
  s.columns = static_cast<std::uint16_t>(columns.size());
  s.before = before;
  s.after = after;
  if (head) s.head = *head;
  fields.push_back(encoded(s, head ? redo::kSupplementalFullSize : redo::kSupplementalSize));
  if (columns.empty()) return;
  REDOUBT_ASSERT(row);
  ByteString numbers, lengths;
  for (const std::uint16_t c : columns) {
    const Value& v = row->values[c];
    append_u16(numbers, c + 1u, order());
    append_u16(lengths, v.null() ? 0xFFFF : v.bytes.size(), order());
  }
  fields.push_back(numbers);
  fields.push_back(lengths);
  for (const std::uint16_t c : columns) fields.push_back(row->values[c].bytes);
}

// The columns of a cluster's key are in no piece of the row: they are always logged besides.
std::vector<std::uint16_t> RedoEncoder::cluster_key(const SimulatedTable& table) {
  std::vector<std::uint16_t> columns(table.cluster_columns);
  std::iota(columns.begin(), columns.end(), std::uint16_t{0});
  return columns;
}

std::vector<std::uint16_t> RedoEncoder::supplemental_columns(const SimulatedTable& table,
                                                             const std::vector<std::uint16_t>& changed) const {
  std::vector<std::uint16_t> columns;
  const std::size_t count = table.supplemental == Supplemental::kMinimal ? table.cluster_columns
                            : table.supplemental == Supplemental::kAll   ? table.columns.size()
                                                                         : 1;
  for (std::uint16_t c = 0; c < count; ++c)
    if ((c < table.cluster_columns || table.columns[c].supplemental()) &&
        std::find(changed.begin(), changed.end(), c) == changed.end())
      columns.push_back(c);
  return columns;
}

// --- operations ---

// Pieces are written tail first: each names the address of the next.
void RedoEncoder::insert(const SimulatedTable& table, const Row& row) {
  const Segment& segment = table.segment_of(row);
  const bool one = row.pieces.size() == 1;
  for (std::size_t i = row.pieces.size(); i-- > 0;) {
    const RowPiece& piece = row.pieces[i];
    Kdo take_out;
    take_out.op = static_cast<std::uint8_t>(RowOp::kDelete);
    take_out.bdba = piece.address.dba;
    take_out.slot = piece.address.slot;
    Fields undo{kdo(table, segment, take_out, true)};
    std::uint8_t fb = one ? redo::kFbDeleted : 0;
    if (i + 1 == row.pieces.size()) fb |= redo::kFbFirst;
    if (i == 0) fb |= redo::kFbLast;
    supplement(undo, StatementKind::kInsert, fb, 0, static_cast<std::uint16_t>(piece.first + 1),
               one ? nullptr : &row.pieces.back().address, cluster_key(table), &row);
    Fields redo;
    piece_fields(table, row, i, RowOp::kInsert, false, redo);
    row_change(segment, piece.address.dba, RowOp::kInsert, std::move(undo), redo);
  }
}

// The head goes first; of a migrated row that is the stub, which has no columns.
void RedoEncoder::remove(const SimulatedTable& table, const Row& row) {
  const Segment& segment = table.segment_of(row);
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
    row_change(segment, address.dba, RowOp::kDelete, std::move(undo), {kdo(table, segment, k, false)});
  };
  if (row.migrated) {
    Kdo stub;
    stub.op = static_cast<std::uint8_t>(RowOp::kInsert);
    stub.bdba = row.head.dba;
    stub.slot = row.head.slot;
    stub.fb = redo::kFbHead;
    stub.nrid = row.pieces[0].address;
    stub.size = 9;
    Fields undo{kdo(table, segment, stub, true)};
    if (table.row_dependencies) undo.push_back(dependency_scn());
    take(row.head, std::move(undo), 0, true, false, {});
  }
  for (std::size_t i = 0; i < row.pieces.size(); ++i) {
    Fields undo;
    piece_fields(table, row, i, RowOp::kInsert, true, undo);
    take(row.pieces[i].address, std::move(undo), static_cast<std::uint16_t>(row.pieces[i].first + 1),
         i == 0 && !row.migrated, i + 1 == row.pieces.size(), cluster_key(table));
  }
}

void RedoEncoder::update(const SimulatedTable& table, const Row& row, const Row& after,
                         const std::vector<std::uint16_t>& columns, UpdateForm form) {
  const Segment& segment = table.segment_of(row);
  // Which entries of `columns` lie in which piece.
  std::vector<std::pair<std::size_t, std::vector<std::size_t>>> parts;
  for (std::size_t i = 0; i < after.pieces.size(); ++i) {
    const RowPiece& piece = after.pieces[i];
    std::vector<std::size_t> entries;
    for (std::size_t e = 0; e < columns.size(); ++e)
      if (columns[e] >= piece.first && columns[e] < piece.first + piece.count) entries.push_back(e);
    if (!entries.empty()) parts.emplace_back(i, entries);
  }
  REDOUBT_ASSERT(!parts.empty());
  std::vector<std::uint16_t> supplemental = supplemental_columns(table, columns);
  const bool lock = form.lock_first && (row.migrated || parts.front().first != 0);
  if (lock) {
    // The head is locked, and an 11.16 carries the supplemental columns; the pieces follow.
    for (const RowOp op : {RowOp::kLock, RowOp::kLogminer}) {
      Kdo k;
      k.op = static_cast<std::uint8_t>(op);
      k.bdba = row.head.dba;
      k.slot = row.head.slot;
      k.lock = kItl;
      Fields undo{kdo(table, segment, k, true)};
      supplement(undo, StatementKind::kUpdate, op == RowOp::kLock ? redo::kFbFirst : 0, 0, 0, &row.head,
                 op == RowOp::kLogminer ? supplemental : std::vector<std::uint16_t>{}, &row);
      Fields redo{kdo(table, segment, k, false)};
      if (op == RowOp::kLogminer) redo.push_back(undo[1]);
      row_change(segment, row.head.dba, op, std::move(undo), redo);
    }
    supplemental.clear();
  }
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const std::size_t index = parts[p].first;
    const std::vector<std::size_t>& entries = parts[p].second;
    const RowPiece& piece = row.pieces[index];
    Kdo k;
    k.op = static_cast<std::uint8_t>(RowOp::kUpdate);
    k.bdba = piece.address.dba;
    k.slot = piece.address.slot;
    k.nnew = static_cast<std::uint8_t>(entries.size());
    if (index == 0) k.fb |= redo::kFbFirst | (row.migrated ? 0 : redo::kFbHead);
    if (index + 1 == row.pieces.size()) k.fb |= redo::kFbLast;
    if (piece.skip != 0) k.fb |= redo::kFbPrevious;
    if (piece.cut != 0) k.fb |= redo::kFbNext;
    const std::uint16_t from = columns[entries.front()], to = columns[entries.back()];
    if (form.packed && to - from + 1u == entries.size()) k.flags |= redo::kKdoPacked;
    ByteString list;
    for (const std::size_t e : entries) append_u16(list, columns[e] - piece.first, order());
    const auto image = [&](bool undo) {
      ByteString nulls(redo::null_bytes(k.nnew), 0);
      Fields fields;
      std::vector<std::uint8_t> packed;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const Value& v = (undo ? row : after).values[columns[entries[i]]];
        if (v.null()) nulls[i >> 3] |= static_cast<std::uint8_t>(1 << (i & 7));
        if ((k.flags & redo::kKdoPacked) != 0) {
          redo::append_row_format(packed, {static_cast<std::uint16_t>(i), v.null(), v.bytes}, order());
        } else {
          fields.push_back(v.bytes);
        }
      }
      if ((k.flags & redo::kKdoPacked) != 0) fields.emplace_back(packed.data(), packed.size());
      k.nulls = nulls;
      k.cc = static_cast<std::uint8_t>((undo ? row : after).pieces[index].count);
      fields.insert(fields.begin(), {kdo(table, segment, k, undo), list});
      if (table.row_dependencies) fields.push_back(dependency_scn());
      return fields;
    };
    Fields undo = image(true);
    const std::uint16_t start = static_cast<std::uint16_t>(from + 1);
    const std::uint8_t fb =
        static_cast<std::uint8_t>((p == 0 && !lock ? redo::kFbFirst : 0) | (p + 1 == parts.size() ? redo::kFbLast : 0));
    supplement(undo, StatementKind::kUpdate, fb, start, start, &row.head,
               p == 0 ? supplemental : std::vector<std::uint16_t>{}, &row);
    row_change(segment, piece.address.dba, RowOp::kUpdate, std::move(undo), image(false));
  }
}

void RedoEncoder::migrate(const SimulatedTable& table, const Row& row, const Row& moved) {
  const Segment& segment = table.segment_of(row);
  const RowAddress to = moved.pieces[0].address;
  Kdo take_out;
  take_out.op = static_cast<std::uint8_t>(RowOp::kDelete);
  take_out.bdba = to.dba;
  take_out.slot = to.slot;
  Fields undo{kdo(table, segment, take_out, true)};
  supplement(undo, StatementKind::kUpdate, redo::kFbFirst, 0, 1, &row.head, {}, nullptr);
  Fields redo;
  piece_fields(table, moved, 0, RowOp::kInsert, false, redo);
  row_change(segment, to.dba, RowOp::kInsert, std::move(undo), redo);

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
  Fields left{kdo(table, segment, stub, false)};
  if (table.row_dependencies) left.push_back(dependency_scn());
  row_change(segment, row.head.dba, RowOp::kOverwrite, std::move(old), left);
}

// QMI with the rows, or QMD with their slots alone.
Fields RedoEncoder::packed_rows(const SimulatedTable& table, const std::vector<const Row*>& rows, bool with_rows,
                                bool undo) const {
  Kdo k;
  k.op = static_cast<std::uint8_t>(with_rows ? RowOp::kInsertMany : RowOp::kDeleteMany);
  k.bdba = rows.front()->head.dba;
  k.nnew = static_cast<std::uint8_t>(rows.size());
  k.lock = undo ? 0 : kItl;
  ByteString slots, lengths;
  std::vector<std::uint8_t> packed;
  for (const Row* row : rows) {
    append_u16(slots, row->head.slot, order());
    const std::size_t before = packed.size();
    const RowPiece& piece = row->pieces[0];
    packed.push_back(redo::kFbHead | redo::kFbFirst | redo::kFbLast);
    packed.push_back(undo ? 0 : kItl);
    packed.push_back(static_cast<std::uint8_t>(piece.count));
    if (table.row_dependencies) {
      const ByteString last = dependency_scn();
      packed.insert(packed.end(), last.begin(), last.begin() + (version() >= redo::kVersion12_2 ? 8 : 6));
    }
    for (std::uint16_t i = 0; i < piece.count; ++i)
      redo::append_row_format(packed, {i, row->values[i].null(), row->values[i].bytes}, order());
    append_u16(lengths, packed.size() - before, order());
  }
  k.slots = slots;
  Fields fields{kdo(table, table.segment_of(*rows.front()), k, undo)};
  if (with_rows) {
    fields.push_back(lengths);
    fields.emplace_back(packed.data(), packed.size());
  }
  return fields;
}

void RedoEncoder::insert_rows(const SimulatedTable& table, const std::vector<const Row*>& rows) {
  row_change(table.segment_of(*rows.front()), rows.front()->head.dba, RowOp::kInsertMany,
             packed_rows(table, rows, false, true), packed_rows(table, rows, true, false));
}

void RedoEncoder::remove_rows(const SimulatedTable& table, const std::vector<const Row*>& rows) {
  row_change(table.segment_of(*rows.front()), rows.front()->head.dba, RowOp::kDeleteMany,
             packed_rows(table, rows, true, true), packed_rows(table, rows, false, false));
}

}  // namespace redoubt::simulate
