// Runs redo records through the core and keeps what came out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "capture/core.h"

namespace redoubt::capture {

class CaseRunner {
 public:
  CaseRunner(redo::Version version, ByteOrder order) : version_(version), order_(order) {}

  redo::Version version() const { return version_; }
  ByteOrder order() const { return order_; }

  // Adds a record, copied. Throws Malformed when its header is impossible.
  redo::Record add(Bytes bytes, Rba rba);
  // Sorts the records as LogReader does, puts the end of `xid` behind them and takes them all. Once.
  void commit(oracle::Xid xid, std::uint16_t con_id, Scn scn);

  // Of the committed transaction, in order.
  const std::vector<change::RowChange>& rows() const { return batch_.rows; }
  std::span<const change::Cell> before(const change::RowChange& row) const {
    return std::span(batch_.cells).subspan(row.first_cell, row.before_count);
  }
  std::span<const change::Cell> after(const change::RowChange& row) const {
    return std::span(batch_.cells).subspan(row.first_cell + row.before_count, row.after_count);
  }
  std::size_t transactions() const { return batch_.transactions.size(); }
  std::size_t open() const { return open_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // Rollback record -> the record of the change it took back.
  const std::map<Rba, Rba>& taken_back() const { return taken_back_; }

 private:
  redo::Version version_;
  ByteOrder order_;
  std::vector<std::unique_ptr<ByteString>> bytes_;
  redo::Group group_;
  change::Batch batch_;
  std::size_t open_ = 0;
  std::vector<std::string> warnings_;
  std::map<Rba, Rba> taken_back_;
};

}  // namespace redoubt::capture
