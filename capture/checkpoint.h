// A checkpoint: everything that a later run needs to go on, as one JSON document. The ledger keeps it and guards it
// with a checksum.
//
//   {"format":3,"database":{"name":"ORCL","dbid":1497016494},"incarnation":{"resetlogs_id":...,"resetlogs_scn":...},
//    "released":{"scn":...,"thread":1,"sub_scn":1,"rba":[812,4410,16]},"index":{"scn":...,"next":7},
//    "watermark":...,"low_scn":...,"time":"2026-03-01T09:29:38Z",
//    "threads":{"1":{"status":"reading","seq":812,"block":4410,"low":{"seq":811,"block":77120,"xid":"2.18.754"},
//                    "bound":...,"released":{...},"block_size":512},...},
//    "saved":[{"con":3,"xid":"2.18.754","scn":...,"file":"3-2.18.754-1.spill","length":...,"checksum":...,
//              "starts":{"1":[811,77120]}}],
//    "dictionary":{"scn":...,"files":["dictionary-3764000-3.json"],"changes":"dictionary-changes-3764100-2.json"},
//    "key_proofs":[[3,72001,8]],
//    "sink":{"kind":"file","path":"rows.jsonl","length":...,"tail":...},"filter":"APP\\..*"}
//
// Every thread's position is in it, or the document is refused: positions of threads mean nothing alone.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "capture/restart.h"
#include "oracle/dictionary_json.h"

namespace redoubt::capture {

struct Checkpoint {
  std::string database;
  std::uint32_t dbid = 0;
  std::uint32_t resetlogs = 0;
  Scn resetlogs_scn = 0;
  RestartPoint point;

  struct Reading {
    std::string status;
    Rba next;  // the group that would be read next; sequence 0: to be found by SCN
    std::uint32_t block_size = 0;
  };
  std::map<std::uint16_t, Reading> reading;  // of the threads of `point`

  Scn dictionary_scn = 0;
  std::vector<std::string> dictionary_files;  // in the state directory; none: those that the run was started with
  std::string dictionary_changes;             // what has changed since, dictionary_change.h; a file there too, or none

  std::string sink_kind, sink_path;
  std::uint64_t sink_length = 0;
  std::uint32_t sink_tail = 0;
  std::string filter;
  std::string time;  // UTC, ISO 8601; set by to_json()

  // The lowest sequence of each thread that a restart from here would read.
  std::map<std::uint16_t, std::uint32_t> floor() const;
};

std::string to_json(const Checkpoint& checkpoint);
// Throws Error(kUnknown), naming `place`, when the document is not whole.
Checkpoint checkpoint_from_json(std::string_view text, std::string_view place);

// The position in a checkpoint file of OpenLogReplicator or of its fork for RAC. A thread that the file does not know,
// or knows with sequence 0, is to be found by SCN. Files know byte offsets of logs with blocks of `block_size`.
Checkpoint import_position(const oracle::LoadedDictionary& file, std::uint32_t block_size);

}  // namespace redoubt::capture
