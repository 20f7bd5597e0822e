#include "simulate/workload.h"

#include <algorithm>
#include <numeric>

#include "simulate/direct_load.h"
#include "simulate/index_redo.h"
#include "simulate/iot_redo.h"
#include "simulate/lob_redo.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint32_t kRowBytesMax = 7000;  // of a piece
constexpr std::uint16_t kPieceColumnsMax = 255;

ByteString index_key(const Row& row) {
  const ByteString& id = row.values[0].bytes;
  return ByteString(1, static_cast<std::uint8_t>(id.size())) + id;
}

ByteString index_rowid(const Row& row) {
  ByteString bytes(6, 0);
  store(bytes.data(), row.head.dba, ByteOrder::kBig);
  store(bytes.data() + 4, row.head.slot, ByteOrder::kBig);
  return bytes;
}

// Has its own transaction written LOBs of the row that lie outside? Moved along, they would still be told as new.
bool written_here(const Held& held) {
  const auto& values = held.row.values;
  return held.by != nullptr && std::any_of(values.begin(), values.end(), [](const Value& v) { return v.outside; });
}

}  // namespace

void Workload::statement(OpenTransaction& t) {
  --t.statements_left;
  auto& tables = t.container.tables;
  SimulatedTable& table = *tables[random_.below(static_cast<std::uint32_t>(tables.size()))];
  const std::uint32_t dice = random_.below(100);
  const OpenTransaction::Mark mark = t.mark();
  if (table.index_organized()) {
    index_organized(t, table);
    if (mixed() && may("savepoint") && random_.percent(12)) t.undo_to(mark);
    return;
  }
  if (mixed() && may("direct") && random_.percent(4)) return load(t, table);
  const bool many = mixed() && may("multi") && dice % 4 == 0;
  if (table.rows.size() < 20 || (dice < 40 && table.rows.size() < rows_kept_)) {
    many ? insert_many(t, table) : insert(t, table);
  } else if (dice < 75 && may("update")) {
    if (Held* held = free_row(t, table)) update(t, table, *held);
  } else if (may("delete")) {
    if (many) {
      remove_many(t, table);
    } else if (Held* held = free_row(t, table)) {
      remove(t, table, *held);
    }
  }
  if (mixed() && may("savepoint") && random_.percent(12)) t.undo_to(mark);
}

// A row that is committed or this transaction's own.
Held* Workload::free_row(OpenTransaction& t, SimulatedTable& table) {
  for (int tries = 0; tries < 10; ++tries) {
    Held& held = *table.rows[random_.below(static_cast<std::uint32_t>(table.rows.size()))];
    if ((held.by == nullptr || held.by == &t) && !held.gone) return &held;
  }
  return nullptr;
}

Value Workload::new_value(OpenTransaction& t, SimulatedTable& table, std::size_t c, std::uint32_t longest) {
  SimulatedColumn& column = table.columns[c];
  if (column.lob) return write_lob(t.redo, *column.lob, values_.make_lob(column.kind, random_), random_);
  Value value = values_.make(column.kind, random_, longest);
  if (!column.kind.encrypted()) return value;
  return ValueSource::encrypted(column.kind, *table.key, std::move(value), random_);
}

Row Workload::new_row(OpenTransaction& t, SimulatedTable& table) {
  Row row;
  row.segment = static_cast<std::uint16_t>(random_.below(static_cast<std::uint32_t>(table.segments.size())));
  row.values.push_back(ValueSource::number(++last_id_));
  const bool large = may("chain") && random_.percent(wide_ ? 3 : 8);
  for (std::size_t c = 1; c < table.columns.size(); ++c) {
    const bool null = table.columns[c].hidden || (table.columns[c].nullable && random_.percent(wide_ ? 5 : 20));
    row.values.push_back(null ? Value{} : new_value(t, table, c, large ? 4000 : 60));
  }
  return row;
}

