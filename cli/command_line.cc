#include "cli/command_line.h"

#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

#include "base/error.h"
#include "cli/command.h"
#include "cli/exit_codes.h"
#include "cli/terminal.h"
#include "cli/version.h"

namespace redoubt::cli {
namespace {

std::string footer() {
  std::string text = "Each command explains itself: redoubt COMMAND --help\n\nExit codes:";
  for (const auto& [code, meaning] : kExitCodes) text += fmt::format("\n  {:3}  {}", code, meaning);
  return text;
}

int complain(std::string_view sentence, ErrorCode code) {
  std::fflush(stdout);
  fmt::print(stderr, "{} {}\n", red(stderr, "redoubt:"), sentence);
  return static_cast<int>(code);
}

// The command that the arguments had named when parsing ended, with its full name.
struct Named {
  const CLI::App* command;
  std::string name;
};

Named innermost(const CLI::App& root) {
  Named named{&root, root.get_name()};
  while (!named.command->get_subcommands().empty()) {
    named.command = named.command->get_subcommands().front();
    named.name += " " + named.command->get_name();
  }
  return named;
}

int usage_error(const CLI::App& root, const CLI::ParseError& error) {
  const auto [command, name] = innermost(root);
  const auto words = command->remaining();
  const bool command_missing = error.get_name() == "RequiredError" && command->get_require_subcommand_min() > 0;
  if (command_missing && words.empty()) {
    fmt::print(stderr, "{}", root.help());
    return static_cast<int>(ErrorCode::kUsage);
  }
  const std::string what = command_missing ? fmt::format("{} has no command '{}'", name, words.front()) : error.what();
  return complain(fmt::format("{}; see {} --help", what, name), ErrorCode::kUsage);
}

}  // namespace

std::unique_ptr<CLI::App> make_command_line() {
  auto root = std::make_unique<CLI::App>("Fault tolerance for Oracle data, read from its own redo", "redoubt");
  root->get_formatter()->column_width(34);
  root->set_version_flag("--version", version_text());
  root->require_subcommand(1);
  root->footer(footer());
  add_log_commands(*root);
  add_capture_command(*root);
  add_checkpoint_commands(*root);
  add_dictionary_command(*root);
  add_config_commands(*root);
  add_simulate_command(*root);
  add_database_commands(*root);
  add_session_commands(*root);
  add_version_command(*root);
  add_manual_command(*root);
  return root;
}

int run(int argc, const char* const* argv) {
  const auto root = make_command_line();
  try {
    try {
      root->parse(argc, argv);
    } catch (const CLI::Success& asked) {
      root->exit(asked);  // --help, --version
    }
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
      throw Error(ErrorCode::kOperation, "standard output", "cannot be written", "is the disk full?");
    return 0;
  } catch (const CLI::RuntimeError& answer) {
    std::fflush(stdout);
    return answer.get_exit_code();
  } catch (const CLI::ParseError& error) {
    return usage_error(*root, error);
  } catch (const Error& error) {
    return complain(error.what(), error.code());
  } catch (const std::bad_alloc&) {
    return complain("out of memory; give the process more, or the job less", ErrorCode::kOperation);
  } catch (const std::exception& error) {
    return complain(error.what(), ErrorCode::kOperation);
  }
}

}  // namespace redoubt::cli
