#include "capture/live_capture.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "base/file.h"

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

// One group may be written, and told of by the kernel, in many pieces.
constexpr std::chrono::microseconds kLooksApart{250};
constexpr milliseconds kPollAtLeast{1};
constexpr milliseconds kPollAtMost{50};
constexpr unsigned kIdleLooks = 4;               // at the directories, without anything new, until all is read
constexpr milliseconds kCheckpointsApart{1000};  // at switches of logs
constexpr std::size_t kDictionaryRows = 10'000;  // changed since the last snapshot, for another one
constexpr milliseconds kFlushEvery{5};           // while there is more to read
// Between looks at the directories while a thread waits for a log: a part of the time that it has waited. The next log
// comes moments after the end of the one before; that of an instance that was stopped, in days.
constexpr milliseconds kRefreshAtLeast{5};
constexpr milliseconds kRefreshAtMost{100};
constexpr int kRefreshPart = 8;
constexpr std::int64_t kHour = 3'600'000'000;  // microseconds
constexpr std::int64_t kKeptHours = 7 * 24;

// The redo of `from` on is of no incarnation that goes on.
std::string what_no_longer_happened(Scn from, Scn last_told) {
  if (last_told < from)
    return fmt::format("What was told still holds: its last transaction committed at SCN {}", last_told);
  return fmt::format(
      "Transactions that were told and commit from that SCN on no longer happened: "
      "those with commit_scn {} to {} in the output",
      from, last_told);
}

}  // namespace

LiveCapture::LiveCapture(ledger::Ledger& ledger, Options options, Hooks hooks)
    : ledger_(ledger),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      catalog_(options_.roots, options_.checksums) {
  REDOUBT_ASSERT(options_.core.spill != nullptr);
}

LiveCapture::~LiveCapture() = default;

void LiveCapture::tell(Event::Kind kind, std::uint16_t thread, Rba rba, std::string text) {
  hooks_.tell({kind, thread, rba, 0, std::move(text)});
}

// The session of this name is the lock: a second process is refused while the first lives.
void LiveCapture::claim() {
  const std::string key = stream(options_.name) + "/session";
  if (const std::optional<std::string> known = ledger_.setting(key)) {
    session_ = *known;
    ledger_.claim_session(session_);
    return;
  }
  session_ = ledger_.create_session({"capture", options_.name, {}, {}}, options_.tool_version);
  ledger_.set(key, session_);
}

// Takes up the newest checkpoint that the delivery can go back to.
void LiveCapture::find_start() {
  fs::create_directories(options_.state_dir);
  for (const auto& entry : fs::directory_iterator(options_.state_dir))
    if (entry.path().extension() == ".new") fs::remove(entry.path());  // of a process that was killed while it wrote
  std::vector<ledger::Checkpoint> saved = ledger_.checkpoints(stream(options_.name));
  std::sort(saved.begin(), saved.end(), [](const auto& a, const auto& b) { return a.number > b.number; });
  for (const ledger::Checkpoint& candidate : saved) {
    if (!candidate.whole) {
      tell(Event::Kind::kWarning, 0, {},
           fmt::format("checkpoint {} is damaged: an older one is taken", candidate.number));
    } else if (go_on_from(candidate)) {
      return;
    }
  }
  if (!saved.empty())
    throw Error(ErrorCode::kUnreachable, stream(options_.name),
                fmt::format("none of its {} checkpoints fits the output and the logs", saved.size()),
                "restore these, or begin anew with another --output and --name");
  DictionaryTracker dictionary = hooks_.load_dictionary({});
  snapshots_.push_back({dictionary.latest_scn(), {}});
  options_.core.spill->open();
  delivery_ = hooks_.open(dictionary, std::nullopt);
  options_.core.from_scn = std::max(options_.core.from_scn, options_.start_scn);
  core_ = std::make_unique<Core>(std::move(dictionary), options_.core);
}

