// What a committed transaction did to the tables of the dictionary: enough to do it again in a later run, which then
// need not read its redo again.
//
//   [{"scn":3764000,"rows":[{"con":3,"table":"SYS.OBJ$","op":"i","rowid":"AAAAASAABAAAF4yAAB",
//                            "values":{"OBJ#":72001,"NAME":"ORDERS","DATAOBJ#":null,"FLAGS":[0,1]}}]},...]
//
// Numbers that need more than 64 bits are [low, high]; RAW and BLOB bytes are hex text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "oracle/dictionary_rows.h"

namespace redoubt::capture {

struct DictionaryChange {
  using Value = std::variant<std::monostate, oracle::Int128, std::string>;  // nothing = NULL
  struct Row {
    std::uint16_t con_id = 0;
    std::string owner, table;
    oracle::RowOp op = oracle::RowOp::kInsert;
    oracle::RowId id;
    std::vector<std::pair<std::string, Value>> values;
    bool operator==(const Row&) const = default;
  };
  oracle::Scn commit_scn = 0;
  std::vector<Row> rows;
  bool operator==(const DictionaryChange&) const = default;
};

std::string to_json(const std::vector<DictionaryChange>& changes);
// Throws Error(kUnknown), naming `place`, when the text is not what to_json() gave.
std::vector<DictionaryChange> dictionary_changes_from_json(std::string_view text, std::string_view place);

}  // namespace redoubt::capture
