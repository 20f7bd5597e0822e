// Commits that must wait for the group of a parallel DML (threads.md M5).
//
//   SCN    100            102   103     104        110
//          parent decides child other   child      parent ends
//          5.4 sta 12     5.4   5.4     5.4        5.12 sta 9
//   told:                 100                100   100, then 103
//
// The parent and its children commit at the SCN of the parent's decision, although their ends come later. So from the
// decision on everything that commits above its SCN is held until the parent has ended; but no longer than kPatience of
// redo time, and not beyond the end of the parent's thread: then the group is let go unresolved.
#pragma once

#include <set>
#include <vector>

#include "capture/transaction.h"

namespace redoubt::capture {

// Where and when a transaction ended.
struct CommitPoint {
  Scn scn = 0;  // that it commits at
  std::uint16_t thread = 0;
  Rba rba;
  std::uint32_t time = 0;       // seconds since 1970, 0 = not recorded
  std::uint32_t redo_time = 0;  // of the group with the commit
};

class ParallelDml {
 public:
  static constexpr std::uint32_t kPatience = 10;  // seconds

  // A parent has decided. `redo_time` is the time stamp of its group.
  void decided(const OpenTransaction& parent, std::uint16_t thread, std::uint32_t redo_time);
  // The parent has ended, by commit or rollback. False when it is none that waits.
  bool ended(const OpenTransaction& parent);
  // Lets groups go whose patience is at its end, or whose parent was in a thread that has ended. Returns their parents.
  std::vector<Xid> expire(std::uint32_t redo_time);
  std::vector<Xid> thread_ended(std::uint16_t thread);

  bool waiting() const { return !groups_.empty(); }
  // What commits above this SCN is held.
  Scn horizon() const { return horizon_; }
  void hold(OpenTransaction& t, const CommitPoint& point);
  // Takes the next commit that no longer has to wait, in commit order; null when there is none.
  OpenTransaction* release(CommitPoint& point);

 private:
  struct Group {
    std::uint16_t con_id;
    Xid parent;
    Scn scn;
    std::uint16_t thread;
    std::int64_t since;  // seconds
  };
  struct Held {
    CommitPoint point;
    std::uint64_t number;  // in order of arrival
    OpenTransaction* transaction;
    bool operator<(const Held& other) const {
      return std::pair(point.scn, number) < std::pair(other.point.scn, other.number);
    }
  };
  template <class Which>
  std::vector<Xid> let_go(Which which);

  std::vector<Group> groups_;
  Scn horizon_ = oracle::kNoScn;
  std::set<Held> held_;
  std::uint64_t next_number_ = 0;
};

}  // namespace redoubt::capture
