#include "simulate/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "oracle/charset.h"
#include "simulate/ddl.h"
#include "simulate/noise.h"
#include "simulate/open_transaction.h"
#include "simulate/schema.h"
#include "simulate/workload.h"

namespace redoubt::simulate {
namespace {

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options),
        random_(options.seed),
        charset_(charset(options.charset)),
        national_(charset("AL16UTF16")),
        values_(charset_, national_),
        cluster_(cluster_options(options), random_),
        workload_(options_, values_, random_) {
    const auto& names = operation_names();
    for (const std::string& name : options.operations)
      if (name != "all" && std::find(names.begin(), names.end(), name) == names.end())
        throw Error(ErrorCode::kUsage, "--operations", fmt::format("there is no operation '{}'", name),
                    "see redoubt simulate --help");
    for (std::uint16_t n = 0; n < options.containers; ++n) {
      containers_.push_back(make_container(options_, n, random_));
      const std::string suffix = n == 0 ? "" : fmt::format("_{}", containers_.back()->con_id);
      truths_.push_back(std::make_unique<TruthWriter>(options.directory / fmt::format("truth{}.jsonl", suffix)));
      replace_file(options_.directory / fmt::format("schema{}.json", suffix),
                   oracle::dictionary_json(make_dictionary(options_, *containers_.back())));
    }
  }

  Summary run() {
    if (options_.workload == "small") {
      run_small();
    } else {
      run_mixed();
    }
    cluster_.close();
    for (const auto& truth : truths_) truth->close();
    write_keys();
    summary_.rows = workload_.rows();
    summary_.bytes = cluster_.bytes();
    return summary_;
  }

 private:
  static const oracle::Charset& charset(const std::string& name) {
    const oracle::Charset* found = oracle::charset_by_name(name);
    if (!found)
      throw Error(ErrorCode::kUsage, "--charset", fmt::format("there is no character set '{}'", name),
                  "use Oracle's names, as AL32UTF8");
    return *found;
  }
  static ClusterOptions cluster_options(const Options& o) {
    ClusterOptions c;
    c.directory = o.directory;
    c.version = o.version;
    c.order = o.big_endian ? ByteOrder::kBig : ByteOrder::kLittle;
    c.block_size = o.block_size;
    c.threads = o.threads;
    c.log_bytes = o.size != 0 ? std::max<std::uint64_t>(o.size / 4, 1 << 20) : 256 << 10;
    if (o.workload != "mixed") return c;
    c.varied = chosen(o, "noise");
    if (chosen(o, "split")) c.undo_bytes = std::array{250U, 7000U, 700U}[o.seed % 3];
    c.strands = chosen(o, "strands") && o.seed % 3 == 0;
    return c;
  }
  void write_keys() const {
    std::vector<oracle::TdeKeys::Entry> keys;
    for (const auto& container : containers_) keys.insert(keys.end(), container->keys.begin(), container->keys.end());
    const std::filesystem::path path = options_.directory / "keys.json";
    if (keys.empty()) return;
    replace_file(path, oracle::tde_keys_json(keys));
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  bool may(std::string_view operation) const { return options_.workload == "mixed" && chosen(options_, operation); }
  bool enough() const {
    return options_.size != 0 ? cluster_.bytes() >= options_.size : summary_.transactions >= options_.transactions;
  }
  std::uint16_t any_thread() { return static_cast<std::uint16_t>(1 + random_.below(options_.threads)); }
  Container& any_container() { return *containers_[random_.below(static_cast<std::uint32_t>(containers_.size()))]; }

  // One-row inserts, eight transactions to a group.
  void run_small() {
    SimulatedTable& table = *containers_[0]->tables[0];
    for (std::uint64_t n = 1; !enough(); ++n) {
      OpenTransaction t(cluster_, static_cast<std::uint16_t>(1 + n % options_.threads), *containers_[0]);
      workload_.insert(t, table);
      decide(t, true);
      table.rows.clear();
      if (cluster_.pending(t.redo.thread()) >= 16) cluster_.flush(t.redo.thread());
    }
  }

  void run_mixed() {
    std::vector<std::unique_ptr<OpenTransaction>> open;
    while (!enough() || !open.empty()) {
      const std::size_t wanted = enough()                      ? 0
                                 : options_.open != 0          ? options_.open
                                 : options_.workload == "wide" ? 2
                                                               : 1 + random_.below(6);
      if (open.size() < wanted) {
        if (may("ddl") && random_.percent(8)) change_schema();
        open.push_back(std::make_unique<OpenTransaction>(cluster_, any_thread(), any_container()));
        open.back()->statements_left = options_.statements != 0      ? options_.statements
                                       : options_.workload == "wide" ? 4
                                                                     : 1 + random_.below(8);
        continue;
      }
      const std::size_t i = random_.below(static_cast<std::uint32_t>(open.size()));
      OpenTransaction& t = *open[i];
      workload_.statement(t);
      if (may("noise") && random_.percent(10))
        add_noise(cluster_, t.redo.thread(), t.container.con_id, t.container.con_uid);
      if (random_.percent(25) || cluster_.pending(t.redo.thread()) > 12) cluster_.flush(t.redo.thread());
      if (t.statements_left > 0) continue;
      if (!t.redo.empty()) decide(t, !(may("rollback") && random_.percent(12)));
      cluster_.flush(t.redo.thread());
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void decide(OpenTransaction& t, bool commit) {
    if (commit) {
      const Scn scn = t.redo.commit();
      const auto at =
          std::find_if(containers_.begin(), containers_.end(), [&](const auto& c) { return c.get() == &t.container; });
      truths_[static_cast<std::size_t>(at - containers_.begin())]->commit(scn, t.redo.xid(), t.redo.thread(), t.truth);
      summary_.transactions += !t.truth.ops().empty();
    } else {
      // Some rollbacks are seen being applied, others are only known by their end.
      if (random_.percent(50)) {
        t.undo_to({0, 0, 0});
      } else {
        t.undo_model(0);
      }
      t.redo.roll_back();
      ++summary_.rolled_back;
    }
    release(t, commit);
  }

  // Rows the transaction held are free again; those it deleted, or inserted in vain, are forgotten.
  static void release(OpenTransaction& t, bool committed) {
    for (auto& table : t.container.tables) {
      for (auto& held : table->rows) {
        if (held->by != &t) continue;
        held->by = nullptr;
        if (!committed && held->fresh) held->gone = true;
        held->fresh = false;
      }
      std::erase_if(table->rows, [](const auto& held) { return held->gone && held->by == nullptr; });
    }
  }

  void change_schema() {
    Container& container = any_container();
    RedoEncoder redo(cluster_, any_thread(), container.con_id, container.con_uid);
    run_ddl(container, redo, random_);
    cluster_.flush(redo.thread());
  }

  Options options_;
  Random random_;
  const oracle::Charset& charset_;
  const oracle::Charset& national_;
  ValueSource values_;
  Cluster cluster_;
  std::vector<std::unique_ptr<Container>> containers_;
  std::vector<std::unique_ptr<TruthWriter>> truths_;  // of each
  Workload workload_;
  Summary summary_;
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
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error)
    throw Error(ErrorCode::kOperation, options.directory.string(), "cannot be created: " + error.message(),
                "name another directory");
  return Simulation(options).run();
}

}  // namespace redoubt::simulate
