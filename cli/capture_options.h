// What `redoubt capture` is told: by its options, or by the section capture: of redoubt.yaml.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "capture/core.h"
#include "capture/log_set.h"
#include "oracle/position.h"

namespace redoubt::cli {

struct CaptureOptions {
  std::vector<std::string> logs;
  std::vector<std::string> dictionaries;
  std::string tables;
  std::string output = "-";
  std::string format = "json";
  std::uint64_t from_scn = 0;
  std::uint64_t to_scn = oracle::kNoScn;
  capture::DamagePolicy on_corruption = capture::DamagePolicy::kStop;
  capture::DamagePolicy on_gap = capture::DamagePolicy::kStop;
  std::uint64_t memory = capture::Core::kMemoryMax;  // bytes
  bool checksums = true;
  std::string keys;
  // Of one run, so not in the file.
  std::string logminer;
  bool json = false;
};

void layout(ConfigKeys& keys, CaptureOptions& c);

}  // namespace redoubt::cli
