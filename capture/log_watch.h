// Ends the sleep of a capture that has nothing to read as soon as logs change. Linux tells of writes on this machine
// only (inotify): not of those of another node to a shared disk, and of none that go past the file system. So it makes
// latency small where it can, and nobody may rely on it: logs are looked at again in any case.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <set>

namespace redoubt::capture {

class LogWatch {
 public:
  // Where the kernel gives no watch, wait() only sleeps.
  LogWatch();
  ~LogWatch();
  LogWatch(const LogWatch&) = delete;
  LogWatch& operator=(const LogWatch&) = delete;

  // Looks out for changes of these directories and files from now on, and of no others.
  void follow(const std::set<std::filesystem::path>& places);
  // Sleeps for that long, or until there was a change since the last call: then it is true. A signal ends it too.
  bool wait(std::chrono::milliseconds at_most);

 private:
  int fd_;
  std::map<std::filesystem::path, int> watched_;
};

}  // namespace redoubt::capture
