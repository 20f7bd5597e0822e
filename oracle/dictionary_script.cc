// How the script is put together. One JSON row is one line of output, so that nothing SQL*Plus does to long lines
// matters:
//
//   PROMPT ,"sys-obj":[
//   WITH chosen ..., kept ...                       the schemas asked for; the objects whose rows are wanted
//   SELECT CASE ROWNUM WHEN 1 THEN ' ' ELSE ',' END
//       || '{"row-id":"' || ROWIDTOCHAR(t.rowid) || '"'
//       || ',"owner":' || NVL(t.owner#, 0)          one line per field of the Layout
//       ...
//     FROM sys.obj$ AS OF SCN &redoubt_scn t WHERE ...;
//   PROMPT ]
//
// The tables of XDB may be missing and their token tables have names only the database knows: a PL/SQL block reads
// them.
#include "oracle/dictionary_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "oracle/dictionary_rows.h"

namespace redoubt::oracle {
namespace {

constexpr std::string_view kOpening =
    R"sql(-- Writes the dictionary of an Oracle database (11.2 to 26ai) as Redoubt reads it: names, columns and ROWIDs of the rows of
-- SYS and XDB tables that say what the numbers in redo mean, as of one SCN. Only reads.
--
--   sqlplus -s / as sysdba @dictionary.sql                 every schema that is not Oracle's own
--   sqlplus -s user@//host/pdb @dictionary.sql APP,SALES   these schemas (in 11.2 always name them)
--
-- Connect to the container whose tables you want, on the primary, as a user with SELECT ANY DICTIONARY and FLASHBACK ANY
-- TABLE. The result is redoubt-dictionary.json in the current folder.
SET ECHO OFF FEEDBACK OFF HEADING OFF PAGESIZE 0 NEWPAGE NONE VERIFY OFF TERMOUT OFF TAB OFF TRIMSPOOL ON TRIMOUT ON
SET LINESIZE 32767 LONG 2000000 LONGCHUNKSIZE 32767 WRAP ON ARRAYSIZE 500 DEFINE ON ESCAPE OFF NULL '' SQLPROMPT ''
SET SQLBLANKLINES ON SERVEROUTPUT ON SIZE UNLIMITED FORMAT WRAPPED
WHENEVER SQLERROR EXIT FAILURE
WHENEVER OSERROR EXIT FAILURE
SET TRANSACTION READ ONLY;

-- The schemas asked for: nothing if the script was given none.
COLUMN 1 NEW_VALUE 1 NOPRINT
SELECT NULL AS "1" FROM dual WHERE 1 = 0;
DEFINE redoubt_schemas = '&1'

-- The SCN of everything below, and what only newer versions know.
COLUMN redoubt_scn NEW_VALUE redoubt_scn NOPRINT
COLUMN redoubt_con_id NEW_VALUE redoubt_con_id NOPRINT
COLUMN redoubt_con_name NEW_VALUE redoubt_con_name NOPRINT
COLUMN redoubt_con_uid NEW_VALUE redoubt_con_uid NOPRINT
COLUMN redoubt_guard_id NEW_VALUE redoubt_guard_id NOPRINT
SELECT TO_CHAR(current_scn) AS redoubt_scn FROM v$database;
SELECT CASE WHEN v.major < 12 THEN '0' ELSE 'SYS_CONTEXT(''USERENV'', ''CON_ID'')' END AS redoubt_con_id,
       CASE WHEN v.major < 12 THEN 'd.name' ELSE 'SYS_CONTEXT(''USERENV'', ''CON_NAME'')' END AS redoubt_con_name,
       CASE WHEN v.major < 12 THEN '0' ELSE
         '(SELECT con_uid FROM v$containers WHERE con_id = SYS_CONTEXT(''USERENV'', ''CON_ID''))' END AS redoubt_con_uid
  FROM (SELECT TO_NUMBER(SUBSTR(version, 1, INSTR(version, '.') - 1)) AS major FROM v$instance) v;
SELECT CASE COUNT(*) WHEN 0 THEN 'NULL' ELSE 't.guard_id' END AS redoubt_guard_id
  FROM all_tab_columns WHERE owner = 'SYS' AND table_name = 'ECOL$' AND column_name = 'GUARD_ID';

SPOOL redoubt-dictionary.json
)sql";

// Opens the block that writes XDB$TTSET and, for each of its rows, the three token tables.
constexpr std::string_view kTokens = R"sql(
DECLARE
  found NUMBER;
  suffix VARCHAR2(100);
  suffixes SYS_REFCURSOR;
  PROCEDURE write_rows(key VARCHAR2, query VARCHAR2) IS
    rows_found SYS_REFCURSOR;
    line VARCHAR2(32767);
  BEGIN
    DBMS_OUTPUT.PUT_LINE(',"' || key || '":[');
    OPEN rows_found FOR query;
    LOOP
      FETCH rows_found INTO line;
      EXIT WHEN rows_found%NOTFOUND;
      DBMS_OUTPUT.PUT_LINE(line);
    END LOOP;
    CLOSE rows_found;
    DBMS_OUTPUT.PUT_LINE(']');
  END;
BEGIN
  SELECT COUNT(*) INTO found FROM all_tables WHERE owner = 'XDB' AND table_name = 'XDB$TTSET';
  IF found = 0 THEN
    DBMS_OUTPUT.PUT_LINE(',"xdb-ttset":[]');
    RETURN;
  END IF;
)sql";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return result;
}

