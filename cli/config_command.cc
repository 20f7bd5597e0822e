// redoubt config: looks at a configuration file without doing what it says, and explains its keys.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/terminal.h"

namespace redoubt::cli {
namespace {

struct CheckOptions {
  std::string file = kConfigurationFile;
  bool json = false;
};

std::string json_of(const ConfigReport& report) {
  nlohmann::ordered_json problems = nlohmann::json::array();
  for (const ConfigProblem& problem : report.problems)
    problems.push_back({{"line", problem.place.line},
                        {"column", problem.place.column},
                        {"severity", problem.warning ? "warning" : "error"},
                        {"key", problem.key},
                        {"text", problem.text}});
  const nlohmann::ordered_json all = {{"file", report.file},
                                      {"good", report.good()},
                                      {"keys", report.keys},
                                      {"problems", problems},
                                      {"more_problems", report.more}};
  return all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int check(const CheckOptions& options) {
  Configuration configuration;
  const ConfigReport report = read_config(options.file, configuration);
  if (options.json) {
    fmt::print("{}\n", json_of(report));
    return report.good() ? 0 : static_cast<int>(ErrorCode::kUsage);
  }
  report.require_good();
  if (!report.problems.empty()) fmt::print(stderr, "{}\n", report.text());
  fmt::print("configuration is good: {} key{}\n", report.keys, report.keys == 1 ? "" : "s");
  return 0;
}

}  // namespace

void add_config_commands(CLI::App& root) {
  CLI::App* group = add_group(root, "config", "Check a configuration file, or explain its keys");

  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = add_command(*group, "check", "Check a whole configuration file, and list every problem in it",
                                  {"config check", "config check /etc/redoubt/redoubt.yaml --json"});
  command->add_option("file", options->file, "the file to check")->type_name("FILE")->capture_default_str();
  add_json(command, options->json);
  on_run(command, [options] { return check(*options); });

  command = add_command(*group, "reference", "Print what every key means, as Markdown", {"config reference"});
  on_run(command, [] {
    Configuration defaults;
    fmt::print("{}", config_reference([&](ConfigKeys& keys) { layout(keys, defaults); }, 3));
    return 0;
  });
}

}  // namespace redoubt::cli
