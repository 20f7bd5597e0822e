#include "simulate/live.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <thread>

#include "redo/log_reader.h"
#include "redo/record.h"
#include "simulate/cluster.h"
#include "simulate/log_header.h"

namespace redoubt::simulate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kFileChecksumAt = 16;  // of block 0
constexpr std::uint32_t kBlocksAtOnce = 8;   // of a group: a reader may see the rest missing

// A file whose blocks are written in place.
class OnlineFile {
 public:
  OnlineFile(const std::filesystem::path& path, std::uint64_t size)
      : path_(path), fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (fd_ < 0 || ::ftruncate(fd_, static_cast<off_t>(size)) != 0) fail();
  }
  ~OnlineFile() { ::close(fd_); }
  OnlineFile(const OnlineFile&) = delete;
  OnlineFile& operator=(const OnlineFile&) = delete;

  void write(std::uint64_t offset, const std::uint8_t* bytes, std::size_t size) const {
    while (size > 0) {
      const ssize_t n = ::pwrite(fd_, bytes, size, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail();
      bytes += n;
      offset += static_cast<std::uint64_t>(n);
      size -= static_cast<std::size_t>(n);
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::kOperation, path_.string(), fmt::format("cannot be written: {}", std::strerror(errno)),
                "see to its directory and the disk");
  }

  std::filesystem::path path_;
  int fd_;
};

// One thread: its logs in order, and the next thing that happens to it.
class Instance {
 public:
  struct Log {
    std::filesystem::path path;
    redo::LogHeaders headers;
  };
  explicit Instance(std::uint16_t thread) : thread_(thread) {}

  void add(Log log) { logs_.push_back(std::move(log)); }
  void begin(const std::filesystem::path& online) {
    std::sort(logs_.begin(), logs_.end(),
              [](const Log& a, const Log& b) { return a.headers.redo.block.sequence < b.headers.redo.block.sequence; });
    for (const Log& log : logs_)
      blocks_ = std::max({blocks_, log.headers.redo.file_blocks, log.headers.file.blocks + 1});
    const std::uint64_t size = std::uint64_t{blocks_} * block_size();
    for (std::uint16_t g = 1; g <= kLogGroups; ++g) {
      const int group = (thread_ - 1) * kLogGroups + g;
      groups_.push_back(
          std::make_unique<OnlineFile>(online / fmt::format("thread_{}_group_{}.log", thread_, group), size));
    }
  }

  std::uint16_t thread() const { return thread_; }
  bool done() const { return logs_.empty(); }
  // When: a log begins with its first SCN, a group is written with the SCN behind its last record, a log ends with the
  // next log's first.
  Scn next_scn() {
    const redo::RedoHeader& h = logs_.front().headers.redo;
    if (next_scn_ == 0)
      next_scn_ = !file_ ? h.first_scn.value : next_is_group() ? group_header().end_scn.value : h.next_scn.value;
    return next_scn_;
  }
  bool next_is_group() const { return file_ && next_block_ < logs_.front().headers.redo.nab; }

  // Does it. Returns the log that has ended with it, or an empty path.
  std::filesystem::path step() {
    next_scn_ = 0;
    const Log& log = logs_.front();
    if (!file_) {
      file_ = std::make_unique<InputFile>(log.path);
      next_block_ = redo::kFirstDataBlock;
      write_headers(true);
      return {};
    }
    if (next_is_group()) {
      const std::uint32_t end = next_block_ + group_header().group_blocks;
      for (std::uint32_t n; next_block_ < end; next_block_ += n) {
        n = std::min(kBlocksAtOnce, end - next_block_);
        const auto bytes = read(next_block_, n);
        group().write(std::uint64_t{next_block_} * block_size(), bytes.data(), bytes.size());
      }
      return {};
    }
    write_headers(false);
    file_.reset();
    std::filesystem::path ended = log.path;
    logs_.pop_front();
    return ended;
  }

  Clock::time_point last_group;

 private:
  std::uint32_t block_size() const { return logs_.front().headers.file.block_size; }
  const OnlineFile& group() const { return *groups_[(logs_.front().headers.redo.group - 1) % kLogGroups]; }

  std::vector<std::uint8_t> read(std::uint32_t block, std::uint32_t count) const {
    std::vector<std::uint8_t> bytes(std::size_t{count} * block_size());
    const std::size_t n = file_->read(std::uint64_t{block} * block_size(), bytes.data(), bytes.size());
    REDOUBT_ASSERT(n == bytes.size());
    return bytes;
  }
  redo::LwnHeader group_header() const {
    const auto block = read(next_block_, 1);
    return redo::decode<redo::LwnHeader>(Bytes(block).subspan(redo::kBlockHeaderSize), logs_.front().headers.order);
  }

