#include "redo/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "redo/vector_fields.h"

namespace redoubt::redo {
namespace {

constexpr std::uint8_t kVldKnown = 0x3F;
constexpr std::uint32_t kBlocksAtOnce = 1024;  // of a damaged stretch
constexpr std::uint64_t kToldEvery = 1 << 22;  // bytes between two calls of read_bytes

// The text of the header names sequence and first SCN; its form differs from release to release.
bool describes(const std::string& text, const RedoHeader& h) {
  const std::string scn = fmt::format("{:x}", h.first_scn.value);
  const std::size_t at = text.find("SCN 0x");
  if (text.find(fmt::format("{:010}", h.block.sequence)) == std::string::npos || at == std::string::npos) return false;
  const std::size_t digits = text.find_first_not_of('0', at + 6);
  const std::size_t end = text.find('-', at);
  return end != std::string::npos &&
         text.substr(std::min(digits, end), end - std::min(digits, end)) == (h.first_scn.value == 0 ? "" : scn);
}

}  // namespace

void LogVerifier::report(Rba rba, const char* rule, std::string text) {
  ++counts_.findings;
  options_.found({path_, thread_, rba, rule, std::move(text)});
}

void LogVerifier::verify(const std::filesystem::path& path) {
  path_ = path;
  thread_ = 0;
  ++counts_.logs;
  LogReader::Options reading{options_.checksums};
  std::optional<LogReader> reader;
  while (!reader) {
    try {
      reader.emplace(path, reading);
    } catch (const CorruptRedo& e) {
      const bool checksum = reading.checksums && e.reason().find("checksum") != std::string::npos;
      report(e.rba(), checksum ? "checksum" : e.next_block() == 0 ? "file-header" : "redo-header", e.reason());
      if (!checksum) return;
      reading.checksums = false;  // the rest may still tell something
    }
  }
  const InputFile file(path);
  thread_ = reader->header().thread;
  end_before_ = 0;
  largest_lwn_ = 0;
  whole_ = true;
  check_headers(*reader, file.size());
  if (reader->header().version == 0) return;
  check_set(reader->header());

  std::uint64_t told = 0;
  while (true) {
    const std::uint32_t first = reader->next_block();
    try {
      const Group* group = reader->next_group();
      if (!group) break;
      check_blocks(file, *reader, first, group->blocks);
      check_group(*reader, *group);
    } catch (const CorruptRedo& e) {
      const bool goes_on = reader->resync(e.next_block());
      bool explained = false;
      for (std::uint32_t b = first, end = reader->next_block(); b < end; b += std::min(kBlocksAtOnce, end - b))
        explained |= check_blocks(file, *reader, b, std::min(kBlocksAtOnce, end - b));
      if (!explained) report(e.rba(), "lwn-chain", e.reason());
      whole_ = false;
      end_before_ = 0;
      transactions_.forget();
      if (!goes_on) break;
    }
    const std::uint64_t done = std::uint64_t{reader->next_block()} * reader->block_size();
    if (options_.read_bytes && done >= told + kToldEvery) options_.read_bytes(told = done);
  }
  const RedoHeader& h = reader->header();
  if (whole_ && !h.open() && h.largest_lwn != largest_lwn_)
    report({h.block.sequence, 1, 0}, "redo-header",
           fmt::format("the largest LWN is said to have {} blocks, the largest there is has {}", h.largest_lwn,
                       largest_lwn_));
}

void LogVerifier::check_headers(LogReader& reader, std::uint64_t file_size) {
  const FileHeader& f = reader.file_header();
  const RedoHeader& h = reader.header();
  const std::uint64_t size = reader.block_size();
  const Rba zero{h.block.sequence, 0, 0}, one{h.block.sequence, 1, 0};
  counts_.blocks += 2;
  if (file_size != (std::uint64_t{f.blocks} + 1) * size)
    report(zero, "file-header",
           fmt::format("block 0 says {} blocks of {} behind it, the file has {} bytes", f.blocks, size, file_size));
  if (h.version == 0) return;
  if (h.file_type != 2) report(one, "redo-header", fmt::format("file type {}, a log has 2", h.file_type));
  if (!h.open()) {
    if (h.nab < kFirstDataBlock || h.nab > std::uint64_t{f.blocks} + 1)
      report(one, "redo-header", fmt::format("{} blocks are in use, the file has {}", h.nab, f.blocks + 1));
    if (h.next_scn.value < h.first_scn.value)
      report(one, "redo-header",
             fmt::format("next SCN 0x{:x} below first SCN 0x{:x}", h.next_scn.value, h.first_scn.value));
  } else if (h.nab != kNoBlock || h.next_scn.value != kNoScn) {
    report(one, "redo-header", "one of next SCN and end of data is set, the other not");
  }
  if (!describes(h.text(), h)) report(one, "description", fmt::format("'{}' is not what the header says", h.text()));
}

void LogVerifier::check_set(const RedoHeader& h) {
  const Rba one{h.block.sequence, 1, 0};
  if (has_before_) {
    if (h.dbid != before_.dbid || h.resetlogs != before_.resetlogs)
      report(one, "log-set", "the log is of another database or incarnation than the one before");
    if (h.thread == before_.thread) {
      if (h.block.sequence != before_.block.sequence + 1) {
        report(one, "log-set", fmt::format("sequence {} follows {}", h.block.sequence, before_.block.sequence));
      } else if (!before_.open() && h.first_scn.value != before_.next_scn.value) {
        report(one, "log-set",
               fmt::format("the log begins at SCN 0x{:x}, the one before ends at 0x{:x}", h.first_scn.value,
                           before_.next_scn.value));
      }
      if (h.version != before_.version || h.activation != before_.activation)
        report(one, "log-set", "the log is of another release or activation than the one before");
    }
    if (h.thread != before_.thread || h.block.sequence != before_.block.sequence + 1) transactions_.forget();
  }
  before_ = h;
  has_before_ = true;
}

// True when something was found.
bool LogVerifier::check_blocks(const InputFile& file, const LogReader& reader, std::uint32_t first,
                               std::uint32_t count) {
  const std::size_t size = reader.block_size();
  blocks_.resize(count * size);
  blocks_.resize(file.read(std::uint64_t{first} * size, blocks_.data(), blocks_.size()) / size * size);
  const std::uint32_t sequence = reader.header().block.sequence;
  const std::uint64_t before = counts_.findings;
  for (std::size_t i = 0; i < blocks_.size() / size; ++i) {
    ++counts_.blocks;
    const Bytes block(blocks_.data() + i * size, size);
    const auto number = static_cast<std::uint32_t>(first + i);
    const Rba rba{sequence, number, 0};
    const BlockHeader h = decode<BlockHeader>(block, reader.order());
    if (h.signature != 1 || !size_code_fits(h.size_code, reader.block_size())) {
      report(rba, "block-header", fmt::format("no block header: 0x{:02x} 0x{:02x}", h.signature, h.size_code));
    } else if (h.number != number) {
      report(rba, "block-header", fmt::format("the block says it is number {}", h.number));
    } else if (h.sequence != sequence) {
      report(rba, "block-header", fmt::format("the block belongs to log sequence {}", h.sequence));
    }
    if (options_.checksums && block_xor(block.data(), size) != 0)
      report(rba, "checksum", "the checksum of the block is wrong");
  }
  return counts_.findings != before;
}

void LogVerifier::check_group(const LogReader& reader, const Group& group) {
  ++counts_.groups;
  std::vector<std::uint32_t> part_starts;
  check_lwn(reader, group, part_starts);
  check_layout(reader, group, part_starts);
  for (const Record& record : group.records) check_record(reader, group, record);
  end_before_ = group.end_scn;
}

// Collects the first blocks of the parts, and the block behind the last.
void LogVerifier::check_lwn(const LogReader& reader, const Group& group, std::vector<std::uint32_t>& part_starts) {
  std::vector<const Record*> heads;
  for (const Record& r : group.records)
    if ((r.vld & kVldLwn) != 0) heads.push_back(&r);
  std::sort(heads.begin(), heads.end(), [](const Record* a, const Record* b) { return a->rba < b->rba; });
  const LwnHeader first = decode<LwnHeader>(heads.front()->bytes, reader.order());
  std::uint32_t start = group.start.block;
  for (const Record* head : heads) {
    if (head->rba.block != start || head->rba.offset != kBlockHeaderSize) {
      report(head->rba, "lwn-flag", "a record inside an LWN part has the header of a part's first");
      continue;
    }
    const LwnHeader lwn = decode<LwnHeader>(head->bytes, reader.order());
    part_starts.push_back(start);
    start += lwn.part_blocks;
    largest_lwn_ = std::max(largest_lwn_, lwn.part_blocks);
    if (lwn.group_blocks != group.blocks)
      report(head->rba, "lwn-parts",
             fmt::format("the group is said to have {} blocks, it has {}", lwn.group_blocks, group.blocks));
    if (lwn.scn.value != first.scn.value || lwn.end_scn.value != first.end_scn.value || lwn.time != first.time)
      report(head->rba, "lwn-parts", "the parts of the group differ in SCNs or time");
  }
  part_starts.push_back(group.start.block + group.blocks);

  const RedoHeader& h = reader.header();
  const auto scn = [&](const std::string& text) { report(group.start, "lwn-scn", text); };
  if (group.start.block == kFirstDataBlock && group.scn != h.first_scn.value)
    scn(fmt::format("the first LWN has SCN 0x{:x}, the log begins at 0x{:x}", group.scn, h.first_scn.value));
  if (group.scn < end_before_)
    scn(fmt::format("SCN 0x{:x} below the end SCN 0x{:x} of the group before", group.scn, end_before_));
  if (!h.open() && group.end_scn > h.next_scn.value)
    scn(fmt::format("end SCN 0x{:x} above the log's next SCN 0x{:x}", group.end_scn, h.next_scn.value));
}

// Where records start and end must agree with the first-record words, and what lies behind the last is zero. Real logs
// have old memory where no record fits.
void LogVerifier::check_layout(const LogReader& reader, const Group& group,
                               const std::vector<std::uint32_t>& part_starts) {
  const std::uint32_t size = reader.block_size();
  if (blocks_.size() != std::size_t{group.blocks} * size) return;  // cut off: reported
  std::vector<std::uint32_t> starts(group.blocks), tails(group.blocks);
  std::vector<const Record*> records;
  for (const Record& r : group.records) records.push_back(&r);
  std::sort(records.begin(), records.end(), [](const Record* a, const Record* b) { return a->rba < b->rba; });

  std::size_t part = 0;
  std::uint32_t block = 0, offset = kBlockHeaderSize;  // behind the record before; blocks count from the group's first
  const auto fill = [&] {
    const std::uint32_t last = part_starts[part] - group.start.block - 1;
    const std::size_t from = std::size_t{block} * size + offset, to = std::size_t{last + 1} * size;
    if (block < last) {
      report({group.start.sequence, group.start.block + block, static_cast<std::uint16_t>(offset)}, "lwn-fill",
             fmt::format("the part goes on for {} blocks behind its last record", last - block));
    } else if (from + kRecordHeaderSize <= to &&
               std::any_of(blocks_.begin() + static_cast<std::ptrdiff_t>(from),
                           blocks_.begin() + static_cast<std::ptrdiff_t>(to), [](std::uint8_t b) { return b != 0; })) {
      report({group.start.sequence, group.start.block + block, static_cast<std::uint16_t>(offset)}, "lwn-fill",
             "the part is not filled up with zeros");
    }
  };
  for (const Record* r : records) {
    if (part + 1 < part_starts.size() && r->rba.block >= part_starts[part]) {
      if (part > 0) fill();
      ++part;
    } else if (size - offset < kRecordHeaderSize
                   ? r->rba.block != group.start.block + block + 1
                   : r->rba.block != group.start.block + block || r->rba.offset != offset) {
      report(r->rba, "record-length", "the record does not start where the one before ends");
    }
    block = r->rba.block - group.start.block;
    offset = r->rba.offset;
    if (starts[block] == 0) starts[block] = offset;
    std::size_t left = align4(static_cast<std::uint32_t>(r->bytes.size()));
    for (; left > size - offset; offset = kBlockHeaderSize) {
      left -= size - offset;
      ++block;
    }
    offset += static_cast<std::uint32_t>(left);
    tails[block] = offset;
  }
  fill();

  for (std::uint32_t b = 0; b < group.blocks; ++b) {
    const std::uint32_t expected = starts[b] != 0 ? starts[b] : tails[b];
    const std::uint32_t word = load_u16(blocks_.data() + std::size_t{b} * size + 12, reader.order());
    // A tail with no room for a record behind it: both forms are possible.
    const bool either = starts[b] == 0 && tails[b] != 0 && size - tails[b] < kRecordHeaderSize;
    if (word != (0x8000 | expected) && !(either && word == 0x8000))
      report({group.start.sequence, group.start.block + b, 0}, "first-record",
             fmt::format("the word says 0x{:04x}, records say 0x{:04x}", word, 0x8000 | expected));
  }
}

void LogVerifier::check_record(const LogReader& reader, const Group& group, const Record& record) {
  ++counts_.records;
  if (record.bytes.size() % 4 != 0)
    report(record.rba, "record-length", fmt::format("length {} is no multiple of 4", record.bytes.size()));
  if (record.scn < group.scn || record.scn >= group.end_scn)
    report(record.rba, "lwn-scn",
           fmt::format("SCN 0x{:x} outside the group's 0x{:x} to 0x{:x}", record.scn, group.scn, group.end_scn));
  if (group.parts == 1 && &record != &group.records.front() && record.rba < (&record)[-1].rba)
    report((&record)[-1].rba, "record-order", "a record with a higher SCN or sub-SCN lies before it");
  if (record.sub_scn == 0) report(record.rba, "sub-scn", "the sub-SCN is 0");
  if ((record.vld & ~kVldKnown) != 0) report(record.rba, "vld", fmt::format("unknown VLD 0x{:02x}", record.vld));

  vectors_.clear();
  try {
    parse_vectors(record, reader.vector_header_size(), reader.order(), vectors_);
  } catch (const Malformed& e) {
    report(record.rba, "vector", fmt::format("vector {} does not fit: {}", vectors_.size() + 1, e.what()));
    return;
  }
  fields_.clear();
  for (const Vector& v : vectors_) check_vector(record, v, fields_.emplace_back(decode_fields(v)));
  if (!record.valid()) return;
  try {
    transactions_.check(record, vectors_, fields_, reader.header().version);
  } catch (const Malformed& e) {
    report(record.rba, "lengths", e.what());
  }
}

void LogVerifier::check_vector(const Record& record, const Vector& v, const std::vector<Field>& fields) {
  ++counts_.vectors;
  const VectorHeader h = v.header();
  const auto name = [&] { return fmt::format("{}.{}", layer_of(v.op), code_of(v.op)); };
  const std::uint8_t typ = v.typ & static_cast<std::uint8_t>(~kTypEncrypted);
  if (v.op == 0 || (typ > 2 && typ != kTypMarker))
    report(record.rba, "vector-header", fmt::format("{} with TYP {}", name(), v.typ));
  if (typ == kTypMarker && (v.cls >= 15 || v.dba != 0))
    report(record.rba, "vector-header", fmt::format("marker {} with class {} and DBA 0x{:08x}", name(), v.cls, v.dba));
  if (typ != kTypMarker && h.scn.value != kNoScn && h.scn.value > record.scn)
    report(record.rba, "vector-scn",
           fmt::format("{} changes a block of SCN 0x{:x}, later than its record", name(), h.scn.value));
  const bool header_class = v.op == kBeginTransaction || v.op == kEndTransaction || v.op == kUndoAppliedLast;
  const bool block_class = v.op == kUndo || v.op == kUndoApplied;
  if ((header_class && (v.cls < 15 || v.cls % 2 == 0)) || (block_class && (v.cls < 16 || v.cls % 2 != 0)))
    report(record.rba, "class", fmt::format("{} with class {}", name(), v.cls));
  for (const Field& f : fields)
    if (const auto* c = std::get_if<Content>(&f.value); c && c->kind == Content::Kind::kMalformed)
      report(record.rba, "lengths",
             fmt::format("{} with {} of {} bytes: {}", name(), f.name, f.size, to_hex(c->bytes)));
}

}  // namespace redoubt::redo
