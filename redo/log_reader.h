// Reads one redo log file as LWN groups, the unit LGWR writes and the unit of consistency.
//
//   part  = N blocks that begin with a record whose VLD has 0x04; @28 of it says N
//   group = NST parts (@26) with LEN blocks in all (@32); complete when the last block of the last part has been read
//
// A group's records come sorted by (SCN, sub-SCN, block, offset), their bytes in one piece. Memory: one read buffer of
// kReadSize, and the largest group's payload.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "redo/header.h"
#include "redo/record.h"

namespace redoubt::redo {

// Valid until the next call of next_group().
struct Group {
  std::uint16_t thread = 0;
  ByteOrder order = ByteOrder::kLittle;
  Version version = 0;
  std::string file;        // the log's path, for messages
  Rba start;               // of the first part's first block: where a restart would begin
  Scn scn = 0;             // no record has a lower SCN
  Scn end_scn = kNoScn;    // greater than every record's SCN
  std::uint32_t time = 0;  // redo_time of the first part
  std::uint16_t parts = 0;
  std::uint32_t blocks = 0;
  std::vector<Record> records;
};

// Redo that does not follow its format. The place names file and RBA; `rba` is where the damage was met, `next_block`
// the first block behind it where a group may begin.
class CorruptRedo : public Error {
 public:
  CorruptRedo(const std::filesystem::path& path, Rba rba, std::string_view what, std::uint32_t next_block);
  Rba rba() const { return rba_; }
  std::uint32_t next_block() const { return next_block_; }
  // What is wrong, without place and advice.
  const std::string& reason() const { return reason_; }

 private:
  Rba rba_;
  std::string reason_;
  std::uint32_t next_block_;
};

// A file that does not begin as a redo log does: another kind of file, or nothing of one.
class NoRedoLog : public Error {
 public:
  NoRedoLog(const std::filesystem::path& path, std::string_view why);
};

// What the two header blocks of a file say. Throws NoRedoLog, or CorruptRedo when the header of a log is damaged.
struct LogHeaders {
  FileHeader file;
  RedoHeader redo;
  ByteOrder order = ByteOrder::kLittle;
};
LogHeaders read_headers(const InputFile& file, bool verify_checksums = true);

class LogReader {
 public:
  static constexpr std::size_t kReadSize = 1 << 18;
  // Behind the last group of a log that is being written there is little, or nothing yet.
  static constexpr std::size_t kTipReadSize = 1 << 14;

  struct Options {
    bool checksums = true;  // off for databases with DB_BLOCK_CHECKSUM = OFF
  };

  explicit LogReader(const std::filesystem::path& path) : LogReader(path, Options{}) {}
  LogReader(const std::filesystem::path& path, Options options);

  const std::filesystem::path& path() const { return file_.path(); }
  const RedoHeader& header() const { return headers_.redo; }
  const FileHeader& file_header() const { return headers_.file; }
  ByteOrder order() const { return headers_.order; }
  std::uint32_t block_size() const { return headers_.file.block_size; }
  std::uint32_t vector_header_size() const { return redo::vector_header_size(header().version); }
  // First block that next_group() will read, and how many blocks hold data as far as is known.
  std::uint32_t next_block() const { return next_block_; }
  std::uint32_t end_block() const { return end_block_; }

  // The next complete group, or null at the end of the data. Throws CorruptRedo; reading may go on behind it with
  // resync().
  const Group* next_group();

  // Reading goes on at this block, where a group must begin.
  void seek(std::uint32_t block) { next_block_ = block; }

  // Of an online log that may have grown, been closed, or been used again for another sequence since.
  enum class Now { kOpen, kClosed, kReused };
  // Looks at the headers again, and forgets what was read ahead. A header that is just being written changes nothing.
  Now refresh();
  // After next_group() gave nothing: no record that is still to come from this log has a lower SCN. That of the group
  // which is being written, once the headers of all its parts are there; else of what has been read.
  Scn bound() const { return bound_; }

  // After CorruptRedo: moves to the next block at or behind `block` that begins an LWN group with a sound header.
  // False when there is none.
  bool resync(std::uint32_t block);

  // At the end of the data: whether the log was closed there (next SCN known and every block up to nab read).
  bool ended_cleanly() const { return !header().open() && next_block_ >= header().nab; }

 private:
  struct Part {
    std::uint32_t first_block = 0;
    std::size_t payload = 0;  // offset of its stream in payload_
    std::uint32_t blocks = 0;
  };

  // The block as it lies in the file, valid until the next call; null behind the end of the file.
  const std::uint8_t* block(std::uint32_t number);
  enum class BlockState { kGood, kEnd, kCorrupt };
  // `why` is only set when it is not good.
  BlockState check(const std::uint8_t* block, std::uint32_t number, std::string& why) const;
  bool read_part(Part& part, LwnHeader& lwn);
  void cut_records(const Part& part);
  Rba rba(std::uint32_t block, std::uint32_t offset = kBlockHeaderSize) const {
    return {header().block.sequence, block, static_cast<std::uint16_t>(offset)};
  }
  [[noreturn]] void corrupt(std::uint32_t block, std::uint32_t offset, std::string_view what) const;

  InputFile file_;
  Options options_;
  LogHeaders headers_;
  std::uint32_t next_block_ = kFirstDataBlock;
  std::uint32_t end_block_ = kFirstDataBlock;

  std::unique_ptr<std::uint8_t[]> raw_;
  std::uint64_t raw_offset_ = 0;  // file offset of raw_[0]
  std::size_t raw_size_ = 0;
  std::size_t read_size_ = kReadSize;  // of the next read

  Scn bound_ = 0;

  std::vector<Part> parts_;  // of the group in work
  std::vector<std::uint8_t> payload_;
  Group group_;
};

}  // namespace redoubt::redo
