#include "simulate/system_tables.h"

#include <algorithm>

#include "oracle/charset.h"
#include "oracle/number.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint32_t kSystemFile = 1;
constexpr std::uint32_t kBlocksPerTable = 1024;

// Where a SYS table lies. `key`: of its cluster, none for an ordinary table.
struct Place {
  std::string_view table;
  std::uint32_t obj;
  std::uint32_t data_obj;
  std::uint8_t cluster_table;
  std::string_view key;
};
constexpr Place kPlaces[] = {
    {"USER$", 22, 10, 1, "USER#"}, {"OBJ$", 18, 18, 0, ""},       {"TAB$", 4, 2, 1, "OBJ#"},
    {"COL$", 21, 2, 5, "OBJ#"},    {"CCOL$", 32, 29, 2, "OBJ#"},  {"CDEF$", 31, 29, 1, "OBJ#"},
    {"ECOL$", 158, 158, 0, ""},    {"LOB$", 114, 2, 6, "OBJ#"},   {"DEFERRED_STG$", 81, 81, 0, ""},
    {"TS$", 16, 6, 1, "TS#"},      {"TABPART$", 947, 947, 0, ""}, {"IND$", 19, 2, 3, "BO#"},
    {"ICOL$", 20, 20, 0, ""},
};

const Place& place_of(std::string_view table) {
  const auto at =
      std::find_if(std::begin(kPlaces), std::end(kPlaces), [&](const Place& p) { return p.table == table; });
  REDOUBT_ASSERT(at != std::end(kPlaces));
  return *at;
}

// The fields that are columns, a cluster key first.
template <class R>
std::vector<const oracle::Field<R>*> columns_of() {
  std::vector<const oracle::Field<R>*> columns;
  for (const auto& field : oracle::Layout<R>::kFields)
    if (!field.column.empty()) columns.push_back(&field);
  const std::string_view key = place_of(oracle::Layout<R>::kTable).key;
  std::stable_partition(columns.begin(), columns.end(), [&](const auto* f) { return f->column == key; });
  return columns;
}

Value value_of(std::uint32_t n) { return ValueSource::number(n); }
// -1 is how the rows say NULL.
Value value_of(std::int32_t n) { return n == -1 ? Value{} : Value{oracle::number_from_text(std::to_string(n)), ""}; }
Value value_of(const oracle::Wide& n) {
  REDOUBT_ASSERT(n.high == 0);
  return ValueSource::number(n.low);
}
Value value_of(const std::string& text) {
  return {ByteString(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), ""};
}

}  // namespace

template <class R>
Row SystemTables::stored(oracle::RowId id, const R& row) const {
  const SimulatedTable& t = table<R>();
  Row stored;
  for (const auto* field : columns_of<R>()) {
    Value value = std::visit([&](auto member) { return value_of(row.*member); }, field->member);
    if (field->raw) value.bytes = from_hex(as_text(value.bytes));
    stored.values.push_back(std::move(value));
  }
  stored.head = {id.dba, id.slot};
  stored.pieces.push_back(
      {stored.head, t.cluster_columns, static_cast<std::uint16_t>(stored.values.size() - t.cluster_columns)});
  return stored;
}

template <class R>
oracle::RowId SystemTables::place(std::string_view name, const R& row) {
  Segment& segment = tables_.at(name).segments.front();
  std::uint32_t bytes = 20;
  for (const Value& v : stored(oracle::RowId{}, row).values) bytes += static_cast<std::uint32_t>(v.bytes.size()) + 3;
  const RowAddress at = segment.place(bytes);
  return {segment.data_obj, at.dba, at.slot};
}

// What the dictionary says of a SYS table.
template <class R>
void SystemTables::describe(std::uint32_t charset_id) {
  const Place& p = place_of(oracle::Layout<R>::kTable);
  const bool clustered = !p.key.empty();
  put(oracle::ObjectRow{0, p.obj, p.data_obj, std::string(p.table), 2, {}, 1, {}});
  put(oracle::TableRow{p.obj, p.data_obj, 0, clustered ? 1U : 0U, {}, {clustered ? 0x400U : 0U, 0}});
  std::uint32_t n = 0;
  for (const auto* field : columns_of<R>()) {
    const bool text = std::holds_alternative<std::string R::*>(field->member);
    oracle::ColumnRow row;
    row.obj = p.obj;
    row.col = row.segcol = row.intcol = ++n;
    row.name = field->column;
    row.type = static_cast<std::uint32_t>(!text        ? oracle::TypeCode::kNumber
                                          : field->raw ? oracle::TypeCode::kRaw
                                                       : oracle::TypeCode::kVarchar2);
    row.length = text ? 384 : 22;
    if (text && !field->raw) {
      row.charset_form = 1;
      row.charset_id = charset_id;
    }
    put(row);
  }
}

SystemTables::SystemTables(const oracle::Charset& charset) {
  for (const Place& p : kPlaces) {
    SimulatedTable& t = tables_[p.table];
    t.owner = "SYS";
    t.name = p.table;
    t.supplemental = Supplemental::kMinimal;
    t.cluster_columns = p.key.empty() ? 0 : 1;
    t.cluster_table = p.cluster_table;
    Segment& segment = t.segments.emplace_back();
    segment.obj = p.obj;
    segment.data_obj = p.data_obj;
    segment.tablespace = 0;
    segment.file = kSystemFile;
    segment.start_at(16 + p.obj * kBlocksPerTable);
  }
  put(oracle::UserRow{0, "SYS", {}, 1});
  put(oracle::TablespaceRow{0, "SYSTEM", 8192});
  describe<oracle::UserRow>(charset.id());
  describe<oracle::ObjectRow>(charset.id());
  describe<oracle::TableRow>(charset.id());
  describe<oracle::ColumnRow>(charset.id());
  describe<oracle::ConstraintColumnRow>(charset.id());
  describe<oracle::ConstraintRow>(charset.id());
  describe<oracle::AddedColumnRow>(charset.id());
  describe<oracle::LobRow>(charset.id());
  describe<oracle::DeferredSegmentRow>(charset.id());
  describe<oracle::TablespaceRow>(charset.id());
  describe<oracle::PartitionRow>(charset.id());
  describe<oracle::IndexRow>(charset.id());
  describe<oracle::IndexColumnRow>(charset.id());
}

#define REDOUBT_SYSTEM_TABLE(R)                                               \
  template oracle::RowId SystemTables::place(std::string_view, const R& row); \
  template Row SystemTables::stored(oracle::RowId, const R& row) const;
REDOUBT_SYSTEM_TABLE(oracle::UserRow)
REDOUBT_SYSTEM_TABLE(oracle::ObjectRow)
REDOUBT_SYSTEM_TABLE(oracle::TableRow)
REDOUBT_SYSTEM_TABLE(oracle::ColumnRow)
REDOUBT_SYSTEM_TABLE(oracle::ConstraintColumnRow)
REDOUBT_SYSTEM_TABLE(oracle::ConstraintRow)
REDOUBT_SYSTEM_TABLE(oracle::AddedColumnRow)
REDOUBT_SYSTEM_TABLE(oracle::LobRow)
REDOUBT_SYSTEM_TABLE(oracle::DeferredSegmentRow)
REDOUBT_SYSTEM_TABLE(oracle::TablespaceRow)
REDOUBT_SYSTEM_TABLE(oracle::PartitionRow)
REDOUBT_SYSTEM_TABLE(oracle::IndexRow)
REDOUBT_SYSTEM_TABLE(oracle::IndexColumnRow)
#undef REDOUBT_SYSTEM_TABLE

}  // namespace redoubt::simulate
