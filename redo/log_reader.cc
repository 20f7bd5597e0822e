#include "redo/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace redoubt::redo {

CorruptRedo::CorruptRedo(const std::filesystem::path& path, Rba rba, std::string_view what, std::uint32_t next_block)
    : Error(ErrorCode::kIntegrity, fmt::format("{} at RBA {}", path.string(), to_text(rba)), what,
            "take another copy of this log, or pass the damage with --on-corruption skip"),
      rba_(rba),
      reason_(what),
      next_block_(next_block) {}

NoRedoLog::NoRedoLog(const std::filesystem::path& path, std::string_view why)
    : Error(ErrorCode::kOperation, path.string(), fmt::format("is no redo log: {}", why),
            "name archived or online redo log files") {}

LogHeaders read_headers(const InputFile& file, bool verify_checksums) {
  const auto no_log = [&](std::string_view why) { return NoRedoLog(file.path(), why); };

  std::array<std::uint8_t, 4096> bytes{};
  const std::size_t got = file.read(0, bytes.data(), bytes.size());
  if (got == 0) throw no_log("the file is empty");
  if (got < 512) throw no_log(fmt::format("only {} bytes", got));

  LogHeaders h;
  const std::uint32_t magic = load_u32(bytes.data() + 28, ByteOrder::kLittle);
  if (magic == 0x7A7B7C7D) {
    h.order = ByteOrder::kLittle;
  } else if (magic == 0x7D7C7B7A) {
    h.order = ByteOrder::kBig;
  } else {
    throw no_log("the magic number at offset 28 is missing");
  }
  h.file = decode<FileHeader>(bytes, h.order);
  const std::uint32_t size = h.file.block_size;
  if (size != 512 && size != 1024 && size != 4096) throw no_log(fmt::format("block size {}", size));
  if (h.file.zero != 0 || !size_code_fits(h.file.size_code, size))
    throw CorruptRedo(file.path(), {}, "the size code of block 0 does not fit its block size", 0);
  if (got < size) throw no_log(fmt::format("only {} bytes, a block has {}", got, size));
  if (verify_checksums && block_xor(bytes.data(), size) != 0)
    throw CorruptRedo(file.path(), {}, "the checksum of block 0 is wrong", 0);

  if (file.read(size, bytes.data(), size) < size)
    throw CorruptRedo(file.path(), {0, 1, 0}, "the redo header (block 1) is cut off", 1);
  h.redo = decode<RedoHeader>(Bytes(bytes).subspan(0, size), h.order);
  const Rba rba{h.redo.block.sequence, 1, 0};
  const auto bad = [&](std::string_view why) { return CorruptRedo(file.path(), rba, why, 1); };
  if (h.redo.block.signature != 1 || !size_code_fits(h.redo.block.size_code, size) || h.redo.block.number != 1)
    throw bad("block 1 has no valid block header");
  if (verify_checksums && block_xor(bytes.data(), size) != 0) throw bad("the checksum of block 1 is wrong");
  if (h.redo.version != 0) {
    if (h.redo.version < 0x0A200000 || h.redo.version >= 0x20000000)
      throw bad(fmt::format("version 0x{:08x} is not one of 10.2 to 26ai", h.redo.version));
    if (h.redo.block_size != size) throw bad("block 1 states another block size than block 0");
    if (h.redo.thread == 0) throw bad("thread number 0");
  }
  return h;
}

LogReader::LogReader(const std::filesystem::path& path, Options options)
    : file_(path), options_(options), headers_(read_headers(file_, options.checksums)) {
  file_.expect_sequential();
  raw_ = std::make_unique_for_overwrite<std::uint8_t[]>(kReadSize);
  // A closed log says how long it is: where the file is shorter, that is found when its end is met.
  if (header().version == 0) {
    end_block_ = kFirstDataBlock;
  } else if (header().nab != kNoBlock) {
    end_block_ = header().nab;
  } else {
    end_block_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(file_.size() / block_size(), kNoBlock));
  }
  bound_ = header().first_scn.value;
  group_.thread = header().thread;
  group_.order = order();
  group_.file = path.string();
  group_.version = header().version;
}

LogReader::Now LogReader::refresh() {
  raw_size_ = 0;
  read_size_ = kTipReadSize;
  LogHeaders now;
  try {
    now = read_headers(file_, options_.checksums);
  } catch (const CorruptRedo&) {
    return Now::kOpen;
  } catch (const NoRedoLog&) {
    return Now::kReused;
  }
  if (now.redo.thread != header().thread || now.redo.block.sequence != header().block.sequence ||
      now.redo.resetlogs != header().resetlogs)
    return Now::kReused;
  headers_ = now;
  end_block_ = header().nab != kNoBlock
                   ? header().nab
                   : static_cast<std::uint32_t>(std::min<std::uint64_t>(file_.size() / block_size(), kNoBlock));
  return header().open() ? Now::kOpen : Now::kClosed;
}