// Cuts the row into pieces and gives each a place. Columns behind the last value are not stored.
void Workload::place(SimulatedTable& table, Row& row, bool whole) {
  std::uint16_t stored = static_cast<std::uint16_t>(row.values.size());
  while (stored > 1 && row.values[stored - 1u].null() && random_.percent(50)) --stored;
  row.pieces.clear();
  row.migrated = false;
  // Chained rows have small pieces here, so that a few columns suffice for a chain.
  const std::uint32_t limit = whole || !may("chain") || !random_.percent(15) ? kRowBytesMax : random_.between(80, 400);
  RowPiece piece;
  std::uint32_t bytes = 30;
  for (std::uint16_t c = 0; c < stored; ++c) {
    const auto size = static_cast<std::uint32_t>(row.values[c].bytes.size());
    const std::uint32_t begun = c == piece.first ? piece.skip : 0;
    const bool full = bytes + size - begun + 3 > limit && piece.count > 0;
    if (full || piece.count == kPieceColumnsMax) {
      // The column may be cut in two, anywhere, also inside a character.
      if (full && size - begun >= 2 && random_.percent(50) && piece.count < kPieceColumnsMax && c + 1 < stored) {
        const std::uint32_t cut = begun + random_.between(1, size - begun - 1);
        ++piece.count;
        piece.cut = cut;
        row.pieces.push_back(piece);
        piece = {};
        piece.first = c;
        piece.skip = cut;
        piece.count = 1;
        bytes = 30 + size - cut;
        continue;
      }
      row.pieces.push_back(piece);
      piece = {};
      piece.first = c;
      bytes = 30;
    }
    ++piece.count;
    bytes += size - begun + 3;
  }
  row.pieces.push_back(piece);
  for (RowPiece& p : row.pieces) {
    std::uint32_t used = 20;
    for (std::uint16_t i = 0; i < p.count; ++i)
      used += static_cast<std::uint32_t>(row.values[p.first + i].bytes.size()) + 3;
    p.address = table.segments[row.segment].place(std::min(used, Segment::kBlockBytes - 2));
  }
  row.head = row.pieces[0].address;
}

Held& Workload::add(OpenTransaction& t, SimulatedTable& table, Row row) {
  Held& held = *table.rows.emplace_back(std::make_unique<Held>());
  held.gone = true;  // what a rollback takes it back to
  t.hold(held);
  held.row = std::move(row);
  held.gone = false;
  held.fresh = true;
  ++rows_;
  return held;
}

void Workload::insert(OpenTransaction& t, SimulatedTable& table) {
  Row row = new_row(t, table);
  place(table, row);
  Held& held = add(t, table, std::move(row));
  t.redo.insert(table, held.row);
  t.truth.insert(table, held.row);
  add_index_entry(t, table, held.row);
}

// Rows in one piece each and in one block, in one vector.
void Workload::insert_many(OpenTransaction& t, SimulatedTable& table) {
  const bool lobs =
      std::any_of(table.columns.begin(), table.columns.end(), [](const auto& c) { return c.lob.has_value(); });
  if (table.columns.size() > kPieceColumnsMax || lobs) return insert(t, table);
  std::vector<Row> made;
  for (std::uint32_t n = random_.between(1, 12); n > 0; --n) {
    Row row = new_row(t, table);
    std::uint32_t bytes = 0;
    for (const Value& v : row.values) bytes += static_cast<std::uint32_t>(v.bytes.size()) + 3;
    if (bytes > 600) continue;
    if (!made.empty()) row.segment = made.front().segment;
    place(table, row, true);
    if (!made.empty() && made.front().head.dba != row.head.dba) break;
    made.push_back(std::move(row));
  }
  if (made.empty()) return insert(t, table);
  std::vector<const Row*> together;
  std::vector<Row*> made_rows;
  for (Row& row : made) {
    Held& held = add(t, table, std::move(row));
    together.push_back(&held.row);
    made_rows.push_back(&held.row);
    t.truth.insert(table, held.row);
  }
  t.redo.insert_rows(table, together);
  for (Row* row : made_rows) add_index_entry(t, table, *row);
}

void Workload::remove(OpenTransaction& t, SimulatedTable& table, Held& held) {
  t.hold(held);
  t.redo.remove(table, held.row);
  t.truth.remove(table, held.row);
  remove_index_entry(t, table, held.row);
  held.gone = true;
  ++rows_;
}

