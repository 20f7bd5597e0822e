#include "capture/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace redoubt::capture {

using redo::Ktub;
using redo::Ktudb;
using redo::Vector;

namespace {

constexpr std::size_t kKnownObjects = 1024;  // power of two
constexpr std::size_t kSplitUndoMax = 64U << 20;

bool is_row(redo::Opcode op) { return redo::layer_of(op) == 11 && op != redo::kLobMarker; }
// What changes an index entry: a row of an index-organized table.
bool is_entry(redo::Opcode op) {
  return op == redo::kIndexInsert || op == redo::kIndexDelete || op == redo::kIndexUpdateKeyData ||
         op == redo::kIotUpdateRow || op == redo::kIotUpdateColumns;
}
// What an undo vector may be followed by: row, index, LOB.
bool is_partner(redo::Opcode op) { return is_row(op) || redo::layer_of(op) == 10 || op == redo::kLobRedo; }
bool is_undo_applied(redo::Opcode op) { return op == redo::kUndoApplied || op == redo::kUndoAppliedLast; }

// The operation that a rollback vector takes back.
redo::Opcode taken_back_by(redo::Opcode op) {
  switch (op) {
    case redo::kInsertRow: return redo::kDeleteRow;
    case redo::kDeleteRow: return redo::kInsertRow;
    case redo::kInsertRows: return redo::kDeleteRows;
    case redo::kDeleteRows: return redo::kInsertRows;
    case redo::kIndexInsert: return redo::kIndexDelete;
    case redo::kIndexDelete: return redo::kIndexInsert;
    default: return op;
  }
}

// Where a row vector has its row, an index vector its entry; all zero when it names none.
redo::RowAddress changed_address(const Vector& row) {
  const Bytes field = row.field(2);
  if (!is_row(row.op)) return {row.dba, u16_at(field, 2, row.order)};
  if (field.size() < redo::kKdoSize) return {};
  const redo::Kdo kdo = redo::decode<redo::Kdo>(field, row.order);
  if (kdo.row_op() == redo::RowOp::kInsertMany || kdo.row_op() == redo::RowOp::kDeleteMany)
    return {kdo.bdba, kdo.nnew > 0 ? load_u16(kdo.slots.data(), row.order) : std::uint16_t{0}};
  return kdo.address();
}

// How many rows the vector changes at most.
std::uint32_t rows_of(const Vector& row) {
  if (row.op != redo::kInsertRows && row.op != redo::kDeleteRows) return 1;
  const Bytes kdo = row.field(2);
  return kdo.size() < redo::kKdoSize ? 1 : std::max<std::uint32_t>(redo::decode<redo::Kdo>(kdo, row.order).nnew, 1);
}

}  // namespace

Core::Core(DictionaryTracker dictionary, Options options)
    : dictionary_(std::move(dictionary)),
      options_(std::move(options)),
      pool_(std::make_shared<ChunkPool>()),
      transactions_(*pool_),
      lobs_(lob_owners_),
      assembler_(*this, options_.keys, [this](Rba rba, const std::string& text) { warn(rba, text); }),
      committed_(pool_, transactions_, assembler_, lobs_, options_.spill),
      known_(kKnownObjects) {
  pool_->set_budget(options_.memory_max);
}

Core::~Core() = default;

void Core::open_thread(std::uint16_t thread, Scn bound) {
  if (bound < last_.scn)
    throw Error(ErrorCode::kIntegrity, fmt::format("thread {}", thread),
                fmt::format("appears with redo from SCN {} on, when everything up to SCN {} has been taken already",
                            bound, last_.scn),
                "start again from before, with all threads");
  merge_.open(thread, bound);
  const auto told = told_in_.find(thread);
  threads_[thread].told = told == told_in_.end() ? told_ : told->second;
}

void Core::feed(std::uint16_t number, const redo::Group* group) {
  Thread& thread = threads_.at(number);
  if (group) {
    check_memory();
    if (!group->records.empty()) {
      if (!in_order(number, *group)) return note_hole(number);
      if (std::exchange(thread.hole, false)) hole_end_ = std::max(hole_end_, group->records.front().scn);
      thread.last_scn = group->records.back().scn;
    }
    const bool was_passed = merge_.passed(number);
    merge_.feed(number, *group);
    if (was_passed) tell_caught_up(number);
  } else {
    merge_.end(number);
    if (!parallel_.waiting()) return;
    group_ = nullptr;
    let_go(parallel_.thread_ended(number));
  }
}

bool Core::raise_bound(std::uint16_t thread, Scn bound) {
  const bool was_passed = merge_.passed(thread);
  const bool raised = merge_.raise(thread, bound);
  if (was_passed) tell_caught_up(thread);
  return raised;
}

