#include "capture/spill_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <memory>
#include <random>

#include "capture/transaction.h"
#include "redo/layout.h"

namespace redoubt::capture {
namespace {

constexpr std::string_view kMagic = "RDBSPILL";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize = 40, kHeaderChecked = 32;
constexpr std::size_t kFrameSize = 24, kFrameChecked = 16;
constexpr std::uint32_t kChunk = 1, kState = 2;
constexpr std::size_t kStateSize = 36;
constexpr std::string_view kLockName = "lock";
constexpr ByteOrder kOrder = ByteOrder::kLittle;

struct Header {
  std::uint32_t version = kVersion;
  TransactionId id;
  std::uint64_t nonce = 0;
};
struct FrameHeader {
  std::uint32_t kind = 0, number = 0, size = 0, last = 0;
};

template <class Io>
void put_u64(Io& io, std::size_t at, std::uint64_t& v) {
  auto low = static_cast<std::uint32_t>(v), high = static_cast<std::uint32_t>(v >> 32);
  io.u32(at, low);
  io.u32(at + 4, high);
  if constexpr (Io::kReads) v = std::uint64_t{high} << 32 | low;
}
template <class Io>
void layout(Io& io, Header& h) {
  io.u32(8, h.version);
  io.u16(12, h.id.con_id);
  io.xid(16, h.id.xid);
  put_u64(io, 24, h.nonce);
}
template <class Io>
void layout(Io& io, FrameHeader& f) {
  io.u32(0, f.kind);
  io.u32(4, f.number);
  io.u32(8, f.size);
  io.u32(12, f.last);
}
[[noreturn]] void fail(const std::filesystem::path& path, const char* doing, const char* next) {
  const int error = errno;
  throw Error(ErrorCode::kOperation, path.string(), fmt::format("{}: {}", doing, std::strerror(error)), next);
}
constexpr const char* kCheckDirectory = "name another directory with --spill-dir";
constexpr const char* kStartAgain = "the spill file was changed or the disk has failed: start again from the logs";

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags, const char* doing)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (fd_ < 0) fail(path, doing, kCheckDirectory);
  }
  ~Descriptor() { ::close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

// How much there was.
std::size_t read_at(int fd, const std::filesystem::path& path, std::uint64_t at, std::uint8_t* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(fd, to + done, size - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot read", kStartAgain);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

void write_at(int fd, const std::filesystem::path& path, std::uint64_t at, Bytes head, Bytes bytes) {
  std::array<iovec, 2> parts{iovec{const_cast<std::uint8_t*>(head.data()), head.size()},
                             iovec{const_cast<std::uint8_t*>(bytes.data()), bytes.size()}};
  std::size_t left = head.size() + bytes.size();
  while (left > 0) {
    const ssize_t n = ::pwritev(fd, parts.data(), 2, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
      throw SpillFull(path.parent_path(), fmt::format("cannot write there: {}", std::strerror(errno)));
    if (n < 0) fail(path, "cannot write", kCheckDirectory);
    left -= static_cast<std::size_t>(n);
    at += static_cast<std::uint64_t>(n);
    auto done = static_cast<std::size_t>(n);
    for (iovec& part : parts) {
      const std::size_t of_part = std::min(done, part.iov_len);
      part.iov_base = static_cast<std::uint8_t*>(part.iov_base) + of_part;
      part.iov_len -= of_part;
      done -= of_part;
    }
  }
}

void sync(const std::filesystem::path& path, int flags) {
  const Descriptor file(path, flags, "cannot open");
  if (::fsync(file.fd()) != 0) fail(path, "cannot sync", kCheckDirectory);
}

// Of the user alone: rows lie in it.
void make_directory(const std::filesystem::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) fail(path, "cannot create", kCheckDirectory);
}

std::filesystem::path own_parent() {
  const char* tmp = std::getenv("TMPDIR");
  return std::filesystem::path(tmp && *tmp ? tmp : "/var/tmp") / fmt::format("redoubt-spill-{}", ::geteuid());
}

}  // namespace

template <class Io>
void layout(Io& io, SpilledState& s) {
  put_u64(io, 0, s.begin_scn);
  put_u64(io, 8, s.decided_scn);
  io.u32(16, s.begin_rba.sequence);
  io.u32(20, s.begin_rba.block);
  io.u16(24, s.begin_rba.offset);
  std::uint16_t flags = 0;
  const std::array bits{&s.has_begin, &s.dictionary, &s.lobs, &s.suspect, &s.split, &s.has_begin_vector};
  if constexpr (!Io::kReads)
    for (std::size_t i = 0; i < bits.size(); ++i) flags = static_cast<std::uint16_t>(flags | *bits[i] << i);
  io.u16(26, flags);
  if constexpr (Io::kReads) {
    if (flags >> bits.size() != 0) throw Malformed("flags of the state that nobody writes");
    for (std::size_t i = 0; i < bits.size(); ++i) *bits[i] = (flags >> i & 1) != 0;
  }
  io.u32(28, s.row_changes);
  auto lobs = static_cast<std::uint32_t>(s.owned_lobs.size());
  io.u32(32, lobs);
  if constexpr (Io::kReads) {
    if (lobs > io.size() / sizeof(oracle::LobId)) throw Malformed("more LOBs than fit");
    s.owned_lobs.resize(lobs);
  }
}

std::vector<std::uint8_t> encode_state(const SpilledState& state) {
  REDOUBT_ASSERT(state.split || state.split_undo.empty());
  std::vector<std::uint8_t> bytes = redo::encode(state, kStateSize, kOrder);
  for (const oracle::LobId& lob : state.owned_lobs) bytes.insert(bytes.end(), lob.begin(), lob.end());
  bytes.insert(bytes.end(), state.split_undo.begin(), state.split_undo.end());
  return bytes;
}

SpilledState decode_state(Bytes bytes) {
  SpilledState state;
  redo::Reader io(bytes, kOrder);
  layout(io, state);
  std::size_t at = kStateSize;
  for (oracle::LobId& lob : state.owned_lobs) {
    const Bytes id = slice(bytes, at, lob.size());
    std::copy(id.begin(), id.end(), lob.begin());
    at += lob.size();
  }
  const Bytes undo = slice(bytes, at, bytes.size() - at);
  if (!state.split && !undo.empty()) throw Malformed("a split undo record that nobody writes");
  state.split_undo.assign(undo.begin(), undo.end());
  return state;
}

SpillSpace::SpillSpace(std::filesystem::path directory, std::uint64_t limit)
    : directory_(std::move(directory)), limit_(limit), own_(directory_.empty()) {}

SpillSpace::~SpillSpace() {
  if (lock_ < 0) return;
  ::unlink((directory_ / kLockName).c_str());
  if (own_) {
    ::rmdir(directory_.c_str());
    ::rmdir(directory_.parent_path().c_str());  // when it is empty
  }
  ::close(lock_);
}

// False when another process has it.
bool SpillSpace::lock() {
  const std::filesystem::path path = directory_ / kLockName;
  while (true) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == ENOENT) {  // removed by its owner just now
      make_directory(directory_);
      continue;
    }
    if (fd < 0) fail(path, "cannot open", kCheckDirectory);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(fd);
      errno = error;
      if (error == EWOULDBLOCK) return false;
      fail(path, "cannot lock", kCheckDirectory);
    }
    // A lock on a file that its last owner has removed is none.
    struct stat held = {}, there = {};
    if (::fstat(fd, &held) == 0 && ::stat(path.c_str(), &there) == 0 && held.st_ino == there.st_ino &&
        held.st_dev == there.st_dev) {
      lock_ = fd;
      return true;
    }
    ::close(fd);
  }
}

