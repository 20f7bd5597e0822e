// The merge: records of all redo threads in one order, that of the key (SCN, thread, sub-SCN, RBA).
//
//   thread 1   held 100 103 107          front 100
//   thread 2   nothing held, bound 105   may still give 105
//   thread 3   held 101 102 110          front 101
//   released   1:100   3:101   3:102   1:103    then it waits for thread 2
//
// A thread's bound says: every record that it has not handed over yet has at least this SCN. So a record may go when
// its key is below the fronts of all threads that hold something, and its SCN below the bounds of all that do not; an
// equal SCN waits. What is released is a function of the logs alone: bounds decide when a record goes, never between
// which others. docs/ordering.md argues why the order is right.
//
// An operator may have a thread passed: then nobody waits for it, and what it gives late comes at once, behind records
// with higher keys.
//
// No clock, no I/O, no threads. It knows of groups that their records are sorted, and nothing of what they say.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "redo/log_reader.h"

namespace redoubt::capture {

using oracle::Rba;
using oracle::Scn;

// The place of a record in the order.
struct RecordKey {
  Scn scn = 0;
  std::uint16_t thread = 0;
  std::uint16_t sub_scn = 0;
  Rba rba;
  auto operator<=>(const RecordKey&) const = default;
};

class Merge {
 public:
  // Records [from, to) of `group`, all of which may go now.
  struct Run {
    const redo::Group* group;
    std::size_t from, to;
  };

  // A thread joins, or one that has ended comes back; `bound`: it has no record below.
  void open(std::uint16_t thread, Scn bound);
  bool has(std::uint16_t thread) const { return find(thread) != nullptr; }
  bool ended(std::uint16_t thread) const { return find(thread) != nullptr && find(thread)->ended; }
  // Its next group, whose records ascend and are not below the bound. Only of a thread that is hungry. The group must
  // live until the thread is hungry again.
  void feed(std::uint16_t thread, const redo::Group& group);
  // Nothing below `bound` will come from it any more. Never moves back; true when it has moved.
  bool raise(std::uint16_t thread, Scn bound);
  // It has no more records at all.
  void end(std::uint16_t thread);
  // Nobody waits for its records below `scn`; with kNoScn for none, until it has caught up.
  void pass(std::uint16_t thread, Scn scn);
  bool passed(std::uint16_t thread) const { return passed_to(thread) != 0; }
  // Up to which SCN; 0: it is waited for.
  Scn passed_to(std::uint16_t thread) const { return find(thread) ? find(thread)->passed : 0; }
  // Some thread holds a record that waits for others.
  bool anything_held() const;

  // The next records in the order; nothing when a thread must give more first.
  std::optional<Run> next();

  // Threads that hold nothing and have not ended: only they can make next() go on. The one that holds back the others
  // first. Valid until the next call.
  const std::vector<std::uint16_t>& hungry();
  bool all_ended() const;
  // Everything below this SCN has been released, and nothing below will come, of passed threads either. kNoScn when all
  // have ended.
  Scn watermark() const;
  // Of one thread: the SCN of its first held record, else its bound, whether it is passed or not; kNoScn when it has
  // ended.
  Scn front(std::uint16_t thread) const;
  // Start of the group that it holds, which has not been released as a whole; nothing when it holds none.
  std::optional<Rba> held(std::uint16_t thread) const;
  std::size_t threads() const { return threads_.size(); }

 private:
  struct Thread {
    std::uint16_t number = 0;
    Scn bound = 0;
    const redo::Group* group = nullptr;
    std::size_t next = 0;  // record of the group
    bool ended = false;
    Scn passed = 0;

    // Below this (SCN, thread) nothing comes from it: an equal SCN of a thread that holds nothing may still come first.
    // Kept here, because next() compares those of all threads for every few records.
    std::pair<Scn, std::uint16_t> front{bound, std::uint16_t{0}};

    void find_front() {
      front =
          group ? std::pair(group->records[next].scn, number) : std::pair(std::max(bound, passed), std::uint16_t{0});
    }
  };
  const Thread* find(std::uint16_t thread) const;
  Thread& get(std::uint16_t thread);
  void catch_up(Thread& thread, Scn scn) const;

  Scn released_ = 0;  // the highest
  std::vector<Thread> threads_;
  std::vector<std::uint16_t> hungry_;
};

}  // namespace redoubt::capture