void Core::pass(std::uint16_t thread, Scn scn) {
  const Scn before = merge_.passed_to(thread);
  merge_.pass(thread, scn);
  if (merge_.passed_to(thread) == before) return;
  passed_ = true;
  events_.push_back({Event::Kind::kWarning,
                     thread,
                     {},
                     last_.scn,
                     fmt::format("thread {} has given nothing above SCN {} and is passed{}: the order is approximate "
                                 "from here on, what it commits is told late",
                                 thread, merge_.front(thread),
                                 scn == oracle::kNoScn ? std::string() : fmt::format(" up to SCN {}", scn))});
}

void Core::tell_caught_up(std::uint16_t thread) {
  if (merge_.passed(thread)) return;
  events_.push_back({Event::Kind::kWarning,
                     thread,
                     {},
                     last_.scn,
                     fmt::format("thread {} has caught up: the order is exact again", thread)});
}

std::uint64_t Core::memory() const {
  return pool_->bytes_in_use() + transactions_.own_bytes() + lob_owners_.parked_bytes();
}

// Once per group: that takes no more memory than a few times its own size.
void Core::check_memory() {
  if (memory() <= options_.memory_max) return;
  if (options_.spill) spill();
  if (const std::uint64_t bytes = memory(); bytes > options_.memory_max)
    throw Error(ErrorCode::kOperation, "transactions",
                fmt::format("the {} open transactions hold {} bytes of memory, the limit is {}: {}",
                            transactions_.open_count(), bytes, options_.memory_max, largest_transactions()),
                "give it more with --memory, or take fewer tables with --tables");
}

// The full chunks of the largest transactions go first, of equally large ones those of the one that was not touched for
// longest; then the chunks that were not full, of those touched longest ago first. A good part goes at once: choosing
// costs time for every open transaction.
void Core::spill() {
  const std::uint64_t wanted = options_.memory_max - options_.memory_max / 4;
  struct Candidate {
    OpenTransaction* t;
    int size;  // as a power of two
    Scn touched;
  };
  std::vector<Candidate> candidates;
  for (const bool whole : {false, true}) {
    candidates.clear();
    transactions_.for_each([&](OpenTransaction& t) {
      const std::size_t bytes = whole ? t.changes.bytes_in_memory() : t.changes.bytes_of_full_chunks();
      if (bytes > 0)
        candidates.push_back({&t, whole ? 0 : static_cast<int>(std::bit_width(bytes)), t.changes.newest()->scn});
    });
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      return std::tuple(b.size, a.touched, a.t->con_id, a.t->xid) <
             std::tuple(a.size, b.touched, b.t->con_id, b.t->xid);
    });
    for (const Candidate& c : candidates) {
      if (memory() <= wanted) return;
      try {
        c.t->changes.spill(*options_.spill, c.t->id(), whole);
      } catch (const SpillFull& full) {
        throw Error(ErrorCode::kOperation, full.place(),
                    fmt::format("{}; the largest transactions: {}", full.text(), largest_transactions()),
                    SpillFull::kNext);
      }
    }
    if (memory() <= options_.memory_max) return;
  }
}

std::string Core::largest_transactions() const {
  constexpr std::size_t kNamed = 3;
  std::vector<const OpenTransaction*> all;
  transactions_.for_each([&](const OpenTransaction& t) { all.push_back(&t); });
  const auto named = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kNamed));
  std::partial_sort(all.begin(), named, all.end(), [](const OpenTransaction* a, const OpenTransaction* b) {
    return std::tuple(b->changes.bytes(), a->con_id, a->xid) < std::tuple(a->changes.bytes(), b->con_id, b->xid);
  });
  std::string text;
  for (auto t = all.begin(); t != named; ++t)
    text += fmt::format("{}{} in container {}, open since SCN {}, with {} bytes of changes", text.empty() ? "" : "; ",
                        to_text((*t)->xid), (*t)->con_id, (*t)->begin_scn, (*t)->changes.bytes());
  return text.empty() ? "none" : text;
}

// The merge is only right when the records of a thread ascend. Sorted inside a group they are; here the group is held
// against its own range and the groups before it. One with a wrong SCN is left out whole: which of them is, nobody
// knows.
bool Core::in_order(std::uint16_t thread, const redo::Group& group) {
  const redo::Record &low = group.records.front(), &high = group.records.back();
  if (low.scn < group.scn || high.scn >= group.end_scn) {
    const redo::Record& bad = low.scn < group.scn ? low : high;
    damaged(group, bad.rba,
            fmt::format("a record of SCN {} lies outside the SCNs {} to {} of its LWN group", bad.scn, group.scn,
                        group.end_scn),
            "the group is");
    return false;
  }
  if (const Scn last = threads_.at(thread).last_scn; low.scn < last) {
    damaged(group, low.rba, fmt::format("SCN {} comes after SCN {} of the same thread", low.scn, last),
            "the LWN group is");
    return false;
  }
  if (low.scn < merge_.front(thread)) {
    damaged(group, low.rba,
            fmt::format("SCN {} comes where its thread cannot have one below {}", low.scn, merge_.front(thread)),
            "the LWN group is");
    return false;
  }
  return true;
}

