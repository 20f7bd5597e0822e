// Stand-in until the dictionary room lands: every object is a schemaless table.
#pragma once
#include <map>
#include <regex>
#include "change/row_change.h"
#include "oracle/dictionary_builder.h"
#include "oracle/dictionary_json.h"
namespace redoubt::capture {
class DictionaryTracker {
 public:
  static DictionaryTracker schemaless() { return {}; }
  static DictionaryTracker load(const std::vector<std::string>& files, const std::string& tables) {
    DictionaryTracker t;
    std::vector<oracle::Container> containers;
    for (const auto& f : files) { auto l = oracle::load_dictionary_json(f); containers.push_back({l.facts, l.rows}); }
    oracle::DictionaryBuilder::Filter filter;
    if (!tables.empty()) filter = [re = std::regex(tables)](std::string_view o, std::string_view n) { return std::regex_match(std::string(o) + "." + std::string(n), re); };
    t.d_ = oracle::DictionaryBuilder(filter).build(containers, 0);
    t.schemaless_ = false;
    return t;
  }
  const oracle::DatabaseFacts& facts() const { return d_->facts(); }
  const oracle::Dictionary& latest() const { return *d_; }
  const oracle::Table* table(std::uint16_t con, std::uint32_t obj, oracle::Scn, std::size_t columns) {
    if (!schemaless_) return d_->find(con, obj);
    auto& t = tables_[std::uint64_t{con} << 32 | obj];
    if (!t || t->columns.size() < columns || columns == 0) {
      if (t && columns <= t->columns.size()) return t.get();
      auto n = std::make_shared<oracle::Table>();
      static std::uint64_t serial = 0;
      n->serial = ++serial;
      n->con_id = con;
      n->obj = obj;
      n->name = "OBJ_" + std::to_string(obj);
      n->known = false;
      for (std::size_t i = 0; i < columns; ++i) {
        oracle::Column c;
        c.name = "COL_" + std::to_string(i + 1);
        c.segcol = static_cast<std::uint16_t>(i + 1);
        n->columns.push_back(c);
      }
      old_.push_back(t);
      t = n;
    }
    return t.get();
  }
  std::vector<std::string> apply(const change::Batch&, const change::Transaction&) { return {}; }
  void keep_alive(std::vector<std::shared_ptr<const void>>&) const {}

 private:
  bool schemaless_ = true;
  std::shared_ptr<const oracle::Dictionary> d_ = std::make_shared<oracle::Dictionary>();
  std::map<std::uint64_t, std::shared_ptr<oracle::Table>> tables_;
  std::vector<std::shared_ptr<oracle::Table>> old_;
};
}  // namespace redoubt::capture
