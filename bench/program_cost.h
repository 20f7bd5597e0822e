// What running a program costs, measured from outside: CPU seconds are user + system of the process, as the kernel
// counts them.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace redoubt::bench {

struct Cost {
  double wall = 0;
  double cpu = 0;
  double memory_mib = 0;
  int exit_code = 0;
};

inline double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; }

// Runs it to its end; what it says goes to /dev/null.
inline Cost run(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& w : words) argv.push_back(const_cast<char*>(w.c_str()));
  argv.push_back(nullptr);
  const auto begun = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int log = open("/dev/null", O_WRONLY);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  struct rusage usage = {};
  wait4(child, &status, 0, &usage);
  Cost cost;
  cost.wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  cost.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  cost.memory_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  cost.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return cost;
}

// Reads the logs of a simulated directory into the page cache; returns their bytes.
inline std::uint64_t warm(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  std::vector<char> buffer(1 << 20);
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string extension = entry.path().extension();
    if (extension == ".json" || extension == ".jsonl") continue;
    bytes += entry.file_size();
    const int fd = open(entry.path().c_str(), O_RDONLY);
    while (read(fd, buffer.data(), buffer.size()) > 0) {
    }
    close(fd);
  }
  return bytes;
}

}  // namespace redoubt::bench
