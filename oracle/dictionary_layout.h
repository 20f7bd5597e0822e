// The rows a dictionary is made of: what SYS and XDB keep about users, tables, columns, constraints, LOBs, partitions.
//
// Each table of the dictionary is one struct here, and its Layout says once and for all what every member is called:
//
//   struct       SYS table    JSON array    looked up by
//   UserRow      USER$        sys-user      USER#
//   ObjectRow    OBJ$         sys-obj       OBJ#
//   LobRow       LOB$         sys-lob       OBJ# (of the table), LOBJ# (of the LOB segment)
//   ...
//
// The same list reads and writes the JSON, applies changes that came through redo and writes the
// SQL script. Indexes, partition names and column defaults are additions to OpenLogReplicator's JSON. A database
// NULL is the default value of the member: 0, -1 for precision, scale and guard, "" for text.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace redoubt::oracle {

// A number of up to 128 bits, as the FLAGS and PROPERTY columns hold: low + high * 2^64.
struct Wide {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool has(std::uint64_t bits) const { return (low & bits) != 0; }
  bool operator==(const Wide&) const = default;
};

// One member of a row and its names. An empty `column` means that no table has it.
template <class Row>
struct Field {
  std::string_view column;  // of the SYS or XDB table
  std::string_view key;     // in the JSON
  std::variant<std::uint32_t Row::*, std::int32_t Row::*, Wide Row::*, std::string Row::*> member;
  bool raw = false;    // a RAW (or, for BINARYDEFVAL, a BLOB) kept as upper-case hex
  bool extra = false;  // our addition to the JSON of others: only written when it is not empty, not needed to read
};

// kOwner, kTable: where the rows lie; kArray: the JSON array. For the three token tables these
// names are followed by the suffix of their set.
// kLookups: the members rows are looked up by: first the object they belong to, then the object they are.
// kFields: in the order of the JSON.
template <class Row>
struct Layout;

struct UserRow {
  std::uint32_t user = 0;
  std::string name;
  Wide spare1;               // bit 0 = primary key logging, bit 3 = all column logging for the whole schema
  std::uint32_t single = 0;  // 1 = loaded individually, not because its schema is followed
  bool operator==(const UserRow&) const = default;
};
template <>
struct Layout<UserRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "USER$", kArray = "sys-user";
  static constexpr auto kLookups = std::array{&UserRow::user};
  static constexpr Field<UserRow> kFields[] = {{"USER#", "user", &UserRow::user},
                                               {"NAME", "name", &UserRow::name},
                                               {"SPARE1", "spare1", &UserRow::spare1},
                                               {"", "single", &UserRow::single}};
};

struct ObjectRow {
  std::uint32_t owner = 0;
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::string name;
  std::uint32_t type = 0;
  Wide flags;
  std::uint32_t single = 0;
  std::string subname;  // partition name
  bool operator==(const ObjectRow&) const = default;
};
template <>
struct Layout<ObjectRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "OBJ$", kArray = "sys-obj";
  static constexpr auto kLookups = std::array{&ObjectRow::obj};
  static constexpr Field<ObjectRow> kFields[] = {{"OWNER#", "owner", &ObjectRow::owner},
                                                 {"OBJ#", "obj", &ObjectRow::obj},
                                                 {"DATAOBJ#", "data-obj", &ObjectRow::data_obj},
                                                 {"NAME", "name", &ObjectRow::name},
                                                 {"TYPE#", "type", &ObjectRow::type},
                                                 {"FLAGS", "flags", &ObjectRow::flags},
                                                 {"", "single", &ObjectRow::single},
                                                 {"SUBNAME", "subname", &ObjectRow::subname, false, true}};
};

struct TableRow {
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::uint32_t ts = 0;
  std::uint32_t cluster_columns = 0;
  Wide flags;
  Wide property;
  bool operator==(const TableRow&) const = default;
};
template <>
struct Layout<TableRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "TAB$", kArray = "sys-tab";
  static constexpr auto kLookups = std::array{&TableRow::obj};
  static constexpr Field<TableRow> kFields[] = {
      {"OBJ#", "obj", &TableRow::obj},      {"DATAOBJ#", "data-obj", &TableRow::data_obj},
      {"TS#", "ts", &TableRow::ts},         {"CLUCOLS", "clu-cols", &TableRow::cluster_columns},
      {"FLAGS", "flags", &TableRow::flags}, {"PROPERTY", "property", &TableRow::property}};
};

