#include "capture/dictionary_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace redoubt::capture {
namespace {

using Json = nlohmann::ordered_json;
using oracle::Int128;
using Row = DictionaryChange::Row;

constexpr std::array<std::string_view, 3> kOps{"i", "u", "d"};  // by RowOp

Json json_of(const DictionaryChange::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto* number = std::get_if<Int128>(&value);
  if (!number) return nullptr;
  if (*number >= std::numeric_limits<std::int64_t>::min() && *number <= std::numeric_limits<std::int64_t>::max())
    return static_cast<std::int64_t>(*number);
  return {static_cast<std::uint64_t>(*number), static_cast<std::int64_t>(*number >> 64)};
}

DictionaryChange::Value value_of(const Json& json) {
  if (json.is_null()) return {};
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number_integer()) return Int128{json.get<std::int64_t>()};
  return Int128{json.at(1).get<std::int64_t>()} << 64 | json.at(0).get<std::uint64_t>();
}

Row row_of(const Json& json) {
  Row row;
  row.con_id = json.at("con").get<std::uint16_t>();
  const auto table = json.at("table").get<std::string>();
  const std::size_t dot = table.find('.');
  if (dot == std::string::npos) throw Malformed("a table without owner");
  row.owner = table.substr(0, dot);
  row.table = table.substr(dot + 1);
  const auto op = std::find(kOps.begin(), kOps.end(), json.at("op").get<std::string>());
  if (op == kOps.end()) throw Malformed("an unknown operation");
  row.op = static_cast<oracle::RowOp>(op - kOps.begin());
  row.id = oracle::rowid_from_text(json.at("rowid").get<std::string>());
  for (const auto& [column, value] : json.at("values").items()) row.values.emplace_back(column, value_of(value));
  return row;
}

}  // namespace

std::string to_json(const std::vector<DictionaryChange>& changes) {
  Json all = Json::array();
  for (const DictionaryChange& change : changes) {
    Json rows = Json::array();
    for (const Row& row : change.rows) {
      Json values = Json::object();
      for (const auto& [column, value] : row.values) values[column] = json_of(value);
      rows.push_back({{"con", row.con_id},
                      {"table", row.owner + "." + row.table},
                      {"op", kOps.at(static_cast<std::size_t>(row.op))},
                      {"rowid", to_text(row.id)},
                      {"values", std::move(values)}});
    }
    all.push_back({{"scn", change.commit_scn}, {"rows", std::move(rows)}});
  }
  return all.dump();
}

std::vector<DictionaryChange> dictionary_changes_from_json(std::string_view text, std::string_view place) {
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorCode::kUnknown, place, fmt::format("is no whole list of dictionary changes: {}", why),
                 "restore the file, or take another checkpoint: redoubt checkpoint show lists them");
  };
  try {
    std::vector<DictionaryChange> changes;
    for (const Json& json : Json::parse(text)) {
      DictionaryChange& change = changes.emplace_back();
      change.commit_scn = json.at("scn").get<oracle::Scn>();
      for (const Json& row : json.at("rows")) change.rows.push_back(row_of(row));
    }
    return changes;
  } catch (const Json::exception& e) {
    throw refuse(e.what());
  } catch (const Malformed& e) {
    throw refuse(e.what());
  }
}

}  // namespace redoubt::capture
