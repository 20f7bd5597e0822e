// Stand-in until the dictionary room lands: every object is a schemaless table.
#pragma once
#include <map>
#include "change/row_change.h"
namespace redoubt::capture {
class DictionaryTracker {
 public:
  static DictionaryTracker schemaless() { return {}; }
  static DictionaryTracker load(const std::vector<std::string>&, const std::string&) { return {}; }
  const oracle::DatabaseFacts& facts() const { return d_->facts(); }
  const oracle::Dictionary& latest() const { return *d_; }
  const oracle::Table* table(std::uint16_t con, std::uint32_t obj, oracle::Scn, std::size_t columns) {
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
  std::shared_ptr<oracle::Dictionary> d_ = std::make_shared<oracle::Dictionary>();
  std::map<std::uint64_t, std::shared_ptr<oracle::Table>> tables_;
  std::vector<std::shared_ptr<oracle::Table>> old_;
};
}  // namespace redoubt::capture