  // Block 0 tells the online log's size; block 1 the log, which is current or has ended.
  void write_headers(bool current) {
    const ByteOrder order = logs_.front().headers.order;
    std::vector<std::uint8_t> first = read(0, 1), second = read(1, 1);
    redo::FileHeader file = logs_.front().headers.file;
    file.blocks = blocks_ - 1;
    redo::Writer io({first.data(), first.size()}, order);
    layout(io, file);
    std::memset(first.data() + kFileChecksumAt, 0, 2);
    const std::uint16_t sum = redo::block_xor(first.data(), first.size());
    std::memcpy(first.data() + kFileChecksumAt, &sum, 2);
    if (current)
      change_header(second, order, [](redo::RedoHeader& h) {
        h.nab = redo::kNoBlock;
        h.next_scn = {redo::kNoScn, false};
        h.next_time = h.largest_lwn = 0;
        h.end_of_thread = 1;
        h.disabled = 0;
        h.hws = 1;
      });
    group().write(0, first.data(), first.size());
    group().write(block_size(), second.data(), second.size());
  }

  std::uint16_t thread_;
  std::deque<Log> logs_;  // the first is current
  std::uint32_t blocks_ = 0;
  std::vector<std::unique_ptr<OnlineFile>> groups_;
  std::unique_ptr<InputFile> file_;  // of the current log, once it has begun
  std::uint32_t next_block_ = 0;
  Scn next_scn_ = 0;  // 0: not known yet
};

// Copies the log, then forgets it: a reader may see part of the copy.
void archive(const std::filesystem::path& log, const std::filesystem::path& to) {
  {
    const InputFile in(log);
    OutputFile out(to / log.filename());
    std::vector<std::uint8_t> buffer(1 << 18);
    for (std::uint64_t at = 0;;) {
      const std::size_t n = in.read(at, buffer.data(), buffer.size());
      if (n == 0) break;
      out.write({reinterpret_cast<const char*>(buffer.data()), n});
      at += n;
    }
  }
  std::filesystem::remove(log);
}

}  // namespace

void play(const LiveOptions& options) {
  const std::filesystem::path online = options.directory / "online", archived = options.directory / "archive";
  for (const auto& made : {online, archived}) {
    std::error_code error;
    std::filesystem::create_directories(made, error);
    if (error)
      throw Error(ErrorCode::kOperation, made.string(), "cannot be created: " + error.message(),
                  "name another directory");
  }
  std::map<std::uint16_t, Instance> instances;
  for (const auto& entry : std::filesystem::directory_iterator(options.logs)) {
    redo::LogHeaders headers = redo::read_headers(InputFile(entry.path()));
    const std::uint16_t thread = headers.redo.thread;
    instances.try_emplace(thread, thread).first->second.add({entry.path(), headers});
  }
  for (auto& [thread, instance] : instances) instance.begin(online);

  struct Ended {
    Clock::time_point due;
    std::filesystem::path log;
  };
  std::deque<Ended> ended;  // to be archived
  const auto archive_until = [&](Clock::time_point when) {
    while (!ended.empty() && ended.front().due <= when) {
      std::this_thread::sleep_until(ended.front().due);
      archive(ended.front().log, archived);
      ended.pop_front();
    }
  };
  const auto interval = std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(options.pace > 0 ? 1 / options.pace : 0));
  while (true) {
    Instance* next = nullptr;
    Scn scn = redo::kNoScn;
    for (auto& [thread, instance] : instances)
      if (!instance.done() && (!next || instance.next_scn() < scn)) {
        next = &instance;
        scn = instance.next_scn();
      }
    if (!next) break;
    const bool group = next->next_is_group();
    if (group) {
      const Clock::time_point due = std::max(Clock::now(), next->last_group + interval);
      archive_until(due);
      std::this_thread::sleep_until(due);
      next->last_group = due;
      if (options.before_group) options.before_group(next->thread());
    }
    if (std::filesystem::path log = next->step(); !log.empty())
      ended.push_back({Clock::now() + options.archive_delay, std::move(log)});
    if (group && options.after_group) options.after_group(next->thread());
  }
  archive_until(Clock::time_point::max());
  std::filesystem::remove(options.logs);
}

}  // namespace redoubt::simulate
