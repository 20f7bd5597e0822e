#include "redo/transcode.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "redo/log_reader.h"
#include "redo/log_writer.h"

namespace redoubt::redo {
namespace {

namespace fs = std::filesystem;

fs::path shared() {
  const char* shared = std::getenv("REDOUBT_SHARED");
  return fs::path(shared ? shared : "../shared") / "data";
}

void expect_same(Bytes got, Bytes want, const std::string& where) {
  ASSERT_EQ(got.size(), want.size()) << where;
  for (std::size_t i = 0; i < got.size(); ++i)
    ASSERT_EQ(got[i], want[i]) << where << ", byte " << i << " of " << got.size();
}

Coverage transcode(const Record& record, std::uint32_t vector_header, ByteOrder order, const std::string& where) {
  Coverage coverage;
  const DecodedRecord decoded = decode_record(record, vector_header, order);
  for (const DecodedVector& v : decoded.vectors)
    for (const Field& f : v.fields)
      if (const auto* c = std::get_if<Content>(&f.value); c && c->kind == Content::Kind::kMalformed)
        ADD_FAILURE() << where << ": " << f.name << " of " << int{v.header.layer} << "." << int{v.header.code}
                      << " is malformed: " << to_hex(c->bytes);
  expect_same(encode_record(decoded, record.bytes, vector_header, order, coverage), record.bytes, where);
  return coverage;
}

void tell(const char* what, const Coverage& c) {
  fmt::print("{}: {} bytes from structures, {} content, {} unused and carried over\n", what, c.structure, c.content,
             c.carried);
}

class RealRedo : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(shared())) GTEST_SKIP() << "the real redo is not there: " << shared();
  }
};

struct File {
  std::string bytes;
  std::span<std::uint8_t> block(std::size_t number, std::size_t size) {
    return {reinterpret_cast<std::uint8_t*>(bytes.data()) + number * size, size};
  }
};

void reseal(std::span<std::uint8_t> block, std::size_t at) {
  block[at] = block[at + 1] = 0;
  const std::uint16_t sum = block_xor(block.data(), block.size());
  std::memcpy(block.data() + at, &sum, 2);
}

// Unused bytes of a header block come from the original.
template <class T>
void carry_over(std::span<std::uint8_t> to, std::span<const std::uint8_t> from, ByteOrder order, std::size_t checksum,
                Coverage& coverage) {
  std::vector<std::uint8_t> scratch(to.size());
  const auto written = std::make_unique<bool[]>(to.size());
  Writer io(scratch, order, {written.get(), to.size()});
  T t = decode<T>(from, order);
  layout(io, t);
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (!written[i]) to[i] = from[i];
    ++(written[i] ? coverage.structure : coverage.carried);
  }
  reseal(to, checksum);
}

// The whole file: everything decoded and written again by LogWriter. Where no record lies and in the unused bytes of
// headers the original's old memory is put back, checksums follow; then the two files must be one.
Coverage transcode_log(const fs::path& path) {
  const fs::path copy = fs::path(testing::TempDir()) / path.filename();
  Coverage coverage;
  std::vector<bool> in_record;
  LogReader reader(path);
  const std::size_t size = reader.block_size();
  {
    LogWriter writer(copy, reader.header(), reader.order());
    while (const Group* group = reader.next_group()) {
      EXPECT_EQ(group->parts, 1);
      writer.begin_part();
      for (const Record& r : group->records) {
        coverage += transcode(r, reader.vector_header_size(), reader.order(), to_text(r.rba));
        const DecodedRecord decoded = decode_record(r, reader.vector_header_size(), reader.order());
        Coverage again;
        writer.add(encode_record(decoded, r.bytes, reader.vector_header_size(), reader.order(), again));
        std::size_t at = r.rba.block * size + r.rba.offset;
        for (std::size_t left = r.bytes.size(); left > 0; --left, ++at) {
          if (at % size == 0) at += kBlockHeaderSize;
          in_record.resize(std::max(in_record.size(), at + 1));
          in_record[at] = true;
        }
      }
      writer.write_group(decode<LwnHeader>(group->records.front().bytes, reader.order()));
    }
    writer.close(reader.header().next_scn.value, reader.header().next_time);
  }
  File original{read_file(path)}, written{read_file(copy)};
  fs::remove(copy);
  EXPECT_EQ(written.bytes.size(), original.bytes.size());
  if (written.bytes.size() != original.bytes.size()) return coverage;
  in_record.resize(original.bytes.size());
  for (std::size_t b = kFirstDataBlock; b < original.bytes.size() / size; ++b) {
    for (std::size_t i = kBlockHeaderSize; i < size; ++i)
      if (!in_record[b * size + i]) {
        written.block(b, size)[i] = original.block(b, size)[i];
        ++coverage.carried;
      }
    reseal(written.block(b, size), 14);
    coverage.structure += kBlockHeaderSize;
  }
  carry_over<FileHeader>(written.block(0, size), original.block(0, size), reader.order(), 16, coverage);
  carry_over<RedoHeader>(written.block(1, size), original.block(1, size), reader.order(), 14, coverage);
  for (std::size_t b = 0; b < original.bytes.size() / size; ++b)
    expect_same(written.block(b, size), original.block(b, size), fmt::format("{} block {}", path.string(), b));
  EXPECT_EQ(coverage.structure + coverage.content + coverage.carried, original.bytes.size());
  return coverage;
}

