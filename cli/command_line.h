// The command line: every command, its options, help and exit codes.
#pragma once

namespace redoubt::cli {

// Runs the command that `argv` names and returns the exit code of the process.
int run(int argc, char** argv);

}  // namespace redoubt::cli
