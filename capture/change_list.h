// The changes of a transaction, oldest first, as bytes in chunks. When memory is short the older chunks lie in a file:
//
//   file      chunk 0 | chunk 1 | chunk 2          memory     chunk 3 - chunk 4
//                                                                       changes are added, and mostly rolled back, here
//   chunk     | Change | undo vector | redo vector | Change | undo vector | ...      each part padded to 8
//
// A change knows how far behind it in its chunk the one before it begins, so chunks mean the same wherever they are.
// The newest change was not taken back: what is, at the end, is removed.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "capture/chunk.h"
#include "capture/spill_file.h"
#include "redo/undo.h"
#include "redo/vector.h"

namespace redoubt::capture {

using oracle::Rba;
using oracle::Scn;
using oracle::Xid;

// One change: an undo vector and its redo vector, or one of them alone (19.1, 26.6: redo only; lone 5.1: undo only).
// Written to spill files as it is: @0 SCN  @8 RBA  @20 object  @24 data object  @28 undo size  @32 redo size
// @36 previous  @40 version  @44 index  @48 op  @50 thread  @52 five bytes  @57 unused up to 64
struct Change {
  Scn scn;
  Rba rba;
  std::uint32_t obj;
  std::uint32_t data_obj;
  std::uint32_t undo_size;
  std::uint32_t redo_size;
  std::uint32_t previous;  // bytes back to the change before it; 0: it is the first of its chunk
  redo::Version version;
  std::uint32_t index;  // RowChange::index of its (first) row
  redo::Opcode op;      // of the redo vector; kUndo for a 5.1 alone
  std::uint16_t thread;
  std::uint8_t header_size;
  ByteOrder order;
  bool cancelled;
  bool lob;        // a vector of lob_change.h: no row
  bool forgotten;  // cancelled along with a row; its own rollback vector may still come
  std::uint8_t unused[7];

  std::uint8_t* undo_data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  redo::Vector undo() { return redo::view_vector({undo_data(), undo_size}, header_size, order); }
  redo::Vector redo() {
    return redo::view_vector({undo_data() + ((undo_size + 7U) & ~7U), redo_size}, header_size, order);
  }
  std::size_t size() const {
    return sizeof(Change) + ((std::size_t{undo_size} + 7) & ~std::size_t{7}) +
           ((std::size_t{redo_size} + 7) & ~std::size_t{7});
  }
  bool taken_back() const { return cancelled && !forgotten; }
};
static_assert(sizeof(Change) == 64 && sizeof(Rba) == 12 && offsetof(Change, previous) == 36 &&
              offsetof(Change, op) == 48 && offsetof(Change, forgotten) == 56);

// Whether bytes from outside are a chunk of changes, the last at `last`, that may be used like one written here: the
// vectors fit, the flags are flags. Throws Malformed if not.
void check_changes(Bytes chunk, std::uint32_t last);

class ChangeList {
 public:
  explicit ChangeList(ChunkPool& pool) : pool_(&pool) {}
  ~ChangeList() { clear(); }
  ChangeList(const ChangeList&) = delete;
  ChangeList& operator=(const ChangeList&) = delete;

  // Appends a change; the vectors are copied. Returns it.
  Change* add(const Change& head, Bytes undo, Bytes redo);
  bool empty() const { return !newest_ && spilled_ == 0; }
  // The newest change that is in memory, or null.
  const Change* newest() const { return newest_; }

  // Bytes of the changes: in memory, of these in chunks behind which others follow, and altogether.
  std::size_t bytes_in_memory() const { return bytes_; }
  std::size_t bytes_of_full_chunks() const { return bytes_ - (tail_ ? tail_->used : 0); }
  std::uint64_t bytes() const { return bytes_ + (file_ ? file_->bytes() : 0); }
  bool spilled() const { return spilled_ > 0; }

  // Where a change is; remains valid until it is removed.
  struct Place {
    std::uint32_t chunk = 0;
    std::uint32_t offset = 0;
    bool operator==(const Place&) const = default;
  };

  // Walks from the newest change to the oldest, those taken back among them. Chunks in the file are read one at a time.
  class Backward {
   public:
    explicit Backward(ChangeList& list) : list_(list) {}
    // Null at the end. Valid until the next call, and as long as this.
    Change* next();
    Place place() const {
      return {chunk_->number,
              static_cast<std::uint32_t>(reinterpret_cast<const std::uint8_t*>(change_) - chunk_->data())};
    }

   private:
    Change* last_of(Chunk* chunk);

    ChangeList& list_;
    Chunk* chunk_ = nullptr;
    Change* change_ = nullptr;
    ChunkList copy_{*list_.pool_};  // of a chunk in the file
  };

  // Takes the changes at these places back, newest first. Does not trim().
  struct Cancelled {
    Place place;
    bool forgotten = false;
  };
  void cancel(std::span<const Cancelled> changes);
  // Removes what is taken back at the end.
  void trim();

  // Moves chunks into the file, made when there is none: all that are full, or with `whole` all.
  void spill(SpillSpace& space, const TransactionId& id, bool whole);
  // Moves all chunks back into memory.
  void load();
  // The file with all chunks in it, for SpillFile::save(). They are not in memory any more.
  SpillFile& all_in_file(SpillSpace& space, const TransactionId& id);
  // Takes the changes from a file; the list is empty.
  void attach(std::unique_ptr<SpillFile> file);

  // Calls `f(chunk, place)` for the chunks in order; of one in the file there is only a copy until `f` returns, and
  // `place` is where SpillFile::read_part() finds the bytes of the chunk, else 0.
  template <class F>
  void for_each_chunk(F f) {
    for (std::uint32_t i = 0; i < spilled_; ++i) {
      ChunkList copy(*pool_);
      f(*read(i, copy), file_->place_of(i));
    }
    for (Chunk* chunk = first_; chunk; chunk = chunk->next) f(*chunk, std::uint64_t{0});
  }
  const SpillFile* file() const { return file_.get(); }

  // Takes the oldest chunk out, null when there is none: for ChunkList::adopt(). Nothing but this and clear() may
  // follow.
  Chunk* take_front();
  void clear();

 private:
  Chunk* read(std::uint32_t number, ChunkList& owner) const;
  void grow(std::size_t size);
  void drop_tail();
  void load_last();
  Chunk* find(std::uint32_t number) const;

  ChunkPool* pool_;
  Chunk* first_ = nullptr;
  Chunk* tail_ = nullptr;     // never empty
  Change* newest_ = nullptr;  // in tail_
  std::size_t bytes_ = 0;
  std::uint32_t spilled_ = 0;  // chunks in the file
  std::uint32_t taken_ = 0;    // of these by take_front()
  std::unique_ptr<SpillFile> file_;
};

// Calls `f(change)` for the changes of a chunk that were not taken back.
template <class F>
void for_each_change(Chunk& chunk, F f) {
  for (std::size_t at = 0; at < chunk.used;) {
    auto* change = reinterpret_cast<Change*>(chunk.data() + at);
    at += change->size();
    if (!change->cancelled) f(*change);
  }
}

}  // namespace redoubt::capture
