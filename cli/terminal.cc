#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace redoubt::cli {
bool is_terminal(std::FILE* file) { return ::isatty(::fileno(file)) == 1; }

bool takes_color(std::FILE* file) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return is_terminal(file) && (no_color == nullptr || *no_color == '\0') &&
         (term == nullptr || std::string_view(term) != "dumb");
}

int width_of(std::FILE* file) {
  winsize size{};
  return ::ioctl(::fileno(file), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string red(std::FILE* file, std::string_view text) {
  return takes_color(file) ? std::string("\x1b[31m").append(text).append("\x1b[0m") : std::string(text);
}

}  // namespace redoubt::cli