TEST_F(RealRedo, LogsComeOutByteForByte) {
  Coverage total;
  for (const char* name : {"arch1_15_1224959854.dbf", "arch1_16_1224959854.dbf"})
    total += transcode_log(shared() / "redo/example-free-23" / name);
  tell("real logs", total);
}

TEST_F(RealRedo, SingleRecordsComeOutByteForByte) {
  Coverage total;
  int records = 0, cases = 0;
  for (const auto& entry : fs::directory_iterator(shared() / "redo-records")) {
    if (entry.path().extension() != ".json") continue;
    const auto set = nlohmann::json::parse(read_file(entry.path()));
    for (const auto& c : set.at("cases")) {
      if (!c.contains("records")) continue;
      ++cases;
      const ByteOrder order = c.at("profile").at("endian") == "big" ? ByteOrder::kBig : ByteOrder::kLittle;
      for (const auto& r : c.at("records")) {
        const ByteString bytes = from_hex(r.at("hex").get<std::string>());
        const Record record = parse_record(bytes, order, {});
        total += transcode(record, c.at("profile").at("change_header_bytes").get<std::uint32_t>(), order,
                           c.at("name").get<std::string>() + " " + r.at("id").get<std::string>());
        ++records;
      }
    }
  }
  tell("real records", total);
  EXPECT_EQ(cases, 27);
  EXPECT_EQ(records, 152);
}

// The one block of an 11.2.0.1 log: its whole record, and the header of the one that runs out of it.
TEST_F(RealRedo, BlockOf11ComesOutByteForByte) {
  const std::string bytes = read_file(shared() / "redo-more/block2-11201/block2.bin");
  const Bytes block = as_bytes(bytes);
  EXPECT_EQ(block_xor(block.data(), block.size()), 0);
  EXPECT_EQ(encode(decode<BlockHeader>(block, ByteOrder::kLittle), kBlockHeaderSize, ByteOrder::kLittle),
            std::vector<std::uint8_t>(block.begin(), block.begin() + kBlockHeaderSize));
  const Record record = parse_record(block.subspan(kBlockHeaderSize), ByteOrder::kLittle, {});
  EXPECT_EQ(record.header_size(), kLwnRecordHeaderSize);
  tell("11.2.0.1 block", transcode(record, 24, ByteOrder::kLittle, "block 2"));
  const DecodedRecord decoded = decode_record(record, 24, ByteOrder::kLittle);
  ASSERT_EQ(decoded.vectors.size(), 4U);
  EXPECT_EQ(decoded.vectors[1].header.op(), kUndo);
  EXPECT_EQ(std::get<Ktub>(decoded.vectors[1].fields[1].value).opc(), opcode(10, 21));
  EXPECT_EQ(std::get<Ktb>(decoded.vectors[1].fields[2].value).kind(), KtbKind::kLast);
}

