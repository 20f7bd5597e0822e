// The dictionary: which table an object number names, and what its stored columns are.
//
// A Dictionary is an immutable version, valid from one SCN on. Tables are found by (container id, object number); a
// partition or subpartition finds its table. Versions are shared by std::shared_ptr; a `const Table*` lives as long as
// the version it came from. Versions are made by oracle/dictionary_builder.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "oracle/position.h"

namespace redoubt::oracle {

class Charset;

// COL$.TYPE#
enum class TypeCode : std::uint16_t {
  kVarchar2 = 1,
  kNumber = 2,
  kLong = 8,
  kDate = 12,
  kRaw = 23,
  kLongRaw = 24,
  kOpaque = 58,  // XMLTYPE, ANYDATA
  kRowId = 69,
  kChar = 96,
  kBinaryFloat = 100,
  kBinaryDouble = 101,
  kRef = 111,
  kClob = 112,
  kBlob = 113,
  kBfile = 114,
  kJson = 119,
  kObject = 121,
  kNestedTable = 122,
  kVarray = 123,
  kVector = 127,
  kTimestamp = 180,
  kTimestampTz = 181,
  kIntervalYm = 182,
  kIntervalDs = 183,
  kURowId = 208,
  kTimestampLtz = 231,
  kBoolean = 252,
};

// COL$.PROPERTY bits that matter here.
namespace column_property {
inline constexpr std::uint64_t kVirtual = 0x10008;
inline constexpr std::uint64_t kHidden = 0x20;
inline constexpr std::uint64_t kStoredAsLob = 0x80;
inline constexpr std::uint64_t kUnused = 0x8000;
inline constexpr std::uint64_t kEncrypted = 0x4000000;
inline constexpr std::uint64_t kEncryptedWithoutSalt = 0x20000000;
inline constexpr std::uint64_t kAddedWithDefault = 0x40000000;
inline constexpr std::uint64_t kGuard = 0x8000000000;
}  // namespace column_property

// A stored column.
struct Column {
  std::string name;
  std::uint16_t segcol = 0;  // 1-based position in the stored row
  std::uint16_t intcol = 0;
  std::uint16_t col = 0;  // position for the user, 0 = hidden
  TypeCode type = TypeCode::kRaw;
  std::uint32_t length = 0;     // bytes
  std::int32_t precision = -1;  // -1 = not given
  std::int32_t scale = -1;      // -1 = not given (or indeed -1: the checkpoint does not tell); others may be negative
  std::uint8_t charset_form = 0;
  const Charset* charset = nullptr;  // of character data, resolved from form and id; null otherwise
  std::uint64_t property = 0;
  bool nullable = true;
  bool key = false;   // part of the primary key
  bool shown = true;  // false: hidden, unused, guard, virtual
  bool xml = false;   // the hidden LOB of an XMLTYPE column, presented under that column's name
  // Added with a default and without rewriting the rows: a row that ends before this column has the default. A
  // nullable one has a bit in the table's guard column: set = the row says it, even if it says NULL.
  bool added_with_default = false;
  std::int32_t guard_bit = -1;              // ECOL$.GUARD_ID; -1 = none
  std::optional<ByteString> default_value;  // as a row would hold it; null: not known
  bool is_lob() const {
    return type == TypeCode::kClob || type == TypeCode::kBlob || type == TypeCode::kJson || type == TypeCode::kVector ||
           (property & column_property::kStoredAsLob) != 0;
  }
  bool operator==(const Column&) const = default;
};

enum class Organization : std::uint8_t { kHeap, kIndexOrganized };

// A partition or subpartition that has rows of its own.
struct Partition {
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::string name;  // empty when the dictionary does not have it
  bool operator==(const Partition&) const = default;
};

std::uint64_t next_table_serial();

struct Table {
  std::uint64_t serial = next_table_serial();  // unique in the process: what a cache about a table is keyed by
  std::uint16_t con_id = 0;
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;  // changes with TRUNCATE and MOVE; 0 when partitioned
  std::string owner;
  std::string name;
  std::uint16_t cluster_columns = 0;  // TAB$.CLUCOLS: cluster key columns are not part of the row piece
  bool row_dependencies = false;
  bool dictionary = false;  // a SYS or XDB table that the dictionary itself is made of
  bool captured = true;     // its rows are wanted: selected by the table filter, and of a kind that has rows here
  bool known = true;        // false: schemaless OBJ_n with COL_n columns holding raw bytes
  std::uint16_t supplemental = 0;  // bit n: CDEF$.TYPE# 12 + n is in force (12 group, 14 pk, 15 unique, 16 fk, 17 all)
  Organization organization = Organization::kHeap;
  std::vector<std::uint16_t> iot_key_segcols;  // key order, index-organized tables only; empty when ICOL$ is unknown
  std::uint16_t guard_segcol = 0;              // the guard column of columns added with a default; 0 = none
  std::vector<Partition> partitions;           // by object number
  std::vector<Column> columns;                 // columns[i].segcol == i + 1
  bool operator==(const Table&) const = default;
};

// What an object number stands for when it is not a table or one of its partitions.
enum class ObjectKind : std::uint8_t { kUnknown, kTable, kLobIndex, kLobSegment, kOther };

// Facts about the whole database that values depend on.
struct DatabaseFacts {
  std::string database;  // logical name of the source
  std::string context;   // database name in the log headers
  std::uint16_t con_id = 0;
  std::string con_name;
  std::uint32_t db_id = 0;  // container number in the begin of a transaction; 0 = not known
  std::uint32_t resetlogs = 0;
  std::uint32_t activation = 0;
  bool big_endian = false;
  std::string time_zone = "+00:00";   // DBTIMEZONE
  bool supplemental_primary = false;  // database-level primary key and all-column logging
  bool supplemental_all = false;
  const Charset* charset = nullptr;           // NLS_CHARACTERSET
  const Charset* national_charset = nullptr;  // NLS_NCHAR_CHARACTERSET
};

class Dictionary {
 public:
  // Valid for rows with this SCN or a higher one: a DDL's commit is the first thing with its SCN.
  Scn from_scn() const { return from_scn_; }
  // Of a container; of the first one loaded if that one is unknown.
  const DatabaseFacts& facts(std::uint16_t con_id) const;
  const DatabaseFacts& facts() const { return facts_.front(); }

