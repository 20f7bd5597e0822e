#include "oracle/dictionary_builder.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "oracle/charset.h"
#include "oracle/dictionary_json.h"

namespace redoubt::oracle {
namespace {

constexpr std::uint16_t kCon = 3;

RowId id(std::uint32_t n) { return {1, n, 0}; }

// A container with user 5 = APP and a way to add rows, each at a ROWID of its own.
struct Rows {
  std::vector<Container> containers = std::vector<Container>(1);
  std::uint32_t next = 1;

  Rows() {
    containers[0].facts.con_id = kCon;
    containers[0].facts.charset = charset_by_name("AL32UTF8");
    containers[0].facts.national_charset = charset_by_name("AL16UTF16");
    put(UserRow{5, "APP", {}, 0});
  }
  DictionaryRows& rows() { return containers[0].rows; }
  template <class Row>
  RowId put(Row row) {
    rows().of<Row>().put(id(next), std::move(row));
    return id(next++);
  }
  void table(std::uint32_t obj, std::string name, Wide property = {}, Wide flags = {}) {
    put(ObjectRow{5, obj, obj, std::move(name), 2, {}, 0, ""});
    put(TableRow{obj, obj, 4, 0, flags, property});
  }
  void column(std::uint32_t obj, std::uint32_t segcol, std::string name, std::uint32_t type = 2,
              std::uint64_t property = 0) {
    ColumnRow row;
    row.obj = obj;
    row.col = row.segcol = row.intcol = segcol;
    row.name = std::move(name);
    row.type = type;
    row.property.low = property;
    put(row);
  }
  std::shared_ptr<const Dictionary> build() { return DictionaryBuilder().build(containers, 1); }
};

std::vector<std::string> shown(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns)
    if (column.shown) names.push_back(column.name);
  return names;
}

std::optional<std::filesystem::path> shared(const std::string& path) {
  const char* root = std::getenv("REDOUBT_SHARED");
  if (!root || !std::filesystem::exists(std::filesystem::path(root) / path)) return std::nullopt;
  return std::filesystem::path(root) / path;
}

Container load(const std::filesystem::path& path) {
  LoadedDictionary loaded = load_dictionary_json(path);
  return {loaded.facts, std::move(loaded.rows)};
}

TEST(DictionaryBuilder, KnowsTheTableOfTheRealLog) {
  const auto path = shared("data/redo/example-free-23/schema.json");
  if (!path) GTEST_SKIP() << "the shared data is absent ($REDOUBT_SHARED)";
  DictionaryBuilder builder;
  const std::vector<Container> containers{load(*path)};
  const auto dictionary = builder.build(containers, 2266634);
  EXPECT_THAT(builder.take_warnings(), testing::IsEmpty());

  const Table* table = dictionary->find(3, 72726);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->owner, "OLR_TEST");
  EXPECT_EQ(table->name, "TEST_CDC");
  EXPECT_TRUE(table->captured);
  EXPECT_FALSE(table->dictionary);
  EXPECT_FALSE(table->row_dependencies);
  EXPECT_EQ(table->supplemental, 1 << 5);  // all columns
  ASSERT_EQ(table->columns.size(), 2U);
  EXPECT_EQ(table->columns[0].name, "ID");
  EXPECT_EQ(table->columns[0].type, TypeCode::kNumber);
  EXPECT_EQ(table->columns[0].segcol, 1);
  EXPECT_TRUE(table->columns[0].key);
  EXPECT_FALSE(table->columns[0].nullable);
  EXPECT_EQ(table->columns[0].charset, nullptr);
  EXPECT_EQ(table->columns[1].name, "NAME");
  EXPECT_EQ(table->columns[1].type, TypeCode::kVarchar2);
  EXPECT_FALSE(table->columns[1].key);
  EXPECT_TRUE(table->columns[1].nullable);
  EXPECT_EQ(table->columns[1].charset, charset_by_name("AL32UTF8"));

  EXPECT_EQ(dictionary->find(1, 72726), nullptr);
  EXPECT_EQ(dictionary->kind(3, 72726), ObjectKind::kTable);
  EXPECT_EQ(dictionary->kind(3, 72727), ObjectKind::kOther);     // its index
  EXPECT_EQ(dictionary->kind(3, 159), ObjectKind::kLobSegment);  // of ECOL$
  EXPECT_EQ(dictionary->kind(3, 1000000), ObjectKind::kUnknown);

