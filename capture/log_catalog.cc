#include "capture/log_catalog.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;

constexpr int kDepthMax = 4;  // recovery areas nest DB/archivelog/DATE
constexpr std::uint64_t kSmallest = 1024;
constexpr std::int64_t kYoung = 1'000'000'000;  // nanoseconds: the time of a file does not tell writes apart by less

}  // namespace

LogCatalog::LogCatalog(std::vector<Root> roots, bool checksums) : roots_(std::move(roots)), checksums_(checksums) {}

void LogCatalog::refresh() {
  seen_.clear();
  places_.clear();
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    std::error_code ignored;
    if (fs::is_directory(roots_[i].path, ignored)) {
      walk(roots_[i].path, 1, i);
    } else {
      places_.insert(roots_[i].path);
      look_at(roots_[i].path, i);
    }
  }
  std::erase_if(files_, [&](const auto& entry) { return !seen_.contains(entry.first); });

  logs_.clear();
  for (const auto& [path, file] : files_)
    if (file.log) logs_[file.content.header.thread][file.content.header.block.sequence].push_back(&file);
  for (auto& [thread, sequences] : logs_) {
    for (auto& [sequence, files] : sequences) {
      std::stable_sort(files.begin(), files.end(), [](const File* a, const File* b) {
        return std::pair(!a->content.complete, a->root) < std::pair(!b->content.complete, b->root);
      });
      const Log& best = files.front()->content;
      for (const File* other : files) {
        const redo::RedoHeader &a = best.header, &b = other->content.header;
        if (a.first_scn.value == b.first_scn.value && (a.open() || b.open() || a.next_scn.value == b.next_scn.value))
          continue;
        throw Error(
            ErrorCode::kIntegrity, other->content.path.string(),
            fmt::format("is thread {} sequence {} like {}, but with other SCNs", thread, sequence, best.path.string()),
            "move the wrong one away");
      }
    }
  }
}

void LogCatalog::walk(const fs::path& directory, int depth, std::size_t root) {
  places_.insert(directory);
  std::error_code error;  // what goes while it is looked at is not there
  std::vector<fs::path> entries;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    entries.push_back(it->path());
  std::sort(entries.begin(), entries.end());
  for (const fs::path& path : entries) {
    if (path.filename().string().starts_with('.')) continue;
    if (!fs::is_directory(path, error)) {
      look_at(path, root);
    } else if (depth < kDepthMax) {
      walk(path, depth + 1, root);
    }
  }
}

void LogCatalog::look_at(const fs::path& path, std::size_t root) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < kSmallest) return;
  seen_.insert(path);
  File& file = files_[path];
  const std::int64_t modified = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
  if (!file.young && file.modified == modified && file.size == size && file.inode == status.st_ino) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  file.young = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count() - modified < kYoung;
  file.modified = modified;
  file.size = size;
  file.inode = status.st_ino;
  file.root = root;
  file.log = false;
  try {
    const InputFile input(path);
    const redo::LogHeaders headers = redo::read_headers(input, checksums_);
    if (headers.redo.version == 0) return;  // an online log that was never written
    Log log{path, false, headers.redo, headers.file};
    log.complete = !headers.redo.open() && size >= std::uint64_t{headers.redo.nab} * headers.file.block_size;
    check(log, roots_[root]);
    if (headers.redo.resetlogs != *resetlogs_) {
      others_.try_emplace(headers.redo.resetlogs, std::move(log));
      return;
    }
    file.content = std::move(log);
    file.log = true;
  } catch (const redo::NoRedoLog&) {
  } catch (const redo::CorruptRedo&) {
    file.modified = 0;  // its header may be half written
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kOperation) throw;
    file.modified = 0;  // gone, or not readable yet
  }
}

void LogCatalog::check(const Log& log, const Root& root) {
  if (!dbid_) {
    dbid_ = log.header.dbid;
    database_ = log.header.database();
    known_from_ = log.path;
  }
  if (!resetlogs_) resetlogs_ = log.header.resetlogs;
  if (log.header.dbid != *dbid_)
    throw Error(
        ErrorCode::kIntegrity, log.path.string(),
        fmt::format("belongs to database {} (DBID {}), {} to {} (DBID {})", log.header.database(), log.header.dbid,
                    known_from_.empty() ? "the checkpoint" : known_from_.string(), database_, *dbid_),
        "move the wrong one away, or name a directory with the logs of one database");
  if (root.thread != 0 && log.header.thread != root.thread)
    throw Error(
        ErrorCode::kIntegrity, log.path.string(),
        fmt::format("is a log of thread {}, where those of thread {} alone should be", log.header.thread, root.thread),
        "move it away, or name its directory as a source of its own thread");
}

std::vector<LogCatalog::Log> LogCatalog::find(std::uint16_t thread, std::uint32_t sequence) const {
  std::vector<Log> found;
  const auto of_thread = logs_.find(thread);
  if (of_thread == logs_.end()) return found;
  const auto at = of_thread->second.find(sequence);
  if (at == of_thread->second.end()) return found;
  for (const File* file : at->second) found.push_back(file->content);
  return found;
}

std::set<std::uint16_t> LogCatalog::threads() const {
  std::set<std::uint16_t> numbers;
  for (const auto& [thread, sequences] : logs_) numbers.insert(thread);
  return numbers;
}

std::optional<std::uint32_t> LogCatalog::first_sequence(std::uint16_t thread) const {
  const auto it = logs_.find(thread);
  if (it == logs_.end()) return std::nullopt;
  return it->second.begin()->first;
}

std::optional<std::uint32_t> LogCatalog::last_sequence(std::uint16_t thread) const {
  const auto it = logs_.find(thread);
  if (it == logs_.end()) return std::nullopt;
  return it->second.rbegin()->first;
}

std::optional<LogCatalog::Log> LogCatalog::find_scn(std::uint16_t thread, oracle::Scn scn) const {
  const auto it = logs_.find(thread);
  if (it == logs_.end()) return std::nullopt;
  for (const auto& [sequence, files] : it->second) {
    const Log& log = files.front()->content;
    if (log.header.first_scn.value <= scn && (log.header.open() || log.header.next_scn.value > scn)) return log;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> LogCatalog::find_time(std::uint16_t thread, std::uint32_t time) const {
  const auto it = logs_.find(thread);
  if (it == logs_.end()) return std::nullopt;
  std::uint32_t found = it->second.begin()->first;
  for (const auto& [sequence, files] : it->second)
    if (files.front()->content.header.first_time <= time) found = sequence;
  return found;
}

bool LogCatalog::closed(std::uint16_t thread, std::uint32_t sequence) const {
  const auto of_thread = logs_.find(thread);
  if (of_thread == logs_.end()) return false;
  const auto at = of_thread->second.find(sequence);
  return at != of_thread->second.end() && !at->second.front()->content.header.open();
}

const LogCatalog::Log* LogCatalog::any() const {
  return logs_.empty() ? nullptr : &logs_.begin()->second.begin()->second.front()->content;
}

}  // namespace redoubt::capture