void Core::damaged(const redo::Group& group, Rba rba, const std::string& reason, std::string_view part) {
  if (options_.on_corruption == DamagePolicy::kStop) throw redo::CorruptRedo(group.file, rba, reason, rba.block + 1);
  ++counters_.damaged;
  doubt_open();
  events_.push_back({Event::Kind::kWarning, group.thread, rba, last_.scn, passed_over_text(group.file, reason, part)});
}

// Whether a transaction that begins now, in another thread, may have redo in a hole: these end where their thread goes
// on, which it may not.
bool Core::may_miss_redo() const {
  return record_->scn < hole_end_ ||
         (hole_ && std::any_of(threads_.begin(), threads_.end(), [](const auto& t) { return t.second.hole; }));
}

bool Core::step() {
  REDOUBT_ASSERT(!committed_.in_parts());
  while (!done_) {
    const std::optional<Merge::Run> run = merge_.next();
    if (!run) break;
    const redo::Group& group = *run->group;
    Thread& thread = threads_.at(group.thread);
    for (std::size_t i = run->from; i < run->to && !done_; ++i) record(group, group.records[i], thread);
    const redo::Record& last = group.records[run->to - 1];
    thread.last = {last.scn, group.thread, last.sub_scn, last.rba};
  }
  return !done_ && !merge_.all_ended();
}

void Core::record(const redo::Group& group, const redo::Record& record, const Thread& thread) {
  ++counters_.records;
  REDOUBT_ASSERT(record.scn >= last_.scn || passed_);
  const RecordKey key{record.scn, group.thread, record.sub_scn, record.rba};
  telling_again_ = key <= thread.told;
  late_ = record.scn < std::max(last_.scn, told_.scn) && !telling_again_;
  if (record.scn >= last_.scn) last_ = key;
  if (!record.valid()) return;
  group_ = &group;
  record_ = &record;
  record_load_ = {};
  if (parallel_.waiting()) let_go(parallel_.expire(group.time));
  vector_header_ = redo::vector_header_size(group.version);
  vectors_.clear();
  rows_alone_.clear();
  undos_alone_.clear();
  ends_.clear();
  try {
    redo::parse_vectors(record, vector_header_, group.order, vectors_);
    counters_.vectors += vectors_.size();
    for (std::size_t i = 0; i < vectors_.size();) i = vector(i);
    if (!rows_alone_.empty()) pair_in_memory_undo();
    // Behind everything else: with in-memory undo the 5.1 stand behind the 5.4.
    for (const std::size_t i : ends_) end(vectors_[i]);
  } catch (const Malformed& e) {
    damaged(group, record.rba,
            fmt::format("a redo record of {} bytes cannot be read: {}", record.bytes.size(), e.what()), "it is");
  }
}

// Handles the vector at `i` with those that belong to it; returns the index behind them.
std::size_t Core::vector(std::size_t i) {
  const Vector& v = vectors_[i];
  switch (v.op) {
    case redo::kUndo: return undo(i);
    case redo::kBeginTransaction: begin(v); break;
    case redo::kEndTransaction:
    case redo::kStateChange: ends_.push_back(i); break;
    case redo::kUndoApplied:
    case redo::kUndoAppliedLast: roll_back(v, nullptr); break;
    default:
      if (is_partner(v.op)) return row_without_undo(i);
      alone(v);
  }
  return i + 1;
}

