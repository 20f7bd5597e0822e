#include "cli/manual.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <vector>

#include "cli/exit_codes.h"

namespace redoubt::cli {
namespace {

// Hidden commands and options have an empty group.
std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App* command) { return !command->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_group().empty(); });
}

// Calls `visit` with every command below `app` and its words (" log info"), a group before its members.
void walk(const CLI::App& app, const std::string& words,
          const std::function<void(const CLI::App&, const std::string&)>& visit) {
  visit(app, words);
  for (const CLI::App* command : commands_of(app)) walk(*command, words + " " + command->get_name(), visit);
}

// The values an option is limited to, which CLI11 keeps only in the text of its type: "TEXT:{json,debezium}" of
// IsMember, or "stop|skip" where the option names its type itself.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}', open);
  if (open != std::string::npos && close != std::string::npos)
    return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
  return type.find('|') == std::string::npos ? std::vector<std::string>{} : CLI::detail::split(type, '|');
}

// "--format"; each spelling of the option when it has several.
std::vector<std::string> spellings_of(const CLI::Option& option) {
  std::vector<std::string> spellings;
  for (const std::string& name : option.get_snames()) spellings.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) spellings.push_back("--" + name);
  return spellings;
}

// Text for man(7): backslash and hyphen are commands there, and so is a dot or quote at the start of a line.
std::string roff(std::string_view text) {
  std::string escaped;
  bool line_start = true;
  for (char c : text) {
    if (line_start && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\')
      escaped += "\\e";
    else if (c == '-')
      escaped += "\\-";
    else
      escaped += c;
    line_start = c == '\n';
  }
  return escaped;
}

// "--format json|debezium", "LOG..."
std::string option_heading(const CLI::Option& option) {
  if (option.get_positional()) {
    const bool many = option.get_expected_max() > 1;
    return fmt::format("\\fI{}\\fR{}", roff(option.get_name(true)), many ? "..." : "");
  }
  std::string heading;
  for (const std::string& spelling : spellings_of(option))
    heading += fmt::format("{}\\fB{}\\fR", heading.empty() ? "" : ", ", roff(spelling));
  if (option.get_expected_max() == 0) return heading;  // a flag
  const auto choices = choices_of(option);
  const std::string value = choices.empty() ? option.get_type_name() : fmt::format("{}", fmt::join(choices, "|"));
  return heading + fmt::format(" \\fI{}\\fR", roff(value));
}

std::string command_section(const CLI::App& command, const std::string& words) {
  std::string section = fmt::format(".SS redoubt{}\n{}.\n", roff(words), roff(command.get_description()));
  for (const CLI::Option* option : options_of(command)) {
    if (option == command.get_help_ptr()) continue;
    section += fmt::format(".TP\n{}\n{}.\n", option_heading(*option), roff(option->get_description()));
    if (!option->get_default_str().empty()) section += fmt::format("Default: {}.\n", roff(option->get_default_str()));
  }
  const std::string examples = command.get_footer();
  if (!examples.empty()) section += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(examples));
  return section;
}

}  // namespace

std::string man_page(const CLI::App& root) {
  std::string page = fmt::format(
      ".TH REDOUBT 1 \"\" \"{}\" \"Redoubt\"\n.SH NAME\nredoubt \\- {}\n"
      ".SH SYNOPSIS\n\\fBredoubt\\fR \\fIcommand\\fR [\\fIoption\\fR]... [\\fIargument\\fR]...\n"
      ".SH COMMANDS\nEvery command has \\fB\\-\\-help\\fR.\n",
      roff(root.version()), roff(root.get_description()));
  walk(root, "", [&](const CLI::App& command, const std::string& words) {
    if (commands_of(command).empty()) page += command_section(command, words);
  });
  page += ".SH EXIT STATUS\n";
  for (const auto& [code, meaning] : kExitCodes) page += fmt::format(".TP\n\\fB{}\\fR\n{}.\n", code, roff(meaning));
  page += ".SH FILES\n.TP\n\\fBredoubt.yaml\\fR\nThe configuration; redoubt config reference lists its keys.\n";
  page += ".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\nWhen set and not empty, nothing is colored.\n";
  return page;
}

// zsh runs the same script, so its names avoid zsh's special ones: path, words, options.
std::string bash_completion(const CLI::App& root) {
  std::string paths;    // every word that leads to a command, as a pattern of the first case
  std::string choices;  // what may follow an option with a limited set of values
  std::string words;    // what each command offers: its commands, or its options once a hyphen is typed
  walk(root, "", [&](const CLI::App& command, const std::string& path) {
    if (!path.empty()) paths += fmt::format("{}\"{}\"", paths.empty() ? "" : "|", path);
    std::string options, below;
    for (const CLI::Option* option : options_of(command)) {
      for (const std::string& spelling : spellings_of(*option)) {
        options += " " + spelling;
        if (const auto values = choices_of(*option); !values.empty())
          choices += fmt::format("    \"{} {}\") offer=\"{}\" ;;\n", path, spelling, fmt::join(values, " "));
      }
    }
    for (const CLI::App* member : commands_of(command)) below += " " + member->get_name();
    words += fmt::format("      \"{}\") offer=\"{}\" flags=\"{}\" ;;\n", path, below, options);
  });
  return fmt::format(
      "# bash completion of redoubt, made by: redoubt manual bash\n"
      "_redoubt() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} given= offer= flags= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$given ${{COMP_WORDS[i]}}\" in\n      {}) given+=\" ${{COMP_WORDS[i]}}\" ;;\n    esac\n"
      "  done\n"
      "  case \"$given $previous\" in\n{}    *)\n"
      "      case \"$given\" in\n{}      esac\n"
      "      [[ $current != -* ]] || offer=$flags ;;\n"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$offer\" -- \"$current\"))\n"
      "}}\n"
      "complete -o bashdefault -o default -F _redoubt redoubt\n",
      paths, choices, words);
}

std::string zsh_completion(const CLI::App& root) {
  // compinit makes this file the function _redoubt: its first call defines the real one and has to run it, too.
  return "#compdef redoubt\nautoload -U +X bashcompinit && bashcompinit\n" + bash_completion(root) +
         "_bash_complete -o bashdefault -o default -F _redoubt\n";
}

}  // namespace redoubt::cli
