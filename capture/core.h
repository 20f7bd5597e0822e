// The core of capture: LWN groups in, committed transactions out. One single-threaded state machine without clock,
// thread or I/O but for its spill files; what comes out is a function of what goes in.
//
//   core.open_thread(1);
//   while (core.step())              // true: a thread is hungry
//     while (core.take(batch)) ...
//     core.feed(core.hungry(), reader.next_group());   // null: that thread has no more
//
// Records of all threads are taken in the order of merge.h. A transaction is complete when its 5.4 is taken; then its
// rows are assembled with the dictionary version valid at their own SCN.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/committed.h"
#include "capture/damage.h"
#include "capture/ddl_texts.h"
#include "capture/dictionary_tracker.h"
#include "capture/merge.h"
#include "capture/parallel_dml.h"
#include "capture/restart.h"
#include "capture/spill_file.h"
#include "redo/ktb.h"
#include "redo/log_reader.h"
#include "redo/transaction_vectors.h"

namespace redoubt::capture {

// Something an operator should know, with its place.
struct Event {
  enum class Kind : std::uint8_t { kWarning, kDictionary, kDdl, kLog };
  Kind kind = Kind::kWarning;
  std::uint16_t thread = 0;
  Rba rba;
  Scn scn = 0;
  std::string text;
};

struct Counters {
  std::uint64_t records = 0;
  std::uint64_t vectors = 0;
  std::uint64_t transactions = 0;  // committed, with at least one row or DDL told
  std::uint64_t commits = 0;       // all
  std::uint64_t rollbacks = 0;
  std::uint64_t rows = 0;
  std::uint64_t partial = 0;          // ended without a begin that was seen: left out
  std::uint64_t damaged = 0;          // records and groups passed over
  std::uint64_t late = 0;             // transactions of threads that were passed
  std::uint64_t pdml_unresolved = 0;  // parallel DML whose parent did not end in time
  std::uint64_t warnings = 0;
};

class Core : private TableSource {
 public:
  static constexpr std::uint64_t kMemoryMax = 256U << 20;

  struct Options {
    Scn from_scn = 0;             // tell transactions that commit above this SCN
    std::uint32_t from_time = 0;  // and whose commit is written at this time or later, as redo_time_value()
    Scn to_scn = oracle::kNoScn;  // and at or below this one
    bool partial = false;         // tell transactions whose begin was not seen, instead of leaving them out
    // At a record that cannot be read, and a group that does not follow the one before.
    DamagePolicy on_corruption = DamagePolicy::kStop;
    std::uint64_t memory_max = kMemoryMax;  // bytes that open transactions may hold
    SpillSpace* spill = nullptr;            // where their changes go beyond; null: memory_max is a limit
    oracle::TdeKeys keys = {};              // of encrypted columns
  };

  Core(DictionaryTracker dictionary, Options options);
  ~Core() override;

  // Takes up where `point` was taken, before the first step(): redo is fed from its lows on, and what had been told is
  // not told again. A transaction whose spill file is not what was saved any more has to be read again: the lows are
  // lowered to its begin, with an event.
  void resume(RestartPoint& point);
  // Announces a redo thread that has no record below `bound`. Throws Error(kIntegrity) when that is below what has been
  // taken already: its transactions cannot come in order any more.
  void open_thread(std::uint16_t thread, Scn bound = 0);
  // Hands the next group of `thread` over, or null when it has no more. The group's bytes must live until the thread is
  // hungry again. Damage that only shows here is CorruptRedo from feed() and step(), or an event and
  // counters().damaged. Throws Error(kOperation) that names the largest transactions when memory_max is passed and
  // nothing can be spilled; what take() has not moved yet counts too.
  void feed(std::uint16_t thread, const redo::Group* group);
  // Nothing below `bound` will come from `thread` any more (the SCN of a group that is still being written, the end of
  // a log). True when that is news.
  bool raise_bound(std::uint16_t thread, Scn bound);
  // An operator's order: what other threads commit is told without waiting for redo of `thread` below `scn`; with
  // kNoScn for any, until it has caught up. What it commits there is told when it comes, as late. Events say when that
  // begins and ends.
  void pass(std::uint16_t thread, Scn scn);
  bool passed(std::uint16_t thread) const { return merge_.passed(thread); }
  // Records of other threads wait for the hungry ones.
  bool anything_waits() const { return merge_.anything_held(); }
  bool has_thread(std::uint16_t thread) const { return merge_.has(thread); }
  bool ended(std::uint16_t thread) const { return merge_.ended(thread); }
  std::size_t thread_count() const { return merge_.threads(); }
  // Works until a thread must be fed (true) or all are at their end (false). Not between the parts of a transaction.
  bool step();
  // The thread that step() waits for; all that could be fed, that one first.
  std::uint16_t hungry() { return merge_.hungry().front(); }
  const std::vector<std::uint16_t>& all_hungry() { return merge_.hungry(); }
  // Everything below has been taken, and nothing below will come.
  Scn watermark() const { return merge_.watermark(); }
  // Of one thread: its first record that waits, or what it has nothing below.
  Scn front(std::uint16_t thread) const { return merge_.front(thread); }

