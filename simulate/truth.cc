#include "simulate/truth.h"

#include <fmt/format.h>

#include <utility>

namespace redoubt::simulate {
namespace {

constexpr std::size_t kKeptBytes = 1 << 20;  // of text in memory

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

TransactionTruth::~TransactionTruth() {
  if (file_) std::filesystem::remove(path_);
}

void TransactionTruth::keep_in(const std::filesystem::path& path) { path_ = path; }

void TransactionTruth::add(std::string op) {
  ops_bytes_ += op.size();
  ops_.push_back(std::move(op));
  if (path_.empty() || ops_bytes_ < kKeptBytes) return;
  for (const std::string& kept : ops_) {
    if (!file_) {
      file_ = std::make_unique<OutputFile>(path_);
    } else {
      file_->write(",");
    }
    file_->write(kept);
  }
  ops_.clear();
  ops_bytes_ = 0;
}

void TransactionTruth::read(const std::function<void(std::string_view)>& use) const {
  if (file_) {
    const InputFile in(path_);
    std::vector<std::uint8_t> buffer(kKeptBytes);
    for (std::uint64_t at = 0;;) {
      const std::size_t n = in.read(at, buffer.data(), buffer.size());
      if (n == 0) break;
      use({reinterpret_cast<const char*>(buffer.data()), n});
      at += n;
    }
  }
  bool first = !file_;
  for (const std::string& op : ops_) {
    if (!std::exchange(first, false)) use(",");
    use(op);
  }
}

void TransactionTruth::insert(const SimulatedTable& table, const Row& row) {
  add(op('c', table, row, "{}", image(table, row, nullptr, nullptr)));
}

void TransactionTruth::remove(const SimulatedTable& table, const Row& row) {
  add(op('d', table, row, image(table, row, nullptr, &row), "{}"));
}

void TransactionTruth::update(const SimulatedTable& table, const Row& before, const Row& after,
                              const std::vector<std::uint16_t>& shown) {
  add(op('u', table, before, image(table, before, &shown, &before, &after),
         image(table, after, &shown, &before, &before)));
}

void TruthWriter::commit(oracle::Scn scn, oracle::Xid xid, std::uint16_t thread, const TransactionTruth& truth) {
  if (truth.empty()) return;
  REDOUBT_ASSERT(scn >= scn_);
  if (scn != scn_) write_present();
  scn_ = scn;
  std::string head = fmt::format(R"({{"commit_scn":{},"xid":"{}","thread":{},"ops":[)", scn, to_text(xid), thread);
  if (truth.in_file()) {
    REDOUBT_ASSERT(present_.empty());
    const auto write = [&](std::string_view text) {
      text_.append(text);
      write_when(kKeptBytes);
    };
    write(head);
    truth.read(write);
    write("]}\n");
    return;
  }
  std::string& line = present_[thread];
  REDOUBT_ASSERT(line.empty());
  line = std::move(head);
  truth.read([&](std::string_view text) { line += text; });
  line += "]}\n";
}

void TruthWriter::write_present() {
  for (const auto& [thread, line] : present_) text_.append(line);
  present_.clear();
  write_when(kKeptBytes);
}

void TruthWriter::write_when(std::size_t size) {
  if (text_.size() < size) return;
  file_.write(text_.view());
  text_.clear();
}

void TruthWriter::close() {
  write_present();
  write_when(0);
}

}  // namespace redoubt::simulate
