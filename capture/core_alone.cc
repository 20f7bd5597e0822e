// What the core does with vectors that stand alone (19.1, 19.2, 24.x, 26.x, 11.17), and with the changes of LOBs.
//
// A LOB change goes to the transaction that owns the LOB. Who that is, say, the surest first: rows that hold the LOB's
// locator, markers for LogMiner, the XID of a block image, index changes and SecureFile changes. Index changes may be
// made by a recursive transaction of their own: they do not take a LOB away from the transaction that has it.
#include <fmt/format.h>

#include <algorithm>

#include "base/text_buffer.h"
#include "capture/core.h"
#include "oracle/charset.h"
#include "redo/direct_block.h"
#include "redo/lob.h"
#include "redo/marker.h"

namespace redoubt::capture {

using redo::Vector;

namespace {

constexpr std::uint16_t kNoUndoSegment = 0xFFFF;  // usn of an ITL entry that names no transaction

bool holds(Bytes bytes, const LobId& lob) {
  return std::search(bytes.begin(), bytes.end(), lob.begin(), lob.end()) != bytes.end();
}

}  // namespace

void Core::alone(const Vector& v) {
  switch (v.op) {
    case redo::kDirectBlock:
    case redo::kInvalidateRange:
    case redo::kLobRedo:
    case redo::kLobImage:
    case redo::kLobMarker:
    case redo::kDdl:
    case redo::kDirectLoadMarker: break;
    default: return;
  }
  if (v.encrypted()) return encrypted(v);
  try {
    switch (v.op) {
      case redo::kDirectBlock: redo::has_block_image(v) ? direct_block(v) : lob_alone(v); break;
      case redo::kInvalidateRange: unlogged(v); break;
      case redo::kLobMarker: lob_marker(v); break;
      case redo::kDdl: ddl(v); break;
      case redo::kDirectLoadMarker:
        record_load_ = redo::decode<redo::DirectLoadMarker>(v.field(1), v.order).xid;
        last_load_[v.con_id] = record_load_;
        break;
      default: lob_alone(v);
    }
  } catch (const Malformed& e) {
    warn(record_->rba, fmt::format("a vector {}.{} cannot be read and is passed over: {}", redo::layer_of(v.op),
                                   redo::code_of(v.op), e.what()));
  }
}

// Whether LOBs of the table that the object, a LOB segment or LOB index, belongs to are kept. Without a dictionary no
// column is known to be a LOB: none is.
bool Core::lob_wanted(std::uint16_t con_id, std::uint32_t obj) const {
  const oracle::Dictionary& dictionary = dictionary_.latest();
  if (dictionary.tables().empty()) return false;
  if (const oracle::Table* table = dictionary.owner_of(con_id, obj)) return table->captured;
  return dictionary.kind(con_id, obj) == oracle::ObjectKind::kUnknown;
}

void Core::keep_lob(OpenTransaction& t, Change change, Bytes undo, Bytes redo) {
  if (has_already(t)) return;
  change.lob = true;
  t.changes.add(change, undo, redo);
  t.lobs = true;
  t.touch(group_->thread, group_->start);
}

void Core::claim_lob(OpenTransaction& t, const LobId& lob) {
  t.saved.reset();
  lob_owners_.claim(t.con_id, lob, t.xid,
                    [this](std::uint16_t con_id, Xid xid) { return transactions_.find(con_id, xid) != nullptr; });
  lob_owners_.adopt(t.con_id, lob, [&](const Change& change, Rba start, Bytes vector) {
    t.touch_earlier(change.thread, start);
    keep_lob(t, change, {}, vector);
  });
}

void Core::claim_lobs_of_row(OpenTransaction& t, Bytes row) {
  for_each_locator(row, [&](const LobId& lob) {
    if (lob_owners_.owner(t.con_id, lob) != t.xid) claim_lob(t, lob);
  });
}

// A pair of an index change, or of a SecureFile change (`secure`: whatever the undo is of, it is no row). True when it
// is a LOB's, kept or not.
bool Core::lob_pair(const Vector& undo, const Vector* partner, bool secure, std::uint32_t obj, std::uint32_t data_obj,
                    OpenTransaction& t) {
  const oracle::ObjectKind kind = known(t.con_id, obj).kind;
  if (!secure && kind == oracle::ObjectKind::kTable) return false;  // an index-organized table
  if (!partner) return secure || kind != oracle::ObjectKind::kUnknown;
  const LobIdentity identity = lob_identity(&undo, *partner);
  if (!identity.lob && !secure && kind == oracle::ObjectKind::kUnknown) return false;
  if (identity.malformed) {
    t.suspect = true;
    warn(record_->rba, fmt::format("a LOB change {}.{} of transaction {} cannot be read", redo::layer_of(partner->op),
                                   redo::code_of(partner->op), to_text(t.xid)));
  }
  if (!lob_wanted(t.con_id, obj)) return true;

  OpenTransaction* owner = &t;
  if (identity.lob) {
    if (OpenTransaction* other = transactions_.find(t.con_id, lob_owners_.owner(t.con_id, *identity.lob))) {
      owner = other;
    } else {
      claim_lob(t, *identity.lob);
    }
  }
  const bool key_in_undo = partner->op == redo::kIndexUpdateKeyData;
  keep_lob(*owner, head(obj, data_obj, partner->op), key_in_undo ? undo.bytes : Bytes{}, partner->bytes);
  return true;
}

// A page or block image, or a SecureFile change without undo.
void Core::lob_alone(const Vector& v) {
  const LobIdentity identity = lob_identity(nullptr, v);
  if (identity.malformed) throw Malformed("no LOB page");
  const std::uint32_t obj = identity.data_obj != 0 ? identity.data_obj : v.header().obj();
  if (!lob_wanted(v.con_id, obj)) return;
  if (identity.table_obj != 0) {
    const oracle::Table* table = dictionary_.latest().find(v.con_id, identity.table_obj);
    if (table && !table->captured) return;
  }
  OpenTransaction* t = identity.xid ? transactions_.find(v.con_id, *identity.xid) : nullptr;
  if (t && identity.lob) claim_lob(*t, *identity.lob);
  if (!t && identity.lob) t = transactions_.find(v.con_id, lob_owners_.owner(v.con_id, *identity.lob));
  Change change = head(obj, obj, v.op);
  if (t) return keep_lob(*t, change, {}, v.bytes);
  if (!identity.lob) return;
  change.lob = true;
  if (lob_owners_.park(v.con_id, *identity.lob, change, group_->start, v.bytes) && !std::exchange(warned_parked_, true))
    warn(record_->rba,
         fmt::format("LOB pages of more than {} MiB name no transaction: the oldest are forgotten, their LOBs may be "
                     "told as unavailable",
                     LobOwners::kParkedMax >> 20));
}

// A LogMiner marker says who writes a LOB before the writes come.
void Core::lob_marker(const Vector& v) {
  constexpr std::uint8_t kOperation = 1;
  if (u8_at(v.field(2), 0) != kOperation) return;
  const auto marker = redo::decode<redo::LobWriteMarker>(v.field(3), v.order);
  const oracle::Table* table = dictionary_.latest().find(v.con_id, marker.obj);
  if (!table || !table->captured) return;
  if (OpenTransaction* t = transactions_.find(v.con_id, marker.xid)) claim_lob(*t, marker.lob);
}

// A row change was taken back: what was written to its LOBs since the change before it that holds the same LOB is
// forgotten. Newer changes that hold the LOB keep what was written before them. Index changes are rolled back by
// vectors of their own as well, which come later and name no key: they must find these, not those of another LOB.
void Core::forget_lobs_of_row(OpenTransaction& t, ChangeList::Place row, Bytes redo) {
  std::vector<ChangeList::Cancelled> written;
  for_each_locator(redo, [&](const LobId& lob) {
    written.clear();
    bool first = true;  // no older change holds the LOB
    bool older = false;
    ChangeList::Backward back(t.changes);
    for (Change* c = back.next(); c && first; c = back.next()) {
      if (!may_search(t, c->size())) return;
      if (back.place() == row) {
        older = true;
      } else if (c->cancelled) {
        continue;
      } else if (c->lob) {
        const Vector undo = c->undo_size != 0 ? c->undo() : Vector{};
        if (lob_identity(c->undo_size != 0 ? &undo : nullptr, c->redo()).lob == lob)
          written.push_back({back.place(), redo::layer_of(c->op) == 10});
      } else if (holds(c->redo().bytes, lob)) {
        if (older) {
          first = false;
        } else {
          written.clear();
        }
      }
    }
    t.changes.cancel(written);
    if (first) lob_owners_.adopt(t.con_id, lob, [](const Change&, Rba, Bytes) {});
  });
}

// The image of a block: the rows of a direct-path insert, unless it is of an index.
void Core::direct_block(const Vector& v) {
  const auto block = redo::decode<redo::DirectBlock>(v.field(1), v.order);
  if (block.type != redo::kImageData) return;
  const std::uint32_t obj = object_of_segment(v.con_id, block.data_obj);
  OpenTransaction* t = loader_of(v.con_id, obj, block);
  if (t && has_already(*t)) return;
  if (t) t->touch(group_->thread, group_->start);
  Change change = head(obj, block.data_obj, v.op);
  if (t) change.index = t->take_places(static_cast<std::uint32_t>(block.row_offsets.size()));
  if (!known(v.con_id, obj).wanted) return;
  if (!t) {
    if (loads_without_owner_.insert(std::uint64_t{v.con_id} << 32 | obj).second)
      warn(record_->rba,
           fmt::format("direct load of object {}: its block 0x{:08x} names no open transaction, its rows are left out",
                       obj, v.dba));
    return;
  }
  if (!wanted(v.con_id, obj, *t)) return;
  t->changes.add(change, {}, v.bytes);
  if (known(v.con_id, obj).lobs) claim_lobs_of_row(*t, v.field(1));
}

// In this order: the marker in the record, the ITL entry of a locked row; these name one transaction, open or not. Then
// the container's last marker, the only open transaction that has changed the object: where redo is read again, that
// may have been another one, which has ended since.
OpenTransaction* Core::loader_of(std::uint16_t con_id, std::uint32_t obj, const redo::DirectBlock& block) {
  if (record_load_ != Xid{}) return transactions_.find(con_id, record_load_);
  for (const std::uint16_t offset : block.row_offsets) {
    const std::size_t lock_at = std::size_t{offset} - block.rows_at + 1;
    if (offset < block.rows_at || lock_at >= block.rows.size()) continue;
    const std::uint8_t lock = block.rows[lock_at];
    if (lock == 0 || lock > block.itl.size() || block.itl[lock - 1U].xid.usn == kNoUndoSegment) continue;
    return transactions_.find(con_id, block.itl[lock - 1U].xid);
  }
  OpenTransaction* likely = nullptr;
  if (const auto it = last_load_.find(con_id); it != last_load_.end()) likely = transactions_.find(con_id, it->second);
  if (!likely) likely = only_changer_of(con_id, obj);
  if (likely && telling_again_) likely->suspect = true;
  return likely;
}

// The only open transaction that has changed the object.
OpenTransaction* Core::only_changer_of(std::uint16_t con_id, std::uint32_t obj) {
  if (loads_without_owner_.contains(std::uint64_t{con_id} << 32 | obj)) return nullptr;
  OpenTransaction* only = nullptr;
  bool several = false;
  transactions_.for_each([&](OpenTransaction& t) {
    if (t.con_id != con_id || t.held || several) return;
    ChangeList::Backward back(t.changes);
    for (const Change* c = back.next(); c && may_search(t, c->size()); c = back.next()) {
      if (c->obj != obj || c->cancelled) continue;
      several = only != nullptr;
      only = &t;
      break;
    }
  });
  return several ? nullptr : only;
}

// The object number of a segment: blocks name only its data object number, which TRUNCATE and MOVE change.
std::uint32_t Core::object_of_segment(std::uint16_t con_id, std::uint32_t data_obj) {
  const auto [it, added] = objects_of_segments_.try_emplace(std::uint64_t{con_id} << 32 | data_obj, data_obj);
  if (!added) return it->second;
  for (const auto& table : dictionary_.latest().tables()) {
    if (table->con_id != con_id) continue;
    if (table->data_obj == data_obj) it->second = table->obj;
    for (const oracle::Partition& partition : table->partitions)
      if (partition.data_obj == data_obj) it->second = partition.obj;
  }
  return it->second;
}

void Core::unlogged(const Vector& v) {
  const redo::VectorHeader header = v.header();
  const std::uint32_t obj = object_of_segment(v.con_id, header.obj());
  const Known& k = known(v.con_id, obj);
  if (!k.wanted || k.dictionary) return;
  const oracle::Table* table = dictionary_.latest().owner_of(v.con_id, obj);
  warn(record_->rba, fmt::format("unlogged direct load on object {}{}: blocks from file {} address 0x{:08x} on are not "
                                 "in redo, their data is lost to capture; FORCE LOGGING prevents it",
                                 obj, table ? fmt::format(" ({}.{})", table->owner, table->name) : std::string(),
                                 header.afn, header.dba));
}

void Core::ddl(const Vector& v) {
  const redo::Ddl part = redo::read_ddl(v);
  if (part.header.temporary()) return;
  change::Ddl ddl;
  ddl.scn = record_->scn;
  ddl.rba = record_->rba;
  ddl.thread = group_->thread;
  if (OpenTransaction* t = transactions_.find(v.con_id, part.header.xid)) t->touch(group_->thread, group_->start);
  ddls_.add(v.con_id, part, std::move(ddl));
}

// Statements on tables that are not captured are not told. Their text is in the database character set; where no
// dictionary says which that is, it is taken for UTF-8, and what is none becomes U+FFFD.
void Core::tell_ddl(std::vector<change::Ddl> ddls, Committed& committed) {
  const std::uint16_t con_id = committed.head.con_id;
  const oracle::Charset* charset = dictionary_.latest().facts(con_id).charset;
  if (!charset) charset = oracle::charset_by_name("AL32UTF8");
  const auto in_utf8 = [charset](std::string& text) {
    TextBuffer converted;
    charset->append_utf8(converted, as_bytes(text));
    text = converted.str();
  };
  for (change::Ddl& ddl : ddls) {
    in_utf8(ddl.schema);
    in_utf8(ddl.sql);
    ddl.index = static_cast<std::uint32_t>(&ddl - ddls.data());
    ddl.table = dictionary_.latest().owner_of(con_id, ddl.obj);
    if (ddl.table && !ddl.table->captured) continue;
    if (committed.told)
      events_.push_back({Event::Kind::kDdl, ddl.thread, ddl.rba, committed.head.commit_scn,
                         fmt::format("type {} on {}{}, object {}: {}", ddl.type, ddl.schema,
                                     ddl.table ? "." + ddl.table->name : std::string(), ddl.obj, ddl.sql)});
    committed.define().ddls.push_back(std::move(ddl));
  }
}

}  // namespace redoubt::capture