struct ColumnRow {
  std::uint32_t obj = 0;
  std::uint32_t col = 0;
  std::uint32_t segcol = 0;
  std::uint32_t intcol = 0;
  std::string name;
  std::uint32_t type = 0;
  std::uint32_t length = 0;
  std::int32_t precision = -1;
  std::int32_t scale = -1;
  std::uint32_t charset_form = 0;
  std::uint32_t charset_id = 0;
  std::uint32_t null = 0;
  Wide property;
  bool operator==(const ColumnRow&) const = default;
};
template <>
struct Layout<ColumnRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "COL$", kArray = "sys-col";
  static constexpr auto kLookups = std::array{&ColumnRow::obj};
  static constexpr Field<ColumnRow> kFields[] = {{"OBJ#", "obj", &ColumnRow::obj},
                                                 {"COL#", "col", &ColumnRow::col},
                                                 {"SEGCOL#", "seg-col", &ColumnRow::segcol},
                                                 {"INTCOL#", "int-col", &ColumnRow::intcol},
                                                 {"NAME", "name", &ColumnRow::name},
                                                 {"TYPE#", "type", &ColumnRow::type},
                                                 {"LENGTH", "length", &ColumnRow::length},
                                                 {"PRECISION#", "precision", &ColumnRow::precision},
                                                 {"SCALE", "scale", &ColumnRow::scale},
                                                 {"CHARSETFORM", "charset-form", &ColumnRow::charset_form},
                                                 {"CHARSETID", "charset-id", &ColumnRow::charset_id},
                                                 {"NULL$", "null", &ColumnRow::null},
                                                 {"PROPERTY", "property", &ColumnRow::property}};
};

struct ConstraintColumnRow {
  std::uint32_t con = 0;
  std::uint32_t intcol = 0;
  std::uint32_t obj = 0;
  Wide spare1;
  bool operator==(const ConstraintColumnRow&) const = default;
};
template <>
struct Layout<ConstraintColumnRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "CCOL$", kArray = "sys-ccol";
  static constexpr auto kLookups = std::array{&ConstraintColumnRow::obj};
  static constexpr Field<ConstraintColumnRow> kFields[] = {{"CON#", "con", &ConstraintColumnRow::con},
                                                           {"INTCOL#", "int-col", &ConstraintColumnRow::intcol},
                                                           {"OBJ#", "obj", &ConstraintColumnRow::obj},
                                                           {"SPARE1", "spare1", &ConstraintColumnRow::spare1}};
};

struct ConstraintRow {
  std::uint32_t con = 0;
  std::uint32_t obj = 0;
  std::uint32_t type = 0;
  bool operator==(const ConstraintRow&) const = default;
};
template <>
struct Layout<ConstraintRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "CDEF$", kArray = "sys-cdef";
  static constexpr auto kLookups = std::array{&ConstraintRow::obj};
  static constexpr Field<ConstraintRow> kFields[] = {{"CON#", "con", &ConstraintRow::con},
                                                     {"OBJ#", "obj", &ConstraintRow::obj},
                                                     {"TYPE#", "type", &ConstraintRow::type}};
};

struct AddedColumnRow {
  std::uint32_t obj = 0;
  std::uint32_t column = 0;
  std::int32_t guard = -1;
  std::string default_value;  // upper-case hex, as a row would hold it; empty: not known
  bool operator==(const AddedColumnRow&) const = default;
};
template <>
struct Layout<AddedColumnRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "ECOL$", kArray = "sys-ecol";
  static constexpr auto kLookups = std::array{&AddedColumnRow::obj};
  static constexpr Field<AddedColumnRow> kFields[] = {
      {"TABOBJ#", "tab-obj", &AddedColumnRow::obj},
      {"COLNUM", "col-num", &AddedColumnRow::column},
      {"GUARD_ID", "guard-id", &AddedColumnRow::guard},
      {"BINARYDEFVAL", "default", &AddedColumnRow::default_value, true, true}};
};

struct DeferredSegmentRow {
  std::uint32_t obj = 0;
  Wide flags;
  bool operator==(const DeferredSegmentRow&) const = default;
};
template <>
struct Layout<DeferredSegmentRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "DEFERRED_STG$", kArray = "sys-deferredstg";
  static constexpr auto kLookups = std::array{&DeferredSegmentRow::obj};
  static constexpr Field<DeferredSegmentRow> kFields[] = {{"OBJ#", "obj", &DeferredSegmentRow::obj},
                                                          {"FLAGS_STG", "flags-stg", &DeferredSegmentRow::flags}};
};