void SpillSpace::open(const std::set<std::string>& keep) {
  if (lock_ >= 0) return;
  if (!own_) {
    make_directory(directory_);
    if (!lock()) throw Error(ErrorCode::kBusy, directory_.string(), "another process spills there", kCheckDirectory);
    return remove_left_files(keep);
  }
  const std::filesystem::path parent = own_parent();
  for (int n = 0;; ++n) {
    make_directory(parent);
    struct stat st = {};
    if (::lstat(parent.c_str(), &st) != 0) continue;  // removed by its last user just now
    if (!S_ISDIR(st.st_mode) || st.st_uid != ::geteuid() || (st.st_mode & 022) != 0)
      throw Error(ErrorCode::kOperation, parent.string(), "is no directory that only you may write to",
                  kCheckDirectory);
    directory_ = parent / std::to_string(n);
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno == ENOENT) {
      --n;
      continue;
    }
    if (lock()) return remove_left_files(keep);
  }
}

void SpillSpace::remove_left_files(const std::set<std::string>& keep) const {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kSuffix) && !keep.contains(name)) ::unlink(entry.path().c_str());
  }
  if (error) throw Error(ErrorCode::kOperation, directory_.string(), error.message(), kCheckDirectory);
}

void SpillSpace::remove_ended() {
  for (const Ended& file : ended_before_) {
    ::unlink(file.path.c_str());
    bytes_ -= file.length;
    --files_;
  }
  ended_before_ = std::exchange(ended_, {});
}