void Core::begin(const Vector& v) {
  if (v.encrypted()) return;
  const Bytes field = v.first_field();
  if (field.size() < redo::kKtudhSize) throw Malformed("5.2 without ktudh");
  const Xid xid{v.usn(), load_u16(field.data(), v.order), load_u32(field.data() + 4, v.order)};  // of the ktudh
  if (xid.sqn == 0) return;  // undo header maintenance
  for (const OpenTransaction* t = transactions_.newest(v.con_id, xid.usn, xid.slt); t; t = t->older)
    if (has_already(*t) && t->xid == xid && t->begin_scn == record_->scn && t->begin_rba == record_->rba) return;
  OpenTransaction* same_slot = transactions_.newest(v.con_id, xid.usn, xid.slt);
  if (same_slot && same_slot->xid.sqn != xid.sqn && !has_already(*same_slot)) {
    warn(record_->rba,
         fmt::format("transaction {} begins while {} of the same slot has not ended: its end was not seen",
                     to_text(xid), to_text(same_slot->xid)));
    transactions_.close(same_slot);
  }
  // A 5.1 with the begin flag may stand before its 5.2, which then only confirms it. A second 5.2 begins another
  // transaction of the same XID (threads.md M2).
  OpenTransaction* t = transactions_.find(v.con_id, xid);
  if (t) t->touch(group_->thread, group_->start);
  const bool second = t && t->has_begin_vector;
  if (second)
    warn(record_->rba, fmt::format("transaction {} begins while another of this XID, of SCN {}, is open: both are kept",
                                   to_text(xid), t->begin_scn));
  if (!t || second) t = open_transaction(v.con_id, xid, true, may_miss_redo());
  t->has_begin_vector = true;
  if (t->has_begin) return;
  t->has_begin = true;
  t->begin_scn = record_->scn;
  t->begin_rba = record_->rba;
}

std::size_t Core::undo(std::size_t i) {
  std::size_t j = i + 1;
  while (j < vectors_.size() && redo::layer_of(vectors_[j].op) == 4) ++j;  // block cleanout
  if (j < vectors_.size() && is_partner(vectors_[j].op)) {
    pair(vectors_[i], &vectors_[j]);
    return j + 1;
  }
  // Behind row vectors without undo it may be theirs.
  if (rows_alone_.empty()) {
    pair(vectors_[i], nullptr);
  } else {
    undos_alone_.push_back(i);
  }
  return i + 1;
}

// A row vector that no undo precedes: rolled back by the vector behind it, or its undo comes later in the record.
std::size_t Core::row_without_undo(std::size_t i) {
  if (i + 1 < vectors_.size() && is_undo_applied(vectors_[i + 1].op)) {
    roll_back(vectors_[i + 1], &vectors_[i]);
    return i + 2;
  }
  if (is_row(vectors_[i].op) || is_entry(vectors_[i].op)) rows_alone_.push_back(i);
  if (vectors_[i].op == redo::kLobRedo) alone(vectors_[i]);
  return i + 1;
}

OpenTransaction* Core::open_transaction(std::uint16_t con_id, Xid xid, bool has_begin, bool suspect) {
  // Of more transactions in one slot than it can have, the ends of the oldest were not seen.
  if (OpenTransaction* oldest = transactions_.oldest_too_many(con_id, xid)) {
    warn(record_->rba,
         fmt::format("transaction {} is one of too many in its slot: its end was not seen", to_text(oldest->xid)));
    transactions_.close(oldest);
  }
  OpenTransaction* t = transactions_.open(con_id, xid);
  t->has_begin = has_begin;
  t->suspect = suspect;
  t->begin_scn = record_->scn;
  t->begin_rba = record_->rba;
  t->begins_in(group_->thread, group_->start);
  return t;
}

OpenTransaction* Core::transaction_of(const Vector& undo, Xid xid, bool begins) {
  if (OpenTransaction* t = transactions_.find(undo.con_id, xid)) {
    t->touch(group_->thread, group_->start);
    return t;
  }
  return open_transaction(undo.con_id, xid, begins, begins ? may_miss_redo() : hole_);  // its begin may lie in the hole
}

Change Core::head(std::uint32_t obj, std::uint32_t data_obj, redo::Opcode op) const {
  Change c{};
  c.scn = record_->scn;
  c.rba = record_->rba;
  c.obj = obj;
  c.data_obj = data_obj;
  c.op = op;
  c.thread = group_->thread;
  c.version = group_->version;
  c.header_size = static_cast<std::uint8_t>(vector_header_);
  c.order = group_->order;
  return c;
}

