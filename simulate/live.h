// Plays logs that are written as instances and their archivers would have made them: --live.
//
//   DIR/online/thread_<T>_group_<G>.log   kLogGroups of each thread, used in turn, of one size. A log's header is open
//                                         while the log is current; behind its blocks are those of an earlier one
//   DIR/archive/arch<T>_<S>_<R>.dbf       copies, a while after the switch: the logs as they were given, byte for byte
//
// What happens in the threads happens in the order of SCNs: a group is on disk when its last record was made. The
// online log is used again whether it has been archived or not, as for a reader to whom copies come late.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace redoubt::simulate {

struct LiveOptions {
  std::filesystem::path logs;                     // the logs to play, which are gone behind it
  std::filesystem::path directory;                // DIR
  double pace = 0;                                // LWN groups a second of each thread, at most; 0: no pause
  std::chrono::milliseconds archive_delay{1000};  // from the switch
  // Called with its thread before and after each LWN group is written; may sleep.
  std::function<void(std::uint16_t thread)> before_group = {}, after_group = {};
};

// Returns when all logs are archived. Throws Error(kOperation) when a file cannot be written.
void play(const LiveOptions& options);

}  // namespace redoubt::simulate
