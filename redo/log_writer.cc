#include "redo/log_writer.h"

#include <fmt/format.h>

#include <algorithm>

namespace redoubt::redo {
namespace {

constexpr std::size_t kFlushSize = 1 << 20;
constexpr std::size_t kChecksumAt = 14;
constexpr std::size_t kFileChecksumAt = 16;  // of block 0

std::uint8_t size_code(std::uint32_t block_size) { return block_size == 4096 ? 0x82 : 0x22; }

// The checksum makes the xor of all words 0, in whatever byte order they are read.
void seal(std::uint8_t* block, std::size_t size, std::size_t at) {
  std::memset(block + at, 0, 2);
  const std::uint16_t sum = block_xor(block, size);
  std::memcpy(block + at, &sum, 2);
}

// The text is for people; the form is that of 23ai whatever the release.
std::string description(const RedoHeader& h) {
  return fmt::format("T {:04}, S {:010}, SCN 0x{:016x}-0x{}", h.thread, h.block.sequence, h.first_scn.value,
                     h.next_scn.value == kNoScn ? std::string(16, 'f') : fmt::format("{:016x}", h.next_scn.value));
}

}  // namespace

LogWriter::LogWriter(const std::filesystem::path& path, const RedoHeader& header, ByteOrder order)
    : path_(path), header_(header), order_(order), file_(path) {
  header_.block.size_code = size_code(header_.block_size);
  header_.block.number = 1;
  header_.nab = kNoBlock;
  header_.next_scn = {kNoScn, false};
  header_.next_time = 0;
  header_.largest_lwn = 0;
  header_.end_of_thread = 1;
  buffer_.resize(2 * std::size_t{header_.block_size});  // the two headers, written at the end
}

void LogWriter::begin_part() {
  if (part_count_ == parts_.size()) parts_.emplace_back();
  Part& part = parts_[part_count_++];
  part.stream.clear();
  part.records.clear();
}

void LogWriter::add(Bytes record) {
  REDOUBT_ASSERT(part_count_ > 0 && record.size() >= kRecordHeaderSize);
  Part& part = parts_[part_count_ - 1];
  const Scn scn = decode<RecordHeader>(record, order_).scn;
  if (part.records.empty()) part.first_scn = part.last_scn = scn;
  part.last_scn = std::max(part.last_scn, scn);

  const std::size_t left = payload() - part.stream.size() % payload();
  if (left < kRecordHeaderSize) part.stream.resize(part.stream.size() + left);
  const std::size_t at = part.stream.size();
  const std::size_t extra = at == 0 ? kLwnRecordHeaderSize - kRecordHeaderSize : 0;
  part.stream.resize(at + align4(static_cast<std::uint32_t>(record.size() + extra)));
  part.records.push_back({at, part.stream.size()});
  std::uint8_t* to = part.stream.data() + at;
  std::copy_n(record.begin(), kRecordHeaderSize, to);
  std::copy(record.begin() + kRecordHeaderSize, record.end(), to + kRecordHeaderSize + extra);
  if (extra != 0) {
    store(to, static_cast<std::uint32_t>(record.size() + extra), order_);
    to[4] |= kVldLwn;
  }
}

void LogWriter::write_group(std::uint32_t time) {
  REDOUBT_ASSERT(part_count_ > 0);
  LwnHeader lwn;
  lwn.parts = static_cast<std::uint16_t>(part_count_);
  lwn.time = time;
  lwn.scn.value = kNoScn;
  std::vector<std::uint32_t> blocks;
  for (std::size_t i = 0; i < part_count_; ++i) {
    const Part& part = parts_[i];
    REDOUBT_ASSERT(!part.records.empty());
    lwn.scn.value = std::min(lwn.scn.value, part.first_scn);
    lwn.end_scn.value = std::max(lwn.end_scn.value, part.last_scn + 1);
    blocks.push_back(static_cast<std::uint32_t>((part.stream.size() + payload() - 1) / payload()));
    lwn.group_blocks += blocks.back();
  }
  for (std::size_t i = 0; i < part_count_; ++i) {
    lwn.part_blocks = blocks[i];
    Writer io({parts_[i].stream.data(), kLwnRecordHeaderSize}, order_);
    layout(io, lwn);
    write_part(parts_[i]);
  }
  header_.largest_lwn = std::max(header_.largest_lwn, *std::max_element(blocks.begin(), blocks.end()));
  header_.recent_scn.value = lwn.end_scn.value - 1;
  part_count_ = 0;
}

// The first-record word of a block tells where the first record starts in it; where none does, where the tail of one
// ends; 0 when the block lies wholly inside a record, or the tail ends with the block.
void LogWriter::write_part(const Part& part) {
  const std::uint32_t size = header_.block_size;
  std::size_t next = 0;  // first record that starts in or behind the block
  for (std::size_t at = 0; at < part.stream.size(); at += payload()) {
    const std::size_t end = std::min(at + payload(), part.stream.size());
    const std::size_t block_at = buffer_.size();
    buffer_.resize(block_at + size);
    std::uint8_t* block = buffer_.data() + block_at;
    std::copy(part.stream.begin() + static_cast<std::ptrdiff_t>(at),
              part.stream.begin() + static_cast<std::ptrdiff_t>(end), block + kBlockHeaderSize);

    while (next < part.records.size() && part.records[next].at < at) ++next;
    std::size_t first = 0;
    if (next < part.records.size() && part.records[next].at < end) {
      first = kBlockHeaderSize + part.records[next].at - at;
    } else if (next > 0 && part.records[next - 1].end <= end) {
      first = (kBlockHeaderSize + part.records[next - 1].end - at) % size;
    }
    BlockHeader header;
    header.size_code = header_.block.size_code;
    header.number = next_block_++;
    header.sequence = header_.block.sequence;
    header.first_record = static_cast<std::uint16_t>(0x8000 + first);
    Writer io({block, kBlockHeaderSize}, order_);
    layout(io, header);
    seal(block, size, kChecksumAt);
  }
  if (buffer_.size() >= kFlushSize) flush();
}

void LogWriter::flush() {
  file_.write({reinterpret_cast<const char*>(buffer_.data()), buffer_.size()});
  buffer_.clear();
}

void LogWriter::close(Scn next_scn, std::uint32_t next_time) {
  header_.nab = next_block_;
  header_.next_scn = {next_scn, header_.version >= kVersion12_2};
  header_.next_time = next_time;
  header_.end_of_thread = 0;
  header_.hws = 2;
  write_headers(next_block_);
}

void LogWriter::leave_open(std::uint32_t blocks) {
  REDOUBT_ASSERT(blocks >= next_block_);
  header_.hws = 1;
  header_.largest_lwn = 0;
  buffer_.resize(buffer_.size() + std::size_t{blocks - next_block_} * header_.block_size);
  write_headers(blocks);
}

// Data first, headers last: a log whose header says it is complete is.
void LogWriter::write_headers(std::uint32_t file_blocks) {
  flush();
  const std::size_t size = header_.block_size;
  std::vector<std::uint8_t> blocks(2 * size);
  FileHeader file;
  file.size_code = header_.block.size_code;
  file.byte15 = 4;
  file.block_size = header_.block_size;
  file.blocks = file_blocks - 1;
  file.word32 = 4;
  if (order_ == ByteOrder::kBig) std::reverse(file.magic.begin(), file.magic.end());
  Writer first({blocks.data(), size}, order_);
  layout(first, file);
  seal(blocks.data(), size, kFileChecksumAt);

  const std::string text = description(header_);
  header_.description.fill(0);
  std::copy_n(text.begin(), std::min(text.size(), header_.description.size() - 1), header_.description.begin());
  if (header_.file_blocks < file_blocks) header_.file_blocks = file_blocks;
  Writer second({blocks.data() + size, size}, order_);
  layout(second, header_);
  if (header_.next_scn.value == kNoScn && header_.version >= kVersion12_2)
    std::memset(blocks.data() + size + 198, 0xFF, 2);
  seal(blocks.data() + size, size, kChecksumAt);
  file_.write_at(0, {reinterpret_cast<const char*>(blocks.data()), blocks.size()});
}

}  // namespace redoubt::redo
