// What each field of a change vector holds, for every opcode that is described: the one place that knows which
// structure stands where. Fields nobody described, and those whose bytes do not fit what should be there, are content.
//
//   5.1   ktudb, ktub, then by opc:  11.1  KTB, KDO, columns, supplemental block
//                                    10.22 KTB, kdilk, key, key data ...    10.21 KTB, kdilk of a branch
//                                    26.1  KTB, kdli common, kdli ...       14.8  new data object
//   5.2   ktudh, ... container uid          5.4   ktucm, ktucf, times       5.6, 5.11  ktub, position      5.12  ktust
//   5.19, 5.20  session                     10.x  KTB, index structures     11.x  KTB, KDO, columns, supplemental block
//   11.17 type, LOB marker                  19.1  block image or LOB page   24.x  markers                  26.x  LOB
#pragma once

#include <variant>
#include <vector>

#include "redo/direct_block.h"
#include "redo/index.h"
#include "redo/kdo.h"
#include "redo/ktb.h"
#include "redo/lob.h"
#include "redo/marker.h"
#include "redo/session.h"
#include "redo/supplemental.h"
#include "redo/transaction_vectors.h"
#include "redo/undo.h"
#include "redo/vector.h"

namespace redoubt::redo {

// Bytes that are data, or that no structure describes.
struct Content {
  enum class Kind : std::uint8_t {
    kUnknown,
    kMalformed,  // a structure belongs here, but these bytes are none
    kColumn,     // a column of a row piece, `index` is its position
    kNull,       // the same, NULL
    kText,
    kData,
  };
  Kind kind = Kind::kUnknown;
  std::uint16_t index = 0;
  Bytes bytes;
};

struct NumberField {
  std::uint32_t value = 0;
};
template <class Io>
void layout(Io& io, NumberField& n) {
  io.u32(0, n.value);
}

struct ByteField {
  std::uint8_t value = 0;
};
template <class Io>
void layout(Io& io, ByteField& b) {
  io.u8(0, b.value);
}

struct ScnField {
  Scn8 scn;
};
template <class Io>
void layout(Io& io, ScnField& s) {
  io.scn8(0, s.scn);
}

struct XidField {
  Xid xid;
};
template <class Io>
void layout(Io& io, XidField& x) {
  io.xid(0, x.xid);
}

struct ListField {  // u16, as many as fit
  std::vector<std::uint16_t> numbers;
};
template <class Io>
void layout(Io& io, ListField& l) {
  l.numbers.resize(io.size() / 2);
  for (std::size_t i = 0; i < l.numbers.size(); ++i) io.u16(2 * i, l.numbers[i]);
}

using FieldValue =
    std::variant<Content, NumberField, ByteField, ScnField, XidField, ListField, Ktudb, Ktub, Ktudh, Ktucm, Ktucf,
                 CommitTime, Ktust, RollbackPosition, SessionId, SessionFlags, Ktb, Kdo, SupplementalHeader, IndexRow,
                 IndexKeyUpdate, IndexNewLeaf, IotColumns, Kdilk, KdilkBranch, KdliCommon, Kdli, LobPage, DirectBlock,
                 LobWriteMarker, LobEndMarker, LobPrepareMarker, DdlHeader, TransactionMarker, DirectLoadMarker>;

struct Field {
  std::uint16_t size = 0;
  const char* name = "";  // what it is, in the words of log dumps where they have one
  FieldValue value;
};

// One per field, in order. Views point into the vector. Never throws on bytes: what does not fit is kMalformed.
std::vector<Field> decode_fields(const Vector& v);

// The bytes of a field that are data and not structure.
std::size_t content_size(const Field& field);

}  // namespace redoubt::redo
