#include "capture/dictionary_change.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace redoubt::capture {
namespace {

using oracle::Int128;

DictionaryChange::Value any_value(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0: return {};
    case 1: return std::string(random() % 20, 'a') + "\"\\\n\u20AC";
    case 2: return Int128{static_cast<std::int64_t>(random())};
    default: return Int128{static_cast<std::int64_t>(random())} << 64 | random();
  }
}

TEST(DictionaryChange, ComesBackAsItWas) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<DictionaryChange> changes(random() % 4);
    for (DictionaryChange& change : changes) {
      change.commit_scn = random();
      change.rows.resize(random() % 5);
      for (DictionaryChange::Row& row : change.rows) {
        row.con_id = static_cast<std::uint16_t>(random());
        row.owner = "SYS";
        row.table = random() % 2 ? "OBJ$" : "A.B";
        row.op = static_cast<oracle::RowOp>(random() % 3);
        row.id = {static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                  static_cast<std::uint16_t>(random())};
        for (int i = 0; i < 4; ++i) row.values.emplace_back("C" + std::to_string(i), any_value(random));
      }
    }
    EXPECT_EQ(dictionary_changes_from_json(to_json(changes), "here"), changes);
  }
}

TEST(DictionaryChange, APartIsRefused) {
  DictionaryChange change{7, {{3, "SYS", "OBJ$", oracle::RowOp::kUpdate, {1, 2, 3}, {{"NAME", "X"}}}}};
  const std::string whole = to_json(std::vector<DictionaryChange>{change});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THROW(dictionary_changes_from_json(whole.substr(0, size), "here"), Error) << size;
  for (const char* member : {"scn", "rows", "con", "table", "op", "rowid", "values"}) {
    std::string text = whole;
    text.replace(text.find("\"" + std::string(member) + "\""), 2, "\"_");
    EXPECT_THROW(dictionary_changes_from_json(text, "here"), Error) << text;
  }
}

}  // namespace
}  // namespace redoubt::capture
