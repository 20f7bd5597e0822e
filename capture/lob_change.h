// What the vectors of a LOB say: which LOB, whose, and what is written where. Both the core, which must find the
// transaction of a vector, and the LOB store, which puts values together, read them through this.
//
//   10.2, 10.8, 10.18   LOB index: page number -> block addresses, size          with 5.1    rows.md 1.12
//   26.2                SecureFile change: fill, zero, block lists                with 5.1    format.md 6.10
//   26.6                SecureFile block image                                    alone
//   19.1                BasicFile LOB page                                        alone
#pragma once

#include <optional>

#include "redo/index.h"
#include "redo/lob.h"
#include "redo/vector.h"

namespace redoubt::capture {

using oracle::LobId;

// One entry of a LOB index as a vector writes it.
struct LobIndexEntry {
  redo::LobIndexKey key;
  Bytes data;  // kLobIndexDataSize bytes
};

// Calls `f(entry)` for the entries that a 10.2, 10.8 or 10.18 writes; `undo` may be empty but for 10.18, where it has
// the key. Vectors of other indexes have none. Does not throw.
template <class F>
void for_each_lob_index_entry(const redo::Vector* undo, const redo::Vector& v, F f) {
  constexpr std::size_t kKey = redo::kLobIndexKeySize;
  constexpr std::size_t kData = redo::kLobIndexDataSize;
  if (v.op == redo::kIndexNewLeaf) {
    constexpr std::size_t kRow = 2 + kData + kKey;  // flags, lock, key data, key
    for (Bytes rows = v.field(4); rows.size() >= kRow; rows = rows.subspan(kRow))
      if (const auto key = redo::lob_index_key(rows.subspan(2 + kData, kKey)))
        f(LobIndexEntry{*key, rows.subspan(2, kData)});
    return;
  }
  Bytes keys, data;
  if (v.op == redo::kIndexInsert) {
    keys = v.field(3);
    data = v.field(4);
  } else if (v.op == redo::kIndexUpdateKeyData && undo) {
    keys = undo->field(5);
    data = v.field(3);
  }
  for (; keys.size() >= kKey && data.size() >= kData; keys = keys.subspan(kKey), data = data.subspan(kData))
    if (const auto key = redo::lob_index_key(keys.subspan(0, kKey))) f(LobIndexEntry{*key, data.subspan(0, kData)});
}

// A 26.2 or 26.6: calls `f(kdli)` for its parts in order and returns what frames them. Throws Malformed.
struct KdliFrame {
  redo::KdliCommon common;
  std::optional<Bytes> image;  // data of the whole block
};
template <class F>
KdliFrame for_each_kdli(const redo::Vector& v, F f) {
  constexpr unsigned kImageField = 4;
  KdliFrame frame;
  redo::FieldCursor fields = v.fields();
  unsigned number = 1;
  if (v.op == redo::kLobRedo && !fields.empty()) {
    fields.next();  // KTB
    ++number;
  }
  if (fields.empty()) throw Malformed("a LOB vector without fields");
  frame.common = redo::decode<redo::KdliCommon>(fields.next(), v.order);
  while (!fields.empty()) {
    const Bytes field = fields.next();
    if (++number == kImageField && v.op == redo::kLobImage && frame.common.kind() == redo::KdliOp::kImage) {
      frame.image = field;
    } else if (!field.empty()) {
      f(redo::decode<redo::Kdli>(field, v.order));
    }
  }
  return frame;
}

// What tells where a vector belongs.
struct LobIdentity {
  std::optional<LobId> lob;
  std::optional<redo::Xid> xid;  // 26.6
  std::uint32_t data_obj = 0;    // of the LOB segment; 0 = not said
  std::uint32_t table_obj = 0;   // 0 = not said
  bool malformed = false;        // a part cannot be read; the rest may be there
};
// Of any of the vectors above; `undo` as above. Does not throw.
LobIdentity lob_identity(const redo::Vector* undo, const redo::Vector& v);

// Calls `f(id)` for everything in `bytes` that looks like the start of a LOB locator: the columns of a row vector, a
// row of an array, a block. What is none by chance names a LOB that nobody knows.
template <class F>
void for_each_locator(Bytes bytes, F f) {
  constexpr std::size_t kLocator = 20, kIdAt = 10;
  constexpr std::uint8_t kFixedPart = 0x28;  // bytes at least; usually 54 or 70
  for (std::size_t i = 0; i + kLocator <= bytes.size(); ++i) {
    const std::uint8_t* p = bytes.data() + i;
    if (p[0] != 0 || p[2] != 0 || p[3] != 1 || p[1] < kFixedPart || (p[4] & 0x07) == 0) continue;
    LobId id;
    std::copy_n(p + kIdAt, id.size(), id.begin());
    f(id);
  }
}

struct LobIdHash {
  std::size_t operator()(const LobId& id) const {
    std::uint64_t head;
    std::uint16_t tail;
    std::memcpy(&head, id.data(), 8);
    std::memcpy(&tail, id.data() + 8, 2);
    head = (head ^ std::uint64_t{tail} << 32) * 0x9E3779B97F4A7C15U;
    return head ^ head >> 29;
  }
};

}  // namespace redoubt::capture
