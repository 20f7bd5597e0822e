#include "simulate/cluster.h"

#include <fmt/format.h>

#include <ctime>

namespace redoubt::simulate {
namespace {

constexpr std::uint16_t kSegmentsPerThread = 10;
constexpr std::uint16_t kSlotsPerSegment = 34;

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
    t.sequence = 10 + random_.below(90);
  }
}

// Made when first asked for.
std::vector<Cluster::Slot>& Cluster::slots(std::uint16_t thread, std::uint16_t con_id) {
  std::vector<Slot>& slots = threads_[thread - 1u].slots[con_id];
  if (slots.empty())
    for (std::uint16_t s = 0; s < kSegmentsPerThread; ++s)
      for (std::uint16_t slot = 0; slot < kSlotsPerSegment; ++slot)
        slots.push_back(
            {static_cast<std::uint16_t>(1 + (thread - 1) * kSegmentsPerThread + s), slot, 500 + random_.below(500)});
  return slots;
}

void Cluster::open_log(std::uint16_t thread, Scn first_scn) {
  Thread& t = threads_[thread - 1u];
  const bool marked = options_.version >= redo::kVersion12_2;
  redo::RedoHeader h;
  h.version = options_.version;
  h.dbid = kDbid;
  const std::string_view name = "SIM";
  std::copy(name.begin(), name.end(), h.name.begin());
  h.control_sequence = 1212;
  h.block_size = options_.block_size;
  h.group = thread;
  h.activation = 1496992686;
  h.resetlogs = kResetlogs;
  h.resetlogs_scn = {kFirstScn - 1000, marked};
  h.thread = thread;
  h.block.sequence = ++t.sequence;
  h.first_scn = {first_scn, marked};
  h.first_time = redo_time_of(first_scn);
  h.format_id = marked ? 0x12 : 2;
  h.enabled_scn = h.resetlogs_scn;
  h.closed_scn = h.first_scn;
  h.enabled_threads[0] = static_cast<std::uint8_t>((1U << (options_.threads + 1)) - 2);
  h.previous_resetlogs_scn = {1, false};
  h.previous_resetlogs = 1222743579;
  const auto path = options_.directory / fmt::format("arch{}_{}_{}.dbf", thread, t.sequence, kResetlogs);
  t.log = std::make_unique<redo::LogWriter>(path, h, options_.order);
}

Undo Cluster::begin(std::uint16_t thread, std::uint16_t con_id) {
  Thread& t = threads_[thread - 1u];
  std::vector<Slot>& all = slots(thread, con_id);
  while (true) {
    Slot& slot = all[random_.below(static_cast<std::uint32_t>(all.size()))];
    if (slot.busy) continue;
    slot.busy = true;
    ++slot.sqn;
    Undo undo;
    undo.xid = {slot.usn, slot.slt, slot.sqn};
    undo.con_id = con_id;
    undo.header = 0x80U + slot.usn * 16U;
    undo.next = {0x4000U + t.next_undo++, static_cast<std::uint16_t>(0x80 + slot.usn), 1};
    return undo;
  }
}

std::uint16_t Cluster::undo_header_class(std::uint16_t thread, std::uint16_t con_id) {
  const auto& all = slots(thread, con_id);
  return static_cast<std::uint16_t>(15 + 2 * all[random_.below(static_cast<std::uint32_t>(all.size()))].usn);
}

void Cluster::end(const Undo& undo) {
  for (Thread& t : threads_)
    for (Slot& slot : t.slots[undo.con_id])
      if (slot.usn == undo.xid.usn && slot.slt == undo.xid.slt) slot.busy = false;
}

void Cluster::add(std::uint16_t thread, Bytes record) {
  Thread& t = threads_[thread - 1u];
  if (!t.log) {
    open_log(thread, scn_);
  } else if (t.pending == 0 && t.log->bytes() >= options_.log_bytes) {
    switch_log(thread);
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

// A log begins with the SCN of its first record, where the one before it ends: only now is that SCN known.
void Cluster::switch_log(std::uint16_t thread) {
  Thread& t = threads_[thread - 1u];
  t.closed_bytes += t.log->bytes();
  t.log->close(scn_, redo_time_of(scn_));
  open_log(thread, scn_);
}

void Cluster::close() {
  const Scn next = scn_ + 1;
  for (std::uint16_t thread = 1; thread <= options_.threads; ++thread) {
    Thread& t = threads_[thread - 1u];
    if (!t.log) continue;
    if (t.pending > 0) write_group(t);
    t.closed_bytes += t.log->bytes();
    t.log->close(next, redo_time_of(next));
    t.log.reset();
  }
}

std::uint64_t Cluster::bytes() const {
  std::uint64_t sum = 0;
  for (const Thread& t : threads_) sum += t.closed_bytes + (t.log ? t.log->bytes() : 0);
  return sum;
}

}  // namespace redoubt::simulate
