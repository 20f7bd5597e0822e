// Cases of whole records: what each record holds, and what comes out of their transaction.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "capture/case_runner.h"
#include "capture/record_facts.h"
#include "capture/record_set.h"

namespace redoubt::capture {
namespace {

constexpr redo::Version kVersion11_2 = 0x0B200400;

// "0x00000f.00000244.0168"
Rba rba_of(std::string_view text) {
  const auto part = [&](std::size_t at, std::size_t size) {
    std::uint32_t value = 0;
    if (text.size() < at + size ||
        std::from_chars(text.data() + at, text.data() + at + size, value, 16).ptr != text.data() + at + size)
      throw Malformed(fmt::format("'{}' is no RBA", text));
    return value;
  };
  return {part(2, 6), part(9, 8), static_cast<std::uint16_t>(part(18, 4))};
}

// The columns that a statement states, against one side of the row: all of them must be there.
void check_columns(const std::string& what, const Json& stated, std::span<const change::Cell> cells, FactCheck& check) {
  for (const auto& [number, value] : stated.items()) {
    const std::string name = fmt::format("{} column {}", what, number);
    const auto column = static_cast<unsigned>(std::stoul(number) - 1);
    const auto cell = std::find_if(cells.begin(), cells.end(), [&](const auto& c) { return c.column == column; });
    check.equal(
        name, value,
        cell == cells.end() ? Json("not there") : value_fact(cell->state == change::CellState::kNull, cell->bytes()));
  }
}

class TransactionCheck {
 public:
  TransactionCheck(const Json& test, const std::map<std::string, Rba>& rbas, const CaseRunner& run, FactCheck& check)
      : test_(test), rbas_(rbas), run_(run), check_(check) {}

  void run(const std::map<std::string, bool>& locks) {
    locks_ = &locks;
    const Json& expected = test_.at("expected");
    const Json none = Json::object();
    const Json& derived = test_.contains("derived") ? test_["derived"] : none;
    if (expected.contains("transaction")) outcome(expected["transaction"]);
    if (derived.contains("statements")) {
      check_.equal("derived.statements", derived["statements"].size(), run_.rows().size());
      each(derived["statements"], "derived.statement");
    }
    if (derived.contains("surviving_statement_count"))
      check_.equal("surviving_statement_count", derived["surviving_statement_count"], run_.rows().size());
    if (derived.contains("undoes")) undoes(derived["undoes"]);
    if (derived.contains("new_values")) new_values(derived["new_values"]);
    for (const std::string& warning : run_.warnings()) check_.differs("warning: " + warning);
  }

 private:
  void outcome(const Json& transaction) {
    if (transaction.at("complete_after_commit") == true) check_.equal("open transactions", 0, run_.open());
    if (!transaction.at("statement_count").is_null())
      check_.equal("statement_count", transaction["statement_count"], run_.rows().size());
    each(transaction.at("statements"), "statement");
  }

  void each(const Json& statements, const std::string& what) {
    for (std::size_t i = 0; i < statements.size(); ++i) {
      const std::string name = fmt::format("{} {}", what, i + 1);
      if (i < run_.rows().size()) {
        statement(name, statements[i], run_.rows()[i]);
      } else {
        check_.differs(name + " did not come out");
      }
    }
  }

  void statement(const std::string& name, const Json& stated, const change::RowChange& row) {
    const auto before = run_.before(row);
    const auto after = run_.after(row);
    for (const auto& [key, value] : stated.items()) {
      const std::string what = name + " " + key;
      if (key == "operation") {
        check_.equal(what, value, operation(row.op));
      } else if (key == "object") {
        check_.equal(what, value, fmt::format("OBJ# {}", row.table->obj));
      } else if (key == "object_id") {
        check_.equal(what, value, row.table->obj);
      } else if (key == "data_object_id") {
        check_.equal(what, value, row.rowid.data_obj);
      } else if (key == "rowid") {
        check_.equal(what, value, to_text(row.rowid));
      } else if (key == "rba_of_record") {
        check_.equal(what, to_text(rbas_.at(value)), to_text(named_rba(row)));
      } else if (key == "scn_of_record") {
        check_.equal(what, scn_of(value), row.scn);
      } else if (key == "records") {
        const bool first =
            std::any_of(value.begin(), value.end(), [&](const Json& id) { return rbas_.at(id) == row.rba; });
        check_.equal(what + " has the first", true, first);
      } else if (key == "set" || key == "values") {
        check_columns(what, value, after, check_);
        if (key == "set") only_changes(what, value, before, after);
      } else if (key == "where") {
        check_columns(what, value, before, check_);
      } else if (key == "logminer" || key == "commented_sql") {
        statement(what, value, row);
      } else if (key == "must_contain") {
        anywhere(what, value.at("anywhere"), before, after);
        check_columns(what + " where", value.at("where"), before, check_);
      } else if (key != "tool_output_equals_logminer" && key != "absent_in_second_variant" &&
                 !FactCheck::is_note(key)) {
        check_.differs(what + " is not known");
      }
    }
  }

