#include <fmt/format.h>

#include "sink/logminer_check.h"

namespace redoubt::sink {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

// One query per table, with MINE_VALUE of every column from the redo and the undo of the row.
constexpr char kQueries[] = R"sql(
DECLARE
  q VARCHAR2(32767);
  c SYS_REFCURSOR;
  line VARCHAR2(32767);
BEGIN
  DBMS_OUTPUT.ENABLE(NULL);
  FOR t IN (SELECT DISTINCT seg_owner, table_name FROM v$logmnr_contents
             WHERE operation IN ('INSERT', 'UPDATE', 'DELETE') AND seg_owner NOT IN ('SYS', 'UNKNOWN')
               AND table_name NOT LIKE 'OBJ#%' AND rollback = 0) LOOP
    q := 'SELECT ''{"op":"'' || operation || ''","owner":"'' || seg_owner || ''","table":"'' || table_name ||'
      || ' ''","scn":"'' || scn || ''","xid":"'' || RAWTOHEX(xid) || ''","before":{'' ||'
      || ' CASE WHEN operation <> ''INSERT'' THEN RTRIM(';
    FOR side IN 1 .. 2 LOOP
      FOR k IN (SELECT column_name FROM all_tab_columns WHERE owner = t.seg_owner AND table_name = t.table_name
                   AND data_type NOT IN ('CLOB', 'NCLOB', 'BLOB', 'LONG', 'LONG RAW', 'XMLTYPE', 'JSON', 'VECTOR')
                 ORDER BY column_id) LOOP
        q := q || 'CASE WHEN DBMS_LOGMNR.COLUMN_PRESENT(' || CASE side WHEN 1 THEN 'undo_value' ELSE 'redo_value' END
          || ',''' || t.seg_owner || '.' || t.table_name || '.' || k.column_name || ''') = 1 THEN ''"' || k.column_name
          || '":'' || NVL2(DBMS_LOGMNR.MINE_VALUE(' || CASE side WHEN 1 THEN 'undo_value' ELSE 'redo_value' END
          || ',''' || t.seg_owner || '.' || t.table_name || '.' || k.column_name || '''), ''"'' || REPLACE(REPLACE(REPLACE('
          || 'REPLACE(DBMS_LOGMNR.MINE_VALUE(' || CASE side WHEN 1 THEN 'undo_value' ELSE 'redo_value' END
          || ',''' || t.seg_owner || '.' || t.table_name || '.' || k.column_name
          || '''), ''\'', ''\\''), ''"'', ''\"''), CHR(13) || CHR(10), '' ''), CHR(10), '' '') || ''"'', ''null'') || '','' END || ';
      END LOOP;
      q := q || ''''', '','') END || ''}'
        || CASE side WHEN 1 THEN ',"after":{'' || CASE WHEN operation <> ''DELETE'' THEN RTRIM(' ELSE '}''' END;
    END LOOP;
    q := q || ' FROM v$logmnr_contents WHERE operation IN (''INSERT'', ''UPDATE'', ''DELETE'') AND rollback = 0'
      || ' AND seg_owner = ''' || t.seg_owner || ''' AND table_name = ''' || t.table_name || ''' ORDER BY scn, rs_id, ssn';
    OPEN c FOR q;
    LOOP
      FETCH c INTO line;
      EXIT WHEN c%NOTFOUND;
      DBMS_OUTPUT.PUT_LINE(line);
    END LOOP;
    CLOSE c;
  END LOOP;
END;
/
)sql";

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
