#include "redo/header.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace redoubt::redo {
namespace {

std::string until_nul(Bytes b) {
  const std::string_view text = as_text(b);
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace

std::string RedoHeader::database() const { return until_nul(name); }
std::string RedoHeader::text() const { return until_nul(description); }

RedoTime redo_time(std::uint32_t value) {
  RedoTime t;
  t.second = value % 60;
  value /= 60;
  t.minute = value % 60;
  value /= 60;
  t.hour = value % 24;
  value /= 24;
  t.day = value % 31 + 1;
  value /= 31;
  t.month = value % 12 + 1;
  t.year = value / 12 + 1988;
  return t;
}

std::uint32_t redo_time_value(const RedoTime& t) {
  return ((((t.year - 1988) * 12 + (t.month - 1)) * 31 + (t.day - 1)) * 24 + t.hour) * 3600 + t.minute * 60 + t.second;
}

std::string to_text(const RedoTime& t) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute, t.second);
}

// Below 18 the minor parts are nibbles, from 18 on they are bytes.
std::string version_text(Version v) {
  if (v >= kVersion18) return fmt::format("{}.{}.{}", v >> 24, v >> 16 & 255, v >> 8 & 255);
  return fmt::format("{}.{}.{}.{}", v >> 24, v >> 20 & 15, v >> 16 & 15, v >> 8 & 255);
}

std::uint16_t block_xor(const std::uint8_t* block, std::size_t size) {
  // 64 bytes a turn: every block size is a multiple of it.
  using Lanes = std::uint64_t __attribute__((vector_size(16)));
  std::array<Lanes, 4> sums{};
  for (std::size_t at = 0; at < size; at += sizeof sums) {
    std::array<Lanes, 4> v;
    std::memcpy(&v, block + at, sizeof v);
    for (std::size_t i = 0; i < v.size(); ++i) sums[i] ^= v[i];
  }
  const Lanes sum = (sums[0] ^ sums[1]) ^ (sums[2] ^ sums[3]);
  std::uint64_t a = sum[0] ^ sum[1];
  a ^= a >> 32;
  return static_cast<std::uint16_t>(a ^ a >> 16);
}

bool size_code_fits(std::uint8_t code, std::uint32_t block_size) {
  switch (block_size) {
    case 512: return code == 0x22;
    case 1024: return code == 0x22 || code == 0x42;  // readers disagree, no file seen
    case 4096: return code == 0x82;
    default: return false;
  }
}

}  // namespace redoubt::redo
