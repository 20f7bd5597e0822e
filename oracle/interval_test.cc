#include "oracle/interval.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

template <class Append>
std::string text_of(Append append, Bytes bytes) {
  TextBuffer out;
  append(out, bytes);
  return out.str();
}

TEST(Interval, TableOfTheSpecificationBothWays) {
  const std::pair<const char*, const char*> kYearToMonth[] = {
      {"P2Y3M", "800000023f"}, {"-P2Y3M", "7ffffffe39"},         {"-P1M", "800000003b"},
      {"P0M", "800000003c"},   {"P999999999Y11M", "bb9ac9ff47"}, {"P2Y", "800000023c"},
  };
  for (const auto& [text, hex] : kYearToMonth) {
    EXPECT_EQ(text_of(append_interval_ym, from_hex(hex)), text);
    EXPECT_EQ(to_hex(interval_ym_from_text(text)), hex);
  }
  const std::pair<const char*, const char*> kDayToSecond[] = {
      {"P1DT2H3M4.5S", "800000013e3f409dcd6500"},
      {"-P1DT2H3M4.5S", "7fffffff3a393862329b00"},
      {"-PT1S", "800000003c3c3b80000000"},
      {"PT0S", "800000003c3c3c80000000"},
      {"P77DT14H33M15S", "8000004d4a5d4b80000000"},
      {"PT0.000000001S", "800000003c3c3c80000001"},
      {"P3D", "800000033c3c3c80000000"},
      {"-PT59M", "800000003c013c80000000"},
  };
  for (const auto& [text, hex] : kDayToSecond) {
    EXPECT_EQ(text_of(append_interval_ds, from_hex(hex)), text);
    EXPECT_EQ(to_hex(interval_ds_from_text(text)), hex);
  }
}

TEST(Interval, RefusesWhatIsNone) {
  for (const char* hex : {"", "80000002", "800000023f00", "8000000230", "8000000248", "800000023b", "7ffffffe3d",
                          "0000000030", "ffffffff3c"})
    EXPECT_THROW(text_of(append_interval_ym, from_hex(hex)), Malformed) << hex;
  for (const char* hex : {"800000013e3f40", "8000000154 3c3c80000000", "800000013c783c80000000",
                          "800000013c3c0080000000", "800000013c3c3cbb9aca00", "800000013c3c3b80000000"})
    EXPECT_THROW(text_of(append_interval_ds, from_hex(hex)), Malformed) << hex;
  for (const char* text : {"", "P", "2Y", "P2X", "P12M", "P-2Y", "P2Y3", "P2Y3M4D"})
    EXPECT_THROW(interval_ym_from_text(text), Malformed) << text;
  for (const char* text : {"", "P1DT", "PT60S", "PT24H", "PT1.S0", "P1DT1M1H", "PT1"})
    EXPECT_THROW(interval_ds_from_text(text), Malformed) << text;
}

TEST(Interval, RandomIntervalsSurvive) {
  std::mt19937_64 random(23);
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t sign = random() % 2 ? 1 : -1;
    const auto part = [&](std::uint64_t limit) {
      return random() % 4 == 0 ? 0 : sign * static_cast<std::int64_t>(random() % limit);
    };
    ByteString ym(5, 0);
    store<std::uint32_t>(ym.data(), static_cast<std::uint32_t>(part(1'000'000'000) + 0x80000000), ByteOrder::kBig);
    ym[4] = static_cast<std::uint8_t>(60 + part(12));
    ASSERT_EQ(interval_ym_from_text(text_of(append_interval_ym, ym)), ym);
    ByteString ds(11, 0);
    store<std::uint32_t>(ds.data(), static_cast<std::uint32_t>(part(1'000'000'000) + 0x80000000), ByteOrder::kBig);
    ds[4] = static_cast<std::uint8_t>(60 + part(24));
    ds[5] = static_cast<std::uint8_t>(60 + part(60));
    ds[6] = static_cast<std::uint8_t>(60 + part(60));
    store<std::uint32_t>(ds.data() + 7, static_cast<std::uint32_t>(part(1'000'000'000) + 0x80000000), ByteOrder::kBig);
    ASSERT_EQ(interval_ds_from_text(text_of(append_interval_ds, ds)), ds) << text_of(append_interval_ds, ds);
  }
}

}  // namespace
}  // namespace redoubt::oracle
