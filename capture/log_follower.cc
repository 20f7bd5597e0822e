#include "capture/log_follower.h"

#include <fmt/format.h>

#include <algorithm>

namespace redoubt::capture {

using redo::LogReader;

std::string_view name_of(LogFollower::Status status) {
  switch (status) {
    case LogFollower::Status::kReading: return "reading";
    case LogFollower::Status::kWaiting: return "waiting";
    case LogFollower::Status::kGap: return "gap";
    case LogFollower::Status::kDamaged: return "damaged";
    default: return "disabled";
  }
}

const redo::Group* LogFollower::poll(Clock::time_point now) {
  while (true) {
    if (!reader_ && !open(now)) return nullptr;
    try {
      if (const redo::Group* group = reader_->next_group()) {
        next_.block = reader_->next_block();
        bytes_ += std::uint64_t{group->blocks} * block_size_;
        since_.reset();
        bad_.clear();
        status_ = Status::kReading;
        return group;
      }
    } catch (const redo::CorruptRedo& e) {
      if (!damaged(e, now)) return nullptr;
      continue;
    }
    bound_ = std::max(bound_, reader_->bound());
    if (!reader_->header().open()) {
      next_log();
      continue;
    }
    switch (reader_->refresh()) {
      case LogReader::Now::kOpen: return wait(Status::kReading, {});
      case LogReader::Now::kClosed: break;
      case LogReader::Now::kReused: reader_.reset();
    }
  }
}

const redo::Group* LogFollower::wait(Status status, std::string reason) {
  status_ = status;
  reason_ = std::move(reason);
  return nullptr;
}

// True: a reader stands at next_.
bool LogFollower::open(Clock::time_point now) {
  for (const LogCatalog::Log& log : catalog_.find(thread_, next_.sequence)) {
    if (bad_.contains(log.path) || (!log.complete && !log.header.open())) continue;
    std::unique_ptr<LogReader> reader;
    try {
      LogReader::Options options;
      options.checksums = options_.checksums;
      reader = std::make_unique<LogReader>(log.path, options);
    } catch (const Error&) {
      continue;  // gone since, or being written
    }
    if (reader->header().thread != thread_ || reader->header().block.sequence != next_.sequence ||
        reader->header().resetlogs != log.header.resetlogs)
      continue;  // an online log that has been used again
    block_size_ = reader->block_size();
    next_.block = std::max(next_.block, redo::kFirstDataBlock);
    reader->seek(next_.block);
    bound_ = std::max(bound_, reader->header().first_scn.value);
    reader_ = std::move(reader);
    if (options_.switched && log.path != last_path_)
      options_.switched(thread_, next_,
                        fmt::format("reads {} ({}) from block {} on", log.path.string(),
                                    reader_->header().open() ? "online, current" : "complete", next_.block));
    last_path_ = log.path;
    return true;
  }
  return missing(now);
}

bool LogFollower::patient(Clock::time_point now) {
  if (!since_) since_ = now;
  return now - *since_ < options_.patience;
}

// No file can be read for next_. True when the policy has moved it behind the gap.
bool LogFollower::missing(Clock::time_point now) {
  if (!bad_.empty()) {  // the others have gone meanwhile
    bad_.clear();
    return false;
  }
  const std::optional<std::uint32_t> last = catalog_.last_sequence(thread_);
  if (!last || *last <= next_.sequence) {
    since_.reset();
    if (status_ == Status::kDisabled) return false;
    wait(Status::kWaiting, fmt::format("waits for log sequence {} of thread {}", next_.sequence, thread_));
    return false;
  }
  std::uint32_t next = next_.sequence + 1;
  while (catalog_.find(thread_, next).empty()) ++next;
  const std::string lost =
      next_.block > redo::kFirstDataBlock
          ? fmt::format("thread {} lacks log sequence {} from block {} on", thread_, next_.sequence, next_.block)
          : fmt::format("thread {} lacks log sequence {}{}", thread_, next_.sequence,
                        next == next_.sequence + 1 ? std::string() : fmt::format(" to {}", next - 1));
  const std::string cure =
      fmt::format("restore it (RMAN: RESTORE ARCHIVELOG FROM SEQUENCE {} UNTIL SEQUENCE {} THREAD {})", next_.sequence,
                  next - 1, thread_);
  if (patient(now) || options_.on_gap == DamagePolicy::kWait) {
    wait(Status::kGap, lost + ": " + cure);
    return false;
  }
  if (options_.on_gap == DamagePolicy::kStop)
    throw Error(ErrorCode::kUnreachable, fmt::format("thread {}", thread_), lost,
                cure + ", or pass the gap with --on-gap skip");
  options_.passed_over(thread_, next_, lost);
  since_.reset();
  next_ = {next, 0, 0};
  return open(now);
}

// True when reading can go on at once: in another copy, or behind the damage. A block may also be seen half written, or
// half copied: then it is sound a moment later.
bool LogFollower::damaged(const redo::CorruptRedo& e, Clock::time_point now) {
  const std::filesystem::path path = reader_->path();
  bad_.insert(path);
  for (const LogCatalog::Log& log : catalog_.find(thread_, next_.sequence)) {
    if (bad_.contains(log.path) || (!log.complete && !log.header.open())) continue;
    reader_.reset();
    return true;
  }
  bad_.clear();
  if (patient(now) || options_.on_corruption == DamagePolicy::kWait) {
    reader_.reset();
    wait(Status::kDamaged, e.what());
    return false;
  }
  if (options_.on_corruption == DamagePolicy::kStop) throw e;
  since_.reset();
  reader_->resync(e.next_block());
  options_.passed_over(thread_, e.rba(),
                       passed_over_text(path.string(), e.reason(),
                                        fmt::format("blocks {} to {} are", next_.block,
                                                    std::max(next_.block, reader_->next_block() - 1))));
  next_.block = reader_->next_block();
  return true;
}

void LogFollower::next_log() {
  bound_ = std::max(bound_, reader_->header().next_scn.value);
  status_ = reader_->header().disabled != 0 ? Status::kDisabled : Status::kReading;
  next_ = {next_.sequence + 1, 0, 0};
  reader_.reset();
  since_.reset();
  bad_.clear();
}

}  // namespace redoubt::capture
