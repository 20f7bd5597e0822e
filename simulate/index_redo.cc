#include "simulate/index_redo.h"

namespace redoubt::simulate {
namespace {

using redo::opcode;

constexpr redo::Opcode kLeafUndo = opcode(10, 22);

Fields with_data(Fields fields, const ByteString& data) {
  if (!data.empty()) fields.push_back(data);
  return fields;
}

}  // namespace

ByteString IndexRedo::kdilk(redo::LeafUndo code, Dba leaf) const {
  redo::Kdilk k;
  k.code = static_cast<std::uint8_t>(code);
  k.itl = TransactionRedo::kItl;
  k.segment_header = segment_.header_dba();
  k.leaf = leaf;
  return redo_.encoded(k, redo::kKdilkSize);
}

ByteString IndexRedo::index_row(std::uint16_t slot, std::size_t size) const {
  redo::IndexRow r;
  r.itl = TransactionRedo::kItl;
  r.slot = slot;
  r.row_size = static_cast<std::uint16_t>(size);
  return redo_.encoded(r, redo::kIndexRowSize);
}

RowAddress IndexRedo::insert(const ByteString& key, const ByteString& data) {
  const std::size_t size = key.size() + data.size() + 2;
  const RowAddress at = segment_.place(static_cast<std::uint32_t>(size));
  redo_.change(segment_, at.dba, kLeafUndo, redo::kIndexInsert,
               with_data({kdilk(redo::LeafUndo::kPurge, at.dba), key}, data),
               with_data({index_row(at.slot, size), key}, data), redo::kIndexDelete, {index_row(at.slot, size)});
  return at;
}

void IndexRedo::remove(RowAddress at, const ByteString& key, const ByteString& data) {
  const std::size_t size = key.size() + data.size() + 2;
  redo_.change(segment_, at.dba, kLeafUndo, redo::kIndexDelete,
               with_data({kdilk(redo::LeafUndo::kRestore, at.dba), key}, data), {index_row(at.slot, size)},
               redo::kIndexInsert, with_data({index_row(at.slot, size), key}, data));
}

void IndexRedo::new_leaf(const ByteString& key, const ByteString& data) {
  segment_.next_block();
  const Dba leaf = segment_.place(static_cast<std::uint32_t>(key.size() + data.size() + 2)).dba;
  redo::IndexNewLeaf l;
  l.itl = TransactionRedo::kItl;
  l.nco = 2;
  l.dsz = static_cast<std::uint8_t>(data.size());
  const ByteString row = ByteString{1, 1} + data + key;
  ByteString rows(4, 0);
  store(rows.data() + 2, static_cast<std::uint16_t>(row.size()), redo_.order());
  redo_.change(segment_, leaf, kLeafUndo, redo::kIndexNewLeaf,
               with_data({kdilk(redo::LeafUndo::kPurge, leaf), key}, data),
               {redo_.encoded(l, redo::kIndexNewLeafSize), rows, row}, 0, {});
}

void IndexRedo::update_data(RowAddress at, const ByteString& key, const ByteString& before, const ByteString& after) {
  redo::IndexKeyUpdate u;
  u.itl = TransactionRedo::kItl;
  u.slot = at.slot;
  u.row_size = static_cast<std::uint16_t>(key.size() + after.size() + 2);
  const ByteString row = redo_.encoded(u, redo::kIndexRowSize);
  redo_.change(segment_, at.dba, kLeafUndo, redo::kIndexUpdateKeyData,
               {kdilk(redo::LeafUndo::kUpdateKeyData, at.dba), key, before}, {row, after}, redo::kIndexUpdateKeyData,
               {row, before});
}

}  // namespace redoubt::simulate
