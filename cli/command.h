// What every command is made of, and the list of them. A file per command family adds its commands to the program:
//
//   void add_dictionary_command(CLI::App& root) {
//     auto options = std::make_shared<Options>();                   // lives as long as the command
//     CLI::App* command = add_command(root, "dictionary", "Write the dictionary of a database", "dictionary --script");
//     command->add_flag("--script", options->script, "print the SQL*Plus script that spools it");
//     add_json(command, options->json);
//     on_run(command, [options] { return write_dictionary(*options); });
//   }
//
// A job returns the exit code: 0 done, 1 "the answer is no" (a mismatch, a difference; already told on standard
// output). Everything else that goes wrong is thrown as redoubt::Error; the frame prints its sentence and turns its
// code into the exit code. The man page, the completions and --help are all made from what is added here.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <initializer_list>
#include <string_view>

namespace redoubt::cli {

// Adds the command `name` below `parent`. Each example is an invocation without the leading "redoubt ", shown at the
// end of --help. `parent` owns the result.
CLI::App* add_command(CLI::App& parent, const char* name, const char* summary,
                      std::initializer_list<std::string_view> examples);

// Adds a word that only groups commands, as `log` does: it has no job and demands one of them.
CLI::App* add_group(CLI::App& root, const char* name, const char* summary);

// The command runs `job` once its options are parsed and valid. Comes after the options are added: each of them takes
// one value each time it is given, and every other word is left to the positionals.
void on_run(CLI::App* command, std::function<int()> job);

// --json, worded alike everywhere: standard output holds JSON and nothing else.
void add_json(CLI::App* command, bool& json);

// The families, each in the file of its name.
void add_log_commands(CLI::App& root);
void add_capture_command(CLI::App& root);
void add_checkpoint_commands(CLI::App& root);
void add_dictionary_command(CLI::App& root);
void add_config_commands(CLI::App& root);
void add_simulate_command(CLI::App& root);
void add_database_commands(CLI::App& root);
void add_session_commands(CLI::App& root);
void add_version_command(CLI::App& root);
void add_manual_command(CLI::App& root);

}  // namespace redoubt::cli