void Workload::remove_many(OpenTransaction& t, SimulatedTable& table) {
  std::vector<Held*> chosen;
  for (auto& held : table.rows) {
    if ((held->by && held->by != &t) || held->gone || held->row.migrated || held->row.pieces.size() != 1) continue;
    if (!chosen.empty() && chosen.front()->row.head.dba != held->row.head.dba) continue;
    chosen.push_back(held.get());
    if (chosen.size() == 5) break;
  }
  if (chosen.empty()) return;
  std::vector<const Row*> together;
  for (Held* held : chosen) {
    t.hold(*held);
    together.push_back(&held->row);
    t.truth.remove(table, held->row);
    ++rows_;
  }
  t.redo.remove_rows(table, together);
  for (const Row* row : together) remove_index_entry(t, table, *row);
  for (Held* held : chosen) held->gone = true;
}

// Columns that lie whole in one piece of the row, and those behind its end; the key stays.
std::vector<std::uint16_t> Workload::changeable(const SimulatedTable& table, const Row& row) const {
  std::vector<std::uint16_t> columns;
  const auto add = [&](std::uint32_t c) {
    if (c != 0 && !table.columns[c].hidden) columns.push_back(static_cast<std::uint16_t>(c));
  };
  for (const RowPiece& p : row.pieces) {
    for (std::uint16_t i = 0; i < p.count; ++i) {
      const bool split = (i == 0 && p.skip != 0) || (i + 1 == p.count && p.cut != 0);
      if (!split) add(p.first + std::uint32_t{i});
    }
  }
  const RowPiece& last = row.pieces.back();
  for (std::uint32_t c = last.first + std::uint32_t{last.count}; c < table.columns.size(); ++c)
    if (c - last.first < kPieceColumnsMax) add(c);
  return columns;
}

void Workload::update(OpenTransaction& t, SimulatedTable& table, Held& held) {
  std::vector<std::uint16_t> columns = changeable(table, held.row);
  if (columns.empty()) return;
  if (may("migrate") && held.row.pieces.size() == 1 && !held.row.migrated && random_.percent(12) &&
      !written_here(held)) {
    return migrate(t, table, held, columns);
  }
  // A few of them, in order.
  const std::size_t count = 1 + random_.below(static_cast<std::uint32_t>(std::min<std::size_t>(columns.size(), 6)));
  while (columns.size() > count)
    columns.erase(columns.begin() + random_.below(static_cast<std::uint32_t>(columns.size())));
  t.hold(held);
  Row after = held.row;
  for (const std::uint16_t c : columns)
    after.values[c] = table.columns[c].nullable && random_.percent(15) ? Value{} : new_value(t, table, c, 60);
  RowPiece& last = after.pieces.back();
  if (columns.back() >= last.first)
    last.count = std::max(last.count, static_cast<std::uint16_t>(columns.back() + 1 - last.first));
  t.redo.update(table, held.row, after, columns,
                {may("lock") && random_.percent(30), may("packed") && random_.percent(20)});
  t.truth.update(table, held.row, after, shown(table, columns));
  held.row = std::move(after);
  ++rows_;
}

void Workload::migrate(OpenTransaction& t, SimulatedTable& table, Held& held, std::vector<std::uint16_t> columns) {
  const std::uint16_t end = held.row.pieces[0].count;
  std::erase_if(columns, [&](std::uint16_t c) { return c >= end; });
  if (columns.empty()) return;
  t.hold(held);
  Row moved = held.row;
  const std::uint16_t c = columns[random_.below(static_cast<std::uint32_t>(columns.size()))];
  moved.values[c] = new_value(t, table, c, 200);
  moved.migrated = true;
  moved.pieces[0].address = table.segments[moved.segment].place(2000);
  t.redo.migrate(table, held.row, moved);
  std::vector<std::uint16_t> all(held.row.pieces[0].count);
  std::iota(all.begin(), all.end(), std::uint16_t{0});
  t.truth.update(table, held.row, moved, all);
  held.row = std::move(moved);
  ++rows_;
}

// Columns that redo tells of an update: the changed ones and those logged besides.
std::vector<std::uint16_t> Workload::shown(const SimulatedTable& table, std::vector<std::uint16_t> columns) const {
  if (table.supplemental == Supplemental::kAll) {
    for (std::uint16_t c = 0; c < table.columns.size(); ++c)
      if (table.columns[c].supplemental()) columns.push_back(c);
    std::sort(columns.begin(), columns.end());
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  } else if (table.supplemental == Supplemental::kPrimaryKey) {
    columns.insert(columns.begin(), 0);
  }
  return columns;
}

