#include "simulate/cluster_events.h"

#include <algorithm>

#include "simulate/ddl.h"
#include "simulate/noise.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint64_t kEnabledAtStep = 100;

}  // namespace

const std::vector<std::string>& cluster_event_names() {
  static const std::vector<std::string> names{"shared",  "ties",    "overlap", "skew",  "idle",     "switches",
                                              "blocks",  "parts",   "move",    "reuse", "sleepers", "enable",
                                              "disable", "restart", "crash",   "shape", "widen",    "resetlogs"};
  return names;
}

bool befalls(const Options& options, std::string_view event) {
  const auto named = [&](std::string_view name) {
    return std::find(options.cluster.begin(), options.cluster.end(), name) != options.cluster.end();
  };
  return named("all") || named(event);
}

ClusterEvents::ClusterEvents(const Options& options, Cluster& cluster, Transactions& transactions, Workload& workload)
    : options_(options),
      cluster_(cluster),
      transactions_(transactions),
      workload_(workload),
      group_max_(options.threads, 12) {
  for (std::uint16_t thread = 1; thread <= options.threads; ++thread) running_.push_back(thread);
  if (may("enable") && options.threads > 1) {
    running_.pop_back();
    cluster_.disable(options.threads);
    absent_.push_back({options.threads, true, kEnabledAtStep});
  }
  if (may("idle") && running_.size() > 1) {
    idle_ = running_[options.seed % running_.size()];
    std::erase(running_, idle_);
  }
}

std::uint16_t ClusterEvents::thread() {
  if (may("skew") && !random().percent(1)) return running_[options_.seed / 2 % running_.size()];
  return running_[random().below(static_cast<std::uint32_t>(running_.size()))];
}

// Another thread that takes transactions, if there is one.
std::uint16_t ClusterEvents::another(std::uint16_t thread) {
  const auto at = static_cast<std::size_t>(std::find(running_.begin(), running_.end(), thread) - running_.begin());
  return running_[(at + 1 + random().below(static_cast<std::uint32_t>(std::max<std::size_t>(running_.size(), 2) - 1))) %
                  running_.size()];
}

bool ClusterEvents::awake(const OpenTransaction& t) { return !t.sleeper || random().percent(4); }

void ClusterEvents::step() {
  ++steps_;
  come_back();
  if (running_.size() > 1 && random().percent(2)) {
    const std::uint16_t leaving = running_[random().below(static_cast<std::uint32_t>(running_.size()))];
    std::vector<std::string_view> ways;
    for (const std::string_view way : {"disable", "restart", "crash"})
      if (may(way)) ways.push_back(way);
    const std::string_view way = ways.empty() ? "" : ways[random().below(static_cast<std::uint32_t>(ways.size()))];
    if (way == "crash") fail(leaving);
    if (way == "disable" || way == "restart") stop(leaving, way == "disable");
  }
  if (idle_ != 0 && random().percent(2)) {
    Container& c = transactions_.any_container();
    add_noise(cluster_, idle_, c.con_id, c.con_uid);
    cluster_.flush(idle_);
  }
  if (may("sleepers") && sleepers_ < 2 && random().percent(10)) {
    OpenTransaction& t = transactions_.begin(thread(), transactions_.any_container());
    t.sleeper = true;
    t.statements_left = random().between(2, 8);
    ++sleepers_;
  }
  if (may("shared") && random().percent(5)) change_in_turn();
  if ((may("shape") || may("widen")) && random().percent(3)) add_column_and_use_it();
  if (may("switches") && random().percent(3)) {
    const std::uint32_t count = random().percent(10) ? 10 : random().between(1, 2);
    const bool all = random().percent(20);
    const auto one = static_cast<std::uint16_t>(1 + random().below(options_.threads));
    for (std::uint16_t t = 1; t <= options_.threads; ++t)
      if (all || t == one) cluster_.switch_logs(t, count);
  }
}