// A JSON string of the value of a text column. ASCIISTR writes what is not ASCII, and the backslash, as \XXXX: with a u
// behind the backslash that is JSON, whatever the client's character set is. Control characters but the three common
// ones, which no name has, become U+FFFD.
std::string json_text(std::string_view column) {
  return fmt::format(
      "'\"' || REGEXP_REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(REPLACE(ASCIISTR({}), '\\', '\\u'), '\"', '\\\"'),\n"
      "         CHR(9), '\\t'), CHR(10), '\\n'), CHR(13), '\\r'), '[[:cntrl:]]', '\\\\ufffd') || '\"'",
      column);
}

std::string json_wide(std::string_view column) {
  constexpr std::string_view k64 = "18446744073709551616";
  return fmt::format("'[' || MOD({0}, {1}) || ',' || (({0}) - MOD({0}, {1})) / {1} || ']'",
                     fmt::format("NVL({}, 0)", column), k64);
}

template <class Row>
std::string json_value(const Field<Row>& field) {
  const std::string column = "t." + lower(field.column);
  if (field.column.empty())  // single
    return fmt::format("CASE WHEN t.{} IN (SELECT user# FROM chosen) THEN 0 ELSE 1 END",
                       std::is_same_v<Row, UserRow> ? "user#" : "owner#");
  if (field.column == "GUARD_ID") return "NVL(&redoubt_guard_id, -1)";
  if (field.column == "BINARYDEFVAL")
    return fmt::format("'\"' || RAWTOHEX(DBMS_LOB.SUBSTR({}, 2000, 1)) || '\"'", column);
  if (field.raw) return fmt::format("'\"' || RAWTOHEX({}) || '\"'", column);
  return std::visit(
      [&](auto member) -> std::string {
        using Type = std::remove_cvref_t<decltype(std::declval<Row>().*member)>;
        if constexpr (std::is_same_v<Type, std::string>) return json_text(column);
        if constexpr (std::is_same_v<Type, Wide>) return json_wide(column);
        if constexpr (std::is_same_v<Type, std::int32_t>) return fmt::format("NVL({}, -1)", column);
        return fmt::format("NVL({}, 0)", column);
      },
      field.member);
}

// The rows of one table as lines of JSON. Raw values may be longer than a VARCHAR2: such rows are CLOBs.
template <class Row>
std::string query(std::string_view table, std::string_view where) {
  const auto& fields = Layout<Row>::kFields;
  const bool wide = std::any_of(std::begin(fields), std::end(fields), [](const auto& field) { return field.raw; });
  constexpr std::string_view kComma = "CASE ROWNUM WHEN 1 THEN ' ' ELSE ',' END";
  std::string text = wide ? fmt::format("SELECT TO_CLOB({})", kComma) : fmt::format("SELECT {}", kComma);
  text += "\n    || '{\"row-id\":\"' || ROWIDTOCHAR(t.rowid) || '\"'";
  for (const Field<Row>& field : fields) text += fmt::format("\n    || ',\"{}\":' || {}", field.key, json_value(field));
  text += fmt::format("\n    || '}}'\n  FROM {}.{} AS OF SCN &redoubt_scn t", lower(Layout<Row>::kOwner), table);
  if (!where.empty()) text += fmt::format("\n WHERE {}", where);
  return text;
}

