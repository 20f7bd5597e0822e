#include "oracle/dictionary_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <set>

#include "base/error.h"
#include "oracle/charset.h"

namespace redoubt::oracle {
namespace {

// More stored columns than any table has (4096); what is beyond is an error in the rows.
constexpr std::uint32_t kMaxSegcol = 4096;

namespace object_type {  // OBJ$.TYPE#
constexpr std::uint32_t kIndex = 1;
constexpr std::uint32_t kTable = 2;
constexpr std::uint32_t kIndexPartition = 20;
constexpr std::uint32_t kIndexSubpartition = 35;
}  // namespace object_type

namespace object_flag {  // OBJ$.FLAGS
constexpr std::uint64_t kTemporary = 0x2;
constexpr std::uint64_t kInMemoryTemporary = 0x20;
constexpr std::uint64_t kInRecycleBin = 0x80;
}  // namespace object_flag

namespace table_property {  // TAB$.PROPERTY
constexpr std::uint64_t kTyped = 0x1;
constexpr std::uint64_t kIndexOrganized = 0x40;
constexpr std::uint64_t kOverflow = 0x200;
constexpr std::uint64_t kNested = 0x2000;
constexpr std::uint64_t kTemporary = 0x400000 | 0x800000;
constexpr std::uint64_t kExternal = 0x80000000;
}  // namespace table_property

constexpr std::uint64_t kRowDependencies = 0x800000;  // TAB$.FLAGS
constexpr std::uint64_t kMappingTable = 0x20000000;

constexpr std::uint32_t kPrimaryKey = 2;     // CDEF$.TYPE#
constexpr std::uint32_t kLogGroup = 12;      // 12 group, 14 primary key, 15 unique, 16 foreign key, 17 all columns
constexpr std::uint32_t kIndexOfTable = 4;   // IND$.TYPE#: the rows of an index-organized table
constexpr std::uint64_t kUserLogsKey = 0x1;  // USER$.SPARE1
constexpr std::uint64_t kUserLogsAll = 0x8;

constexpr std::uint16_t log_bit(std::uint32_t type) { return static_cast<std::uint16_t>(1U << (type - kLogGroup)); }

// The number in a system-generated name: 72726 in SYS_IL0000072726C00002$$ behind SYS_IL. 0 if the name is another.
std::uint32_t number_behind(std::string_view name, std::string_view prefix) {
  std::uint32_t number = 0;
  if (name.starts_with(prefix)) std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

// Is this a table as far as its rows in redo go?
bool is_table(const ObjectRow& object, const TableRow& table) {
  return object.type == object_type::kTable &&
         !object.flags.has(object_flag::kTemporary | object_flag::kInMemoryTemporary | object_flag::kInRecycleBin) &&
         !table.property.has(table_property::kOverflow | table_property::kTemporary) && !table.flags.has(kMappingTable);
}

const Charset* charset_of(const DatabaseFacts& facts, const ColumnRow& row) {
  if (row.charset_form == 0) return nullptr;
  if (row.charset_form == 1 && facts.charset) return facts.charset;
  if (row.charset_form == 2 && facts.national_charset) return facts.national_charset;
  return charset_by_id(row.charset_id);
}

template <class Integer>
Integer clamped(std::uint32_t value) {
  return static_cast<Integer>(std::min<std::uint32_t>(value, std::numeric_limits<Integer>::max()));
}

Column make_column(const DatabaseFacts& facts, const ColumnRow& row) {
  using namespace column_property;
  Column column;
  column.name = row.name;
  column.segcol = clamped<std::uint16_t>(row.segcol);
  column.intcol = clamped<std::uint16_t>(row.intcol);
  column.col = clamped<std::uint16_t>(row.col);
  column.type = static_cast<TypeCode>(clamped<std::uint16_t>(row.type));
  column.length = row.length;
  column.precision = row.precision;
  column.scale = row.scale;
  column.charset_form = clamped<std::uint8_t>(row.charset_form);
  column.charset = charset_of(facts, row);
  column.property = row.property.low;
  column.nullable = row.null == 0;
  column.shown = !row.property.has(kVirtual | kHidden | kUnused | kGuard);
  column.added_with_default = row.property.has(kAddedWithDefault);
  return column;
}

// Stands where no COL$ row is, so that columns[i].segcol == i + 1.
Column filler(std::size_t segcol) {
  Column column;
  column.name = fmt::format("COL_{}", segcol);
  column.segcol = static_cast<std::uint16_t>(segcol);
  column.shown = false;
  return column;
}

using Tables = std::vector<std::shared_ptr<const Table>>;

Tables::iterator place_of(Tables& tables, std::uint16_t con_id, std::uint32_t obj) {
  return std::lower_bound(tables.begin(), tables.end(), std::pair(con_id, obj),
                          [](const auto& table, auto key) { return std::pair(table->con_id, table->obj) < key; });
}

bool is_at(const Tables& tables, Tables::const_iterator at, std::uint16_t con_id, std::uint32_t obj) {
  return at != tables.end() && (*at)->con_id == con_id && (*at)->obj == obj;
}

}  // namespace

std::uint64_t next_table_serial() {
  static std::atomic<std::uint64_t> serial = 0;
  return ++serial;
}

const DatabaseFacts& Dictionary::facts(std::uint16_t con_id) const {
  const auto it = std::find_if(facts_.begin(), facts_.end(), [&](const auto& facts) { return facts.con_id == con_id; });
  return it == facts_.end() ? facts_.front() : *it;
}

DictionaryBuilder::Meaning DictionaryBuilder::meaning_of(const DictionaryRows& rows, std::uint32_t obj) {
  // Lookup 1 is the object a row is, lookup 0 the one it belongs to.
  const auto lob_segment = [&](std::uint32_t lob) -> Meaning {
    const LobRow* row = rows.of<LobRow>().first(1, lob);
    return {ObjectKind::kLobSegment, row ? row->obj : 0};
  };
  const auto lob_part = [&](std::uint32_t part) -> Meaning {
    const LobCompositePartitionRow* row = rows.of<LobCompositePartitionRow>().first(1, part);
    return lob_segment(row ? row->lob_obj : part);
  };
  const ObjectRow* object = rows.of<ObjectRow>().first(0, obj);
  const std::string_view name = object ? std::string_view(object->name) : std::string_view();
  if (const TableRow* table = rows.of<TableRow>().first(0, obj)) {
    if (object && is_table(*object, *table)) return {ObjectKind::kTable, obj};
    const std::uint32_t base = number_behind(name, "SYS_IOT_OVER_");
    if (table->property.has(table_property::kOverflow) && base != 0) return {ObjectKind::kTable, base};
    return {ObjectKind::kOther, 0};
  }
  if (const auto* row = rows.of<PartitionRow>().first(1, obj)) return {ObjectKind::kTable, row->base};
  if (const auto* row = rows.of<CompositePartitionRow>().first(1, obj)) return {ObjectKind::kTable, row->base};
  if (const auto* row = rows.of<SubpartitionRow>().first(1, obj)) {
    const auto* partition = rows.of<CompositePartitionRow>().first(1, row->partition);
    return {ObjectKind::kTable, partition ? partition->base : 0};
  }
  if (rows.of<LobRow>().first(1, obj)) return lob_segment(obj);
  if (rows.of<LobCompositePartitionRow>().first(1, obj)) return lob_part(obj);
  if (const auto* row = rows.of<LobFragmentRow>().first(1, obj)) return lob_part(row->parent_obj);
  if (const auto* row = rows.of<IndexRow>().first(1, obj); row && row->type == kIndexOfTable)
    return {ObjectKind::kTable, row->base};
  if (!object) return {};
  if (object->type == object_type::kIndex || object->type == object_type::kIndexPartition ||
      object->type == object_type::kIndexSubpartition) {
    if (const std::uint32_t base = number_behind(name, "SYS_IOT_TOP_")) return {ObjectKind::kTable, base};
    if (const std::uint32_t base = number_behind(name, "SYS_IL")) return {ObjectKind::kLobIndex, base};
  }
  return {ObjectKind::kOther, 0};
}

std::shared_ptr<const Dictionary> DictionaryBuilder::build(std::span<const Container> containers, Scn from_scn) {
  REDOUBT_ASSERT(!containers.empty());
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->from_scn_ = from_scn;
  dictionary->facts_.clear();
  for (const Container& container : containers) {
    dictionary->facts_.push_back(container.facts);
    update(*dictionary, container, {.objects = {}, .everything = true});
  }
  return dictionary;
}

std::shared_ptr<const Dictionary> DictionaryBuilder::next(const std::shared_ptr<const Dictionary>& before,
                                                          std::span<Container> containers, Scn from_scn) {
  std::shared_ptr<Dictionary> dictionary;
  bool differs = false;
  for (Container& container : containers) {
    const Touched touched = container.rows.take_touched();
    if (touched.empty()) continue;
    if (!dictionary) dictionary = std::make_shared<Dictionary>(*before);
    differs |= update(*dictionary, container, touched);
  }
  if (!differs) return before;
  dictionary->from_scn_ = from_scn;
  return dictionary;
}

// Makes the touched tables anew, then lets every object that is touched or belongs to such a table mean what it means
// now. Returns whether anything differs from before.
bool DictionaryBuilder::update(Dictionary& dictionary, const Container& container, const Touched& touched) {
  const DictionaryRows& rows = container.rows;
  const std::uint16_t con_id = container.facts.con_id;
  std::set<std::uint32_t> objects;
  std::vector<std::uint32_t> waiting(touched.objects.begin(), touched.objects.end());
  if (touched.everything) {
    const auto all = [&](const auto& table, auto member) {
      for (const auto& [id, row] : table.rows()) waiting.push_back(row.*member);
    };
    all(rows.of<ObjectRow>(), &ObjectRow::obj);
    all(rows.of<TableRow>(), &TableRow::obj);
    all(rows.of<PartitionRow>(), &PartitionRow::obj);
    all(rows.of<CompositePartitionRow>(), &CompositePartitionRow::obj);
    all(rows.of<SubpartitionRow>(), &SubpartitionRow::obj);
    all(rows.of<LobRow>(), &LobRow::lob_obj);
    all(rows.of<LobCompositePartitionRow>(), &LobCompositePartitionRow::part_obj);
    all(rows.of<LobFragmentRow>(), &LobFragmentRow::fragment_obj);
    all(rows.of<IndexRow>(), &IndexRow::obj);
  }
  // With an object come those that are parts of it or that it is a part of, and the table it belonged to.
  std::set<std::uint32_t> tables;
  while (!waiting.empty()) {
    const std::uint32_t obj = waiting.back();
    waiting.pop_back();
    if (!objects.insert(obj).second) continue;
    const auto it = dictionary.objects_.find(Dictionary::key(con_id, obj));
    if (it != dictionary.objects_.end()) tables.insert(it->second.table_obj);
    tables.insert(meaning_of(rows, obj).table);
    const auto related = [&]<class Row>(std::uint32_t Row::*part, std::uint32_t Row::*whole) {
      rows.of<Row>().each(0, obj, [&](const Row& row) { waiting.push_back(row.*part); });
      rows.of<Row>().each(1, obj, [&](const Row& row) { waiting.push_back(row.*whole); });
    };
    related(&PartitionRow::obj, &PartitionRow::base);
    related(&CompositePartitionRow::obj, &CompositePartitionRow::base);
    related(&SubpartitionRow::obj, &SubpartitionRow::partition);
    related(&LobRow::lob_obj, &LobRow::obj);
    related(&LobCompositePartitionRow::part_obj, &LobCompositePartitionRow::lob_obj);
    related(&LobFragmentRow::fragment_obj, &LobFragmentRow::parent_obj);
    related(&IndexRow::obj, &IndexRow::base);
  }

  std::set<std::uint32_t> remade;
  for (const std::uint32_t obj : tables) {
    const auto at = place_of(dictionary.tables_, con_id, obj);
    const bool had = is_at(dictionary.tables_, at, con_id, obj);
    std::unique_ptr<Table> made = make_table(container, obj);
    if (had && made) {
      const std::uint64_t serial = std::exchange(made->serial, (*at)->serial);
      if (*made == **at) continue;
      made->serial = serial;
      *at = std::move(made);
    } else if (had) {
      dictionary.tables_.erase(at);
    } else if (made) {
      dictionary.tables_.insert(at, std::move(made));
    } else {
      continue;
    }
    remade.insert(obj);
  }

  bool differs = !remade.empty();
  if (differs && !touched.everything)
    for (const auto& [key, object] : dictionary.objects_)
      if (key >> 32 == con_id && remade.contains(object.table_obj)) objects.insert(static_cast<std::uint32_t>(key));
  for (const std::uint32_t obj : objects) differs |= set_object(dictionary, container, obj);
  return differs;
}

bool DictionaryBuilder::set_object(Dictionary& dictionary, const Container& container, std::uint32_t obj) {
  const std::uint16_t con_id = container.facts.con_id;
  const Meaning meaning = meaning_of(container.rows, obj);
  const auto key = Dictionary::key(con_id, obj);
  if (meaning.kind == ObjectKind::kUnknown) return dictionary.objects_.erase(key) != 0;

  const auto at = place_of(dictionary.tables_, con_id, meaning.table);
  Dictionary::Object object{meaning.kind, meaning.table, nullptr};
  if (is_at(dictionary.tables_, at, con_id, meaning.table)) object.table = at->get();
  if (object.kind == ObjectKind::kTable && !object.table) object.kind = ObjectKind::kOther;
  return std::exchange(dictionary.objects_[key], object) != object;
}

std::unique_ptr<Table> DictionaryBuilder::make_table(const Container& container, std::uint32_t obj) {
  const DictionaryRows& rows = container.rows;
  const ObjectRow* object = rows.of<ObjectRow>().first(0, obj);
  const TableRow* row = rows.of<TableRow>().first(0, obj);
  if (!object || !row || !is_table(*object, *row)) return nullptr;

  const UserRow* user = rows.of<UserRow>().first(0, object->owner);
  auto table = std::make_unique<Table>();
  table->con_id = container.facts.con_id;
  table->obj = obj;
  table->data_obj = row->data_obj;
  table->owner = user ? user->name : fmt::format("USER#{}", object->owner);
  table->name = object->name;
  table->cluster_columns = clamped<std::uint16_t>(row->cluster_columns);
  table->row_dependencies = row->flags.has(kRowDependencies);
  table->dictionary = rows.follows(table->owner, table->name);
  table->captured = (wanted_ ? wanted_(table->owner, table->name) : !table->dictionary) &&
                    !row->property.has(table_property::kTyped | table_property::kNested | table_property::kExternal);
  table->supplemental = supplemental_of(container, obj, user ? user->spare1 : Wide{});
  table->partitions = partitions_of(rows, obj);
  if (row->property.has(table_property::kIndexOrganized)) table->organization = Organization::kIndexOrganized;
  add_columns(container, *table);
  add_key(rows, *table);
  add_defaults(rows, *table);
  return table;
}

// Columns in the order of the stored row. Of an XMLTYPE column, whose own COL$ row has no place in it, the hidden LOB
// with the same COL# is shown under its name.
void DictionaryBuilder::add_columns(const Container& container, Table& table) {
  const DatabaseFacts& facts = container.facts;
  std::vector<const ColumnRow*> stored;
  std::map<std::uint32_t, const ColumnRow*> xml;  // visible columns, by COL#
  container.rows.of<ColumnRow>().each(0, table.obj, [&](const ColumnRow& row) {
    if (row.segcol != 0) {
      stored.push_back(&row);
    } else if (row.type == static_cast<std::uint32_t>(TypeCode::kOpaque) && row.col != 0 &&
               !row.property.has(column_property::kHidden)) {
      xml.emplace(row.col, &row);
    }
  });
  std::sort(stored.begin(), stored.end(), [](auto a, auto b) { return a->segcol < b->segcol; });
  const auto warn = [&](std::string_view what) {
    warnings_.push_back(fmt::format("{}.{} (object {}): {}", table.owner, table.name, table.obj, what));
  };

  for (const ColumnRow* row : stored) {
    if (row->segcol > kMaxSegcol || row->segcol <= table.columns.size()) {
      warn(fmt::format("column {} cannot be at place {} of a row; it is left out", row->name, row->segcol));
      continue;
    }
    while (table.columns.size() + 1 < row->segcol) {
      table.columns.push_back(filler(table.columns.size() + 1));
      warn(fmt::format("no column is at place {} of a row", table.columns.size()));
    }
    Column column = make_column(facts, *row);
    if (column.charset_form != 0 && !column.charset)
      warn(fmt::format("column {} has the unknown character set {}", row->name, row->charset_id));
    const auto visible = xml.find(row->col);
    if (visible != xml.end() && row->property.has(column_property::kHidden) && column.is_lob()) {
      column.name = visible->second->name;
      column.xml = column.shown = true;
      column.nullable = visible->second->null == 0;
    }
    if (row->property.has(column_property::kGuard)) table.guard_segcol = column.segcol;
    table.columns.push_back(std::move(column));
  }
}

void DictionaryBuilder::add_key(const DictionaryRows& rows, Table& table) {
  std::set<std::uint32_t> keys, intcols;
  rows.of<ConstraintRow>().each(0, table.obj, [&](const ConstraintRow& row) {
    if (row.type == kPrimaryKey) keys.insert(row.con);
  });
  rows.of<ConstraintColumnRow>().each(0, table.obj, [&](const ConstraintColumnRow& row) {
    if (keys.contains(row.con)) intcols.insert(row.intcol);
  });
  for (Column& column : table.columns) column.key = intcols.contains(column.intcol);
  if (table.organization != Organization::kIndexOrganized) return;

  const auto segcol_of = [&](std::uint32_t intcol) -> std::uint16_t {
    const auto it = std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const Column& column) { return column.intcol == intcol; });
    return it == table.columns.end() ? std::uint16_t{0} : it->segcol;
  };
  std::map<std::uint32_t, std::uint16_t> by_position;
  rows.of<IndexRow>().each(0, table.obj, [&](const IndexRow& index) {
    if (index.type != kIndexOfTable) return;
    rows.of<IndexColumnRow>().each(
        0, index.obj, [&](const IndexColumnRow& row) { by_position.emplace(row.position, segcol_of(row.intcol)); });
  });
  // A key of one column has one order.
  if (by_position.empty() && intcols.size() == 1) by_position.emplace(1, segcol_of(*intcols.begin()));
  for (const auto& [position, segcol] : by_position) table.iot_key_segcols.push_back(segcol);
}

