#include "simulate/truth.h"

#include <fmt/format.h>

namespace redoubt::simulate {
namespace {

// Of a LOB out of the row redo tells the new value only: `old` names the row's values that are none. An update does not
// tell such a LOB that it left alone, though the row's move may show it: `other` is the other side.
std::string image(const SimulatedTable& table, const Row& row, const std::vector<std::uint16_t>* shown, const Row* old,
                  const Row* other = nullptr) {
  std::string text = "{";
  const auto add = [&](std::size_t c) {
    if (table.columns[c].hidden) return;
    if (row.values.size() > c && row.values[c].outside && other && other->values[c] == row.values[c]) return;
    if (text.size() > 1) text += ',';
    text += json_string(table.columns[c].name) + ":";
    if (c >= row.values.size()) {
      text += "null";
    } else if (row.values[c].outside && old && old->values[c] == row.values[c]) {
      text += R"({"$unavailable":"not in redo"})";
    } else {
      text += row.values[c].json;
    }
  };
  if (shown) {
    for (const std::uint16_t c : *shown) add(c);
  } else {
    for (std::size_t c = 0; c < table.columns.size(); ++c) add(c);
  }
  return text + "}";
}

std::string op(char kind, const SimulatedTable& table, const Row& row, const std::string& before,
               const std::string& after) {
  return std::string("{\"op\":\"") + kind + "\",\"owner\":" + json_string(table.owner) +
         ",\"table\":" + json_string(table.name) + ",\"rowid\":\"" +
         to_text(oracle::RowId{table.segment_of(row).data_obj, row.head.dba, row.head.slot}) +
         "\",\"before\":" + before + ",\"after\":" + after + "}";
}

}  // namespace

void TransactionTruth::insert(const SimulatedTable& table, const Row& row) {
  ops_.push_back(op('c', table, row, "{}", image(table, row, nullptr, nullptr)));
}

void TransactionTruth::remove(const SimulatedTable& table, const Row& row) {
  ops_.push_back(op('d', table, row, image(table, row, nullptr, &row), "{}"));
}

void TransactionTruth::update(const SimulatedTable& table, const Row& before, const Row& after,
                              const std::vector<std::uint16_t>& shown) {
  ops_.push_back(op('u', table, before, image(table, before, &shown, &before, &after),
                    image(table, after, &shown, &before, &before)));
}

void TruthWriter::commit(oracle::Scn scn, oracle::Xid xid, std::uint16_t thread, const TransactionTruth& truth) {
  if (truth.ops().empty()) return;
  REDOUBT_ASSERT(scn >= scn_);
  if (scn != scn_) write_present();
  scn_ = scn;
  std::string& line = present_[thread];
  REDOUBT_ASSERT(line.empty());
  line = fmt::format(R"({{"commit_scn":{},"xid":"{}","thread":{},"ops":[)", scn, to_text(xid), thread);
  for (std::size_t i = 0; i < truth.ops().size(); ++i) {
    if (i > 0) line += ',';
    line += truth.ops()[i];
  }
  line += "]}\n";
}

void TruthWriter::write_present() {
  for (const auto& [thread, line] : present_) text_.append(line);
  present_.clear();
  if (text_.size() > 1 << 20) {
    file_.write(text_.view());
    text_.clear();
  }
}

void TruthWriter::close() {
  write_present();
  file_.write(text_.view());
  text_.clear();
}

}  // namespace redoubt::simulate