bool LiveCapture::go_on_from(const ledger::Checkpoint& saved) {
  const std::string place = fmt::format("checkpoint {} of {}", saved.number, stream(options_.name));
  Checkpoint checkpoint = checkpoint_from_json(saved.body, place);
  if (comes_too_late(checkpoint, place)) return false;
  std::vector<fs::path> files;
  for (const std::string& file : checkpoint.dictionary_files) files.push_back(options_.state_dir / file);
  DictionaryTracker dictionary = hooks_.load_dictionary(files);
  if (!checkpoint.dictionary_changes.empty()) {
    const fs::path changes = options_.state_dir / checkpoint.dictionary_changes;
    try {
      dictionary.replay(dictionary_changes_from_json(read_file(changes.string()), changes.string()));
    } catch (const Malformed& e) {
      throw Error(ErrorCode::kUnknown, changes.string(), fmt::format("does not fit its dictionary: {}", e.what()),
                  "restore the files of the state directory");
    }
  }
  try {
    std::optional<Delivery::Position> position;
    if (!checkpoint.sink_kind.empty())
      position = {checkpoint.sink_kind, checkpoint.sink_path, checkpoint.sink_length, checkpoint.sink_tail};
    delivery_ = hooks_.open(dictionary, position);
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kIntegrity) throw;
    tell(Event::Kind::kWarning, 0, {}, fmt::format("{} is passed over: {}", place, e.what()));
    return false;
  }
  snapshots_.push_back({checkpoint.dictionary_scn, checkpoint.dictionary_files});
  changes_file_ = checkpoint.dictionary_changes;
  std::set<std::string> spilled;
  for (const RestartPoint::Saved& transaction : checkpoint.point.saved) spilled.insert(transaction.spill.file);
  options_.core.spill->open(spilled);
  options_.core.from_time = 0;  // of the first start
  core_ = std::make_unique<Core>(std::move(dictionary), options_.core);
  core_->resume(checkpoint.point);
  resumed_ = std::move(checkpoint);
  return true;
}

// Whether a thread has redo that should have been told before the checkpoint, which did not know of it.
bool LiveCapture::comes_too_late(const Checkpoint& checkpoint, const std::string& place) {
  catalog_.expect(checkpoint.dbid, checkpoint.database, checkpoint.resetlogs);
  catalog_.refresh();
  if (checkpoint.sink_kind.empty()) return false;  // imported: it need not know all threads
  for (const std::uint16_t thread : catalog_.threads()) {
    if (!options_.threads.empty() && !options_.other_threads && !options_.threads.contains(thread)) continue;
    std::uint32_t sequence = *catalog_.first_sequence(thread);
    if (const auto known = checkpoint.reading.find(thread); known != checkpoint.reading.end()) {
      if (known->second.status != name_of(LogFollower::Status::kDisabled)) continue;
      sequence = known->second.next.sequence;
    }
    const std::vector<LogCatalog::Log> logs = catalog_.find(thread, sequence);
    if (logs.empty() || logs.front().header.first_scn.value > checkpoint.point.released.scn) continue;
    tell(Event::Kind::kWarning, thread, {},
         fmt::format("{} is passed over: {} has redo of this thread from SCN {} on, which it did not know of", place,
                     logs.front().path.string(), logs.front().header.first_scn.value));
    return true;
  }
  return false;
}

void LiveCapture::check_database(const LogCatalog::Log& log) const {
  const oracle::DatabaseFacts& facts = core_->dictionary().facts();
  if (facts.resetlogs != 0 && facts.resetlogs != log.header.resetlogs && !resumed_)
    throw Error(ErrorCode::kUsage, log.path.string(),
                fmt::format("is of incarnation {} of its database, the dictionary of {}", log.header.resetlogs,
                            facts.resetlogs),
                "name the dictionary of this database");
}

