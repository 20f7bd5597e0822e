// One redo thread followed live: archived logs, online logs while they are written, and the switch between them.
//
//   sequence  811          812               813
//   source    archived     archived | online online, current: waits for the next group
//
// A log is read from a complete copy when there is one, else from the online log whose header says its sequence. Both
// have the same blocks, so reading goes on in the other at the same block, at any group: when the online log has been
// used again before it was read to its end, or a copy turns out to be damaged. Nothing is ever waited for in here:
// poll() says what there is. Source: threads.md 2.2 to 2.5.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "capture/damage.h"
#include "capture/log_catalog.h"

namespace redoubt::capture {

class LogFollower {
 public:
  enum class Status {
    kReading,   // up to now
    kWaiting,   // for a log that is not there yet: the next one, or the archived copy of one that was overwritten
    kGap,       // later logs are there, this one is not
    kDamaged,   // no copy of the log can be read at this block
    kDisabled,  // the thread was disabled at the end of its last log
  };
  struct Options {
    bool checksums = true;
    DamagePolicy on_gap = DamagePolicy::kWait;
    DamagePolicy on_corruption = DamagePolicy::kWait;
    // For a gap or damage to last before the policy decides: logs come late and out of order, copies and blocks are
    // seen half written.
    std::chrono::milliseconds patience{5000};
    // What an earlier run knew at the place where this one begins: the bound there, and whether the thread was
    // disabled.
    oracle::Scn bound = 0;
    bool disabled = false;
    // Called when redo was passed over, with a sentence about what and where.
    std::function<void(std::uint16_t thread, redo::Rba rba, const std::string& text)> passed_over;
    // Called when another file is read from, with a sentence.
    std::function<void(std::uint16_t thread, redo::Rba rba, const std::string& text)> switched;
  };
  using Clock = std::chrono::steady_clock;

  // Begins at block `start.block` of log `start.sequence`; block 0 is the log's begin. The catalog must outlive it.
  LogFollower(const LogCatalog& catalog, std::uint16_t thread, redo::Rba start, Options options)
      : catalog_(catalog),
        thread_(thread),
        next_(start),
        options_(std::move(options)),
        bound_(options_.bound),
        status_(options_.disabled ? Status::kDisabled : Status::kReading) {}

  // The next group, valid until the next call; null: not there yet. Throws by policy CorruptRedo, or
  // Error(kUnreachable) for a gap.
  const redo::Group* poll(Clock::time_point now);
  // After poll() gave null: no record with a lower SCN is still to come.
  oracle::Scn bound() const { return bound_; }
  // Start of the group that the next poll() reads. Its offset means nothing.
  redo::Rba next() const { return next_; }
  Status status() const { return status_; }
  // What it waits for, in a sentence, with the cure; empty while it reads.
  const std::string& reason() const { return reason_; }
  // It could do with another look at the directories.
  bool wants_logs() const { return status_ != Status::kReading; }
  std::uint32_t block_size() const { return block_size_; }
  std::uint64_t bytes_read() const { return bytes_; }

 private:
  const redo::Group* wait(Status status, std::string reason);
  bool open(Clock::time_point now);
  bool missing(Clock::time_point now);
  bool damaged(const redo::CorruptRedo& e, Clock::time_point now);
  bool patient(Clock::time_point now);
  void next_log();

  const LogCatalog& catalog_;
  std::uint16_t thread_;
  redo::Rba next_;
  Options options_;
  std::unique_ptr<redo::LogReader> reader_;
  oracle::Scn bound_;
  Status status_;
  std::string reason_;
  std::filesystem::path last_path_;
  std::set<std::filesystem::path> bad_;     // copies that are damaged at next_
  std::optional<Clock::time_point> since_;  // of a gap or damage
  std::uint32_t block_size_ = 0;
  std::uint64_t bytes_ = 0;
};

std::string_view name_of(LogFollower::Status status);

}  // namespace redoubt::capture
