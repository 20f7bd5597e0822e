#include "oracle/dictionary_rows.h"

#include <fmt/format.h>

#include <limits>
#include <type_traits>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr std::size_t kTokenPrefix = 4;  // X$NM, X$PT, X$QN; the suffix of the set follows

Wide wide_from(Int128 number) { return {static_cast<std::uint64_t>(number), static_cast<std::uint64_t>(number >> 64)}; }

[[noreturn]] void misfit(std::string_view column) {
  throw Malformed(fmt::format("a value of column {} does not fit the dictionary", column));
}

// NULL is the member's default.
template <class Row, class T>
void assign(Row& row, T Row::*member, const DictionaryValue& from) {
  static const Row kNull;
  if (std::holds_alternative<std::monostate>(from.value)) {
    row.*member = kNull.*member;
  } else if constexpr (std::is_same_v<T, std::string>) {
    const auto* text = std::get_if<std::string_view>(&from.value);
    if (!text) misfit(from.column);
    row.*member = *text;
  } else {
    const auto* number = std::get_if<Int128>(&from.value);
    if (!number) misfit(from.column);
    if constexpr (std::is_same_v<T, Wide>) {
      if (*number < 0) misfit(from.column);
      row.*member = wide_from(*number);
    } else {
      if (*number < std::numeric_limits<T>::min() || *number > std::numeric_limits<T>::max()) misfit(from.column);
      row.*member = static_cast<T>(*number);
    }
  }
}

template <class Row>
void assign(Row& row, std::span<const DictionaryValue> values) {
  for (const DictionaryValue& value : values)
    for (const Field<Row>& field : Layout<Row>::kFields)
      if (!field.column.empty() && field.column == value.column)
        std::visit([&](auto member) { assign(row, member, value); }, field.member);
}

}  // namespace

template <class Rows, class F>
void DictionaryRows::with_table(Rows& rows, std::string_view owner, std::string_view name, F&& f) {
  rows.each_table([&]<class Table>(Table& table) {
    using Names = Layout<typename Table::Row>;
    if (Names::kOwner == owner && Names::kTable == name) f(table);
  });
  if (owner != "XDB" || name.size() <= kTokenPrefix) return;
  const auto set = rows.tokens().find(name.substr(kTokenPrefix));
  if (set == rows.tokens().end()) return;
  set->second.each_table([&]<class Table>(Table& table) {
    if (Layout<typename Table::Row>::kTable == name.substr(0, kTokenPrefix)) f(table);
  });
}

bool DictionaryRows::follows(std::string_view owner, std::string_view table) const {
  bool found = false;
  with_table(*this, owner, table, [&](const auto&) { found = true; });
  return found;
}

bool DictionaryRows::keeps(std::string_view owner, std::string_view table, std::string_view column) const {
  bool found = false;
  with_table(*this, owner, table, [&]<class Table>(const Table&) {
    for (const auto& field : Layout<typename Table::Row>::kFields)
      found |= !field.column.empty() && field.column == column;
  });
  return found;
}

template <class Row>
void DictionaryRows::touch(const Row& row) {
  if constexpr (std::is_same_v<Row, UserRow> || std::is_same_v<Row, TokenSetRow>) {
    touched_.everything = true;
  } else if constexpr (!std::is_same_v<Row, TablespaceRow>) {
    for (auto member : Layout<Row>::kLookups) touched_.objects.insert(row.*member);
  }
}

template <class Row>
Patched DictionaryRows::apply(RowTable<Row>& table, RowOp op, RowId id, std::span<const DictionaryValue> values) {
  const Row* old = table.find(id);
  if (op == RowOp::kInsert) {
    Row row;
    assign(row, values);
    if (old) touch(*old);
    touch(row);
    return table.put(id, std::move(row)) ? Patched::kChanged : Patched::kReplaced;
  }
  if (!old) return Patched::kIgnored;
  if (op == RowOp::kDelete) {
    touch(*old);
    table.erase(id);
    return Patched::kChanged;
  }
  Row row = *old;
  assign(row, values);
  if (row == *old) return Patched::kUnchanged;
  touch(*old);
  touch(row);
  table.put(id, std::move(row));
  return Patched::kChanged;
}

Patched DictionaryRows::apply(std::string_view owner, std::string_view table, RowOp op, RowId id,
                              std::span<const DictionaryValue> values) {
  Patched result = Patched::kIgnored;
  with_table(*this, owner, table, [&](auto& rows) { result = apply(rows, op, id, values); });
  if (table == "XDB$TTSET")
    for (const auto& [rowid, set] : of<TokenSetRow>().rows()) tokens_.try_emplace(set.suffix);
  return result;
}

}  // namespace redoubt::oracle
