// The open transactions, found by (container, undo segment, slot). Rollback vectors name only these; the wrap number of
// the XID then tells transactions of one slot apart. A slot normally holds one transaction; where begins overlap it
// holds a stack, newest first (threads.md M1, M2).
#pragma once

#include <memory>
#include <vector>

#include "capture/transaction.h"

namespace redoubt::capture {

class TransactionTable {
 public:
  explicit TransactionTable(ChunkPool& pool);

  static constexpr std::size_t kSlotMax = 16;  // transactions of one slot

  // The newest open transaction of the slot, or null.
  OpenTransaction* newest(std::uint16_t con_id, std::uint16_t usn, std::uint16_t slt) {
    return slot(con_id, usn, slt).newest;
  }
  // The open transaction of that XID, or null.
  OpenTransaction* find(std::uint16_t con_id, Xid xid) {
    for (OpenTransaction* t = newest(con_id, xid.usn, xid.slt); t; t = t->older)
      if (t->xid.sqn == xid.sqn) return t;
    return nullptr;
  }
  // Opens a transaction on top of its slot's stack. Owned by the table until close().
  OpenTransaction* open(std::uint16_t con_id, Xid xid);
  // The oldest open transaction of the slot when there is no room for another, else null.
  OpenTransaction* oldest_too_many(std::uint16_t con_id, Xid xid);
  // The transaction has ended: it is taken out of its slot, and remains.
  void end(OpenTransaction* t);
  // Forgets the transaction, and ends it if it has not ended.
  void close(OpenTransaction* t);

  // Keeps parts of a split undo record, or none.
  void keep_split_undo(OpenTransaction& t, std::vector<std::uint8_t> parts);
  void drop_split_undo(OpenTransaction& t);

  std::size_t open_count() const { return open_count_; }
  // Memory of the table and what it keeps, without the changes.
  std::size_t own_bytes() const {
    return all_.size() * (sizeof(OpenTransaction) + 2 * sizeof(void*)) + slots_.size() * sizeof(Slot) + split_bytes_;
  }
  // All that are open or held.
  template <class F>
  void for_each(F f) const {
    for (const auto& t : all_)
      if (t->in_slot || t->held) f(*t);
  }

 private:
  struct Slot {
    std::uint64_t key = kFree;
    OpenTransaction* newest = nullptr;
  };
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};

  // The slot of the key, added when new: real databases have a few thousand, and use them again and again.
  Slot& slot(std::uint16_t con_id, std::uint16_t usn, std::uint16_t slt) {
    const std::uint64_t key = std::uint64_t{con_id} << 32 | std::uint64_t{usn} << 16 | slt;
    for (std::size_t i = key * 0x9E3779B97F4A7C15U >> shift_;; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].key == key) return slots_[i];
      if (slots_[i].key == kFree) return add_slot(key);
    }
  }
  Slot& add_slot(std::uint64_t key);

  ChunkPool& pool_;
  std::vector<Slot> slots_;  // open addressing, size a power of two, at most half full
  unsigned shift_;
  std::size_t slots_used_ = 0;
  std::size_t open_count_ = 0;
  std::size_t split_bytes_ = 0;
  std::vector<std::unique_ptr<OpenTransaction>> all_;
  std::vector<OpenTransaction*> free_;
};

}  // namespace redoubt::capture
