#include "capture/transaction.h"

#include <algorithm>
#include <cstring>

namespace redoubt::capture {

void OpenTransaction::touch_other(std::uint16_t thread, Rba start) {
  for (const Start& s : other_starts_)
    if (s.thread == thread) return;
  other_starts_.push_back({thread, start});
}

void OpenTransaction::touch_earlier(std::uint16_t thread, Rba start) {
  touch(thread, start);
  if (start_.thread == thread) start_.rba = std::min(start_.rba, start);
  for (Start& s : other_starts_)
    if (s.thread == thread) s.rba = std::min(s.rba, start);
}

Change* OpenTransaction::add(const Change& head, Bytes undo, Bytes redo) {
  Change shape = head;
  shape.undo_size = static_cast<std::uint32_t>(undo.size());
  shape.redo_size = static_cast<std::uint32_t>(redo.size());
  auto* change = new (chunks.add(shape.size())) Change(shape);
  if (!undo.empty()) std::memcpy(change->undo_data(), undo.data(), undo.size());
  if (!redo.empty()) std::memcpy(change->undo_data() + ((undo.size() + 7) & ~std::size_t{7}), redo.data(), redo.size());
  change->previous = last;
  change->cancelled = change->forgotten = false;
  last = change;
  return change;
}

}  // namespace redoubt::capture
