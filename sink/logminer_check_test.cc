#include "sink/logminer_check.h"

#include <gtest/gtest.h>

namespace redoubt::sink {
namespace {

using oracle::TypeCode;

TEST(SameValue, KnowsLogminersForms) {
  EXPECT_TRUE(same_value(TypeCode::kNumber, "0.01", ".01"));
  EXPECT_TRUE(same_value(TypeCode::kNumber, "-0.5", "-.50"));
  EXPECT_TRUE(same_value(TypeCode::kNumber, "100", "1E+2"));
  EXPECT_FALSE(same_value(TypeCode::kNumber, "100", "10"));
  EXPECT_FALSE(same_value(TypeCode::kNumber, "99999999999999999999999999999999999999",
                          "99999999999999999999999999999999999998"));
  EXPECT_TRUE(same_value(TypeCode::kBinaryFloat, "3.14", "3.1400001E+000"));
  EXPECT_FALSE(same_value(TypeCode::kBinaryFloat, "3.14", "3.1400101E+000"));
  EXPECT_TRUE(same_value(TypeCode::kBinaryDouble, "2.718281828459045", "2.7182818284590451E+000"));
  EXPECT_TRUE(same_value(TypeCode::kDate, "2025-06-15T10:30:00", "15-JUN-25"));
  EXPECT_FALSE(same_value(TypeCode::kDate, "2025-06-16T10:30:00", "15-JUN-25"));
  EXPECT_TRUE(same_value(TypeCode::kTimestamp, "2025-06-15T10:30:00.123456", "15-JUN-25 10.30.00.123456 AM"));
  EXPECT_TRUE(same_value(TypeCode::kTimestamp, "2000-01-01T00:00:00.000000", "01-JAN-00 12.00.00 AM"));
  EXPECT_TRUE(same_value(TypeCode::kTimestamp, "2026-12-31T23:59:59.999", "31-DEC-26 11.59.59.999 PM"));
  EXPECT_FALSE(same_value(TypeCode::kTimestamp, "2026-12-31T11:59:59.999", "31-DEC-26 11.59.59.999 PM"));
  EXPECT_TRUE(same_value(TypeCode::kRaw, "deadbeef", "DEADBEEF"));
  EXPECT_TRUE(same_value(TypeCode::kVarchar2, "a\r\nb\nc", "a b c"));
  EXPECT_FALSE(same_value(TypeCode::kVarchar2, "a", "b"));
}

TEST(LogminerScript, NamesLogsAndRange) {
  const std::string script = logminer_script({"/a/it's.dbf", "/a/2.dbf"}, 10, 20);
  EXPECT_NE(script.find("LOGFILENAME => '/a/it''s.dbf', OPTIONS => DBMS_LOGMNR.NEW"), std::string::npos);
  EXPECT_NE(script.find("LOGFILENAME => '/a/2.dbf', OPTIONS => DBMS_LOGMNR.ADDFILE"), std::string::npos);
  EXPECT_NE(script.find("STARTSCN => 10, ENDSCN => 20"), std::string::npos);
}

TEST(LogminerCheck, RefusesAnotherLayoutNamingTheLine) {
  const std::string good = R"({"op":"DELETE","owner":"A","table":"T","xid":"0A000C003C020000","before":{"ID":"1"}})";
  try {
    LogminerCheck(good + "\n{\"op\":1}\n", "f.jsonl", {});
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.place(), "f.jsonl line 2");
  }
}

TEST(LogminerCheck, CountsRowsThatWereNotMet) {
  LogminerCheck check(R"({"op":"DELETE","owner":"A","table":"T","xid":"0A000C003C020000","before":{"ID":"1"}})", "f",
                      {});
  const LogminerCheck::Result result = check.finish();
  EXPECT_EQ(result.rows, 1U);
  EXPECT_EQ(result.agree, 0U);
  EXPECT_EQ(result.differences.size(), 1U);
  EXPECT_FALSE(result.equal());
}

}  // namespace
}  // namespace redoubt::sink