// A file has changed its length. Throws SpillFull before it is too long.
void SpillSpace::resize(std::uint64_t from, std::uint64_t to) {
  if (to > from && bytes_ + (to - from) > limit_)
    throw SpillFull(directory_, fmt::format("spilled changes have reached the limit of {} bytes", limit_));
  bytes_ = bytes_ + to - from;
}

SpillFile::SpillFile(SpillSpace& space, const TransactionId& id) : space_(space), id_(id) {
  space.open();
  std::random_device random;
  Header header{kVersion, id, std::uint64_t{random()} << 32 | random()};
  nonce_ = header.nonce;
  std::vector<std::uint8_t> bytes = redo::encode(header, kHeaderSize, kOrder);
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  store(bytes.data() + kHeaderChecked, static_cast<std::uint64_t>(XXH3_64bits(bytes.data(), kHeaderChecked)), kOrder);
  // A file that was kept may have the number of this one.
  do {
    path_ = space.directory() / fmt::format("{}-{}.{}.{}-{}{}", id.con_id, id.xid.usn, id.xid.slt, id.xid.sqn,
                                            space.next_number_++, SpillSpace::kSuffix);
  } while (std::filesystem::exists(path_));
  space.resize(0, kHeaderSize);
  end_ = kHeaderSize;
  ++space.files_;
  try {
    const Descriptor file(path_, O_WRONLY | O_CREAT | O_EXCL, "cannot create");
    write_at(file.fd(), path_, 0, bytes, {});
  } catch (...) {
    remove();
    throw;
  }
}

SpillFile::~SpillFile() {
  if (end_ == 0) return;  // it was not made
  if (saved_ != 0) {
    space_.ended_.push_back({path_, end_});
  } else {
    remove();
  }
}

void SpillFile::remove() {
  ::unlink(path_.c_str());
  space_.bytes_ -= end_;
  --space_.files_;
  end_ = 0;
}

void SpillFile::damaged(std::uint64_t at, const std::string& what) const {
  throw Error(ErrorCode::kIntegrity, fmt::format("{} at byte {}", path_.string(), at), what, kStartAgain);
}

std::uint64_t SpillFile::checksum(std::uint64_t at, const std::uint8_t* frame, Bytes bytes) const {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits_withSeed(frame, kFrameChecked, nonce_ + at));
}

