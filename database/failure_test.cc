#include "database/failure.h"

#include <gtest/gtest.h>

namespace redoubt::database {
namespace {

// The recovery table of the compare guide, code by code.
TEST(Failure, CodesHaveTheClassesOfTheGuide) {
  for (const int code :
       {3113, 3114, 3135, 12170, 12537, 12541, 12547, 12571, 1033, 1034, 1089, 1090, 12514, 12528, 25408})
    EXPECT_EQ(failure_of_oracle(code), Failure::kConnection) << code;
  for (const int code : {1017, 28000, 28001}) EXPECT_EQ(failure_of_oracle(code), Failure::kCredentials) << code;
  for (const int code : {942, 4043}) EXPECT_EQ(failure_of_oracle(code), Failure::kObject) << code;
  for (const int code : {1031, 1045}) EXPECT_EQ(failure_of_oracle(code), Failure::kPrivilege) << code;
  for (const int code : {1555, 8180, 8181, 1466}) EXPECT_EQ(failure_of_oracle(code), Failure::kSnapshot) << code;
  EXPECT_EQ(failure_of_oracle(600), Failure::kOther);

  for (const char* state : {"08000", "08006", "57P01", "57P02", "57P03"})
    EXPECT_EQ(failure_of_sqlstate(state), Failure::kConnection) << state;
  for (const char* state : {"40001", "40P01"}) EXPECT_EQ(failure_of_sqlstate(state), Failure::kConflict) << state;
  EXPECT_EQ(failure_of_sqlstate("28P01"), Failure::kCredentials);
  EXPECT_EQ(failure_of_sqlstate("42P01"), Failure::kObject);
  EXPECT_EQ(failure_of_sqlstate("42501"), Failure::kPrivilege);
  EXPECT_EQ(failure_of_sqlstate("72000"), Failure::kSnapshot);
  EXPECT_EQ(failure_of_sqlstate("XX001"), Failure::kCorrupt);
  for (const char* state : {"", "4", "42601", "XX000", "unknown"})
    EXPECT_EQ(failure_of_sqlstate(state), Failure::kOther) << state;

  for (const int code : {2006, 2013}) EXPECT_EQ(failure_of_mariadb(code), Failure::kConnection) << code;
  for (const int code : {1205, 1213}) EXPECT_TRUE(repeatable(failure_of_mariadb(code))) << code;
  EXPECT_EQ(failure_of_mariadb(1045), Failure::kCredentials);
  EXPECT_EQ(failure_of_mariadb(1146), Failure::kObject);
  EXPECT_EQ(failure_of_mariadb(1142), Failure::kPrivilege);
}

TEST(Failure, ErrorsSayWhereAndWhatNext) {
  const DatabaseError error(Failure::kPrivilege, "42501", "postgresql://h/d", "permission denied for table t (42501)");
  EXPECT_EQ(error.code(), "42501");
  EXPECT_STREQ(error.what(),
               "postgresql://h/d: permission denied for table t (42501); `redoubt database check URL` prints the "
               "grants that are missing");
  EXPECT_EQ(DatabaseError(Failure::kBusy, "55P03", "", "locked").exit_code(), 7);
  EXPECT_EQ(DatabaseError(Failure::kSnapshot, "72000", "", "gone").exit_code(), 5);
}

}  // namespace
}  // namespace redoubt::database