  // Where to take up again once all that take() has given is durable. `next[thread]` is where the group begins that
  // would be fed next. Transactions that began below `save_before` do not hold it: they are saved in their spill files,
  // as far as there is room. Nothing while telling_again(), and while a parallel DML waits for its end, for some
  // seconds of redo: what it holds back could not be told apart from what was told.
  std::optional<RestartPoint> restart_point(const std::map<std::uint16_t, Rba>& next, Scn save_before = 0);
  // Redo before the point of resume() is still being read.
  bool telling_again() const;
  // The commit SCN of the last transaction that has a place in the output; 0: none.
  Scn last_told_scn() const { return index_scn_; }
  // The begin of the oldest open transaction, or the last SCN taken: no row to come is older.
  Scn oldest_scn() const;
  const DictionaryTracker& dictionary() const { return dictionary_; }
  void forget_dictionary_changes(Scn up_to) { dictionary_.forget_changes(up_to); }

  // Some redo of `thread` was passed over, before the group that it is fed next: transactions that are open, or begin
  // before that group in another thread, may have lost a part and are told as suspect.
  void note_hole(std::uint16_t thread);

  // Calls `watch` for each partial rollback with the places of the rollback vector and of the change it took back.
  void watch_rollbacks(std::function<void(Rba, Rba)> watch) { watch_rollbacks_ = std::move(watch); }

  // Moves committed transactions, or a part of a large one, into `batch` (cleared first). False when there is nothing
  // left. Throws Error when what was spilled cannot be read.
  bool take(change::Batch& batch);
  // Events since the last call.
  std::vector<Event> take_events();

  const Counters& counters() const { return counters_; }
  std::size_t open_transactions() const { return transactions_.open_count(); }
  // XIDs that are open and have changes to tell, for the report at the end.
  std::vector<Xid> unfinished() const;
  // True when to_scn has been passed: nothing more will come.
  bool done() const { return done_; }

 private:
  struct Thread {
    Scn last_scn = 0;   // of its groups so far, the highest
    bool hole = false;  // redo was passed over behind its last group
    RecordKey last;     // the last record
    RecordKey told;     // of resume(): what commits in this thread up to here was told
  };

  const oracle::Table* table(std::uint16_t con_id, std::uint32_t obj, Scn scn, std::size_t columns) override;

  std::uint64_t memory() const;
  void check_memory();
  void spill();
  std::string largest_transactions() const;
  bool in_order(std::uint16_t thread, const redo::Group& group);
  void doubt_open();
  bool may_miss_redo() const;
  void damaged(const redo::Group& group, Rba rba, const std::string& reason, std::string_view part);
  void record(const redo::Group& group, const redo::Record& record, const Thread& thread);
  void tell_caught_up(std::uint16_t thread);
  std::size_t vector(std::size_t i);
  void begin(const redo::Vector& v);
  std::size_t undo(std::size_t i);
  void pair(const redo::Vector& undo, const redo::Vector* redo);
  std::size_t row_without_undo(std::size_t i);
  void pair_in_memory_undo();
  void roll_back(const redo::Vector& applied, const redo::Vector* row);
  void encrypted(const redo::Vector& v);
  void end(const redo::Vector& v);
  void commit(OpenTransaction& t, const redo::TransactionEnd& end);
  void let_go(const std::vector<Xid>& unresolved);
  void release_held();
  void tell(OpenTransaction& t, const CommitPoint& point);
  OpenTransaction* open(std::uint16_t con_id, Xid xid);
  OpenTransaction* transaction_of(const redo::Vector& undo, Xid xid, bool begins);
  OpenTransaction* open_transaction(std::uint16_t con_id, Xid xid, bool has_begin, bool suspect);
  // Vectors that stand alone and what belongs to LOBs: core_alone.cc.
  void alone(const redo::Vector& v);
  bool lob_pair(const redo::Vector& undo, const redo::Vector* partner, bool secure, std::uint32_t obj,
                std::uint32_t data_obj, OpenTransaction& t);
  void lob_alone(const redo::Vector& v);
  void lob_marker(const redo::Vector& v);
  bool lob_wanted(std::uint16_t con_id, std::uint32_t obj) const;
  void keep_lob(OpenTransaction& t, Change change, Bytes undo, Bytes redo);
  void claim_lob(OpenTransaction& t, const LobId& lob);
  void claim_lobs_of_row(OpenTransaction& t, Bytes row);
  void forget_lobs_of_row(OpenTransaction& t, ChangeList::Place row, Bytes redo);
  bool may_search(OpenTransaction& t, std::size_t bytes);
  // What is read again of a transaction that came from its spill file, is in there.
  bool has_already(const OpenTransaction& t) const { return telling_again_ && t.restored; }
  bool may_save(const OpenTransaction& t) const;
  void save(OpenTransaction& t, RestartPoint& point);
  bool restore(const RestartPoint::Saved& saved);
  void direct_block(const redo::Vector& v);
  OpenTransaction* loader_of(std::uint16_t con_id, std::uint32_t obj, const redo::DirectBlock& block);
  OpenTransaction* only_changer_of(std::uint16_t con_id, std::uint32_t obj);
  std::uint32_t object_of_segment(std::uint16_t con_id, std::uint32_t data_obj);
  void unlogged(const redo::Vector& v);
  void ddl(const redo::Vector& v);
  void tell_ddl(std::vector<change::Ddl> ddls, Committed& committed);