struct LobRow {
  std::uint32_t obj = 0;
  std::uint32_t col = 0;
  std::uint32_t intcol = 0;
  std::uint32_t lob_obj = 0;
  std::uint32_t ts = 0;
  bool operator==(const LobRow&) const = default;
};
template <>
struct Layout<LobRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "LOB$", kArray = "sys-lob";
  static constexpr auto kLookups = std::array{&LobRow::obj, &LobRow::lob_obj};
  static constexpr Field<LobRow> kFields[] = {{"OBJ#", "obj", &LobRow::obj},
                                              {"COL#", "col", &LobRow::col},
                                              {"INTCOL#", "int-col", &LobRow::intcol},
                                              {"LOBJ#", "l-obj", &LobRow::lob_obj},
                                              {"TS#", "ts", &LobRow::ts}};
};

struct LobCompositePartitionRow {
  std::uint32_t part_obj = 0;
  std::uint32_t lob_obj = 0;
  bool operator==(const LobCompositePartitionRow&) const = default;
};
template <>
struct Layout<LobCompositePartitionRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "LOBCOMPPART$", kArray = "sys-lob-comp-part";
  static constexpr auto kLookups = std::array{&LobCompositePartitionRow::lob_obj, &LobCompositePartitionRow::part_obj};
  static constexpr Field<LobCompositePartitionRow> kFields[] = {
      {"PARTOBJ#", "part-obj", &LobCompositePartitionRow::part_obj},
      {"LOBJ#", "l-obj", &LobCompositePartitionRow::lob_obj}};
};

struct LobFragmentRow {
  std::uint32_t fragment_obj = 0;
  std::uint32_t parent_obj = 0;
  std::uint32_t ts = 0;
  bool operator==(const LobFragmentRow&) const = default;
};
template <>
struct Layout<LobFragmentRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "LOBFRAG$", kArray = "sys-lob-frag";
  static constexpr auto kLookups = std::array{&LobFragmentRow::parent_obj, &LobFragmentRow::fragment_obj};
  static constexpr Field<LobFragmentRow> kFields[] = {{"FRAGOBJ#", "frag-obj", &LobFragmentRow::fragment_obj},
                                                      {"PARENTOBJ#", "parent-obj", &LobFragmentRow::parent_obj},
                                                      {"TS#", "ts", &LobFragmentRow::ts}};
};

struct PartitionRow {
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::uint32_t base = 0;
  bool operator==(const PartitionRow&) const = default;
};
template <>
struct Layout<PartitionRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "TABPART$", kArray = "sys-tabpart";
  static constexpr auto kLookups = std::array{&PartitionRow::base, &PartitionRow::obj};
  static constexpr Field<PartitionRow> kFields[] = {{"OBJ#", "obj", &PartitionRow::obj},
                                                    {"DATAOBJ#", "data-obj", &PartitionRow::data_obj},
                                                    {"BO#", "bo", &PartitionRow::base}};
};

struct CompositePartitionRow {
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::uint32_t base = 0;
  bool operator==(const CompositePartitionRow&) const = default;
};
template <>
struct Layout<CompositePartitionRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "TABCOMPART$", kArray = "sys-tabcompart";
  static constexpr auto kLookups = std::array{&CompositePartitionRow::base, &CompositePartitionRow::obj};
  static constexpr Field<CompositePartitionRow> kFields[] = {{"OBJ#", "obj", &CompositePartitionRow::obj},
                                                             {"DATAOBJ#", "data-obj", &CompositePartitionRow::data_obj},
                                                             {"BO#", "bo", &CompositePartitionRow::base}};
};

struct SubpartitionRow {
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::uint32_t partition = 0;
  bool operator==(const SubpartitionRow&) const = default;
};
template <>
struct Layout<SubpartitionRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "TABSUBPART$", kArray = "sys-tabsubpart";
  static constexpr auto kLookups = std::array{&SubpartitionRow::partition, &SubpartitionRow::obj};
  static constexpr Field<SubpartitionRow> kFields[] = {{"OBJ#", "obj", &SubpartitionRow::obj},
                                                       {"DATAOBJ#", "data-obj", &SubpartitionRow::data_obj},
                                                       {"POBJ#", "p-obj", &SubpartitionRow::partition}};
};

struct TablespaceRow {
  std::uint32_t ts = 0;
  std::string name;
  std::uint32_t block_size = 0;
  bool operator==(const TablespaceRow&) const = default;
};
template <>
struct Layout<TablespaceRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "TS$", kArray = "sys-ts";
  static constexpr auto kLookups = std::array{&TablespaceRow::ts};
  static constexpr Field<TablespaceRow> kFields[] = {{"TS#", "ts", &TablespaceRow::ts},
                                                     {"NAME", "name", &TablespaceRow::name},
                                                     {"BLOCKSIZE", "block-size", &TablespaceRow::block_size}};
};