LiveCapture::Clock::duration LiveCapture::refresh_interval(Clock::time_point now) {
  Clock::duration interval = options_.discovery_interval;
  for (const auto& [thread, follower] : followers_) {
    if (!follower.wants_logs()) {
      waits_.erase(thread);
      continue;
    }
    const Clock::time_point since = waits_.try_emplace(thread, now).first->second;
    const auto part = std::chrono::duration_cast<milliseconds>(now - since) / kRefreshPart;
    interval = std::min<Clock::duration>(interval, std::clamp(part, kRefreshAtLeast, kRefreshAtMost));
  }
  // Groups that wait for a look get one soon, but looking must not take most of the time.
  if (!waiting_.empty()) interval = std::min(interval, std::max<Clock::duration>(kPollAtLeast, 4 * look_time_));
  return interval;
}

void LiveCapture::refresh(Clock::time_point now) {
  if (last_refresh_ != Clock::time_point{} && now - last_refresh_ < refresh_interval(now)) return;
  last_refresh_ = now;
  ++looks_;
  const Scn read = read_;
  catalog_.refresh();
  look_time_ = Clock::now() - now;
  covered_ = read;
  watch_.follow(catalog_.places());
  const LogCatalog::Log* any = catalog_.any();
  if (!any) return;
  check_database(*any);
  for (const auto& [id, log] : catalog_.other_incarnations()) {
    const redo::RedoHeader& own = any->header;
    const Scn from = log.header.resetlogs_scn.value;
    if (from <= own.resetlogs_scn.value) continue;  // an older one
    throw Error(
        ErrorCode::kIntegrity, log.path.string(),
        fmt::format("begins a new incarnation: the database was opened with RESETLOGS at SCN {} (incarnation {} "
                    "after {}). {}",
                    from, log.header.resetlogs, own.resetlogs, what_no_longer_happened(from, core_->last_told_scn())),
        "decide what to do with that, then begin anew with another --output and --name");
  }
  for (const std::uint16_t thread : wanted_threads())
    if (!followers_.contains(thread)) join(thread);
  for (const auto& [thread, follower] : followers_) {
    if (follower.status() != LogFollower::Status::kDisabled) continue;
    // Enabled again: it has no redo between.
    const std::vector<LogCatalog::Log> logs = catalog_.find(thread, follower.next().sequence);
    if (!logs.empty() && core_->ended(thread)) core_->open_thread(thread, logs.front().header.first_scn.value);
  }
}

std::set<std::uint16_t> LiveCapture::wanted_threads() {
  std::set<std::uint16_t> threads = options_.threads;
  for (const auto& [thread, sequence] : options_.start_sequences) threads.insert(thread);
  if (resumed_)
    for (const auto& [thread, position] : resumed_->point.threads) threads.insert(thread);
  for (const std::uint16_t thread : catalog_.threads()) {
    if (threads.contains(thread)) continue;
    if (!options_.threads.empty() && others_.insert(thread).second)
      tell(Event::Kind::kWarning, thread, {},
           options_.other_threads ? "nobody named this thread, but it has logs: it is read too"
                                  : "this thread has logs and is left out: what it commits is missing");
    if (options_.other_threads) threads.insert(thread);
  }
  return threads;
}

// Of a thread that a capture meets while it is at work: the SCN with which it was enabled, when that is behind all that
// was taken. Then its first log, which begins there, must not be missed. 0: it was enabled before, or there from the
// start.
Scn LiveCapture::enabled_since(std::uint16_t thread) const {
  const std::optional<std::uint32_t> first = catalog_.first_sequence(thread);
  if (!first || (resumed_ && resumed_->point.threads.contains(thread))) return 0;
  const Scn taken =
      std::max(resumed_ ? resumed_->point.released.scn : 0, core_->counters().records > 0 ? core_->watermark() : 0);
  const Scn enabled = catalog_.find(thread, *first).front().header.enabled_scn.value;
  return taken > 0 && enabled >= taken ? enabled : 0;
}

