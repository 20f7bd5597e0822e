// What really happened: a line per committed transaction, in commit order; values as sink/json_writer writes them.
//
//   {"commit_scn":N,"xid":"usn.slt.sqn","thread":T,"ops":[{"op":"c|u|d","owner":..,"table":..,"rowid":..,
//    "before":{..},"after":{..}}]}
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/text_buffer.h"
#include "simulate/table.h"

namespace redoubt::simulate {

// The operations of a transaction that is not yet decided.
class TransactionTruth {
 public:
  void insert(const SimulatedTable& table, const Row& row);
  void remove(const SimulatedTable& table, const Row& row);
  // `shown` (ascending): the columns that redo tells, with their values before and after.
  void update(const SimulatedTable& table, const Row& before, const Row& after,
              const std::vector<std::uint16_t>& shown);

  std::size_t mark() const { return ops_.size(); }
  void undo_to(std::size_t mark) { ops_.resize(mark); }
  const std::vector<std::string>& ops() const { return ops_; }

 private:
  std::vector<std::string> ops_;
};

class TruthWriter {
 public:
  explicit TruthWriter(const std::filesystem::path& path) : file_(path) {}
  void commit(oracle::Scn scn, oracle::Xid xid, std::uint16_t thread, const TransactionTruth& truth);
  void close();

 private:
  OutputFile file_;
  TextBuffer text_;
};

}  // namespace redoubt::simulate
