#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace redoubt::cli {
namespace {

std::string paint(std::FILE* file, std::string_view code, std::string_view text) {
  std::string painted(text);
  if (takes_color(file)) painted = std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
  return painted;
}

}  // namespace

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

std::string red(std::FILE* file, std::string_view text) { return paint(file, "31", text); }
std::string bold(std::FILE* file, std::string_view text) { return paint(file, "1", text); }

}  // namespace redoubt::cli
