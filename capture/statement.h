// One logical row change under construction. A statement may take several vector pairs: row pieces, migrated rows,
// supplemental extras. Each pair adds columns to up to three images; the statement is then told as before and after.
//
//   U  undo image: what the undo vector restores        R  redo image: what the redo vector writes
//   S  supplemental columns                              all by segment column (1-based in the stored row, here
//   0-based)
//
//   insert   after = R, else S                           rows.md 2.5
//   delete   before = U, else S
//   update   before = U, after = R; S, the old value, where a column is in neither, and as before where U lacks it
#pragma once

#include <cstdint>
#include <vector>

#include "capture/chunk.h"
#include "change/row_change.h"
#include "redo/kdo.h"
#include "redo/supplemental.h"

namespace redoubt::capture {

enum class Side : std::uint8_t { kUndo = 0, kRedo = 1, kSupplemental = 2 };

class Statement {
 public:
  // Starts anew; what was collected before is forgotten.
  void open(const oracle::Table* table, std::uint32_t obj, redo::RowAddress address);

  // A whole column value, or NULL. Bytes must live until the statement is told.
  void add(Side side, std::size_t column, bool null, Bytes value) {
    ColumnImage& image = at(column);
    const auto s = static_cast<std::size_t>(side);
    image.state[s] = null || value.empty() ? kNull : kValue;
    image.value[s] = value;
  }
  // A value that is continued in another piece: `previous`, `next` say on which side. `in_front`: pieces come last
  // first.
  void add_part(Side side, std::size_t column, Bytes value, bool previous, bool next, bool in_front);

  // Appends the cells of `op` to the batch and sets row's cell fields. Values that must be joined are put into
  // `memory`. Only shown columns are told.
  void tell(change::Op op, change::Batch& batch, change::RowChange& row, ChunkList& memory);

  const oracle::Table* table = nullptr;
  std::uint32_t obj = 0;
  redo::RowAddress address;      // that groups the pairs
  std::uint32_t row_index = 0;   // reserved in Batch::rows
  std::uint8_t header_kind = 0;  // of the supplemental headers, 0 = none
  bool inserted = false;         // operations seen
  bool deleted = false;
  bool updated = false;
  bool changed = false;  // by more than a lock and what only carries supplemental columns
  bool suspect = false;
  std::uint8_t piece_flags = 0;  // union of H, F, L seen, for pairs without headers
  std::size_t columns() const { return columns_; }

 private:
  enum State : std::uint8_t { kAbsent, kNull, kValue, kParts };
  struct ColumnImage {
    std::uint32_t epoch = 0;
    State state[3] = {kAbsent, kAbsent, kAbsent};
    Bytes value[3];
  };
  struct Part {
    Side side;
    std::uint16_t column;
    bool previous;
    bool next;
    Bytes value;
  };

  ColumnImage& at(std::size_t column) {
    if (column >= images_.size()) images_.resize(column + 1);
    if (column >= columns_) columns_ = column + 1;
    ColumnImage& image = images_[column];
    if (image.epoch != epoch_) {
      image = ColumnImage{};
      image.epoch = epoch_;
    }
    return image;
  }
  void join_parts(ChunkList& memory);
  std::size_t whole_row() const;
  void tell_insert(change::Batch& batch, change::RowChange& row);
  void tell_delete(change::Batch& batch, change::RowChange& row);
  void tell_update(change::Batch& batch, change::RowChange& row);
  // The image of a column, or null when no pair named it.
  const ColumnImage* seen(std::size_t column) const {
    return column < columns_ && images_[column].epoch == epoch_ ? &images_[column] : nullptr;
  }

  std::uint32_t epoch_ = 0;
  std::size_t columns_ = 0;  // highest column seen + 1
  std::vector<ColumnImage> images_;
  std::vector<Part> parts_;
  std::vector<Part> front_parts_;    // last first
  std::vector<change::Cell> after_;  // of an update, until its before cells are complete
};

}  // namespace redoubt::capture
