#include "database/interrupter.h"

#include "base/error.h"

namespace redoubt::database {

namespace {

// How often the server is asked, and how long after the first time the second; then twice as long each time.
constexpr int kQuestions = 6;
constexpr std::chrono::milliseconds kPause{50};

}  // namespace

Interrupter::Interrupter(std::function<void()> ask) : state_(std::make_shared<State>()) {
  state_->ask = std::move(ask);
}

Interrupter::~Interrupter() {
  bool asking;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
    asking = state_->asking;
    state_->changed.notify_all();
  }
  if (!thread_.joinable()) return;
  if (asking && late_)
    thread_.detach();
  else
    thread_.join();
}

void Interrupter::begin() {
  const std::lock_guard lock(state_->mutex);
  ++state_->depth;
}

bool Interrupter::end(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  State& s = *state_;
  REDOUBT_ASSERT(s.depth > 0);
  if (--s.depth > 0) return false;
  if (!s.changed.wait_until(lock, Clock::now() + patience, [&] { return !s.asking; })) late_ = true;
  const bool asked = s.asked > 0;
  s.reason = Reason::kNone;
  s.asked = 0;
  s.deadline = Clock::time_point::max();
  return asked;
}

void Interrupter::set_deadline(Clock::time_point deadline) {
  const std::lock_guard lock(state_->mutex);
  if (state_->deadline == deadline) return;
  if (deadline != Clock::time_point::max()) start_thread();
  // A later deadline lets the thread sleep on: it looks again when the earlier one is over.
  const bool sooner = deadline < state_->deadline;
  state_->deadline = deadline;
  if (sooner) state_->changed.notify_all();
}

void Interrupter::expire() {
  const std::lock_guard lock(state_->mutex);
  start_thread();
  state_->interrupt(Reason::kTimeout);
}

Interrupter::Reason Interrupter::interrupted() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reason;
}

Interrupter::Clock::time_point Interrupter::interrupted_at() const {
  const std::lock_guard lock(state_->mutex);
  return state_->since;
}

void Interrupter::cancel() noexcept {
  const std::lock_guard lock(state_->mutex);
  try {
    if (state_->depth > 0) start_thread();
  } catch (const std::exception&) {  // no thread to ask in: it ends at the next batch
  }
  state_->interrupt(Reason::kCancelled);
}

void Interrupter::start_thread() {
  if (!thread_.joinable()) thread_ = std::thread([state = state_] { state->watch(); });
}

void Interrupter::State::interrupt(Reason why) {
  if (depth == 0 || reason != Reason::kNone) return;
  reason = why;
  since = ask_at = Clock::now();
  changed.notify_all();
}

void Interrupter::State::watch() {
  std::unique_lock lock(mutex);
  while (!stop) {
    const Clock::time_point now = Clock::now();
    if (deadline <= now) interrupt(Reason::kTimeout);
    const bool open = depth > 0 && reason != Reason::kNone && asked < kQuestions;
    if (open && ask_at <= now) {
      ask_at = now + kPause * (1 << asked++);
      asking = true;
      lock.unlock();
      ask();
      lock.lock();
      asking = false;
      changed.notify_all();
      continue;
    }
    const Clock::time_point wake = open ? ask_at : reason == Reason::kNone ? deadline : Clock::time_point::max();
    if (wake == Clock::time_point::max())
      changed.wait(lock);
    else
      changed.wait_until(lock, wake);
  }
}

}  // namespace redoubt::database