// The primary key index: key and ROWID. A reader of rows steps over it.
void Workload::add_index_entry(OpenTransaction& t, SimulatedTable& table, Row& row) {
  if (!table.index) return;
  row.index_entry = IndexRedo(t.redo, *table.index).insert(index_key(row), index_rowid(row));
}

void Workload::remove_index_entry(OpenTransaction& t, SimulatedTable& table, const Row& row) {
  if (!table.index || row.index_entry == RowAddress{}) return;
  IndexRedo(t.redo, *table.index).remove(row.index_entry, index_key(row), index_rowid(row));
}

void Workload::index_organized(OpenTransaction& t, SimulatedTable& table) {
  IotRedo redo(t.redo, table);
  const std::uint32_t dice = random_.below(100);
  Held* held = table.rows.size() < 10 || (dice < 40 && table.rows.size() < rows_kept_) ? nullptr : free_row(t, table);
  if (!held) {
    Row row = new_row(t, table);
    std::uint32_t bytes = 30;
    for (const Value& v : row.values) bytes += static_cast<std::uint32_t>(v.bytes.size()) + 3;
    row.head = table.segments[0].place(std::min(bytes, Segment::kBlockBytes - 2));
    row.pieces.push_back({row.head, 0, static_cast<std::uint16_t>(row.values.size())});
    held = &add(t, table, std::move(row));
    redo.insert(held->row);
    return t.truth.insert(table, held->row);
  }
  t.hold(*held);
  ++rows_;
  if (dice >= 80) {
    redo.remove(held->row);
    t.truth.remove(table, held->row);
    held->gone = true;
    return;
  }
  const auto form = static_cast<IotUpdate>(random_.below(3));
  std::vector<std::uint16_t> columns, told = table.iot_key;  // the key is always told
  Row after = held->row;
  for (std::uint16_t c = 0; c < table.columns.size(); ++c) {
    if (table.in_iot_key(c)) continue;
    if (columns.empty() || random_.percent(30)) {
      columns.push_back(c);
      after.values[c] = random_.percent(15) ? Value{} : new_value(t, table, c, 60);
    }
  }
  for (std::uint16_t c = 0; c < table.columns.size(); ++c) {
    const bool changed = std::find(columns.begin(), columns.end(), c) != columns.end();
    const bool all = form != IotUpdate::kColumns || table.supplemental == Supplemental::kAll;
    if (!table.in_iot_key(c) && (changed || all)) told.push_back(c);
  }
  std::sort(told.begin(), told.end());
  redo.update(held->row, after, columns, form);
  t.truth.update(table, held->row, after, told);
  held->row = std::move(after);
}

// A direct-path insert is the last thing its transaction does: Oracle lets it touch the table no more.
void Workload::load(OpenTransaction& t, SimulatedTable& table) {
  const bool lobs =
      std::any_of(table.columns.begin(), table.columns.end(), [](const auto& c) { return c.lob.has_value(); });
  if (table.columns.size() > kPieceColumnsMax || lobs || table.row_dependencies) return;
  t.statements_left = 0;
  t.loaded = true;
  const std::size_t s = random_.below(static_cast<std::uint32_t>(table.segments.size()));
  Segment& segment = table.segments[s];
  for (std::uint32_t blocks = random_.between(1, 3); blocks > 0; --blocks) {
    segment.next_block();
    const Dba block = segment.dba();
    std::vector<Row> made;
    std::uint32_t used = 0;
    for (std::uint32_t n = random_.between(1, 60); n > 0; --n) {
      Row row = new_row(t, table);
      std::uint32_t bytes = 8;
      for (const Value& v : row.values) bytes += static_cast<std::uint32_t>(v.bytes.size()) + 3;
      if ((used += bytes) > 7500) break;
      row.segment = static_cast<std::uint16_t>(s);
      row.head = segment.place(bytes);
      row.pieces.push_back({row.head, 0, static_cast<std::uint16_t>(row.values.size())});
      made.push_back(std::move(row));
    }
    if (made.empty()) continue;
    std::vector<const Row*> rows;
    for (Row& row : made) {
      Held& held = add(t, table, std::move(row));
      rows.push_back(&held.row);
      t.truth.insert(table, held.row);
    }
    load_block(t.redo, segment, block, rows, random_);
    segment.next_block();
  }
}

}  // namespace redoubt::simulate
