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
    std::vector<std::filesystem::path> roots;  // directories and files with logs
    std::filesystem::path state_dir;           // dictionary snapshots, the retention floor
    std::set<std::uint16_t> threads;           // that must be there before anything is told; empty: those that are seen
    // Where to begin when there is no checkpoint: kOldest all that is there, kNow the current logs.
    enum class Start { kOldest, kNow } start = Start::kOldest;
    std::map<std::uint16_t, std::uint32_t> start_sequences;  // by thread; all of them or none
    Core::Options core;
    DamagePolicy on_gap = DamagePolicy::kWait;
    DamagePolicy on_corruption = DamagePolicy::kWait;
    bool checksums = true;
    std::chrono::milliseconds checkpoint_interval{10'000};
    std::uint64_t checkpoint_bytes = 512U << 20;
    std::chrono::milliseconds discovery_interval{1000};
    std::chrono::milliseconds lag_warning{60'000};
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
  bool incomplete() const { return incomplete_; }

  // Name of the stream of checkpoints, and of the setting that names the session.
  static std::string stream(std::string_view name) { return "capture/" + std::string(name); }

 private:
  using Clock = LogFollower::Clock;
  struct Snapshot {
    Scn scn = 0;
    std::vector<std::string> files;  // in state_dir; none: those that the user named
  };

  void claim();
  void find_start();
  bool go_on_from(const ledger::Checkpoint& saved);
  void check_database(const LogCatalog::Log& log) const;
  std::chrono::milliseconds refresh_interval(Clock::time_point now);
  void refresh(Clock::time_point now);
  void join(std::uint16_t thread);
  Rba start_of(std::uint16_t thread) const;
  bool feed(Clock::time_point now);
  void drain();
  void warn_of_waiting(Clock::time_point now);
  void checkpoint();
  Snapshot choose_snapshot();
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
  std::map<std::uint16_t, Clock::time_point> waits_;    // threads that wait for a log, since when
  std::optional<Checkpoint> resumed_;
  std::vector<Snapshot> snapshots_;  // ascending; the first is the one in use by the last checkpoint
  change::Batch batch_;
  bool incomplete_ = false;
  bool told_ = false;  // something since the last flush
  Clock::time_point last_refresh_{}, last_flush_{}, last_checkpoint_{}, last_renewal_{}, progress_{}, warned_{};
  std::uint64_t bytes_at_checkpoint_ = 0;
  std::uint64_t logs_at_checkpoint_ = 0;
  std::uint64_t logs_finished_ = 0;
};

}  // namespace redoubt::capture
