#include "oracle/value.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/file.h"
#include "oracle/charset.h"
#include "oracle/interval.h"
#include "oracle/lob_locator.h"
#include "oracle/number.h"
#include "oracle/oson.h"
#include "oracle/rowid.h"

namespace redoubt::oracle {
namespace {

Column column(TypeCode type) {
  Column c;
  c.type = type;
  c.charset = charset_by_name("AL32UTF8");
  return c;
}

std::string json_of(const Column& c, Bytes bytes) {
  TextBuffer out;
  out.append("before ");
  append_json_value(out, c, {}, bytes);
  return out.str().substr(7);
}
std::string json_of(TypeCode type, std::string_view hex) { return json_of(column(type), from_hex(hex)); }

std::string lob_json_of(TypeCode type, std::string_view hex, bool utf16 = false) {
  TextBuffer out;
  append_json_lob(out, column(type), from_hex(hex), utf16);
  return out.str();
}

TEST(Value, EveryTypeHasItsJson) {
  EXPECT_EQ(json_of(TypeCode::kNumber, "c10233"), "1.5");
  EXPECT_EQ(json_of(TypeCode::kNumber, "ff65"), R"("Infinity")");
  EXPECT_EQ(json_of(TypeCode::kNumber, "00"), R"("-Infinity")");
  EXPECT_EQ(json_of(TypeCode::kBinaryFloat, "c048f5c3"), "3.14");
  EXPECT_EQ(json_of(TypeCode::kBinaryDouble, "d4b249ad2594c37d"), "1e+100");
  EXPECT_EQ(json_of(TypeCode::kBinaryDouble, "fff8000000000000"), R"("NaN")");
  EXPECT_EQ(json_of(TypeCode::kVarchar2, "61220a"), R"("a\"\n")");
  EXPECT_EQ(json_of(TypeCode::kChar, "612020"), R"("a  ")");
  EXPECT_EQ(json_of(TypeCode::kLong, "61"), R"("a")");
  EXPECT_EQ(json_of(TypeCode::kRaw, "DEADbeef"), R"("deadbeef")");
  EXPECT_EQ(json_of(TypeCode::kLongRaw, "00"), R"("00")");
  EXPECT_EQ(json_of(TypeCode::kURowId, "01beef"), R"("01beef")");
  EXPECT_EQ(json_of(TypeCode::kRowId, "00011c16 0600000e 0000"), R"("AAARwWAAYAAAAAOAAA")");
  EXPECT_EQ(json_of(TypeCode::kRowId, "0600000e 0003"), R"("0000000E.0003.0018")");
  EXPECT_EQ(json_of(TypeCode::kBoolean, "01"), "true");
  EXPECT_EQ(json_of(TypeCode::kBoolean, "00"), "false");
  EXPECT_EQ(json_of(TypeCode::kDate, "787d060f0b1f01"), R"("2025-06-15T10:30:00")");
  EXPECT_EQ(json_of(TypeCode::kIntervalYm, "800000023f"), R"("P2Y3M")");
  EXPECT_EQ(json_of(TypeCode::kIntervalDs, "800000013e3f409dcd6500"), R"("P1DT2H3M4.5S")");
  Column c = column(TypeCode::kTimestamp);
  c.scale = 3;
  EXPECT_EQ(json_of(c, from_hex("787d060f0b1f01")), R"("2025-06-15T10:30:00.000")");
  c.type = TypeCode::kTimestampLtz;
  EXPECT_EQ(json_of(c, from_hex("787d060f0b1f01")), R"("2025-06-15T10:30:00.000Z")");
  c.type = TypeCode::kTimestampTz;
  EXPECT_EQ(json_of(c, from_hex("787d060f091f0100000000163c")), R"("2025-06-15T10:30:00.000+02:00")");
  c = column(TypeCode::kVarchar2);
  c.charset = charset_by_name("AL16UTF16");
  EXPECT_EQ(json_of(c, from_hex("00610062")), R"("ab")");
}

TEST(Value, WhatDoesNotDecodeIsMarked) {
  EXPECT_EQ(json_of(TypeCode::kNumber, "c165"), R"({"$undecodable":"NUMBER c165","hex":"c165"})");
  EXPECT_EQ(json_of(TypeCode::kBoolean, "02"), R"({"$undecodable":"BOOLEAN is neither 00 nor 01","hex":"02"})");
  for (const TypeCode type : {TypeCode::kDate, TypeCode::kTimestamp, TypeCode::kTimestampTz, TypeCode::kTimestampLtz,
                              TypeCode::kIntervalYm, TypeCode::kIntervalDs, TypeCode::kBinaryFloat,
                              TypeCode::kBinaryDouble, TypeCode::kRowId, TypeCode::kClob, TypeCode::kJson})
    EXPECT_TRUE(json_of(type, "0102").starts_with(R"({"$undecodable":")")) << static_cast<int>(type);
  EXPECT_EQ(lob_json_of(TypeCode::kJson, "ff").find(R"({"$undecodable":")"), 0U);
  EXPECT_EQ(lob_json_of(TypeCode::kVector, "db000000040000000201"),
            R"({"$undecodable":"VECTOR of 2 dimensions in 1 bytes","hex":"db000000040000000201"})");
}

TEST(Value, WhatIsNotSupportedIsMarked) {
  EXPECT_EQ(json_of(TypeCode::kObject, "01"), R"({"$unsupported":"type 121","hex":"01"})");
  for (const TypeCode type : {TypeCode::kOpaque, TypeCode::kRef, TypeCode::kBfile, TypeCode::kNestedTable,
                              TypeCode::kVarray, static_cast<TypeCode>(999)})
    EXPECT_TRUE(json_of(type, "0102").starts_with(R"({"$unsupported":"type )")) << static_cast<int>(type);
  Column c = column(TypeCode::kVarchar2);
  c.charset = charset_by_name("WE8DEC");
  EXPECT_EQ(json_of(c, from_hex("c0")), R"({"$unsupported":"character set WE8DEC","hex":"c0"})");
  EXPECT_EQ(json_of(c, from_hex("41")), R"("A")");
  c.charset = nullptr;
  EXPECT_EQ(json_of(c, from_hex("41")), R"({"$unsupported":"unknown character set","hex":"41"})");
}

TEST(Value, Lobs) {
  EXPECT_EQ(lob_json_of(TypeCode::kClob, "00480069", true), R"("Hi")");
  EXPECT_EQ(lob_json_of(TypeCode::kClob, "4869"), R"("Hi")");
  EXPECT_EQ(lob_json_of(TypeCode::kClob, ""), R"("")");
  EXPECT_EQ(lob_json_of(TypeCode::kBlob, "beef"), R"("beef")");
  EXPECT_EQ(lob_json_of(TypeCode::kBlob, ""), R"("")");
  EXPECT_EQ(lob_json_of(TypeCode::kVarchar2, "4869"), R"("Hi")");
  EXPECT_EQ(lob_json_of(TypeCode::kRaw, "4869"), R"("4869")");
  EXPECT_EQ(lob_json_of(TypeCode::kVector, "db0000000400000001ff"), "[-1]");
  EXPECT_EQ(lob_json_of(TypeCode::kJson, to_hex(oson_from_json(R"({"a":1})"))), R"({"a":1})");

  LobLocator lob;
  lob.kind = LobLocator::Kind::kSecureInRow;
  const ByteString wide = from_hex("00480069");
  lob.data = wide;
  lob.length = 4;
  lob.utf16 = true;
  EXPECT_EQ(json_of(column(TypeCode::kClob), lob.encode()), R"("Hi")");
  EXPECT_EQ(json_of(column(TypeCode::kBlob), lob.encode()), R"("00480069")");
  Column extended = column(TypeCode::kVarchar2);
  extended.property = column_property::kStoredAsLob;
  EXPECT_EQ(json_of(extended, lob.encode()), R"("\u0000H\u0000i")");
  lob.kind = LobLocator::Kind::kLobIndex;
  EXPECT_TRUE(
      json_of(column(TypeCode::kClob), lob.encode()).starts_with(R"({"$unsupported":"LOB out of row","hex":")"));
}

TEST(Value, RowIdSurvives) {
  std::mt19937_64 random(59);
  for (int i = 0; i < 1000; ++i) {
    const RowId row{static_cast<std::uint32_t>(random()), static_cast<Dba>(random()),
                    static_cast<std::uint16_t>(random())};
    TextBuffer out;
    append_rowid(out, rowid_bytes(row));
    ASSERT_EQ(rowid_from_text(out.view()), row);
  }
}

TEST(Value, RandomBytesAlwaysGiveJson) {
  std::mt19937_64 random(61);
  const TypeCode kTypes[] = {TypeCode::kVarchar2,     TypeCode::kNumber,     TypeCode::kDate,
                             TypeCode::kRaw,          TypeCode::kRowId,      TypeCode::kBinaryFloat,
                             TypeCode::kBinaryDouble, TypeCode::kClob,       TypeCode::kBlob,
                             TypeCode::kJson,         TypeCode::kVector,     TypeCode::kTimestamp,
                             TypeCode::kTimestampTz,  TypeCode::kIntervalYm, TypeCode::kIntervalDs,
                             TypeCode::kTimestampLtz, TypeCode::kBoolean};
  for (int i = 0; i < 50000; ++i) {
    ByteString bytes;
    for (std::size_t n = 1 + random() % 40; n > 0; --n) bytes += static_cast<std::uint8_t>(random());
    const Column c = column(kTypes[random() % std::size(kTypes)]);
    ASSERT_TRUE(nlohmann::json::accept(json_of(c, bytes))) << json_of(c, bytes);
    TextBuffer out;
    append_json_lob(out, c, bytes, random() % 2);
    ASSERT_TRUE(nlohmann::json::accept(out.view())) << out.view();
  }
}

// The recorded values of real databases: what each file says about its bytes.
class RecordedValues : public testing::Test {
 protected:
  nlohmann::json cases(const char* file) {
    const char* shared = std::getenv("REDOUBT_SHARED");
    const auto path = std::filesystem::path(shared ? shared : "") / "data/redo-records" / file;
    if (!std::filesystem::exists(path)) return {};
    return nlohmann::json::parse(read_file(path))["cases"];
  }
  static std::string hex(const nlohmann::json& c) {
    return c.contains("hex") ? c["hex"].get<std::string>() : c["derived"]["hex"].get<std::string>();
  }
  void report(const char* file, int agree, std::size_t of) {
    std::cout << file << ": " << agree << " of " << of << " agree\n";
    EXPECT_EQ(static_cast<std::size_t>(agree), of);
  }
};

TEST_F(RecordedValues, Numbers) {
  const auto set = cases("scalar-number.json");
  if (set.empty()) GTEST_SKIP() << "no recorded values in REDOUBT_SHARED";
  int agree = 0;
  for (const auto& c : set) {
    const std::string type = c["type"];
    const auto& said = c["expected"];
    const auto& derived = c["derived"];
    std::string got, want;
    if (type == "NUMBER") {
      got = json_of(TypeCode::kNumber, hex(c));
      want = said.contains("decimal") ? said["decimal"] : said.contains("value") ? said["value"] : derived["decimal"];
      EXPECT_EQ(to_hex(number_from_text(want)), hex(c)) << c["name"];
    } else if (type == "BINARY_FLOAT") {
      got = json_of(TypeCode::kBinaryFloat, hex(c));
      want = derived["text"];
    } else {
      got = json_of(TypeCode::kBinaryDouble, hex(c));
      want = derived["float64"].dump();
    }
    EXPECT_EQ(got, want) << c["name"];
    agree += got == want;
  }
  report("scalar-number.json", agree, set.size());
}

TEST_F(RecordedValues, Intervals) {
  const auto set = cases("scalar-interval.json");
  if (set.empty()) GTEST_SKIP() << "no recorded values in REDOUBT_SHARED";
  int agree = 0;
  for (const auto& c : set) {
    const bool months = c["type"] == "INTERVAL YEAR TO MONTH";
    const std::string want = c["expected"]["iso8601"];
    const std::string got = json_of(months ? TypeCode::kIntervalYm : TypeCode::kIntervalDs, hex(c));
    EXPECT_EQ(got, '"' + want + '"');
    EXPECT_EQ(to_hex(months ? interval_ym_from_text(want) : interval_ds_from_text(want)), hex(c));
    agree += got == '"' + want + '"';
  }
  report("scalar-interval.json", agree, set.size());
}

TEST_F(RecordedValues, Text) {
  const auto set = cases("scalar-text.json");
  if (set.empty()) GTEST_SKIP() << "no recorded values in REDOUBT_SHARED";
  int agree = 0;
  for (const auto& c : set) {
    Column text = column(TypeCode::kChar);
    text.charset = charset_by_name(c["charset"].get<std::string>());
    const auto got = nlohmann::json::parse(json_of(text, from_hex(hex(c))));
    EXPECT_EQ(got, c["expected"]["text"]);
    agree += got == c["expected"]["text"];
  }
  report("scalar-text.json", agree, set.size());
}

TEST_F(RecordedValues, JsonAndVectors) {
  const auto set = cases("scalar-oson-vector.json");
  if (set.empty()) GTEST_SKIP() << "no recorded values in REDOUBT_SHARED";
  int agree = 0;
  for (const auto& c : set) {
    const ByteString value = from_hex(hex(c));
    const LobLocator lob = LobLocator::parse(value);
    const auto& locator = c["expected"]["locator"];
    EXPECT_EQ(lob.type == LobLocator::kBlob, locator["lob_type"] == "BLOB");
    EXPECT_EQ(lob.kind == LobLocator::Kind::kSecureInRow, locator["securefile"] == true);
    EXPECT_EQ(lob.length, locator["data_length"]);
    EXPECT_EQ(lob.in_row(), locator["data_in_row"]);
    const bool is_json = c["type"] == "JSON";
    const std::string got = json_of(column(is_json ? TypeCode::kJson : TypeCode::kVector), value);
    const auto& derived = c["derived"];
    const std::string want = is_json
                                 ? c["expected"]["json_text"].get<std::string>()
                                 : (derived.contains("values") ? derived["values"] : derived["packed_bytes"]).dump();
    EXPECT_EQ(got, want) << c["name"];
    agree += got == want;
  }
  report("scalar-oson-vector.json", agree, set.size());
}

}  // namespace
}  // namespace redoubt::oracle
