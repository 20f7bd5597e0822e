#include "capture/parallel_dml.h"

#include <algorithm>
#include <chrono>

#include "redo/header.h"

namespace redoubt::capture {
namespace {

// On a scale without the gaps that the radix of redo time has at the end of months.
std::int64_t seconds(std::uint32_t redo_time) {
  const redo::RedoTime t = redo::redo_time(redo_time);
  const std::chrono::sys_days day = std::chrono::year_month_day(std::chrono::year(static_cast<int>(t.year)),
                                                                std::chrono::month(t.month), std::chrono::day(t.day));
  return std::int64_t{day.time_since_epoch().count()} * 86400 + t.hour * 3600 + t.minute * 60 + t.second;
}

}  // namespace

void ParallelDml::decided(const OpenTransaction& parent, std::uint16_t thread, std::uint32_t redo_time) {
  groups_.push_back({parent.con_id, parent.xid, parent.decided_scn, thread, seconds(redo_time)});
  horizon_ = std::min(horizon_, parent.decided_scn);
}

template <class Which>
std::vector<Xid> ParallelDml::let_go(Which which) {
  std::vector<Xid> gone;
  std::erase_if(groups_, [&](const Group& group) {
    if (!which(group)) return false;
    gone.push_back(group.parent);
    return true;
  });
  horizon_ = oracle::kNoScn;
  for (const Group& group : groups_) horizon_ = std::min(horizon_, group.scn);
  return gone;
}

bool ParallelDml::ended(const OpenTransaction& parent) {
  return !let_go([&](const Group& g) { return g.con_id == parent.con_id && g.parent == parent.xid; }).empty();
}

std::vector<Xid> ParallelDml::expire(std::uint32_t redo_time) {
  return let_go([now = seconds(redo_time)](const Group& g) { return now - g.since >= kPatience; });
}

std::vector<Xid> ParallelDml::thread_ended(std::uint16_t thread) {
  return let_go([&](const Group& g) { return g.thread == thread; });
}

void ParallelDml::hold(OpenTransaction& t, const CommitPoint& point) {
  t.held = true;
  held_.insert({point, next_number_++, &t});
}

OpenTransaction* ParallelDml::release(CommitPoint& point) {
  if (held_.empty() || held_.begin()->point.scn > horizon_) return nullptr;
  const Held first = *held_.begin();
  held_.erase(held_.begin());
  point = first.point;
  return first.transaction;
}

}  // namespace redoubt::capture
