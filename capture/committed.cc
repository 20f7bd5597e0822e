#include "capture/committed.h"

#include <algorithm>

namespace redoubt::capture {

CommittedQueue::CommittedQueue(std::shared_ptr<ChunkPool> pool, TransactionTable& transactions, RowAssembler& assembler,
                               LobStore& lobs, SpillSpace* spill)
    : pool_(std::move(pool)),
      transactions_(transactions),
      assembler_(assembler),
      lobs_(lobs),
      spill_(spill),
      retained_(std::make_shared<Retained>(pool_)) {}

CommittedQueue::~CommittedQueue() {
  if (in_parts() && queue_[front_].chunk && !queue_[front_].shared) pool_->put(queue_[front_].chunk);
}

Scn CommittedQueue::oldest(Scn scn) const {
  for (std::size_t i = front_; i < queue_.size(); ++i) scn = std::min(scn, queue_[i].committed.head.begin_scn);
  return scn;
}

// Those of a part's size, and those that must, are told whole and have all their changes in memory for that. LOB pages
// of the others are taken from the file when a row asks for them.
void CommittedQueue::start(Entry& entry) {
  OpenTransaction& t = *entry.committed.transaction;
  entry.whole = t.changes.bytes() <= kPartBytes || (t.lobs && !spill_);
  if (entry.whole) {
    t.changes.load();
  } else if (t.lobs) {
    t.changes.spill(*spill_, t.id(), true);
  }
  lobs_.collect(t, entry.whole, entry.committed.parked);
  entry.reading = true;
}

// Reads changes up to the end of a part (false) or of the transaction (true). `chunks` takes those that were read over.
bool CommittedQueue::read_part(Entry& entry, change::Batch& batch, ChunkList& chunks, ChunkList& memory) {
  ChangeList& changes = entry.committed.transaction->changes;
  const std::size_t first_row = batch.rows.size(), first_cell = batch.cells.size();
  std::size_t bytes = 0;
  const auto full = [&] {
    return (bytes + memory.bytes() >= kPartBytes || batch.rows.size() - first_row >= kPartRows ||
            batch.cells.size() - first_cell >= kPartCells) &&
           (assembler_.between_rows() || bytes >= kRowBytes);
  };
  while (true) {
    if (!entry.chunk) {
      entry.chunk = changes.take_front();
      entry.at = 0;
      if (!entry.chunk) return true;
    }
    while (entry.at < entry.chunk->used) {
      auto* change = reinterpret_cast<Change*>(entry.chunk->data() + entry.at);
      entry.at += change->size();
      if (change->cancelled) continue;
      assembler_.add(*change);
      if (entry.whole) continue;
      bytes += change->size();
      if (full()) return false;
    }
    if (entry.shared) {
      entry.shared.reset();
    } else {
      chunks.adopt(entry.chunk);
    }
    entry.chunk = nullptr;
  }
}

// One part; false when more follow. A part without rows is not told, but the last of a transaction that has begun.
bool CommittedQueue::tell_part(Entry& entry, change::Batch& batch) {
  Committed& committed = entry.committed;
  const std::size_t first_row = batch.rows.size(), first_cell = batch.cells.size();
  ChunkList chunks(*pool_), memory(*pool_);
  const std::shared_ptr<Retained> shared = entry.shared;  // cells may point there, although its chunk ends
  bool last = true;
  Committed::Definition* definition = committed.definition.get();
  if (definition && definition->is_assembled) {
    append_assembled(definition->assembled, batch);
  } else {
    if (!entry.reading) start(entry);
    assembler_.begin(*committed.transaction, batch, memory, &lobs_);
    last = read_part(entry, batch, chunks, memory);
    assembler_.end();
  }
  if (entry.chunk && !entry.shared) {
    entry.shared = std::make_shared<Retained>(pool_);
    entry.shared->chunks.adopt(entry.chunk);
  }
  change::Transaction part = committed.head;
  part.first = !entry.begun;
  part.last = last;
  part.first_row = static_cast<std::uint32_t>(first_row);
  part.row_count = static_cast<std::uint32_t>(batch.rows.size() - first_row);
  part.first_ddl = static_cast<std::uint32_t>(batch.ddls.size());
  part.ddl_count = definition ? static_cast<std::uint32_t>(definition->ddls.size()) : 0;
  part.suspect = committed.transaction->suspect;
  if (!committed.told || (part.row_count == 0 && part.ddl_count == 0 && !(last && entry.begun))) {
    batch.rows.resize(first_row);
    batch.cells.resize(first_cell);
    return last;
  }
  if (definition) {
    std::move(definition->ddls.begin(), definition->ddls.end(), std::back_inserter(batch.ddls));
    definition->ddls.clear();
    std::move(definition->owners.begin(), definition->owners.end(), std::back_inserter(batch.owners));
    definition->owners.clear();
  }
  batch.transactions.push_back(part);
  entry.begun = true;
  retained_->chunks.splice(memory);
  retained_->chunks.splice(chunks);
  if (shared) batch.owners.push_back(shared);
  if (entry.shared && entry.shared != shared) batch.owners.push_back(entry.shared);
  return last;
}

// False when parts are left.
bool CommittedQueue::tell(Entry& entry, change::Batch& batch) {
  const std::size_t before = batch.transactions.size();
  current_ = &entry.committed.head;
  bool last = false;
  while (!last && batch.transactions.size() == before) last = tell_part(entry, batch);
  current_ = nullptr;
  return last;
}

void CommittedQueue::assemble(Committed& committed) {
  REDOUBT_ASSERT(!in_parts());
  OpenTransaction& t = *committed.transaction;
  t.changes.load();
  lobs_.collect(t, true, committed.parked);
  auto retained = std::make_shared<Retained>(pool_);
  current_ = &committed.head;
  Committed::Definition& definition = committed.define();
  assembler_.begin(t, definition.assembled, retained->chunks, &lobs_);
  while (Chunk* chunk = t.changes.take_front()) {
    for_each_change(*chunk, [&](Change& change) { assembler_.add(change); });
    retained->chunks.adopt(chunk);
  }
  assembler_.end();
  current_ = nullptr;
  definition.assembled.owners.push_back(std::move(retained));
  definition.is_assembled = true;
}

void CommittedQueue::append_assembled(const change::Batch& from, change::Batch& batch) {
  const auto cells = static_cast<std::uint32_t>(batch.cells.size());
  for (change::RowChange row : from.rows) {
    row.first_cell += cells;
    batch.rows.push_back(row);
  }
  batch.cells.insert(batch.cells.end(), from.cells.begin(), from.cells.end());
  batch.owners.insert(batch.owners.end(), from.owners.begin(), from.owners.end());
}

void CommittedQueue::pop() {
  queue_[front_].committed.definition.reset();
  queue_[front_].shared.reset();
  if (++front_ < queue_.size()) return;
  queue_.clear();
  front_ = 0;
}

bool CommittedQueue::take(change::Batch& batch) {
  while (!empty() && batch.rows.size() < kPartRows && batch.cells.size() < kPartCells &&
         retained_->chunks.bytes() < kPartBytes) {
    if (!tell(queue_[front_], batch)) break;
    transactions_.close(queue_[front_].committed.transaction);
    pop();
  }
  if (batch.transactions.empty()) return false;
  batch.owners.push_back(std::exchange(retained_, std::make_shared<Retained>(pool_)));
  return true;
}

}  // namespace redoubt::capture
