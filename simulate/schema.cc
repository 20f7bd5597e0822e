#include "simulate/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "oracle/charset.h"
#include "simulate/cluster.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint32_t kFirstObject = 72000;
constexpr std::uint32_t kObjectsPerTable = 1000;  // the table, then its LOB segments and indexes
constexpr std::uint32_t kFirstLobFile = 25;       // of a table's LOBs, and kFirstLobFile + kLobsMax of their indexes
constexpr std::uint32_t kLobsMax = 4;             // of a table
constexpr std::uint32_t kBlocksPerTable = 1 << 15;
constexpr std::uint32_t kUser = 136;

// Releases know different types.
bool known_to(const ColumnKind& kind, redo::Version version) {
  switch (kind.type) {
    case oracle::TypeCode::kBoolean:
    case oracle::TypeCode::kVector: return version >= redo::kVersion23;
    case oracle::TypeCode::kJson: return version >= 0x15000000;
    case oracle::TypeCode::kVarchar2:
    case oracle::TypeCode::kRaw: return !kind.lob || version >= redo::kVersion12_1;
    default: return true;
  }
}

std::vector<ColumnKind> chosen_kinds(const Options& options) {
  const auto named = [&](std::string_view name) {
    return std::find(options.types.begin(), options.types.end(), name) != options.types.end();
  };
  std::vector<ColumnKind> kinds;
  for (const ColumnKind& kind : column_kinds()) {
    const bool wanted = options.types.empty() || named("all") || (named("plain") && !kind.lob) || named(kind.name);
    if (wanted && known_to(kind, options.version)) kinds.push_back(kind);
  }
  for (const std::string& name : options.types)
    if (name != "all" && name != "plain" &&
        std::none_of(column_kinds().begin(), column_kinds().end(), [&](const auto& k) { return k.name == name; }))
      throw Error(ErrorCode::kUsage, "--types", fmt::format("there is no type '{}'", name),
                  "see redoubt simulate --help");
  return kinds;
}

const ColumnKind& kind_named(std::string_view name) {
  const auto at =
      std::find_if(column_kinds().begin(), column_kinds().end(), [&](const auto& k) { return k.name == name; });
  REDOUBT_ASSERT(at != column_kinds().end());
  return *at;
}

std::unique_ptr<SimulatedTable> new_table(std::uint32_t number, std::string name) {
  auto table = std::make_unique<SimulatedTable>();
  table->con_id = kConId;
  table->owner = kOwner;
  table->name = std::move(name);
  Segment& segment = table->segments.emplace_back();
  segment.obj = segment.data_obj = kFirstObject + kObjectsPerTable * number;
  segment.start_at(16 + number * kBlocksPerTable);
  table->columns.push_back({"ID", kind_named("number"), false});
  return table;
}

// A LOB has a segment and an index of its own. JSON and VECTOR are always SecureFiles.
LobStorage new_lob(const ColumnKind& kind, std::uint32_t number, std::uint32_t lob, Random& random) {
  LobStorage storage;
  const bool free = kind.type != oracle::TypeCode::kJson && kind.type != oracle::TypeCode::kVector;
  if (free)
    storage.kind = static_cast<LobStorage::Kind>(random.below(kind.type == oracle::TypeCode::kVarchar2 ? 2 : 3));
  const std::uint32_t obj = kFirstObject + kObjectsPerTable * number + 10 + 2 * lob;
  for (Segment* segment : {&storage.pages, &storage.index}) {
    const bool index = segment == &storage.index;
    segment->obj = segment->data_obj = obj + (index ? 1 : 0);
    segment->file = kFirstLobFile + (index ? kLobsMax : 0) + lob;
    segment->start_at(16 + number * kBlocksPerTable);
  }
  return storage;
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
    static constexpr std::string_view kKinds[] = {
        "number", "varchar2", "date",   "timestamp", "varchar2", "number",    "char",     "raw",       "number", "date",
        "float",  "double",   "number", "varchar2",  "number",   "timestamp", "varchar2", "nvarchar2", "number"};
    for (const std::string_view kind : kKinds)
      tables[0]->columns.push_back(
          {fmt::format("C{:02}_{}", tables[0]->columns.size() + 1, kind), kind_named(kind), true});
    return tables;
  }
  const std::vector<ColumnKind> kinds = chosen_kinds(options);
  for (std::uint32_t n = 0; n < options.tables; ++n) {
    auto table = new_table(n, fmt::format("T{}", n + 1));
    table->supplemental = static_cast<Supplemental>(n % 3 == 0 ? 2 : n % 3 == 1 ? 1 : 0);
    table->row_dependencies = n % 2 == 1 && chosen(options, "dependencies");
    // The third table has more columns than fit one row piece.
    const std::uint32_t count = n == 2 ? random.between(256, 300) : random.between(3, 25);
    std::uint32_t lobs = 0;
    bool has_long = false;
    for (std::uint32_t c = 0; c < count && !kinds.empty(); ++c) {
      const ColumnKind& kind =
          n == 0 && c < kinds.size() ? kinds[c] : kinds[random.below(static_cast<std::uint32_t>(kinds.size()))];
      if ((kind.lob && lobs == kLobsMax) || (kind.type == oracle::TypeCode::kLong && std::exchange(has_long, true)))
        continue;
      std::string name = fmt::format("C{}_{}", table->columns.size() + 1, kind.name);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char x) { return x >= 'a' && x <= 'z' ? static_cast<char>(x - 32) : x; });
      SimulatedColumn& column = table->columns.emplace_back(SimulatedColumn{std::move(name), kind});
      if (kind.lob) column.lob = new_lob(kind, n, lobs++, random);
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