  const Table* tab = dictionary->find(3, 4);
  ASSERT_TRUE(tab);
  EXPECT_EQ(tab->name, "TAB$");
  EXPECT_TRUE(tab->dictionary);
  EXPECT_FALSE(tab->captured);
  EXPECT_EQ(tab->cluster_columns, 1);
  // Stored out of the user's order
  EXPECT_EQ(dictionary->find(3, 21)->columns[36].name, "DEFAULT$");
  EXPECT_EQ(dictionary->find(3, 21)->columns[13].name, "ACDRRESCOL#");
  EXPECT_TRUE(dictionary->find(3, 25889)->dictionary);  // XDB$TTSET
  EXPECT_TRUE(dictionary->find(3, 26796)->dictionary);  // X$QN...
}

TEST(DictionaryBuilder, FindsPartitionsAndLobsOfTheScenarios) {
  const auto path = shared("data/scenarios/partitioned-table/schema.json");
  if (!path) GTEST_SKIP() << "the shared data is absent ($REDOUBT_SHARED)";
  DictionaryBuilder builder;
  const std::vector<Container> containers{load(*path)};
  const auto dictionary = builder.build(containers, 1);
  EXPECT_THAT(builder.take_warnings(), testing::IsEmpty());
  const DictionaryRows& rows = containers[0].rows;
  EXPECT_EQ(rows.of<PartitionRow>().size(), 6U);
  for (const auto& [rowid, row] : rows.of<PartitionRow>().rows()) {
    const Table* table = dictionary->find(3, row.obj);
    ASSERT_TRUE(table);
    EXPECT_EQ(table->obj, row.base);
    EXPECT_EQ(table->owner, "OLR_TEST");
    EXPECT_EQ(table->partitions.size(), 3U);
    EXPECT_EQ(table->supplemental, 1 << 5);  // all columns
  }
  int segments = 0;
  for (const auto& [rowid, row] : rows.of<ObjectRow>().rows())
    if (row.type == 21) {
      ++segments;
      EXPECT_EQ(dictionary->kind(3, row.obj), ObjectKind::kLobSegment);
      EXPECT_EQ(dictionary->owner_of(3, row.obj)->owner, "OLR_TEST");
      EXPECT_EQ(dictionary->find(3, row.obj), nullptr);
    } else if (row.name.starts_with("SYS_IL")) {
      EXPECT_EQ(dictionary->kind(3, row.obj), ObjectKind::kLobIndex);
    }
  EXPECT_EQ(segments, 2);
}

TEST(DictionaryBuilder, ShowsWhatTheUserSeesAndCountsTheRest) {
  Rows t;
  t.table(9, "T", {}, {0x800000, 0});
  t.column(9, 1, "ID");
  t.column(9, 2, "HIDDEN", 2, 0x20);
  t.column(9, 3, "UNUSED", 2, 0x8020);
  t.column(9, 4, "GUARD", 23, 0x8000000020);
  t.column(9, 5, "ADDED", 2, 0x40000000);
  t.put(AddedColumnRow{9, 5, 2, "C102"});
  const auto dictionary = t.build();
  const Table* table = dictionary->find(kCon, 9);
  ASSERT_TRUE(table);
  EXPECT_THAT(shown(*table), testing::ElementsAre("ID", "ADDED"));
  EXPECT_TRUE(table->row_dependencies);
  EXPECT_EQ(table->guard_segcol, 4);
  EXPECT_TRUE(table->columns[4].added_with_default);
  EXPECT_EQ(table->columns[4].guard_bit, 2);
  EXPECT_EQ(table->columns[4].default_value, ByteString({0xC1, 0x02}));
  EXPECT_EQ(table->columns[0].default_value, std::nullopt);
}

TEST(DictionaryBuilder, PresentsXmlUnderItsVisibleName) {
  Rows t;
  t.table(9, "T");
  t.column(9, 1, "ID");
  ColumnRow visible;
  visible.obj = 9, visible.col = 2, visible.intcol = 2, visible.name = "DOC", visible.type = 58;
  t.put(visible);
  ColumnRow stored = visible;
  stored.segcol = 2, stored.intcol = 3, stored.name = "SYS_NC00003$", stored.type = 113, stored.property.low = 0x1A0;
  t.put(stored);
  const auto dictionary = t.build();
  const Table* table = dictionary->find(kCon, 9);
  EXPECT_THAT(shown(*table), testing::ElementsAre("ID", "DOC"));
  EXPECT_TRUE(table->columns[1].xml);
  EXPECT_EQ(table->columns[1].type, TypeCode::kBlob);
}

