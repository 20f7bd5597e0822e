// DDL statements of open transactions, from the markers that carry their text (24.1). Long texts come in parts.
#pragma once

#include <algorithm>
#include <list>
#include <vector>

#include "change/row_change.h"
#include "redo/marker.h"

namespace redoubt::capture {

class DdlTexts {
 public:
  static constexpr std::size_t kTextMax = 1U << 20;    // bytes of one statement; longer ones are cut
  static constexpr std::size_t kTotalMax = 16U << 20;  // bytes of all that wait; beyond, the oldest are forgotten

  void add(std::uint16_t con_id, const redo::Ddl& part, change::Ddl head);
  // The statements of a transaction in order; they are no longer kept.
  std::vector<change::Ddl> take(std::uint16_t con_id, oracle::Xid xid);
  bool empty() const { return waiting_.empty(); }
  bool has(std::uint16_t con_id, oracle::Xid xid) const {
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [&](const Waiting& w) { return w.con_id == con_id && w.xid == xid; });
  }

 private:
  struct Waiting {
    std::uint16_t con_id;
    oracle::Xid xid;
    std::uint16_t parts_seen;
    std::uint16_t parts;
    change::Ddl ddl;
  };
  std::list<Waiting> waiting_;  // oldest first
  std::size_t bytes_ = 0;
};

}  // namespace redoubt::capture
