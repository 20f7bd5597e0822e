// redoubt simulate: redo logs of a database that never was, with their dictionary and the truth.
#include <fmt/format.h>

#include <memory>

#include "cli/command.h"
#include "cli/progress.h"
#include "simulate/cluster_events.h"
#include "simulate/simulation.h"
#include "simulate/truth_check.h"
#include "simulate/value_source.h"

namespace redoubt::cli {
namespace {

constexpr std::pair<const char*, redo::Version> kReleases[] = {{"11.2", 0x0B200400}, {"12.1", 0x0C100200},
                                                               {"12.2", 0x0C200100}, {"19", 0x13000000},
                                                               {"21", 0x15000000},   {"23", 0x17060000}};

struct Options {
  std::string release = "23";
  simulate::Options simulate;
  std::string directory;
  std::string check;
  bool json = false;
};

// Nothing is simulated then: what was captured from the directory's logs is held against its truth.
int check(const Options& options) {
  const simulate::TruthCheck result = simulate::check_truth(options.check, options.directory);
  if (options.json) {
    fmt::print(R"({{"transactions":{},"rows":{},"differences":{}}})"
               "\n",
               result.transactions, result.rows, result.differences.size());
  } else {
    for (const std::string& difference : result.differences) fmt::print("differs  {}\n", difference);
    fmt::print("{} transactions with {} rows are as they happened{}\n", result.transactions, result.rows,
               result.differences.empty() ? "" : ", others are not");
  }
  return result.differences.empty() ? 0 : 1;
}

int run(const Options& options) {
  simulate::Options o = options.simulate;
  o.directory = options.directory;
  for (const auto& [name, version] : kReleases)
    if (options.release == name) o.version = version;
  const simulate::Summary s = simulate::simulate(o);
  if (options.json) {
    fmt::print(R"({{"transactions":{},"rolled_back":{},"rows":{},"bytes":{},"directory":{}}})"
               "\n",
               s.transactions, s.rolled_back, s.rows, s.bytes, simulate::json_string(options.directory));
  } else {
    fmt::print("{} transactions committed, {} rolled back, {} row changes in {} of redo: {}\n", s.transactions,
               s.rolled_back, s.rows, size_text(static_cast<double>(s.bytes)), options.directory);
  }
  return 0;
}

}  // namespace

void add_simulate_command(CLI::App& root) {
  auto options = std::make_shared<Options>();
  simulate::Options& o = options->simulate;
  CLI::App* command =
      add_command(root, "simulate", "Write redo logs of a simulated database, with the truth beside them",
                  {"simulate --seed 1 --transactions 20 --types all sim", "simulate --check rows.jsonl sim",
                   "simulate --workload small --size 1GiB bench", "simulate --threads 2 --release 11.2 rac"});
  command->add_option("directory", options->directory, "where logs, schema.json and truth.jsonl go")
      ->required()
      ->type_name("DIR");
  command->add_option("--seed", o.seed, "the same seed and options give the same bytes")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--threads", o.threads, "redo threads")
      ->check(CLI::Range(1, 8))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--transactions", o.transactions, "transactions to commit")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--size", o.size, "redo to write instead, as 64MiB or 1GiB")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("BYTES");
  std::string types = "all, plain (all but LOBs and encrypted columns)";
  for (const simulate::ColumnKind& kind : simulate::column_kinds()) types += ", " + std::string(kind.name);
  command->add_option("--types", o.types, "column types, comma separated: " + types)->delimiter(',')->type_name("LIST");
  std::string operations = "all";
  for (const std::string& name : simulate::operation_names()) operations += ", " + name;
  command->add_option("--operations", o.operations, "what transactions do, comma separated: " + operations)
      ->delimiter(',')
      ->type_name("LIST");
  std::string events = "all";
  for (const std::string& name : simulate::cluster_event_names()) events += ", " + name;
  command->add_option("--cluster", o.cluster, "what befalls the cluster, comma separated: " + events)
      ->delimiter(',')
      ->type_name("LIST");
  command->add_option("--log-size", o.log_size, "a thread switches logs behind it, as 64KiB")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("BYTES");
  command
      ->add_option("--workload", o.workload,
                   "mixed: everything; small: one-row inserts; wide: 20 columns, all logged; open: all transactions "
                   "open at once; "
                   "long: so too, until --size is reached")
      ->check(CLI::IsMember({"mixed", "small", "wide", "open", "long"}))
      ->capture_default_str();
  command->add_option("--statements", o.statements, "statements of each transaction; not of the small workload")
      ->type_name("N");
  command->add_option("--open", o.open, "transactions that are open at once; not of the small workload")
      ->check(CLI::Range(1, 1000))
      ->type_name("N");
  std::vector<std::string> releases;
  for (const auto& [name, version] : kReleases) releases.emplace_back(name);
  command->add_option("--release", options->release, "of the database: its COMPATIBLE")
      ->check(CLI::IsMember(releases))
      ->capture_default_str();
  command->add_option("--block-size", o.block_size, "of the logs")
      ->check(CLI::IsMember({512, 1024, 4096}))
      ->capture_default_str();
  command->add_flag("--big-endian", o.big_endian, "as AIX and SPARC write redo");
  command->add_flag("--live", o.live,
                    "write online logs in DIR/online as time passes, and archive them to DIR/archive");
  command->add_option("--pace", o.pace, "LWN groups a second of each thread of --live; 0: as fast as possible")
      ->check(CLI::NonNegativeNumber)
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--archive-delay", o.archive_delay_seconds, "of --live, from a switch to the archived copy")
      ->check(CLI::Range(0.0, 86400.0))
      ->type_name("SECONDS")
      ->capture_default_str();
  command->add_option("--tables", o.tables, "tables of the mixed workload")
      ->check(CLI::Range(1, 50))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--containers", o.containers, "pluggable databases of one shape, with equal object numbers")
      ->check(CLI::Range(1, 4))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--charset", o.charset, "database character set")->type_name("NAME")->capture_default_str();
  command
      ->add_option("--check", options->check,
                   "compare the rows that capture wrote with DIR's truth, instead of simulating")
      ->type_name("ROWS");
  add_json(command, options->json);
  on_run(command, [options] { return options->check.empty() ? run(*options) : check(*options); });
}

}  // namespace redoubt::cli
