#include "database/dialect.h"

#include <gtest/gtest.h>

namespace redoubt::database {
namespace {

TEST(Dialect, NamesAndTextsAreQuoted) {
  const Dialect postgresql(Engine::kPostgresql), mariadb(Engine::kMariadb);
  EXPECT_EQ(postgresql.table("my schema", "a\"b"), "\"my schema\".\"a\"\"b\"");
  EXPECT_EQ(postgresql.table("", "t"), "\"t\"");
  EXPECT_EQ(mariadb.table("s", "a`b"), "`s`.`a``b`");
  EXPECT_EQ(postgresql.literal("it's \\"), "'it''s \\'");
}

TEST(Dialect, ParametersAreFoundOutsideOfQuotesAndComments) {
  const auto marked = [](std::string_view sql) {
    return replace_parameters(sql, [](std::size_t n) { return "<" + std::to_string(n) + ">"; });
  };
  EXPECT_EQ(marked("a = $1 AND b = $12"), "a = <1> AND b = <12>");
  EXPECT_EQ(marked("'$1' || \"$2\" || `$3` || $4"), "'$1' || \"$2\" || `$3` || <4>");
  EXPECT_EQ(marked("'it''s $1' || $2"), "'it''s $1' || <2>");
  EXPECT_EQ(marked("-- $1\n$2 /* $3 ' */ $4"), "-- $1\n<2> /* $3 ' */ <4>");
  EXPECT_EQ(marked("v$session.x = $1"), "v$session.x = <1>");
  EXPECT_EQ(marked("'open $1"), "'open $1");
  EXPECT_EQ(marked("/* open $1"), "/* open $1");
  EXPECT_EQ(marked("$"), "$");
}

}  // namespace
}  // namespace redoubt::database
