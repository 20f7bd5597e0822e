#include "cli/log_records_command.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "capture/record_set.h"
#include "cli/command.h"
#include "cli/terminal.h"

namespace redoubt::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  bool json = false;
};

int check_sets(const Options& options) {
  std::vector<capture::CaseResult> results;
  for (const std::string& path : options.paths)
    for (const auto& file : capture::find_record_sets(path))
      for (capture::CaseResult& result : capture::check_record_set(file)) results.push_back(std::move(result));

  std::size_t agree = 0, checks = 0, empty = 0;
  nlohmann::ordered_json cases = nlohmann::ordered_json::array();
  for (const capture::CaseResult& result : results) {
    agree += result.agrees();
    empty += result.agrees() && result.check.checks() == 0;
    checks += result.check.checks();
    if (options.json) {
      cases.push_back({{"file", result.file},
                       {"case", result.name},
                       {"agrees", result.agrees()},
                       {"checks", result.check.checks()},
                       {"differences", result.check.differences()}});
      continue;
    }
    fmt::print("{}  {}  {}  {} checks\n", result.agrees() ? "agree " : red(stdout, "differ"), result.file, result.name,
               result.check.checks());
    for (const std::string& difference : result.check.differences()) fmt::print("        {}\n", difference);
  }
  if (options.json) {
    const nlohmann::ordered_json answer{{"cases", results.size()},
                                        {"agree", agree},
                                        {"checks", checks},
                                        {"without_checks", empty},
                                        {"results", std::move(cases)}};
    fmt::print("{}\n", answer.dump(2));
  } else {
    fmt::print("{} of {} cases agree, {} checks\n", agree, results.size(), checks);
    if (empty > 0) fmt::print("{} of them state nothing that bytes could be checked by\n", empty);
  }
  return agree == results.size() ? 0 : 1;
}

}  // namespace

void add_log_records_command(CLI::App& log) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(log, "records", "Decode record sets and compare with what they state",
                                  {"log records redo-records/", "log records redo-more/dumps.json --json"});
  command->add_option("paths", options->paths, "record sets (JSON), and folders that hold some")
      ->required()
      ->type_name("PATH");
  add_json(command, options->json);
  on_run(command, [options] { return check_sets(*options); });
}

}  // namespace redoubt::cli
