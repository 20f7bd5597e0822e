#include "base/error.h"

#include <cstdio>
#include <cstdlib>

namespace redoubt {
namespace {

std::string sentence(std::string_view place, std::string_view what, std::string_view next) {
  std::string text;
  if (!place.empty()) text.append(place).append(": ");
  text.append(what);
  if (!next.empty()) text.append("; ").append(next);
  return text;
}

}  // namespace

Error::Error(ErrorCode code, std::string_view place, std::string_view what, std::string_view next)
    : std::runtime_error(sentence(place, what, next)), code_(code), place_(place) {}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "redoubt: this is a defect in Redoubt: %s is false at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace redoubt