// Where reading of a thread begins. Sequence 0: it has no log yet.
Rba LiveCapture::start_of(std::uint16_t thread) const {
  if (const Scn enabled = enabled_since(thread); enabled > 0) {
    const std::uint32_t first = *catalog_.first_sequence(thread);
    return {catalog_.find(thread, first).front().header.first_scn.value <= enabled ? first : 0, 0, 0};
  }
  if (resumed_) {
    const auto known = resumed_->point.threads.find(thread);
    const bool has_place = known != resumed_->point.threads.end();
    if (has_place && known->second.low.sequence != 0) return known->second.low;
    // In a checkpoint of ours: it had no log then.
    if (has_place && !resumed_->sink_kind.empty()) return {catalog_.first_sequence(thread).value_or(0), 0, 0};
    // An imported position may not know it, or it is new: then its first log begins later.
    const std::optional<LogCatalog::Log> log = catalog_.find_scn(thread, resumed_->point.low_scn);
    return {log ? log->header.block.sequence : catalog_.first_sequence(thread).value_or(0), 0, 0};
  }
  if (const auto it = options_.start_sequences.find(thread); it != options_.start_sequences.end())
    return {it->second, 0, 0};
  if (const Scn from = std::max(options_.core.from_scn, options_.start_scn); from > 0) {
    if (const std::optional<LogCatalog::Log> log = catalog_.find_scn(thread, from))
      return {log->header.block.sequence, 0, 0};
  }
  if (options_.start == Options::Start::kTime)
    return {catalog_.find_time(thread, options_.core.from_time).value_or(0), 0, 0};
  const std::optional<std::uint32_t> sequence =
      options_.start == Options::Start::kNow ? catalog_.last_sequence(thread) : catalog_.first_sequence(thread);
  return {sequence.value_or(0), 0, 0};
}

void LiveCapture::join(std::uint16_t thread) {
  const Rba start = start_of(thread);
  if (start.sequence == 0) {
    // Expected, and nothing of it is there: nobody else may go on.
    if (core_->has_thread(thread)) return;
    core_->open_thread(thread, enabled_since(thread));
    tell(Event::Kind::kWarning, thread, {}, "the first log of this thread is not there yet: all threads wait for it");
    return;
  }
  if (!core_->has_thread(thread)) {
    // A log begins where the one before it ends, which may be all that is there yet.
    Scn bound = 0;
    if (const std::vector<LogCatalog::Log> logs = catalog_.find(thread, start.sequence); !logs.empty()) {
      bound = logs.front().header.first_scn.value;
    } else if (const auto before = catalog_.find(thread, start.sequence - 1);
               !before.empty() && !before.front().header.open()) {
      bound = before.front().header.next_scn.value;
    }
    core_->open_thread(thread, bound);
  }
  LogFollower::Options options;
  options.checksums = options_.checksums;
  options.on_gap = options_.on_gap;
  options.on_corruption = options_.on_corruption;
  if (resumed_) {
    if (const auto known = resumed_->reading.find(thread);
        known != resumed_->reading.end() && known->second.next == start) {
      options.disabled = known->second.status == name_of(LogFollower::Status::kDisabled);
      // When it is enabled again its next log says from where on.
      if (!options.disabled) options.bound = resumed_->point.threads.at(thread).bound;
    }
  }
  options.passed_over = [this](std::uint16_t number, Rba rba, const std::string& text) {
    core_->note_hole(number);
    incomplete_ = true;
    tell(Event::Kind::kWarning, number, rba, text);
  };
  options.switched = [this](std::uint16_t number, Rba rba, const std::string& text) {
    tell(Event::Kind::kLog, number, rba, text);
  };
  followers_.emplace(thread, LogFollower(catalog_, thread, start, std::move(options)));
}

bool LiveCapture::knows_all_threads() const {
  return !options_.threads.empty() && std::none_of(followers_.begin(), followers_.end(), [](const auto& f) {
    return f.second.status() == LogFollower::Status::kDisabled;
  });
}

