// An open transaction: its identity and the change vector pairs it has collected, as bytes.
//
//   chunk: | Change | undo vector | redo vector | Change | undo vector | ...      each part padded to 8
//
// Changes are walked forward at commit and backward by a partial rollback.
#pragma once

#include <memory>
#include <vector>

#include "capture/chunk.h"
#include "redo/undo.h"
#include "redo/vector.h"

namespace redoubt::capture {

using oracle::Rba;
using oracle::Scn;
using oracle::Xid;

// One change: an undo vector and its redo vector, or one of them alone (19.1, 26.6: redo only; lone 5.1: undo only).
struct Change {
  Change* previous;
  Scn scn;
  Rba rba;
  std::uint32_t obj;
  std::uint32_t data_obj;
  std::uint32_t undo_size;
  std::uint32_t redo_size;
  redo::Opcode op;  // of the redo vector; kUndo for a 5.1 alone
  std::uint16_t thread;
  redo::Version version;
  std::uint8_t header_size;
  ByteOrder order;
  bool cancelled;
  bool lob;             // a vector of lob_change.h: no row
  bool forgotten;       // cancelled along with a row; its own rollback vector may still come
  std::uint32_t index;  // RowChange::index of its (first) row

  std::uint8_t* undo_data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  redo::Vector undo() { return redo::view_vector({undo_data(), undo_size}, header_size, order); }
  redo::Vector redo() {
    return redo::view_vector({undo_data() + ((undo_size + 7U) & ~7U), redo_size}, header_size, order);
  }
  std::size_t size() const { return sizeof(Change) + ((undo_size + 7U) & ~7U) + ((redo_size + 7U) & ~7U); }
};

struct OpenTransaction {
  OpenTransaction(ChunkPool& pool) : chunks(pool) {}

  Xid xid;
  std::uint16_t con_id = 0;
  bool has_begin = false;
  bool dictionary = false;  // has changes of dictionary tables
  bool lobs = false;        // has LOB pages or LOB index changes
  bool suspect = false;
  bool held = false;  // has committed and waits for its turn (parallel_dml.h)
  Scn begin_scn = 0;
  Scn decided_scn = 0;  // of the 5.4 with state 12 of a parallel DML's parent: its commit SCN; 0 = none
  Rba begin_rba;
  std::uint32_t row_changes = 0;  // seen so far, wanted or not: never taken back, so that each keeps its place
  ChunkList chunks;
  Change* last = nullptr;
  std::unique_ptr<std::vector<std::uint8_t>> split_undo;  // parts of an undo record whose head is still to come
  OpenTransaction* older = nullptr;                       // same slot, still open

  // Its first record is in the group of `thread` that begins at `start`.
  void begins_in(std::uint16_t thread, Rba start) {
    start_ = {thread, start};
    other_starts_.clear();
  }
  // The transaction has a record in a group of `thread` that begins at `start`. Its first group in each thread is where
  // reading must restart while it is open.
  void touch(std::uint16_t thread, Rba start) {
    if (thread != start_.thread) [[unlikely]]
      touch_other(thread, start);
  }
  // The same of a record that came before others of this transaction.
  void touch_earlier(std::uint16_t thread, Rba start);
  // f(thread, start) for each thread that it has records in.
  template <class F>
  void for_each_start(F f) const {
    f(start_.thread, start_.rba);
    for (const Start& s : other_starts_) f(s.thread, s.rba);
  }

  // Appends a change; the vectors are copied. Returns it.
  Change* add(const Change& head, Bytes undo, Bytes redo);

  // The place of the first of `count` row changes.
  std::uint32_t take_places(std::uint32_t count) {
    row_changes += count;
    return row_changes - count;
  }

  template <class F>
  void for_each(F f) {
    for (Chunk* chunk = chunks.first(); chunk; chunk = chunk->next) {
      for (std::size_t at = 0; at < chunk->used;) {
        auto* change = reinterpret_cast<Change*>(chunk->data() + at);
        at += change->size();
        if (!change->cancelled) f(*change);
      }
    }
  }

 private:
  struct Start {
    std::uint16_t thread = 0;
    Rba rba;
  };
  void touch_other(std::uint16_t thread, Rba start);

  Start start_;                      // of nearly all transactions the only one
  std::vector<Start> other_starts_;  // in further threads
};

}  // namespace redoubt::capture