// Indexes matter for index-organized tables only.
struct IndexRow {
  std::uint32_t obj = 0;
  std::uint32_t base = 0;
  std::uint32_t type = 0;
  bool operator==(const IndexRow&) const = default;
};
template <>
struct Layout<IndexRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "IND$", kArray = "sys-ind";
  static constexpr auto kLookups = std::array{&IndexRow::base, &IndexRow::obj};
  static constexpr Field<IndexRow> kFields[] = {
      {"OBJ#", "obj", &IndexRow::obj}, {"BO#", "bo", &IndexRow::base}, {"TYPE#", "type", &IndexRow::type}};
};

struct IndexColumnRow {
  std::uint32_t obj = 0;
  std::uint32_t intcol = 0;
  std::uint32_t position = 0;
  bool operator==(const IndexColumnRow&) const = default;
};
template <>
struct Layout<IndexColumnRow> {
  static constexpr std::string_view kOwner = "SYS", kTable = "ICOL$", kArray = "sys-icol";
  static constexpr auto kLookups = std::array{&IndexColumnRow::obj};
  static constexpr Field<IndexColumnRow> kFields[] = {{"OBJ#", "obj", &IndexColumnRow::obj},
                                                      {"INTCOL#", "int-col", &IndexColumnRow::intcol},
                                                      {"POS#", "pos", &IndexColumnRow::position}};
};

// XDB token sets. RAW values are upper-case hex.
struct TokenSetRow {
  std::string guid;
  std::string suffix;
  std::uint32_t flags = 0;
  std::uint32_t obj = 0;
  bool operator==(const TokenSetRow&) const = default;
};
template <>
struct Layout<TokenSetRow> {
  static constexpr std::string_view kOwner = "XDB", kTable = "XDB$TTSET", kArray = "xdb-ttset";
  static constexpr auto kLookups = std::array{&TokenSetRow::obj};
  static constexpr Field<TokenSetRow> kFields[] = {{"GUID", "guid", &TokenSetRow::guid, true},
                                                   {"TOKSUF", "toksuf", &TokenSetRow::suffix},
                                                   {"FLAGS", "flags", &TokenSetRow::flags},
                                                   {"OBJ#", "obj", &TokenSetRow::obj}};
};

struct NamespaceTokenRow {
  std::string uri;
  std::string id;
  bool operator==(const NamespaceTokenRow&) const = default;
};
template <>
struct Layout<NamespaceTokenRow> {
  static constexpr std::string_view kOwner = "XDB", kTable = "X$NM", kArray = "xdb-xnm";
  static constexpr auto kLookups = std::array<std::uint32_t NamespaceTokenRow::*, 0>{};
  static constexpr Field<NamespaceTokenRow> kFields[] = {{"NMSPCURI", "nmspcuri", &NamespaceTokenRow::uri},
                                                         {"ID", "id", &NamespaceTokenRow::id, true}};
};

struct PathTokenRow {
  std::string path;
  std::string id;
  bool operator==(const PathTokenRow&) const = default;
};
template <>
struct Layout<PathTokenRow> {
  static constexpr std::string_view kOwner = "XDB", kTable = "X$PT", kArray = "xdb-xpt";
  static constexpr auto kLookups = std::array<std::uint32_t PathTokenRow::*, 0>{};
  static constexpr Field<PathTokenRow> kFields[] = {{"PATH", "path", &PathTokenRow::path, true},
                                                    {"ID", "id", &PathTokenRow::id, true}};
};

struct NameTokenRow {
  std::string namespace_id;
  std::string local_name;
  std::string flags;
  std::string id;
  bool operator==(const NameTokenRow&) const = default;
};
template <>
struct Layout<NameTokenRow> {
  static constexpr std::string_view kOwner = "XDB", kTable = "X$QN", kArray = "xdb-xqn";
  static constexpr auto kLookups = std::array<std::uint32_t NameTokenRow::*, 0>{};
  static constexpr Field<NameTokenRow> kFields[] = {{"NMSPCID", "nmspcid", &NameTokenRow::namespace_id, true},
                                                    {"LOCALNAME", "localname", &NameTokenRow::local_name},
                                                    {"FLAGS", "flags", &NameTokenRow::flags, true},
                                                    {"ID", "id", &NameTokenRow::id, true}};
};

}  // namespace redoubt::oracle
