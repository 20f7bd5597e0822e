// What `redoubt capture` is told: by its options, or by the section capture: of redoubt.yaml.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
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
  // When not given: wait where redo is followed live, else stop.
  std::optional<capture::DamagePolicy> on_corruption, on_gap;
  std::uint64_t memory = capture::Core::kMemoryMax;  // bytes
  std::string spill_dir;                             // empty: below $TMPDIR or /var/tmp
  std::uint64_t spill_limit = capture::SpillSpace::kLimit;
  bool checksums = true;
  std::string keys;
  // Of a capture that follows its logs.
  std::vector<std::string> watch;  // directories and files
  std::string name = "capture";
  std::string ledger = "sqlite:redoubt-ledger.db";
  std::string state_dir;               // empty: beside the ledger
  std::vector<std::uint16_t> threads;  // 0 stands for all
  bool allow_missing_threads = false;
  std::string start = "oldest";
  struct ThreadStart {
    std::uint32_t sequence = 0;
  };
  std::map<std::string, ThreadStart> thread_starts;  // by thread; they win over `start`
  struct ThreadSource {
    std::vector<std::string> watch;
  };
  std::map<std::string, ThreadSource> thread_sources;  // by thread
  std::chrono::milliseconds checkpoint_interval{10'000};
  std::uint64_t checkpoint_bytes = 512U << 20;
  std::uint64_t recovery_window = 4ULL << 30;
  std::chrono::milliseconds recovery_time{3'600'000};
  std::chrono::milliseconds discovery_interval{1'000};
  std::chrono::milliseconds lag_warning{60'000};
  std::optional<std::chrono::milliseconds> max_thread_lag;  // none: a thread is waited for as long as it takes
  // Of one run, so not in the file.
  std::string logminer;
  bool json = false;
  bool until_idle = false;
};

void layout(ConfigKeys& keys, CaptureOptions& c);

}  // namespace redoubt::cli