void LogReader::corrupt(std::uint32_t block, std::uint32_t offset, std::string_view what) const {
  throw CorruptRedo(path(), rba(block, offset), what, block + 1);
}

const std::uint8_t* LogReader::block(std::uint32_t number) {
  const std::size_t size = block_size();
  const std::uint64_t offset = std::uint64_t{number} * size;
  if (offset < raw_offset_ || offset + size > raw_offset_ + raw_size_) {
    raw_offset_ = offset;
    raw_size_ = file_.read(offset, raw_.get(), read_size_);
    read_size_ = std::min(read_size_ * 2, kReadSize);
    if (raw_size_ < size) return nullptr;
  }
  return raw_.get() + (offset - raw_offset_);
}

// The order of the tests is that of format.md 2.3.
LogReader::BlockState LogReader::check(const std::uint8_t* b, std::uint32_t number, std::string& why) const {
  if (b[0] == 0 && b[1] == 0) {
    why = "the block was never written";
    return BlockState::kEnd;
  }
  const std::uint32_t sequence = load_u32(b + 8, order());
  if (b[0] != 1 || !size_code_fits(b[1], block_size())) {
    why = "no block header";
    return BlockState::kCorrupt;
  }
  if (sequence != header().block.sequence) {
    why = fmt::format("the block belongs to log sequence {}", sequence);
    return sequence < header().block.sequence ? BlockState::kEnd : BlockState::kCorrupt;
  }
  if (load_u32(b + 4, order()) != number) {
    why = fmt::format("the block says it is number {}", load_u32(b + 4, order()));
    return BlockState::kCorrupt;
  }
  if (options_.checksums && block_xor(b, block_size()) != 0) {
    why = "the checksum of the block is wrong";
    return BlockState::kCorrupt;
  }
  return BlockState::kGood;
}

// Copies the payload of the next part behind payload_'s used end. False at the end of the data.
bool LogReader::read_part(Part& part, LwnHeader& lwn) {
  const std::size_t payload = block_size() - kBlockHeaderSize;
  part.first_block = next_block_;
  part.blocks = 1;
  for (std::uint32_t i = 0; i < part.blocks; ++i) {
    const std::uint32_t number = part.first_block + i;
    const std::uint8_t* b = number < end_block_ ? block(number) : nullptr;
    std::string why;
    const BlockState state = b ? check(b, number, why) : BlockState::kEnd;
    if (!b) why = "the file ends here";
    if (state == BlockState::kCorrupt) corrupt(number, kBlockHeaderSize, why);
    if (state == BlockState::kEnd) {
      const bool closed = !header().open();
      if (closed && number < header().nab)
        corrupt(number, kBlockHeaderSize, fmt::format("{}, but the log has {} blocks", why, header().nab));
      return false;  // a log being written: its last group is not complete yet
    }
    if (i == 0) {
      const Bytes first(b + kBlockHeaderSize, payload);
      if ((first[4] & kVldLwn) == 0) corrupt(number, kBlockHeaderSize, "no LWN begins in the block where one must");
      lwn = decode<LwnHeader>(first, order());
      if (lwn.part_blocks == 0 || lwn.part_blocks > end_block_ - number) {
        if (header().open() && lwn.part_blocks != 0) return false;
        corrupt(number, kBlockHeaderSize, fmt::format("an LWN of {} blocks does not fit the log", lwn.part_blocks));
      }
      part.blocks = lwn.part_blocks;
    }
    const std::size_t at = part.payload + i * payload;
    if (payload_.size() < at + payload) payload_.resize(std::max(at + payload, payload_.size() * 2));
    std::memcpy(payload_.data() + at, b + kBlockHeaderSize, payload);
  }
  next_block_ = part.first_block + part.blocks;
  return true;
}