// The next group of the thread; null also when it must wait for a look at the directories.
const redo::Group* LiveCapture::poll(std::uint16_t thread, LogFollower& follower, Clock::time_point now) {
  const auto kept = waiting_.find(thread);
  const redo::Group* group = kept != waiting_.end() ? kept->second : follower.poll(now);
  if (!group) return nullptr;
  const Scn last = group->records.empty() ? group->scn : group->records.back().scn;
  read_ = std::max(read_, last);
  if (last > covered_ && !knows_all_threads() && !catalog_.closed(thread, group->start.sequence)) {
    waiting_[thread] = group;
    return nullptr;
  }
  if (kept != waiting_.end()) waiting_.erase(kept);
  return group;
}

// Asks every thread that could go on. True when something came of it.
bool LiveCapture::feed(Clock::time_point now) {
  bool any = false;
  const std::vector<std::uint16_t> hungry = core_->all_hungry();
  for (const std::uint16_t thread : hungry) {
    const auto it = followers_.find(thread);
    if (it == followers_.end()) continue;
    if (const auto at = poll_at_.find(thread); at != poll_at_.end() && now < at->second) continue;
    LogFollower& follower = it->second;
    const std::uint32_t sequence = follower.next().sequence;
    const redo::Group* group = poll(thread, follower, now);
    logs_finished_ += follower.next().sequence != sequence;
    if (group) {
      core_->feed(thread, group);
      poll_at_.erase(thread);
      any = true;
    } else {
      poll_at_[thread] = now + kLooksApart;
      any |= core_->raise_bound(thread, follower.bound());
      if (follower.status() == LogFollower::Status::kDisabled) {
        core_->feed(thread, nullptr);
        any = true;
      }
    }
  }
  return any;
}

// Threads that an operator does not want to be waited for.
void LiveCapture::pass_threads(Clock::time_point now) {
  if (now - last_orders_ >= options_.discovery_interval) {
    last_orders_ = now;
    const std::string given = ledger_.setting(LiveCapture::orders(options_.name)).value_or("");
    std::istringstream orders(given);
    std::string left;
    unsigned number = 0;
    Scn scn = 0;
    for (char colon = 0; orders >> number >> colon >> scn;) {
      const auto thread = static_cast<std::uint16_t>(number);
      if (core_->has_thread(thread) && core_->front(thread) >= scn) continue;  // it has come so far
      if (core_->has_thread(thread)) core_->pass(thread, scn);
      left += fmt::format("{}{}:{}", left.empty() ? "" : " ", number, scn);
    }
    if (left.size() < given.size()) ledger_.set(LiveCapture::orders(options_.name), left);
  }
  if (options_.max_thread_lag.count() == 0) return;
  const std::vector<std::uint16_t>& hungry = core_->all_hungry();
  std::erase_if(silent_, [&](const auto& s) {
    return !core_->anything_waits() || std::find(hungry.begin(), hungry.end(), s.first) == hungry.end();
  });
  if (!core_->anything_waits()) return;
  for (const std::uint16_t thread : hungry)
    if (now - silent_.try_emplace(thread, now).first->second >= options_.max_thread_lag)
      core_->pass(thread, oracle::kNoScn);
}

void LiveCapture::drain() {
  while (core_->take(batch_)) {
    delivery_->write(batch_);
    batch_.clear();
    told_ = true;
  }
  for (const Event& event : core_->take_events()) hooks_.tell(event);
}

// One line per minute says why nothing comes.
void LiveCapture::warn_of_waiting(Clock::time_point now) {
  if (now - progress_ < options_.lag_warning || now - warned_ < options_.lag_warning) return;
  warned_ = now;
  for (const auto& [thread, follower] : followers_)
    if (!follower.reason().empty() && follower.wants_logs())
      tell(Event::Kind::kWarning, thread, follower.next(), follower.reason());
}

std::uint64_t LiveCapture::bytes_read() const {
  std::uint64_t sum = 0;
  for (const auto& [thread, follower] : followers_) sum += follower.bytes_read();
  return sum;
}

