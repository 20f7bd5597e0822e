#include "capture/row_assembler.h"

#include <fmt/format.h>

#include <algorithm>

namespace redoubt::capture {

using redo::Kdo;
using redo::RowOp;
using redo::SupplementalHeader;

namespace {

constexpr std::uint16_t kNoSlot = 0xFFFF;  // no row has it
constexpr int kColumnsMax = 4096;          // a table of 23ai may have that many

}  // namespace

void RowAssembler::begin(OpenTransaction& t, change::Batch& batch, ChunkList& memory, LobSource* lobs) {
  transaction_ = &t;
  batch_ = &batch;
  memory_ = &memory;
  lobs_ = lobs;
  first_row_ = static_cast<std::uint32_t>(batch.rows.size());
  gaps_ = encrypted_ = false;
  open_count_ = 0;
  cached_table_ = nullptr;
}

void RowAssembler::add(Change& change) {
  try {
    row_change(change);
  } catch (const Malformed& e) {
    transaction_->suspect = true;
    warn_(change.rba,
          fmt::format("a {}.{} change of object {} in transaction {} cannot be read: {}", redo::layer_of(change.op),
                      redo::code_of(change.op), change.obj, to_text(transaction_->xid), e.what()));
  }
}

void RowAssembler::end() {
  while (open_count_ > 0) give_up(*open_.front());
  if (gaps_) {
    const auto from = batch_->rows.begin() + first_row_;
    batch_->rows.erase(std::remove_if(from, batch_->rows.end(), [](const auto& row) { return row.table == nullptr; }),
                       batch_->rows.end());
  }
  if (encrypted_) keys_.decrypt(*batch_, first_row_, *memory_, warn_);
}

// A statement whose last pair has not come, and will not.
void RowAssembler::give_up(Statement& statement) {
  // What is left of a change that was rolled back: its row vectors are gone, what rode along has no row to be found by.
  if (!statement.changed) return drop(statement);
  warn_(batch_->rows[statement.row_index].rba,
        fmt::format("transaction {} ended before a row change of object {} was complete", to_text(transaction_->xid),
                    statement.obj));
  statement.suspect = true;
  finish(statement);
}

void RowAssembler::row_change(Change& change) {
  if (change.lob) return;
  switch (change.op) {
    case redo::kInsertRows: return array_change(change, true);
    case redo::kDeleteRows: return array_change(change, false);
    case redo::kDirectBlock: return direct_block(change);
    case redo::kUndo: return;  // no row vector: only there to be rolled back
    default: break;
  }
  if (redo::layer_of(change.op) == 10) return index_organized(change);
  if (redo::layer_of(change.op) != 11) return;
  if (change.op == redo::kArrayUpdate) return array_update(change);

  const Pair pair = read_pair(change);
  if (ignored(pair)) return;
  Statement* statement = statement_of(pair);
  if (!statement) return;
  add_columns(*statement, pair);
  if (complete(*statement, pair)) finish(*statement);
}

// 11.19 was only ever seen printed by Oracle, and its bytes are not known, not even which rows it changes: a row is
// told that stands for them, with their block and without columns.
void RowAssembler::array_update(Change& change) {
  const oracle::Table* table = find_table(change, 0);
  if (!table) return;
  transaction_->suspect = true;
  warn_(change.rba,
        fmt::format("array update 11.19 of {}.{} in transaction {} is not decoded: turn on supplemental logging, which "
                    "keeps the database from writing it",
                    table->owner, table->name, to_text(transaction_->xid)));
  change::RowChange& row = reserve_row(change);
  row.table = table;
  row.op = change::Op::kUpdate;
  row.rowid = {change.data_obj, change.redo().dba, kNoSlot};
  row.first_cell = static_cast<std::uint32_t>(batch_->cells.size());
  row.suspect = true;
}

RowAssembler::Pair RowAssembler::read_pair(Change& change) {
  if (change.undo_size != 0) {
    redo::read_row_vector(change.undo(), undo_);
  } else {
    undo_.clear();
  }
  redo::read_row_vector(change.redo(), redo_);
  if (!redo_.present) throw Malformed("a row vector without KDO");
  return with_header(change, undo_.supplemental.present ? undo_.supplemental : redo_.supplemental, redo_.kdo.address());
}

RowAssembler::Pair RowAssembler::with_header(Change& change, const redo::SupplementalBlock& block,
                                             redo::RowAddress own) {
  if (!block.present) return {&change, nullptr, own, own};
  return {&change, &block, own, block.header.head != redo::RowAddress{} ? block.header.head : own};
}

// Cluster key bookkeeping, row locks, and extras that complete nothing.
bool RowAssembler::ignored(const Pair& pair) const {
  const Kdo& kdo = redo_.kdo;
  if ((pair.fb() & redo::kFbClusterKey) != 0) return true;
  if (pair.has_header() && pair.block->header.statement() == redo::StatementKind::kOther) return true;
  if ((kdo.row_op() == RowOp::kInsert || kdo.row_op() == RowOp::kOverwrite || kdo.row_op() == RowOp::kUpdate) &&
      (kdo.fb & redo::kFbClusterKey) != 0)
    return true;
  if (pair.change->op == redo::kDeleteRow && (undo_.kdo.fb & redo::kFbClusterKey) != 0) return true;
  const bool begins = (pair.fb() & redo::kFbFirst) != 0;
  const bool ends = (pair.fb() & redo::kFbLast) != 0;
  switch (pair.change->op) {
    case redo::kLockRow:
      return !(pair.has_header() && pair.block->header.statement() == redo::StatementKind::kUpdate && begins && !ends);
    case redo::kLogminerRow:
    case redo::kCompareRow:
      return !pair.has_header() || (open_count_ == 0 && pair.block->header.head.dba == 0 && !ends);
    case redo::kInsertRow:
    case redo::kDeleteRow:
    case redo::kUpdateRow:
    case redo::kOverwriteRow:
    case redo::kForwardRow: return false;
    default: return true;  // links, free space, descriptions: no user columns
  }
}

Statement* RowAssembler::statement_of(const Pair& pair) {
  if ((pair.fb() & redo::kFbFirst) == 0) {
    for (std::size_t i = open_count_; i-- > 0;) {
      Statement& s = *open_[i];
      if (s.obj == pair.change->obj && (s.address == pair.address || !pair.has_header())) return &s;
    }
  }
  return open_statement(pair);
}

// One session writes one row after another: more than a few are only open where their ends are missing.
Statement& RowAssembler::next_statement() {
  if (open_count_ == kOpenMax) give_up(*open_.front());
  if (open_count_ == open_.size()) open_.push_back(std::make_unique<Statement>());
  return *open_[open_count_++];
}

Statement* RowAssembler::open_statement(const Pair& pair) {
  const oracle::Table* table = find_table(*pair.change, 0);
  if (!table) return nullptr;
  Statement& statement = next_statement();
  change::RowChange& row = reserve_row(*pair.change);
  statement.open(table, pair.change->obj, pair.address);
  statement.row_index = static_cast<std::uint32_t>(batch_->rows.size() - 1);
  row.rowid = {pair.change->data_obj, pair.address.dba, pair.address.slot};
  return &statement;
}

void RowAssembler::add_columns(Statement& statement, const Pair& pair) {
  const Kdo& kdo = redo_.kdo;
  const redo::Opcode op = pair.change->op;
  const bool insert = op == redo::kInsertRow;
  const bool remove = op == redo::kDeleteRow;
  statement.inserted |= insert;
  statement.deleted |= remove;
  statement.updated |= !insert && !remove && op != redo::kLockRow;
  statement.changed |= op != redo::kLockRow && op != redo::kLogminerRow && op != redo::kCompareRow;
  if (pair.has_header()) statement.header_kind |= pair.block->header.kind;
  if (redo_.piece.form == redo::PieceForm::kOpaque || undo_.piece.form == redo::PieceForm::kOpaque)
    statement.suspect = true;

  // Segment column of an element: start + i for whole pieces, start + (L[i] - L[0]) for updates with list L.
  const auto base = [&](std::uint16_t redo::SupplementalHeader::*start, const redo::RowVector& row) {
    if (!pair.has_header() || pair.block->header.*start == 0) return int{statement.table->cluster_columns};
    return pair.block->header.*start - 1 - (row.kdo.row_op() == RowOp::kUpdate ? row.piece.first : 0);
  };
  const bool tail_first = insert && !statement.deleted && !statement.updated;
  add_side(statement, Side::kUndo, undo_, base(&SupplementalHeader::before, undo_), false);
  add_side(statement, Side::kRedo, redo_, base(&SupplementalHeader::after, redo_), tail_first);
  if (pair.has_header()) add_supplemental(statement, *pair.block);

  // The head piece gives the row of an insert its ROWID; a supplemental address is the tail's then.
  const std::uint8_t fb = remove ? undo_.kdo.fb : kdo.fb;
  if (insert || remove || kdo.row_op() == RowOp::kUpdate || kdo.row_op() == RowOp::kOverwrite)
    statement.piece_flags |= fb & (redo::kFbHead | redo::kFbFirst | redo::kFbLast);
  if (insert && (kdo.fb & redo::kFbHead) != 0 && !statement.deleted && !statement.updated &&
      statement.header_kind != static_cast<std::uint8_t>(redo::StatementKind::kUpdate)) {
    oracle::RowId& rowid = batch_->rows[statement.row_index].rowid;
    rowid.dba = pair.own.dba;
    rowid.slot = pair.own.slot;
  }
}

void RowAssembler::add_supplemental(Statement& statement, const redo::SupplementalBlock& block) {
  const bool previous = (block.header.fb & redo::kFbPrevious) != 0;
  const bool next = (block.header.fb & redo::kFbNext) != 0;
  for (std::size_t i = 0; i < block.columns.size(); ++i) {
    const redo::PieceColumn& c = block.columns[i];
    const bool continues = previous && i == 0;
    const bool continued = next && i + 1 == block.columns.size();
    if (!c.null && (continues || continued)) {
      statement.add_part(Side::kSupplemental, c.position, c.value, continues, continued, false);
    } else {
      statement.add(Side::kSupplemental, c.position, c.null, c.value);
    }
  }
}

void RowAssembler::add_side(Statement& statement, Side side, const redo::RowVector& row, int base, bool in_front) {
  const bool split = (row.kdo.fb & (redo::kFbPrevious | redo::kFbNext)) != 0;
  for (const redo::PieceColumn& c : row.columns) {
    const int column = base + c.position;
    if (column < 0 || column >= kColumnsMax) throw Malformed(fmt::format("segment column {} of a row", column + 1));
    const auto index = static_cast<std::size_t>(column);
    if (split && !c.null) [[unlikely]] {
      const bool previous = (row.kdo.fb & redo::kFbPrevious) != 0 && c.position == 0;
      const bool next = (row.kdo.fb & redo::kFbNext) != 0 && c.position + 1 == row.kdo.cc;
      if (previous || next) {
        statement.add_part(side, index, c.value, previous, next, in_front);
        continue;
      }
    }
    statement.add(side, index, c.null, c.value);
  }
}

bool RowAssembler::complete(const Statement& statement, const Pair& pair) const {
  if (pair.has_header()) return (pair.fb() & redo::kFbLast) != 0;
  if (statement.updated || statement.inserted == statement.deleted) return true;
  constexpr std::uint8_t kWhole = redo::kFbHead | redo::kFbFirst | redo::kFbLast;
  return statement.piece_flags == kWhole;
}

change::Op RowAssembler::operation(const Statement& s) const {
  switch (static_cast<redo::StatementKind>(s.header_kind)) {
    case redo::StatementKind::kInsert: return change::Op::kInsert;
    case redo::StatementKind::kDelete: return change::Op::kDelete;
    case redo::StatementKind::kUpdate: return change::Op::kUpdate;
    default: break;
  }
  if (s.inserted && !s.deleted && !s.updated) return change::Op::kInsert;
  if (s.deleted && !s.inserted && !s.updated) return change::Op::kDelete;
  return change::Op::kUpdate;
}

void RowAssembler::finish(Statement& statement) {
  change::RowChange& row = batch_->rows[statement.row_index];
  if (statement.header_kind == static_cast<std::uint8_t>(redo::StatementKind::kLock)) return drop(statement);
  if (!statement.table->known && statement.columns() > statement.table->columns.size())
    statement.table = tables_.table(transaction_->con_id, statement.obj, row.scn, statement.columns());
  if (statement.table->known && statement.columns() > statement.table->columns.size()) {
    warn_(row.rba, fmt::format("a row of {}.{} has {} columns, the dictionary knows {}: it may be older than the redo",
                               statement.table->owner, statement.table->name, statement.columns(),
                               statement.table->columns.size()));
    statement.suspect = true;
  }
  row.table = statement.table;
  statement.tell(operation(statement), *batch_, row, *memory_);
  fill_lobs(row);
  close(statement);
}

// The row that was reserved is not told.
void RowAssembler::drop(Statement& statement) {
  gaps_ = true;
  close(statement);
}

// The others keep their order: a pair belongs to the newest statement of its row.
void RowAssembler::close(Statement& statement) {
  const auto end = open_.begin() + static_cast<std::ptrdiff_t>(open_count_);
  const auto it = std::find_if(open_.begin(), end, [&](const auto& s) { return s.get() == &statement; });
  std::rotate(it, it + 1, end);
  --open_count_;
}

// 11.11 inserts and 11.12 deletes several whole rows of a block; the rows are in the redo vector of the one and in the
// undo vector of the other.
void RowAssembler::array_change(Change& change, bool insert) {
  const redo::Vector vector = insert ? change.redo() : change.undo();
  redo::FieldCursor fields = vector.fields();
  const unsigned kdo_at = insert ? 1 : 3;
  if (fields.left() <= kdo_at) throw Malformed("rows without KDO");
  for (unsigned i = 0; i < kdo_at; ++i) fields.next();
  const Kdo kdo = redo::decode<Kdo>(fields.next(), change.order);
  if (kdo.row_op() != RowOp::kInsertMany) throw Malformed("rows in another form than QMI");
  const oracle::Table* table = find_table(change, 0);
  if (!table) return;
  const bool wide_scn = change.version >= redo::kVersion12_2;
  std::uint32_t nth = 0;
  for (const redo::PackedRow& packed : redo::read_packed_rows(kdo, fields, wide_scn, change.order)) {
    if ((packed.fb & redo::kFbClusterKey) != 0) continue;
    redo_.columns.clear();
    redo::read_row_format(packed.columns, packed.cc, table->cluster_columns, change.order, redo_.columns);
    Statement& statement = next_statement();
    statement.open(table, change.obj, {kdo.bdba, packed.slot});
    change::RowChange& row = reserve_row(change, nth++);
    statement.row_index = static_cast<std::uint32_t>(batch_->rows.size() - 1);
    row.rowid = {change.data_obj, kdo.bdba, packed.slot};
    statement.inserted = insert;
    statement.deleted = !insert;
    for (const redo::PieceColumn& c : redo_.columns)
      statement.add(insert ? Side::kRedo : Side::kUndo, c.position, c.null, c.value);
    finish(statement);
  }
}

const oracle::Table* RowAssembler::find_table(const Change& change, std::size_t columns) {
  if (cached_table_ && cached_obj_ == change.obj && cached_scn_ == change.scn) return cached_table_;
  cached_table_ = tables_.table(transaction_->con_id, change.obj, change.scn, columns);
  cached_obj_ = change.obj;
  cached_scn_ = change.scn;
  return cached_table_;
}

change::RowChange& RowAssembler::reserve_row(const Change& change, std::uint32_t nth) {
  change::RowChange& row = batch_->rows.emplace_back();
  row.scn = change.scn;
  row.rba = change.rba;
  row.thread = change.thread;
  row.index = change.index + nth;
  return row;
}

// A row that is written anew, as when it moves, repeats the locators of LOBs that did not change. Where these only lead
// to the value, the column is left out of the update: the value is not in redo, nor has it changed.
void RowAssembler::leave_out_unchanged_lobs(change::RowChange& row) {
  const auto cells = batch_->cells.begin() + row.first_cell;
  const std::uint16_t count = row.after_count;
  const auto unchanged = [&](std::size_t i) {
    const change::Cell& before = cells[static_cast<std::ptrdiff_t>(i)];
    const change::Cell& after = cells[static_cast<std::ptrdiff_t>(i + count)];
    return before.state == change::CellState::kValue && after.state == change::CellState::kValue &&
           row.table->columns[before.column].is_lob() && std::ranges::equal(before.bytes(), after.bytes()) &&
           lobs_->is_elsewhere(after.bytes());
  };
  std::vector<bool> drop(count);
  for (std::size_t i = 0; i < count; ++i) drop[i] = unchanged(i);
  std::size_t to = 0;
  for (std::size_t i = 0; i < 2 * std::size_t{count}; ++i)
    if (!drop[i % count]) cells[static_cast<std::ptrdiff_t>(to++)] = cells[static_cast<std::ptrdiff_t>(i)];
  batch_->cells.resize(row.first_cell + to);
  row.before_count = row.after_count = static_cast<std::uint16_t>(to / 2);
}

void RowAssembler::fill_lobs(change::RowChange& row) {
  const auto cell = [&](std::size_t i) -> change::Cell& { return batch_->cells[row.first_cell + i]; };
  const auto is_lob = [&](const change::Cell& c) {
    return c.state == change::CellState::kValue && row.table->known && row.table->columns[c.column].is_lob();
  };
  bool any = false;
  for (std::size_t i = 0; i < std::size_t{row.before_count} + row.after_count; ++i) {
    change::Cell& c = cell(i);
    if (c.state == change::CellState::kValue && ColumnKeys::encrypted(row.table->columns[c.column])) {
      encrypted_ = true;
      if (is_lob(c)) c.state = change::CellState::kUnavailable;
    }
    any |= is_lob(c);
  }
  if (!any) return;
  if (lobs_ && row.op == change::Op::kUpdate) leave_out_unchanged_lobs(row);
  for (std::size_t i = 0; i < std::size_t{row.before_count} + row.after_count; ++i) {
    change::Cell& c = cell(i);
    if (!is_lob(c)) continue;
    if (lobs_) {
      lobs_->fill(*row.table, c, i < row.before_count, *memory_);
    } else {
      c.state = change::CellState::kUnavailable;
    }
  }
}

}  // namespace redoubt::capture
