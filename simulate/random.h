// The only source of chance in the simulator: xoshiro256** seeded through SplitMix64. The same seed gives the same run
// on every machine; nothing here asks a clock.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace redoubt::simulate {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9E3779B97F4A7C15U;
      std::uint64_t z = seed;
      z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
      z = (z ^ z >> 27) * 0x94D049BB133111EBU;
      word = z ^ z >> 31;
    }
  }

  std::uint64_t next() {
    const auto rotate = [](std::uint64_t x, int k) { return x << k | x >> (64 - k); };
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  // 0 .. n-1; n > 0.
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>((next() >> 32) * n >> 32); }
  // low .. high, both included.
  std::uint32_t between(std::uint32_t low, std::uint32_t high) { return low + below(high - low + 1); }
  bool percent(std::uint32_t p) { return below(100) < p; }
  ByteString bytes(std::size_t size) {
    ByteString made(size, 0);
    for (std::uint8_t& b : made) b = static_cast<std::uint8_t>(next());
    return made;
  }

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace redoubt::simulate
