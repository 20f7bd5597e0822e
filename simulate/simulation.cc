#include "simulate/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "oracle/charset.h"
#include "simulate/cluster_events.h"
#include "simulate/ddl.h"
#include "simulate/live.h"
#include "simulate/noise.h"
#include "simulate/schema.h"
#include "simulate/workload.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint64_t kLongBytes = 64U << 20;  // of the long workload, unless told

// Where they wait. Readers leave out what begins with a dot.
std::filesystem::path played_logs(const Options& options) { return options.directory / ".redo"; }

void make_directories(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (!error && options.live) {
    std::filesystem::remove_all(played_logs(options), error);  // of a run that was broken off
    std::filesystem::create_directories(played_logs(options), error);
  }
  if (error)
    throw Error(ErrorCode::kOperation, options.directory.string(), "cannot be created: " + error.message(),
                "name another directory");
}

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options),
        random_(options.seed),
        charset_(charset(options.charset)),
        national_(charset("AL16UTF16")),
        values_(charset_, national_),
        cluster_(cluster_options(options), random_),
        workload_(options_, values_, random_),
        transactions_(options_, cluster_),
        events_(std::in_place, options_, cluster_, transactions_, workload_) {
    const auto& names = operation_names();
    for (const std::string& name : options.operations)
      if (name != "all" && std::find(names.begin(), names.end(), name) == names.end())
        throw Error(ErrorCode::kUsage, "--operations", fmt::format("there is no operation '{}'", name),
                    "see redoubt simulate --help");
    const auto& events = cluster_event_names();
    for (const std::string& name : options.cluster)
      if (name != "all" && std::find(events.begin(), events.end(), name) == events.end())
        throw Error(ErrorCode::kUsage, "--cluster", fmt::format("nothing called '{}' befalls a cluster", name),
                    "see redoubt simulate --help");
    std::vector<std::unique_ptr<Container>> containers;
    for (std::uint16_t n = 0; n < options.containers; ++n) containers.push_back(make_container(options_, n, random_));
    begin(std::move(containers), kFirstScn - 1);
  }

  Summary run() {
    if (options_.workload == "small") {
      run_small();
    } else if (options_.workload == "open") {
      run_open();
    } else if (options_.workload == "long") {
      run_long();
    } else if (befalls(options_, "resetlogs")) {
      run_incarnations();
    } else {
      run_mixed(100);
    }
    close();
    return {transactions_.committed(), transactions_.rolled_back(), workload_.rows(), cluster_.bytes()};
  }

 private:
  // Dictionaries and truths of the containers, of an incarnation that goes on behind the SCN.
  void begin(std::vector<std::unique_ptr<Container>> containers, Scn scn) {
    for (auto& container : containers) {
      const std::string suffix = container->con_uid == kConUid ? "" : fmt::format("_{}", container->con_id);
      replace_file(options_.directory / fmt::format("schema{}.json", suffix),
                   oracle::dictionary_json(make_dictionary(options_, *container, cluster_.incarnation(), scn)));
      transactions_.add(std::move(container), options_.directory / fmt::format("truth{}.jsonl", suffix));
    }
  }
  void close() {
    cluster_.close();
    write_keys();
    transactions_.close();
    if (options_.live)
      play({played_logs(options_), options_.directory, options_.pace,
            std::chrono::milliseconds(static_cast<std::int64_t>(options_.archive_delay_seconds * 1000))});
  }
  // The second incarnation goes back behind a part of the first.
  void run_incarnations() {
    run_mixed(60);
    const Cluster::State state = cluster_.state();
    std::vector<std::unique_ptr<Container>> containers = transactions_.copies();
    const ClusterEvents events = *events_;
    run_mixed(100);
    close();
    options_.directory /= "incarnation_2";
    make_directories(options_);
    cluster_.reset_logs(state, options_.live ? played_logs(options_) : options_.directory);
    begin(std::move(containers), state.scn);
    events_.emplace(events);
    run_mixed(140);
  }

  static const oracle::Charset& charset(const std::string& name) {
    const oracle::Charset* found = oracle::charset_by_name(name);
    if (!found)
      throw Error(ErrorCode::kUsage, "--charset", fmt::format("there is no character set '{}'", name),
                  "use Oracle's names, as AL32UTF8");
    return *found;
  }
  static ClusterOptions cluster_options(const Options& o) {
    ClusterOptions c;
    c.directory = o.live ? played_logs(o) : o.directory;
    c.version = o.version;
    c.order = o.big_endian ? ByteOrder::kBig : ByteOrder::kLittle;
    c.block_sizes = {o.block_size};
    if (befalls(o, "blocks")) c.block_sizes = {512, 1024, 4096};
    c.threads = o.threads;
    // Slots for all that are open at once, be it in one thread, and some more.
    if (o.workload == "open" || o.workload == "long") {
      constexpr std::uint64_t kOpenMax = 100000;
      if (o.transactions == 0 || o.transactions > kOpenMax)
        throw Error(ErrorCode::kUsage, "--transactions", fmt::format("{} cannot be open at once", o.transactions),
                    fmt::format("give 1 to {}", kOpenMax));
      c.segments = static_cast<std::uint16_t>(10 + o.transactions * 5 / 4 / 34);
    }
    c.log_bytes = o.size != 0 ? std::max<std::uint64_t>(o.size / 4, 1 << 20) : 256 << 10;
    if (o.log_size != 0) c.log_bytes = o.log_size;
    if (o.workload != "mixed") return c;
    c.varied = chosen(o, "noise");
    if (chosen(o, "split")) c.undo_bytes = std::array{250U, 7000U, 700U}[o.seed % 3];
    c.shared_scns = befalls(o, "parts");
    c.strands = c.shared_scns || (chosen(o, "strands") && o.seed % 3 == 0);
    return c;
  }
  void write_keys() const {
    std::vector<oracle::TdeKeys::Entry> keys;
    for (const auto& container : transactions_.containers())
      keys.insert(keys.end(), container->keys.begin(), container->keys.end());
    const std::filesystem::path path = options_.directory / "keys.json";
    if (keys.empty()) return;
    replace_file(path, oracle::tde_keys_json(keys));
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  bool may(std::string_view operation) const { return options_.workload == "mixed" && chosen(options_, operation); }
  // Of what is wanted, so many percent.
  bool enough(std::uint64_t percent = 100) const {
    return options_.size != 0 ? cluster_.bytes() >= options_.size * percent / 100
                              : transactions_.committed() >= options_.transactions * percent / 100;
  }

  // One-row inserts, eight transactions to a group.
  void run_small() {
    Container& container = *transactions_.containers()[0];
    SimulatedTable& table = *container.tables[0];
    for (std::uint64_t n = 1; !enough(); ++n) {
      const auto thread = static_cast<std::uint16_t>(1 + n % options_.threads);
      OpenTransaction& t = transactions_.begin(thread, container);
      workload_.insert(t, table);
      transactions_.commit(t);
      table.rows.clear();
      if (cluster_.pending(thread) >= 16) cluster_.flush(thread);
    }
  }

  // As many transactions as are wanted, all open at once, each with a few rows.
  void run_open() {
    Container& container = *transactions_.containers()[0];
    SimulatedTable& table = *container.tables[0];
    const auto any = [&]() -> OpenTransaction& {
      return transactions_[random_.below(static_cast<std::uint32_t>(transactions_.size()))];
    };
    const auto change = [&](OpenTransaction& t) {
      workload_.insert(t, table);
      if (random_.percent(50)) workload_.update(t, table, *t.undo.back().held);
      events_->flush(t.redo.thread(), false);
    };
    for (std::uint64_t n = 0; n < options_.transactions; ++n) change(transactions_.begin(events_->thread(), container));
    for (std::uint64_t n = 0; n < options_.transactions; ++n) change(any());
    while (transactions_.size() > 0) events_->finish(any());
  }

  // As many transactions as are wanted, all open at once, until there is enough redo; small ones come and go between.
  void run_long() {
    Container& container = *transactions_.containers()[0];
    SimulatedTable& table = *container.tables[0];
    const std::uint64_t size = options_.size != 0 ? options_.size : kLongBytes;
    for (std::uint64_t n = 0; n < options_.transactions; ++n) {
      OpenTransaction& t = transactions_.begin(events_->thread(), container);
      t.redo.forget_changes();
      t.truth.keep_in(options_.directory / fmt::format("truth_{}.part", to_text(t.redo.xid())));
    }
    const auto insert = [&](OpenTransaction& t) {
      workload_.insert(t, table);
      table.rows.clear();
      t.undo.clear();
      events_->flush(t.redo.thread(), false);
    };
    for (std::size_t n = 0; cluster_.bytes() < size || n < options_.transactions; ++n) {
      insert(transactions_[n % options_.transactions]);
      if (n % 100 != 99) continue;
      OpenTransaction& t = transactions_.begin(events_->thread(), container);
      insert(t);
      transactions_.commit(t);
    }
    while (transactions_.size() > 0) {
      const std::uint16_t thread = transactions_[0].redo.thread();
      transactions_.commit(transactions_[0]);
      cluster_.flush(thread);
    }
  }

  void run_mixed(std::uint64_t percent) {
    while (!enough(percent) || transactions_.size() > 0) {
      if (!enough(percent)) events_->step();
      const std::size_t wanted = enough(percent)               ? 0
                                 : options_.open != 0          ? options_.open
                                 : options_.workload == "wide" ? 2
                                                               : 1 + random_.below(6);
      if (transactions_.size() < wanted + events_->sleepers()) {
        if (may("ddl") && random_.percent(8)) change_schema();
        OpenTransaction& t = transactions_.begin(events_->thread(), transactions_.any_container());
        t.statements_left = options_.statements != 0      ? options_.statements
                            : options_.workload == "wide" ? 4
                                                          : 1 + random_.below(8);
        continue;
      }
      if (transactions_.size() == 0) continue;
      OpenTransaction& t = transactions_[random_.below(static_cast<std::uint32_t>(transactions_.size()))];
      if (!events_->awake(t)) continue;
      events_->statement(t);
      if (may("noise") && random_.percent(10))
        add_noise(cluster_, t.redo.thread(), t.container.con_id, t.container.con_uid);
      events_->flush(t.redo.thread(), false);
      if (t.statements_left == 0) events_->finish(t);
    }
  }

  void change_schema() {
    Container& container = transactions_.any_container();
    RedoEncoder redo(cluster_, events_->thread(), container.con_id, container.con_uid);
    run_ddl(container, redo, random_);
    if (redo.empty()) cluster_.end(redo.undo());
    events_->flush(redo.thread(), true);
  }

  Options options_;
  Random random_;
  const oracle::Charset& charset_;
  const oracle::Charset& national_;
  ValueSource values_;
  Cluster cluster_;
  Workload workload_;
  Transactions transactions_;
  std::optional<ClusterEvents> events_;
};

}  // namespace

const std::vector<std::string>& operation_names() {
  static const std::vector<std::string> names{
      "insert", "update", "delete", "multi",        "chain", "migrate",    "savepoint", "rollback", "lock", "strands",
      "packed", "split",  "noise",  "dependencies", "ddl",   "partitions", "iot",       "direct",   "index"};
  return names;
}

bool chosen(const Options& o, std::string_view operation) {
  const auto named = [&](std::string_view name) {
    return std::find(o.operations.begin(), o.operations.end(), name) != o.operations.end();
  };
  return o.operations.empty() || named("all") || named(operation);
}

Summary simulate(const Options& options) {
  make_directories(options);
  return Simulation(options).run();
}

}  // namespace redoubt::simulate
