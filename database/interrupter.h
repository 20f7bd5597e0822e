// Ends the running statement from outside: when another thread calls cancel(), or when its time is over.
//
// An engine says how its server is asked to end what runs (PQcancel, KILL QUERY, SQLCancel). It is asked in a thread of
// its own, for cancel() must not wait, and a server that fell silent may never answer. The connection's thread marks
// its statements with begin() and end():
//
//     idle -- begin() --> running -- cancel(), or the deadline --> interrupted -- end() --> idle
//
// end() waits for a question that is under way, so it never hits a later statement. One that came before the server had
// begun is lost there, so it is asked a few times; what the server did not act on, because it had sent everything, is
// found by interrupted() between batches.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace redoubt::database {

class Interrupter {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Reason { kNone, kCancelled, kTimeout };

  // `ask` owns what it uses, or lives as long as the connection and never blocks for ever; it must not throw.
  explicit Interrupter(std::function<void()> ask);
  ~Interrupter();
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

  // By the connection's thread. Statements may be part of a longer work that is one to cancel(): then these calls nest.
  void begin();
  // True when the server was asked to end it. Waits for a question under way, `patience` at most: then the server may
  // still act on it, and answers_late() is true from now on.
  bool end(std::chrono::milliseconds patience);
  bool answers_late() const { return late_; }
  // When the running statement's time is over; max() = never, or nobody waits for the server.
  void set_deadline(Clock::time_point deadline);
  // Ends the running statement's time now.
  void expire();
  // Why the running statement should end, and since when.
  Reason interrupted() const;
  Clock::time_point interrupted_at() const;

  // From any thread. Nothing happens when no statement runs.
  void cancel() noexcept;

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::function<void()> ask;
    int depth = 0;
    Reason reason = Reason::kNone;
    Clock::time_point deadline = Clock::time_point::max(), since;
    Clock::time_point ask_at;
    int asked = 0;  // times
    bool asking = false, stop = false;

    void interrupt(Reason why);
    void watch();
  };
  // The mutex is held.
  void start_thread();

  const std::shared_ptr<State> state_;  // the thread's too, which may outlive us when it is not answered
  std::thread thread_;
  bool late_ = false;
};

}  // namespace redoubt::database
