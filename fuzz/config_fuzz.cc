// Any bytes as redoubt.yaml: read whole against the tables of the program, with an environment that has one variable.
// What is found good is good again, and a problem always has a place inside the file.
#include <algorithm>

#include "cli/configuration.h"

namespace {

redoubt::ConfigReport read(std::string_view bytes, redoubt::cli::Configuration& configuration) {
  return redoubt::read_config_text(
      bytes, "fuzz", [&](redoubt::ConfigKeys& keys) { layout(keys, configuration); },
      [](const char* name) { return name[0] == 'V' ? "value" : nullptr; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  redoubt::cli::Configuration first, second;
  const redoubt::ConfigReport report = read(bytes, first);
  const auto lines = std::count(bytes.begin(), bytes.end(), '\n') + std::count(bytes.begin(), bytes.end(), '\r') + 1;
  for (const redoubt::ConfigProblem& problem : report.problems)
    REDOUBT_ASSERT(problem.place.line >= 1 && problem.place.line <= lines + 1 && problem.place.column >= 1);
  REDOUBT_ASSERT(read(bytes, second).text() == report.text());
  REDOUBT_ASSERT(first.databases.size() == second.databases.size() && first.capture.logs == second.capture.logs);
  return 0;
}