// The query, behind the two sets it may speak of: `chosen`, the schemas asked for, and `kept`, the objects whose rows
// are wanted: those schemas', and the tables of the dictionary itself.
std::string with_sets(const std::string& query) {
  std::string names;
  DictionaryRows().each_table([&]<class Row>(const RowTable<Row>&) {
    if (Layout<Row>::kOwner == "SYS") names += fmt::format("{}'{}'", names.empty() ? "" : ", ", Layout<Row>::kTable);
  });
  const std::string kept = fmt::format(R"sql(,
kept AS (
  SELECT o.obj# FROM sys.obj$ AS OF SCN &redoubt_scn o JOIN sys.user$ AS OF SCN &redoubt_scn u ON u.user# = o.owner#
   WHERE o.owner# IN (SELECT user# FROM chosen) AND o.type# IN (1, 2, 19, 20, 21, 34, 35, 40, 41)
      OR o.type# = 2 AND u.name = 'SYS' AND o.name IN (
         {})
      OR o.type# = 2 AND u.name = 'XDB' AND (o.name = 'XDB$TTSET' OR SUBSTR(o.name, 1, 4) IN ('X$NM', 'X$PT', 'X$QN'))))sql",
                                       names);
  const bool needs_kept = query.find("FROM kept") != std::string::npos;
  if (!needs_kept && query.find("FROM chosen") == std::string::npos) return query;
  return fmt::format(R"sql(WITH chosen AS (
  SELECT u.user# FROM sys.user$ AS OF SCN &redoubt_scn u
   WHERE INSTR(',&redoubt_schemas,', ',' || u.name || ',') > 0
      OR '&redoubt_schemas' IS NULL AND BITAND(NVL(u.spare1, 0), 256) = 0){}
{})sql",
                     needs_kept ? kept : "", query);
}

// Which rows of a SYS table are wanted.
template <class Row>
std::string_view wanted() {
  if constexpr (std::is_same_v<Row, UserRow>)
    return "t.user# IN (SELECT user# FROM chosen) OR t.name IN ('SYS', 'XDB')";
  if constexpr (std::is_same_v<Row, TablespaceRow>) return "";
  if constexpr (std::is_same_v<Row, AddedColumnRow>) return "t.tabobj# IN (SELECT obj# FROM kept)";
  if constexpr (std::is_same_v<Row, LobCompositePartitionRow>) return "t.lobj# IN (SELECT obj# FROM kept)";
  if constexpr (std::is_same_v<Row, LobFragmentRow>) return "t.parentobj# IN (SELECT obj# FROM kept)";
  if constexpr (std::is_same_v<Row, PartitionRow>) return "t.bo# IN (SELECT obj# FROM kept)";
  if constexpr (std::is_same_v<Row, CompositePartitionRow>) return "t.bo# IN (SELECT obj# FROM kept)";
  if constexpr (std::is_same_v<Row, SubpartitionRow>) return "t.pobj# IN (SELECT obj# FROM kept)";
  if constexpr (std::is_same_v<Row, IndexRow>) return "t.type# = 4 AND t.bo# IN (SELECT obj# FROM kept)";
  if constexpr (std::is_same_v<Row, IndexColumnRow>)
    return "t.obj# IN (SELECT i.obj# FROM sys.ind$ AS OF SCN &redoubt_scn i\n"
           "   WHERE i.type# = 4 AND i.bo# IN (SELECT obj# FROM kept))";
  return "t.obj# IN (SELECT obj# FROM kept)";
}

std::string array(std::string_view key, const std::string& query) {
  return fmt::format("\nPROMPT ,\"{}\":[\n{};\nPROMPT ]\n", key, with_sets(query));
}

std::string parameter(std::string_view name) {
  return json_text(fmt::format("(SELECT value FROM v$parameter WHERE name = '{}')", name));
}

