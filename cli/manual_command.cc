// redoubt manual: prints the manual page or a shell completion. Hidden: packages and `cmake --install` call it.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "cli/manual.h"

namespace redoubt::cli {

void add_manual_command(CLI::App& root) {
  auto kind = std::make_shared<std::string>();
  CLI::App* command = add_command(root, "manual", "Print the manual page or a shell completion", {"manual man"});
  command->group("");
  command->add_option("KIND", *kind, "what to print")->required()->check(CLI::IsMember({"man", "bash", "zsh"}));
  on_run(command, [kind, &root] {
    fmt::print("{}", *kind == "man" ? man_page(root) : *kind == "bash" ? bash_completion(root) : zsh_completion(root));
    return 0;
  });
}

}  // namespace redoubt::cli