// The thread has no instance for a while.
void ClusterEvents::leave(std::uint16_t thread, bool disabled) {
  std::erase(running_, thread);
  if (disabled) cluster_.disable(thread);
  absent_.push_back({thread, disabled, steps_ + random().between(10, 100)});
}

void ClusterEvents::come_back() {
  for (std::size_t i = 0; i < absent_.size();) {
    const Absent back = absent_[i];
    if (back.until > steps_) {
      ++i;
      continue;
    }
    absent_.erase(absent_.begin() + static_cast<std::ptrdiff_t>(i));
    running_.push_back(back.thread);
    if (back.disabled) {
      cluster_.enable(back.thread);
    } else if (random().percent(50)) {
      cluster_.switch_logs(back.thread, 1);
    }
    commit_at_once(back.thread);
  }
}

void ClusterEvents::commit_at_once(std::uint16_t thread) {
  Container& c = transactions_.any_container();
  add_noise(cluster_, thread, c.con_id, c.con_uid);
  OpenTransaction& t = transactions_.begin(thread, c);
  for (int tries = 0; tries < 5 && t.truth.empty(); ++tries) workload_.statement(t);
  t.redo.empty() ? transactions_.finish(t) : transactions_.commit(t);
  flush(thread, true);
}

// All its transactions end, then the instance.
void ClusterEvents::stop(std::uint16_t thread, bool disable) {
  for (OpenTransaction* t : transactions_.of_thread(thread)) {
    if (t->sleeper) --sleepers_;
    transactions_.finish(*t);
  }
  cluster_.flush(thread);
  leave(thread, disable);
}

void ClusterEvents::fail(std::uint16_t thread) {
  while (transactions_.of_thread(thread).size() < 3)
    workload_.statement(transactions_.begin(thread, transactions_.any_container()));
  std::vector<OpenTransaction*> those = transactions_.of_thread(thread);
  for (OpenTransaction* t : those)
    if (t->sleeper) --sleepers_;
  transactions_.finish(*those.back());
  those.pop_back();
  cluster_.flush(thread);
  leave(thread, false);
  const std::uint16_t survivor = this->thread();
  for (OpenTransaction* t : those) {
    t->redo.move_to(survivor);
    if (t->redo.empty()) {
      transactions_.finish(*t);
    } else {
      transactions_.roll_back(*t, random().percent(70));
    }
  }
  flush(survivor, true);
}

// A committed row is changed from thread after thread: every image before is the other thread's image behind.
void ClusterEvents::change_in_turn() {
  Container& container = transactions_.any_container();
  SimulatedTable& table = *container.tables[random().below(static_cast<std::uint32_t>(container.tables.size()))];
  if (table.index_organized() || table.rows.empty()) return;
  Held& held = *table.rows[random().below(static_cast<std::uint32_t>(table.rows.size()))];
  if (held.by || held.gone) return;
  std::uint16_t in = thread();
  for (std::uint32_t n = random().between(2, 12); n > 0; --n) {
    OpenTransaction& t = transactions_.begin(in, container);
    workload_.update(t, table, held);
    transactions_.finish(t);
    flush(in, true);
    in = another(in);
  }
}

void ClusterEvents::add_column_and_use_it() {
  Container& container = transactions_.any_container();
  SimulatedTable& table = *container.tables[random().below(static_cast<std::uint32_t>(container.tables.size()))];
  const bool held = std::any_of(table.rows.begin(), table.rows.end(), [](const auto& h) { return h->by != nullptr; });
  if (table.index_organized() || (held ? !may("widen") : !may("shape"))) return;
  const std::uint16_t in = thread();
  RedoEncoder redo(cluster_, in, container.con_id, container.con_uid);
  const bool added = add_column(container, redo, random(), table);
  flush(in, true);
  if (!added) return;
  // What open transactions would take back gets the column, too.
  std::set<const Held*> rows;
  for (const auto& row : table.rows) rows.insert(row.get());
  for (std::size_t i = 0; i < transactions_.size(); ++i)
    for (OpenTransaction::Undo& undo : transactions_[i].undo)
      if (rows.contains(undo.held)) undo.before.row.values.resize(table.columns.size());
  const std::uint16_t there = another(in);
  OpenTransaction& t = transactions_.begin(there, container);
  workload_.insert(t, table);
  for (const auto& row : table.rows) {
    if (row->by || row->gone) continue;
    workload_.update(t, table, *row);
    break;
  }
  transactions_.commit(t);
  flush(there, true);
}

