#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace redoubt {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* doing) {
  const int error = errno;
  throw Error(ErrorCode::kOperation, path.string(), fmt::format("{}: {}", doing, std::strerror(error)),
              error == ENOENT   ? "check the path"
              : error == EACCES ? "check the permissions"
              : error == ENOSPC ? "free some space"
              : error == EISDIR ? "name a file, not a directory"
                                : "check the file system");
}

void write_all(int fd, const std::filesystem::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

InputFile::InputFile(const std::filesystem::path& path) : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) fail(path_, "cannot open");
}

InputFile::~InputFile() { ::close(fd_); }

std::uint64_t InputFile::size() const {
  struct stat st;
  if (::fstat(fd_, &st) != 0) fail(path_, "cannot get the size");
  return static_cast<std::uint64_t>(st.st_size);
}

std::size_t InputFile::read(std::uint64_t offset, std::uint8_t* to, std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::pread(fd_, to + done, size - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "cannot read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

void InputFile::expect_sequential() const { ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL); }

OutputFile::OutputFile(const std::filesystem::path& path)
    : path_(path),
      fd_(path == "-" ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
      owned_(path != "-") {
  if (fd_ < 0) fail(path_, "cannot create");
}

OutputFile::OutputFile(const std::filesystem::path& path, std::uint64_t keep)
    : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CLOEXEC)), owned_(true) {
  if (fd_ < 0) fail(path_, "cannot open");
  struct stat status;
  if (::fstat(fd_, &status) != 0) fail(path_, "cannot get the size");
  if (static_cast<std::uint64_t>(status.st_size) < keep) {
    ::close(fd_);
    throw Error(ErrorCode::kIntegrity, path.string(),
                fmt::format("has {} bytes, {} were written and safe", status.st_size, keep), "restore it");
  }
  if (::ftruncate(fd_, static_cast<off_t>(keep)) != 0 || ::lseek(fd_, 0, SEEK_END) < 0) fail(path_, "cannot cut");
}

OutputFile::~OutputFile() {
  if (owned_) ::close(fd_);
}

void OutputFile::write(std::string_view bytes) { write_all(fd_, path_, bytes); }

void OutputFile::write_at(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
}

void OutputFile::sync() {
  if (::fsync(fd_) != 0 && errno != EINVAL && errno != EROFS) fail(path_, "cannot sync");
}

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const InputFile file(path);
  const std::uint64_t size = file.size();
  if (size > limit)
    throw Error(ErrorCode::kOperation, path.string(), fmt::format("is {} bytes, more than {}", size, limit),
                "name the right file");
  std::string bytes(size, '\0');
  bytes.resize(file.read(0, reinterpret_cast<std::uint8_t*>(bytes.data()), size));
  return bytes;
}

void replace_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path beside = path;
  beside += fmt::format(".{}.new", ::getpid());
  try {
    OutputFile file(beside);
    file.write(bytes);
    file.sync();
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
  if (::rename(beside.c_str(), path.c_str()) != 0) {
    ::unlink(beside.c_str());
    fail(path, "cannot replace");
  }
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const int directory = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) fail(parent, "cannot open");
  const int result = ::fsync(directory);
  ::close(directory);
  if (result != 0) fail(parent, "cannot sync");
}

}  // namespace redoubt