void LiveCapture::run() {
  claim();
  find_start();
  last_checkpoint_ = last_renewal_ = progress_ = Clock::now();
  milliseconds pause = kPollAtLeast;
  while (!hooks_.interrupted()) {
    const Clock::time_point now = Clock::now();
    refresh(now);
    bool more = core_->step();
    bool progress = more && feed(now);
    pass_threads(now);
    drain();
    if (core_->done()) break;
    if (now - last_renewal_ >= ledger::kRenewEvery) {
      ledger_.renew();
      last_renewal_ = now;
    }
    if (now - last_checkpoint_ >= options_.checkpoint_interval ||
        bytes_read() - bytes_at_checkpoint_ >= options_.checkpoint_bytes ||
        (logs_finished_ != logs_at_checkpoint_ && now - last_checkpoint_ >= kCheckpointsApart))
      checkpoint();
    if (told_ && (!progress || now - last_flush_ >= kFlushEvery)) {
      delivery_->flush();
      told_ = false;
      last_flush_ = now;
    }
    if (progress) {
      progress_ = Clock::now();  // what came of it may have taken long
      looks_ = 0;
      pause = kPollAtLeast;
      continue;
    }
    warn_of_waiting(now);
    if (!waiting_.empty()) pause = kPollAtLeast;
    if (options_.until_idle && now - progress_ > milliseconds{500} && looks_ >= kIdleLooks && !followers_.empty())
      break;
    const bool changed = watch_.wait(pause);
    pause = changed ? kPollAtLeast : std::min(pause * 2, kPollAtMost);
    std::this_thread::sleep_until(now + kLooksApart);
  }
  drain();
  delivery_->flush();
  // Behind to_scn something was taken and not told: a later run has to take it again.
  if (!core_->done()) checkpoint();
  options_.core.spill->remove_ended();
  ledger_.end_session(session_, ledger::SessionState::kStopped, 0, {});
}

// The newest snapshot that is not younger than any row to come. A new one is made when much has changed since the last;
// what commits at its SCN has all been taken then.
void LiveCapture::choose_snapshot() {
  const DictionaryTracker& dictionary = core_->dictionary();
  const Scn last = snapshots_.back().scn;
  std::size_t rows = 0;
  for (const DictionaryChange& change : dictionary.changes()) rows += change.commit_scn > last ? change.rows.size() : 0;
  if (rows > kDictionaryRows && core_->watermark() > dictionary.latest_scn()) {
    Snapshot snapshot{dictionary.latest_scn(), {}};
    for (const oracle::LoadedDictionary& container : dictionary.snapshot()) {
      snapshot.files.push_back(fmt::format("dictionary-{}-{}.json", snapshot.scn, container.facts.con_id));
      replace_file(options_.state_dir / snapshot.files.back(), oracle::dictionary_json(container));
    }
    snapshots_.push_back(std::move(snapshot));
  }
  const Scn oldest = core_->oldest_scn();
  while (snapshots_.size() > 1 && snapshots_[1].scn <= oldest) snapshots_.erase(snapshots_.begin());
  core_->forget_dictionary_changes(snapshots_.front().scn);
}

// Name of the file with what has changed since the snapshot; none: nothing has.
std::string LiveCapture::save_dictionary_changes() {
  const std::vector<DictionaryChange>& changes = core_->dictionary().changes();
  if (changes.empty()) return {};
  std::string name = fmt::format("dictionary-changes-{}-{}.json", changes.back().commit_scn, changes.size());
  if (name != changes_file_) replace_file(options_.state_dir / name, to_json(changes));
  return name;
}

// Transactions that began below have been open for longer than the window.
Scn LiveCapture::recovery_scn() {
  const Clock::time_point now = Clock::now();
  const std::uint64_t bytes = bytes_read();
  const auto left_behind = [&](const Mark& mark) {
    return now - mark.time >= options_.recovery_time || bytes - mark.bytes >= options_.recovery_bytes;
  };
  while (marks_.size() > 1 && left_behind(marks_[1])) marks_.pop_front();
  const Scn scn = !marks_.empty() && left_behind(marks_.front()) ? marks_.front().scn : 0;
  marks_.push_back({now, bytes, core_->watermark()});
  return scn;
}

