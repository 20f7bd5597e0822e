#include "base/units.h"

#include <gtest/gtest.h>

#include <random>

namespace redoubt {
namespace {

std::string complaint(const std::function<void()>& parse) {
  try {
    parse();
  } catch (const BadValue& bad) {
    return bad.text();
  }
  return "";
}

TEST(Units, DurationsOfEveryUnit) {
  EXPECT_EQ(parse_duration("0s"), Duration(0));
  EXPECT_EQ(parse_duration("500ms"), Duration(500));
  EXPECT_EQ(parse_duration("10s"), Duration(10'000));
  EXPECT_EQ(parse_duration("5m"), Duration(300'000));
  EXPECT_EQ(parse_duration("2h"), Duration(7'200'000));
  EXPECT_EQ(parse_duration("1d"), Duration(86'400'000));
  EXPECT_EQ(parse_duration("30", true), Duration(30'000));
  EXPECT_EQ(parse_duration("30ms", true), Duration(30));
}

TEST(Units, ADurationWithoutUnitIsToldWhichToWrite) {
  EXPECT_EQ(complaint([] { parse_duration("30"); }), "needs a unit: 30s for seconds, or 30ms, 30m, 30h, 30d");
}

TEST(Units, SizesOfEveryUnit) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("1KiB"), 1024U);
  EXPECT_EQ(parse_size("64MiB"), 64U << 20);
  EXPECT_EQ(parse_size("2GiB"), 2ULL << 30);
  EXPECT_EQ(parse_size("1GB"), 1'000'000'000U);
  EXPECT_EQ(parse_size("16777215TiB"), 16777215ULL << 40);
  EXPECT_EQ(parse_size("18446744073709551615"), ~0ULL);
}

TEST(Units, WhatReadersDisagreeAboutIsRefused) {
  for (const char* text : {"010", "00", "0x10", "1_000", "1,000", "1e3", "+5", " 5", "5 ", "", "-", "1.5", "--1", "٣"})
    EXPECT_NE(complaint([&] { parse_integer(text); }), "") << text;
  for (const char* text : {"10 s", "1.5h", "1h30m", "s", "10S", "10sec", "010s", "-1s", "", "1M"})
    EXPECT_NE(complaint([&] { parse_duration(text); }), "") << text;
  for (const char* text : {"1K", "1M", "1G", "1 MiB", "1mib", "MiB", "01KiB", "-1", "", "1B"})
    EXPECT_NE(complaint([&] { parse_size(text); }), "") << text;
}

TEST(Units, TooLargeIsToldAndNeverWraps) {
  EXPECT_EQ(complaint([] { parse_integer("18446744073709551616"); }), "is too large");
  EXPECT_EQ(complaint([] { parse_integer(std::string(10'000, '9')); }), "is too large");
  EXPECT_EQ(complaint([] { parse_size("16777216TiB"); }), "is too large");
  EXPECT_EQ(complaint([] { parse_duration("9223372036854775808ms"); }), "is too large");
  EXPECT_EQ(complaint([] { parse_duration("106751991168d"); }), "is too large");
  EXPECT_EQ(complaint([] { parse_duration("9223372036854776", true); }), "is too large");
  EXPECT_EQ(parse_duration("106751991167d").count(), 9'223'372'036'828'800'000);
}

TEST(Units, WhatIsWrittenReadsBackTheSame) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20'000; ++i) {
    // Any width of number, and often a whole number of some unit.
    constexpr std::uint64_t kUnits[] = {1, 1000, 1024, 60'000, 3'600'000, 86'400'000, 1ULL << 30, 1'000'000'000};
    const std::uint64_t value = (random() >> (random() % 64)) / kUnits[random() % 8] * kUnits[random() % 4];
    EXPECT_EQ(parse_size(write_size(value)), value) << write_size(value);
    const Duration duration(static_cast<std::int64_t>(value >> 1));
    EXPECT_EQ(parse_duration(write_duration(duration)), duration) << write_duration(duration);
  }
}

}  // namespace
}  // namespace redoubt
