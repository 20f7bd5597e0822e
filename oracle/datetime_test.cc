#include "oracle/datetime.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "base/error.h"
#include "oracle/time_zone.h"

namespace redoubt::oracle {
namespace {

template <class Append, class... Args>
std::string text_of(Append append, std::string_view hex, Args... args) {
  TextBuffer out;
  append(out, from_hex(hex), args...);
  return out.str();
}

TEST(Date, TableOfTheSpecificationBothWays) {
  const std::pair<const char*, const char*> kTable[] = {
      {"2025-06-15T10:30:00", "787d060f0b1f01"}, {"2000-01-01T00:00:00", "78640101010101"},
      {"2026-12-31T23:59:59", "787e0c1f183c3c"}, {"9999-12-31T23:59:59", "c7c70c1f183c3c"},
      {"0001-01-01T00:00:00", "64650101010101"}, {"-4712-01-01T00:00:00", "35580101010101"},
      {"2026-03-07T01:44:37", "787e0307022d26"}, {"-0001-12-31T23:59:59", "64630c1f183c3c"},
      {"1582-10-04T00:00:00", "73b60a04010101"}, {"1500-02-29T00:00:00", "7364021d010101"},
  };
  for (const auto& [text, hex] : kTable) {
    EXPECT_EQ(text_of(append_date, hex), text);
    EXPECT_EQ(to_hex(date_from_text(text)), hex);
  }
}

TEST(Date, RefusesFieldsOutOfRange) {
  for (const char* hex : {"",
                          "787d060f0b1f",
                          "787d060f0b1f0101",  // length
                          "787d000f0b1f01",
                          "787d0d0f0b1f01",  // month
                          "787d06000b1f01",
                          "787d061f0b1f01",
                          "787d021d0b1f01",
                          "7764021d010101",  // day: 31 June, 29 February 2025, 1900
                          "787d060f001f01",
                          "787d060f191f01",  // hour
                          "787d060f0b0001",
                          "787d060f0b3d01",  // minute
                          "787d060f0b1f00",
                          "787d060f0b1f3d",  // second
                          "64640101010101",
                          "78c80101010101",
                          "c8640101010101",
                          "63650101010101",
                          "78000101010101",
                          "35570101010101"})  // year 0, beyond its century, 10000, mixed signs, below 4712 BC
    EXPECT_THROW(text_of(append_date, hex), Malformed) << hex;
  for (const char* text : {"", "2025-06-15", "2025-06-15 10:30:00", "2025-06-15T10:30:00Z", "2025-06-15T10:30:00.5",
                           "2025-6-15T10:30:00", "2025-02-29T00:00:00", "0000-01-01T00:00:00"})
    EXPECT_THROW(date_from_text(text), Malformed) << text;
}

TEST(Timestamp, TableOfTheSpecificationBothWays) {
  struct Row {
    const char* text;
    int digits;
    const char* hex;
  };
  const Row kTable[] = {
      {"2025-06-15T10:30:00", 0, "787d060f0b1f01"},
      {"2025-06-15T10:30:00.000", 3, "787d060f0b1f01"},
      {"2025-06-15T10:30:00.123", 3, "787d060f0b1f010754d4c0"},
      {"2025-06-15T10:30:00.123000", 6, "787d060f0b1f010754d4c0"},
      {"2025-06-15T10:30:00.123456", 6, "787d060f0b1f01075bca00"},
      {"2025-06-15T10:30:00.123456789", 9, "787d060f0b1f01075bcd15"},
      {"2026-12-31T23:59:59.999999999", 9, "787e0c1f183c3c3b9ac9ff"},
      {"-0044-03-15T12:00:00.500000", 6, "6438030f0d01011dcd6500"},
  };
  for (const Row& row : kTable) {
    EXPECT_EQ(text_of(append_timestamp, row.hex, row.digits), row.text);
    EXPECT_EQ(to_hex(timestamp_from_text(row.text)), row.hex);
  }
}

TEST(Timestamp, NeverDropsStoredDigits) {
  EXPECT_EQ(text_of(append_timestamp, "787d060f0b1f01075bcd15", 6), "2025-06-15T10:30:00.123456789");
  EXPECT_EQ(text_of(append_timestamp, "787d060f0b1f01075bca00", 0), "2025-06-15T10:30:00.123456000");
  EXPECT_EQ(text_of(append_timestamp, "787d060f0b1f01075bca00", -1), "2025-06-15T10:30:00.123456000");
}

TEST(Timestamp, RefusesWhatIsNone) {
  EXPECT_THROW(text_of(append_timestamp, "787d060f0b1f0107", 6), Malformed);
  EXPECT_THROW(text_of(append_timestamp, "787d060f0b1f013b9aca00", 6), Malformed);  // 1e9 nanoseconds
  EXPECT_THROW(timestamp_from_text("2025-06-15T10:30:00."), Malformed);
  EXPECT_THROW(timestamp_from_text("2025-06-15T10:30:00.1234567890"), Malformed);
}

TEST(TimestampTz, TableOfTheSpecificationBothWays) {
  struct Row {
    const char* text;
    int digits;
    const char* hex;
  };
  const Row kTable[] = {
      {"2025-06-15T10:30:00.123456+02:00", 6, "787d060f091f01075bca00163c"},
      {"2025-06-15T10:30:00-03:30", 0, "787d060f0f010100000000111e"},
      {"2025-06-15T08:30:00+00:00", 0, "787d060f091f0100000000143c"},
      {"2025-06-15T08:30:00.123456Z[Europe/Paris]", 6, "787d060f091f01075bca0085f8"},
      {"1999-10-30T04:00:00Z[US/Pacific]", 0, "77c70a1e05010100000000899c"},
      {"1999-10-30T04:00:00Z[region 999]", 0, "77c70a1e050101000000008f9c"},
      {"2025-01-01T01:00:00+02:00", 0, "787c0c1f18010100000000163c"},
      {"1582-10-15T01:00:00+02:00", 0, "73b60a0418010100000000163c"},
      {"1582-10-04T22:00:00-02:00", 0, "73b60a0f01010100000000123c"},
      {"9999-12-31T23:00:00Z[+02:00]", 0, "c7c70c1f18010100000000163c"},
      {"-0100-03-01T00:30:00Z[-03:30]", 0, "63640301011f0100000000111e"},
  };
  for (const Row& row : kTable) {
    EXPECT_EQ(text_of(append_timestamp_tz, row.hex, row.digits), row.text);
    EXPECT_EQ(to_hex(timestamp_tz_from_text(row.text)), row.hex) << row.text;
  }
  // Nine bytes: no nanoseconds, the zone in the last two.
  EXPECT_EQ(text_of(append_timestamp_tz, "787d060f091f01163c", 3), "2025-06-15T10:30:00.000+02:00");
}

TEST(TimestampTz, RefusesWhatIsNone) {
  EXPECT_THROW(text_of(append_timestamp_tz, "787d060f091f01075bca00", 6), Malformed);
  for (const char* zone : {"043c", "243c", "1400", "1478", "161e", "125a"})  // hours, minutes, mixed signs
    EXPECT_THROW(text_of(append_timestamp_tz, std::string("787d060f091f0100000000") + zone, 6), Malformed) << zone;
  for (const char* text :
       {"2025-06-15T10:30:00", "2025-06-15T10:30:00Z", "2025-06-15T10:30:00+16:00",
        "2025-06-15T10:30:00Z[Mars/Olympus]", "2025-06-15T10:30:00Z[region 9999]", "9999-12-31T23:00:00-02:00"})
    EXPECT_THROW(timestamp_tz_from_text(text), Malformed) << text;
}

TEST(TimestampLtz, FollowsTheDatabaseZone) {
  struct Row {
    const char* zone;
    const char* text;
  };
  const Row kTable[] = {
      {"+00:00", "2025-06-15T10:30:00.500Z"},
      {"+02:00", "2025-06-15T08:30:00.500Z"},
      {"-11:00", "2025-06-15T21:30:00.500Z"},
      {"00:00", "2025-06-15T10:30:00.500Z"},
      {"Europe/Paris", "2025-06-15T10:30:00.500[Europe/Paris]"},
  };
  for (const Row& row : kTable) {
    EXPECT_EQ(text_of(append_timestamp_ltz, "787d060f0b1f011dcd6500", 3, row.zone), row.text);
    EXPECT_EQ(to_hex(timestamp_ltz_from_text(row.text, row.zone)), "787d060f0b1f011dcd6500");
  }
  EXPECT_EQ(text_of(append_timestamp_ltz, "64650101010101", 0, "+02:00"), "0001-01-01T00:00:00[+02:00]");
  EXPECT_EQ(to_hex(timestamp_ltz_from_text("0001-01-01T00:00:00[+02:00]", "+02:00")), "64650101010101");
}

// The calendar against <chrono>, which is proleptic Gregorian: equal from 1582-10-15 on.
TEST(TimestampTz, LocalTimeAgreesWithChrono) {
  std::mt19937_64 random(17);
  using std::chrono::sys_seconds, std::chrono::seconds, std::chrono::days;
  const sys_seconds first = std::chrono::sys_days(std::chrono::year(1583) / 1 / 1);
  const sys_seconds last = std::chrono::sys_days(std::chrono::year(9999) / 12 / 30);
  const auto text = [](sys_seconds time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date(day);
    const auto second = (time - day).count();
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600,
                       second / 60 % 60, second % 60);
  };
  for (int i = 0; i < 20000; ++i) {
    const auto span = static_cast<std::uint64_t>((last - first).count());
    const sys_seconds utc = first + seconds(static_cast<std::int64_t>(random() % span));
    const int offset = static_cast<int>(random() % 1801) - 900;
    const ByteString bytes = timestamp_from_text(text(utc)) + ByteString{0, 0, 0, 0} +
                             time_zone_bytes({false, 0, static_cast<std::int16_t>(offset)});
    TextBuffer local;
    append_timestamp_tz(local, bytes, 0);
    TextBuffer want;
    want.append(text(utc + seconds(offset * 60)));
    append_offset(want, offset);
    ASSERT_EQ(local.view(), want.view());
    ASSERT_EQ(timestamp_tz_from_text(local.view()), bytes);
  }
}

TEST(Timestamp, RandomBytesSurviveOrAreRefused) {
  std::mt19937_64 random(19);
  int dates = 0;
  for (int i = 0; i < 50000; ++i) {
    const auto byte = [&](unsigned low, unsigned high) {
      return static_cast<std::uint8_t>(low + random() % (high - low + 1));
    };
    ByteString bytes{byte(50, 200), byte(0, 200), byte(0, 13), byte(0, 32), byte(0, 25), byte(0, 61), byte(0, 61)};
    if (random() % 2) bytes += ByteString{byte(0, 63), byte(0, 255), byte(0, 255), byte(1, 255)};
    TextBuffer out;
    try {
      append_timestamp(out, bytes, 9);
    } catch (const Malformed&) {
      continue;
    }
    ++dates;
    ASSERT_EQ(to_hex(timestamp_from_text(out.view())), to_hex(bytes)) << out.view();
  }
  EXPECT_GT(dates, 5000);
}

TEST(TimeZone, EveryRegionNumberSurvives) {
  int named = 0;
  for (std::uint16_t number = 0; number < 0x2000; ++number) {
    const TimeZone zone = time_zone(time_zone_bytes({true, number, 0}));
    ASSERT_TRUE(zone.is_region);
    ASSERT_EQ(zone.region, number);
    if (const auto name = region_name(number); !name.empty()) {
      ++named;
      ASSERT_EQ(region_number(name), number) << name;
    }
  }
  EXPECT_EQ(named, 95);
  EXPECT_EQ(region_name(615), "US/Pacific");
  EXPECT_EQ(region_name(5121), "UTC");
  EXPECT_EQ(region_number("Mars/Olympus"), std::nullopt);
}

TEST(TimeZone, EveryOffsetSurvives) {
  for (std::int16_t offset = -959; offset <= 959; ++offset) {
    ASSERT_EQ(time_zone(time_zone_bytes({false, 0, offset})).offset_min, offset);
    TextBuffer text;
    append_offset(text, offset);
    ASSERT_EQ(offset_from_text(text.view()), offset);
  }
  for (const char* text : {"", "+", "2:00", "+2:00", "+02", "+02:60", "+16:00", "UTC", "+02:00x", "++2:00"})
    EXPECT_EQ(offset_from_text(text), std::nullopt) << text;
}

}  // namespace
}  // namespace redoubt::oracle
