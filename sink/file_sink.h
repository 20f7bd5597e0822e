// Lines of JSON in a file, each transaction in it exactly once.
//
//   |<------- safe: Token.length ------->|<-- written since, perhaps in part -->|
//                              |<- tail ->|
//
// The token is kept with the position that it belongs to, in one place and one transaction. Whoever goes on from that
// position hands the token back: what lies behind it is cut off and written again. The checksum of the last bytes
// before it tells another file, or an older copy of this one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"

namespace redoubt::sink {

class FileSink {
 public:
  struct Token {
    std::uint64_t length = 0;  // bytes that are durable
    std::uint32_t tail = 0;    // CRC-32 of the last kTail of them
    bool operator==(const Token&) const = default;
  };
  static constexpr std::size_t kTail = 4096;

  // A new file, or standard output for "-", which has no durable length.
  explicit FileSink(const std::filesystem::path& path);
  // Goes on where the token was given. Throws Error(kIntegrity) when the file is not the one, or shorter.
  FileSink(const std::filesystem::path& path, Token token);

  void write(std::string_view text);
  // Makes everything written durable, and says up to where.
  Token sync();

 private:
  OutputFile file_;
  std::uint64_t length_ = 0;
  std::string tail_;  // the last bytes written, at most kTail
};

}  // namespace redoubt::sink
