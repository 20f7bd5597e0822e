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

TEST(Dialect, TheFirstWordStandsBehindCommentsAndParentheses) {
  EXPECT_EQ(first_word("  -- note\n /* x */ ((select 1))"), "SELECT");
  EXPECT_EQ(first_word("With x AS (SELECT 1) SELECT 2"), "WITH");
  EXPECT_EQ(first_word("SELECT/**/1"), "SELECT");
  for (const char* none : {"", "  ", "-- select", "/* select", "'select'", "1"})
    EXPECT_EQ(first_word(none), "") << none;
}

TEST(Dialect, SeveralStatementsAreToldFromOne) {
  for (const char* several : {"a; b", "';'; b", "a;;b", "a; /* x */ b", "-- x;\na;b"})
    EXPECT_TRUE(has_several_statements(several)) << several;
  for (const char* one : {"", ";", "a", "a;", "a; ;\n", "';b'", "a /* ; b */", "a; -- b", "\"a;b\"", "a -- ;\nb"})
    EXPECT_FALSE(has_several_statements(one)) << one;
}

}  // namespace
}  // namespace redoubt::database