TEST(DictionaryBuilder, FillsGapsAndLeavesOutImpossiblePlaces) {
  Rows t;
  t.table(9, "T");
  t.column(9, 1, "A");
  t.column(9, 3, "C");
  t.column(9, 3, "TWICE");
  t.column(9, 4000000000, "FAR");
  DictionaryBuilder builder;
  const auto dictionary = builder.build(t.containers, 1);
  const Table* table = dictionary->find(kCon, 9);
  ASSERT_EQ(table->columns.size(), 3U);
  EXPECT_FALSE(table->columns[1].shown);
  EXPECT_EQ(table->columns[2].segcol, 3);
  EXPECT_EQ(builder.take_warnings().size(), 3U);
}

TEST(DictionaryBuilder, ChoosesCharacterSetsByForm) {
  Rows t;
  t.table(9, "T");
  const auto text = [&](std::uint32_t segcol, std::uint32_t form, std::uint32_t charset) {
    ColumnRow row;
    row.obj = 9, row.segcol = row.col = row.intcol = segcol, row.type = 1, row.charset_form = form;
    row.charset_id = charset;
    t.put(row);
  };
  text(1, 1, 873);
  text(2, 2, 2000);
  text(3, 3, 178);
  text(4, 0, 0);
  const auto dictionary = t.build();
  const auto& columns = dictionary->find(kCon, 9)->columns;
  EXPECT_EQ(columns[0].charset, charset_by_name("AL32UTF8"));
  EXPECT_EQ(columns[1].charset, charset_by_name("AL16UTF16"));
  EXPECT_EQ(columns[2].charset, charset_by_name("WE8MSWIN1252"));
  EXPECT_EQ(columns[3].charset, nullptr);
}

TEST(DictionaryBuilder, MapsPartsOfIndexOrganizedTables) {
  Rows t;
  t.table(9, "IOT", {0x40 | 0x80, 0});
  t.column(9, 1, "A");
  t.column(9, 2, "B");
  t.put(ConstraintRow{77, 9, 2});
  t.put(ConstraintColumnRow{77, 2, 9, {}});
  t.put(ObjectRow{5, 10, 10, "SYS_IOT_OVER_9", 2, {}, 0, ""});
  t.put(TableRow{10, 10, 4, 0, {}, {0x200, 0}});
  t.put(ObjectRow{5, 11, 11, "SYS_IOT_TOP_9", 1, {}, 0, ""});
  auto dictionary = t.build();
  const Table* table = dictionary->find(kCon, 9);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->organization, Organization::kIndexOrganized);
  EXPECT_EQ(dictionary->find(kCon, 10), table);
  EXPECT_EQ(dictionary->find(kCon, 11), table);
  EXPECT_THAT(table->iot_key_segcols, testing::ElementsAre(2));  // one key column: no question of order

  t.put(ConstraintColumnRow{77, 1, 9, {}});
  EXPECT_THAT(t.build()->find(kCon, 9)->iot_key_segcols, testing::IsEmpty());
  t.put(IndexRow{12, 9, 4});
  t.put(IndexColumnRow{12, 2, 1});
  t.put(IndexColumnRow{12, 1, 2});
  dictionary = t.build();
  EXPECT_THAT(dictionary->find(kCon, 9)->iot_key_segcols, testing::ElementsAre(2, 1));
  EXPECT_EQ(dictionary->find(kCon, 12), dictionary->find(kCon, 9));  // a key with a name of its own
}

TEST(DictionaryBuilder, FollowsLobsAndSubpartitionsUpward) {
  Rows t;
  t.table(9, "T", {0x20, 0});
  t.column(9, 1, "DOC", 112);
  t.put(CompositePartitionRow{20, 0, 9});
  t.put(SubpartitionRow{21, 121, 20});
  t.put(LobRow{9, 1, 1, 30, 4});
  t.put(LobCompositePartitionRow{31, 30});
  t.put(LobFragmentRow{32, 31, 4});
  t.put(LobFragmentRow{33, 30, 4});
  t.put(ObjectRow{5, 34, 34, "SYS_IL0000000009C00001$$", 1, {}, 0, ""});
  const auto dictionary = t.build();
  const Table* table = dictionary->find(kCon, 9);
  EXPECT_EQ(dictionary->find(kCon, 20), table);
  EXPECT_EQ(dictionary->find(kCon, 21), table);
  EXPECT_THAT(table->partitions, testing::ElementsAre(Partition{21, 121, ""}));
  for (const std::uint32_t obj : {30U, 31U, 32U, 33U}) {
    EXPECT_EQ(dictionary->kind(kCon, obj), ObjectKind::kLobSegment) << obj;
    EXPECT_EQ(dictionary->owner_of(kCon, obj), table) << obj;
  }
  EXPECT_EQ(dictionary->kind(kCon, 34), ObjectKind::kLobIndex);
}

