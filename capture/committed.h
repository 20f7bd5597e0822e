// Committed transactions on their way into batches, in commit order. They stay as they were kept until a batch asks for
// their rows; a large one is told in parts, so that only a part of its changes and rows is in memory at a time:
//
//   changes      chunk 0 | chunk 1 | chunk 2 | chunk 3       on disk or in memory
//   batches      part 1 begin, rows | part 2 rows | part 3 rows, commit
//
// Where a part ends depends on the changes alone, not on where they were kept: what is told never does.
#pragma once

#include <memory>
#include <vector>

#include "capture/lob_store.h"
#include "capture/row_assembler.h"
#include "capture/transaction_table.h"

namespace redoubt::capture {

struct Committed {
  OpenTransaction* transaction = nullptr;  // ended, owned by the table
  change::Transaction head;                // all that does not depend on its rows
  bool told = true;                        // false: it is read only for what it means for others
  std::uint64_t parked = 0;                // LOB pages that had been parked when it committed: none later are its own

  // Of the few that have statements, or have changed the dictionary.
  struct Definition {
    std::vector<change::Ddl> ddls;
    change::Batch assembled;  // its rows, when they had to be known at the commit
    bool is_assembled = false;
    std::vector<std::shared_ptr<const void>> owners;  // of tables that assembled rows and statements name
  };
  std::unique_ptr<Definition> definition;
  Definition& define() {
    if (!definition) definition = std::make_unique<Definition>();
    return *definition;
  }
};

class CommittedQueue {
 public:
  static constexpr std::size_t kPartBytes = 2U << 20;  // of changes, and of values put together
  static constexpr std::size_t kPartRows = 1U << 14;
  static constexpr std::size_t kPartCells = 1U << 17;
  static constexpr std::size_t kRowBytes = 64U << 20;  // of changes through which one row may reach

  // `spill` may be null: transactions with LOBs are told whole then.
  CommittedQueue(std::shared_ptr<ChunkPool> pool, TransactionTable& transactions, RowAssembler& assembler,
                 LobStore& lobs, SpillSpace* spill);
  ~CommittedQueue();

  // The next one, to be filled in.
  Committed& add() { return queue_.emplace_back().committed; }
  // Puts all rows into `committed.definition` at once.
  void assemble(Committed& committed);

  // Fills `batch`, which is empty: transactions up to a part's size, or a part of one. False when there is none. What
  // it throws it will throw again: the rest is not told.
  bool take(change::Batch& batch);

  // The transaction in work, null when none is.
  const change::Transaction* current() const { return current_; }
  // Whether a part of a transaction has been told, and there are more.
  bool in_parts() const { return !empty() && queue_[front_].reading; }
  bool empty() const { return front_ == queue_.size(); }
  // The lowest SCN that a row in the queue may have, or `scn`.
  Scn oldest(Scn scn) const;

 private:
  // Memory that cells of a batch point at; outlives this when the batch does.
  struct Retained {
    explicit Retained(std::shared_ptr<ChunkPool> p) : pool(std::move(p)), chunks(*pool) {}
    std::shared_ptr<ChunkPool> pool;
    ChunkList chunks;
  };
  struct Entry {
    Committed committed;
    bool reading = false;
    bool whole = true;
    bool begun = false;                // its begin has been told
    Chunk* chunk = nullptr;            // that is being read
    std::size_t at = 0;                // the next change in it
    std::shared_ptr<Retained> shared;  // owns the chunk, when cells of an earlier part point into it
  };

  void start(Entry& entry);
  bool tell(Entry& entry, change::Batch& batch);
  bool tell_part(Entry& entry, change::Batch& batch);
  bool read_part(Entry& entry, change::Batch& batch, ChunkList& chunks, ChunkList& memory);
  static void append_assembled(const change::Batch& from, change::Batch& batch);
  void pop();

  std::shared_ptr<ChunkPool> pool_;
  TransactionTable& transactions_;
  RowAssembler& assembler_;
  LobStore& lobs_;
  SpillSpace* spill_;
  std::vector<Entry> queue_;  // from front_ on; its memory is used again when it is empty
  std::size_t front_ = 0;
  std::shared_ptr<Retained> retained_;  // of the next batch
  const change::Transaction* current_ = nullptr;
};

}  // namespace redoubt::capture
