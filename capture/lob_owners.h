// Which open transaction a LOB belongs to, and the pages of LOBs whose transaction is not known yet.
//
// A LOB page often names no transaction: it is found through its LOB id, which index changes, markers and rows name. A
// page that comes before all of these is parked under its LOB id, up to kParkedMax bytes in all; then the oldest go.
#pragma once

#include <deque>
#include <list>
#include <unordered_map>

#include "capture/lob_change.h"
#include "capture/transaction.h"

namespace redoubt::capture {

class LobOwners {
 public:
  static constexpr std::size_t kParkedMax = 64U << 20;

  explicit LobOwners(std::size_t parked_max = kParkedMax) : parked_max_(parked_max) {}

  // The transaction that last claimed the LOB; it may have ended. The zero XID when none has.
  Xid owner(std::uint16_t con_id, const LobId& lob) const {
    const auto it = owners_.find({con_id, lob});
    return it == owners_.end() ? Xid{} : it->second;
  }
  // What the transaction has claimed.
  std::vector<LobId> owned(std::uint16_t con_id, Xid xid) const {
    std::vector<LobId> lobs;
    for (const auto& [key, owner] : owners_)
      if (owner == xid && key.con_id == con_id) lobs.push_back(key.lob);
    return lobs;
  }
  // `is_open(con_id, xid)` says which claims still mean something: others are forgotten when there are many.
  template <class IsOpen>
  void claim(std::uint16_t con_id, const LobId& lob, Xid xid, IsOpen is_open) {
    owners_[{con_id, lob}] = xid;
    if (owners_.size() < sweep_at_) return;
    std::erase_if(owners_, [&](const auto& entry) { return !is_open(entry.first.con_id, entry.second); });
    sweep_at_ = std::max(kSweepAtLeast, 2 * owners_.size());
  }

  // Keeps a copy of a vector and the change it will be. `start`: of the group it came in. True when older ones had to
  // go.
  bool park(std::uint16_t con_id, const LobId& lob, const Change& head, Rba start, Bytes vector);
  // Calls `f(head, start, vector)` for what is parked under the LOB, in order, and forgets it; only for what was parked
  // when parked_count() was `count` or less.
  template <class F>
  void adopt(std::uint16_t con_id, const LobId& lob, F f, std::uint64_t count = ~std::uint64_t{0}) {
    if (parked_.empty()) return;
    const auto it = by_lob_.find({con_id, lob});
    if (it == by_lob_.end()) return;
    for (; !it->second.empty() && it->second.front()->number < count; it->second.pop_front()) {
      const auto page = it->second.front();
      f(page->head, page->start, Bytes(page->vector));
      parked_bytes_ -= page->vector.size();
      parked_.erase(page);
    }
    if (it->second.empty()) by_lob_.erase(it);
  }
  std::size_t parked_bytes() const { return parked_bytes_; }
  // How many pages were ever parked.
  std::uint64_t parked_count() const { return parked_count_; }
  // f(head, start) for all that is parked.
  template <class F>
  void for_each_parked(F f) const {
    for (const Parked& p : parked_) f(p.head, p.start);
  }

 private:
  struct Key {
    std::uint16_t con_id;
    LobId lob;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& k) const { return LobIdHash()(k.lob) + k.con_id; }
  };
  struct Parked {
    Key key;
    Change head;
    Rba start;
    std::vector<std::uint8_t> vector;
    std::uint64_t number;
  };
  static constexpr std::size_t kSweepAtLeast = 4096;

  std::unordered_map<Key, Xid, KeyHash> owners_;
  std::size_t sweep_at_ = kSweepAtLeast;
  std::list<Parked> parked_;  // oldest first
  std::unordered_map<Key, std::deque<std::list<Parked>::iterator>, KeyHash> by_lob_;
  std::size_t parked_bytes_ = 0;
  std::uint64_t parked_count_ = 0;
  std::size_t parked_max_;
};

}  // namespace redoubt::capture
