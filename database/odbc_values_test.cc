#include "database/odbc_values.h"

#include <gtest/gtest.h>

#include "database/failure.h"

namespace redoubt::database::odbc {
namespace {

std::string written(Engine engine, const DateTime& time) {
  TextBuffer out;
  write_moment(engine, out, time);
  return out.str();
}

// What Oracle writes with SYYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM, and what goes back.
TEST(OdbcValues, OraclesMomentsHaveASignAndNoYearZero) {
  struct Case {
    const char *text, *back;
    std::int32_t year;
    std::int16_t offset;
  };
  for (const Case& c : {Case{" 2024-02-29 10:00:00", "2024-02-29 10:00:00", 2024, 0},
                        Case{"-0044-03-15 12:00:00", "-0044-03-15 12:00:00", -43, 0},
                        Case{"-0001-12-31 00:00:00", "-0001-12-31 00:00:00", 0, 0},
                        Case{"-4712-01-01 00:00:00", "-4712-01-01 00:00:00", -4711, 0},
                        Case{" 2024-02-29 23:59:59.123456789", "2024-02-29 23:59:59.123456789", 2024, 0},
                        Case{" 2024-03-01 01:00:00.5 +05:30", "2024-03-01 01:00:00.5 +05:30", 2024, 330},
                        Case{" 2023-12-31 20:00:00 -08:00", "2023-12-31 20:00:00 -08:00", 2024, -480},
                        Case{" 2024-02-29 10:00:00.000000000 +00:00", "2024-02-29 10:00:00", 2024, 0},
                        Case{"-0044-03-15 00:30:00 +01:00", "-0044-03-15 00:30:00 +01:00", -43, 60}}) {
    DateTime time;
    ASSERT_TRUE(read_moment(Engine::kOracle, c.text, time)) << c.text;
    EXPECT_EQ(time.year, c.year) << c.text;
    EXPECT_EQ(time.offset, c.offset) << c.text;
    EXPECT_EQ(written(Engine::kOracle, time), c.back);
  }
  DateTime time;
  for (const char* text : {"", "-", " ", "--0044-03-15", "-0000-01-01", "  2024-02-29", " 2024-02-29 +05:30 x"})
    EXPECT_FALSE(read_moment(Engine::kOracle, text, time)) << text;
}

TEST(OdbcValues, MariadbHasAYearZeroAndNoneBefore) {
  for (const char* text : {"0000-05-01 00:00:00", "0000-02-29 10:00:00.5", "0000-00-00 00:00:00", "0000-00-05 00:00:00",
                           "0000-05-00 00:00:00", "2024-00-00 00:00:00", "9999-12-31 23:59:59.999999"}) {
    DateTime time;
    ASSERT_TRUE(read_moment(Engine::kMariadb, text, time)) << text;
    EXPECT_EQ(written(Engine::kMariadb, time), text);
  }
  DateTime time;
  time.month = time.day = 1;
  time.offset = 330;  // kept as the same moment in UTC
  time.year = 2024;
  EXPECT_EQ(written(Engine::kMariadb, time), "2024-01-01 00:00:00");
  time.year = -1;
  const auto refused = [](Engine engine, const DateTime& moment) {
    try {
      written(engine, moment);
    } catch (const DatabaseError& error) {
      return error.failure() == Failure::kConstraint && error.code() == "22007";
    }
    return false;
  };
  EXPECT_TRUE(refused(Engine::kMariadb, time));
  time.special = Special::kInfinity;
  EXPECT_TRUE(refused(Engine::kMariadb, time));
  EXPECT_TRUE(refused(Engine::kOracle, time));
}

TEST(OdbcValues, DurationsBothWays) {
  for (const char* text : {"00:00:00.000000", "838:59:59.000000", "-838:59:59.000000", "-00:00:00.000001"}) {
    Interval interval;
    ASSERT_TRUE(read_duration(text, interval)) << text;
    EXPECT_EQ(duration_text(interval), text);
  }
  Interval months;
  months.months = 1;
  EXPECT_THROW(duration_text(months), DatabaseError);
}

}  // namespace
}  // namespace redoubt::database::odbc
