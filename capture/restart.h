// Where capture can be taken up again: what the core knows of it, and how it takes it up.
//
//   thread 1   ..begin y...|low........begin x......|......released
//   thread 2   ................|low....x goes on....|..released
//                   spill file of y: all its changes up to released
//
// From `low` of every thread on, redo is read again: it is the start of the LWN group in which the oldest transaction
// that is still open has its first record in that thread, or else the next group. What then commits in a thread up to
// its `released` was told before and is put together only to be forgotten. (One place in the order would do for all
// threads, if none could be passed and come late.)
#pragma once

#include <map>

#include "capture/column_keys.h"
#include "capture/merge.h"
#include "capture/spill_file.h"

namespace redoubt::capture {

struct RestartPoint {
  RecordKey released;  // the last record that was taken; all zero: none
  // Position of what commits next at index_scn (JsonWriter: c_idx); another SCN begins at 1.
  Scn index_scn = 0;
  std::uint64_t next_index = 1;

  struct Thread {
    Rba low;             // start of a group
    oracle::Xid holder;  // the open transaction that holds it there; zero: none does
    Scn bound = 0;       // of the thread, when the point was taken
    RecordKey released;  // its last record that was taken; all zero: none
    // `start` has to be read again, for the sake of a transaction.
    void hold(Rba start, oracle::Xid by) {
      if (!(start < low)) return;
      low = start;
      holder = by;
    }
  };
  std::map<std::uint16_t, Thread> threads;

  // An open transaction that does not hold the lows: its spill file has all that was released of it. Without the file
  // it would have to be read again from `starts`, by thread.
  struct Saved {
    TransactionId id;
    SavedSpill spill;
    Scn begin_scn = 0;
    std::map<std::uint16_t, Rba> starts;
    bool operator==(const Saved&) const = default;
  };
  std::vector<Saved> saved;  // by begin

  ColumnKeys::Proofs key_proofs;
  Scn watermark = 0;
  // No record that is read again has a lower SCN, other than of groups that begin before it.
  Scn low_scn = 0;
};

}  // namespace redoubt::capture
