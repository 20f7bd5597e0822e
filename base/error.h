// Errors of operation: a bad file, a lost connection, a wrong option. They carry a stable code, the place and the next
// step, and are caught once per edge (command line, HTTP handler, worker). A programmer's error is REDOUBT_ASSERT, on
// in release too.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace redoubt {

// Stable: exit codes and machine-readable output are derived from these. Numbers are the documented exit codes.
enum class ErrorCode {
  kOperation = 1,     // any operating error without a code of its own: a file that cannot be read, a full disk
  kUsage = 2,         // options or configuration; nothing was started
  kIncomplete = 3,    // ended, but not all of it
  kUnknown = 4,       // session, run or checkpoint unknown or unreadable
  kUnreachable = 5,   // the position cannot be reached: redo gap
  kIntegrity = 6,     // refused or stopped to keep data right: corrupt redo, order violation
  kBusy = 7,          // lock not obtained
  kInterrupted = 130  // stopped by the user
};

class Error : public std::runtime_error {
 public:
  // `place`: file and RBA, table and chunk; may be empty. `what` says what is wrong, `next` what to do about it.
  Error(ErrorCode code, std::string_view place, std::string_view what, std::string_view next = {});

  ErrorCode code() const { return code_; }
  int exit_code() const { return static_cast<int>(code_); }
  const std::string& place() const { return place_; }

 private:
  ErrorCode code_;
  std::string place_;
};

// Bytes that do not follow their format. Thrown by decoders that do not know where they are; caught by whoever does
// and turned into an Error that names the RBA.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace redoubt

// States what must be true if this program is right. Never used on input.
#define REDOUBT_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::redoubt::assertion_failed(#expression, __FILE__, __LINE__))
