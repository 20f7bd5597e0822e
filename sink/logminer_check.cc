#include "sink/logminer_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/text_buffer.h"
#include "oracle/value.h"

namespace redoubt::sink {
namespace {

using oracle::TypeCode;

constexpr char kNull[] = "\x01null";

// LogMiner's raw form: u16 segment, u16 slot, u32 wrap in the byte order of the database, as hex.
oracle::Xid raw_xid(std::string_view hex, ByteOrder order) {
  const auto bytes = from_hex(hex);
  if (bytes.size() != 8) throw Malformed("an XID has 16 hexadecimal digits");
  return {load_u16(bytes.data(), order), load_u16(bytes.data() + 2, order), load_u32(bytes.data() + 4, order)};
}

std::string row_key(oracle::Xid xid, char op, std::string_view owner, std::string_view table) {
  return fmt::format("{} {} {}.{}", to_text(xid), op, owner, table);
}

// Digits without sign, leading and trailing zeros, and the power of ten of the first: two numbers are equal when these
// are.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
  bool operator==(const Decimal&) const = default;
};

Decimal decimal(std::string_view text) {
  Decimal d;
  if (text.starts_with('-') || text.starts_with('+')) {
    d.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  int exponent = 0;
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    std::from_chars(power.data(), power.data() + power.size(), exponent);
    text = text.substr(0, e);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  for (const char c : text)
    if (c != '.') d.digits += c;
  d.exponent = exponent + static_cast<int>(point);
  const std::size_t zeros = std::min(d.digits.find_first_not_of('0'), d.digits.size());
  d.digits.erase(0, zeros);
  d.exponent -= static_cast<int>(zeros);
  d.digits.erase(d.digits.find_last_not_of('0') + 1);
  if (d.digits.empty()) return {};
  return d;
}

// "15-JUN-25 10.30.00.123456 AM" or a date alone, as ISO text; other forms only lose a blank for T.
std::string iso_time(std::string_view text) {
  static constexpr std::string_view kMonths[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                 "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  std::string iso(text);
  if (text.size() >= 9 && text[2] == '-' && text[6] == '-') {
    const auto* month = std::find(std::begin(kMonths), std::end(kMonths), text.substr(3, 3));
    if (month == std::end(kMonths)) return iso;
    int year = 0;
    std::from_chars(text.data() + 7, text.data() + 9, year);
    iso = fmt::format("{}-{:02}-{}", year < 50 ? 2000 + year : 1900 + year, month - std::begin(kMonths) + 1,
                      text.substr(0, 2));
    if (text.size() >= 18) {
      int hour = 0;
      std::from_chars(text.data() + 10, text.data() + 12, hour);
      std::string rest(text.substr(12));
      if (const std::size_t half = rest.find_first_of("AP"); half != std::string::npos && half > 0) {
        hour = hour % 12 + (rest[half] == 'P' ? 12 : 0);
        rest.erase(half - 1, 3);
      }
      for (std::size_t i = 0; i < 4 && i < rest.size(); ++i)
        if (rest[i] == '.') rest[i] = ':';
      iso += fmt::format("T{:02}{}", hour, rest);
    }
  } else if (iso.size() > 10 && iso[10] == ' ') {
    iso[10] = 'T';
  }
  // A zero fraction may be missing.
  if (const std::size_t point = iso.find('.'); point != std::string::npos) {
    std::size_t end = point + 1;
    while (end < iso.size() && std::isdigit(static_cast<unsigned char>(iso[end]))) ++end;
    std::size_t cut = end;
    while (iso[cut - 1] == '0') --cut;
    if (cut == point + 1) --cut;
    iso.erase(cut, end - cut);
  }
  return iso;
}

std::string flat(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i] == '\n' || text[i] == '\r' ? ' ' : text[i];
  }
  return out;
}

bool comparable(const oracle::Column& column) { return column.shown && !column.is_lob(); }

}  // namespace

bool same_value(TypeCode type, std::string_view ours, std::string_view theirs) {
  if (ours == theirs) return true;
  if (ours == kNull || theirs == kNull) return false;
  switch (type) {
    case TypeCode::kNumber: return decimal(ours) == decimal(theirs);
    case TypeCode::kBinaryFloat:
      return std::strtof(std::string(ours).c_str(), nullptr) == std::strtof(std::string(theirs).c_str(), nullptr);
    case TypeCode::kBinaryDouble:
      return std::strtod(std::string(ours).c_str(), nullptr) == std::strtod(std::string(theirs).c_str(), nullptr);
    case TypeCode::kDate:
    case TypeCode::kTimestamp:
    case TypeCode::kTimestampTz:
    case TypeCode::kTimestampLtz: {
      const std::string time = iso_time(theirs);
      return time.size() == 10 ? ours.substr(0, 10) == time : iso_time(ours) == time;
    }
    case TypeCode::kRaw:
      return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(),
                        [](char a, char b) { return (a | 0x20) == (b | 0x20); });  // hexadecimal digits
    default: return flat(ours) == flat(theirs);
  }
}

