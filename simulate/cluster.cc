#include "simulate/cluster.h"

#include <fmt/format.h>

#include <ctime>
#include <utility>

#include "simulate/log_header.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint16_t kSlotsPerSegment = 34;
constexpr std::uint32_t kResetlogsSeconds = 3600;  // from a new incarnation's SCN until it is opened
constexpr std::uint64_t kSpareBytes = 64 << 10;    // of an online log: a group is not cut where the log would be full

std::uint32_t redo_time_of(Scn scn) {
  const std::time_t seconds = Cluster::time_of(scn);
  std::tm t = {};
  gmtime_r(&seconds, &t);
  return redo::redo_time_value({static_cast<unsigned>(t.tm_year + 1900), static_cast<unsigned>(t.tm_mon + 1),
                                static_cast<unsigned>(t.tm_mday), static_cast<unsigned>(t.tm_hour),
                                static_cast<unsigned>(t.tm_min), static_cast<unsigned>(t.tm_sec)});
}

}  // namespace

Cluster::Cluster(const ClusterOptions& options, Random& random)
    : options_(options), random_(random), builder_(options.version, options.order) {
  for (std::uint16_t thread = 1; thread <= options.threads; ++thread) {
    Thread& t = threads_.emplace_back();
    t.number = thread;
    t.block_size = options.block_sizes[thread % options.block_sizes.size()];
    t.sequence = 10 + random_.below(90);
    t.enabled_scn = incarnation_.resetlogs_scn;
  }
}

// Made when first asked for.
std::vector<Cluster::Slot>& Cluster::slots(std::uint16_t thread, std::uint16_t con_id) {
  std::vector<Slot>& slots = threads_[thread - 1u].slots[con_id];
  if (slots.empty())
    for (std::uint16_t s = 0; s < options_.segments; ++s)
      for (std::uint16_t slot = 0; slot < kSlotsPerSegment; ++slot)
        slots.push_back(
            {static_cast<std::uint16_t>(1 + (thread - 1) * options_.segments + s), slot, 500 + random_.below(500)});
  return slots;
}

Cluster::Slot& Cluster::slot_of(const Undo& undo) {
  const unsigned segment = undo.xid.usn - 1u;
  const auto thread = static_cast<std::uint16_t>(1 + segment / options_.segments);
  return slots(thread, undo.con_id)[segment % options_.segments * kSlotsPerSegment + undo.xid.slt];
}

void Cluster::begin_record(std::uint16_t thread, std::uint32_t con_uid, std::uint8_t vld) {
  const Thread& t = threads_[thread - 1u];
  if (std::exchange(keep_scn_, false)) {
    sub_scn_ = 1;
  } else if (options_.shared_scns && thread == last_thread_ && t.pending > 0 && random_.percent(50)) {
    ++sub_scn_;
  } else if (options_.shared_scns && last_thread_ != 0 && last_thread_ < thread && random_.percent(30)) {
    sub_scn_ = 1;
  } else {
    ++scn_;
    sub_scn_ = 1;
  }
  last_thread_ = thread;
  builder_.begin(scn_, sub_scn_, con_uid, vld);
}

void Cluster::open_log(Thread& t, Scn first_scn) {
  const bool marked = options_.version >= redo::kVersion12_2;
  redo::RedoHeader h;
  h.version = options_.version;
  h.dbid = kDbid;
  const std::string_view name = "SIM";
  std::copy(name.begin(), name.end(), h.name.begin());
  h.control_sequence = 1212;
  h.block_size = t.block_size;
  h.file_blocks = static_cast<std::uint32_t>(options_.log_bytes / t.block_size + kSpareBytes / t.block_size);
  h.activation = incarnation_.activation;
  h.resetlogs = incarnation_.resetlogs;
  h.resetlogs_scn = {incarnation_.resetlogs_scn, marked};
  h.thread = t.number;
  h.block.sequence = ++t.sequence;
  h.group = static_cast<std::uint16_t>((t.number - 1) * kLogGroups + 1 + t.sequence % kLogGroups);
  h.first_scn = {first_scn, marked};
  h.first_time = redo_time_of(first_scn);
  h.format_id = marked ? 0x12 : 2;
  h.enabled_scn = {t.enabled_scn, marked};
  h.closed_scn = h.first_scn;
  for (const Thread& enabled : threads_)
    if (enabled.enabled) h.enabled_threads[enabled.number / 8] |= static_cast<std::uint8_t>(1U << enabled.number % 8);
  h.previous_resetlogs_scn = {incarnation_.previous_resetlogs_scn, false};
  h.previous_resetlogs = incarnation_.previous_resetlogs;
  t.path = options_.directory / fmt::format("arch{}_{}_{}.dbf", t.number, t.sequence, incarnation_.resetlogs);
  t.log = std::make_unique<redo::LogWriter>(t.path, h, options_.order);
}

Undo Cluster::begin(std::uint16_t thread, std::uint16_t con_id) {
  Thread& t = threads_[thread - 1u];
  std::vector<Slot>& all = slots(thread, con_id);
  while (true) {
    Slot& slot = all[random_.below(static_cast<std::uint32_t>(all.size()))];
    if (slot.users > 0) continue;
    slot.users = 1;
    ++slot.sqn;
    Undo undo;
    undo.xid = {slot.usn, slot.slt, slot.sqn};
    undo.con_id = con_id;
    undo.header = 0x80U + slot.usn * 16U;
    undo.next = new_undo(t, slot.usn);
    return undo;
  }
}