TEST(DictionaryBuilder, LeavesOutDroppedAndTemporaryTables) {
  Rows t;
  t.table(9, "TEMPORARY", {0x400000, 0});
  t.put(ObjectRow{5, 10, 10, "BIN$x", 2, {0x80, 0}, 0, ""});
  t.put(TableRow{10, 10, 4, 0, {}, {}});
  t.table(11, "EXTERNAL", {0x80000000, 0});
  const auto dictionary = t.build();
  EXPECT_EQ(dictionary->find(kCon, 9), nullptr);
  EXPECT_EQ(dictionary->kind(kCon, 9), ObjectKind::kOther);
  EXPECT_EQ(dictionary->kind(kCon, 10), ObjectKind::kOther);
  EXPECT_FALSE(dictionary->find(kCon, 11)->captured);
}

TEST(DictionaryBuilder, AddsUpSupplementalLogging) {
  Rows t;
  t.table(9, "T");
  EXPECT_EQ(t.build()->find(kCon, 9)->supplemental, 0);
  t.put(ConstraintRow{1, 9, 12});
  t.put(ConstraintRow{2, 9, 17});
  t.put(ConstraintRow{3, 9, 7});
  EXPECT_EQ(t.build()->find(kCon, 9)->supplemental, 1 | 1 << 5);
  t.put(UserRow{5, "APP", {1, 0}, 0});
  t.rows().of<UserRow>().erase(id(1));
  t.containers[0].facts.supplemental_all = true;
  EXPECT_EQ(t.build()->find(kCon, 9)->supplemental, 1 | 1 << 2 | 1 << 5);
}

TEST(DictionaryBuilder, TellsContainersApart) {
  Rows a, b;
  b.containers[0].facts.con_id = 4;
  b.containers[0].facts.con_name = "B";
  a.table(9, "A");
  b.table(9, "B");
  std::vector<Container> both{std::move(a.containers[0]), std::move(b.containers[0])};
  const auto dictionary = DictionaryBuilder().build(both, 1);
  EXPECT_EQ(dictionary->find(3, 9)->name, "A");
  EXPECT_EQ(dictionary->find(4, 9)->name, "B");
  EXPECT_EQ(dictionary->facts(4).con_name, "B");
  EXPECT_EQ(dictionary->facts(5).con_id, 3);
}

TEST(DictionaryBuilder, FilterDecidesOverDictionaryTablesToo) {
  Rows t;
  t.put(UserRow{0, "SYS", {}, 1});
  t.put(ObjectRow{0, 4, 2, "TAB$", 2, {}, 1, ""});
  t.put(TableRow{4, 2, 0, 1, {}, {}});
  t.put(ObjectRow{0, 6, 6, "MINE", 2, {}, 0, ""});
  t.put(TableRow{6, 6, 0, 0, {}, {}});
  auto dictionary = t.build();
  EXPECT_TRUE(dictionary->find(kCon, 4)->dictionary);
  EXPECT_FALSE(dictionary->find(kCon, 4)->captured);
  EXPECT_FALSE(dictionary->find(kCon, 6)->dictionary);  // owned by SYS is not enough
  EXPECT_TRUE(dictionary->find(kCon, 6)->captured);
  dictionary = DictionaryBuilder([](auto, std::string_view name) { return name == "TAB$"; }).build(t.containers, 1);
  EXPECT_TRUE(dictionary->find(kCon, 4)->captured);
  EXPECT_FALSE(dictionary->find(kCon, 6)->captured);
}

