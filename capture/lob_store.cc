#include "capture/lob_store.h"

#include <zlib.h>

#include <algorithm>

namespace redoubt::capture {

using change::CellState;
using oracle::LobLocator;
using redo::KdliCode;

namespace {

constexpr std::uint8_t kCompressedMap = 0x10;  // flg2 of LOAD DATA

// What a ZERO writes.
Bytes zeros(std::size_t size) {
  static const std::array<std::uint8_t, 0x10000> kZeros{};
  return Bytes(kZeros).subspan(0, size);
}

// zlib streams back to back. False unless they are whole and give exactly `to`.
bool inflate_into(Bytes from, std::span<std::uint8_t> to) {
  while (!to.empty()) {
    z_stream stream{};
    stream.next_in = const_cast<std::uint8_t*>(from.data());  // zlib does not write there
    stream.avail_in = static_cast<uInt>(from.size());
    stream.next_out = to.data();
    stream.avail_out = static_cast<uInt>(to.size());
    if (inflateInit(&stream) != Z_OK) return false;
    const int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (result != Z_STREAM_END || stream.total_out == 0) return false;
    from = from.subspan(stream.total_in);
    to = to.subspan(stream.total_out);
  }
  return true;
}

}  // namespace

void LobStore::collect(OpenTransaction& t, bool whole, std::uint64_t parked) {
  transaction_ = &t;
  whole_ = whole;
  parked_ = parked;
  if (!t.lobs && !used_) return;
  used_ = t.lobs;
  lobs_.clear();
  pages_.clear();
  index_.clear();
  lists_.clear();
  next_lists_.clear();
  lob_of_block_.clear();
  adopted_.clear();
  if (!t.lobs) return;
  t.changes.for_each_chunk([&](Chunk& chunk, std::uint64_t place) {
    chunk_ = &chunk;
    place_ = place;
    for_each_change(chunk, [&](Change& change) {
      if (change.lob) read(change);
    });
  });
  chunk_ = nullptr;
}

// What is in no chunk is adopted, or zeros.
LobStore::Fragment LobStore::fragment(std::size_t offset, Bytes data) const {
  const bool in_chunk = chunk_ && data.data() >= chunk_->data() && data.data() < chunk_->data() + chunk_->used;
  if (!in_chunk || place_ == 0) return {offset, data.size(), data.data(), 0, in_chunk && whole_};
  return {offset, data.size(), nullptr, place_ + static_cast<std::uint64_t>(data.data() - chunk_->data()), false};
}

LobStore::Lob& LobStore::lob(const LobId& id) {
  const auto [it, added] = lobs_.try_emplace(id);
  if (added) it->second.number = static_cast<std::uint32_t>(lobs_.size());
  return it->second;
}

LobStore::Page& LobStore::page(Lob& l, oracle::Dba dba) {
  const auto [it, added] = pages_.try_emplace(key(l.number, dba));
  if (added) ++l.pages;
  return it->second;
}

// A vector that cannot be read leaves its LOB unknown: whatever is put together without it may be wrong.
void LobStore::read(Change& change) {
  const redo::Vector v = change.redo();
  try {
    if (redo::layer_of(change.op) == 10) {
      const redo::Vector undo = change.undo_size != 0 ? change.undo() : redo::Vector{};
      for_each_lob_index_entry(change.undo_size != 0 ? &undo : nullptr, v,
                               [&](const LobIndexEntry& entry) { read_index(entry); });
    } else if (change.op == redo::kDirectBlock) {
      const auto lob_page = redo::decode<redo::LobPage>(v.field(1), v.order);
      page(lob(lob_page.lob), v.dba).fragments = {fragment(0, lob_page.data)};
    } else {
      read_secure(change, v);
    }
  } catch (const Malformed&) {
    if (const LobIdentity identity = lob_identity(nullptr, v); identity.lob) lob(*identity.lob).broken = true;
  }
}

void LobStore::read_index(const LobIndexEntry& entry) {
  redo::LobIndexData data;
  redo::Reader io(entry.data, ByteOrder::kBig);
  const bool first = entry.key.page == 0;
  redo::layout_lob_index_data(io, first, data);
  Lob& l = lob(entry.key.lob);
  if (first) {
    l.has_size = true;
    l.full_pages = data.whole_pages;
    l.last_page_size = data.rest;
  }
  IndexEntry& e = index_[key(l.number, entry.key.page)];
  e.blocks = data.pages;
  e.count = first ? 4 : 8;
}

void LobStore::read_secure(const Change& change, const redo::Vector& v) {
  std::optional<LobId> id;
  std::uint32_t data_obj = change.data_obj;
  bool compressed = false;
  const KdliFrame frame = for_each_kdli(v, [&](const redo::Kdli& part) {
    if (part.has_lob()) id = part.lob;
    if (part.kind() == KdliCode::kFormatLoad) data_obj = part.obj;
    if (part.kind() == KdliCode::kLoadData) compressed = (part.flg2 & kCompressedMap) != 0;
  });
  const oracle::Dba dba = frame.common.dba != 0 ? frame.common.dba : v.dba;
  if (id) {
    lob_of_block_[key(data_obj, dba)] = *id;
  } else {
    const auto it = lob_of_block_.find(key(data_obj, dba));
    if (it == lob_of_block_.end()) return;
    id = it->second;
  }
  Lob& l = lob(*id);
  l.compressed |= compressed;
  switch (frame.common.kind()) {
    case redo::KdliOp::kInvalidate:
    case redo::KdliOp::kImageInvalidate: l.pages -= pages_.erase(key(l.number, dba)); return;
    default: break;
  }
  if (frame.image) page(l, dba).fragments = {fragment(0, *frame.image)};
  for_each_kdli(v, [&](const redo::Kdli& part) { apply(l, dba, part); });
}

void LobStore::apply(Lob& l, oracle::Dba dba, const redo::Kdli& part) {
  const auto extents = [&](std::size_t from) {
    Extents& e = lists_[key(l.number, dba)];
    if (from == 0) e = {};
    if (from > e.list.size()) e.broken = true;
    if (e.broken) return;
    e.list.resize(std::max(e.list.size(), from + part.extents.size()));
    for (std::size_t i = 0; i < part.extents.size(); ++i)
      e.list[from + i] = {part.extents[i].first, part.extents[i].pages};
  };
  switch (part.kind()) {
    case KdliCode::kFill: page(l, dba).fragments.push_back(fragment(part.offset, part.data)); break;
    case KdliCode::kZero: page(l, dba).fragments.push_back(fragment(part.offset, zeros(part.size))); break;
    case KdliCode::kMap:
    case KdliCode::kMapWide:
    case KdliCode::kLoadTree: extents(0); break;
    case KdliCode::kMapFrom:
    case KdliCode::kTreeMap: extents(part.start_index); break;
    case KdliCode::kGmap:
    case KdliCode::kMapFromWide:
    case KdliCode::kTreeMapWide: lists_[key(l.number, dba)].broken = true; break;
    case KdliCode::kLoadHeader: {
      std::vector<oracle::Dba>& next = next_lists_[key(l.number, dba)];
      next.clear();
      for (const oracle::Dba list : part.map_pages)
        if (list != 0 && list != dba) next.push_back(list);
      break;
    }
    default: break;
  }
}

bool LobStore::is_elsewhere(Bytes locator) const {
  try {
    const LobLocator l = LobLocator::parse(locator);
    return !l.in_row() && !lobs_.contains(l.id);
  } catch (const Malformed&) {
    return false;
  }
}

void LobStore::fill(const oracle::Table& table, change::Cell& cell, bool before, ChunkList& memory) {
  const oracle::Column& column = table.columns[cell.column];
  try {
    const LobLocator locator = LobLocator::parse(cell.bytes());
    Bytes value;
    if (locator.in_row()) {
      value = locator.data;
    } else if (before || !content(locator, memory, value)) {
      cell.data = nullptr;
      cell.size = 0;
      cell.state = CellState::kUnavailable;
      return;
    }
    cell.data = value.data();
    cell.size = static_cast<std::uint32_t>(value.size());
    // The hidden LOB of a long VARCHAR2 is in the column's own character set, whatever its locator says.
    cell.state = locator.utf16 && column.type == oracle::TypeCode::kClob ? CellState::kLobUtf16 : CellState::kLob;
  } catch (const Malformed&) {
    cell.state = CellState::kSuspect;
  }
}

bool LobStore::content(const LobLocator& locator, ChunkList& memory, Bytes& value) {
  owners_.adopt(
      transaction_->con_id, locator.id,
      [&](const Change& head, Rba, Bytes vector) {
        std::vector<std::uint64_t>& words = adopted_.emplace_back((sizeof(Change) + vector.size() + 7) / 8);
        auto* change = new (words.data()) Change(head);
        change->undo_size = 0;
        change->redo_size = static_cast<std::uint32_t>(vector.size());
        std::copy(vector.begin(), vector.end(), change->undo_data());
        used_ = true;
        read(*change);
      },
      parked_);
  const auto it = lobs_.find(locator.id);
  if (it == lobs_.end() || it->second.broken) return false;
  const Lob& l = it->second;
  pieces_.clear();
  if (locator.kind == LobLocator::Kind::kLobIndex || locator.kind == LobLocator::Kind::kBasicPages) {
    if (!basic_pages(l, locator)) return false;
  } else if (!secure_pages(l, locator)) {
    return false;
  }
  std::size_t size = 0;
  for (const Piece& piece : pieces_) size += piece.size;
  if (size > kValueMax) return false;
  value = join(size, memory);
  if (!l.compressed) return true;

  if (locator.length > kValueMax || locator.length / 1024 > size) return false;  // zlib cannot do better than 1:1032
  std::uint8_t* plain = memory.add(locator.length);
  const Bytes packed = value;
  value = {plain, locator.length};
  return inflate_into(packed, {plain, locator.length});
}

// Appends the page of a block. Its size is what it holds from its start without a hole; the same block twice can only
// be a broken list.
bool LobStore::add_piece(const Lob& l, oracle::Dba dba) {
  const auto it = pages_.find(key(l.number, dba));
  if (it == pages_.end() || pieces_.size() == l.pages) return false;
  const Page& p = it->second;
  std::size_t end = 0;
  for (const Fragment& f : p.fragments) end = std::max(end, f.offset + f.size);
  std::size_t covered = 0;
  const auto cover = [&](const Fragment& f) {
    if (f.offset <= covered) covered = std::max(covered, f.offset + f.size);
  };
  std::for_each(p.fragments.begin(), p.fragments.end(), cover);
  if (covered != end) {  // not written from front to back
    std::vector<Fragment> sorted = p.fragments;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
    std::for_each(sorted.begin(), sorted.end(), cover);
  }
  if (covered == 0 || covered != end) return false;
  pieces_.push_back({&p, covered});
  return true;
}

oracle::Dba LobStore::block_of_page(const Lob& l, std::uint32_t number) const {
  auto it = index_.upper_bound(key(l.number, number));
  if (it == index_.begin()) return 0;
  --it;
  if (it->first >> 32 != l.number) return 0;
  const std::uint32_t first = static_cast<std::uint32_t>(it->first);
  return number - first < it->second.count ? it->second.blocks[number - first] : 0;
}

bool LobStore::basic_pages(const Lob& l, const LobLocator& locator) {
  const bool in_row = locator.kind == LobLocator::Kind::kBasicPages;
  if (!in_row && !l.has_size) return false;
  const std::uint32_t full = in_row ? locator.full_pages : l.full_pages;
  const std::uint16_t rest = in_row ? locator.last_page_size : l.last_page_size;
  const std::uint64_t count = std::uint64_t{full} + (rest != 0);
  if (count > l.pages) return false;
  for (std::uint32_t i = 0; i < count; ++i) {
    const oracle::Dba listed = i < locator.pages.size() ? locator.pages[i] : 0;
    const oracle::Dba dba = listed != 0 ? listed : block_of_page(l, i);
    if (dba == 0 || !add_piece(l, dba)) return false;
    if (i < full && pieces_[i].size != pieces_[0].size) return false;
  }
  if (rest != 0) {
    if (rest > pieces_.back().size || (full > 0 && rest > pieces_[0].size)) return false;
    pieces_.back().size = rest;
  }
  return true;
}

bool LobStore::add_extents(const Lob& l, const std::vector<oracle::LobExtent>& extents) {
  for (const oracle::LobExtent& extent : extents)
    for (std::uint32_t i = 0; i < extent.blocks; ++i)
      if (!add_piece(l, extent.first + i)) return false;
  return true;
}

bool LobStore::secure_pages(const Lob& l, const LobLocator& locator) {
  bool whole = true;
  if (locator.kind == LobLocator::Kind::kSecureExtents) {
    whole = add_extents(l, locator.extents);
  } else {
    std::vector<oracle::Dba> blocks{locator.list_block};
    if (const auto it = next_lists_.find(key(l.number, locator.list_block)); it != next_lists_.end())
      blocks.insert(blocks.end(), it->second.begin(), it->second.end());
    bool any = false;
    for (const oracle::Dba block : blocks) {
      const auto it = lists_.find(key(l.number, block));
      if (it == lists_.end()) {
        // The first block may be a header alone; one that it names must be there.
        if (block == locator.list_block) continue;
        return false;
      }
      if (it->second.broken) return false;
      any = true;
      whole = whole && add_extents(l, it->second.list);
    }
    whole = whole && any;
  }
  if (l.compressed) return whole && !pieces_.empty();
  // Extents may reach behind the end of the LOB, with blocks that were never written.
  return cut(locator.length);
}

// Cuts what was collected to the length. All pages but the last are of one size and the last is not larger: else one of
// them is only a part.
bool LobStore::cut(std::uint64_t length) {
  std::uint64_t size = 0;
  std::size_t count = 0;
  for (; count < pieces_.size() && size < length; ++count) size += pieces_[count].size;
  if (size < length) return false;
  pieces_.resize(count);
  for (const Piece& piece : pieces_) {
    const bool last = &piece == &pieces_.back();
    if (last ? piece.size > pieces_[0].size : piece.size != pieces_[0].size) return false;
  }
  pieces_.back().size -= size - length;
  return true;
}

// One piece that is one fragment stays where it is, if that lasts.
Bytes LobStore::join(std::size_t size, ChunkList& memory) const {
  if (pieces_.size() == 1 && pieces_[0].page->fragments.size() == 1 && pieces_[0].page->fragments[0].stays)
    return {pieces_[0].page->fragments[0].data, size};
  std::uint8_t* to = memory.add(size);
  const Bytes joined{to, size};
  for (const Piece& piece : pieces_) {
    for (const Fragment& f : piece.page->fragments) {
      if (f.offset >= piece.size) continue;
      const std::size_t part = std::min(f.size, piece.size - f.offset);
      if (f.data) {
        std::copy_n(f.data, part, to + f.offset);
      } else {
        transaction_->changes.file()->read_part(f.place, to + f.offset, part);
      }
    }
    to += piece.size;
  }
  return joined;
}

}  // namespace redoubt::capture