  // The table of an object number: a table, a partition, a subpartition, or an index-organized table's index or
  // overflow segment. Null when unknown or of another kind.
  const Table* find(std::uint16_t con_id, std::uint32_t obj) const {
    const auto it = objects_.find(key(con_id, obj));
    return it == objects_.end() || it->second.kind != ObjectKind::kTable ? nullptr : it->second.table;
  }
  // The table that an object belongs to, be it a table, a part of one, or a LOB segment or LOB index of one. Null when
  // unknown.
  const Table* owner_of(std::uint16_t con_id, std::uint32_t obj) const {
    const auto it = objects_.find(key(con_id, obj));
    return it == objects_.end() ? nullptr : it->second.table;
  }
  ObjectKind kind(std::uint16_t con_id, std::uint32_t obj) const {
    const auto it = objects_.find(key(con_id, obj));
    return it == objects_.end() ? ObjectKind::kUnknown : it->second.kind;
  }
  // All tables, by container and object number.
  const std::vector<std::shared_ptr<const Table>>& tables() const { return tables_; }

 private:
  friend class DictionaryBuilder;
  static std::uint64_t key(std::uint16_t con_id, std::uint32_t obj) { return std::uint64_t{con_id} << 32 | obj; }
  struct Object {
    ObjectKind kind = ObjectKind::kUnknown;
    std::uint32_t table_obj = 0;   // of the table that it belongs to, known to this version or not
    const Table* table = nullptr;  // the same
    bool operator==(const Object&) const = default;
  };

  Scn from_scn_ = 0;
  std::vector<DatabaseFacts> facts_ = std::vector<DatabaseFacts>(1);  // by container, never empty
  std::vector<std::shared_ptr<const Table>> tables_;                  // unchanged tables are shared between versions
  std::unordered_map<std::uint64_t, Object> objects_;
};

}  // namespace redoubt::oracle
