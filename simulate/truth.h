// What really happened: a line per committed transaction, in the order of (commit SCN, thread of the commit), and its
// operations in the order of their redo (SCN, thread, sub-SCN, RBA); values as sink/json_writer writes them.
//
//   {"commit_scn":N,"xid":"usn.slt.sqn","thread":T,"ops":[{"op":"c|u|d","owner":..,"table":..,"rowid":..,
//    "before":{..},"after":{..}}]}
#pragma once

#include <map>
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
  // SCNs may not go back; threads may, in commits of one SCN.
  void commit(oracle::Scn scn, oracle::Xid xid, std::uint16_t thread, const TransactionTruth& truth);
  void close();

 private:
  void write_present();

  OutputFile file_;
  oracle::Scn scn_ = 0;
  std::map<std::uint16_t, std::string> present_;  // lines of commits with that SCN, by thread
  TextBuffer text_;
};

}  // namespace redoubt::simulate