void DictionaryBuilder::add_defaults(const DictionaryRows& rows, Table& table) {
  rows.of<AddedColumnRow>().each(0, table.obj, [&](const AddedColumnRow& row) {
    for (Column& column : table.columns) {
      if (column.intcol != row.column) continue;
      column.guard_bit = row.guard;
      if (row.default_value.empty()) continue;
      try {
        column.default_value = from_hex(row.default_value);
      } catch (const Malformed& e) {
        warnings_.push_back(fmt::format("{}.{}: the default of column {} is unreadable: {}", table.owner, table.name,
                                        column.name, e.what()));
      }
    }
  });
}

std::uint16_t DictionaryBuilder::supplemental_of(const Container& container, std::uint32_t obj, Wide user) {
  std::uint16_t bits = 0;
  container.rows.of<ConstraintRow>().each(0, obj, [&](const ConstraintRow& row) {
    if (row.type == kLogGroup || (row.type >= 14 && row.type <= 17)) bits |= log_bit(row.type);
  });
  if (container.facts.supplemental_primary || user.has(kUserLogsKey)) bits |= log_bit(14);
  if (container.facts.supplemental_all || user.has(kUserLogsAll)) bits |= log_bit(17);
  return bits;
}

std::vector<Partition> DictionaryBuilder::partitions_of(const DictionaryRows& rows, std::uint32_t obj) {
  std::vector<Partition> partitions;
  const auto add = [&](const auto& row) {
    const ObjectRow* object = rows.of<ObjectRow>().first(0, row.obj);
    partitions.push_back({row.obj, row.data_obj, object ? object->subname : std::string()});
  };
  rows.of<PartitionRow>().each(0, obj, add);
  rows.of<CompositePartitionRow>().each(
      0, obj, [&](const CompositePartitionRow& row) { rows.of<SubpartitionRow>().each(0, row.obj, add); });
  std::sort(partitions.begin(), partitions.end(), [](const auto& a, const auto& b) { return a.obj < b.obj; });
  return partitions;
}

}  // namespace redoubt::oracle