void LogReader::cut_records(const Part& part) {
  const std::size_t payload = block_size() - kBlockHeaderSize;
  const std::size_t size = part.blocks * payload;
  const Bytes stream(payload_.data() + part.payload, size);
  std::size_t block_start = 0;  // of the block that `at` lies in
  std::uint32_t number = part.first_block;
  for (std::size_t at = 0; at < size;) {
    while (at - block_start >= payload) {
      block_start += payload;
      ++number;
    }
    const std::size_t left = block_start + payload - at;
    if (left < kRecordHeaderSize || load_u32(stream.data() + at, order()) == 0) {
      at = block_start + payload;
      continue;
    }
    const std::uint32_t offset = static_cast<std::uint32_t>(at - block_start + kBlockHeaderSize);
    try {
      group_.records.push_back(parse_record(stream.subspan(at), order(), rba(number, offset)));
    } catch (const Malformed& e) {
      corrupt(number, offset, fmt::format("a record does not fit its LWN: {}", e.what()));
    }
    at += align4(static_cast<std::uint32_t>(group_.records.back().bytes.size()));
  }
}

const Group* LogReader::next_group() {
  parts_.clear();
  const std::uint32_t first_block = next_block_;
  std::uint32_t group_blocks = 0;  // as the first part says
  group_.records.clear();
  group_.parts = 1;
  group_.blocks = 0;
  std::size_t used = 0;
  for (unsigned n = 0; n < group_.parts; ++n) {
    Part part;
    part.payload = used;
    LwnHeader lwn;
    if (!read_part(part, lwn)) {
      if (n > 0 && !header().open())
        corrupt(first_block, kBlockHeaderSize, fmt::format("an LWN group of {} parts has only {}", group_.parts, n));
      const unsigned parts = n == 0 ? lwn.parts : group_.parts;
      if (lwn.part_blocks != 0 && n + 1 == parts)
        bound_ = std::max(bound_, n == 0 ? lwn.scn.value : std::min(group_.scn, lwn.scn.value));
      next_block_ = first_block;
      return nullptr;
    }
    if (n == 0) {
      if (lwn.parts == 0) corrupt(part.first_block, kBlockHeaderSize, "an LWN group of no parts");
      group_.parts = lwn.parts;
      group_blocks = lwn.group_blocks;
      group_.start = rba(part.first_block);
      group_.scn = lwn.scn.value;
      group_.end_scn = lwn.end_scn.value;
      group_.time = lwn.time;
    } else {
      // Reading may have begun behind the first part, after damage: then another group begins before all parts are
      // there. No LWN has an SCN below the end SCN of one before it.
      if (lwn.parts != group_.parts || lwn.group_blocks != group_blocks || lwn.scn.value >= group_.end_scn)
        throw CorruptRedo(
            path(), rba(part.first_block),
            fmt::format("an LWN group of {} parts has only {}, here is one of another group", group_.parts, n),
            part.first_block);
      group_.scn = std::min(group_.scn, lwn.scn.value);
      group_.end_scn = std::max(group_.end_scn, lwn.end_scn.value);
    }
    if (lwn.scn.value < header().first_scn.value || (!header().open() && lwn.scn.value > header().next_scn.value))
      corrupt(part.first_block, kBlockHeaderSize, "the SCN of the LWN lies outside the log's range");
    used += part.blocks * std::size_t{block_size() - kBlockHeaderSize};
    group_.blocks += part.blocks;
    parts_.push_back(part);
  }
  if (group_.parts > 1 && group_.blocks != group_blocks)
    throw CorruptRedo(path(), group_.start,
                      fmt::format("the {} parts of an LWN group have {} blocks, it says {}", group_.parts,
                                  group_.blocks, group_blocks),
                      parts_[1].first_block);
  for (const Part& part : parts_) cut_records(part);

  const auto before = [](const Record& a, const Record& b) {
    return std::tuple(a.scn, a.sub_scn, a.rba.block, a.rba.offset) <
           std::tuple(b.scn, b.sub_scn, b.rba.block, b.rba.offset);
  };
  if (!std::is_sorted(group_.records.begin(), group_.records.end(), before))
    std::sort(group_.records.begin(), group_.records.end(), before);
  return &group_;
}

bool LogReader::resync(std::uint32_t from) {
  for (std::uint32_t number = from; number < end_block_; ++number) {
    const std::uint8_t* b = block(number);
    std::string why;
    if (!b) break;  // the file is shorter than its header says
    if (check(b, number, why) != BlockState::kGood) continue;
    const Bytes first(b + kBlockHeaderSize, block_size() - kBlockHeaderSize);
    if ((load_u16(b + 12, order()) & 0x7FFF) != kBlockHeaderSize || (first[4] & kVldLwn) == 0) continue;
    const LwnHeader lwn = decode<LwnHeader>(first, order());
    if (lwn.part_blocks == 0 || lwn.part_blocks > end_block_ - number) continue;
    if (lwn.scn.value < header().first_scn.value) continue;
    next_block_ = number;
    return true;
  }
  next_block_ = end_block_;
  return false;
}

}  // namespace redoubt::redo