void LiveCapture::checkpoint() {
  last_checkpoint_ = Clock::now();
  bytes_at_checkpoint_ = bytes_read();
  logs_at_checkpoint_ = logs_finished_;
  const LogCatalog::Log* any = catalog_.any();
  if (!any || followers_.empty()) return;
  std::map<std::uint16_t, Rba> next;
  std::set<std::uint16_t> without_log;  // passed, or nothing would have been told
  for (const std::uint16_t thread : core_->all_hungry())
    if (!followers_.contains(thread)) without_log.insert(thread);
  for (const std::uint16_t thread : without_log) next[thread] = {};
  for (const auto& [thread, follower] : followers_) {
    const auto waiting = waiting_.find(thread);
    next[thread] = waiting != waiting_.end() ? waiting->second->start : follower.next();
  }
  std::optional<RestartPoint> point = core_->restart_point(next, recovery_scn());
  if (!point || point->released.scn == 0) return;
  choose_snapshot();

  Checkpoint c;
  c.database = any->header.database();
  c.dbid = any->header.dbid;
  c.resetlogs = any->header.resetlogs;
  c.resetlogs_scn = any->header.resetlogs_scn.value;
  c.point = std::move(*point);
  for (const auto& [thread, follower] : followers_)
    c.reading[thread] = {std::string(name_of(follower.status())), follower.next(), follower.block_size()};
  for (const std::uint16_t thread : without_log)
    c.reading[thread] = {std::string(name_of(LogFollower::Status::kWaiting)), {}, 0};
  c.dictionary_scn = snapshots_.front().scn;
  c.dictionary_files = snapshots_.front().files;
  changes_file_ = c.dictionary_changes = save_dictionary_changes();
  const Delivery::Position position = delivery_->sync();
  c.sink_kind = position.kind;
  c.sink_path = position.path;
  c.sink_length = position.length;
  c.sink_tail = position.tail;
  c.filter = options_.filter;
  ledger_.save_checkpoint(stream(options_.name), to_json(c));
  options_.core.spill->remove_ended();
  forget_old_checkpoints();

  nlohmann::ordered_json floor = nlohmann::ordered_json::object();
  for (const auto& [thread, sequence] : c.floor()) floor[std::to_string(thread)] = sequence;
  replace_file(options_.state_dir / "retention-floor.json",
               nlohmann::ordered_json{{"lowest_sequence", floor}}.dump() + "\n");
}

// Kept are all of the last hour, and the first of each hour for seven days; dictionary snapshots that none of these
// names go too.
void LiveCapture::forget_old_checkpoints() {
  std::vector<ledger::Checkpoint> saved = ledger_.checkpoints(stream(options_.name));
  std::sort(saved.begin(), saved.end(), [](const auto& a, const auto& b) { return a.number > b.number; });
  const ledger::Micros now = ledger_.now();
  std::vector<std::int64_t> gone;
  std::set<std::int64_t> hours;
  std::set<std::string> files;
  for (std::size_t i = saved.size(); i-- > 0;) {
    const ledger::Checkpoint& c = saved[i];
    const std::int64_t age = (now - c.made) / kHour;
    const bool first_of_hour = hours.insert(c.made / kHour).second;
    if (i > 0 && age >= 1 && (!first_of_hour || age >= kKeptHours)) {
      gone.push_back(c.number);
    } else if (c.whole) {
      const Checkpoint kept = checkpoint_from_json(c.body, stream(options_.name));
      files.insert(kept.dictionary_files.begin(), kept.dictionary_files.end());
      files.insert(kept.dictionary_changes);
    }
  }
  if (gone.empty()) return;
  ledger_.remove_checkpoints(stream(options_.name), gone);
  for (const Snapshot& s : snapshots_) files.insert(s.files.begin(), s.files.end());
  for (const auto& entry : fs::directory_iterator(options_.state_dir)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("dictionary-") && !files.contains(name)) fs::remove(entry.path());
  }
}

}  // namespace redoubt::capture
