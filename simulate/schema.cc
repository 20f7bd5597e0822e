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
constexpr std::uint32_t kBlocksPerPartition = 1 << 12;

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
    const bool plain = !kind.lob && !kind.encrypted();
    const bool wanted = options.types.empty() || named("all") || (named("plain") && plain) || named(kind.name);
    if (wanted && known_to(kind, options.version)) kinds.push_back(kind);
  }
  for (const std::string& name : options.types)
    if (name != "all" && name != "plain" &&
        std::none_of(column_kinds().begin(), column_kinds().end(), [&](const auto& k) { return k.name == name; }))
      throw Error(ErrorCode::kUsage, "--types", fmt::format("there is no type '{}'", name),
                  "see redoubt simulate --help");
  return kinds;
}

std::unique_ptr<SimulatedTable> new_table(std::uint32_t number, std::string name) {
  auto table = std::make_unique<SimulatedTable>();
  table->owner = kOwner;
  table->name = std::move(name);
  table->obj = kFirstObject + kObjectsPerTable * number;
  Segment& segment = table->segments.emplace_back();
  segment.obj = segment.data_obj = table->obj;
  segment.start_at(16 + number * kBlocksPerTable);
  table->columns.push_back({"ID", kind_named("number"), false});
  return table;
}

// A table has one key for all its encrypted columns.
void add_column(SimulatedTable& table, SimulatedColumn column, Random& random) {
  if (column.kind.encrypted() && !table.key) {
    oracle::TdeKey& key = table.key.emplace();
    key.cipher = static_cast<oracle::TdeCipher>(random.between(1, 4));
    key.integrity = random.percent(70) ? oracle::TdeIntegrity::kSha1 : oracle::TdeIntegrity::kNone;
    key.key = random.bytes(oracle::tde_key_size(key.cipher));
  }
  table.columns.push_back(std::move(column));
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

// Partitions have blocks and object numbers of their own; the table itself then has no segment.
void partition(SimulatedTable& table, std::uint32_t number, Random& random) {
  table.partitioned = true;
  table.segments.clear();
  for (std::uint32_t p = 0, count = random.between(2, 4); p < count; ++p) {
    Segment& segment = table.segments.emplace_back();
    segment.obj = segment.data_obj = table.obj + 100 + p;
    segment.start_at(16 + number * kBlocksPerTable + (p + 1) * kBlocksPerPartition);
  }
}

// Its key is not the first columns in their order.
std::unique_ptr<SimulatedTable> new_index_organized(std::uint32_t number, const std::vector<ColumnKind>& kinds,
                                                    Random& random) {
  auto table = new_table(number, "IOT");
  table->segments[0].obj = table->segments[0].data_obj = table->obj + 1;
  table->columns.push_back({"C2", kind_named("varchar2"), true});
  table->columns.push_back({"K3", kind_named("number"), false});
  for (std::uint32_t n = random.between(1, 12); n > 0 && !kinds.empty(); --n) {
    const ColumnKind& kind = kinds[random.below(static_cast<std::uint32_t>(kinds.size()))];
    if (kind.lob || kind.type == oracle::TypeCode::kLong) continue;
    add_column(*table, {fmt::format("C{}", table->columns.size() + 1), kind}, random);
  }
  table->iot_key = {2, 0};
  table->supplemental = random.percent(50) ? Supplemental::kAll : Supplemental::kMinimal;
  return table;
}

Owned<SimulatedTable> make_tables(const Options& options, Random& random) {
  Owned<SimulatedTable> tables;
  if (options.workload == "small" || options.workload == "open" || options.workload == "long") {
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
    if (n % 2 == 0 && chosen(options, "index")) {
      Segment& index = table->index.emplace();
      index.obj = index.data_obj = table->obj + 1;
      index.file = kFirstLobFile + 2 * kLobsMax;
      index.start_at(16 + n * kBlocksPerTable);
    }
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
      SimulatedColumn column{std::move(name), kind};
      if (kind.lob) column.lob = new_lob(kind, n, lobs++, random);
      add_column(*table, std::move(column), random);
    }
    if (lobs == 0 && n % 2 == 1 && chosen(options, "partitions")) partition(*table, n, random);
    tables.push_back(std::move(table));
  }
  if (chosen(options, "iot")) tables.push_back(new_index_organized(options.tables, kinds, random));
  return tables;
}

}  // namespace