std::uint16_t Cluster::undo_header_class(std::uint16_t thread, std::uint16_t con_id) {
  const auto& all = slots(thread, con_id);
  return static_cast<std::uint16_t>(15 + 2 * all[random_.below(static_cast<std::uint32_t>(all.size()))].usn);
}

Undo Cluster::share(const Undo& undo) {
  ++slot_of(undo).users;
  Undo second = undo;
  second.next = new_undo(threads_[(undo.xid.usn - 1u) / options_.segments], undo.xid.usn);
  return second;
}

void Cluster::end(const Undo& undo) { --slot_of(undo).users; }

void Cluster::add(std::uint16_t thread, Bytes record) {
  Thread& t = threads_[thread - 1u];
  REDOUBT_ASSERT(t.enabled);
  const bool full = t.log && t.log->bytes() >= options_.log_bytes;
  // A log begins with the SCN of its first record, where the one before it ends: only now is that SCN known.
  if (t.pending == 0 && (!t.log || full || std::exchange(t.switch_due, false))) {
    if (t.log) close_log(t, scn_);
    open_log(t, scn_);
  }
  if (options_.strands) {
    t.held.emplace_back(record.begin(), record.end());
  } else {
    if (t.pending == 0) t.log->begin_part();
    t.log->add(record);
  }
  ++t.pending;
}

// A group of strands: each record goes to one of the parts at random, so that their SCNs overlap.
void Cluster::write_group(Thread& t) {
  if (options_.strands) {
    const std::uint32_t parts =
        std::min<std::uint32_t>(random_.between(1, 3), static_cast<std::uint32_t>(t.held.size()));
    std::vector<std::vector<std::size_t>> of_part(parts);
    for (std::size_t i = 0; i < t.held.size(); ++i)
      of_part[i < parts ? i : random_.below(parts)].push_back(i);  // none stays empty
    for (const auto& part : of_part) {
      t.log->begin_part();
      for (const std::size_t i : part) t.log->add(t.held[i]);
    }
    t.held.clear();
  }
  t.log->write_group(redo_time_of(scn_));
  t.pending = 0;
}

void Cluster::flush(std::uint16_t thread) {
  Thread& t = threads_[thread - 1u];
  if (t.pending == 0) return;
  write_group(t);
}

void Cluster::close_log(Thread& t, Scn next_scn) {
  closed_bytes_ += t.log->bytes();
  t.log->close(next_scn, redo_time_of(next_scn));
  t.log.reset();
}

void Cluster::switch_logs(std::uint16_t thread, std::uint32_t count) {
  flush(thread);
  Thread& t = threads_[thread - 1u];
  if (!t.log) return;
  close_scn();
  for (; count > 1; --count) {
    close_log(t, ++scn_);
    open_log(t, scn_);
  }
  t.switch_due = true;  // also of a log without redo: what comes next has a higher SCN than it began with
}

void Cluster::disable(std::uint16_t thread) {
  flush(thread);
  Thread& t = threads_[thread - 1u];
  close_scn();
  t.enabled = false;
  t.switch_due = false;
  if (!t.log) {
    t.sequence = 0;  // it never was
    return;
  }
  close_log(t, ++scn_);
  change_header(t.path, [](redo::RedoHeader& h) { h.end_of_thread = h.disabled = 1; });
}

void Cluster::enable(std::uint16_t thread) {
  Thread& t = threads_[thread - 1u];
  REDOUBT_ASSERT(!t.enabled);
  t.enabled = true;
  t.enabled_scn = ++scn_;
  keep_scn();
}

void Cluster::close() {
  const Scn next = scn_ + 1;
  for (Thread& t : threads_) {
    if (!t.log) continue;
    if (t.pending > 0) write_group(t);
    close_log(t, next);
  }
}

Cluster::State Cluster::state() {
  State state{scn_, {}};
  close_scn();
  for (Thread& t : threads_) {
    flush(t.number);
    state.threads.push_back(t);
    for (const auto& [container, slots] : t.slots)
      for (const Slot& slot : slots) REDOUBT_ASSERT(slot.users == 0);
  }
  return state;
}

void Cluster::reset_logs(const State& state, const std::filesystem::path& directory) {
  options_.directory = directory;
  scn_ = state.scn + 1;
  close_scn();
  incarnation_.previous_resetlogs = incarnation_.resetlogs;
  incarnation_.previous_resetlogs_scn = incarnation_.resetlogs_scn;
  incarnation_.resetlogs = redo_time_of(scn_) + kResetlogsSeconds;
  incarnation_.resetlogs_scn = scn_;
  ++incarnation_.activation;
  for (Thread& t : threads_) {
    REDOUBT_ASSERT(!t.log && t.pending == 0);
    static_cast<LastingThread&>(t) = state.threads[t.number - 1u];
    t.sequence = 0;
    t.enabled_scn = scn_;
    t.switch_due = false;
  }
}

std::uint64_t Cluster::bytes() const {
  std::uint64_t sum = closed_bytes_;
  for (const Thread& t : threads_) sum += t.log ? t.log->bytes() : 0;
  return sum;
}

}  // namespace redoubt::simulate