// The next version shares what was not touched, and equals a version built from scratch.
TEST(DictionaryBuilder, NextVersionRebuildsOnlyWhatWasTouched) {
  Rows t;
  for (std::uint32_t obj = 10; obj < 20; ++obj) {
    t.table(obj, fmt::format("T{}", obj));
    t.column(obj, 1, "ID");
  }
  DictionaryBuilder builder;
  const auto first = builder.build(t.containers, 1);
  const std::vector<DictionaryValue> column{{"OBJ#", Int128{13}},
                                            {"SEGCOL#", Int128{2}},
                                            {"COL#", Int128{2}},
                                            {"INTCOL#", Int128{2}},
                                            {"NAME", std::string_view("NEW")},
                                            {"TYPE#", Int128{1}}};
  EXPECT_EQ(t.rows().apply("SYS", "COL$", RowOp::kInsert, id(900), column), Patched::kChanged);
  const auto second = builder.next(first, t.containers, 50);
  ASSERT_NE(second, first);
  EXPECT_EQ(second->from_scn(), 50U);
  EXPECT_EQ(first->find(kCon, 13)->columns.size(), 1U);
  EXPECT_EQ(second->find(kCon, 13)->columns.size(), 2U);
  EXPECT_NE(second->find(kCon, 13)->serial, first->find(kCon, 13)->serial);
  for (std::uint32_t obj = 10; obj < 20; ++obj) {
    if (obj == 13) continue;
    EXPECT_EQ(second->find(kCon, obj), first->find(kCon, obj));
  }
  EXPECT_EQ(builder.next(second, t.containers, 60), second);
}

// Random patches: incremental versions and a version from scratch agree on every object.
TEST(DictionaryBuilder, NextVersionEqualsOneFromScratch) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t n) { return static_cast<std::uint32_t>(random() % n); };
    const auto number = [&](std::uint64_t n) { return Int128{1 + pick(n)}; };
    Rows t;
    DictionaryBuilder builder;
    auto dictionary = builder.build(t.containers, 1);
    for (Scn scn = 2; scn < 80; ++scn) {
      for (std::uint32_t changes = 1 + pick(4); changes > 0; --changes) {
        const auto op = static_cast<RowOp>(pick(3));
        const RowId rowid = id(1000 + pick(12));
        const std::string name = std::array{std::string("T"), std::string("SYS_IOT_TOP_3"), std::string("SYS_IL3C1$$"),
                                            std::string("SYS_IOT_OVER_4")}[pick(4)];
        const Int128 property = std::array<Int128, 5>{0, 0x20, 0x40, 0x200, 0x400000}[pick(5)];
        const Int128 type = std::array<Int128, 3>{2, 2, 1}[pick(3)];
        const Int128 flags = pick(6) == 0 ? 0x80 : 0;
        const std::vector<DictionaryValue> values{{"OBJ#", number(8)},
                                                  {"BO#", number(8)},
                                                  {"POBJ#", number(8)},
                                                  {"LOBJ#", number(8)},
                                                  {"PARTOBJ#", number(8)},
                                                  {"FRAGOBJ#", number(8)},
                                                  {"PARENTOBJ#", number(8)},
                                                  {"OWNER#", Int128{5}},
                                                  {"USER#", Int128{5 + pick(2)}},
                                                  {"NAME", std::string_view(name)},
                                                  {"TYPE#", type},
                                                  {"FLAGS", flags},
                                                  {"PROPERTY", property},
                                                  {"DATAOBJ#", number(50)},
                                                  {"SEGCOL#", number(4)},
                                                  {"INTCOL#", number(4)},
                                                  {"CON#", number(3)},
                                                  {"POS#", number(3)}};
        static constexpr std::string_view kTables[] = {
            "OBJ$",     "TAB$",     "COL$",        "CDEF$",       "CCOL$", "LOB$",  "LOBCOMPPART$",
            "LOBFRAG$", "TABPART$", "TABCOMPART$", "TABSUBPART$", "IND$",  "USER$", "ICOL$"};
        t.rows().apply("SYS", kTables[pick(std::size(kTables))], op, rowid, values);
      }
      dictionary = builder.next(dictionary, t.containers, scn);
      const auto fresh = t.build();
      for (std::uint32_t obj = 0; obj < 10; ++obj) {
        ASSERT_EQ(dictionary->kind(kCon, obj), fresh->kind(kCon, obj)) << obj << " at " << scn;
        const Table* a = dictionary->owner_of(kCon, obj);
        const Table* b = fresh->owner_of(kCon, obj);
        ASSERT_EQ(a != nullptr, b != nullptr) << obj << " at " << scn;
        if (!a) continue;
        Table same = *a;
        same.serial = b->serial;
        ASSERT_EQ(same, *b) << obj << " at " << scn;
      }
      ASSERT_EQ(dictionary->tables().size(), fresh->tables().size());
    }
  }
}

}  // namespace
}  // namespace redoubt::oracle
