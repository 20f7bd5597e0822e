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

// `directory` has the truths of all containers. Numbers are compared digit by digit, never as doubles, and are not the
// same digits in quotes. Stops behind `limit` differences. Throws Error(kOperation) that names file and line for one
// that is no JSON, or not of its kind.
TruthCheck check_truth(const std::filesystem::path& captured, const std::filesystem::path& directory,
                       std::size_t limit = 20);

}  // namespace redoubt::simulate
