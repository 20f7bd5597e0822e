// The manual page and the shell completions, made from the command line itself so that they cannot disagree with it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace redoubt::cli {

// The page redoubt(1) as man(7) macros: a section per command with its options and examples.
std::string man_page(const CLI::App& root);

// A script for bash to source: completes commands, options, choices of an option, and otherwise file names.
std::string bash_completion(const CLI::App& root);

// The same for zsh, by its emulation of bash's completion.
std::string zsh_completion(const CLI::App& root);

}  // namespace redoubt::cli
