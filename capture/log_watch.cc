#include "capture/log_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace redoubt::capture {

LogWatch::LogWatch() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

LogWatch::~LogWatch() {
  if (fd_ >= 0) close(fd_);
}

void LogWatch::follow(const std::set<std::filesystem::path>& places) {
  if (fd_ < 0) return;
  std::erase_if(watched_, [&](const auto& watched) {
    if (places.contains(watched.first)) return false;
    inotify_rm_watch(fd_, watched.second);
    return true;
  });
  for (const std::filesystem::path& place : places) {
    // Asked for again each time: one of the name may have been made anew.
    const int watch = inotify_add_watch(fd_, place.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
    if (watch >= 0) watched_[place] = watch;
  }
}

bool LogWatch::wait(std::chrono::milliseconds at_most) {
  if (fd_ < 0) {
    std::this_thread::sleep_for(at_most);
    return false;
  }
  pollfd ready{fd_, POLLIN, 0};
  if (poll(&ready, 1, static_cast<int>(at_most.count())) <= 0) return false;
  alignas(inotify_event) std::array<char, 16 << 10> events;
  while (read(fd_, events.data(), events.size()) > 0) {
  }
  return true;
}

}  // namespace redoubt::capture
