// Runs a command of the program in this process, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/command_line.h"

namespace redoubt::cli {

struct Outcome {
  int code;
  std::string out, err;
};

// `arguments`: the words behind `redoubt`.
inline Outcome run_with(const std::vector<std::string>& arguments) {
  std::vector<const char*> words{"redoubt"};
  for (const std::string& a : arguments) words.push_back(a.c_str());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int code = run(static_cast<int>(words.size()), words.data());
  std::string out = testing::internal::GetCapturedStdout();
  return {code, std::move(out), testing::internal::GetCapturedStderr()};
}

}  // namespace redoubt::cli
