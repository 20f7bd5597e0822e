// Compares captured rows with what LogMiner reported: JSON lines, one object per change,
//
//   {"op":"INSERT","owner":"OLR_TEST","table":"TEST_CDC","scn":"2267707","xid":"0A000C003C020000",
//    "after":{"ID":"1","NAME":"hello world"},"before":{...}}
//
// A long object may take several lines; each but the last ends with kLogminerGoesOn, which is no part of it.
//
// Values are LogMiner's session text: numbers without leading zero, dates as DD-MON-RR, RAW as hex, line ends flattened
// to blanks. Rows are matched by transaction, table and operation, in order. LogMiner lists the changed columns of an
// update in `after`, all logged ones in `before`; what it cannot show (LOB columns) is not compared.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "change/row_change.h"

namespace redoubt::sink {

inline constexpr char kLogminerGoesOn = '~';

class LogminerCheck {
 public:
  // `lines` is the content of the file named `place`. Throws Error(kOperation) on another layout, naming the line.
  LogminerCheck(std::string_view lines, std::string_view place, const oracle::DatabaseFacts& facts);

  // Compares the rows of the batch; each takes the next LogMiner row of its transaction, table and operation.
  void compare(const change::Batch& batch);

  struct Result {
    std::size_t rows = 0;   // LogMiner's
    std::size_t agree = 0;  // of them
    std::vector<std::string> differences;
    bool equal() const { return rows == agree && differences.empty(); }
  };
  // Call once, at the end: rows that were not met are differences.
  Result finish();

 private:
  using Columns = std::map<std::string, std::string>;  // null as kNull
  struct Row {
    std::size_t line = 0;
    Columns before;
    Columns after;
  };

  std::string first_difference(const change::Batch& batch, const change::RowChange& row, const Row& theirs) const;
  std::string cell_text(const oracle::Table& table, const change::Cell& cell) const;

  oracle::DatabaseFacts facts_;
  std::string place_;
  std::map<std::string, std::deque<Row>> rows_;  // by "xid op owner.table"
  Result result_;
};

// The SQL*Plus script that makes such a file for the given logs and SCN range, run on the source as a user who may use
// DBMS_LOGMNR. `to_scn` kNoScn: to the end of the logs.
std::string logminer_script(const std::vector<std::string>& logs, oracle::Scn from_scn, oracle::Scn to_scn);

// Whether LogMiner's text means the same value as ours (the JSON text of sink/json_writer without quotes).
bool same_value(oracle::TypeCode type, std::string_view ours, std::string_view theirs);

}  // namespace redoubt::sink