std::string scalars() {
  const auto property = [](std::string_view name) {
    return json_text(fmt::format("(SELECT property_value FROM database_properties WHERE property_name = '{}')", name));
  };
  const std::pair<std::string_view, std::string> values[] = {
      {"database", json_text("d.name")},
      {"scn", "&redoubt_scn"},
      {"resetlogs", "(SELECT resetlogs_id FROM v$database_incarnation WHERE status = 'CURRENT')"},
      {"activation", "d.activation#"},
      {"time", "0"},
      {"seq", "0"},
      {"offset", "0"},
      {"big-endian", "CASE p.endian_format WHEN 'Big' THEN 1 ELSE 0 END"},
      {"context", json_text("d.name")},
      {"con-id", "&redoubt_con_id"},
      {"con-name", json_text("&redoubt_con_name")},
      {"db-id", "NVL(&redoubt_con_uid, 0)"},
      {"db-timezone", json_text("DBTIMEZONE")},
      {"db-recovery-file-dest", parameter("db_recovery_file_dest")},
      {"db-block-checksum", parameter("db_block_checksum")},
      {"log-archive-dest", parameter("log_archive_dest")},
      {"log-archive-format", parameter("log_archive_format")},
      {"nls-character-set", property("NLS_CHARACTERSET")},
      {"nls-nchar-character-set", property("NLS_NCHAR_CHARACTERSET")},
      {"supp-log-db-primary", "CASE d.supplemental_log_data_pk WHEN 'YES' THEN 1 ELSE 0 END"},
      {"supp-log-db-all", "CASE d.supplemental_log_data_all WHEN 'YES' THEN 1 ELSE 0 END"},
      {"schema-scn", "&redoubt_scn"}};
  std::string text = "SELECT ";
  for (const auto& [key, value] : values)
    text += fmt::format("{}\"{}\":' || {}", &key == &values[0].first ? "'{" : "\n    || ',", key, value);
  return text + "\n  FROM v$database d JOIN v$transportable_platform p ON p.platform_id = d.platform_id;\n";
}

constexpr std::string_view kIncarnations =
    R"sql(SELECT CASE ROWNUM WHEN 1 THEN ' ' ELSE ',' END || '{"incarnation":' || incarnation#
    || ',"resetlogs-scn":' || resetlogs_change# || ',"prior-resetlogs-scn":' || NVL(prior_resetlogs_change#, 0)
    || ',"status":"' || status || '","resetlogs":' || resetlogs_id
    || ',"prior-incarnation":' || NVL(prior_incarnation#, 0) || '}'
  FROM v$database_incarnation)sql";

std::string online_redo() {
  return fmt::format(R"sql(SELECT CASE ROWNUM WHEN 1 THEN ' ' ELSE ',' END || line FROM (
  SELECT '{{"group":' || l.group# || ',"thread":' || l.thread# || ',"path":[' ||
       LISTAGG({}, ',') WITHIN GROUP (ORDER BY f.member) || ']}}' AS line
  FROM v$log l JOIN v$logfile f ON f.group# = l.group# WHERE f.type = 'ONLINE' GROUP BY l.group#, l.thread#))sql",
                     json_text("f.member"));
}

std::string tokens() {
  std::string text(kTokens);
  text +=
      fmt::format("  write_rows('{}', q'!{}!');\n", Layout<TokenSetRow>::kArray, query<TokenSetRow>("xdb$ttset", ""));
  text += "  OPEN suffixes FOR 'SELECT toksuf FROM xdb.xdb$ttset AS OF SCN &redoubt_scn';\n  LOOP\n";
  text += "    FETCH suffixes INTO suffix;\n    EXIT WHEN suffixes%NOTFOUND;\n";
  TokenTables().each_table([&]<class Row>(const RowTable<Row>&) {
    text += fmt::format("    write_rows('{}' || suffix, REPLACE(q'!{}!', '#suffix', suffix));\n", Layout<Row>::kArray,
                        query<Row>(lower(Layout<Row>::kTable) + "#suffix", ""));
  });
  return text + "  END LOOP;\n  CLOSE suffixes;\nEND;\n/\n";
}

}  // namespace

std::string dictionary_script() {
  std::string text(kOpening);
  text += scalars();
  text += array("incarnations", std::string(kIncarnations));
  text += array("online-redo", online_redo());
  text += array("users", fmt::format("SELECT CASE ROWNUM WHEN 1 THEN ' ' ELSE ',' END || {}\n"
                                     "  FROM sys.user$ AS OF SCN &redoubt_scn t\n"
                                     " WHERE t.user# IN (SELECT user# FROM chosen)",
                                     json_text("t.name")));
  DictionaryRows().each_table([&]<class Row>(const RowTable<Row>&) {
    if constexpr (!std::is_same_v<Row, TokenSetRow>)
      text += array(Layout<Row>::kArray, query<Row>(lower(Layout<Row>::kTable), wanted<Row>()));
  });
  text += tokens();
  return text + "PROMPT }\nSPOOL OFF\nROLLBACK;\nEXIT\n";
}

}  // namespace redoubt::oracle
