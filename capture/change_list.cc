#include "capture/change_list.h"

#include <cstring>

namespace redoubt::capture {
namespace {

std::uint32_t offset_in(Chunk& chunk, const Change* change) {
  return static_cast<std::uint32_t>(reinterpret_cast<const std::uint8_t*>(change) - chunk.data());
}
Change* change_at(Chunk& chunk, std::uint32_t offset) { return reinterpret_cast<Change*>(chunk.data() + offset); }

void check_vector(Bytes bytes, const Change& change, std::string_view which) {
  if (bytes.empty()) return;
  redo::Vector v;
  redo::parse_vector(bytes, change.header_size, change.order, v);
  if (v.bytes.size() != bytes.size()) throw Malformed(std::string(which) + " vector of another size");
}

}  // namespace

void check_changes(Bytes chunk, std::uint32_t last) {
  if (chunk.empty()) throw Malformed("a chunk without changes");
  std::uint32_t previous = 0;
  for (std::size_t at = 0; at < chunk.size();) {
    // Flags are looked at as bytes: a bool that is neither 0 nor 1 must not be read.
    Bytes raw = slice(chunk, at, sizeof(Change));
    for (const std::size_t flag :
         {offsetof(Change, order), offsetof(Change, cancelled), offsetof(Change, lob), offsetof(Change, forgotten)})
      if (raw[flag] > 1) throw Malformed("a flag of a change is neither 0 nor 1");
    Change change;
    std::memcpy(&change, raw.data(), sizeof change);
    if (change.header_size != 24 && change.header_size != 32) throw Malformed("a vector header of another size");
    if (change.previous != (at == 0 ? 0 : at - previous)) throw Malformed("a change does not follow the one before");
    raw = slice(chunk, at, change.size());
    check_vector(slice(raw, sizeof(Change), change.undo_size), change, "an undo");
    check_vector(slice(raw, raw.size() - ((std::size_t{change.redo_size} + 7) & ~std::size_t{7}), change.redo_size),
                 change, "a redo");
    if (change.undo_size == 0 && change.redo_size == 0) throw Malformed("a change without vectors");
    if (change.redo_size == 0 && change.op != redo::kUndo) throw Malformed("a change without its redo vector");
    previous = static_cast<std::uint32_t>(at);
    at += raw.size();
  }
  if (previous != last) throw Malformed("the last change of a chunk is elsewhere");
}

Change* ChangeList::add(const Change& head, Bytes undo, Bytes redo) {
  Change shape = head;
  shape.undo_size = static_cast<std::uint32_t>(undo.size());
  shape.redo_size = static_cast<std::uint32_t>(redo.size());
  const std::size_t size = shape.size();
  if (!tail_ || tail_->capacity - tail_->used < size) [[unlikely]]
    grow(size);
  auto* change = new (tail_->data() + tail_->used) Change(shape);
  change->previous = tail_->used == 0 ? 0 : tail_->used - offset_in(*tail_, newest_);
  change->cancelled = change->forgotten = false;
  std::uint8_t* to = change->undo_data();
  for (const Bytes vector : {undo, redo}) {
    if (vector.empty()) continue;
    const std::size_t padded = (vector.size() + 7) & ~std::size_t{7};
    std::memset(to + padded - 8, 0, 8);  // no old memory goes to disk
    std::memcpy(to, vector.data(), vector.size());
    to += padded;
  }
  tail_->used += static_cast<std::uint32_t>(size);
  bytes_ += size;
  newest_ = change;
  return change;
}

void ChangeList::grow(std::size_t size) {
  Chunk* chunk = pool_->get(tail_ ? tail_->size_class + 1 : 0, size);
  chunk->number = tail_ ? tail_->number + 1 : spilled_;
  chunk->previous = tail_;
  if (tail_) {
    tail_->last = offset_in(*tail_, newest_);
    tail_->next = chunk;
  } else {
    first_ = chunk;
  }
  tail_ = chunk;
}

// The last chunk, which holds no change any more.
void ChangeList::drop_tail() {
  Chunk* chunk = std::exchange(tail_, tail_->previous);
  (tail_ ? tail_->next : first_) = nullptr;
  pool_->put(chunk);
  newest_ = tail_ ? change_at(*tail_, tail_->last) : nullptr;
}

void ChangeList::trim() {
  while (true) {
    if (!newest_) {
      if (spilled_ == 0) return;
      load_last();  // what is newest now may be rolled back next
      REDOUBT_ASSERT(newest_ != nullptr);
    }
    if (!newest_->taken_back()) return;
    const std::uint32_t at = offset_in(*tail_, newest_);
    bytes_ -= tail_->used - at;
    tail_->used = at;
    if (at == 0) {
      drop_tail();
    } else {
      newest_ = change_at(*tail_, at - newest_->previous);
    }
  }
}

// A copy of a chunk in the file.
Chunk* ChangeList::read(std::uint32_t number, ChunkList& owner) const {
  Chunk* chunk = pool_->get(0, file_->size(number));
  owner.adopt(chunk);
  file_->read(number, chunk->data());
  chunk->used = file_->size(number);
  chunk->last = file_->last(number);
  chunk->number = number;
  return chunk;
}

Chunk* ChangeList::find(std::uint32_t number) const {
  Chunk* chunk = tail_;
  while (chunk && chunk->number != number) chunk = chunk->previous;
  return chunk;
}

Change* ChangeList::Backward::last_of(Chunk* chunk) {
  chunk_ = chunk;
  return change_ = change_at(*chunk, chunk == list_.tail_ ? offset_in(*chunk, list_.newest_) : chunk->last);
}

Change* ChangeList::Backward::next() {
  if (change_ && change_->previous != 0) {
    change_ = reinterpret_cast<Change*>(reinterpret_cast<std::uint8_t*>(change_) - change_->previous);
    return change_;
  }
  if (!chunk_ && list_.tail_) return last_of(list_.tail_);
  if (chunk_ && chunk_->previous) return last_of(chunk_->previous);
  const std::uint32_t left = chunk_ ? chunk_->number : list_.spilled_;
  if (left == 0) return nullptr;
  copy_.clear();
  return last_of(list_.read(left - 1, copy_));
}

void ChangeList::cancel(std::span<const Cancelled> changes) {
  const auto mark = [](Chunk& chunk, const Cancelled& c) {
    Change* change = change_at(chunk, c.place.offset);
    change->cancelled = true;
    change->forgotten = c.forgotten;
  };
  for (std::size_t i = 0; i < changes.size();) {
    const std::uint32_t number = changes[i].place.chunk;
    if (number >= spilled_) {
      mark(*find(number), changes[i++]);
      continue;
    }
    ChunkList owner(*pool_);
    Chunk* chunk = read(number, owner);
    for (; i < changes.size() && changes[i].place.chunk == number; ++i) mark(*chunk, changes[i]);
    file_->write(number, {chunk->data(), chunk->used}, chunk->last);
  }
}

void ChangeList::spill(SpillSpace& space, const TransactionId& id, bool whole) {
  while (first_ && (whole || first_ != tail_)) {
    if (!file_) file_ = std::make_unique<SpillFile>(space, id);
    Chunk* chunk = first_;
    if (chunk == tail_) chunk->last = offset_in(*chunk, newest_);
    file_->write(chunk->number, {chunk->data(), chunk->used}, chunk->last);
    ++spilled_;
    bytes_ -= chunk->used;
    first_ = std::exchange(chunk->next, nullptr);
    if (first_) {
      first_->previous = nullptr;
    } else {
      tail_ = nullptr;
      newest_ = nullptr;
    }
    pool_->put(chunk);
  }
}

// The last chunk of the file becomes the first in memory.
void ChangeList::load_last() {
  ChunkList owner(*pool_);
  read(spilled_ - 1, owner);
  Chunk* chunk = owner.release();
  file_->forget_from(--spilled_);
  bytes_ += chunk->used;
  chunk->next = first_;
  if (first_) {
    first_->previous = chunk;
  } else {
    tail_ = chunk;
    newest_ = change_at(*chunk, chunk->last);
  }
  first_ = chunk;
}

void ChangeList::load() {
  while (spilled_ > 0) load_last();
}

SpillFile& ChangeList::all_in_file(SpillSpace& space, const TransactionId& id) {
  if (!file_) file_ = std::make_unique<SpillFile>(space, id);
  spill(space, id, true);
  return *file_;
}

void ChangeList::attach(std::unique_ptr<SpillFile> file) {
  REDOUBT_ASSERT(empty() && !file_);
  file_ = std::move(file);
  spilled_ = file_->chunks();
}

Chunk* ChangeList::take_front() {
  if (taken_ < spilled_) {
    ChunkList owner(*pool_);
    read(taken_, owner);
    ++taken_;
    return owner.release();
  }
  Chunk* chunk = first_;
  if (!chunk) return nullptr;
  first_ = std::exchange(chunk->next, nullptr);
  bytes_ -= chunk->used;
  if (!first_) {
    tail_ = nullptr;
    newest_ = nullptr;
  }
  return chunk;
}

void ChangeList::clear() {
  if (first_) pool_->put(first_);
  first_ = tail_ = nullptr;
  newest_ = nullptr;
  bytes_ = 0;
  spilled_ = taken_ = 0;
  file_.reset();
}

}  // namespace redoubt::capture
