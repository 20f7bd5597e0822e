#include "cli/command_line.h"

#include <CLI/CLI.hpp>

namespace redoubt::cli {

int run(int argc, char** argv) {
  CLI::App app("Fault tolerance for Oracle data");
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  return 0;
}

}  // namespace redoubt::cli
