#include "sink/logminer_check.h"

#include <gtest/gtest.h>

#include <algorithm>

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

// A row of any width is one CLOB there; a line has its bytes at most.
TEST(LogminerScript, HoldsNoRowInAString) {
  const std::string script = logminer_script({"/a/1.dbf"}, 0, oracle::kNoScn);
  for (const char* variable : {"query_text   CLOB;", "item         CLOB;", "members      CLOB;", "row_text     CLOB;"})
    EXPECT_NE(script.find(variable), std::string::npos) << variable;
  EXPECT_EQ(script.find("VARCHAR2(32767)"), std::string::npos);
  EXPECT_EQ(script.find("STARTSCN"), std::string::npos);
  std::size_t longest = 0;
  for (std::size_t at = 0; at < script.size();) {
    const std::size_t end = std::min(script.find('\n', at), script.size());
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  EXPECT_LT(longest, 2500U);  // SQL*Plus takes no longer line
}

TEST(LogminerCheck, RowsGoOnInTheNextLine) {
  const std::string row = R"({"op":"DELETE","owner":"A","table":"T","xid":"0A000C003C020000","before":{"ID":"1 ~ 2"}})";
  LogminerCheck whole(row + "\n" + row + "\n", "f", {});
  EXPECT_EQ(whole.finish().rows, 2U);
  for (std::size_t cut = 1; cut < row.size(); ++cut) {
    const std::string parts = row.substr(0, cut) + "~\r\n" + row.substr(cut);
    LogminerCheck check(parts + "\n\n" + parts, "f", {});
    EXPECT_EQ(check.finish().rows, 2U) << cut;
    try {
      LogminerCheck(parts + "\n" + parts + "~\n~", "f", {});
    } catch (const Error& e) {
      FAIL() << e.what();
    }
    EXPECT_THROW(LogminerCheck(row.substr(0, cut) + "~\n", "f", {}), Error) << cut;
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
