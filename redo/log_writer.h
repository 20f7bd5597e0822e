// Writes a redo log file group by group, as LGWR would: the inverse of LogReader. Rules: format.md 10.
//
//   LogWriter log(path, header, ByteOrder::kLittle);
//   log.begin_part();  log.add(record); ...   // records of one strand, in order
//   log.write_group(time);                    // one part: NST 1; begin_part() again before: NST 2 ...
//   log.close(next_scn, next_time);
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/file.h"
#include "redo/header.h"
#include "redo/record.h"

namespace redoubt::redo {

class LogWriter {
 public:
  // `header` says version, database, thread, sequence (in its block header), block size, first SCN and times; nab, next
  // SCN, largest LWN, description and checksums are filled in here. Until close() the log is a current one on disk.
  LogWriter(const std::filesystem::path& path, const RedoHeader& header, ByteOrder order);

  // Starts a part of the group in work.
  void begin_part();
  // Appends a record to the part; the first gets the LWN header, unless it has one, whose unused bytes then stay. The
  // others have the ordinary 24-byte header. Copied.
  void add(Bytes record);
  // Lays the parts out into blocks. `time` is redo_time_value of the host's clock. At least one part with one record.
  void write_group(std::uint32_t time);
  // The same with the header's SCNs, time and unknown bytes as given; its counts are filled in.
  void write_group(LwnHeader lwn);

  // Ends the log: its header gets nab and the next SCN. Nothing may be added behind it.
  void close(Scn next_scn, std::uint32_t next_time);
  // Leaves the log as the current one of its thread, with `blocks` blocks in all: those behind the data were never
  // written. Nothing may be added behind it.
  void leave_open(std::uint32_t blocks);

  // Bytes of the blocks written so far.
  std::uint64_t bytes() const { return std::uint64_t{next_block_} * header_.block_size; }
  std::uint32_t blocks() const { return next_block_; }

 private:
  struct Extent {  // offsets in the stream
    std::size_t at;
    std::size_t end;
  };
  struct Part {
    std::vector<std::uint8_t> stream;  // payload, in place: no record starts where fewer than 24 bytes are left
    std::vector<Extent> records;
    Scn first_scn = 0;
    Scn last_scn = 0;
  };

  std::uint32_t payload() const { return header_.block_size - kBlockHeaderSize; }
  void write_part(const Part& part);
  void write_headers(std::uint32_t file_blocks);
  void flush();

  std::filesystem::path path_;
  RedoHeader header_;
  ByteOrder order_;
  OutputFile file_;
  std::vector<std::uint8_t> buffer_;  // blocks not yet written
  std::uint32_t next_block_ = kFirstDataBlock;
  std::vector<Part> parts_;
  std::size_t part_count_ = 0;  // of the group in work; the rest of parts_ is kept for its memory
};

}  // namespace redoubt::redo
