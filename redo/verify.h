// Says what of a redo log does not follow its format. Rules, each named in its findings (format.md 10, end):
//
//   file-header  redo-header  description        blocks 0 and 1, among themselves and with the file's size
//   checksum  block-header  first-record         every block
//   lwn-chain  lwn-parts  lwn-flag  lwn-scn  lwn-fill      every group
//   record-length  record-order  sub-scn  vld              every record
//   vector  vector-header  vector-scn  class  lengths      every change vector
//   begin  undo  pairing  row  supplemental  rollback  end   what vectors of one transaction say about each other
//   log-set                                      the logs of one thread among themselves
//
// Behind damage it goes on with the next sound group. What real logs do is no fault, also where an encoder must do
// better: unused bytes are never looked at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "redo/log_reader.h"
#include "redo/vector_fields.h"
#include "redo/verify_transactions.h"

namespace redoubt::redo {

struct Finding {
  std::filesystem::path path;
  std::uint16_t thread = 0;
  Rba rba;
  std::string rule;
  std::string text;
};

class LogVerifier {
 public:
  struct Counts {
    std::uint64_t logs = 0, blocks = 0, groups = 0, records = 0, vectors = 0, findings = 0;
  };
  struct Options {
    bool checksums = true;                          // off for databases with DB_BLOCK_CHECKSUM = OFF
    std::function<void(const Finding&)> found;      // called for every finding
    std::function<void(std::uint64_t)> read_bytes;  // called now and then with the bytes of this log done so far
  };

  explicit LogVerifier(Options options) : options_(std::move(options)), transactions_(*this) {}

  // Verifies one log. Logs of one thread come in sequence order: a transaction may begin in one and end in the next.
  // Throws Error(kOperation) when the file cannot be read or is no redo log; damaged headers are findings.
  void verify(const std::filesystem::path& path);

  const Counts& counts() const { return counts_; }

  // For TransactionVerifier: a finding about the record at `rba` of the log in work.
  void report(Rba rba, const char* rule, std::string text);

 private:
  void check_headers(LogReader& reader, std::uint64_t file_size);
  void check_set(const RedoHeader& header);
  bool check_blocks(const InputFile& file, const LogReader& reader, std::uint32_t first, std::uint32_t count);
  void check_group(const LogReader& reader, const Group& group);
  void check_lwn(const LogReader& reader, const Group& group, std::vector<std::uint32_t>& part_starts);
  void check_layout(const LogReader& reader, const Group& group, const std::vector<std::uint32_t>& part_starts);
  void check_record(const LogReader& reader, const Group& group, const Record& record);
  void check_vector(const Record& record, const Vector& v, const std::vector<Field>& fields);

  Options options_;
  Counts counts_;
  TransactionVerifier transactions_;

  std::filesystem::path path_;
  std::uint16_t thread_ = 0;
  Scn end_before_ = 0;  // end SCN of the group before; 0: none, or damage lies between
  bool whole_ = true;   // no damage passed over in this log
  std::uint32_t largest_lwn_ = 0;
  std::vector<std::uint8_t> blocks_;  // of the group in work, as they lie in the file
  std::vector<Vector> vectors_;
  std::vector<std::vector<Field>> fields_;
  bool has_before_ = false;
  RedoHeader before_;  // of the log before
};

}  // namespace redoubt::redo
