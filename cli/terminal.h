// What may be assumed of an output: a person at a terminal, or a pipe or file that must not see color or movement.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace redoubt::cli {

bool is_terminal(std::FILE* file);

// A terminal that may be given color: NO_COLOR (no-color.org) and TERM=dumb forbid it.
bool takes_color(std::FILE* file);

// Columns of the terminal; 80 when it does not say.
int width_of(std::FILE* file);

// `text` in red where `file` takes color, plain otherwise.
std::string red(std::FILE* file, std::string_view text);

}  // namespace redoubt::cli