// An undo vector and, if there is one, the vector whose change it undoes.
void Core::pair(const Vector& undo, const Vector* partner) {
  redo::FieldCursor fields = undo.fields();
  if (fields.left() < 2) throw Malformed("5.1 with fewer than two fields");
  const Bytes ktudb_field = fields.next();
  const Bytes ktub_field = fields.next();
  if (undo.encrypted()) return encrypted(undo);
  const auto ktudb = redo::decode<Ktudb>(ktudb_field, undo.order);
  need(ktub_field, redo::kKtubSize);
  const std::uint8_t* p = ktub_field.data();
  const std::uint32_t obj = load_u32(p, undo.order);
  const std::uint32_t data_obj = load_u32(p + 4, undo.order);
  const redo::Opcode opc = redo::opcode(p[16], p[17]);
  const std::uint16_t flg = load_u16(p + 20, undo.order);
  OpenTransaction* t = transaction_of(undo, ktudb.xid, (flg & redo::kUndoBegin) != 0);
  if (has_already(*t)) return;
  if ((flg & redo::kUndoTemporary) != 0) return;
  if (opc != redo::opcode(11, 1) && opc != redo::opcode(10, 22) && opc != redo::opcode(26, 1)) return;
  const std::uint32_t index = t->take_places(partner ? rows_of(*partner) : 1);
  if (!wanted(undo.con_id, obj, *t)) return;
  if (partner && partner->encrypted()) {
    t->suspect = true;
    return encrypted(*partner);
  }

  if (opc != redo::opcode(11, 1) && lob_pair(undo, partner, opc == redo::opcode(26, 1), obj, data_obj, *t)) return;

  if (partner && known(undo.con_id, obj).lobs) claim_lobs_of_row(*t, partner->bytes);
  Change change = head(obj, data_obj, partner ? partner->op : redo::kUndo);
  change.index = index;
  Bytes undo_bytes = undo.bytes;
  if ((flg & redo::kUndoSplit) != 0) {
    undo_bytes = join_split_undo(*t, undo);
    if (undo_bytes.empty()) return;
  }
  t->changes.add(change, undo_bytes, partner ? partner->bytes : Bytes{});
}

// The parts of a split undo record arrive tail first, the head last; the whole has the newest part's fields, then the
// older part's from the third on. With 0x0004 the newer part's last field and the older one's third are one field.
// Returns the whole vector when `v` is the head, else keeps it and returns nothing.
Bytes Core::join_split_undo(OpenTransaction& t, const Vector& v) {
  const std::uint16_t flg = load_u16(v.field(2).data() + 20, v.order);
  std::vector<Bytes> fields;
  for (redo::FieldCursor c = v.fields(); !c.empty();) fields.push_back(c.next());
  std::vector<std::uint8_t> middle;
  if ((flg & redo::kUndoTail) != 0) {
    transactions_.keep_split_undo(t, {v.bytes.begin(), v.bytes.end()});
    return {};
  }
  if (!t.split_undo) {
    t.suspect = true;
    warn(record_->rba, fmt::format("an undo record of transaction {} lacks its first parts", to_text(t.xid)));
    return {};
  }
  if (!may_search(t, t.split_undo->size())) throw Malformed("a split undo record in too many parts");
  const Vector older = redo::view_vector(*t.split_undo, vector_header_, v.order);
  redo::FieldCursor rest = older.fields();
  if (rest.left() < 2) throw Malformed("part of a split undo record with fewer than two fields");
  rest.next();
  rest.next();
  if ((flg & redo::kUndoFieldSplit) != 0 && !rest.empty()) {
    middle.assign(fields.back().begin(), fields.back().end());
    const Bytes second = rest.next();
    middle.insert(middle.end(), second.begin(), second.end());
    fields.back() = middle;
  }
  while (!rest.empty()) fields.push_back(rest.next());

  const std::size_t list = 2 + 2 * fields.size();
  std::size_t size = v.header_size + ((list + 2) & ~std::size_t{3});
  for (const Bytes field : fields) {
    if (field.size() > 0xFFFF) throw Malformed("a field of a split undo record is too large");
    size += align4(static_cast<std::uint32_t>(field.size()));
  }
  if (list > 0xFFFF || size > kSplitUndoMax) throw Malformed("a split undo record too large");
  std::vector<std::uint8_t> whole(size);
  std::uint8_t* lengths = std::copy_n(v.bytes.begin(), v.header_size, whole.data());
  std::uint8_t* data = lengths + ((list + 2) & ~std::size_t{3});
  store(lengths, static_cast<std::uint16_t>(list), v.order);
  for (const Bytes field : fields) {
    lengths += 2;
    store(lengths, static_cast<std::uint16_t>(field.size()), v.order);
    std::copy(field.begin(), field.end(), data);
    data += align4(static_cast<std::uint32_t>(field.size()));
  }
  if ((flg & redo::kUndoHead) != 0) {
    transactions_.drop_split_undo(t);
    joined_ = std::move(whole);
    return joined_;
  }
  transactions_.keep_split_undo(t, std::move(whole));
  return {};
}

