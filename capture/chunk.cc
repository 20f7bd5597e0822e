#include "capture/chunk.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace redoubt::capture {

ChunkPool::~ChunkPool() {
  for (Chunk* list : free_)
    while (list) std::free(std::exchange(list, list->next));
}

void ChunkPool::set_budget(std::uint64_t bytes) {
  constexpr std::uint64_t kParts = 64;  // so that one chunk is little of it
  largest_class_ = 2;
  while (largest_class_ < kClasses - 1 && (kSmallest << (largest_class_ + 1)) <= bytes / kParts) ++largest_class_;
  kept_max_ = std::min<std::uint64_t>(kKeptBytes, bytes / 16);
}

Chunk* ChunkPool::get(int size_class, std::size_t bytes) {
  size_class = std::min(size_class, largest_class_);
  while (size_class < kClasses && (kSmallest << size_class) - sizeof(Chunk) < bytes) ++size_class;
  if (size_class < kClasses && free_[static_cast<std::size_t>(size_class)]) {
    Chunk*& head = free_[static_cast<std::size_t>(size_class)];
    Chunk* chunk = std::exchange(head, head->next);
    kept_ -= chunk->capacity;
    in_use_ += chunk->capacity;
    chunk->next = chunk->previous = nullptr;
    chunk->used = 0;
    return chunk;
  }
  const std::size_t size = size_class < kClasses ? kSmallest << size_class : bytes + sizeof(Chunk);
  REDOUBT_ASSERT(size <= 0xFFFFFFFF);
  void* memory = std::malloc(size);
  if (!memory) throw std::bad_alloc();
  Chunk* chunk = new (memory) Chunk;
  chunk->capacity = static_cast<std::uint32_t>(size - sizeof(Chunk));
  chunk->size_class = static_cast<std::uint8_t>(size_class);
  in_use_ += chunk->capacity;
  return chunk;
}

void ChunkPool::put(Chunk* list) {
  while (list) {
    Chunk* chunk = std::exchange(list, list->next);
    in_use_ -= chunk->capacity;
    if (chunk->size_class >= kClasses || kept_ + chunk->capacity > kept_max_) {
      std::free(chunk);
      continue;
    }
    kept_ += chunk->capacity;
    chunk->next = std::exchange(free_[chunk->size_class], chunk);
  }
}

void ChunkList::grow(std::size_t size) {
  Chunk* chunk = pool_->get(last_ ? last_->size_class + 1 : 0, size);
  (last_ ? last_->next : first_) = chunk;
  last_ = chunk;
}

void ChunkList::splice(ChunkList& other) {
  if (!other.first_) return;
  // In front: this list's last chunk may still have room.
  other.last_->next = first_;
  if (!last_) last_ = other.last_;
  first_ = std::exchange(other.first_, nullptr);
  other.last_ = nullptr;
  bytes_ += std::exchange(other.bytes_, 0);
}

void ChunkList::adopt(Chunk* chunk) {
  chunk->next = first_;
  if (!last_) last_ = chunk;
  first_ = chunk;
  bytes_ += chunk->used;
}

}  // namespace redoubt::capture
