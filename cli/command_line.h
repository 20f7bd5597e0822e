// The command line as a whole: the program's commands put together, run, and errors turned into sentences and exit
// codes.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

namespace redoubt::cli {

// Every command of the program; the name of the root is "redoubt".
std::unique_ptr<CLI::App> make_command_line();

// Runs the command that the arguments name and returns the exit code of the process (base/error.h lists them). What
// went wrong is one line on standard error: "redoubt: place: what; what to do".
int run(int argc, const char* const* argv);

}  // namespace redoubt::cli