// A whole transaction in one record: row vectors first, their undo behind the 5.4. They belong together by UBA.
void Core::pair_in_memory_undo() {
  for (const std::size_t i : rows_alone_) {
    const Vector& row = vectors_[i];
    if (row.encrypted()) {
      encrypted(row);
      continue;
    }
    const auto ktb = redo::decode<redo::Ktb>(row.field(1), row.order);
    const auto match = std::find_if(undos_alone_.begin(), undos_alone_.end(), [&](std::size_t j) {
      const auto k = redo::decode<Ktudb>(vectors_[j].field(1), row.order);
      return j > i && ktb.uba == oracle::Uba{vectors_[j].dba, k.seq, k.rec};
    });
    if (match == undos_alone_.end()) {
      // Also what a block image or a cleanout leaves: only worth a word for a table that is captured.
      const oracle::Table* table =
          dictionary_.latest().find(row.con_id, object_of_segment(row.con_id, row.header().obj()));
      if (table && table->captured)
        warn(record_->rba,
             fmt::format("a {}.{} change of {}.{} has no undo and is left out: is supplemental logging on?",
                         redo::layer_of(row.op), redo::code_of(row.op), table->owner, table->name));
      continue;
    }
    pair(vectors_[*match], &row);
    undos_alone_.erase(match);
  }
  for (const std::size_t i : undos_alone_) pair(vectors_[i], nullptr);
}

// Takes back the newest change that the rollback vector undoes. `row` is the compensating row or index vector; without
// one a change that had no row vector of its own is meant, and no row is named.
void Core::roll_back(const Vector& applied, const Vector* row) {
  if (applied.encrypted()) return encrypted(applied);
  const Bytes field = applied.field(1);
  if (field.size() < redo::kKtubSize) return;
  const auto ktub = redo::decode<Ktub>(field, applied.order);
  if ((ktub.flg & redo::kUndoDone) == 0) return;
  if (ktub.opc() != redo::opcode(11, 1) && ktub.opc() != redo::opcode(10, 22)) return;
  OpenTransaction* t = transactions_.newest(applied.con_id, applied.usn(), ktub.slt);
  if (!t || has_already(*t)) return;
  t->touch(group_->thread, group_->start);
  if (!wanted(applied.con_id, ktub.obj, *t)) return;
  if (row && row->encrypted()) {
    t->suspect = true;
    return encrypted(*row);
  }

  const redo::Opcode op = row ? taken_back_by(row->op) : redo::kLogminerRow;
  const redo::RowAddress address = row ? changed_address(*row) : redo::RowAddress{};
  constexpr std::size_t kNear = 8;  // changes, the newest: nearly always one of them is meant
  ChangeList::Backward back(t->changes);
  Change* match = nullptr;
  std::size_t seen = 0;
  for (Change* c = back.next(); c; c = back.next()) {
    if (++seen > kNear && !may_search(*t, c->size())) return;
    if (c->taken_back() || c->obj != ktub.obj) continue;
    const bool same = row ? c->op == op : c->op == redo::kLogminerRow || c->op == redo::kUndo;
    if (!same) continue;
    // The entries of a LOB index went with their row; those of an index-organized table may have moved in their leaf.
    if (row && (is_row(c->op) || c->lob) && changed_address(c->redo()) != address) continue;
    match = c;
    break;
  }
  if (match) {
    if (watch_rollbacks_) watch_rollbacks_(record_->rba, match->rba);
    const ChangeList::Cancelled cancelled{back.place()};
    const bool lobs = !match->lob && (t->lobs || lob_owners_.parked_bytes() > 0);
    ByteString bytes;
    if (lobs) bytes.assign(match->redo().bytes.begin(), match->redo().bytes.end());
    t->changes.cancel({&cancelled, 1});
    if (lobs) forget_lobs_of_row(*t, cancelled.place, bytes);
    t->changes.trim();
  } else if (t->has_begin && ktub.opc() == redo::opcode(11, 1)) {
    warn(record_->rba,
         fmt::format("transaction {} rolls back a change of object {} that was not seen", to_text(t->xid), ktub.obj));
  }
}

// OpenTransaction::may_search(); says so when it is the first time that it may not.
bool Core::may_search(OpenTransaction& t, std::size_t bytes) {
  if (t.may_search(bytes)) return true;
  if (!std::exchange(t.suspect, true))
    warn(record_->rba,
         fmt::format("transaction {} takes back changes far behind its last ones too often to be followed",
                     to_text(t.xid)));
  return false;
}

void Core::encrypted(const Vector& v) {
  if (!std::exchange(warned_encrypted_, true))
    warn(record_->rba,
         fmt::format("vector {}.{} belongs to an encrypted tablespace and is passed over, like all others of "
                     "such tablespaces: their keys are not at hand",
                     redo::layer_of(v.op), redo::code_of(v.op)));
}

