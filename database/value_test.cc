#include "database/value.h"

#include <gtest/gtest.h>
#include <random>

namespace redoubt::database {
namespace {

std::string text_of(const DateTime& time, Parts parts = Parts::kTime) {
  TextBuffer out;
  write_time(out, time, parts);
  return out.str();
}

TEST(Value, DaysAreThoseOfTheCalendar) {
  EXPECT_EQ(days_of(1970, 1, 1), 0);
  EXPECT_EQ(days_of(2000, 3, 1), 11017);
  EXPECT_EQ(days_of(1, 1, 1), -719162);
  EXPECT_EQ(days_of(-4713, 11, 24), -2440588);  // day 0 of the Julian count
}

// Every day of 20,000 years, in order: each is the day after the last.
TEST(Value, EveryDayComesBack) {
  DateTime last = date_of(days_of(-10000, 1, 1) - 1);
  for (std::int64_t day = days_of(-10000, 1, 1); day < days_of(10000, 1, 1); ++day) {
    const DateTime date = date_of(day);
    ASSERT_EQ(days_of(date.year, date.month, date.day), day);
    const bool next = date.day == last.day + 1 && date.month == last.month && date.year == last.year;
    const bool first = date.day == 1 && (date.month == last.month + 1 || (date.month == 1 && last.month == 12));
    ASSERT_TRUE(next || first) << text_of(last) << " is followed by " << text_of(date);
    last = date;
  }
}

TEST(Value, MomentsComeBack) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    // About 280,000 years either way, as PostgreSQL has them.
    const auto micros = static_cast<std::int64_t>(random()) % 8'835'000'000'000'000'000;
    const DateTime time = time_of(micros);
    ASSERT_EQ(micros_of(time), micros);
    DateTime read;
    ASSERT_TRUE(read_time(text_of(time), read)) << text_of(time);
    ASSERT_EQ(read, time) << text_of(time);
  }
}

TEST(Value, TextsOfMoments) {
  for (const char* text :
       {"2024-02-29 10:00:00.5", "0044-03-15 12:00:00 BC", "0001-01-01 00:00:00.000000001", "infinity", "-infinity",
        "0000-00-00 00:00:00", "2024-00-00 00:00:00", "294276-12-31 23:59:59.999999"}) {
    DateTime time;
    ASSERT_TRUE(read_time(text, time)) << text;
    EXPECT_EQ(text_of(time), text);
  }
  DateTime date;
  ASSERT_TRUE(read_time("0044-03-15 BC", date));
  EXPECT_EQ(text_of(date, Parts::kDate), "0044-03-15 BC");
  EXPECT_EQ(date.year, -43);
}

TEST(Value, ZonesAreApplied) {
  const std::pair<const char*, const char*> cases[] = {{"2024-02-29T23:30:00.25-05:30", "2024-03-01 05:00:00.25"},
                                                       {"2024-03-01 00:30:00+01", "2024-02-29 23:30:00"},
                                                       {"2024-03-01 00:30:00-01", "2024-03-01 01:30:00"},
                                                       {"2024-03-01 00:30:00Z", "2024-03-01 00:30:00"}};
  for (const auto& [text, utc] : cases) {
    DateTime time;
    ASSERT_TRUE(read_time(text, time)) << text;
    EXPECT_EQ(text_of(time), utc);
  }
}

TEST(Value, WhatIsNoMomentIsRefused) {
  DateTime time;
  for (const char* text : {"", "2024", "2024-02", "2024-13-01", "2024-02-32", "2024-02-29 ", "2024-02-29 10",
                           "2024-02-29 10:00", "2024-02-29 10:00:00.", "2024-02-29 10:00:00 x", "2024-02-29 25:00:00",
                           "word", "0000-01-01 BC", "2024-02-29 10:00:00+99", "2024-02-29 BC BC", "-2024-02-29"})
    EXPECT_FALSE(read_time(text, time)) << text;
}

}  // namespace
}  // namespace redoubt::database
