// The logs to read: files and directories in, one sequence of logs per redo thread out. Names mean nothing here:
// thread, sequence and database come from the headers (threads.md 1.3).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "capture/damage.h"
#include "redo/log_reader.h"

namespace redoubt::capture {

struct LogFile {
  std::filesystem::path path;
  std::uint64_t size = 0;  // bytes
  redo::LogHeaders headers;

  std::uint16_t thread() const { return headers.redo.thread; }
  std::uint32_t sequence() const { return headers.redo.block.sequence; }
};

// Sequences that lie between two logs of a thread and are not there.
struct LogHole {
  std::uint16_t thread = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

struct LogSet {
  std::map<std::uint16_t, std::vector<LogFile>> threads;  // in sequence order
  std::vector<LogHole> holes;
  std::vector<std::filesystem::path> passed_over;  // found in a directory and no redo log
  std::vector<std::filesystem::path> copies;       // of a log that is in `threads` already

  std::uint64_t bytes() const;
};

// Reads the headers of all inputs. A directory is walked four levels deep, passing over hidden and tiny files and those
// that are no redo log; a file that is named must be one. Throws Error: no log at all, logs of two databases or
// incarnations, two different logs of one thread and sequence.
LogSet find_logs(const std::vector<std::filesystem::path>& inputs, bool checksums = true);

// The logs of one thread as one stream of groups.
class ThreadStream {
 public:
  struct Options {
    bool checksums = true;
    DamagePolicy on_corruption = DamagePolicy::kStop;
    DamagePolicy on_gap = DamagePolicy::kStop;
    // Called when redo was passed over, with a sentence about what and where.
    std::function<void(std::uint16_t thread, redo::Rba rba, const std::string& text)> passed_over;
  };

  ThreadStream(std::vector<LogFile> logs, Options options) : logs_(std::move(logs)), options_(std::move(options)) {}

  // The next group, valid until the next call; null behind the last log. Throws CorruptRedo, or Error(kUnreachable)
  // where a log is missing or ends before its successor begins, unless the policy is to skip.
  const redo::Group* next_group();

  // Bytes of the logs that have been read.
  std::uint64_t bytes_read() const;

 private:
  void open_next();
  void gap(std::uint16_t thread, std::uint32_t first, std::uint32_t last, const std::string& text);

  std::vector<LogFile> logs_;
  Options options_;
  std::size_t next_log_ = 0;
  std::unique_ptr<redo::LogReader> reader_;
  std::uint64_t bytes_before_ = 0;  // of the logs that are done
};

}  // namespace redoubt::capture
