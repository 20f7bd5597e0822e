#include "oracle/dictionary_script.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "oracle/dictionary_json.h"

namespace redoubt::oracle {
namespace {

// What SQL*Plus would spool if every query found one row: numbers 1, strings "X", pairs [1,0]. It reads the script the
// way SQL*Plus does, statement by statement, but of a query it knows only the JSON it puts together.
class Spool {
 public:
  explicit Spool(const std::string& script) {
    std::istringstream lines(script.substr(script.find("SPOOL redoubt")));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line) && line != "SPOOL OFF") {
      if (line.starts_with("PROMPT ")) {
        text_ += line.substr(7) + "\n";
      } else if (line.starts_with("SELECT") || line.starts_with("WITH")) {
        row(statement(lines, line, ";"));
      } else if (line.starts_with("DECLARE")) {
        block(statement(lines, line, "/"));
      } else {
        EXPECT_EQ(line, "") << "SQL*Plus would not know what this is";
      }
    }
  }
  const std::string& text() const { return text_; }

 private:
  static std::string statement(std::istream& lines, std::string line, const std::string& end) {
    std::string text;
    do {
      const bool last = end == ";" ? line.ends_with(";") : line == end;
      text += line + "\n";
      if (last) break;
    } while (std::getline(lines, line));
    return text;
  }

  // The literal parts of the JSON, and what stands between them by the look of the expression.
  void row(const std::string& query) {
    static const std::regex kKey(R"re(["{,]+([a-z0-9-]+)":)re");
    if (query.find("\":") == std::string::npos) {  // an array of strings
      text_ += "\"X\"\n";
      return;
    }
    std::string out;
    const std::string select = query.substr(
        query.find("SELECT CASE") == std::string::npos ? query.find("SELECT") : query.rfind("SELECT CASE ROWNUM"));
    for (auto it = std::sregex_iterator(select.begin(), select.end(), kKey); it != std::sregex_iterator(); ++it) {
      const std::string key = (*it)[1];
      std::string expression = it->suffix();
      expression = expression.substr(0, expression.find("\":"));
      out += fmt::format("{}\"{}\":{}", out.empty() ? "{" : ",", key, value(key, expression));
    }
    text_ += out + (query.find("schema-scn") == std::string::npos ? "}\n" : "\n");
  }

  static std::string value(const std::string& key, const std::string& expression) {
    if (key == "row-id") return "\"AAAAACAAAAAAFQ+AAD\"";
    if (key.starts_with("nls")) return "\"AL32UTF8\"";
    if (expression.starts_with("[")) return "[\"X\"]";
    if (expression.starts_with("' || '\"'") || expression.starts_with("\"'")) return "\"X\"";
    if (expression.starts_with("' || '['")) return "[1,0]";
    return "1";
  }

  void block(const std::string& code) {
    EXPECT_THAT(code, testing::HasSubstr("q'!"));
    for (std::size_t at = code.find("write_rows('"); at != std::string::npos; at = code.find("write_rows('", at + 1)) {
      const std::size_t name = at + 12;
      const std::string key = code.substr(name, code.find('\'', name) - name);
      const bool suffixed = code.substr(name + key.size() + 1).starts_with(" || suffix");
      const std::size_t query = code.find("q'!", at) + 3;
      text_ += fmt::format(",\"{}{}\":[\n", key, suffixed ? "X" : "");
      row(code.substr(query, code.find("!'", query) - query));
      text_ += "]\n";
    }
  }

  std::string text_;
};

TEST(DictionaryScript, SpoolsWhatTheLoaderReads) {
  const std::string script = dictionary_script();
  const std::string text = Spool(script).text();
  LoadedDictionary d;
  ASSERT_NO_THROW(d = parse_dictionary_json(text, "spool")) << text;
  d.rows.each_table([]<class Row>(const RowTable<Row>& table) { EXPECT_EQ(table.size(), 1U) << Layout<Row>::kTable; });
  ASSERT_EQ(d.rows.tokens().size(), 1U);
  EXPECT_EQ(d.rows.tokens().at("X").names.size(), 1U);
  EXPECT_EQ(d.incarnations.size(), 1U);
  ASSERT_EQ(d.online_redo.size(), 1U);
  EXPECT_EQ(d.online_redo[0].members, std::vector<std::string>{"X"});
  EXPECT_EQ(d.users, std::vector<std::string>{"X"});
  EXPECT_EQ(d.rows.of<ColumnRow>().rows().begin()->second.property, (Wide{1, 0}));
  // Written again, nothing is lost: the script fills every key the writer knows.
  EXPECT_EQ(parse_dictionary_json(dictionary_json(d), "again").rows, d.rows);
}

TEST(DictionaryScript, NamesEveryTableAndColumn) {
  std::string script = dictionary_script();
  std::transform(script.begin(), script.end(), script.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto expect = [&]<class Row>(const RowTable<Row>&) {
    EXPECT_THAT(script, testing::HasSubstr(fmt::format("{}.{}", Layout<Row>::kOwner, Layout<Row>::kTable)));
    for (const Field<Row>& field : Layout<Row>::kFields)
      EXPECT_THAT(script, testing::HasSubstr(field.column.empty() ? "" : fmt::format("T.{}", field.column)));
  };
  DictionaryRows().each_table(expect);
  TokenTables().each_table(expect);
}

TEST(DictionaryScript, ReadsOnlyAndAsOfOneScn) {
  const std::string script = dictionary_script();
  std::istringstream lines(script);
  std::string line;
  std::ptrdiff_t quotes = 0, open = 0;
  static const std::regex kTable(R"(\b(sys|xdb)\.[a-z0-9_$#]+)");
  static const std::regex kChange(R"(\b(INSERT|UPDATE|DELETE|MERGE|CREATE|ALTER|DROP|TRUNCATE|GRANT|COMMIT)\b)");
  while (std::getline(lines, line)) {
    EXPECT_LT(line.size(), 2499U);  // SP2-0027
    if (line.starts_with("--")) continue;
    quotes += std::count(line.begin(), line.end(), '\'');
    open += std::count(line.begin(), line.end(), '(') - std::count(line.begin(), line.end(), ')');
    EXPECT_FALSE(std::regex_search(line, kChange)) << line;
    for (auto it = std::sregex_iterator(line.begin(), line.end(), kTable); it != std::sregex_iterator(); ++it)
      EXPECT_TRUE(std::string(it->suffix()).starts_with(" AS OF SCN &redoubt_scn")) << line;
  }
  EXPECT_EQ(quotes % 2, 0);
  EXPECT_EQ(open, 0);
  EXPECT_TRUE(std::all_of(script.begin(), script.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
}

}  // namespace
}  // namespace redoubt::oracle