void ClusterEvents::statement(OpenTransaction& t) {
  const OpenTransaction::Mark mark = t.mark();
  workload_.statement(t);
  if (may("reuse") && !t.redo.empty() && random().percent(6)) use_xid_again(t);
  if (!may("move") || !random().percent(20)) return;
  flush(t.redo.thread(), false);
  t.redo.move_to(another(t.redo.thread()));
  if (t.loaded || !random().percent(50)) return;
  ++t.statements_left;
  workload_.statement(t);
  if (!t.loaded) t.undo_to(random().percent(50) ? mark : t.mark());
}

// The newer transaction ends first.
void ClusterEvents::use_xid_again(const OpenTransaction& t) {
  OpenTransaction& second = transactions_.begin(another(t.redo.thread()), t.container, cluster_.share(t.redo.undo()));
  for (std::uint32_t n = random().between(1, 3); n > 0; --n) workload_.statement(second);
  const std::uint16_t in = second.redo.thread();
  transactions_.finish(second);
  flush(in, true);
}

void ClusterEvents::flush(std::uint16_t thread, bool ended) {
  std::uint32_t& most = group_max_[thread - 1u];
  const bool full = cluster_.pending(thread) > most;
  if (!may("overlap")) {
    if (ended || random().percent(25) || full) cluster_.flush(thread);
  } else if (full) {
    cluster_.flush(thread);
    most = random().percent(60) ? random().below(4) : random().between(20, 100);
  }
}

void ClusterEvents::finish(OpenTransaction& t) {
  const std::uint16_t thread = t.redo.thread();
  if (t.sleeper) --sleepers_;
  if (!may("ties") || t.redo.empty() || random().percent(50)) {
    transactions_.finish(t);
  } else if (random().percent(50)) {
    commit_together(t);
  } else {
    transactions_.commit(t);
    begin_group_with_scn(thread);
  }
  flush(thread, true);
}

// One transaction of every thread that has one with changes, in any order.
void ClusterEvents::commit_together(OpenTransaction& t) {
  std::vector<OpenTransaction*> those{&t};
  for (std::size_t i = 0; i < transactions_.size() && those.size() < options_.threads; ++i) {
    OpenTransaction& other = transactions_[i];
    const bool taken = std::any_of(those.begin(), those.end(), [&](const OpenTransaction* o) {
      return o == &other || o->redo.thread() == other.redo.thread();
    });
    if (!taken && !other.redo.empty()) those.insert(those.begin() + random().below(2), &other);
  }
  bool first = true;
  for (OpenTransaction* one : those) {
    const std::uint16_t thread = one->redo.thread();
    if (one != &t && one->sleeper) --sleepers_;
    if (!std::exchange(first, false)) cluster_.keep_scn();
    transactions_.commit(*one);
    flush(thread, true);
  }
}

// A thread's LWN, and sometimes its log, begins with the SCN of a commit just now.
void ClusterEvents::begin_group_with_scn(std::uint16_t but) {
  const std::uint16_t thread = idle_ != 0 && random().percent(30) ? idle_ : another(but);
  if (thread == but) return;
  cluster_.flush(thread);
  cluster_.keep_scn();
  Container& c = transactions_.any_container();
  add_noise(cluster_, thread, c.con_id, c.con_uid);
  cluster_.close_scn();
}

}  // namespace redoubt::simulate