void Core::end(const Vector& v) {
  if (v.encrypted()) return encrypted(v);
  if (v.op == redo::kStateChange) {
    // Parallel DML: the parent ends with state 9 behind its children; what it is worth was said by its 5.4.
    const Bytes field = v.field(1);
    if (field.size() < 16) return;
    const auto ktust = redo::decode<redo::Ktust>(field, v.order);
    OpenTransaction* t = transactions_.find(v.con_id, {v.usn(), ktust.slt, ktust.sqn});
    if (!t || ktust.sta != redo::kEndStateEnded || t->decided_scn == 0) return;
    const bool waited = parallel_.ended(*t);
    commit(*t, {});
    if (waited) release_held();
    return;
  }
  const redo::TransactionEnd end = redo::transaction_end(v);
  const Xid xid{v.usn(), end.end.slt, end.end.sqn};
  OpenTransaction* t = transactions_.find(v.con_id, xid);
  // It changed nothing that was kept, and began before the logs do; or it is of another transaction of an XID that is
  // open again.
  if (!t || has_already(*t)) return;
  if (end.end.flg & redo::kEndRolledBack) {
    ++counters_.rollbacks;
    const bool waited = t->decided_scn != 0 && parallel_.ended(*t);
    if (!ddls_.empty()) ddls_.take(t->con_id, t->xid);
    transactions_.close(t);
    if (waited) release_held();
  } else if (end.end.sta == redo::kEndStateParallelParent) {
    t->decided_scn = record_->scn;
    t->saved.reset();
    parallel_.decided(*t, group_->thread, group_->time);
  } else {
    commit(*t, end);
  }
}

void Core::commit(OpenTransaction& t, const redo::TransactionEnd& end) {
  ++counters_.commits;
  CommitPoint point{record_->scn, group_->thread, record_->rba, end.time, group_->time};
  // A member of a parallel DML commits at its parent's SCN, unless something later was told meanwhile.
  const Scn decided = t.decided_scn != 0 ? t.decided_scn : end.parent_scn;
  if (decided != oracle::kNoScn && decided != 0 && decided <= point.scn && decided >= last_commit_scn_)
    point.scn = decided;
  transactions_.end(&t);
  if (point.scn > parallel_.horizon()) return parallel_.hold(t, point);
  tell(t, point);
}

void Core::let_go(const std::vector<Xid>& unresolved) {
  for (const Xid parent : unresolved) {
    ++counters_.pdml_unresolved;
    warn(group_ ? record_->rba : Rba{},
         fmt::format("parallel DML of transaction {} has not ended within {} s of its decision: its members commit at "
                     "their own SCNs from here on",
                     to_text(parent), ParallelDml::kPatience));
  }
  if (!unresolved.empty()) release_held();
}

void Core::release_held() {
  CommitPoint point;
  while (OpenTransaction* t = parallel_.release(point)) tell(*t, point);
}

void Core::tell(OpenTransaction& t, const CommitPoint& point) {
  if (point.scn > options_.to_scn) {
    done_ = true;
    return;
  }
  std::vector<change::Ddl> ddls;
  if (!ddls_.empty()) ddls = ddls_.take(t.con_id, t.xid);
  Scn late_behind = 0;
  std::uint64_t begin_index = 0;
  const std::uint64_t rows_behind = 1 + ddls.size();
  if (telling_again_) {
    // Told before. Only what it did to a dictionary that is older has to be done again.
    if (!t.dictionary || point.scn <= dictionary_scn_) return transactions_.close(&t);
  } else {
    if (late_ && index_scn_ > point.scn) {
      late_behind = index_scn_;
      ++counters_.late;
    } else if (std::exchange(index_scn_, point.scn) != point.scn) {
      next_index_ = 1;
    }
    begin_index = next_index_;
    next_index_ = begin_index + rows_behind + t.row_changes + 1;
  }
  if (t.changes.empty() && ddls.empty()) return transactions_.close(&t);
  if (!t.has_begin && !t.suspect && !options_.partial && !telling_again_) {
    // One that --from-scn leaves out anyway, or that told nothing, is not missed.
    if (!t.changes.empty() && point.scn > options_.from_scn) {
      ++counters_.partial;
      warn(point.rba, fmt::format("transaction {} began before the first log and is left out", to_text(t.xid)));
    }
    return transactions_.close(&t);
  }
  t.held = false;
  transactions_.drop_split_undo(t);
  const auto fill = [&](Committed& committed) {
    change::Transaction& head = committed.head;
    head.xid = t.xid;
    head.con_id = t.con_id;
    head.thread = point.thread;
    head.begin_scn = t.begin_scn;
    head.commit_scn = point.scn;
    head.late_behind = late_behind;
    head.commit_rba = point.rba;
    head.commit_time = point.time;
    head.begin_index = begin_index;
    head.row_index = begin_index + rows_behind;
    head.commit_index = head.row_index + t.row_changes;
    committed.transaction = &t;
    committed.told = point.scn > options_.from_scn && point.redo_time >= options_.from_time && !telling_again_;
    committed.parked = lob_owners_.parked_count();
    if (committed.told) last_commit_scn_ = point.scn;
  };
  if (!t.dictionary && ddls.empty()) return fill(committed_.add());

  Committed committed;  // not in the queue before it is whole
  fill(committed);
  if (t.dictionary) {
    committed_.assemble(committed);
    change::Batch& rows = committed.definition->assembled;
    committed.head.row_count = static_cast<std::uint32_t>(rows.rows.size());
    for (std::string& text : dictionary_.apply(rows, committed.head)) {
      if (!telling_again_)
        events_.push_back({Event::Kind::kDictionary, point.thread, point.rba, point.scn, std::move(text)});
    }
    forget_known();
    std::erase_if(rows.rows, [](const change::RowChange& row) { return !row.table->captured; });
  }
  if (!ddls.empty() && !telling_again_) tell_ddl(std::move(ddls), committed);
  if (committed.definition) dictionary_.keep_alive(committed.definition->owners);
  committed_.add() = std::move(committed);
}

