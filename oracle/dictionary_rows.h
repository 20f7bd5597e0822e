// Dictionary rows by ROWID, and how a change of one, seen in redo, is applied to them.
//
// ROWIDs are unique per table only: clustered tables share blocks, so every table has its own map. What
// the tables are is oracle/dictionary_layout.h.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "oracle/dictionary_layout.h"
#include "oracle/position.h"

namespace redoubt::oracle {

__extension__ typedef __int128 Int128;

template <class R>
class RowTable {
 public:
  using Row = R;

  const std::map<RowId, Row>& rows() const { return rows_; }
  std::size_t size() const { return rows_.size(); }
  bool operator==(const RowTable& other) const { return rows_ == other.rows_; }

  const Row* find(RowId id) const {
    const auto it = rows_.find(id);
    return it == rows_.end() ? nullptr : &it->second;
  }
  // Puts the row in place of whatever had this ROWID; true if nothing had.
  bool put(RowId id, Row row) {
    const bool fresh = !erase(id);
    const auto at = rows_.emplace_hint(rows_.end(), id, std::move(row));
    for (std::size_t i = 0; i < kLookups.size(); ++i) index_[i].emplace(at->second.*kLookups[i], id);
    return fresh;
  }
  bool erase(RowId id) {
    const auto at = rows_.find(id);
    if (at == rows_.end()) return false;
    for (std::size_t i = 0; i < kLookups.size(); ++i) index_[i].erase({at->second.*kLookups[i], id});
    rows_.erase(at);
    return true;
  }
  // Calls f(row) for the rows whose lookup member number `lookup` has this value, in ROWID order.
  template <class F>
  void each(std::size_t lookup, std::uint32_t value, F&& f) const {
    const auto& index = index_[lookup];
    for (auto it = index.lower_bound({value, RowId{}}); it != index.end() && it->first == value; ++it)
      f(rows_.find(it->second)->second);
  }
  const Row* first(std::size_t lookup, std::uint32_t value) const {
    const auto it = index_[lookup].lower_bound({value, RowId{}});
    return it == index_[lookup].end() || it->first != value ? nullptr : find(it->second);
  }

 private:
  static constexpr auto kLookups = Layout<Row>::kLookups;

  std::map<RowId, Row> rows_;
  std::array<std::set<std::pair<std::uint32_t, RowId>>, kLookups.size()> index_;
};

struct TokenTables {
  RowTable<NamespaceTokenRow> namespaces;
  RowTable<PathTokenRow> paths;
  RowTable<NameTokenRow> names;

  // f(RowTable<Row>&) for each.
  template <class F>
  void each_table(F&& f) const {
    f(namespaces), f(paths), f(names);
  }
  template <class F>
  void each_table(F&& f) {
    f(namespaces), f(paths), f(names);
  }
  bool operator==(const TokenTables&) const = default;
};

// One column of a changed dictionary row, decoded. RAW and BLOB bytes come as upper-case hex text.
struct DictionaryValue {
  std::string_view column;
  std::variant<std::monostate, Int128, std::string_view> value;  // nothing = NULL
};

enum class RowOp : std::uint8_t { kInsert, kUpdate, kDelete };

enum class Patched : std::uint8_t {
  kIgnored,    // not a table of the dictionary, or a row that is not followed
  kUnchanged,  // no member has another value than before
  kChanged,
  kReplaced,  // an insert at a ROWID that was in use: its delete was missed (worth a warning)
};

// What patches touched since the last build.
struct Touched {
  std::set<std::uint32_t> objects;  // object numbers of any kind
  bool everything = false;          // a user or a token set changed: owners and dictionary tables may differ
  bool empty() const { return objects.empty() && !everything; }
};

class DictionaryRows {
 public:
  template <class Row>
  const RowTable<Row>& of() const {
    return std::get<RowTable<Row>>(tables_);
  }
  template <class Row>
  RowTable<Row>& of() {
    return std::get<RowTable<Row>>(tables_);
  }
  // By suffix of the token set.
  const std::map<std::string, TokenTables, std::less<>>& tokens() const { return tokens_; }
  std::map<std::string, TokenTables, std::less<>>& tokens() { return tokens_; }

  // f(RowTable<Row>&) for each table but those of tokens().
  template <class F>
  void each_table(F&& f) const {
    std::apply([&](const auto&... table) { (f(table), ...); }, tables_);
  }
  template <class F>
  void each_table(F&& f) {
    std::apply([&](auto&... table) { (f(table), ...); }, tables_);
  }

  // Is this one of the tables that a dictionary is made of?
  bool follows(std::string_view owner, std::string_view table) const;

  // Is this a column that rows of such a table keep?
  bool keeps(std::string_view owner, std::string_view table, std::string_view column) const;

  // Applies one row change. An insert of a ROWID in use replaces; an update or delete of an unknown one is ignored; an
  // update changes only the columns given; columns that are not kept are ignored. Throws Malformed on a value that does
  // not fit its column, and then has changed nothing.
  Patched apply(std::string_view owner, std::string_view table, RowOp op, RowId id,
                std::span<const DictionaryValue> values);

  // What apply() touched since the last call.
  Touched take_touched() { return std::exchange(touched_, {}); }

  bool operator==(const DictionaryRows& other) const { return tables_ == other.tables_ && tokens_ == other.tokens_; }

 private:
  // f(RowTable<Row>&) for the table of that name, if there is one.
  template <class Rows, class F>
  static void with_table(Rows& rows, std::string_view owner, std::string_view name, F&& f);
  template <class Row>
  Patched apply(RowTable<Row>& table, RowOp op, RowId id, std::span<const DictionaryValue> values);
  template <class Row>
  void touch(const Row& row);

  std::tuple<RowTable<UserRow>, RowTable<ObjectRow>, RowTable<TableRow>, RowTable<ColumnRow>,
             RowTable<ConstraintColumnRow>, RowTable<ConstraintRow>, RowTable<AddedColumnRow>,
             RowTable<DeferredSegmentRow>, RowTable<LobRow>, RowTable<LobCompositePartitionRow>,
             RowTable<LobFragmentRow>, RowTable<PartitionRow>, RowTable<CompositePartitionRow>,
             RowTable<SubpartitionRow>, RowTable<TablespaceRow>, RowTable<IndexRow>, RowTable<IndexColumnRow>,
             RowTable<TokenSetRow>>
      tables_;
  std::map<std::string, TokenTables, std::less<>> tokens_;
  Touched touched_;
};

}  // namespace redoubt::oracle