LogminerCheck::LogminerCheck(std::string_view lines, std::string_view place, const oracle::DatabaseFacts& facts)
    : facts_(facts), place_(place) {
  const ByteOrder order = facts.big_endian ? ByteOrder::kBig : ByteOrder::kLittle;
  const auto columns = [](const nlohmann::json& object, const char* side) {
    Columns result;
    if (const auto it = object.find(side); it != object.end())
      for (const auto& [name, v] : it->items())
        result[name] = v.is_null() ? std::string(kNull) : v.is_string() ? v.get<std::string>() : v.dump();
    return result;
  };
  std::string text;
  std::size_t next_line = 1;
  const auto take_line = [&] {
    std::string_view piece = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(piece.size() + 1, lines.size()));
    ++next_line;
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    const bool goes_on = piece.ends_with(kLogminerGoesOn);
    text += piece.substr(0, piece.size() - goes_on);
    return goes_on;
  };
  while (!lines.empty()) {
    const std::size_t line = next_line;
    text.clear();
    while (take_line() && !lines.empty()) {
    }
    if (text.find_first_not_of(" \t") == std::string::npos) continue;
    try {
      const auto object = nlohmann::json::parse(text);
      const std::string operation = object.at("op");
      const char op = operation == "INSERT" ? 'c' : operation == "UPDATE" ? 'u' : operation == "DELETE" ? 'd' : '\0';
      if (op == '\0') throw Malformed("op is none of INSERT, UPDATE, DELETE");
      const oracle::Xid xid = raw_xid(object.at("xid").get<std::string>(), order);
      rows_[row_key(xid, op, object.at("owner").get<std::string>(), object.at("table").get<std::string>())].push_back(
          {line, columns(object, "before"), columns(object, "after")});
      ++result_.rows;
    } catch (const std::exception& e) {
      throw Error(ErrorCode::kOperation, fmt::format("{} line {}", place, line),
                  fmt::format("is no LogMiner row: {}", e.what()),
                  "make it with the script that --check-logminer prints when FILE is not there");
    }
  }
}

std::string LogminerCheck::cell_text(const oracle::Table& table, const change::Cell& cell) const {
  if (cell.state == change::CellState::kNull) return kNull;
  if (cell.state != change::CellState::kValue) return "(not available)";
  TextBuffer out;
  oracle::append_json_value(out, table.columns[cell.column], facts_, cell.bytes());
  std::string text = out.str();
  if (text.starts_with('"')) text = nlohmann::json::parse(text).get<std::string>();
  return text;
}

// Empty when all that LogMiner shows is equal, and all that changed is shown by it.
std::string LogminerCheck::first_difference(const change::Batch& batch, const change::RowChange& row,
                                            const Row& theirs) const {
  const oracle::Table& table = *row.table;
  const change::Cell* cells = batch.cells.data() + row.first_cell;
  Columns before, after;
  for (unsigned i = 0; i < row.before_count; ++i)
    before[table.columns[cells[i].column].name] = cell_text(table, cells[i]);
  for (unsigned i = row.before_count; i < unsigned{row.before_count} + row.after_count; ++i)
    after[table.columns[cells[i].column].name] = cell_text(table, cells[i]);
  const auto show = [](const std::string& v) { return v == kNull ? std::string("null") : "'" + v + "'"; };

  for (const auto& [side, mine, other] :
       {std::tuple("before", &before, &theirs.before), std::tuple("after", &after, &theirs.after)}) {
    for (const auto& [name, text] : *other) {
      const auto column =
          std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& c) { return c.name == name; });
      if (column == table.columns.end()) return fmt::format("column {} is not in the dictionary", name);
      if (!comparable(*column)) continue;
      const auto it = mine->find(name);
      if (it == mine->end()) return fmt::format("{} {}: LogMiner {}, not in redo", side, name, show(text));
      if (!same_value(column->type, it->second, text))
        return fmt::format("{} {}: LogMiner {}, redo {}", side, name, show(text), show(it->second));
    }
  }
  for (const auto& [name, text] : after) {
    const auto column =
        std::find_if(table.columns.begin(), table.columns.end(), [&](const auto& c) { return c.name == name; });
    const bool changed = row.op == change::Op::kInsert ? text != kNull : before[name] != text;
    if (comparable(*column) && changed && !theirs.after.contains(name))
      return fmt::format("after {}: redo {}, not shown by LogMiner", name, show(text));
  }
  return {};
}

void LogminerCheck::compare(const change::Batch& batch) {
  for (const change::Transaction& t : batch.transactions) {
    for (std::uint32_t i = 0; i < t.row_count; ++i) {
      const change::RowChange& row = batch.rows[t.first_row + i];
      const std::string key = row_key(t.xid, static_cast<char>(row.op), row.table->owner, row.table->name);
      const auto it = rows_.find(key);
      if (it == rows_.end() || it->second.empty()) {
        result_.differences.push_back(fmt::format("{} at RBA {}: not reported by LogMiner", key, to_text(row.rba)));
        continue;
      }
      const Row theirs = std::move(it->second.front());
      it->second.pop_front();
      const std::string difference = first_difference(batch, row, theirs);
      if (difference.empty()) {
        ++result_.agree;
      } else {
        result_.differences.push_back(fmt::format("{} line {}: {}: {}", place_, theirs.line, key, difference));
      }
    }
  }
}

LogminerCheck::Result LogminerCheck::finish() {
  for (const auto& [key, rows] : rows_)
    for (const Row& row : rows)
      result_.differences.push_back(fmt::format("{} line {}: {}: not found in redo", place_, row.line, key));
  return std::move(result_);
}

}  // namespace redoubt::sink
