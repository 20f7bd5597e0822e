// A whole simulated run: a schema, a workload of interleaved transactions, its redo logs, the dictionary and the truth.
//
//   DIR/arch<thread>_<sequence>_<resetlogs>.dbf   redo logs in Oracle's format
//   DIR/schema.json                               the dictionary when the first log begins
//   DIR/schema_4.json, DIR/truth_4.jsonl ...            the same of further containers
//   DIR/truth.jsonl                               what was committed (truth.h)
//   DIR/online/, DIR/archive/                            instead of the logs: --live (live.h)
//   DIR/keys.json                                 the keys of encrypted columns of all containers (oracle/tde_keys.h)
//
// A pure function of the options: the same options give the same bytes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "redo/format.h"

namespace redoubt::simulate {

struct Options {
  std::filesystem::path directory;
  std::uint64_t seed = 1;
  std::uint16_t threads = 1;
  std::uint64_t transactions = 100;
  bool live = false;  // the logs are played (live.h) when they are complete
  double pace = 0;    // of LiveOptions
  double archive_delay_seconds = 1;
  std::uint64_t log_size = 0;      // a thread switches logs behind it; 0: by the workload
  std::uint64_t size = 0;          // bytes of redo; 0: as many as the transactions need, else transactions do not count
  std::vector<std::string> types;  // names of column_kinds(); empty = all
  std::vector<std::string> operations;  // names of operation_names(); empty = all
  std::vector<std::string> cluster;     // names of cluster_event_names(); empty = none
  std::string workload = "mixed";       // mixed, small, wide, open, long
  std::uint32_t statements = 0;         // of a transaction; 0: as many as the workload likes
  std::uint32_t open = 0;               // transactions at once; 0: likewise
  redo::Version version = 0x17060000;
  std::uint32_t block_size = 512;
  bool big_endian = false;
  std::uint32_t tables = 3;
  std::uint16_t containers = 1;  // pluggable databases of one shape, with equal object numbers
  std::string charset = "AL32UTF8";
};

struct Summary {
  std::uint64_t transactions = 0;  // committed, with rows
  std::uint64_t rolled_back = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

// What --operations may name.
const std::vector<std::string>& operation_names();

// Is the operation among those that the options ask for?
bool chosen(const Options& options, std::string_view operation);

// Throws Error(kUsage) for an unknown name, Error(kOperation) when the directory cannot be written.
Summary simulate(const Options& options);

}  // namespace redoubt::simulate
