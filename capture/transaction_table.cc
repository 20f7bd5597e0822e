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
  t->has_begin = t->dictionary = t->lobs = t->suspect = t->held = false;
  t->begin_scn = t->decided_scn = 0;
  t->begin_rba = {};
  t->row_changes = 0;
  t->last = nullptr;
  Slot& s = slot(con_id, xid.usn, xid.slt);
  t->older = std::exchange(s.newest, t);
  ++open_count_;
  return t;
}

void TransactionTable::close(OpenTransaction* t) {
  OpenTransaction** link = &slot(t->con_id, t->xid.usn, t->xid.slt).newest;
  while (*link != t) {
    REDOUBT_ASSERT(*link != nullptr);
    link = &(*link)->older;
  }
  *link = t->older;
  t->chunks.clear();
  t->split_undo.reset();
  free_.push_back(t);
  --open_count_;
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
