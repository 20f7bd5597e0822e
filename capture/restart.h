// Where capture can be taken up again: what the core knows of it, and how it takes it up.
//
//   thread 1   ....|low........begin x......|......released
//   thread 2   ........|low....x goes on....|..released
//
// From `low` of every thread on, redo is read again: it is the start of the LWN group in which the oldest transaction
// that is still open has its first record in that thread, or else the next group. What then commits up to `released`
// was told before and is put together only to be forgotten.
#pragma once

#include <map>

#include "capture/column_keys.h"
#include "capture/merge.h"

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
  };
  std::map<std::uint16_t, Thread> threads;
  ColumnKeys::Proofs key_proofs;
  Scn watermark = 0;
  // No record that is read again has a lower SCN, other than of groups that begin before it.
  Scn low_scn = 0;
};

}  // namespace redoubt::capture
