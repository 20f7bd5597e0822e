#include "capture/transaction_table.h"

namespace redoubt::capture {

TransactionTable::TransactionTable(ChunkPool& pool) : pool_(pool), slots_(1024), shift_(64 - 10) {}

OpenTransaction* TransactionTable::open(std::uint16_t con_id, Xid xid) {
  if (free_.empty()) {
    all_.push_back(std::make_unique<OpenTransaction>(pool_));
    free_.push_back(all_.back().get());
  }
  OpenTransaction* t = free_.back();
  free_.pop_back();
  t->xid = xid;
  t->con_id = con_id;
  t->has_begin = t->has_begin_vector = t->dictionary = t->lobs = t->suspect = t->held = t->restored = false;
  t->begin_scn = t->decided_scn = 0;
  t->begin_rba = {};
  t->row_changes = 0;
  t->searched = 0;
  t->saved.reset();
  t->in_slot = true;
  Slot& s = slot(con_id, xid.usn, xid.slt);
  t->older = std::exchange(s.newest, t);
  ++open_count_;
  return t;
}

OpenTransaction* TransactionTable::oldest_too_many(std::uint16_t con_id, Xid xid) {
  OpenTransaction* t = newest(con_id, xid.usn, xid.slt);
  for (std::size_t n = 1; t && t->older; ++n, t = t->older)
    if (n + 1 >= kSlotMax && !t->older->older) return t->older;
  return nullptr;
}

void TransactionTable::end(OpenTransaction* t) {
  if (!std::exchange(t->in_slot, false)) return;
  OpenTransaction** link = &slot(t->con_id, t->xid.usn, t->xid.slt).newest;
  while (*link != t) {
    REDOUBT_ASSERT(*link != nullptr);
    link = &(*link)->older;
  }
  *link = t->older;
  --open_count_;
}

void TransactionTable::close(OpenTransaction* t) {
  end(t);
  t->held = false;
  t->changes.clear();
  drop_split_undo(*t);
  free_.push_back(t);
}

void TransactionTable::keep_split_undo(OpenTransaction& t, std::vector<std::uint8_t> parts) {
  drop_split_undo(t);
  split_bytes_ += parts.size();
  t.split_undo = std::make_unique<std::vector<std::uint8_t>>(std::move(parts));
}

void TransactionTable::drop_split_undo(OpenTransaction& t) {
  if (!t.split_undo) return;
  split_bytes_ -= t.split_undo->size();
  t.split_undo.reset();
}

TransactionTable::Slot& TransactionTable::add_slot(std::uint64_t key) {
  if (2 * (slots_used_ + 1) > slots_.size()) {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const Slot& s : old) {
      if (s.key == kFree) continue;
      std::size_t i = s.key * 0x9E3779B97F4A7C15U >> shift_;
      while (slots_[i].key != kFree) i = (i + 1) & (slots_.size() - 1);
      slots_[i] = s;
    }
  }
  ++slots_used_;
  std::size_t i = key * 0x9E3779B97F4A7C15U >> shift_;
  while (slots_[i].key != kFree) i = (i + 1) & (slots_.size() - 1);
  slots_[i].key = key;
  return slots_[i];
}

}  // namespace redoubt::capture