std::uint64_t SpillFile::write_frame(std::uint64_t at, std::uint32_t kind, std::uint32_t number, Bytes bytes,
                                     std::uint32_t last) {
  const FrameHeader header{kind, number, static_cast<std::uint32_t>(bytes.size()), last};
  std::vector<std::uint8_t> head = redo::encode(header, kFrameSize, kOrder);
  const std::uint64_t sum = checksum(at, head.data(), bytes);
  store(head.data() + kFrameChecked, sum, kOrder);
  const std::uint64_t end = std::max(end_, at + kFrameSize + bytes.size());
  space_.resize(end_, end);
  try {
    const Descriptor file(path_, O_WRONLY, "cannot open");
    write_at(file.fd(), path_, at, head, bytes);
  } catch (...) {
    space_.bytes_ -= end - end_;
    throw;
  }
  end_ = end;
  return sum;
}

void SpillFile::write(std::uint32_t number, Bytes bytes, std::uint32_t last) {
  REDOUBT_ASSERT(number <= chunks_.size() && last < bytes.size());
  Frame frame{end_, static_cast<std::uint32_t>(bytes.size()), last};
  if (number < chunks_.size()) {
    const Frame& old = chunks_[number];
    if (old.at >= saved_ && old.size == frame.size) frame.at = old.at;
  }
  write_frame(frame.at, kChunk, number, bytes, last);
  bytes_ += frame.size;
  if (number == chunks_.size()) {
    chunks_.push_back(frame);
  } else {
    bytes_ -= chunks_[number].size;
    chunks_[number] = frame;
  }
}

std::uint64_t SpillFile::place_of(std::uint32_t number) const { return chunks_[number].at + kFrameSize; }

void SpillFile::read_part(std::uint64_t from, std::uint8_t* to, std::size_t size) const {
  const Descriptor file(path_, O_RDONLY, "cannot open");
  if (read_at(file.fd(), path_, from, to, size) != size) damaged(from, "the file is cut off");
}

void SpillFile::read(std::uint32_t number, std::uint8_t* to) const {
  const Frame& frame = chunks_[number];
  std::array<std::uint8_t, kFrameSize> head;
  const Descriptor file(path_, O_RDONLY, "cannot open");
  if (read_at(file.fd(), path_, frame.at, head.data(), head.size()) != head.size() ||
      read_at(file.fd(), path_, frame.at + kFrameSize, to, frame.size) != frame.size)
    damaged(frame.at, "the file is cut off");
  if (checksum(frame.at, head.data(), {to, frame.size}) != load_u64(head.data() + kFrameChecked, kOrder))
    damaged(frame.at, fmt::format("chunk {} of the transaction is not what was written", number));
}

void SpillFile::forget_from(std::uint32_t number) {
  std::uint64_t end = end_;
  while (chunks_.size() > number) {
    const Frame& frame = chunks_.back();
    bytes_ -= frame.size;
    if (frame.at >= saved_ && frame.at + kFrameSize + frame.size == end) end = frame.at;
    chunks_.pop_back();
  }
  if (end == end_) return;
  const Descriptor file(path_, O_WRONLY, "cannot open");
  if (::ftruncate(file.fd(), static_cast<off_t>(end)) != 0) fail(path_, "cannot cut off", kCheckDirectory);
  space_.resize(end_, end);
  end_ = end;
}

SavedSpill SpillFile::save(const SpilledState& state) {
  const std::vector<std::uint8_t> bytes = encode_state(state);
  const std::uint64_t sum = write_frame(end_, kState, chunks(), bytes, 0);
  sync(path_, O_RDONLY);
  if (saved_ == 0) sync(space_.directory(), O_RDONLY | O_DIRECTORY);
  saved_ = end_;
  return {path_.filename().string(), end_, sum};
}