// Headers of 11.2 and whatever else dumps.json has in bytes.
TEST_F(RealRedo, HeadersOf11ComeOutByteForByte) {
  const auto dumps = nlohmann::json::parse(read_file(shared() / "redo-more/dumps.json"));
  Coverage total;
  int headers = 0;
  for (const auto& c : dumps.at("cases")) {
    const std::string name = c.at("name");
    if (name == "redo-header-online-11204") {
      ByteString block = from_hex(c.at("hex").get<std::string>());
      ByteString copy(block.size(), 0);
      Writer io(copy, ByteOrder::kLittle);
      RedoHeader h = decode<RedoHeader>(block, ByteOrder::kLittle);
      layout(io, h);
      carry_over<RedoHeader>({copy.data(), copy.size()}, block, ByteOrder::kLittle, 14, total);
      expect_same(copy, block, name);
      EXPECT_TRUE(h.open());
      EXPECT_EQ(h.text(), "Thread 0001, Seq# 0000000066, SCN 0x0000000c7476-0xffffffffffff");
      ++headers;
    } else if (name == "file-header-11g") {
      const ByteString bytes = from_hex(c.at("hex_first_64").get<std::string>());
      FileHeader h = decode<FileHeader>(bytes, ByteOrder::kLittle);
      ByteString copy(bytes.size(), 0);
      Writer io(copy, ByteOrder::kLittle);
      layout(io, h);
      expect_same(copy, bytes, name);  // all unused bytes are 0 in it
      EXPECT_EQ(h.blocks, 102400U);
      ++headers;
    } else if (name == "ddl-24.1-create-table-11203") {
      const auto& change = c.at("records").at(0).at("changes").at(0);
      const ByteString field = from_hex(change.at("field1_hex").get<std::string>());
      const DdlHeader ddl = decode<DdlHeader>(field, ByteOrder::kLittle);
      EXPECT_EQ(oracle::to_text(ddl.xid), "6.23.1319");
      EXPECT_EQ(ddl.type, 1);
      EXPECT_EQ(ddl.part, 1);
      EXPECT_EQ(ddl.parts, 1);
      ++headers;
    }
  }
  EXPECT_EQ(headers, 3);
}

// A structure that is wrong must show: whatever is changed in one, the bytes change.
template <class Change>
void expect_change_shows(const Record& record, std::uint32_t vector_header, const char* what, Change&& change) {
  DecodedRecord decoded = decode_record(record, vector_header, ByteOrder::kLittle);
  change(decoded);
  Coverage coverage;
  const auto bytes = encode_record(decoded, record.bytes, vector_header, ByteOrder::kLittle, coverage);
  EXPECT_FALSE(std::equal(bytes.begin(), bytes.end(), record.bytes.begin(), record.bytes.end())) << what;
}

TEST_F(RealRedo, AChangedStructureChangesTheBytes) {
  LogReader reader(shared() / "redo/example-free-23/arch1_15_1224959854.dbf");
  const Group* group = reader.next_group();
  ASSERT_NE(group, nullptr);
  const Record& record = group->records.front();  // 5.2, 5.1, 11.2, 5.19
  const auto with = [&](const char* what, auto change) { expect_change_shows(record, 32, what, change); };
  with("SCN", [](DecodedRecord& r) { ++r.header.scn; });
  with("LWN", [](DecodedRecord& r) { ++r.lwn->part_blocks; });
  with("vector SCN", [](DecodedRecord& r) { ++r.vectors[1].header.scn.value; });
  with("slot", [](DecodedRecord& r) { ++std::get<Ktudh>(r.vectors[0].fields[0].value).slt; });
  with("container", [](DecodedRecord& r) { ++std::get<NumberField>(r.vectors[0].fields[1].value).value; });
  with("wrap", [](DecodedRecord& r) { ++std::get<Ktudb>(r.vectors[1].fields[0].value).xid.sqn; });
  with("start SCN", [](DecodedRecord& r) { --std::get<Ktub>(r.vectors[1].fields[1].value).start_scn.value; });
  with("KTB", [](DecodedRecord& r) { std::get<Ktb>(r.vectors[1].fields[2].value).flags ^= 1; });
  with("undo slot", [](DecodedRecord& r) { ++std::get<Kdo>(r.vectors[1].fields[3].value).slot; });
  with("object version",
       [](DecodedRecord& r) { ++std::get<SupplementalHeader>(r.vectors[1].fields[4].value).object_version; });
  with("size", [](DecodedRecord& r) { ++std::get<Kdo>(r.vectors[2].fields[1].value).size; });
  with("serial", [](DecodedRecord& r) { ++std::get<SessionId>(r.vectors[3].fields[0].value).serial; });
}

}  // namespace
}  // namespace redoubt::redo