oracle::LoadedDictionary make_dictionary(const Options& options,
                                         const std::vector<std::unique_ptr<SimulatedTable>>& tables) {
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
    const Segment& segment = t->segments.front();
    d.rows.of<oracle::ObjectRow>().put(next_row(18), {kUser, segment.obj, segment.data_obj, t->name, 2, {}, 0, {}});
    d.rows.of<oracle::TableRow>().put(next_row(2), {segment.obj,
                                                    segment.data_obj,
                                                    segment.tablespace,
                                                    0,
                                                    {t->row_dependencies ? 0x40800001U : 0x40000001U, 0},
                                                    {0x20000000, 0}});
    for (std::uint32_t c = 0; c < t->columns.size(); ++c) {
      const SimulatedColumn& column = t->columns[c];
      oracle::ColumnRow row;
      row.obj = segment.obj;
      row.col = row.segcol = row.intcol = c + 1;
      row.name = column.name;
      row.type = static_cast<std::uint32_t>(column.kind.type);
      row.length = column.kind.length;
      row.precision = column.kind.precision;
      row.scale = column.kind.scale;
      row.charset_form = column.kind.charset_form;
      if (row.charset_form != 0)
        row.charset_id = (row.charset_form == 1 ? d.facts.charset : d.facts.national_charset)->id();
      row.null = column.nullable ? 0 : 1;
      if (column.lob) {
        row.property.low |= oracle::column_property::kStoredAsLob;
        const auto& [kind, pages, index, last_id] = *column.lob;
        d.rows.of<oracle::LobRow>().put(next_row(2), {segment.obj, c + 1, c + 1, pages.obj, pages.tablespace});
        const auto add = [&](const char* prefix, const Segment& of, std::uint32_t type) {
          d.rows.of<oracle::ObjectRow>().put(next_row(18), {kUser,
                                                            of.obj,
                                                            of.data_obj,
                                                            fmt::format("{}{:010}C{:05}$$", prefix, segment.obj, c + 1),
                                                            type,
                                                            {},
                                                            0,
                                                            {}});
        };
        add("SYS_LOB", pages, 21);
        add("SYS_IL", index, 1);
      }
      d.rows.of<oracle::ColumnRow>().put(next_row(2), row);
    }
    d.rows.of<oracle::ConstraintRow>().put(next_row(29), {++con, segment.obj, 2});
    d.rows.of<oracle::ConstraintColumnRow>().put(next_row(29), {con, 1, segment.obj, {}});
    if (t->supplemental != Supplemental::kMinimal)
      d.rows.of<oracle::ConstraintRow>().put(next_row(29),
                                             {++con, segment.obj, t->supplemental == Supplemental::kAll ? 17U : 14U});
  }
  return d;
}

}  // namespace redoubt::simulate
