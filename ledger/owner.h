// Who does a piece of work, and whether they still live.
//
// On our own machine that is a fact: a process is named by machine, boot, process-id namespace, number and start time,
// so a number used again, a restart or a clock that jumps cannot deceive. Of a process elsewhere all we have is its
// lease: a time in the ledger's own database, renewed every 10 s and lost 30 s after the last renewal. A lease that
// seems lost while its owner lives costs repeated work, never a wrong result: what is done is decided by the ledger
// (ledger.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace redoubt::ledger {

inline constexpr std::chrono::seconds kRenewEvery{10};
inline constexpr std::chrono::seconds kLeaseLasts{30};

struct Process {
  std::string machine;  // machine id, boot and pid namespace: where `pid` means anything
  std::string host;     // for people
  std::int64_t pid = 0;
  std::int64_t started = 0;  // in ticks since boot, as /proc/PID/stat has it

  bool operator==(const Process&) const = default;
};

Process this_process();

enum class Life { kAlive, kGone, kElsewhere };

// By the process table; kElsewhere when the process is not of this machine, this boot and this namespace.
Life life_of(const Process& process);

// A random identifier in the form of a UUID.
std::string new_id();

}  // namespace redoubt::ledger
