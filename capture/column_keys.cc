#include "capture/column_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace redoubt::capture {
namespace {

// Calls `visit` with every row that has ciphertext in a column, and each such cell.
template <class Visit>
void for_each_encrypted(change::Batch& batch, std::size_t first_row, Visit visit) {
  for (std::size_t r = first_row; r < batch.rows.size(); ++r) {
    const change::RowChange& row = batch.rows[r];
    for (std::size_t i = 0; i < std::size_t{row.before_count} + row.after_count; ++i) {
      change::Cell& cell = batch.cells[row.first_cell + i];
      const oracle::Column& column = row.table->columns[cell.column];
      if (cell.state == change::CellState::kValue && ColumnKeys::encrypted(column) && !column.is_lob())
        visit(row, column, cell);
    }
  }
}

}  // namespace

ColumnKeys::TableKey& ColumnKeys::key_of(const oracle::Table& table) {
  const auto [it, added] = tables_.try_emplace(std::uint64_t{table.con_id} << 32 | table.obj);
  if (added) {
    it->second.key = keys_.find(table);
    if (const auto known = known_proofs_.find({table.con_id, table.obj}); known != known_proofs_.end())
      it->second.proof = known->second;
  }
  return it->second;
}

ColumnKeys::Proofs ColumnKeys::proofs() const {
  Proofs proofs = known_proofs_;
  for (const auto& [id, key] : tables_)
    if (key.key) proofs[{static_cast<std::uint16_t>(id >> 32), static_cast<std::uint32_t>(id)}] = key.proof;
  return proofs;
}

bool ColumnKeys::open(const oracle::Column& column, TableKey& key, const change::Cell& cell, ByteString& plain) {
  if (!key.key) return false;
  const bool salted = (column.property & oracle::column_property::kEncryptedWithoutSalt) == 0;
  try {
    oracle::TdePlain opened = oracle::tde_decrypt(*key.key, salted, cell.bytes());
    if (opened.value.empty()) throw Malformed("an encrypted value is empty");
    plain = std::move(opened.value);
    key.proof = std::min(key.proof + opened.proof, kProofWanted);
    return true;
  } catch (const Malformed&) {
    key.proof = 0;
    return false;
  }
}

void ColumnKeys::decrypt(change::Batch& batch, std::size_t first_row, ChunkList& memory, const Warn& warn) {
  ByteString plain;
  for_each_encrypted(batch, first_row, [&](const auto& row, const auto& column, change::Cell& cell) {
    TableKey& key = key_of(*row.table);
    if (key.proof < kProofWanted) open(column, key, cell, plain);
  });
  for_each_encrypted(batch, first_row, [&](const auto& row, const auto& column, change::Cell& cell) {
    TableKey& key = key_of(*row.table);
    const bool opened = open(column, key, cell, plain);
    if (opened && key.proof >= kProofWanted) {
      std::uint8_t* to = memory.add(plain.size());
      std::copy(plain.begin(), plain.end(), to);
      cell.data = to;
      cell.size = static_cast<std::uint32_t>(plain.size());
      return;
    }
    cell.state = change::CellState::kUnavailable;
    if (std::exchange(key.warned, true)) return;
    warn(row.rba, fmt::format("encrypted columns of {}.{} are unavailable from here on, as long as {}: see --tde-keys",
                              row.table->owner, row.table->name,
                              !key.key ? "no key is given"
                              : opened ? "no value has proved the key"
                                       : "the key does not fit"));
  });
}

}  // namespace redoubt::capture