  // What changes here must change there.
  void only_changes(const std::string& what, const Json& set, std::span<const change::Cell> before,
                    std::span<const change::Cell> after) {
    std::string others;
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
      const bool null = before[i].state == change::CellState::kNull;
      const bool same = null == (after[i].state == change::CellState::kNull) &&
                        (null || to_hex(before[i].bytes()) == to_hex(after[i].bytes()));
      const std::string number = std::to_string(after[i].column + 1);
      if (!same && !set.contains(number)) others += " " + number;
    }
    check_.equal(what + " has all changes; missing columns", "", others);
  }

  void anywhere(const std::string& what, const Json& stated, std::span<const change::Cell> before,
                std::span<const change::Cell> after) {
    for (const auto& [number, value] : stated.items()) {
      bool found = false;
      for (const auto cells : {before, after})
        for (const change::Cell& cell : cells)
          found |= std::to_string(cell.column + 1) == number &&
                   value_fact(cell.state == change::CellState::kNull, cell.bytes()) == value;
      check_.equal(fmt::format("{} column {} is {} anywhere", what, number, value.dump()), true, found);
    }
  }

  // Statements come out in the order of their first change. Where that only locks the row, the sets name the statement
  // by the record behind it (rows.md 2.4).
  Rba named_rba(const change::RowChange& row) const {
    for (auto it = rbas_.begin(); it != rbas_.end(); ++it) {
      if (it->second != row.rba || !locks_->at(it->first)) continue;
      Rba behind{~0U, 0, 0};
      for (const auto& [id, rba] : rbas_)
        if (rba > row.rba) behind = std::min(behind, rba);
      return behind;
    }
    return row.rba;
  }

  void undoes(const Json& stated) {
    for (const auto& [rollback, change] : stated.items()) {
      const auto it = run_.taken_back().find(rbas_.at(rollback));
      check_.equal("undoes " + rollback, to_text(rbas_.at(change)),
                   it == run_.taken_back().end() ? Json("nothing") : Json(to_text(it->second)));
    }
  }

  // The values that an update sets, in column order.
  void new_values(const Json& stated) {
    for (const auto& [id, values] : stated.items()) {
      const auto row = std::find_if(run_.rows().begin(), run_.rows().end(),
                                    [&, rba = rbas_.at(id)](const auto& r) { return r.rba == rba; });
      Json found = Json::array(), wanted = Json::array();
      for (const Json& value : values) wanted.push_back(value.at("hex"));
      if (row != run_.rows().end()) {
        const auto before = run_.before(*row), after = run_.after(*row);
        for (std::size_t i = 0; i < after.size(); ++i) {
          const Json old = value_fact(before[i].state == change::CellState::kNull, before[i].bytes());
          const Json now = value_fact(after[i].state == change::CellState::kNull, after[i].bytes());
          if (old != now) found.push_back(now);
        }
      }
      for (std::size_t i = 0; i < wanted.size(); ++i)
        check_.equal(fmt::format("new_values {} {}", id, i + 1), wanted[i],
                     i < found.size() ? found[i] : Json("not there"));
      check_.equal("new_values " + id + " count", wanted.size(), found.size());
    }
  }

  static std::string_view operation(change::Op op) {
    switch (op) {
      case change::Op::kInsert: return "INSERT";
      case change::Op::kDelete: return "DELETE";
      case change::Op::kUpdate: return "UPDATE";
    }
    return "";
  }

  Scn scn_of(const Json& id) const {
    for (const Json& record : test_.at("records"))
      if (record.at("id") == id) return record.at("scn").at("dec");
    throw Malformed("a record that is not in the case");
  }

