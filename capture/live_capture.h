// Capture that does not end: logs of all threads are followed as they are written, what commits is delivered, and
// checkpoints in the ledger say where to go on after a stop or a crash.
//
//   directories -> LogCatalog -> one LogFollower per thread -> Core -> Delivery
//                                        ledger <- checkpoint: positions, dictionary, what the delivery has made safe
//
// A checkpoint is written after the delivery has made durable all that was told before it; it names the delivery's own
// position. So a delivery that can go back to that position has every transaction exactly once, whenever this process
// is killed. One process at a time may run a capture of a name: the ledger's session is its lock.
#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "capture/checkpoint.h"
#include "capture/core.h"
#include "capture/log_follower.h"
#include "capture/log_watch.h"
#include "ledger/ledger.h"

namespace redoubt::capture {

// Where committed transactions go.
class Delivery {
 public:
  struct Position {
    std::string kind, path;
    std::uint64_t length = 0;
    std::uint32_t tail = 0;
  };
  virtual ~Delivery() = default;
  virtual void write(const change::Batch& batch) = 0;
  // What has been written goes out; readers may see it.
  virtual void flush() = 0;
  // It is durable, and the delivery can go back to here.
  virtual Position sync() = 0;
};

class LiveCapture {
 public:
  struct Options {
    std::string name = "capture";
    std::vector<LogCatalog::Root> roots;  // directories and files with logs
    std::filesystem::path state_dir;      // dictionary snapshots, the retention floor
    std::set<std::uint16_t> threads;      // that must be there before anything is told; empty: those that are seen
    bool other_threads = true;            // others are read too when they are seen, or else left out
    // Where to begin when there is no checkpoint: kOldest all that is there, kNow the current logs, kTime the log of
    // core.from_time.
    enum class Start { kOldest, kNow, kTime } start = Start::kOldest;
    std::map<std::uint16_t, std::uint32_t> start_sequences;  // by thread; all of them or none
    Scn start_scn = 0;                                       // begin above it
    Core::Options core;
    DamagePolicy on_gap = DamagePolicy::kWait;
    DamagePolicy on_corruption = DamagePolicy::kWait;
    bool checksums = true;
    std::chrono::milliseconds checkpoint_interval{10'000};
    std::uint64_t checkpoint_bytes = 512U << 20;
    // A transaction that has been open for longer does not hold the restart position: it is saved in its spill file.
    std::uint64_t recovery_bytes = 4ULL << 30;  // of redo
    std::chrono::milliseconds recovery_time{3'600'000};
    std::chrono::milliseconds discovery_interval{1000};
    std::chrono::milliseconds lag_warning{60'000};
    // What the others commit waits no longer for a thread that gives nothing; 0: for ever.
    std::chrono::milliseconds max_thread_lag{0};
    std::string filter;
    bool until_idle = false;  // stop when nothing is left to read (tests, scripts)
    std::string tool_version;
  };
  struct Hooks {
    std::function<bool()> interrupted;
    // Loads the dictionary: from these files, or with none from those that the user named.
    std::function<DictionaryTracker(const std::vector<std::filesystem::path>&)> load_dictionary;
    // Opens the delivery, anew or where a checkpoint left it. Error(kIntegrity): it is not there any more.
    std::function<std::unique_ptr<Delivery>(const DictionaryTracker&, const std::optional<Delivery::Position>&)> open;
    std::function<void(const Event&)> tell;
  };

  LiveCapture(ledger::Ledger& ledger, Options options, Hooks hooks);
  ~LiveCapture();

  // Runs until interrupted() or, with until_idle, nothing is left. What is told in between is safe in the ledger.
  void run();

  const Counters& counters() const { return core_->counters(); }
  std::uint64_t bytes_read() const;
  // Something was passed over.
  bool incomplete() const { return incomplete_ || core_->counters().damaged > 0; }

  // Name of the stream of checkpoints, and of the setting that names the session.
  static std::string stream(std::string_view name) { return "capture/" + std::string(name); }
  // Orders to pass threads, of `capture advance`: a setting with "2:3812760 3:3812800", thread and SCN.
  static std::string orders(std::string_view name) { return stream(name) + "/advance"; }

 private:
  using Clock = LogFollower::Clock;
  struct Snapshot {
    Scn scn = 0;
    std::vector<std::string> files;  // in state_dir; none: those that the user named
  };
  // Where capture was some time ago.
  struct Mark {
    Clock::time_point time;
    std::uint64_t bytes;
    Scn scn;
  };

  void claim();
  void find_start();
  bool go_on_from(const ledger::Checkpoint& saved);
  void check_database(const LogCatalog::Log& log) const;
  bool comes_too_late(const Checkpoint& checkpoint, const std::string& place);
  Clock::duration refresh_interval(Clock::time_point now);
  void refresh(Clock::time_point now);
  std::set<std::uint16_t> wanted_threads();
  bool knows_all_threads() const;
  void join(std::uint16_t thread);
  Rba start_of(std::uint16_t thread) const;
  Scn enabled_since(std::uint16_t thread) const;
  const redo::Group* poll(std::uint16_t thread, LogFollower& follower, Clock::time_point now);
  bool feed(Clock::time_point now);
  void pass_threads(Clock::time_point now);
  void drain();
  void warn_of_waiting(Clock::time_point now);
  void checkpoint();
  Scn recovery_scn();
  void choose_snapshot();
  std::string save_dictionary_changes();
  void forget_old_checkpoints();
  void tell(Event::Kind kind, std::uint16_t thread, Rba rba, std::string text);

  ledger::Ledger& ledger_;
  Options options_;
  Hooks hooks_;
  std::string session_;
  LogCatalog catalog_;
  LogWatch watch_;
  std::unique_ptr<Core> core_;
  std::unique_ptr<Delivery> delivery_;
  std::map<std::uint16_t, LogFollower> followers_;
  std::map<std::uint16_t, Clock::time_point> poll_at_;  // of threads that had nothing
  std::map<std::uint16_t, Clock::time_point> silent_;   // since when they hold back others
  // A thread that is enabled has its log before any other thread has redo behind that. So what was written before a
  // look at the directories is below all redo of threads that it did not show: other groups wait for the next look.
  std::map<std::uint16_t, const redo::Group*> waiting_;
  Scn read_ = 0;                                      // the last SCN of all groups that were read
  Scn covered_ = 0;                                   // the same, before the last look
  std::map<std::uint16_t, Clock::time_point> waits_;  // threads that wait for a log, since when
  std::optional<Checkpoint> resumed_;
  std::vector<Snapshot> snapshots_;  // ascending; the first is the one in use by the last checkpoint
  std::string changes_file_;         // what the dictionary has become since that one
  std::deque<Mark> marks_;           // oldest first
  change::Batch batch_;
  bool incomplete_ = false;
  bool told_ = false;               // something since the last flush
  std::set<std::uint16_t> others_;  // threads that nobody named, but were seen
  unsigned looks_ = 0;              // at the directories, since something was read
  Clock::time_point last_refresh_{}, last_flush_{}, last_checkpoint_{}, last_renewal_{}, last_orders_{}, progress_{},
      warned_{};
  Clock::duration look_time_{};  // that the last look at the directories took
  std::uint64_t bytes_at_checkpoint_ = 0;
  std::uint64_t logs_at_checkpoint_ = 0;
  std::uint64_t logs_finished_ = 0;
};

}  // namespace redoubt::capture
