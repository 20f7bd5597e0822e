// redoubt version: which program this is and how it was built.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/version.h"

namespace redoubt::cli {
namespace {

#ifdef NDEBUG
constexpr char kBuild[] = "release";
#else
constexpr char kBuild[] = "debug";
#endif

int print_version(bool json) {
  if (json)
    fmt::print("{{\"version\":\"{}\",\"build\":\"{}\",\"compiler\":\"{}\"}}\n", REDOUBT_VERSION, kBuild, __VERSION__);
  else
    fmt::print("{}\n{} build, compiler {}\n", version_text(), kBuild, __VERSION__);
  return 0;
}

}  // namespace

std::string version_text() { return "redoubt " REDOUBT_VERSION; }

void add_version_command(CLI::App& root) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(root, "version", "Say which program this is and how it was built", {"version --json"});
  add_json(command, *json);
  on_run(command, [json] { return print_version(*json); });
}

}  // namespace redoubt::cli
