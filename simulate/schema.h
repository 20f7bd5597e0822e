// The simulated schema: containers, the tables in them, and the dictionary rows that describe them.
#pragma once

#include <fmt/format.h>

#include "oracle/charset.h"
#include "oracle/dictionary_json.h"
#include "oracle/tde_keys.h"
#include "simulate/simulation.h"
#include "simulate/system_tables.h"

namespace redoubt::simulate {

inline constexpr std::uint16_t kConId = 3;  // of the first container
inline constexpr std::uint32_t kConUid = 1385559638;
inline constexpr std::uint32_t kUser = 136;
inline constexpr char kOwner[] = "SIM";

// A pluggable database, or the whole of one without containers.
struct Container {
  explicit Container(const oracle::Charset& characters) : charset(characters), system(characters) {}

  std::uint16_t con_id = 0;
  std::uint32_t con_uid = 0;
  const oracle::Charset& charset;
  Owned<SimulatedTable> tables;
  SystemTables system;
  std::uint32_t last_constraint = 9000;
  std::uint32_t last_object = 200000;        // of those that DDL makes
  std::uint32_t last_name = 0;               // the same, for names
  std::vector<oracle::TdeKeys::Entry> keys;  // of all tables that ever were
};

// Container number `number`, its dictionary filled.
std::unique_ptr<Container> make_container(const Options& options, std::uint16_t number, Random& random);

// The dictionary of the container as it is at the SCN.
oracle::LoadedDictionary make_dictionary(const Options& options, const Container& container,
                                         const Incarnation& incarnation, Scn scn);

const ColumnKind& kind_named(std::string_view name);

// COL$ row of column `c`, counted from 0.
oracle::ColumnRow column_row(const SimulatedTable& table, std::uint32_t c, const oracle::Charset& charset);
// OBJ$ row of a partition.
oracle::ObjectRow partition_row(const SimulatedTable& table, std::size_t partition);

// Calls `put` with every row that describes the table.
template <class Put>
void describe_table(Container& container, const SimulatedTable& table, Put put) {
  const std::uint32_t data_obj = table.partitioned || table.index_organized() ? 0 : table.segments.front().data_obj;
  put(oracle::ObjectRow{kUser, table.obj, data_obj, table.name, 2, {}, 0, {}});
  put(oracle::TableRow{table.obj,
                       data_obj,
                       table.segments.front().tablespace,
                       0,
                       {table.row_dependencies ? 0x40800001U : 0x40000001U, 0},
                       {0x20000000U | (table.partitioned ? 0x20U : 0U) | (table.index_organized() ? 0x40U : 0U), 0}});
  for (std::uint32_t c = 0; c < table.columns.size(); ++c) {
    put(column_row(table, c, container.charset));
    if (!table.columns[c].lob) continue;
    const LobStorage& lob = *table.columns[c].lob;
    put(oracle::LobRow{table.obj, c + 1, c + 1, lob.pages.obj, lob.pages.tablespace});
    const auto add = [&](const char* prefix, const Segment& of, std::uint32_t type) {
      const std::string name = fmt::format("{}{:010}C{:05}$$", prefix, table.obj, c + 1);
      put(oracle::ObjectRow{kUser, of.obj, of.data_obj, name, type, {}, 0, {}});
    };
    add("SYS_LOB", lob.pages, 21);
    add("SYS_IL", lob.index, 1);
  }
  if (table.partitioned)
    for (std::size_t p = 0; p < table.segments.size(); ++p) {
      put(partition_row(table, p));
      put(oracle::PartitionRow{table.segments[p].obj, table.segments[p].data_obj, table.obj});
    }
  if (table.index)
    put(oracle::ObjectRow{kUser, table.index->obj, table.index->data_obj, "PK_" + table.name, 1, {}, 0, {}});
  put(oracle::ConstraintRow{++container.last_constraint, table.obj, 2});
  if (!table.index_organized()) {
    put(oracle::ConstraintColumnRow{container.last_constraint, 1, table.obj, {}});
  } else {
    const Segment& index = table.segments.front();
    const std::string name = fmt::format("SYS_IOT_TOP_{}", table.obj);
    put(oracle::ObjectRow{kUser, index.obj, index.data_obj, name, 1, {}, 0, {}});
    put(oracle::IndexRow{index.obj, table.obj, 4});
    for (std::uint32_t i = 0; i < table.iot_key.size(); ++i) {
      put(oracle::ConstraintColumnRow{container.last_constraint, table.iot_key[i] + 1U, table.obj, {}});
      put(oracle::IndexColumnRow{index.obj, table.iot_key[i] + 1U, i + 1});
    }
  }
  if (table.key) container.keys.push_back({{}, table.obj, container.con_id, *table.key});
  if (table.supplemental != Supplemental::kMinimal)
    put(oracle::ConstraintRow{++container.last_constraint, table.obj,
                              table.supplemental == Supplemental::kAll ? 17U : 14U});
}

}  // namespace redoubt::simulate
