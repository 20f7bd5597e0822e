#include <fmt/format.h>

#include "sink/logminer_check.h"

namespace redoubt::sink {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

// A thousand columns of 32767 bytes fit nothing but CLOBs: the query, its items, and the row that is printed. SQL*Plus
// has shorter lines, so a row goes out in pieces; each but the last ends with kLogminerGoesOn.
constexpr char kQueries[] = R"sql(
DECLARE
  group_size CONSTANT PLS_INTEGER := 10;    -- columns in one item of the query, which may have 1000 items
  piece_size CONSTANT PLS_INTEGER := 8000;  -- characters in one line of output, which may have 32767 bytes
  query_text   CLOB;
  item         CLOB;
  members      CLOB;
  row_text     CLOB;
  cursor_id    INTEGER;
  executed     INTEGER;
  column_count PLS_INTEGER;
  group_count  PLS_INTEGER;

  FUNCTION literal(text VARCHAR2) RETURN VARCHAR2 IS
  BEGIN
    RETURN '''' || REPLACE(text, '''', '''''') || '''';
  END;

  -- SQL that gives "COLUMN":"value", as a CLOB, or nothing where LogMiner has no value. Line ends become blanks.
  FUNCTION json_member(side PLS_INTEGER, table_name VARCHAR2, column_name VARCHAR2) RETURN VARCHAR2 IS
    arguments VARCHAR2(4000);
    mined     VARCHAR2(8000);
    text      VARCHAR2(16000);
  BEGIN
    arguments := '(' || CASE side WHEN 1 THEN 'undo_value' ELSE 'redo_value' END || ', '
      || literal(table_name || '.' || column_name) || ')';
    mined := 'DBMS_LOGMNR.MINE_VALUE' || arguments;
    text := 'REPLACE(TO_CLOB(' || mined || '), ''\'', ''\\'')';
    text := 'REPLACE(REPLACE(' || text || ', ''"'', ''\"''), CHR(9), ''\t'')';
    text := 'REPLACE(REPLACE(' || text || ', CHR(13) || CHR(10), '' ''), CHR(10), '' '')';
    RETURN 'CASE WHEN operation <> ''' || CASE side WHEN 1 THEN 'INSERT' ELSE 'DELETE' END
      || ''' AND DBMS_LOGMNR.COLUMN_PRESENT' || arguments || ' = 1 THEN TO_CLOB(' || literal('"' || column_name || '":')
      || ') || CASE WHEN ' || mined || ' IS NULL THEN TO_CLOB(''null,'') ELSE TO_CLOB(''"'') || ' || text
      || ' || ''",'' END END';
  END;

  PROCEDURE print(text CLOB) IS
    position  INTEGER := 1;
    length_of INTEGER := DBMS_LOB.GETLENGTH(text);
  BEGIN
    WHILE position <= length_of LOOP
      DBMS_OUTPUT.PUT_LINE(DBMS_LOB.SUBSTR(text, piece_size, position)
        || CASE WHEN position + piece_size <= length_of THEN '~' END);
      position := position + piece_size;
    END LOOP;
  END;
BEGIN
  DBMS_OUTPUT.ENABLE(NULL);
  FOR t IN (SELECT DISTINCT seg_owner, table_name FROM v$logmnr_contents
             WHERE operation IN ('INSERT', 'UPDATE', 'DELETE') AND seg_owner NOT IN ('SYS', 'UNKNOWN')
               AND table_name NOT LIKE 'OBJ#%' AND rollback = 0) LOOP
    -- The first item names the row; the next ones have its columns before the change, the others those behind it.
    query_text := 'SELECT TO_CLOB(''{"op":"'' || operation || ''","owner":"'' || seg_owner || ''","table":"'''
      || ' || table_name || ''","scn":"'' || scn || ''","xid":"'' || RAWTOHEX(xid) || ''"'')';
    FOR side IN 1 .. 2 LOOP
      column_count := 0;
      FOR k IN (SELECT column_name FROM all_tab_columns WHERE owner = t.seg_owner AND table_name = t.table_name
                   AND data_type NOT IN ('CLOB', 'NCLOB', 'BLOB', 'LONG', 'LONG RAW', 'XMLTYPE', 'JSON', 'VECTOR')
                 ORDER BY column_id) LOOP
        IF MOD(column_count, group_size) = 0 THEN
          query_text := query_text || ', TO_CLOB('''')';
        END IF;
        query_text := query_text || CHR(10) || ' || '
          || json_member(side, t.seg_owner || '.' || t.table_name, k.column_name);
        column_count := column_count + 1;
      END LOOP;
    END LOOP;
    group_count := CEIL(column_count / group_size);
    query_text := query_text || CHR(10) || ' FROM v$logmnr_contents'
      || ' WHERE operation IN (''INSERT'', ''UPDATE'', ''DELETE'') AND rollback = 0'
      || ' AND seg_owner = ' || literal(t.seg_owner) || ' AND table_name = ' || literal(t.table_name)
      || ' ORDER BY scn, rs_id, ssn';

    cursor_id := DBMS_SQL.OPEN_CURSOR;
    DBMS_SQL.PARSE(cursor_id, query_text, DBMS_SQL.NATIVE);
    FOR i IN 1 .. 1 + 2 * group_count LOOP
      DBMS_SQL.DEFINE_COLUMN(cursor_id, i, item);
    END LOOP;
    executed := DBMS_SQL.EXECUTE(cursor_id);
    WHILE DBMS_SQL.FETCH_ROWS(cursor_id) > 0 LOOP
      DBMS_SQL.COLUMN_VALUE(cursor_id, 1, row_text);
      FOR side IN 1 .. 2 LOOP
        members := NULL;
        FOR i IN 1 .. group_count LOOP
          DBMS_SQL.COLUMN_VALUE(cursor_id, 1 + (side - 1) * group_count + i, item);
          members := members || item;
        END LOOP;
        row_text := row_text || CASE side WHEN 1 THEN ',"before":{' ELSE ',"after":{' END || RTRIM(members, ',') || '}';
      END LOOP;
      print(row_text || '}');
    END LOOP;
    DBMS_SQL.CLOSE_CURSOR(cursor_id);
  END LOOP;
END;
/
)sql";
static_assert(std::string_view(kQueries).find("THEN '~' END") != std::string_view::npos && kLogminerGoesOn == '~');

}  // namespace

std::string logminer_script(const std::vector<std::string>& logs, oracle::Scn from_scn, oracle::Scn to_scn) {
  std::string script =
      "-- What LogMiner sees in these logs, as JSON lines for: redoubt capture --check-logminer FILE\n"
      "-- Run in the container of the tables, as a user with EXECUTE_CATALOG_ROLE and LOGMINING:\n"
      "--   sqlplus -s user@service @script.sql > logminer.jsonl\n"
      "SET SERVEROUTPUT ON SIZE UNLIMITED FORMAT WRAPPED\n"
      "SET LINESIZE 32767 TRIMSPOOL ON TRIMOUT ON FEEDBACK OFF HEADING OFF PAGESIZE 0 VERIFY OFF\n"
      "WHENEVER SQLERROR EXIT FAILURE\n";
  bool first = true;
  for (const std::string& log : logs) {
    script += fmt::format("EXEC DBMS_LOGMNR.ADD_LOGFILE(LOGFILENAME => {}, OPTIONS => DBMS_LOGMNR.{})\n", quoted(log),
                          first ? "NEW" : "ADDFILE");
    first = false;
  }
  std::string range;
  if (from_scn != 0) range += fmt::format("STARTSCN => {}, ", from_scn);
  if (to_scn != oracle::kNoScn) range += fmt::format("ENDSCN => {}, ", to_scn);
  script += fmt::format(
      "EXEC DBMS_LOGMNR.START_LOGMNR({}OPTIONS => DBMS_LOGMNR.DICT_FROM_ONLINE_CATALOG + "
      "DBMS_LOGMNR.COMMITTED_DATA_ONLY)\n",
      range);
  return script + (kQueries + 1) + "EXEC DBMS_LOGMNR.END_LOGMNR\nEXIT\n";
}

}  // namespace redoubt::sink
