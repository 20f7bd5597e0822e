// Memory of open transactions. A transaction's redo is kept as bytes in chunks; the first is small and each next one is
// twice as large, so that thousands of idle transactions cost little and large ones few allocations. Chunks go back to
// a pool, and are used again while they are warm in the cache.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/error.h"

namespace redoubt::capture {

struct Chunk {
  Chunk* next = nullptr;
  Chunk* previous = nullptr;   // these three of a ChangeList alone
  std::uint32_t number = 0;    // place among the chunks of its transaction
  std::uint32_t last = 0;      // where its last change begins; not kept up to date in the chunk that is added to
  std::uint32_t capacity = 0;  // bytes behind this header
  std::uint32_t used = 0;
  std::uint8_t size_class = 0;

  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
};

class ChunkPool {
 public:
  static constexpr std::size_t kSmallest = 1024;  // whole chunk, header included
  static constexpr int kClasses = 11;             // 1 KiB ... 1 MiB; larger needs get a chunk of their own

  ChunkPool() = default;
  ~ChunkPool();
  ChunkPool(const ChunkPool&) = delete;
  ChunkPool& operator=(const ChunkPool&) = delete;

  // Makes chunks that are not asked to be larger, and what is kept of free ones, fit to a budget of so many bytes.
  void set_budget(std::uint64_t bytes);

  // A chunk of at least `bytes` and at least of `size_class`, or the largest class of the budget, empty.
  Chunk* get(int size_class, std::size_t bytes);
  // Takes back a list of chunks.
  void put(Chunk* list);

  std::size_t bytes_in_use() const { return in_use_; }

 private:
  static constexpr std::size_t kKeptBytes = 16U << 20;  // free chunks kept for reuse, at most

  std::array<Chunk*, kClasses> free_{};
  int largest_class_ = kClasses - 1;
  std::size_t kept_max_ = kKeptBytes;
  std::size_t in_use_ = 0;
  std::size_t kept_ = 0;
};

// Bytes that are only added to and stay where they are until clear(), in chunks of a pool.
class ChunkList {
 public:
  explicit ChunkList(ChunkPool& pool) : pool_(&pool) {}
  ~ChunkList() { clear(); }
  ChunkList(ChunkList&& other) noexcept
      : pool_(other.pool_),
        first_(std::exchange(other.first_, nullptr)),
        last_(std::exchange(other.last_, nullptr)),
        bytes_(std::exchange(other.bytes_, 0)) {}
  ChunkList(const ChunkList&) = delete;
  ChunkList& operator=(const ChunkList&) = delete;
  ChunkList& operator=(ChunkList&&) = delete;

  // `size` bytes in one piece, 8-byte aligned, uninitialised.
  std::uint8_t* add(std::size_t size) {
    size = (size + 7) & ~std::size_t{7};
    if (!last_ || last_->capacity - last_->used < size) [[unlikely]]
      grow(size);
    std::uint8_t* p = last_->data() + last_->used;
    last_->used += static_cast<std::uint32_t>(size);
    bytes_ += size;
    return p;
  }
  void clear() {
    if (first_) pool_->put(first_);
    first_ = last_ = nullptr;
    bytes_ = 0;
  }
  // Moves all chunks of `other` into this list.
  void splice(ChunkList& other);
  // Takes a chunk of the pool over, with what is in it.
  void adopt(Chunk* chunk);
  // Gives the only chunk away.
  Chunk* release() {
    REDOUBT_ASSERT(first_ && first_ == last_);
    last_ = nullptr;
    bytes_ = 0;
    return std::exchange(first_, nullptr);
  }

  std::size_t bytes() const { return bytes_; }

 private:
  void grow(std::size_t size);

  ChunkPool* pool_;
  Chunk* first_ = nullptr;
  Chunk* last_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace redoubt::capture