  const Json& test_;
  const std::map<std::string, Rba>& rbas_;
  const CaseRunner& run_;
  FactCheck& check_;
  const std::map<std::string, bool>* locks_ = nullptr;
};

void check_places(const Json& test, const std::map<std::string, RecordFacts>& records, FactCheck& check) {
  const auto keys = [&](const Json& ids) {
    Json all = Json::array();
    for (const Json& id : ids) {
      const RecordFacts& r = records.at(id);
      const Json key{r.obj, to_text(r.rowid())};
      if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
    }
    return all;
  };
  const Json& expected = test.at("expected");
  if (expected.contains("same_pending_key"))
    for (const Json& ids : expected["same_pending_key"])
      check.equal("same_pending_key " + ids.dump(), 1, keys(ids).size());
  if (expected.contains("different_pending_key"))
    for (const Json& ids : expected["different_pending_key"])
      check.equal("different_pending_key " + ids.dump(), ids.size(), keys(ids).size());
  if (expected.contains("half_rollbacks"))
    for (const Json& half : expected["half_rollbacks"].at("records"))
      check.equal("half_rollbacks " + half.at("record").dump(), half.at("rowid"),
                  to_text(records.at(half["record"]).rowid()));
  if (test.contains("derived") && test["derived"].contains("rows"))
    for (const Json& row : test["derived"]["rows"])
      for (const Json& id : row.at("records"))
        check.equal("row of " + id.dump(), row.at("rowid"), to_text(records.at(id).rowid()));
}

void known_members(const Json& stated, std::initializer_list<std::string_view> known, FactCheck& check) {
  for (const auto& [key, value] : stated.items())
    if (!FactCheck::is_note(key) && std::find(known.begin(), known.end(), key) == known.end())
      check.differs("states something this program does not know: " + key);
}

}  // namespace

void check_records(const Json& test, FactCheck& check) {
  const Json& profile = test.at("profile");
  const ByteOrder order = profile.at("endian") == "big" ? ByteOrder::kBig : ByteOrder::kLittle;
  const redo::Version version = profile.at("change_header_bytes") == 24 ? kVersion11_2 : redo::kVersion19;
  CaseRunner run(version, order);
  std::map<std::string, RecordFacts> records;
  std::map<std::string, Rba> rbas;
  std::map<std::string, bool> locks;
  std::uint16_t con_id = 0;
  for (const Json& stated : test.at("records")) {
    const std::string id = stated.at("id");
    const Rba rba = rba_of(stated.at("rba").get<std::string>());
    const ByteString bytes = from_hex(stated.at("hex").get<std::string>());
    const redo::Record record = run.add(bytes, rba);
    check.equal(id + " bytes", stated.at("length"), bytes.size());
    check.tree(id + " scn", stated.at("scn"), scn_fact(record.scn));
    check.equal(id + " subscn", stated.at("subscn"), record.sub_scn);
    RecordFacts facts = read_record_facts(record, redo::vector_header_size(version), order);
    if (stated.contains("timestamp"))
      check.equal(id + " timestamp", stated["timestamp"], facts.facts["header"]["timestamp"]);
    if (facts.undo) con_id = facts.con_id;
    locks[id] = facts.facts.contains("row_op") && facts.facts["row_op"] == "11.4";
    rbas[id] = rba;
    records.emplace(id, std::move(facts));
  }
  for (const char* part : {"expected", "derived"}) {
    if (!test.contains(part)) continue;
    for (const auto& [id, stated] : test[part].at("records").items())
      check.tree(fmt::format("{} {}", id, part), stated, records.at(id).facts);
  }
  known_members(test.at("expected"),
                {"records", "transaction", "same_pending_key", "different_pending_key", "half_rollbacks"}, check);
  if (test.contains("derived"))
    known_members(test["derived"],
                  {"records", "statements", "undoes", "surviving_statement_count", "rows", "new_values", "source_sql"},
                  check);
  check_places(test, records, check);
  if (!test.contains("commit_scn")) return;
  const Json& xid = test.at("xid");
  run.commit({xid.at("usn"), xid.at("slot"), xid.at("sqn")}, con_id, test["commit_scn"].at("dec"));
  TransactionCheck(test, rbas, run, check).run(locks);
}

}  // namespace redoubt::capture