const ColumnKind& kind_named(std::string_view name) {
  const auto at =
      std::find_if(column_kinds().begin(), column_kinds().end(), [&](const auto& k) { return k.name == name; });
  REDOUBT_ASSERT(at != column_kinds().end());
  return *at;
}

oracle::ColumnRow column_row(const SimulatedTable& table, std::uint32_t c, const oracle::Charset& charset) {
  const SimulatedColumn& column = table.columns[c];
  oracle::ColumnRow row;
  row.obj = table.obj;
  row.segcol = row.intcol = c + 1;
  // Unused columns have no place for the user.
  row.col = static_cast<std::uint32_t>(std::count_if(table.columns.begin(), table.columns.begin() + c + 1,
                                                     [](const auto& before) { return !before.hidden; }));
  row.name = column.name;
  row.type = static_cast<std::uint32_t>(column.kind.type);
  row.length = column.kind.length;
  row.precision = column.kind.precision;
  row.scale = column.kind.scale;
  row.charset_form = column.kind.charset_form;
  if (row.charset_form != 0)
    row.charset_id = (row.charset_form == 1 ? charset : *oracle::charset_by_name("AL16UTF16")).id();
  row.null = column.nullable ? 0 : 1;
  if (column.lob) row.property.low |= oracle::column_property::kStoredAsLob;
  if (column.kind.encrypted()) row.property.low |= oracle::column_property::kEncrypted;
  if (column.kind.encryption == ColumnKind::Encryption::kUnsalted)
    row.property.low |= oracle::column_property::kEncryptedWithoutSalt;
  if (column.hidden) {
    row.col = 0;
    row.property.low |= oracle::column_property::kHidden | oracle::column_property::kUnused;
  }
  return row;
}

oracle::ObjectRow partition_row(const SimulatedTable& table, std::size_t partition) {
  const Segment& segment = table.segments[partition];
  return {kUser, segment.obj, segment.data_obj, table.name, 19, {}, 0, fmt::format("P{}", partition + 1)};
}

std::unique_ptr<Container> make_container(const Options& options, std::uint16_t number, Random& random) {
  const oracle::Charset& charset = *oracle::charset_by_name(options.charset);
  auto container = std::make_unique<Container>(charset);
  container->con_id =
      options.version >= redo::kVersion12_1 ? static_cast<std::uint16_t>(kConId + number) : std::uint16_t{0};
  container->con_uid = kConUid + number;
  container->tables = make_tables(options, random);
  container->system.put(oracle::UserRow{kUser, kOwner, {}, 0});
  container->system.put(oracle::TablespaceRow{6, "USERS", 8192});
  const auto put = [&](const auto& row) { container->system.put(row); };
  for (const auto& t : container->tables) describe_table(*container, *t, put);
  return container;
}

oracle::LoadedDictionary make_dictionary(const Options& options, const Container& container,
                                         const Incarnation& incarnation, Scn scn) {
  oracle::LoadedDictionary d;
  d.facts.database = d.facts.context = "SIM";
  d.facts.con_id = container.con_id;
  d.facts.con_name = fmt::format("SIMPDB{}", container.con_uid - kConUid + 1);
  d.facts.db_id = container.con_uid;
  d.facts.resetlogs = incarnation.resetlogs;
  d.facts.activation = incarnation.activation;
  d.facts.big_endian = options.big_endian;
  d.facts.charset = oracle::charset_by_name(options.charset);
  d.facts.national_charset = oracle::charset_by_name("AL16UTF16");
  d.scn = d.schema_scn = scn;
  d.block_checksum = "TYPICAL";
  d.users = {kOwner};
  d.rows = container.system.rows();
  return d;
}

}  // namespace redoubt::simulate
