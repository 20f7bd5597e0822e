#include "sink/file_sink.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

namespace redoubt::sink {
namespace {

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

// The bytes before `length`; fewer than kTail where the file is shorter.
std::string read_tail(const std::filesystem::path& path, std::uint64_t length) {
  const InputFile file(path);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(length, FileSink::kTail));
  std::string tail(size, '\0');
  tail.resize(file.read(length - size, reinterpret_cast<std::uint8_t*>(tail.data()), size));
  return tail;
}

// Refuses before anything is cut off.
std::string verified_tail(const std::filesystem::path& path, FileSink::Token token) {
  std::string tail = read_tail(path, token.length);
  if (tail.size() == std::min<std::uint64_t>(token.length, FileSink::kTail) && checksum(tail) == token.tail)
    return tail;
  throw Error(
      ErrorCode::kIntegrity, path.string(),
      fmt::format("is not what was written: its first {} bytes should be safe and end differently", token.length),
      "restore the file, or begin anew with another --output and --name");
}

}  // namespace

FileSink::FileSink(const std::filesystem::path& path) : file_(path) {}

FileSink::FileSink(const std::filesystem::path& path, Token token)
    : file_((verified_tail(path, token), path), token.length),
      length_(token.length),
      tail_(read_tail(path, token.length)) {}

void FileSink::write(std::string_view text) {
  file_.write(text);
  length_ += text.size();
  if (text.size() >= kTail) {
    tail_.assign(text.substr(text.size() - kTail));
  } else {
    tail_.append(text);
    if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
  }
}

FileSink::Token FileSink::sync() {
  file_.sync();
  return {length_, checksum(tail_)};
}

}  // namespace redoubt::sink
