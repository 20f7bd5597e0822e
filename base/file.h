// Files: reading at an offset, writing in order, and replacing a file durably and atomically.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace redoubt {

// A file opened for reading. Errors are Error(kOperation) that name the path.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Size in bytes, asked anew each time: a live log or a copy in progress grows.
  std::uint64_t size() const;
  // Reads up to `size` bytes at `offset`; returns how many there were (fewer only at the end of the file).
  std::size_t read(std::uint64_t offset, std::uint8_t* to, std::size_t size) const;
  // Tells the kernel that the file will be read front to back.
  void expect_sequential() const;

 private:
  std::filesystem::path path_;
  int fd_;
};

// A file (or standard output, path "-") written front to back.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path);
  // Goes on behind the first `keep` bytes of a file; what it has behind them is cut off. Error(kIntegrity) when it has
  // fewer.
  OutputFile(const std::filesystem::path& path, std::uint64_t keep);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  // Overwrites at an offset that has been written; what follows is still appended at the end.
  void write_at(std::uint64_t offset, std::string_view bytes);
  // Forces everything written to stable storage; nothing to do for pipes and terminals.
  void sync();

 private:
  std::filesystem::path path_;
  int fd_;
  bool owned_;
};

// The whole file as bytes; Error(kOperation) if it cannot be read or is larger than `limit`.
std::string read_file(const std::filesystem::path& path, std::uint64_t limit = 1ULL << 32);

// Makes `path` hold exactly `bytes`, or leaves what was there: written beside it, synced, renamed, directory synced.
void replace_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace redoubt