  bool wanted(std::uint16_t con_id, std::uint32_t obj, OpenTransaction& t);
  Change head(std::uint32_t obj, std::uint32_t data_obj, redo::Opcode op) const;
  Bytes join_split_undo(OpenTransaction& t, const redo::Vector& head);
  void warn(Rba rba, const std::string& text);

  DictionaryTracker dictionary_;
  Options options_;
  std::shared_ptr<ChunkPool> pool_;
  TransactionTable transactions_;
  LobOwners lob_owners_;
  LobStore lobs_;
  DdlTexts ddls_;
  ParallelDml parallel_;
  RowAssembler assembler_;
  CommittedQueue committed_;
  Merge merge_;
  std::map<std::uint16_t, Thread> threads_;
  RecordKey last_;                              // the record with the highest key
  RecordKey told_;                              // of resume(): what commits up to here was told
  std::map<std::uint16_t, RecordKey> told_in_;  // the same by thread; told_ holds for those that it does not know
  bool telling_again_ = false;                  // the record in work was told
  bool passed_ = false;                         // a thread was
  bool late_ = false;                           // it comes behind records with higher SCNs
  Scn dictionary_scn_ = 0;                      // of resume(): the dictionary has what committed up to here
  bool done_ = false;

  // Of the record in work.
  const redo::Group* group_ = nullptr;
  const redo::Record* record_ = nullptr;
  std::uint32_t vector_header_ = 32;
  std::vector<redo::Vector> vectors_;
  std::vector<std::size_t> rows_alone_;   // row vectors without undo before them
  std::vector<std::size_t> undos_alone_;  // undo vectors without partner behind them
  std::vector<std::size_t> ends_;
  std::vector<std::uint8_t> joined_;

  Scn last_commit_scn_ = 0;       // of the last transaction with something to tell
  Scn index_scn_ = 0;             // of the last transaction that was committed, and
  std::uint64_t next_index_ = 1;  // the place behind it among all of this SCN
  bool warned_encrypted_ = false;
  bool warned_parked_ = false;
  bool warned_save_ = false;
  bool hole_ = false;  // some redo was passed over
  Scn hole_end_ = 0;   // the highest SCN at which a thread went on behind a hole
  std::vector<Event> events_;
  Counters counters_;
  std::function<void(Rba, Rba)> watch_rollbacks_;

  // What is known of the objects seen lately: one answer per hash.
  struct Known {
    std::uint64_t key = ~std::uint64_t{0};
    bool wanted = false;
    bool dictionary = false;
    bool lobs = false;  // a table with LOB columns
    oracle::ObjectKind kind = oracle::ObjectKind::kUnknown;
  };
  const Known& known(std::uint16_t con_id, std::uint32_t obj);
  void forget_known();
  std::vector<Known> known_;

  // Of direct loads (rows.md 2.7).
  Xid record_load_;                                   // 24.6 of the record in work
  std::unordered_map<std::uint16_t, Xid> last_load_;  // by container
  std::unordered_map<std::uint64_t, std::uint32_t> objects_of_segments_;
  std::set<std::uint64_t> loads_without_owner_;  // objects that a warning has named
};

}  // namespace redoubt::capture
