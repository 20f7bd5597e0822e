#include "capture/merge.h"

#include <algorithm>

namespace redoubt::capture {

const Merge::Thread* Merge::find(std::uint16_t number) const {
  const auto it = std::find_if(threads_.begin(), threads_.end(), [&](const Thread& t) { return t.number == number; });
  return it == threads_.end() ? nullptr : &*it;
}

Merge::Thread& Merge::get(std::uint16_t number) {
  const Thread* thread = find(number);
  REDOUBT_ASSERT(thread != nullptr);
  return threads_[static_cast<std::size_t>(thread - threads_.data())];
}

void Merge::open(std::uint16_t thread, Scn bound) {
  if (!has(thread)) return threads_.push_back({thread, bound});
  REDOUBT_ASSERT(get(thread).ended);
  get(thread) = {thread, bound};
}

void Merge::feed(std::uint16_t number, const redo::Group& group) {
  Thread& thread = get(number);
  REDOUBT_ASSERT(!thread.group && !thread.ended);
  if (group.records.empty()) return void(raise(number, group.scn));
  REDOUBT_ASSERT(group.records.front().scn >= thread.bound);
  catch_up(thread, group.records.front().scn);
  thread.group = &group;
  thread.next = 0;
  thread.bound = group.records.back().scn;
  thread.find_front();
}

bool Merge::raise(std::uint16_t number, Scn bound) {
  Thread& thread = get(number);
  if (bound <= thread.bound) return false;
  thread.bound = bound;
  catch_up(thread, bound);
  thread.find_front();
  return true;
}

void Merge::pass(std::uint16_t number, Scn scn) {
  Thread& thread = get(number);
  if (!thread.ended && scn > thread.bound) thread.passed = std::max(thread.passed, scn);
  thread.find_front();
}

// The thread goes on at `scn`: what it was passed for is behind it.
void Merge::catch_up(Thread& thread, Scn scn) const {
  if (thread.passed != 0 && scn >= (thread.passed == oracle::kNoScn ? released_ : thread.passed)) thread.passed = 0;
}

bool Merge::anything_held() const {
  return std::any_of(threads_.begin(), threads_.end(), [](const Thread& t) { return t.group != nullptr; });
}

void Merge::end(std::uint16_t number) {
  Thread& thread = get(number);
  REDOUBT_ASSERT(!thread.group);
  thread.ended = true;
}

std::optional<Merge::Run> Merge::next() {
  Thread* first = nullptr;
  std::pair<Scn, std::uint16_t> limit{oracle::kNoScn, 0xFFFF};  // of the others
  for (Thread& t : threads_) {
    if (t.group && (!first || t.front < first->front)) {
      if (first) limit = std::min(limit, first->front);
      first = &t;
    } else if (t.group || !t.ended) {
      limit = std::min(limit, t.front);
    }
  }
  if (!first) return std::nullopt;

  const auto& records = first->group->records;
  Run run{first->group, first->next, first->next};
  while (run.to < records.size() && std::pair(records[run.to].scn, first->number) < limit) ++run.to;
  if (run.to == run.from) return std::nullopt;
  first->next = run.to;
  released_ = std::max(released_, records[run.to - 1].scn);
  if (run.to == records.size()) first->group = nullptr;
  first->find_front();
  return run;
}

const std::vector<std::uint16_t>& Merge::hungry() {
  hungry_.clear();
  for (const Thread& t : threads_)
    if (!t.group && !t.ended) hungry_.push_back(t.number);
  std::stable_sort(hungry_.begin(), hungry_.end(),
                   [&](std::uint16_t a, std::uint16_t b) { return find(a)->front < find(b)->front; });
  return hungry_;
}

bool Merge::all_ended() const {
  return std::all_of(threads_.begin(), threads_.end(), [](const Thread& t) { return t.ended; });
}

Scn Merge::watermark() const {
  Scn low = oracle::kNoScn;
  for (const Thread& t : threads_) low = std::min(low, front(t.number));
  return low;
}

Scn Merge::front(std::uint16_t number) const {
  const Thread* thread = find(number);
  REDOUBT_ASSERT(thread != nullptr);
  if (thread->ended) return oracle::kNoScn;
  return thread->group ? thread->front.first : thread->bound;
}

std::optional<Rba> Merge::held(std::uint16_t number) const {
  const Thread* thread = find(number);
  REDOUBT_ASSERT(thread != nullptr);
  if (!thread->group) return std::nullopt;
  return thread->group->start;
}

}  // namespace redoubt::capture
