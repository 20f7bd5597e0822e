// Compares what capture wrote (sink/json_writer's lines) with what the simulator did (truth.h), row for row.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace redoubt::simulate {

struct TruthCheck {
  std::size_t transactions = 0;  // equal ones
  std::size_t rows = 0;          // of them
  std::vector<std::string> differences;
};

// Both files as JSON lines. Numbers are compared digit by digit, never as doubles. Stops behind `limit` differences.
// Throws Error(kOperation) for a line that is no JSON.
TruthCheck check_truth(const std::filesystem::path& captured, const std::filesystem::path& truth,
                       std::size_t limit = 20);

}  // namespace redoubt::simulate
