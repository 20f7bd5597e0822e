// Where the core can be taken up again, and how it is: restart.h.
#include <fmt/format.h>

#include <algorithm>

#include "capture/core.h"

namespace redoubt::capture {

void Core::resume(RestartPoint& point) {
  REDOUBT_ASSERT(counters_.records == 0);
  told_ = point.released;
  for (const auto& [thread, t] : point.threads) told_in_[thread] = t.released;
  dictionary_scn_ = dictionary_.latest_scn();
  index_scn_ = point.index_scn;
  next_index_ = point.next_index;
  assembler_.keys().set_proofs(point.key_proofs);
  std::erase_if(point.saved, [&](const RestartPoint::Saved& saved) {
    if (restore(saved)) return false;
    point.low_scn = std::min(point.low_scn, saved.begin_scn);
    for (const auto& [thread, start] : saved.starts)
      if (const auto it = point.threads.find(thread); it != point.threads.end()) it->second.hold(start, saved.id.xid);
    return true;
  });
}

// False when the spill file is not what was saved.
bool Core::restore(const RestartPoint::Saved& saved) {
  std::unique_ptr<SpillFile> file;
  SpilledState state;
  try {
    file = SpillFile::reopen(*options_.spill, saved.spill, state);
    if (file->id() != saved.id) throw Error(ErrorCode::kIntegrity, saved.spill.file, "is of another transaction", {});
  } catch (const Error& e) {
    events_.push_back({Event::Kind::kWarning,
                       0,
                       {},
                       told_.scn,
                       fmt::format("the changes of transaction {}, open since SCN {}, have to be read again: {}",
                                   to_text(saved.id.xid), saved.begin_scn, e.what())});
    return false;
  }
  OpenTransaction* t = transactions_.open(saved.id.con_id, saved.id.xid);
  for (const LobId& lob : state.owned_lobs)
    lob_owners_.claim(t->con_id, lob, t->xid, [](std::uint16_t, Xid) { return true; });
  t->restore(std::move(file), std::move(state));
  bool first = true;
  for (const auto& [thread, start] : saved.starts)
    std::exchange(first, false) ? t->begins_in(thread, start) : t->touch(thread, start);
  t->saved = saved.spill;
  return true;
}

bool Core::telling_again() const {
  return std::any_of(threads_.begin(), threads_.end(), [&](const auto& entry) {
    const auto& [number, thread] = entry;
    return thread.last < thread.told && merge_.front(number) <= thread.told.scn;
  });
}

std::optional<RestartPoint> Core::restart_point(const std::map<std::uint16_t, Rba>& next, Scn save_before) {
  REDOUBT_ASSERT(committed_.empty());
  if (parallel_.waiting() || telling_again()) return std::nullopt;
  RestartPoint point;
  point.released = std::max(last_, told_);
  point.index_scn = index_scn_;
  point.next_index = next_index_;
  point.watermark = merge_.watermark();
  point.key_proofs = assembler_.keys().proofs();
  point.low_scn = point.released.scn;
  for (const auto& [number, thread] : threads_) {
    RestartPoint::Thread& t = point.threads[number];
    t.low = merge_.held(number).value_or(next.at(number));
    t.bound = merge_.front(number);
    t.released = std::max(thread.last, thread.told);
  }
  bool lost = false;  // one that came from a file is in none any more: the last checkpoint stays the one to go on from
  transactions_.for_each([&](OpenTransaction& open) {
    if ((open.restored || open.begin_scn < save_before) && may_save(open)) {
      save(open, point);
      if (open.saved) return;
    }
    lost = lost || open.restored;
    point.low_scn = std::min(point.low_scn, open.begin_scn);
    open.for_each_start([&](std::uint16_t number, Rba start) { point.threads.at(number).hold(start, open.xid); });
  });
  if (lost) return std::nullopt;
  std::sort(point.saved.begin(), point.saved.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.begin_scn, a.id.con_id, a.id.xid) < std::tuple(b.begin_scn, b.id.con_id, b.id.xid);
  });
  // A LOB page without owner belongs to a transaction that is open, or is nobody's.
  const Scn oldest_page = point.saved.empty() ? point.low_scn : std::min(point.low_scn, save_before);
  lob_owners_.for_each_parked([&](const Change& page, Rba start) {
    if (page.scn >= oldest_page) point.threads.at(page.thread).hold(start, {});
  });
  return point;
}

// The text of a DDL statement and the decision of a parallel DML are not in the file.
bool Core::may_save(const OpenTransaction& t) const {
  return options_.spill && t.in_slot && t.decided_scn == 0 && !ddls_.has(t.con_id, t.xid);
}

void Core::save(OpenTransaction& t, RestartPoint& point) {
  try {
    if (!t.saved) t.save(*options_.spill, lob_owners_.owned(t.con_id, t.xid));
    RestartPoint::Saved saved{t.id(), *t.saved, t.begin_scn, {}};
    t.for_each_start([&](std::uint16_t thread, Rba start) { saved.starts[thread] = start; });
    point.saved.push_back(std::move(saved));
  } catch (const SpillFull& full) {
    if (std::exchange(warned_save_, true)) return;
    events_.push_back(
        {Event::Kind::kWarning,
         0,
         {},
         last_.scn,
         fmt::format("transaction {}, open since SCN {}, cannot be saved and holds the logs from its begin "
                     "on: {}",
                     to_text(t.xid), t.begin_scn, full.what())});
  }
}

}  // namespace redoubt::capture
