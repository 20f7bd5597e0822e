#include "oracle/dictionary_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace redoubt::oracle {
namespace {

using nlohmann::json;

// Every checkpoint file of the shared data: the real log's and those of the golden scenarios.
std::vector<std::filesystem::path> shared_files() {
  std::vector<std::filesystem::path> files;
  const char* shared = std::getenv("REDOUBT_SHARED");
  if (!shared || !std::filesystem::exists(std::filesystem::path(shared) / "data")) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::filesystem::path(shared) / "data"))
    if (entry.path().filename().string().starts_with("schema")) files.push_back(entry.path());
  return files;
}

std::optional<std::filesystem::path> real_file() {
  for (const auto& path : shared_files())
    if (path.parent_path().filename() == "example-free-23") return path;
  return std::nullopt;
}

// Arrays of rows as sets: the order of rows carries no meaning.
json with_sorted_rows(json document) {
  for (auto& [key, value] : document.items())
    if (value.is_array() && !value.empty() && value[0].contains("row-id"))
      std::sort(value.begin(), value.end(), [](const json& a, const json& b) { return a["row-id"] < b["row-id"]; });
  return document;
}

json small() {
  return json::parse(R"({"database":"D","scn":7,"resetlogs":1,"activation":2,"big-endian":0,"context":"C","con-id":3,
    "con-name":"P","nls-character-set":"AL32UTF8","nls-nchar-character-set":"AL16UTF16","schema-scn":7,
    "sys-user":[{"row-id":"AAAAAKAAAAAAADRAAA","user":5,"name":"APP","spare1":[0,0],"single":0}],
    "sys-obj":[{"row-id":"AAAAASAAAAAAADxAAF","owner":5,"obj":9,"data-obj":9,"name":"T","type":2,"flags":[0,0],"single":0}],
    "sys-col":[{"row-id":"AAAAACAAAAAAFQ+AAH","obj":9,"col":1,"seg-col":1,"int-col":1,"name":"ID","type":2,"length":22,
      "precision":10,"scale":-2,"charset-form":0,"charset-id":0,"null":1,"property":[18446744073709551615,33554432]}],
    "sys-tab":[{"row-id":"AAAAACAAAAAAFQ+AAD","obj":9,"data-obj":9,"ts":6,"clu-cols":0,"flags":[1,0],"property":[0,0]}]})");
}

std::string error_of(const json& document) {
  try {
    parse_dictionary_json(document.dump(), "here.json");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kUnknown);
    return e.what();
  }
  return "";
}

TEST(DictionaryJson, LoadsTheRealLogsFile) {
  const auto path = real_file();
  if (!path) GTEST_SKIP() << "the shared data is absent ($REDOUBT_SHARED)";
  const LoadedDictionary d = load_dictionary_json(*path);
  EXPECT_EQ(d.facts.database, "TEST");
  EXPECT_EQ(d.scn, 2266634U);
  EXPECT_EQ(d.schema_scn, 2266634U);
  EXPECT_EQ(d.facts.resetlogs, 1224959854U);
  EXPECT_EQ(d.facts.activation, 1496992686U);
  EXPECT_EQ(d.facts.context, "FREE");
  EXPECT_EQ(d.facts.con_id, 3);
  EXPECT_EQ(d.facts.con_name, "FREEPDB1");
  EXPECT_EQ(d.facts.db_id, 1385559638U);
  EXPECT_EQ(d.incarnations.size(), 2U);
  EXPECT_EQ(d.incarnations[1].resetlogs_scn, 2061806U);
  EXPECT_EQ(d.online_redo.size(), 2U);
  EXPECT_EQ(d.users, std::vector<std::string>{"OLR_TEST"});
  EXPECT_EQ(d.rows.of<ConstraintColumnRow>().size(), 143U);
  EXPECT_EQ(d.rows.of<ConstraintRow>().size(), 144U);
  EXPECT_EQ(d.rows.of<ColumnRow>().size(), 411U);
  EXPECT_EQ(d.rows.of<DeferredSegmentRow>().size(), 3U);
  EXPECT_EQ(d.rows.of<AddedColumnRow>().size(), 0U);
  EXPECT_EQ(d.rows.of<LobRow>().size(), 4U);
  EXPECT_EQ(d.rows.of<ObjectRow>().size(), 21U);
  EXPECT_EQ(d.rows.of<TableRow>().size(), 20U);
  EXPECT_EQ(d.rows.of<TablespaceRow>().size(), 7U);
  EXPECT_EQ(d.rows.of<UserRow>().size(), 3U);
  ASSERT_EQ(d.rows.tokens().size(), 1U);
  EXPECT_EQ(d.rows.tokens().begin()->first, "28IKF5O20KT14E0OPPJDF68MK2");
  EXPECT_EQ(d.rows.tokens().begin()->second.namespaces.size(), 27U);
  EXPECT_EQ(d.rows.tokens().begin()->second.names.size(), 696U);
  const ColumnRow* id = d.rows.of<ColumnRow>().find(rowid_from_text("AAAAACAAAAAAFQ+AAH"));
  ASSERT_TRUE(id);
  EXPECT_EQ(id->name, "ID");
  EXPECT_EQ(d.rows.of<TableRow>().first(0, 22)->property, (Wide{1024, 33554432}));
}

TEST(DictionaryJson, WritesEverySharedFileAsItWas) {
  const auto files = shared_files();
  if (files.empty()) GTEST_SKIP() << "the shared data is absent ($REDOUBT_SHARED)";
  EXPECT_GE(files.size(), 24U);
  for (const auto& path : files) {
    SCOPED_TRACE(path);
    const LoadedDictionary d = load_dictionary_json(path);
    const std::string written = dictionary_json(d);
    EXPECT_EQ(with_sorted_rows(json::parse(written)), with_sorted_rows(json::parse(read_file(path))));
    const LoadedDictionary again = parse_dictionary_json(written, "written");
    EXPECT_EQ(again.rows, d.rows);
    EXPECT_EQ(dictionary_json(again), written);
  }
}

