// What redo threads cost: the same amount of redo, of the same kind of transactions, written by 1, 2, 4 and 8 threads
// and captured to /dev/null, in turns.
//
//   threads_bench [MIB] [DIRECTORY]      512 MiB in /tmp/redoubt-bench; logs that are there already are used again
//
// The threads' records interleave as finely as they can: in the small workload transactions go to the threads in turn,
// so the merge changes the thread every two or three records; in the wide one statements of two open transactions.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "bench/program_cost.h"

namespace fs = std::filesystem;
using namespace redoubt::bench;

int main(int argc, char** argv) {
  constexpr int kRuns = 7;
  const std::string mib = argc > 1 ? argv[1] : "512";
  const fs::path base = argc > 2 ? argv[2] : "/tmp/redoubt-bench";
  const std::string program = REDOUBT_PROGRAM;
  fmt::print("{:<10}{:>8}{:>11}{:>9}{:>12}{:>16}{:>10}\n", "workload", "threads", "redo MiB", "CPU s", "CPU s/GiB",
             "to one thread", "peak MiB");
  for (const std::string workload : {"small", "wide"}) {
    std::map<int, Cost> best;
    std::map<int, double> size;  // MiB
    const auto directory = [&](int threads) { return base / fmt::format("{}-{}-threads-{}", workload, mib, threads); };
    for (const int threads : {1, 2, 4, 8}) {
      if (!fs::exists(directory(threads) / "schema.json")) {
        fs::create_directories(base);
        const Cost made = run({program, "simulate", directory(threads), "--seed", "1", "--workload", workload,
                               "--threads", std::to_string(threads), "--size", mib + "MiB"});
        if (made.exit_code != 0) {
          fmt::print("simulate failed with exit code {}\n", made.exit_code);
          return 1;
        }
      }
      size[threads] = static_cast<double>(warm(directory(threads))) / (1U << 20);
    }
    for (int i = 0; i < kRuns; ++i)
      for (const auto& [threads, of_threads] : size) {
        const Cost cost = run({program, "capture", "--dictionary", directory(threads) / "schema.json", "--output",
                               "/dev/null", directory(threads)});
        if (cost.exit_code != 0) {
          fmt::print("capture failed with exit code {}\n", cost.exit_code);
          return 1;
        }
        if (i == 0 || cost.cpu < best[threads].cpu) best[threads] = cost;
      }
    const double one = best[1].cpu / size[1];
    for (const auto& [threads, cost] : best)
      fmt::print("{:<10}{:>8}{:>11.1f}{:>9.3f}{:>12.3f}{:>15.1f}%{:>10.1f}\n", workload, threads, size[threads],
                 cost.cpu, cost.cpu / size[threads] * 1024, (cost.cpu / size[threads] / one - 1) * 100,
                 cost.memory_mib);
  }
  fmt::print("best of {} runs each, in turns, page cache warm; repeat with: {} {} {}\n", kRuns, argv[0], mib,
             base.string());
  return 0;
}