// Whether changes of the object are kept. Objects that the dictionary does not know yet are: the transaction may be
// creating them.
const Core::Known& Core::known(std::uint16_t con_id, std::uint32_t obj) {
  const std::uint64_t object = std::uint64_t{con_id} << 32 | obj;
  Known& k = known_[object * 0x9E3779B97F4A7C15U >> 54];
  if (k.key == object) return k;
  const oracle::Dictionary& dictionary = dictionary_.latest();
  const oracle::Table* table = dictionary.find(con_id, obj);
  k = {};
  k.key = object;
  k.kind = dictionary.kind(con_id, obj);
  k.dictionary = table && table->dictionary;
  k.lobs = table && std::any_of(table->columns.begin(), table->columns.end(), [](const auto& c) { return c.is_lob(); });
  if (table) {
    k.wanted = table->captured || table->dictionary;
  } else if (k.kind == oracle::ObjectKind::kLobIndex || k.kind == oracle::ObjectKind::kLobSegment) {
    k.wanted = lob_wanted(con_id, obj);
  } else {
    k.wanted = k.kind == oracle::ObjectKind::kUnknown;
  }
  return k;
}

bool Core::wanted(std::uint16_t con_id, std::uint32_t obj, OpenTransaction& t) {
  const Known& k = known(con_id, obj);
  if (k.dictionary) t.dictionary = true;
  return k.wanted;
}

void Core::forget_known() {
  std::fill(known_.begin(), known_.end(), Known{});
  objects_of_segments_.clear();
}

const oracle::Table* Core::table(std::uint16_t con_id, std::uint32_t obj, Scn scn, std::size_t columns) {
  return dictionary_.table(con_id, obj, scn, columns);
}

bool Core::take(change::Batch& batch) {
  batch.clear();
  if (!committed_.take(batch)) return false;
  for (const change::Transaction& t : batch.transactions) {
    counters_.transactions += t.first;
    counters_.rows += t.row_count;
  }
  dictionary_.keep_alive(batch.owners);
  dictionary_.forget_schemaless();
  if (dictionary_.version_count() > 1) {
    dictionary_.forget_below(oldest_scn());
  }
  return true;
}

Scn Core::oldest_scn() const {
  Scn oldest = committed_.oldest(last_.scn);
  transactions_.for_each([&](const OpenTransaction& t) { oldest = std::min(oldest, t.begin_scn); });
  return oldest;
}

void Core::note_hole(std::uint16_t thread) {
  threads_.at(thread).hole = true;
  doubt_open();
}

void Core::doubt_open() {
  hole_ = true;
  transactions_.for_each([](OpenTransaction& t) {
    t.suspect = true;
    t.saved.reset();
  });
}

std::vector<Event> Core::take_events() { return std::exchange(events_, {}); }

std::vector<Xid> Core::unfinished() const {
  std::vector<Xid> xids;
  transactions_.for_each([&](const OpenTransaction& t) {
    if (!t.changes.empty() && !t.held) xids.push_back(t.xid);
  });
  std::sort(xids.begin(), xids.end());
  return xids;
}

void Core::warn(Rba rba, const std::string& text) {
  if (telling_again_) return;
  ++counters_.warnings;
  const change::Transaction* told = committed_.current();
  const std::uint16_t thread = told ? told->thread : group_ ? group_->thread : std::uint16_t{0};
  events_.push_back({Event::Kind::kWarning, thread, rba, told ? told->commit_scn : last_.scn, text});
}

}  // namespace redoubt::capture