TEST(DictionaryJson, KeepsWideAndNegativeNumbersAndIgnoresUnknownKeys) {
  json document = small();
  document["new-key"] = {{"a", 1}};
  document["sys-col"][0]["new-key"] = 1;
  const LoadedDictionary d = parse_dictionary_json(document.dump(), "here");
  const ColumnRow* row = d.rows.of<ColumnRow>().first(0, 9);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->scale, -2);
  EXPECT_EQ(row->property, (Wide{18446744073709551615U, 33554432}));
  EXPECT_EQ(parse_dictionary_json(dictionary_json(d), "again").rows, d.rows);
}

TEST(DictionaryJson, KeepsThreadsAndTheOldestTransaction) {
  json document = small();
  document["threads"] = {{{"thread", 2}, {"seq", 9}, {"offset", 1024}, {"lwn-scn", 77}},
                         {{"thread", 1}, {"seq", 8}, {"offset", 512}}};
  document["min-tran"] = {{"thread", 2}, {"seq", 7}, {"offset", 512}, {"xid", "0x0014.01f.000000c8"}};
  document["online-redo"] = {{{"group", 4}, {"thread", 2}, {"path", {"/a \"b\" \\c", "+DATA"}}}};
  const LoadedDictionary d = parse_dictionary_json(document.dump(), "here");
  EXPECT_EQ(d.oldest->xid, (Xid{0x14, 0x1f, 0xc8}));
  EXPECT_EQ(d.threads[0].lwn_scn, 77U);
  EXPECT_EQ(d.threads[1].lwn_scn, std::nullopt);
  const LoadedDictionary again = parse_dictionary_json(dictionary_json(d), "again");
  EXPECT_EQ(again.oldest, d.oldest);
  EXPECT_EQ(again.threads, d.threads);
  EXPECT_EQ(again.online_redo, d.online_redo);
}

TEST(DictionaryJson, NamesFileKeyAndRowOfAFault) {
  EXPECT_EQ(error_of(small()), "");
  json document = small();
  document["sys-col"][0].erase("name");
  EXPECT_THAT(error_of(document), testing::HasSubstr("here.json: sys-col[0] name is missing"));
  document = small();
  document["sys-col"][0]["length"] = -1;
  EXPECT_THAT(error_of(document), testing::HasSubstr("sys-col[0] length is not a number in its range"));
  document = small();
  document["sys-col"][0]["property"] = 5;
  EXPECT_THAT(error_of(document), testing::HasSubstr("sys-col[0] property is not an array"));
  document = small();
  document["sys-obj"].push_back(document["sys-obj"][0]);
  EXPECT_THAT(error_of(document), testing::HasSubstr("sys-obj[1] row-id AAAAASAAAAAAADxAAF stands twice"));
  document = small();
  document["sys-obj"][0]["row-id"] = "AAAAASAAAAAAADxAA";
  EXPECT_THAT(error_of(document), testing::HasSubstr("sys-obj[0] row-id a ROWID has 18 characters"));
  document = small();
  document["sys-obj"][0]["obj"] = 10;
  EXPECT_THAT(error_of(document), testing::HasSubstr("belongs to object 9, which sys-obj does not have"));
  document = small();
  document["sys-col"][0]["seg-col"] = 2;
  EXPECT_THAT(error_of(document), testing::HasSubstr("sys-col does not number the stored columns of T (object 9)"));
  document = small();
  document["nls-character-set"] = "NO8SUCH";
  EXPECT_THAT(error_of(document), testing::HasSubstr("nls-character-set is NO8SUCH"));
  document = small();
  document["con-id"] = 70000;
  EXPECT_THAT(error_of(document), testing::HasSubstr("con-id is not a number in its range"));
  document = small();
  document["schema-ref-scn"] = 5;
  EXPECT_THAT(error_of(document), testing::HasSubstr("refers to another file"));
  EXPECT_THROW(parse_dictionary_json("{", "x"), Error);
  EXPECT_THROW(parse_dictionary_json("[]", "x"), Error);
  EXPECT_THROW(parse_dictionary_json("", "x"), Error);
}

TEST(DictionaryJson, FollowsAReferenceToTheFileBesideIt) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "dictionary_json_test";
  std::filesystem::create_directories(folder);
  json tables = small();
  replace_file(folder / "D-chkpt-7.json", tables.dump());
  json document = small();
  for (const char* key : {"schema-scn", "sys-user", "sys-obj", "sys-col", "sys-tab"}) document.erase(key);
  document["scn"] = 900;
  document["schema-ref-scn"] = 7;
  replace_file(folder / "D-chkpt-900.json", document.dump());
  const LoadedDictionary d = load_dictionary_json(folder / "D-chkpt-900.json");
  EXPECT_EQ(d.scn, 900U);
  EXPECT_EQ(d.schema_scn, 7U);
  EXPECT_EQ(d.rows, parse_dictionary_json(tables.dump(), "").rows);

  tables["resetlogs"] = 2;
  replace_file(folder / "D-chkpt-7.json", tables.dump());
  EXPECT_THROW(load_dictionary_json(folder / "D-chkpt-900.json"), Error);
  document["database"] = "../D";
  replace_file(folder / "D-chkpt-900.json", document.dump());
  EXPECT_THROW(load_dictionary_json(folder / "D-chkpt-900.json"), Error);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace redoubt::oracle
