#include "simulate/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "oracle/charset.h"
#include "simulate/cluster.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint32_t kFirstObject = 72000;
constexpr std::uint32_t kUser = 136;

// Releases know different types.
bool known_to(const ColumnKind& kind, redo::Version version) {
  return kind.type != oracle::TypeCode::kBoolean || version >= redo::kVersion23;
}

std::vector<ColumnKind> chosen_kinds(const Options& options) {
  std::vector<ColumnKind> kinds;
  for (const ColumnKind& kind : column_kinds()) {
    const bool chosen = options.types.empty() || std::find(options.types.begin(), options.types.end(), "all") != options.types.end() ||
                        std::find(options.types.begin(), options.types.end(), kind.name) != options.types.end();
    if (chosen && known_to(kind, options.version)) kinds.push_back(kind);
  }
  for (const std::string& name : options.types)
    if (name != "all" && std::none_of(column_kinds().begin(), column_kinds().end(), [&](const auto& k) { return k.name == name; }))
      throw Error(ErrorCode::kUsage, "--types", fmt::format("there is no type '{}'", name), "see redoubt simulate --help");
  return kinds;
}

const ColumnKind& kind_named(std::string_view name) {
  const auto at = std::find_if(column_kinds().begin(), column_kinds().end(), [&](const auto& k) { return k.name == name; });
  REDOUBT_ASSERT(at != column_kinds().end());
  return *at;
}

std::unique_ptr<SimulatedTable> new_table(std::uint32_t number, std::string name) {
  auto table = std::make_unique<SimulatedTable>();
  table->con_id = kConId;
  table->obj = kFirstObject + 2 * number;
  table->data_obj = table->obj;
  table->owner = kOwner;
  table->name = std::move(name);
  table->start_at(16 + (number << 15));
  table->columns.push_back({"ID", kind_named("number"), false});
  return table;
}

}  // namespace

std::vector<std::unique_ptr<SimulatedTable>> make_tables(const Options& options, Random& random) {
  std::vector<std::unique_ptr<SimulatedTable>> tables;
  if (options.workload == "small") {
    tables.push_back(new_table(0, "SMALL"));
    tables[0]->columns.push_back({"NAME", kind_named("varchar2"), true});
    tables[0]->supplemental = Supplemental::kMinimal;
    return tables;
  }
  if (options.workload == "wide") {
    tables.push_back(new_table(0, "WIDE"));
    static constexpr std::string_view kKinds[] = {"number", "varchar2", "date", "timestamp", "varchar2", "number", "char",
                                                  "raw",    "number",   "date", "float",     "double",   "number", "varchar2",
                                                  "number", "timestamp", "varchar2", "nvarchar2", "number"};
    for (const std::string_view kind : kKinds)
      tables[0]->columns.push_back({fmt::format("C{:02}_{}", tables[0]->columns.size() + 1, kind), kind_named(kind), true});
    return tables;
  }
  const std::vector<ColumnKind> kinds = chosen_kinds(options);
  for (std::uint32_t n = 0; n < options.tables; ++n) {
    auto table = new_table(n, fmt::format("T{}", n + 1));
    table->supplemental = static_cast<Supplemental>(n % 3 == 0 ? 2 : n % 3 == 1 ? 1 : 0);
    // The third table has more columns than fit one row piece.
    const std::uint32_t count = n == 2 ? random.between(256, 300) : random.between(3, 25);
    for (std::uint32_t c = 0; c < count && !kinds.empty(); ++c) {
      const ColumnKind& kind = n == 0 && c < kinds.size() ? kinds[c] : kinds[random.below(static_cast<std::uint32_t>(kinds.size()))];
      std::string name = fmt::format("C{}_{}", c + 2, kind.name);
      std::transform(name.begin(), name.end(), name.begin(), [](char x) { return x >= 'a' && x <= 'z' ? static_cast<char>(x - 32) : x; });
      table->columns.push_back({std::move(name), kind, true});
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

oracle::LoadedDictionary make_dictionary(const Options& options, const std::vector<std::unique_ptr<SimulatedTable>>& tables) {
  oracle::LoadedDictionary d;
  d.facts.database = d.facts.context = "SIM";
  d.facts.con_id = options.version >= redo::kVersion12_1 ? kConId : std::uint16_t{0};
  d.facts.con_name = "SIMPDB1";
  d.facts.db_id = kConUid;
  d.facts.resetlogs = kResetlogs;
  d.facts.activation = 1496992686;
  d.facts.big_endian = options.big_endian;
  d.facts.charset = oracle::charset_by_name(options.charset);
  d.facts.national_charset = oracle::charset_by_name("AL16UTF16");
  d.scn = d.schema_scn = kFirstScn - 1;
  d.block_checksum = "TYPICAL";
  d.users = {kOwner};
  std::uint32_t block = 1000;
  std::uint16_t slot = 0;
  const auto next_row = [&](std::uint32_t data_obj) {
    if (++slot == 100) {
      ++block;
      slot = 0;
    }
    return oracle::RowId{data_obj, block, slot};
  };
  d.rows.of<oracle::UserRow>().put(next_row(10), {kUser, kOwner, {}, 0});
  d.rows.of<oracle::TablespaceRow>().put(next_row(6), {6, "USERS", 8192});
  std::uint32_t con = 9000;
  for (const auto& t : tables) {
    d.rows.of<oracle::ObjectRow>().put(next_row(18), {kUser, t->obj, t->data_obj, t->name, 2, {}, 0, {}});
    d.rows.of<oracle::TableRow>().put(next_row(2), {t->obj, t->data_obj, t->tablespace, 0, {0x40000001, 0}, {0x20000000, 0}});
    for (std::uint32_t c = 0; c < t->columns.size(); ++c) {
      const SimulatedColumn& column = t->columns[c];
      oracle::ColumnRow row;
      row.obj = t->obj;
      row.col = row.segcol = row.intcol = c + 1;
      row.name = column.name;
      row.type = static_cast<std::uint32_t>(column.kind.type);
      row.length = column.kind.length;
      row.precision = column.kind.precision;
      row.scale = column.kind.scale;
      row.charset_form = column.kind.charset_form;
      if (row.charset_form != 0) row.charset_id = (row.charset_form == 1 ? d.facts.charset : d.facts.national_charset)->id();
      row.null = column.nullable ? 0 : 1;
      d.rows.of<oracle::ColumnRow>().put(next_row(2), row);
    }
    d.rows.of<oracle::ConstraintRow>().put(next_row(29), {++con, t->obj, 2});
    d.rows.of<oracle::ConstraintColumnRow>().put(next_row(29), {con, 1, t->obj, {}});
    if (t->supplemental != Supplemental::kMinimal)
      d.rows.of<oracle::ConstraintRow>().put(next_row(29), {++con, t->obj, t->supplemental == Supplemental::kAll ? 17U : 14U});
  }
  return d;
}

}  // namespace redoubt::simulate
