// What the exit codes of every command mean: --help and the manual page print this table; base/error.h names the codes.
#pragma once

namespace redoubt::cli {

struct ExitCode {
  int code;
  const char* meaning;
};

inline constexpr ExitCode kExitCodes[] = {
    {0, "done; equal; healthy; nothing to do"},
    {1, "the answer is no (a mismatch, a difference), or an error without a code of its own"},
    {2, "usage or configuration; nothing was started"},
    {3, "ended, but not all of it"},
    {4, "session, run or checkpoint unknown or unreadable"},
    {5, "the position cannot be reached: a redo gap"},
    {6, "refused or stopped to keep data right: corrupt redo, order violation"},
    {7, "busy: a lock is held by another"},
    {130, "interrupted; the last line says how to go on"},
};

}  // namespace redoubt::cli
