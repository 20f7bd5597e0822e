#include "capture/statement.h"

#include <algorithm>
#include <tuple>

namespace redoubt::capture {
namespace {

using change::Cell;
using change::CellState;

Cell cell(std::size_t column, bool null, Bytes value) {
  return {value.data(), static_cast<std::uint32_t>(value.size()), static_cast<std::uint16_t>(column),
          null ? CellState::kNull : CellState::kValue};
}

Cell missing(std::size_t column, CellState state) { return {nullptr, 0, static_cast<std::uint16_t>(column), state}; }

}  // namespace

void Statement::open(const oracle::Table* new_table, std::uint32_t new_obj, redo::RowAddress new_address) {
  table = new_table;
  obj = new_obj;
  address = new_address;
  header_kind = 0;
  inserted = deleted = updated = changed = suspect = false;
  piece_flags = 0;
  columns_ = 0;
  parts_.clear();
  front_parts_.clear();
  if (++epoch_ == 0) {  // wrapped: old marks would look new
    images_.clear();
    epoch_ = 1;
  }
}

void Statement::add_part(Side side, std::size_t column, Bytes value, bool previous, bool next, bool in_front) {
  at(column).state[static_cast<std::size_t>(side)] = kParts;
  (in_front ? front_parts_ : parts_).push_back({side, static_cast<std::uint16_t>(column), previous, next, value});
}

// First the part that only continues, then those between, then the one that only is continued.
void Statement::join_parts(ChunkList& memory) {
  parts_.insert(parts_.begin(), front_parts_.rbegin(), front_parts_.rend());
  front_parts_.clear();
  const auto order = [](const Part& p) { return std::tuple(p.column, p.side, p.previous, !p.next); };
  std::stable_sort(parts_.begin(), parts_.end(), [&](const Part& a, const Part& b) { return order(a) < order(b); });
  for (auto from = parts_.begin(); from != parts_.end();) {
    std::size_t size = 0;
    int first = 0, last = 0;
    auto to = from;
    for (; to != parts_.end() && to->column == from->column && to->side == from->side; ++to) {
      size += to->value.size();
      first += !to->previous;
      last += !to->next;
    }
    std::uint8_t* joined = memory.add(size);
    ColumnImage& image = at(from->column);
    const auto s = static_cast<std::size_t>(from->side);
    image.state[s] = kValue;
    image.value[s] = {joined, size};
    for (; from != to; ++from) joined = std::copy(from->value.begin(), from->value.end(), joined);
    if (first != 1 || last != 1) suspect = true;  // an end of the value is missing
  }
  parts_.clear();
}

void Statement::tell(change::Op op, change::Batch& batch, change::RowChange& row, ChunkList& memory) {
  if (!parts_.empty() || !front_parts_.empty()) join_parts(memory);
  row.first_cell = static_cast<std::uint32_t>(batch.cells.size());
  row.before_count = row.after_count = 0;
  switch (op) {
    case change::Op::kInsert: tell_insert(batch, row); break;
    case change::Op::kDelete: tell_delete(batch, row); break;
    case change::Op::kUpdate: tell_update(batch, row); break;
  }
  row.op = op;
  row.suspect = suspect;
}

// How many columns a whole row has: of a table that is not known, as many as were seen.
std::size_t Statement::whole_row() const {
  return table->known ? table->columns.size() : std::min(columns_, table->columns.size());
}

void Statement::tell_insert(change::Batch& batch, change::RowChange& row) {
  for (std::size_t i = 0; i < whole_row(); ++i) {
    if (!table->columns[i].shown) continue;
    const ColumnImage* image = seen(i);
    if (image && image->state[1] == kValue) {
      batch.cells.push_back(cell(i, false, image->value[1]));
    } else if (image && image->state[2] == kValue) {
      batch.cells.push_back(cell(i, false, image->value[2]));
    } else {
      batch.cells.push_back(missing(i, CellState::kNull));
    }
    ++row.after_count;
  }
}

void Statement::tell_delete(change::Batch& batch, change::RowChange& row) {
  for (std::size_t i = 0; i < whole_row(); ++i) {
    const oracle::Column& column = table->columns[i];
    if (!column.shown) continue;
    const ColumnImage* image = seen(i);
    if (image && image->state[0] == kValue) {
      batch.cells.push_back(cell(i, false, image->value[0]));
    } else if (image && image->state[2] == kValue) {
      batch.cells.push_back(cell(i, false, image->value[2]));
    } else {
      // A row older than a column added with a default ends before it: the default, which the dictionary may not have.
      const bool unknown =
          (!image || image->state[0] == kAbsent) && column.property & oracle::column_property::kAddedWithDefault;
      batch.cells.push_back(missing(i, unknown ? CellState::kUnavailable : CellState::kNull));
    }
    ++row.before_count;
  }
}

void Statement::tell_update(change::Batch& batch, change::RowChange& row) {
  after_.clear();
  const std::size_t count = std::min(columns_, table->columns.size());
  for (std::size_t i = 0; i < count; ++i) {
    const ColumnImage* image = seen(i);
    if (!image || !table->columns[i].shown) continue;
    const State u = image->state[0], r = image->state[1], s = image->state[2];
    if (u == kAbsent && r == kAbsent && s == kAbsent) continue;
    Cell before = cell(i, u != kValue, image->value[0]);
    Cell after = cell(i, r != kValue, image->value[1]);
    if (s != kAbsent) {
      const Cell old = cell(i, s != kValue, image->value[2]);
      if (u != kValue && r != kValue) {
        before = after = old;  // not changed
      } else if (u == kAbsent) {
        before = old;
      }
    }
    batch.cells.push_back(before);
    after_.push_back(after);
  }
  row.before_count = row.after_count = static_cast<std::uint16_t>(after_.size());
  batch.cells.insert(batch.cells.end(), after_.begin(), after_.end());
}

}  // namespace redoubt::capture
