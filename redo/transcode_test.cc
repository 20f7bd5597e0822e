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

TEST_F(RealRedo, LogRecordsComeOutByteForByte) {
  Coverage total;
  for (const char* name : {"arch1_15_1224959854.dbf", "arch1_16_1224959854.dbf"}) {
    LogReader reader(shared() / "redo/example-free-23" / name);
    while (const Group* group = reader.next_group())
      for (const Record& r : group->records)
        total += transcode(r, reader.vector_header_size(), reader.order(), to_text(r.rba));
  }
  tell("real logs", total);
  EXPECT_GT(total.structure, total.carried);
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

}  // namespace
}  // namespace redoubt::redo
