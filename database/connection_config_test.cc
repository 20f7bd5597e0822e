#include "database/connection_config.h"

#include <gtest/gtest.h>

namespace redoubt::database {
namespace {

ConfigReport read(std::string_view bytes, ConnectionConfig& c) {
  return read_config_text(
      bytes, "f", [&](ConfigKeys& keys) { layout(keys, c); },
      [](const char* name) { return std::string_view(name) == "PW" ? "p@ss" : nullptr; });
}

TEST(ConnectionConfig, UserAndPasswordGoIntoEveryUrl) {
  ConnectionConfig c;
  const ConfigReport report =
      read("dsn: ['node1:1521/APP', 'oracle://other:old@node2:1521/APP']\nuser: c##redoubt\npassword: ${PW}\n", c);
  ASSERT_TRUE(report.problems.empty()) << report.text();
  const std::vector<Url> urls = c.urls({});
  ASSERT_EQ(urls.size(), 2U);
  EXPECT_EQ(urls[0].engine, Engine::kOracle);
  EXPECT_EQ(urls[0].host, "node1");
  for (const Url& url : urls) {
    EXPECT_EQ(url.user, "c##redoubt");
    EXPECT_EQ(url.password, "p@ss");
  }
}

TEST(ConnectionConfig, TheUrlsOwnUserAndPasswordStayWithoutOthers) {
  ConnectionConfig c;
  EXPECT_TRUE(read("url: postgresql://scott:tiger@db/orders", c).problems.empty());
  EXPECT_EQ(c.urls({}).at(0).user, "scott");
  EXPECT_EQ(c.urls({}).at(0).password, "tiger");
}

TEST(ConnectionConfig, TimesAreSecondsUnlessTheyHaveAUnit) {
  ConnectionConfig c;
  EXPECT_TRUE(read("dsn: 'sqlite:x'\nconnection_timeout: 7\nquery_timeout: 2h", c).problems.empty());
  EXPECT_EQ(c.options().connect_timeout, std::chrono::seconds(7));
  EXPECT_EQ(c.options().statement_timeout, std::chrono::hours(2));
  EXPECT_EQ(ConnectionConfig().options().connect_timeout, Options().connect_timeout);
  EXPECT_EQ(ConnectionConfig().options().statement_timeout, Options().statement_timeout);
}

TEST(ConnectionConfig, ConnectingIsTriedAgainBehindLongerAndLongerPauses) {
  ConnectionConfig c;
  EXPECT_TRUE(read("dsn: ['postgresql://u@127.0.0.1:1/d', 'postgresql://u@127.0.0.1:2/d']\n"
                   "retry_attempts: 3\nretry_delay: 100ms\nfetch_array_size: 7",
                   c)
                  .problems.empty());
  EXPECT_EQ(c.options().fetch_rows, 7U);
  std::vector<Duration> pauses;
  std::vector<std::string> warnings;
  const auto attempt = [&] {
    connect(
        c, c.options(), [&](std::string_view warning) { warnings.emplace_back(warning); },
        [&](Duration pause) { pauses.push_back(pause); });
  };
  try {
    attempt();
    ADD_FAILURE() << "connected";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.failure(), Failure::kConnection);
    EXPECT_NE(error.place().find(":2/d"), std::string::npos) << error.place();
  }
  ASSERT_EQ(pauses.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GE(pauses[i], Duration(75 << i));
    EXPECT_LE(pauses[i], Duration(125 << i));
  }
  EXPECT_EQ(warnings.size(), 7U + 3U);  // each address each time but the last, and each pause
  // What repeating does not mend is not repeated.
  c.dsn = {parse_url("sqlite:/nowhere/at/all.db")};
  pauses.clear();
  EXPECT_THROW(attempt(), DatabaseError);
  EXPECT_TRUE(pauses.empty());
}

TEST(ConnectionConfig, AWrongUrlIsToldWithoutItsPassword) {
  ConnectionConfig c;
  const std::string text = read("dsn: postgresql://scott:tiger@db:0/orders\nuser: x", c).text();
  EXPECT_NE(text.find("f:1:6: dsn: database URL: the port"), std::string::npos) << text;
  EXPECT_EQ(text.find("tiger"), std::string::npos) << text;
  EXPECT_EQ(read("user: x", c).text(),
            "f:1:1: dsn: is missing: where the database is; several ways to the same one in a list");
}

}  // namespace
}  // namespace redoubt::database
