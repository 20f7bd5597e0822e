// Text under construction: a char array that grows, for writers that know an upper bound of what they are about to
// write.
//
//   char* p = out.room(40);      // at least 40 chars may be written from p
//   p = write_something(p);
//   out.used(p);
//
// append() copies. Nothing here allocates while the capacity suffices; clear() keeps the capacity.
#pragma once

#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace redoubt {

class TextBuffer {
 public:
  char* room(std::size_t n) {
    if (capacity_ - size_ < n) [[unlikely]]
      grow(n);
    return data_.get() + size_;
  }
  // `end` is one past the last char written behind the pointer that room() gave.
  void used(char* end) {
    size_ = static_cast<std::size_t>(end - data_.get());
    REDOUBT_ASSERT(size_ <= capacity_);
  }
  void append(std::string_view s) {
    char* p = room(s.size());
    if (!s.empty()) std::memcpy(p, s.data(), s.size());
    size_ += s.size();
  }
  void append(char c) {
    *room(1) = c;
    ++size_;
  }
  template <class Int>
  void append_int(Int v) {
    char* p = room(24);
    used(std::to_chars(p, p + 24, v).ptr);
  }

  std::string_view view() const { return {data_.get(), size_}; }
  std::string str() const { return std::string(view()); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void shrink_to(std::size_t size) {
    REDOUBT_ASSERT(size <= size_);
    size_ = size;
  }

 private:
  void grow(std::size_t n) {
    std::size_t capacity = std::max(capacity_ * 2, size_ + n + 256);
    auto data = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_) std::memcpy(data.get(), data_.get(), size_);
    data_ = std::move(data);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace redoubt
