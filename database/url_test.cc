#include "database/url.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace redoubt::database {
namespace {

TEST(Url, HasItsParts) {
  const Url url =
      parse_url("postgresql://ann%40home:se%2Fcret@db.example:5433/sales%20dw?sslmode=require&connect_timeout=3");
  EXPECT_EQ(url.engine, Engine::kPostgresql);
  EXPECT_EQ(url.user, "ann@home");
  EXPECT_EQ(url.password, "se/cret");
  EXPECT_EQ(url.host, "db.example");
  EXPECT_EQ(url.port, 5433);
  EXPECT_EQ(url.name, "sales dw");
  EXPECT_EQ(url.options.at("sslmode"), "require");
  EXPECT_EQ(url.shown(), "postgresql://ann%40home@db.example:5433/sales%20dw?connect_timeout=3&sslmode=require");
}

TEST(Url, EveryFormIsRead) {
  EXPECT_EQ(parse_url("sqlite:a/b.db").name, "a/b.db");
  EXPECT_EQ(parse_url("sqlite:///var/lib/b.db").name, "/var/lib/b.db");
  EXPECT_EQ(parse_url("sqlite::memory:").name, ":memory:");
  EXPECT_EQ(parse_url("postgres://h/d").engine, Engine::kPostgresql);
  EXPECT_EQ(parse_url("postgresql:///d").host, "");
  EXPECT_EQ(parse_url("postgresql://%2Frun%2Fpostgresql/d").host, "/run/postgresql");
  EXPECT_EQ(parse_url("mysql://u@[::1]:3307/d").host, "::1");
  EXPECT_EQ(parse_url("mysql://u@[::1]:3307/d").shown(), "mariadb://u@[::1]:3307/d");
  EXPECT_EQ(parse_url("oracle://scott@db:1521/ORCLPDB1").name, "ORCLPDB1");
  const Url easy = parse_url("db:1521/ORCLPDB1");
  EXPECT_EQ(easy.engine, Engine::kOracle);
  EXPECT_EQ(easy.port, 1521);
  const Url source = parse_url("odbc:DSN=x;uid={a;b};PWD={se}}cret};Server=h");
  EXPECT_EQ(source.name, "DSN=x;Server=h");
  EXPECT_EQ(source.user, "a;b");
  EXPECT_EQ(source.password, "se}cret");
  EXPECT_EQ(source.shown(), "odbc:DSN=x;Server=h;UID=a;b");
}

TEST(Url, SecretsAreNotShown) {
  for (const char* text : {"postgresql://u:hunter2@h/d", "mariadb://u:hunter2@h/d?password=hunter2",
                           "postgresql://h/d?sslpassword=hunter2", "mariadb://u@h/d?PWD=hunter2",
                           "odbc:DSN=x;PWD=hunter2", "odbc:pwd={hun;ter2 hunter2};DSN=x", "odbc:Password=hunter2"}) {
    const std::string shown = parse_url(text).shown();
    EXPECT_EQ(shown.find("hunter2"), shown.npos) << shown;
    EXPECT_EQ(shown.find("ter2"), shown.npos) << shown;
  }
  EXPECT_EQ(parse_url("odbc:Password={hun;ter2};DSN=x").shown(), "odbc:Password=***;DSN=x");
}

TEST(Url, WhatIsNoneIsRefusedWithoutBeingRepeated) {
  for (const char* text :
       {"", "hunter2", "postgresql//u:hunter2@h", "postgresql://u:hunter2@h:port/d", "postgresql://u:hunter2@h:70000/d",
        "postgresql://u:hunter2%zz@h/d", "sqlite:", "odbc:", "oracle://u:hunter2@h", "postgresql://u:hunter2@[::1/d",
        "postgresql://u:hunter2@h/d?x", "host:/hunter2"}) {
    try {
      parse_url(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace redoubt::database
