#include "capture/dictionary_tracker.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "base/error.h"
#include "base/text_buffer.h"
#include "oracle/charset.h"
#include "oracle/number.h"

namespace redoubt::capture {

using change::Cell;
using change::CellState;
using oracle::DictionaryValue;
using oracle::Int128;
using oracle::TypeCode;

namespace {

oracle::DictionaryBuilder::Filter filter_from(const std::string& tables) {
  if (tables.empty()) return {};
  try {
    return [expression = std::regex(tables)](std::string_view owner, std::string_view table) {
      return std::regex_match(fmt::format("{}.{}", owner, table), expression);
    };
  } catch (const std::regex_error& e) {
    throw Error(ErrorCode::kUsage, "--tables", fmt::format("'{}' is no regular expression: {}", tables, e.what()),
                "give one that matches OWNER.TABLE, as in 'APP\\..*'");
  }
}

// A NUMBER of up to 38 digits. Throws Malformed if it is none or no integer.
Int128 integer_from(Bytes bytes) {
  TextBuffer buffer;
  oracle::append_number(buffer, bytes);
  std::string_view digits = buffer.view();
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  if (digits.size() > 38 || digits.find_first_not_of("0123456789") != std::string_view::npos)
    throw Malformed(fmt::format("{} is no integer of the dictionary", buffer.view()));
  Int128 value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return negative ? -value : value;
}

// Text in UTF-8; RAW and BLOB in upper-case hex, as the dictionary keeps them.
std::string text_from(const oracle::Column& column, Bytes bytes) {
  if (column.charset) {
    TextBuffer text;
    column.charset->append_utf8(text, bytes);
    return text.str();
  }
  std::string hex = to_hex(bytes);
  for (char& c : hex)
    if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
  return hex;
}

// What a row change means for the columns that `rows` keeps.
DictionaryChange::Row changed_row(const oracle::DictionaryRows& rows, const change::Batch& batch,
                                  const change::RowChange& row) {
  const oracle::Table& table = *row.table;
  DictionaryChange::Row changed;
  changed.con_id = table.con_id;
  changed.owner = table.owner;
  changed.table = table.name;
  changed.op = row.op == change::Op::kInsert   ? oracle::RowOp::kInsert
               : row.op == change::Op::kUpdate ? oracle::RowOp::kUpdate
                                               : oracle::RowOp::kDelete;
  changed.id = row.rowid;
  const std::size_t first = row.first_cell + row.before_count;
  for (std::size_t i = first; i < first + row.after_count; ++i) {
    const Cell& cell = batch.cells[i];
    const oracle::Column& column = table.columns[cell.column];
    if (!rows.keeps(table.owner, table.name, column.name)) continue;
    if (cell.state == CellState::kNull) {
      changed.values.emplace_back(column.name, DictionaryChange::Value{});
    } else if (cell.state == CellState::kUnavailable && column.is_lob()) {
      continue;  // a default too long for the row: not known
    } else if (cell.state != CellState::kValue && cell.state != CellState::kLob) {
      throw Malformed(fmt::format("column {} could not be read", column.name));
    } else if (column.type == TypeCode::kNumber) {
      changed.values.emplace_back(column.name, integer_from(cell.bytes()));
    } else {
      changed.values.emplace_back(column.name, text_from(column, cell.bytes()));
    }
  }
  return changed;
}

}  // namespace

DictionaryTracker::DictionaryTracker() { versions_.push_back(std::make_shared<oracle::Dictionary>()); }

DictionaryTracker DictionaryTracker::schemaless() { return {}; }

DictionaryTracker DictionaryTracker::load(const std::vector<std::filesystem::path>& files, const std::string& tables) {
  std::vector<oracle::LoadedDictionary> dictionaries;
  for (const auto& file : files) dictionaries.push_back(oracle::load_dictionary_json(file));
  return DictionaryTracker(std::move(dictionaries), tables);
}

DictionaryTracker::DictionaryTracker(std::vector<oracle::LoadedDictionary> dictionaries, const std::string& tables)
    : builder_(filter_from(tables)) {
  REDOUBT_ASSERT(!dictionaries.empty());
  oracle::Scn scn = oracle::kNoScn;
  for (oracle::LoadedDictionary& dictionary : dictionaries) {
    const oracle::DatabaseFacts& facts = dictionary.facts;
    for (const oracle::Container& other : containers_) {
      if (other.facts.con_id == facts.con_id)
        throw Error(ErrorCode::kUsage, "--dictionary", fmt::format("two files describe container {}", facts.con_id),
                    "give one file per container");
      if (other.facts.resetlogs != facts.resetlogs || other.facts.context != facts.context)
        throw Error(
            ErrorCode::kUsage, "--dictionary",
            fmt::format("{} and {} are databases of their own, or incarnations", other.facts.context, facts.context),
            "give files of one database");
    }
    scn = std::min(scn, dictionary.schema_scn);
    loaded_at_.push_back(dictionary.schema_scn);
    containers_.push_back({std::move(dictionary.facts), std::move(dictionary.rows)});
  }
  latest_scn_ = scn;
  versions_.push_back(builder_.build(containers_, scn));
}

const oracle::Dictionary& DictionaryTracker::at(oracle::Scn scn) const {
  // Nearly always the last one.
  for (auto it = versions_.rbegin(); it != versions_.rend(); ++it)
    if ((*it)->from_scn() <= scn) return **it;
  return *versions_.front();
}

std::vector<std::string> DictionaryTracker::apply(const change::Batch& batch, const change::Transaction& transaction) {
  std::vector<std::string> told;
  DictionaryChange change{transaction.commit_scn, {}};
  for (std::uint32_t i = 0; i < transaction.row_count; ++i) {
    const change::RowChange& row = batch.rows[transaction.first_row + i];
    if (!row.table->dictionary) continue;
    const auto strange = [&](std::string_view what) {
      told.push_back(fmt::format("{}.{} row {}: {}; the dictionary may be wrong from here on", row.table->owner,
                                 row.table->name, oracle::to_text(row.rowid), what));
    };
    for (std::size_t c = 0; c < containers_.size(); ++c) {
      if (containers_[c].facts.con_id != row.table->con_id || transaction.commit_scn <= loaded_at_[c]) continue;
      try {
        if (row.suspect) throw Malformed("it could not be read completely");
        DictionaryChange::Row changed = changed_row(containers_[c].rows, batch, row);
        if (apply(containers_[c], changed) == oracle::Patched::kReplaced)
          strange("it was inserted twice: a delete was missed");
        change.rows.push_back(std::move(changed));
      } catch (const Malformed& e) {
        strange(e.what());
      }
    }
  }
  if (!change.rows.empty()) changes_.push_back(std::move(change));
  next_version(transaction.commit_scn, told);
  return told;
}

void DictionaryTracker::replay(const std::vector<DictionaryChange>& changes) {
  std::vector<std::string> told;
  for (const DictionaryChange& change : changes) {
    DictionaryChange made{change.commit_scn, {}};
    for (const DictionaryChange::Row& row : change.rows) {
      for (std::size_t c = 0; c < containers_.size(); ++c) {
        if (containers_[c].facts.con_id != row.con_id || change.commit_scn <= loaded_at_[c]) continue;
        apply(containers_[c], row);
        made.rows.push_back(row);
      }
    }
    if (!made.rows.empty()) changes_.push_back(std::move(made));
    next_version(change.commit_scn, told);
  }
}

// The version from `commit_scn` on, if something became different.
void DictionaryTracker::next_version(oracle::Scn commit_scn, std::vector<std::string>& told) {
  const auto before = versions_.back();
  // Equal or, by an order violation, lower commit SCNs must not put versions out of order.
  const oracle::Scn from_scn = std::max(commit_scn, before->from_scn());
  const auto after = builder_.next(before, containers_, from_scn);
  latest_scn_ = std::max(latest_scn_, commit_scn);
  if (after != before) {
    for (std::string& difference : differences(*before, *after)) told.push_back(std::move(difference));
    versions_.push_back(after);
  }
  for (std::string& warning : builder_.take_warnings()) told.push_back(std::move(warning));
}

oracle::Patched DictionaryTracker::apply(oracle::Container& container, const DictionaryChange::Row& row) {
  std::vector<DictionaryValue> values;
  values.reserve(row.values.size());
  for (const auto& [column, value] : row.values) {
    DictionaryValue& v = values.emplace_back(DictionaryValue{column, {}});
    if (const auto* number = std::get_if<Int128>(&value)) v.value = *number;
    if (const auto* text = std::get_if<std::string>(&value)) v.value = std::string_view(*text);
  }
  return container.rows.apply(row.owner, row.table, row.op, row.id, values);
}

void DictionaryTracker::forget_changes(oracle::Scn up_to) {
  std::erase_if(changes_, [&](const DictionaryChange& change) { return change.commit_scn <= up_to; });
}

std::vector<oracle::LoadedDictionary> DictionaryTracker::snapshot() const {
  std::vector<oracle::LoadedDictionary> dictionaries;
  for (std::size_t c = 0; c < containers_.size(); ++c) {
    oracle::LoadedDictionary& d = dictionaries.emplace_back();
    d.rows = containers_[c].rows;
    d.facts = containers_[c].facts;
    d.scn = d.schema_scn = std::max(loaded_at_[c], latest_scn_);
  }
  return dictionaries;
}

void DictionaryTracker::forget_below(oracle::Scn scn) {
  while (versions_.size() > 1 && versions_[1]->from_scn() <= scn) versions_.pop_front();
}

void DictionaryTracker::keep_alive(std::vector<std::shared_ptr<const void>>& owners) const {
  owners.insert(owners.end(), versions_.begin(), versions_.end());
  unknown_.keep_alive(owners);
}

}  // namespace redoubt::capture
