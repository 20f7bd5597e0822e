#include "cli/command.h"

#include <string>
#include <utility>

namespace redoubt::cli {

CLI::App* add_group(CLI::App& root, const char* name, const char* summary) {
  return root.add_subcommand(name, summary)->require_subcommand(1);
}

CLI::App* add_command(CLI::App& parent, const char* name, const char* summary,
                      std::initializer_list<std::string_view> examples) {
  CLI::App* command = parent.add_subcommand(name, summary);
  std::string footer;
  for (std::string_view example : examples) {
    if (footer.empty()) footer = "Examples:";
    footer.append("\n  redoubt ").append(example);
  }
  command->footer(footer);
  return command;
}

void on_run(CLI::App* command, std::function<int()> job) {
  // CLI11 lets an option that may be repeated swallow the words behind its value: `--dictionary D A B` would lose A.
  for (CLI::Option* option : command->get_options())
    if (!option->get_positional()) option->allow_extra_args(false);
  command->callback([job = std::move(job)] {
    if (const int code = job(); code != 0) throw CLI::RuntimeError(code);
  });
}

void add_json(CLI::App* command, bool& json) {
  command->add_flag("--json", json, "print JSON, and nothing else, on standard output");
}

}  // namespace redoubt::cli
