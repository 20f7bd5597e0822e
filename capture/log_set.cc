#include "capture/log_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;

constexpr int kDepthMax = 4;  // recovery areas nest DB/archivelog/DATE

std::optional<LogFile> read_log(const fs::path& path, bool checksums) {
  const InputFile file(path);
  LogFile log;
  log.path = path;
  log.size = file.size();
  log.headers = redo::read_headers(file, checksums);
  return log;
}

void walk(const fs::path& directory, int depth, std::vector<fs::path>& files) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(directory)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  for (const fs::path& path : entries) {
    if (path.filename().string().starts_with('.')) continue;
    if (fs::is_directory(path)) {
      if (depth < kDepthMax) walk(path, depth + 1, files);
    } else if (fs::is_regular_file(path) && fs::file_size(path) >= 1024) {
      files.push_back(path);
    }
  }
}

// Adds the log to its thread, or finds that it is there already.
void add_log(LogSet& set, LogFile log) {
  std::vector<LogFile>& logs = set.threads[log.thread()];
  const auto at = std::lower_bound(logs.begin(), logs.end(), log.sequence(),
                                   [](const LogFile& l, std::uint32_t sequence) { return l.sequence() < sequence; });
  if (at == logs.end() || at->sequence() != log.sequence()) {
    logs.insert(at, std::move(log));
    return;
  }
  const redo::RedoHeader &a = at->headers.redo, &b = log.headers.redo;
  if (a.first_scn.value != b.first_scn.value || (!a.open() && !b.open() && a.next_scn.value != b.next_scn.value))
    throw Error(ErrorCode::kIntegrity, log.path.string(),
                fmt::format("is thread {} sequence {} like {}, but with other SCNs", log.thread(), log.sequence(),
                            at->path.string()),
                "leave the wrong one out");
  // A complete copy is better than one still being written.
  set.copies.push_back(a.open() && !b.open() ? std::exchange(*at, std::move(log)).path : std::move(log.path));
}

}  // namespace

std::uint64_t LogSet::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [thread, logs] : threads)
    for (const LogFile& log : logs) sum += log.size;
  return sum;
}

LogSet find_logs(const std::vector<fs::path>& inputs, bool checksums) {
  LogSet set;
  std::optional<LogFile> reference;
  for (const fs::path& input : inputs) {
    std::vector<fs::path> files;
    const bool directory = fs::is_directory(input);
    if (directory) {
      walk(input, 1, files);
    } else {
      files.push_back(input);
    }
    for (const fs::path& path : files) {
      std::optional<LogFile> log;
      try {
        log = read_log(path, checksums);
      } catch (const redo::NoRedoLog&) {
        if (!directory) throw;
        set.passed_over.push_back(path);
        continue;
      }
      if (log->headers.redo.version == 0) {  // an online log that was never written
        set.passed_over.push_back(path);
        continue;
      }
      if (!reference) reference = log;
      const redo::RedoHeader &first = reference->headers.redo, &own = log->headers.redo;
      if (own.dbid != first.dbid)
        throw Error(ErrorCode::kIntegrity, path.string(),
                    fmt::format("belongs to database {} (DBID {}), {} to {} (DBID {})", own.database(), own.dbid,
                                reference->path.string(), first.database(), first.dbid),
                    "name the logs of one database");
      if (own.resetlogs != first.resetlogs)
        throw Error(
            ErrorCode::kIntegrity, path.string(),
            fmt::format("is of incarnation {}, {} of {}", own.resetlogs, reference->path.string(), first.resetlogs),
            "name the logs of one incarnation");
      add_log(set, std::move(*log));
    }
  }
  if (set.threads.empty())
    throw Error(ErrorCode::kOperation, inputs.empty() ? std::string() : inputs.front().string(),
                "no redo log was found", "name archived or online redo log files, or a directory that has some");
  for (const auto& [thread, logs] : set.threads)
    for (std::size_t i = 1; i < logs.size(); ++i)
      if (logs[i].sequence() != logs[i - 1].sequence() + 1)
        set.holes.push_back({thread, logs[i - 1].sequence() + 1, logs[i].sequence() - 1});
  return set;
}

// Redo of sequences first to last is not there, or not all of it.
void ThreadStream::gap(std::uint16_t thread, std::uint32_t first, std::uint32_t last, const std::string& text) {
  if (options_.on_gap == DamagePolicy::kStop)
    throw Error(
        ErrorCode::kUnreachable, logs_[next_log_].path.string(), text,
        fmt::format("restore it (RMAN: RESTORE ARCHIVELOG FROM SEQUENCE {} UNTIL SEQUENCE {} THREAD {}), or pass "
                    "the gap with --on-gap skip",
                    first, last, thread));
  options_.passed_over(thread, {first, 0, 0}, text);
}

void ThreadStream::open_next() {
  const LogFile& log = logs_[next_log_];
  if (next_log_ > 0 && log.sequence() != logs_[next_log_ - 1].sequence() + 1) {
    const std::uint32_t first = logs_[next_log_ - 1].sequence() + 1, last = log.sequence() - 1;
    gap(log.thread(), first, last,
        fmt::format("thread {} lacks log sequence {}{}", log.thread(), first,
                    first == last ? std::string() : fmt::format(" to {}", last)));
  }
  redo::LogReader::Options options;
  options.checksums = options_.checksums;
  reader_ = std::make_unique<redo::LogReader>(log.path, options);
  ++next_log_;
}

const redo::Group* ThreadStream::next_group() {
  while (true) {
    if (!reader_) {
      if (next_log_ == logs_.size()) return nullptr;
      open_next();
    }
    const std::uint32_t first = reader_->next_block();
    try {
      if (const redo::Group* group = reader_->next_group()) return group;
    } catch (const redo::CorruptRedo& e) {
      if (options_.on_corruption == DamagePolicy::kStop) throw;
      const bool goes_on = reader_->resync(e.next_block());
      options_.passed_over(
          reader_->header().thread, e.rba(),
          passed_over_text(reader_->path().string(), e.reason(),
                           fmt::format("blocks {} to {} are", first, std::max(first, reader_->next_block() - 1))));
      if (goes_on) continue;
    }
    // A copy made while the log was current ends somewhere; its successor shows that more was written.
    if (reader_->header().open() && next_log_ < logs_.size()) {
      const LogFile& log = logs_[next_log_ - 1];
      gap(log.thread(), log.sequence(), log.sequence(),
          fmt::format("{} was copied before log sequence {} of thread {} was complete", log.path.string(),
                      log.sequence(), log.thread()));
    }
    bytes_before_ += logs_[next_log_ - 1].size;
    reader_.reset();
  }
}

std::uint64_t ThreadStream::bytes_read() const {
  return bytes_before_ + (reader_ ? std::uint64_t{reader_->next_block()} * reader_->block_size() : 0);
}

}  // namespace redoubt::capture
