// What really happened: a line per committed transaction, in the order of (commit SCN, thread of the commit), and its
// operations in the order of their redo (SCN, thread, sub-SCN, RBA); values as sink/json_writer writes them.
//
//   {"commit_scn":N,"xid":"usn.slt.sqn","thread":T,"ops":[{"op":"c|u|d","owner":..,"table":..,"rowid":..,
//    "before":{..},"after":{..}}]}
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/text_buffer.h"
#include "simulate/table.h"

namespace redoubt::simulate {

// The operations of a transaction that is not yet decided.
class TransactionTruth {
 public:
  TransactionTruth() = default;
  TransactionTruth(TransactionTruth&&) = default;
  ~TransactionTruth();

  // From now on operations are kept in the file, but for the last: the transaction may be of any length. undo_to() does
  // not reach back behind what it has written. The file goes with the transaction.
  void keep_in(const std::filesystem::path& path);
  void insert(const SimulatedTable& table, const Row& row);
  void remove(const SimulatedTable& table, const Row& row);
  // `shown` (ascending): the columns that redo tells, with their values before and after.
  void update(const SimulatedTable& table, const Row& before, const Row& after,
              const std::vector<std::uint16_t>& shown);

  std::size_t mark() const { return ops_.size(); }
  void undo_to(std::size_t mark) { ops_.resize(mark); }
  bool in_file() const { return file_ != nullptr; }
  bool empty() const { return ops_.empty() && !file_; }
  // Calls `use` with pieces of the operations' text, separated by commas; few at a time.
  void read(const std::function<void(std::string_view)>& use) const;

 private:
  void add(std::string op);

  std::vector<std::string> ops_;
  std::size_t ops_bytes_ = 0;  // since the last write to the file
  std::filesystem::path path_;
  std::unique_ptr<OutputFile> file_;  // once something is in it
};

class TruthWriter {
 public:
  explicit TruthWriter(const std::filesystem::path& path) : file_(path) {}
  // SCNs may not go back; threads may, in commits of one SCN, but for a transaction kept in a file.
  void commit(oracle::Scn scn, oracle::Xid xid, std::uint16_t thread, const TransactionTruth& truth);
  void close();

 private:
  void write_present();
  void write_when(std::size_t size);

  OutputFile file_;
  oracle::Scn scn_ = 0;
  std::map<std::uint16_t, std::string> present_;  // lines of commits with that SCN, by thread; of files none
  TextBuffer text_;
};

}  // namespace redoubt::simulate
