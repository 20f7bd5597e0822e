#include "oracle/float.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

template <class Float>
std::string text_of(Float value) {
  TextBuffer out;
  append_float(out, value);
  return out.str();
}

TEST(Float, TableOfTheSpecificationBothWays) {
  struct Row {
    double value;
    const char* text;
    const char* single_hex;
    const char* double_hex;
  };
  const Row kTable[] = {
      {0, "0", "80000000", "8000000000000000"},
      {1, "1", "bf800000", "bff0000000000000"},
      {-1, "-1", "407fffff", "400fffffffffffff"},
      {3.14, "3.14", "c048f5c3", "c0091eb851eb851f"},
      {-1.5, "-1.5", "403fffff", "4007ffffffffffff"},
      {256, "256", "c3800000", "c070000000000000"},
      {65536.125, "65536.125", nullptr, "c0f0000200000000"},
      {-65536.125, "-65536.125", nullptr, "3f0ffffdffffffff"},
      {1e100, "1e+100", nullptr, "d4b249ad2594c37d"},
      {5e-324, "5e-324", nullptr, "8000000000000001"},
      {HUGE_VAL, "Infinity", "ff800000", "fff0000000000000"},
      {-HUGE_VAL, "-Infinity", "007fffff", "000fffffffffffff"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN", "ffc00000", "fff8000000000000"},
  };
  for (const Row& row : kTable) {
    EXPECT_EQ(text_of(double_value(from_hex(row.double_hex))), row.text);
    EXPECT_EQ(to_hex(double_bytes(row.value)), row.double_hex);
    if (!row.single_hex) continue;
    EXPECT_EQ(text_of(float_value(from_hex(row.single_hex))), row.text);
    EXPECT_EQ(to_hex(float_bytes(static_cast<float>(row.value))), row.single_hex);
  }
}

TEST(Float, WhereTheExponentBegins) {
  EXPECT_EQ(text_of(100000.0), "100000");
  EXPECT_EQ(text_of(1e15), "1000000000000000");
  EXPECT_EQ(text_of(1.5e15), "1500000000000000");
  EXPECT_EQ(text_of(1e16), "1e+16");
  EXPECT_EQ(text_of(0.0001), "0.0001");
  EXPECT_EQ(text_of(-0.000125), "-0.000125");
  EXPECT_EQ(text_of(0.00001), "1e-05");
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(12.5), "12.5");
  EXPECT_EQ(text_of(9007199254740993.0), "9007199254740992");
  EXPECT_EQ(text_of(3e10F), "30000000000");
  EXPECT_EQ(text_of(0.1F), "0.1");
  EXPECT_EQ(text_of(1e-310), "1e-310");
  EXPECT_EQ(text_of(-0.0), "-0");
}

TEST(Float, RandomBitsSurvive) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 50000; ++i) {
    const std::uint64_t bits = random();
    const auto d = std::bit_cast<double>(bits);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(double_value(double_bytes(d))), bits);
    if (std::isfinite(d)) {
      ASSERT_EQ(std::strtod(text_of(d).c_str(), nullptr), d) << text_of(d);
    }
    const auto scaled = static_cast<double>(static_cast<std::int64_t>(bits) >> (bits % 60)) / 1024;
    ASSERT_EQ(std::strtod(text_of(scaled).c_str(), nullptr), scaled) << text_of(scaled);
    const auto f = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    ASSERT_EQ(std::bit_cast<std::uint32_t>(float_value(float_bytes(f))), static_cast<std::uint32_t>(bits));
    if (std::isfinite(f)) {
      ASSERT_EQ(std::strtof(text_of(f).c_str(), nullptr), f) << text_of(f);
    }
  }
}

TEST(Float, BytesSortLikeNumbers) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 10000; ++i) {
    const auto a = static_cast<double>(static_cast<std::int64_t>(random()));
    const auto b = static_cast<double>(static_cast<std::int64_t>(random()));
    ASSERT_EQ(double_bytes(a) < double_bytes(b), a < b);
  }
}

TEST(Float, RefusesOtherLengths) {
  EXPECT_THROW(float_value(from_hex("bf8000")), Malformed);
  EXPECT_THROW(float_value(from_hex("bff0000000000000")), Malformed);
  EXPECT_THROW(double_value(from_hex("bf800000")), Malformed);
  EXPECT_THROW(double_value({}), Malformed);
}

}  // namespace
}  // namespace redoubt::oracle
