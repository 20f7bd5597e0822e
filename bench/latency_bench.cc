// How soon a committed row is told: a simulated cluster writes its online logs at a pace, `redoubt capture --watch`
// follows them into a pipe, and one clock reads both ends.
//
//   latency_bench [SECONDS] [DIRECTORY]      10 s of each setting, in /tmp/redoubt-bench/latency
//
// From the last write of the LWN group with the commit until the transaction's last line has come out of the pipe:
//
//   to event     the whole of it. Where there are other threads, order asks to wait until each has shown that it has
//                nothing older (docs/ordering.md): until its next group, whenever that is written
//   behind it    the part that is Redoubt's own: from the last write that it had to wait for
//
// Groups come as SCNs do, evenly, at a pace for each busy thread. In the last setting one thread writes a group
// every kIdleSeconds, and nothing else. CPU is that of the capture, per second, busy and with nothing written at all.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "bench/program_cost.h"
#include "redo/log_reader.h"
#include "simulate/live.h"

namespace fs = std::filesystem;
using namespace redoubt;
using bench::run;
using Clock = std::chrono::steady_clock;
using std::chrono::duration;
using std::chrono::milliseconds;

namespace {

constexpr double kIdleSeconds = 3;
constexpr double kWarmSeconds = 1;   // not counted, from when all threads have a log
constexpr double kQuietSeconds = 3;  // for the CPU when nothing is written

struct Group {
  oracle::Scn last_scn = 0;  // of its records
  oracle::Scn end_scn = 0;
  double due = 0;  // seconds from the start
  Clock::time_point written;
};

struct Setting {
  int threads;
  double pace;  // groups a second of each thread
  bool idle;    // the last thread is
};

// The groups of each thread, as its logs in `directory` have them.
std::map<std::uint16_t, std::vector<Group>> read_groups(const fs::path& directory) {
  std::map<std::pair<std::uint16_t, std::uint32_t>, fs::path> logs;  // by thread and sequence
  for (const auto& entry : fs::directory_iterator(directory)) {
    const redo::RedoHeader h = redo::read_headers(InputFile(entry.path())).redo;
    logs[{h.thread, h.block.sequence}] = entry.path();
  }
  std::map<std::uint16_t, std::vector<Group>> groups;
  for (const auto& [key, path] : logs) {
    redo::LogReader reader(path);
    while (const redo::Group* g = reader.next_group())
      groups[key.first].push_back({g->records.back().scn, g->end_scn, 0, {}});
  }
  return groups;
}

// When each group is written: evenly over SCNs, or so that the groups of the idle thread, the last one, are
// kIdleSeconds apart. Returns the seconds it takes in all.
double schedule(std::map<std::uint16_t, std::vector<Group>>& groups, const Setting& setting) {
  std::vector<std::pair<oracle::Scn, double>> clock;  // SCN to seconds, ascending
  oracle::Scn first = oracle::kNoScn, last = 0;
  std::size_t count = 0;
  for (const auto& [thread, of_thread] : groups) {
    first = std::min(first, of_thread.front().end_scn);
    last = std::max(last, of_thread.back().end_scn);
    count += of_thread.size();
  }
  if (setting.idle) {
    clock.emplace_back(first, 0);
    for (const Group& g : groups.rbegin()->second) clock.emplace_back(g.end_scn, clock.back().second + kIdleSeconds);
    clock.emplace_back(last, clock.back().second + kIdleSeconds);
  } else {
    clock = {{first, 0}, {last, static_cast<double>(count) / (setting.pace * setting.threads)}};
  }
  for (auto& [thread, of_thread] : groups) {
    std::size_t i = 1;
    for (Group& g : of_thread) {
      while (i + 1 < clock.size() && clock[i].first < g.end_scn) ++i;
      const auto& [scn0, at0] = clock[i - 1];
      const auto& [scn1, at1] = clock[i];
      const double part = scn1 == scn0 ? 1 : static_cast<double>(g.end_scn - scn0) / static_cast<double>(scn1 - scn0);
      g.due = at0 + part * (at1 - at0);
    }
  }
  return clock.back().second;
}

struct Commit {
  std::uint16_t thread;
  oracle::Scn scn;
  Clock::time_point told;
};

std::uint64_t number_behind(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  return at == std::string_view::npos ? 0 : std::strtoull(line.data() + at + name.size(), nullptr, 10);
}

// Notes when the last line of each transaction has been read.
std::vector<Commit> read_commits(int pipe) {
  std::vector<Commit> commits;
  std::string text;
  std::uint16_t thread = 0;
  std::vector<char> buffer(1 << 20);
  ssize_t n;
  while ((n = read(pipe, buffer.data(), buffer.size())) > 0) {
    const Clock::time_point now = Clock::now();
    text.append(buffer.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string_view line(text.data() + begin, end - begin);
      if (line.find(R"("op":"begin")") != std::string_view::npos)
        thread = static_cast<std::uint16_t>(number_behind(line, R"("thread":)"));
      if (line.find(R"("op":"commit")") != std::string_view::npos)
        commits.push_back({thread, number_behind(line, R"("commit_scn":)"), now});
    }
    text.erase(0, begin);
  }
  return commits;
}

double cpu_seconds(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  unsigned long user = 0, system = 0;
  const std::size_t behind_name = text.rfind(')');
  if (behind_name == std::string::npos ||
      std::sscanf(text.c_str() + behind_name, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                  &system) != 2)
    return 0;
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Percentiles {
  double p50, p99, max;
};
Percentiles percentiles(std::vector<double>& ms) {
  if (ms.empty()) return {};
  std::sort(ms.begin(), ms.end());
  const auto at = [&](std::size_t percent) { return ms[std::min(ms.size() - 1, ms.size() * percent / 100)]; };
  return {at(50), at(99), ms.back()};
}

bool measure(const Setting& setting, double seconds, const fs::path& directory) {
  fs::remove_all(directory);
  const fs::path simulated = directory / "simulated", logs = directory / "logs";
  fs::create_directories(logs);
  fs::create_directories(directory / "online");
  fs::create_directories(directory / "archive");
  const std::string program = REDOUBT_PROGRAM;
  // Some 5 KiB a group; each thread switches its log once or twice.
  const double wanted = setting.pace * seconds * setting.threads;
  const auto bytes = static_cast<std::uint64_t>(wanted * 5000);
  std::vector<std::string> words{program,
                                 "simulate",
                                 simulated,
                                 "--seed",
                                 "1",
                                 "--workload",
                                 "wide",
                                 "--types",
                                 "plain",
                                 "--threads",
                                 std::to_string(setting.threads),
                                 "--size",
                                 std::to_string(bytes),
                                 "--open",
                                 std::to_string(8 * setting.threads),
                                 "--log-size",
                                 std::to_string(bytes / static_cast<unsigned>(setting.threads) * 2 / 3)};
  if (setting.idle) words.insert(words.end(), {"--cluster", "skew"});
  if (run(words).exit_code != 0) {
    fmt::print("simulate failed\n");
    return false;
  }
  for (const auto& entry : fs::directory_iterator(simulated))
    if (entry.path().extension() == ".dbf") fs::rename(entry.path(), logs / entry.path().filename());
  std::map<std::uint16_t, std::vector<Group>> groups = read_groups(logs);
  const double whole = schedule(groups, setting);

  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  std::string threads = "1";
  for (int t = 2; t <= setting.threads; ++t) threads += fmt::format(",{}", t);
  words = {program,        "capture",
           "--watch",      directory / "online",
           "--watch",      directory / "archive",
           "--threads",    threads,
           "--dictionary", simulated / "schema.json",
           "--ledger",     "sqlite:" + (directory / "ledger.db").string(),
           "--output",     "-"};
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const int log = open((directory / "capture.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(log, STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  std::vector<Commit> commits;
  std::thread reader([&] { commits = read_commits(ends[0]); });
  std::this_thread::sleep_for(milliseconds(500));

  const double cpu_at_start = cpu_seconds(child);
  const Clock::time_point start = Clock::now();
  std::map<std::uint16_t, std::size_t> next;
  simulate::LiveOptions play;
  play.logs = logs;
  play.directory = directory;
  play.before_group = [&](std::uint16_t thread) {
    const double due = groups.at(thread).at(next[thread]).due;
    std::this_thread::sleep_until(start + std::chrono::duration_cast<Clock::duration>(duration<double>(due)));
  };
  play.after_group = [&](std::uint16_t thread) { groups.at(thread).at(next[thread]++).written = Clock::now(); };
  simulate::play(play);
  const double busy = (cpu_seconds(child) - cpu_at_start) / duration<double>(Clock::now() - start).count();
  std::this_thread::sleep_for(milliseconds(500));
  const double cpu_at_end = cpu_seconds(child);
  std::this_thread::sleep_for(duration<double>(kQuietSeconds));
  const double quiet = (cpu_seconds(child) - cpu_at_end) / kQuietSeconds;
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  reader.join();
  close(ends[0]);

  double warm_until = 0;
  for (const auto& [thread, of_thread] : groups)
    warm_until = std::max(warm_until, of_thread.front().due + kWarmSeconds);
  std::vector<double> to_event, behind;
  for (const Commit& c : commits) {
    const auto holding = [&](std::uint16_t thread) {
      const auto& of_thread = groups.at(thread);
      // The first that shows that nothing up to the commit is still to come, in its own thread the one that holds it.
      return std::partition_point(of_thread.begin(), of_thread.end(), [&](const Group& g) {
        return thread == c.thread ? g.end_scn <= c.scn : g.last_scn <= c.scn;
      });
    };
    const Group& own = *holding(c.thread);
    if (own.due < warm_until) continue;
    Clock::time_point needed = own.written;
    bool held = true;
    for (const auto& [thread, of_thread] : groups) {
      const auto g = holding(thread);
      held &= g != of_thread.end();  // else only the end of its log lets it go
      if (held) needed = std::max(needed, g->written);
    }
    if (!held) continue;
    const auto ms = [](Clock::duration d) { return duration<double, std::milli>(d).count(); };
    to_event.push_back(ms(c.told - own.written));
    behind.push_back(ms(c.told - needed));
  }
  std::size_t written = 0;
  for (const auto& [thread, of_thread] : groups) written += of_thread.size();
  const Percentiles a = percentiles(to_event), b = percentiles(behind);
  fmt::print("{:<24}{:>9.0f}{:>9}{:>11.2f}{:>9.2f}{:>9.2f}{:>12.2f}{:>8.2f}{:>8.2f}{:>10.1f}{:>9.1f}\n",
             setting.idle ? "1 busy, 1 every 3 s" : fmt::format("{} busy", setting.threads),
             static_cast<double>(written) / whole, to_event.size(), a.p50, a.p99, a.max, b.p50, b.p99, b.max,
             busy * 1000, quiet * 1000);
  if (to_event.empty() || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    fmt::print("capture ended with status {}, see {}\n", status, (directory / "capture.log").string());
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 10;
  const fs::path base = argc > 2 ? argv[2] : "/tmp/redoubt-bench/latency";
  fmt::print("{:<24}{:>9}{:>9}{:>29}{:>28}{:>19}\n", "", "groups", "commits", "to event, ms", "behind it, ms",
             "CPU, ms/s");
  fmt::print("{:<24}{:>9}{:>9}{:>11}{:>9}{:>9}{:>12}{:>8}{:>8}{:>10}{:>9}\n", "threads", "per s", "", "p50", "p99",
             "max", "p50", "p99", "max", "busy", "quiet");
  bool good = true;
  const std::vector<Setting> settings{
      {1, 200, false}, {2, 200, false}, {4, 200, false}, {4, 1000, false}, {2, 33, true}};
  for (const Setting& setting : settings) {
    good &= measure(setting, setting.idle ? seconds * 3 : seconds, base);
    std::fflush(stdout);
  }
  fmt::print("repeat with: {} {} {}\n", argv[0], seconds, base.string());
  return good ? 0 : 1;
}
