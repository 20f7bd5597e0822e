#include "capture/lob_owners.h"

namespace redoubt::capture {

bool LobOwners::park(std::uint16_t con_id, const LobId& lob, const Change& head, Rba start, Bytes vector) {
  const Key key{con_id, lob};
  parked_.push_back({key, head, start, {vector.begin(), vector.end()}, parked_count_++});
  by_lob_[key].push_back(std::prev(parked_.end()));
  parked_bytes_ += vector.size();
  bool dropped = false;
  while (parked_bytes_ > parked_max_) {
    const Parked& oldest = parked_.front();
    const auto it = by_lob_.find(oldest.key);
    it->second.pop_front();
    if (it->second.empty()) by_lob_.erase(it);
    parked_bytes_ -= oldest.vector.size();
    parked_.pop_front();
    dropped = true;
  }
  return dropped;
}

}  // namespace redoubt::capture
