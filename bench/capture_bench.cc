// What capture costs, measured from outside: the built program reads a simulated gigabyte of redo that is warm in the
// page cache, and writes JSON to /dev/null.
//
//   capture_bench [GIB] [DIRECTORY]      1 GiB in /tmp/redoubt-bench; logs that are there already are used again
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/program_cost.h"

namespace fs = std::filesystem;

namespace {

using namespace redoubt::bench;

struct Size {
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;
};

// Bytes and row lines of the JSON, counted once outside the measurement.
Size measure(const fs::path& file) {
  Size size;
  FILE* in = std::fopen(file.c_str(), "r");
  if (!in) return size;
  std::vector<char> buffer(1 << 20);
  char* line = nullptr;
  std::size_t capacity = 0;
  ssize_t n;
  while ((n = getline(&line, &capacity, in)) > 0) {
    size.bytes += static_cast<std::uint64_t>(n);
    size.rows += std::string_view(line, static_cast<std::size_t>(n)).find("\"schema\":") != std::string_view::npos;
  }
  std::free(line);
  std::fclose(in);
  return size;
}

Cost best_of(int times, const std::vector<std::string>& words) {
  Cost best;
  for (int i = 0; i < times; ++i) {
    const Cost cost = run(words);
    if (i == 0 || cost.cpu < best.cpu) best = cost;
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string gib = argc > 1 ? argv[1] : "1";
  const fs::path base = argc > 2 ? argv[2] : "/tmp/redoubt-bench";
  const std::string program = REDOUBT_PROGRAM;
  fmt::print("{:<34}{:>9}{:>9}{:>12}{:>10}{:>12}{:>12}{:>10}\n", "workload", "wall s", "CPU s", "CPU s/GiB", "MiB/s",
             "rows/s", "JSON bytes", "peak MiB");
  int failed = 0;
  for (const std::string workload : {"small", "wide"}) {
    const fs::path directory = base / fmt::format("{}-{}", workload, gib);
    if (!fs::exists(directory / "schema.json")) {
      fs::create_directories(base);
      const Cost made =
          run({program, "simulate", directory, "--seed", "1", "--workload", workload, "--size", gib + "GiB"});
      if (made.exit_code != 0) {
        fmt::print("simulate failed with exit code {}\n", made.exit_code);
        return 1;
      }
    }
    const double gigabytes = static_cast<double>(warm(directory)) / (1U << 30);
    const std::string dictionary = directory / "schema.json";
    const auto show = [&](const std::string& name, const Cost& cost, Size size) {
      failed += cost.exit_code != 0;
      fmt::print("{:<34}{:>9.3f}{:>9.3f}{:>12.3f}{:>10.0f}{:>12.0f}{:>12}{:>10.1f}\n", name, cost.wall, cost.cpu,
                 cost.cpu / gigabytes, gigabytes * 1024 / cost.wall, static_cast<double>(size.rows) / cost.wall,
                 size.bytes, cost.memory_mib);
    };
    const fs::path json = base / "out.jsonl";
    run({program, "capture", "--dictionary", dictionary, "--output", json, directory});
    const Size size = measure(json);
    fs::remove(json);
    const Cost all = best_of(5, {program, "capture", "--dictionary", dictionary, "--output", "/dev/null", directory});
    show(workload + ", JSON to /dev/null", all, size);
    if (size.bytes > 0)
      fmt::print("{:<34}{:.2f} ns of CPU per byte of JSON\n", "", all.cpu * 1e9 / static_cast<double>(size.bytes));
    const Cost file = best_of(3, {program, "capture", "--dictionary", dictionary, "--output", json, directory});
    show(workload + ", JSON to a file", file, size);
    fs::remove(json);
    show(workload + ", everything filtered out",
         best_of(5, {program, "capture", "--dictionary", dictionary, "--tables", "NO\\.TABLE", "--output", "/dev/null",
                     directory}),
         {});
  }
  fmt::print("best of 5 runs each, page cache warm; repeat with: {} {} {}\n", argv[0], gib, base.string());
  return failed == 0 ? 0 : 1;
}
