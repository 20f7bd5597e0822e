#include "simulate/iot_redo.h"

#include <algorithm>

#include "redo/row_piece.h"

namespace redoubt::simulate {
namespace {

using redo::LeafUndo;
using redo::StatementKind;

constexpr redo::Opcode kLeafUndo = redo::opcode(10, 22);

ByteString bytes_of(const std::vector<std::uint8_t>& v) { return {v.data(), v.size()}; }

}  // namespace

ByteString IotRedo::key(const Row& row) const {
  std::vector<std::uint8_t> out;
  for (const std::uint16_t c : table_.iot_key)
    redo::append_row_format(out, {0, false, row.values[c].bytes}, redo_.order());
  return bytes_of(out);
}

ByteString IotRedo::piece(const Row& row) const {
  std::vector<std::uint8_t> out{redo::kFbFirst | redo::kFbLast, 0,
                                static_cast<std::uint8_t>(row.values.size() - table_.iot_key.size())};
  for (std::uint16_t c = 0; c < row.values.size(); ++c)
    if (!table_.in_iot_key(c))
      redo::append_row_format(out, {c, row.values[c].null(), row.values[c].bytes}, redo_.order());
  return bytes_of(out);
}

ByteString IotRedo::index_row(const Row& row) const {
  redo::IndexRow r;
  r.itl = TransactionRedo::kItl;
  r.slot = row.head.slot;
  r.row_size = static_cast<std::uint16_t>(2 + key(row).size() + piece(row).size());
  return redo_.encoded(r, redo::kIndexRowSize);
}

ByteString IotRedo::kdilk(LeafUndo code, const Row& row) const {
  redo::Kdilk k;
  k.code = static_cast<std::uint8_t>(code);
  k.itl = TransactionRedo::kItl;
  k.flags = redo::kKdilkSupplemental;
  k.segment_header = segment_.header_dba();
  k.leaf = row.head.dba;
  return redo_.encoded(k, redo::kKdilkSize);
}

Fields IotRedo::with_supplement(Fields undo, StatementKind kind, const std::vector<std::uint16_t>& columns,
                                const Row* row) const {
  redo_.supplement(undo, kind, redo::kFbDeleted | redo::kFbFirst | redo::kFbLast, 0, 0, nullptr, columns, row);
  return undo;
}

void IotRedo::insert(const Row& row) {
  redo_.change(segment_, row.head.dba, kLeafUndo, redo::kIndexInsert,
               with_supplement({kdilk(LeafUndo::kPurge, row), key(row)}, StatementKind::kInsert, {}, nullptr),
               {index_row(row), key(row), piece(row)}, redo::kIndexDelete, {index_row(row)});
}

void IotRedo::remove(const Row& row) {
  redo_.change(
      segment_, row.head.dba, kLeafUndo, redo::kIndexDelete,
      with_supplement({kdilk(LeafUndo::kRestore, row), key(row), piece(row)}, StatementKind::kDelete, {}, nullptr),
      {index_row(row)}, redo::kIndexInsert, {index_row(row), key(row), piece(row)});
}

void IotRedo::update(const Row& row, const Row& after, const std::vector<std::uint16_t>& columns, IotUpdate form) {
  const std::vector<std::uint16_t> supplemental = redo_.supplemental_columns(table_, columns);
  if (form == IotUpdate::kColumns) return update_columns(row, after, columns, supplemental);
  const bool whole = form == IotUpdate::kWholeRow;
  ByteString head = index_row(after), back = index_row(row);
  if (!whole) {
    redo::IndexKeyUpdate u;
    u.itl = TransactionRedo::kItl;
    u.slot = row.head.slot;
    u.row_size = static_cast<std::uint16_t>(2 + key(row).size() + piece(after).size());
    head = back = redo_.encoded(u, redo::kIndexRowSize);
  }
  const redo::Opcode op = whole ? redo::kIotUpdateRow : redo::kIndexUpdateKeyData;
  redo_.change(
      segment_, row.head.dba, kLeafUndo, op,
      with_supplement({kdilk(whole ? LeafUndo::kWholeRow : LeafUndo::kUpdateKeyData, row), key(row), piece(row)},
                      StatementKind::kUpdate, supplemental, &row),
      {head, piece(after)}, op, {back, piece(row)});
}

// The columns are numbered as they lie in the row piece. A null bit for each stands behind the fixed part of the head.
void IotRedo::update_columns(const Row& row, const Row& after, const std::vector<std::uint16_t>& columns,
                             const std::vector<std::uint16_t>& supplemental) {
  ByteString list;
  for (const std::uint16_t c : columns) {
    std::uint16_t position = 0;
    for (std::uint16_t before = 0; before < c; ++before)
      position = static_cast<std::uint16_t>(position + !table_.in_iot_key(before));
    list.resize(list.size() + 2);
    store(list.data() + list.size() - 2, position, redo_.order());
  }
  const auto count = static_cast<std::uint8_t>(columns.size());
  const auto ncol = static_cast<std::uint8_t>(row.values.size() - table_.iot_key.size());
  const auto nulls = [&](const Row& of) {
    ByteString bits(redo::null_bytes(count), 0);
    for (std::size_t i = 0; i < columns.size(); ++i)
      if (of.values[columns[i]].null()) bits[i >> 3] |= static_cast<std::uint8_t>(1 << (i & 7));
    return bits;
  };
  const auto image = [&](Fields head, const Row& of) {
    head.push_back(list);
    for (const std::uint16_t c : columns) head.push_back(of.values[c].bytes);
    return head;
  };
  redo::IotColumns change;
  change.itl = TransactionRedo::kItl;
  change.slot = row.head.slot;
  change.flag = redo::kFbFirst | redo::kFbLast;
  change.ncol = ncol;
  change.nnew = count;
  const ByteString head = redo_.encoded(change, redo::kIotColumnsSize);
  redo::Kdilk k;
  k.code = static_cast<std::uint8_t>(LeafUndo::kColumns);
  k.itl = TransactionRedo::kItl;
  k.flags = redo::kKdilkSupplemental;
  k.segment_header = segment_.header_dba();
  k.leaf = row.head.dba;
  k.row_flag = change.flag;
  k.ncol = ncol;
  k.nnew = count;
  const ByteString undo_head = redo_.encoded(k, redo::kKdilkColumnsSize) + nulls(row);
  redo_.change(segment_, row.head.dba, kLeafUndo, redo::kIotUpdateColumns,
               with_supplement(image({undo_head, key(row)}, row), StatementKind::kUpdate, supplemental, &row),
               image({head + nulls(after)}, after), redo::kIotUpdateColumns, image({head + nulls(row)}, row));
}

}  // namespace redoubt::simulate
