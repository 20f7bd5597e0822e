#include "oracle/number.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

std::string text_of(Bytes bytes) {
  TextBuffer out;
  append_number(out, bytes);
  return out.str();
}

std::string repeated(std::string_view unit, int times) {
  std::string s;
  for (int i = 0; i < times; ++i) s += unit;
  return s;
}

TEST(Number, TableOfTheSpecificationBothWays) {
  const std::pair<std::string, std::string> kTable[] = {
      {"0", "80"},
      {"1", "C1 02"},
      {"-1", "3E 64 66"},
      {"10", "C1 0B"},
      {"99", "C1 64"},
      {"100", "C2 02"},
      {"-100", "3D 64 66"},
      {"123", "C2 02 18"},
      {"-123", "3D 64 4E 66"},
      {"1.5", "C1 02 33"},
      {"0.1", "C0 0B"},
      {"0.01", "C0 02"},
      {"0.001", "BF 0B"},
      {"-0.5", "3F 33 66"},
      {"12345.67", "C3 02 18 2E 44"},
      {"-999.99", "3D 5C 02 02 66"},
      {"42", "C1 2B"},
      {"72726", "C3 08 1C 1B"},
      {"100000", "C3 0B"},
      {"2147483647", "C5 16 30 31 25 30"},
      {"-2147483648", "3A 50 36 35 41 35 66"},
      {"1073741825", "C5 0B 4A 4B 13 1A"},
      {"17716740096", "C6 02 4E 11 4B 01 61"},
      {"0." + std::string(35, '0') + "1", "AF 02"},
      {"1" + std::string(125, '0'), "FF 0B"},
      {"0." + std::string(129, '0') + "1", "80 02"},
      {"-0." + std::string(129, '0') + "1", "7F 64 66"},
      {std::string(38, '9'), "D3" + repeated("64", 19)},
      {"-" + std::string(38, '9'), "2C" + repeated("02", 19) + "66"},
      {"12345678901234567890123456789012345678", "D3 0D 23 39 4F 5B 0D 23 39 4F 5B 0D 23 39 4F 5B 0D 23 39 4F"},
      {"-9999999999.9999999999", "3A" + repeated("02", 10) + "66"},
      {"3.14159265358979323846264338327950288", "C1 04 0F 10 5D 42 24 5A 50 21 27 2F 1B 2C 27 21 50 33 1D 51"},
      {std::string(40, '9'), "D4" + repeated("64", 20)},
      {"-" + std::string(40, '9'), "2B" + repeated("02", 20)},
      {"Infinity", "FF 65"},
      {"-Infinity", "00"},
  };
  for (const auto& [text, hex] : kTable) {
    EXPECT_EQ(text_of(from_hex(hex)), text) << hex;
    EXPECT_EQ(to_hex(number_from_text(text)), to_hex(from_hex(hex))) << text;
  }
}

TEST(Number, ReadsOtherSpellings) {
  for (const char* text : {"100", "1e2", "1E+2", "+100.000", "000100", "1000e-1", "0.001e5", "100."})
    EXPECT_EQ(to_hex(number_from_text(text)), "c202") << text;
  for (const char* text : {"0", "-0", "0.000", "0e99", ".0"}) EXPECT_EQ(to_hex(number_from_text(text)), "80") << text;
  EXPECT_EQ(text_of(number_from_text(".5")), "0.5");
}

TEST(Number, AcceptsZeroDigitsThatOracleWouldNotStore) {
  EXPECT_EQ(text_of(from_hex("C2 01 02")), "1");
  EXPECT_EQ(text_of(from_hex("C1 02 01 01")), "1");
  EXPECT_EQ(text_of(from_hex("C1 01")), "0");
  EXPECT_EQ(text_of(from_hex("3E 65 66")), "0");
}

TEST(Number, RefusesWhatIsNoNumber) {
  for (const char* hex : {"", "C1", "C1 00", "C1 65", "C1 66", "3E 66", "3E 64", "3E 01 66", "3E 67 66", "FF 66", "01",
                          "C102020202020202020202020202020202020202020202"})
    EXPECT_THROW(text_of(from_hex(hex)), Malformed) << hex;
  for (const char* text : {"", "-", ".", "1x", "1e", "1e+", "1e+-2", "0x1", "1.2.3", "NaN", "1e126", "1e-131", "1 "})
    EXPECT_THROW(number_from_text(text), Malformed) << text;
  EXPECT_THROW(number_from_text(std::string(41, '9')), Malformed);
  // 40 digits fit only when the point falls between base-100 digits.
  EXPECT_THROW(number_from_text("1." + std::string(39, '1')), Malformed);
  EXPECT_NO_THROW(number_from_text("11." + std::string(38, '1')));
}

TEST(Number, Int64) {
  std::mt19937_64 random(20250615);
  for (int i = 0; i < 20000; ++i) {
    const auto value = static_cast<std::int64_t>(random()) >> (random() % 64);
    const ByteString bytes = number_from_int64(value);
    ASSERT_EQ(number_to_int64(bytes), value);
    ASSERT_EQ(text_of(bytes), std::to_string(value));
  }
  for (const std::int64_t value : {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1, std::int64_t{0}})
    EXPECT_EQ(number_to_int64(number_from_int64(value)), value);
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "1.5", "0.5", "1e20", "1e125", "Infinity"})
    EXPECT_EQ(number_to_int64(number_from_text(text)), std::nullopt) << text;
  EXPECT_THROW(number_to_int64(from_hex("C1 66")), Malformed);
}

// Text built digit by digit, without the code under test.
TEST(Number, RandomTextSurvives) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 50000; ++i) {
    const int whole = static_cast<int>(random() % 40);
    const int fraction = static_cast<int>(random() % static_cast<unsigned>(39 - std::min(whole, 38)));
    std::string text;
    for (int n = 0; n < whole; ++n) text += static_cast<char>('0' + random() % 10);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size()));
    if (text.empty()) text = "0";
    std::string digits;
    for (int n = 0; n < fraction; ++n) digits += static_cast<char>('0' + random() % 10);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (!digits.empty()) text += '.' + digits;
    if (text != "0" && random() % 2) text.insert(0, 1, '-');
    const ByteString bytes = number_from_text(text);
    ASSERT_LE(bytes.size(), 21U);
    ASSERT_EQ(text_of(bytes), text) << to_hex(bytes);
  }
}

TEST(Number, RandomBytesSurviveOrAreRefused) {
  std::mt19937_64 random(11);
  int numbers = 0;
  for (int i = 0; i < 100000; ++i) {
    const bool negative = random() % 2;
    ByteString bytes{static_cast<std::uint8_t>(negative ? random() % 128 : 128 + random() % 128)};
    const std::size_t count = 1 + random() % 20;
    for (std::size_t n = 0; n < count; ++n) bytes += static_cast<std::uint8_t>((negative ? 2 : 1) + random() % 100);
    if (negative && bytes.back() == 101) bytes.back() = 100;
    if (!negative && bytes.back() == 1) bytes.back() = 2;
    if (bytes[1] == (negative ? 101 : 1)) bytes[1] = 50;
    if (negative && count < 20) bytes.push_back(0x66);
    ASSERT_EQ(to_hex(number_from_text(text_of(bytes))), to_hex(bytes)) << text_of(bytes);
    bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    try {
      const std::string text = text_of(bytes);
      ++numbers;
      ASSERT_EQ(text_of(number_from_text(text)), text);
    } catch (const Malformed&) {
    }
  }
  EXPECT_GT(numbers, 10000);
}

}  // namespace
}  // namespace redoubt::oracle
