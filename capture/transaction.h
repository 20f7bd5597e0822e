// An open transaction: its identity and the change vector pairs it has collected.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "capture/change_list.h"

namespace redoubt::capture {

struct OpenTransaction {
  OpenTransaction(ChunkPool& pool) : changes(pool) {}

  Xid xid;
  std::uint16_t con_id = 0;
  bool has_begin = false;         // its 5.2, or a 5.1 with the begin flag, was seen
  bool has_begin_vector = false;  // its 5.2 was seen
  bool dictionary = false;        // has changes of dictionary tables
  bool lobs = false;              // has LOB pages or LOB index changes
  bool suspect = false;
  bool in_slot = false;   // has not ended
  bool held = false;      // has committed and waits for its turn (parallel_dml.h)
  bool restored = false;  // from its spill file: what a checkpoint has released of it is in there
  Scn begin_scn = 0;
  Scn decided_scn = 0;  // of the 5.4 with state 12 of a parallel DML's parent: its commit SCN; 0 = none
  Rba begin_rba;
  std::uint32_t row_changes = 0;  // seen so far, wanted or not: never taken back, so that each keeps its place
  std::uint64_t searched = 0;     // bytes of changes looked through for what rollbacks take back, and the like
  ChangeList changes;
  std::unique_ptr<std::vector<std::uint8_t>> split_undo;  // parts of an undo record whose head is still to come
  std::optional<SavedSpill> saved;                        // its spill file holds all there is to know of it
  OpenTransaction* older = nullptr;                       // same slot, still open

  TransactionId id() const { return {con_id, xid}; }

  // Its first record is in the group of `thread` that begins at `start`.
  void begins_in(std::uint16_t thread, Rba start) {
    start_ = {thread, start};
    other_starts_.clear();
  }
  // The transaction has a record in a group of `thread` that begins at `start`. Its first group in each thread is where
  // reading must restart while it is open.
  void touch(std::uint16_t thread, Rba start) {
    if (saved) [[unlikely]]
      saved.reset();
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

  // The place of the first of `count` row changes.
  std::uint32_t take_places(std::uint32_t count) {
    row_changes += count;
    return row_changes - count;
  }

  // Counts bytes that are looked through. False when these are more than redo of its size gives reason for: then the
  // search must end, or a hostile hand could make it last forever.
  bool may_search(std::size_t bytes) {
    constexpr std::uint64_t kFree = 256U << 20, kTimes = 16;
    searched += bytes;
    return searched <= kFree + kTimes * changes.bytes();
  }

  // Calls `f(change)` for all changes that were not taken back; the change is there until it returns.
  template <class F>
  void for_each(F f) {
    changes.for_each_chunk([&](Chunk& chunk, std::uint64_t) { for_each_change(chunk, f); });
  }

  // Writes all there is to know to its spill file, for a checkpoint; its changes are not in memory then.
  const SavedSpill& save(SpillSpace& space, std::vector<oracle::LobId> owned_lobs);
  // Takes it from the file again, into a new transaction of that XID. Its LOBs, `state.owned_lobs`, are not claimed
  // yet.
  void restore(std::unique_ptr<SpillFile> file, SpilledState state);

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
