// Record sets: real redo records, or facts about them, with what others found in them, as JSON files. Each case is
// decoded by the code that captures and compared with everything the case states. Three layouts, told by `format`:
//
//   redo-records/1   cases of records as hex, with expected, logminer and derived results; also cases of single values
//                    and of LogMiner rows alone
//   redo-dumps/1     bytes of single structures; lengths that a dump printed
//   redo-block/1     one block, in block2.bin beside the file
//
// How a set of records is run: its records are sorted as a log's are, a commit at the case's commit SCN is put behind
// them, and the core takes them as one group without dictionary.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "capture/fact_check.h"

namespace redoubt::capture {

struct CaseResult {
  std::string file;
  std::string name;
  FactCheck check;

  bool agrees() const { return check.differences().empty(); }
};

// The record sets at `path`, a file or a folder that is searched with those in it. Files of a folder that are no sets
// are passed over; a file named itself, or a folder without any, is Error(kUsage).
std::vector<std::filesystem::path> find_record_sets(const std::filesystem::path& path);

// All cases of a set. Error(kOperation) when the file cannot be read or does not follow its layout; redo that cannot be
// decoded is a difference of its case.
std::vector<CaseResult> check_record_set(const std::filesystem::path& file);

// The kinds of cases, each in the file of its name. `set` is the whole file.
void check_records(const Json& test, FactCheck& check);                           // record_cases.cc
void check_logminer_rows(const Json& test, FactCheck& check);                     // logminer_cases.cc
void check_changed_columns(const Json& test, FactCheck& check);                   // logminer_cases.cc
void check_value(const Json& test, FactCheck& check);                             // value_cases.cc
void check_encrypted_value(const Json& set, const Json& test, FactCheck& check);  // value_cases.cc
void check_dump(const Json& test, FactCheck& check);                              // dump_cases.cc
void check_block(const Json& set, const std::string& bytes, FactCheck& check);    // dump_cases.cc

}  // namespace redoubt::capture
