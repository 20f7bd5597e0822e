#include "simulate/truth.h"

namespace redoubt::simulate {
namespace {

std::string image(const SimulatedTable& table, const Row& row, const std::vector<std::uint16_t>* shown) {
  std::string text = "{";
  const auto add = [&](std::size_t c) {
    if (text.size() > 1) text += ',';
    text += json_string(table.columns[c].name) + ":" + (c < row.values.size() ? row.values[c].json : "null");
  };
  if (shown) {
    for (const std::uint16_t c : *shown) add(c);
  } else {
    for (std::size_t c = 0; c < table.columns.size(); ++c) add(c);
  }
  return text + "}";
}

std::string op(char kind, const SimulatedTable& table, const Row& row, const std::string& before, const std::string& after) {
  return std::string("{\"op\":\"") + kind + "\",\"owner\":" + json_string(table.owner) + ",\"table\":" +
         json_string(table.name) + ",\"rowid\":\"" + to_text(oracle::RowId{table.data_obj, row.head.dba, row.head.slot}) +
         "\",\"before\":" + before + ",\"after\":" + after + "}";
}

}  // namespace

void TransactionTruth::insert(const SimulatedTable& table, const Row& row) {
  ops_.push_back(op('c', table, row, "{}", image(table, row, nullptr)));
}

void TransactionTruth::remove(const SimulatedTable& table, const Row& row) {
  ops_.push_back(op('d', table, row, image(table, row, nullptr), "{}"));
}

void TransactionTruth::update(const SimulatedTable& table, const Row& before, const Row& after,
                              const std::vector<std::uint16_t>& shown) {
  ops_.push_back(op('u', table, before, image(table, before, &shown), image(table, after, &shown)));
}

void TruthWriter::commit(oracle::Scn scn, oracle::Xid xid, std::uint16_t thread, const TransactionTruth& truth) {
  if (truth.ops().empty()) return;
  text_.append("{\"commit_scn\":");
  text_.append_int(scn);
  text_.append(",\"xid\":\"" + to_text(xid) + "\",\"thread\":");
  text_.append_int(thread);
  text_.append(",\"ops\":[");
  for (std::size_t i = 0; i < truth.ops().size(); ++i) {
    if (i > 0) text_.append(',');
    text_.append(truth.ops()[i]);
  }
  text_.append("]}\n");
  if (text_.size() > 1 << 20) {
    file_.write(text_.view());
    text_.clear();
  }
}

void TruthWriter::close() {
  file_.write(text_.view());
  text_.clear();
}

}  // namespace redoubt::simulate
