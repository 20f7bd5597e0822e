// The dictionary checkpoint: one JSON object that says where capture stands and what the dictionary was at that SCN
// (the file of OpenLogReplicator, which this program reads and writes alike).
//
//   {"database":"TEST","scn":2266634,"resetlogs":..., scalars
//    "incarnations":[...],"online-redo":[...],"users":["OLR_TEST"],
//    "schema-scn":2266634,
//    "sys-ccol":[{"row-id":"AAAAAdAAAAAAHQXAAQ","con":8586,...},...], one array per table of oracle/dictionary_layout.h
//    "xdb-xnmSUFFIX":[...],"xdb-xptSUFFIX":[...],"xdb-xqnSUFFIX":[...]} three arrays per token set
//
// Numbers of 128 bits are [low, high]. Unknown keys are ignored, absent arrays are empty.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oracle/dictionary.h"
#include "oracle/dictionary_rows.h"
#include "oracle/position.h"

namespace redoubt::oracle {

struct Incarnation {
  std::uint32_t incarnation = 0;
  Scn resetlogs_scn = 0;
  Scn prior_resetlogs_scn = 0;
  std::string status;  // PARENT, CURRENT, ORPHAN
  std::uint32_t resetlogs = 0;
  std::uint32_t prior_incarnation = 0;
  bool operator==(const Incarnation&) const = default;
};

struct OnlineRedoGroup {
  std::uint32_t group = 0;
  std::optional<std::uint32_t> thread;
  std::vector<std::string> members;
  bool operator==(const OnlineRedoGroup&) const = default;
};

// Where to go on reading a thread. `offset` is in bytes, a multiple of 512; 0, 0 = find by SCN.
struct ThreadPosition {
  std::uint32_t thread = 0;
  std::uint32_t sequence = 0;
  std::uint64_t offset = 0;
  std::optional<Scn> lwn_scn;
  bool operator==(const ThreadPosition&) const = default;
};

// The begin of the oldest open transaction: the place to go on reading from, if there is one.
struct OldestTransaction {
  std::optional<std::uint32_t> thread;
  std::uint32_t sequence = 0;
  std::uint64_t offset = 0;
  Xid xid;
  bool operator==(const OldestTransaction&) const = default;
};

struct LoadedDictionary {
  DictionaryRows rows;
  DatabaseFacts facts;

  Scn scn = 0;         // everything committed at or below is done
  Scn schema_scn = 0;  // of the rows
  std::uint64_t time = 0;
  std::uint32_t sequence = 0;
  std::uint64_t offset = 0;
  std::optional<OldestTransaction> oldest;
  std::vector<ThreadPosition> threads;
  std::string recovery_file_dest;
  std::string log_archive_dest;
  std::string log_archive_format;
  std::string block_checksum;
  std::vector<Incarnation> incarnations;
  std::vector<OnlineRedoGroup> online_redo;
  std::vector<std::string> users;  // schemas whose dictionary was loaded
};

// Reads a checkpoint file. A file with schema-ref-scn takes its rows from the file <database>-chkpt-<that SCN>.json
// beside it. Throws Error(kUnknown) that names file, key and row when the file does not follow the layout or its rows
// contradict each other: a row of a table, column, constraint or LOB without its object, stored columns not numbered
// 1..n, a ROWID twice in one array, a reference to a file of another database or incarnation.
LoadedDictionary load_dictionary_json(const std::filesystem::path& path);

// The same from memory; `place` names it in errors. schema-ref-scn cannot be followed here and is an error.
LoadedDictionary parse_dictionary_json(std::string_view text, std::string_view place);

// What load_dictionary_json() reads; rows in ROWID order, one to a line.
std::string dictionary_json(const LoadedDictionary& dictionary);

}  // namespace redoubt::oracle