std::unique_ptr<SpillFile> SpillFile::reopen(SpillSpace& space, const SavedSpill& saved, SpilledState& state) {
  REDOUBT_ASSERT(space.lock_ >= 0);
  if (std::filesystem::path(saved.file).filename() != saved.file)
    throw Error(ErrorCode::kIntegrity, saved.file, "is no name of a spill file", kStartAgain);
  std::unique_ptr<SpillFile> file(new SpillFile(space, space.directory() / saved.file));
  file->read_frames(saved, state);
  space.resize(0, saved.length);
  ++space.files_;
  file->end_ = file->saved_ = saved.length;
  return file;
}

void SpillFile::read_frames(const SavedSpill& saved, SpilledState& state) {
  const Descriptor file(path_, O_RDWR, "cannot open");
  struct stat st = {};
  if (::fstat(file.fd(), &st) != 0) fail(path_, "cannot get the size", kStartAgain);
  if (!S_ISREG(st.st_mode) || static_cast<std::uint64_t>(st.st_size) < saved.length || saved.length < kHeaderSize)
    damaged(0, fmt::format("a file of {} bytes, not of at least {}", st.st_size, saved.length));

  std::vector<std::uint8_t> bytes(kHeaderSize);
  read_at(file.fd(), path_, 0, bytes.data(), bytes.size());
  const auto header = redo::decode<Header>(bytes, kOrder);
  if (as_text(Bytes(bytes).first(kMagic.size())) != kMagic) damaged(0, "no spill file");
  if (header.version != kVersion)
    damaged(0, fmt::format("a spill file of version {}, known is {}", header.version, kVersion));
  if (load_u64(bytes.data() + kHeaderChecked, kOrder) != XXH3_64bits(bytes.data(), kHeaderChecked))
    damaged(0, "the header is damaged");
  id_ = header.id;
  nonce_ = header.nonce;

  std::uint64_t sum = 0;
  bool ends_with_state = false;
  for (std::uint64_t at = kHeaderSize; at < saved.length;) {
    std::array<std::uint8_t, kFrameSize> head;
    if (saved.length - at < kFrameSize || read_at(file.fd(), path_, at, head.data(), kFrameSize) != kFrameSize)
      damaged(at, "half a frame");
    const auto frame = redo::decode<FrameHeader>(head, kOrder);
    if (frame.size > saved.length - at - kFrameSize) damaged(at, "a frame reaches over the end");
    bytes.resize(frame.size);
    if (read_at(file.fd(), path_, at + kFrameSize, bytes.data(), frame.size) != frame.size) damaged(at, "half a frame");
    sum = load_u64(head.data() + kFrameChecked, kOrder);
    if (checksum(at, head.data(), bytes) != sum) damaged(at, "a frame is damaged");
    try {
      ends_with_state = frame.kind == kState;
      if (frame.kind == kChunk) {
        check_changes(bytes, frame.last);
        if (frame.number > chunks_.size()) throw Malformed(fmt::format("chunk {} is missing", chunks_.size()));
        if (frame.number == chunks_.size()) chunks_.emplace_back();
        chunks_[frame.number] = {at, frame.size, frame.last};
      } else if (frame.kind == kState) {
        if (frame.number > chunks_.size()) throw Malformed(fmt::format("chunk {} is missing", chunks_.size()));
        chunks_.resize(frame.number);
        state = decode_state(bytes);
      } else {
        throw Malformed(fmt::format("a frame of kind {}", frame.kind));
      }
    } catch (const Malformed& e) {
      damaged(at, e.what());
    }
    at += kFrameSize + frame.size;
  }
  if (!ends_with_state || sum != saved.checksum) damaged(saved.length, "not the state that was saved");
  for (const Frame& frame : chunks_) bytes_ += frame.size;
  // What was written behind is of a later time.
  if (static_cast<std::uint64_t>(st.st_size) > saved.length &&
      ::ftruncate(file.fd(), static_cast<off_t>(saved.length)) != 0)
    fail(path_, "cannot cut off", kCheckDirectory);
}

}  // namespace redoubt::capture
