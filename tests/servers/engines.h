// One suite over all engines: an Engine starts what it needs and gives connections to it.
#pragma once

#include <gtest/gtest.h>
#include <memory>

#include "database/connection.h"
#include "tests/servers/servers.h"

namespace redoubt::servers {

class EngineUnderTest {
 public:
  // `name`: sqlite, postgresql, mariadb
  explicit EngineUnderTest(const std::string& name) : name_(name) {
    if (name == "sqlite") return;
    missing_ = name == "postgresql" ? PostgresqlServer::missing() : MariadbServer::missing();
    if (missing_) return;
    if (name == "postgresql")
      server_ = std::make_unique<PostgresqlServer>(std::vector<std::string>{"fsync = off"});
    else
      server_ = std::make_unique<MariadbServer>(std::vector<std::string>{"--innodb-flush-log-at-trx-commit=0"});
  }
  const std::optional<std::string>& missing() const { return missing_; }
  const std::string& name() const { return name_; }
  std::string url() const { return server_ ? server_->url() : "sqlite:" + (home_.path() / "test.db").string(); }
  DatabaseServer* server() const { return server_.get(); }
  std::unique_ptr<database::Connection> connect(const database::Options& options = {}) const {
    return database::connect(database::parse_url(url()), options);
  }

 private:
  std::string name_;
  std::optional<std::string> missing_;
  TemporaryDirectory home_;
  std::unique_ptr<DatabaseServer> server_;
};

// Started once per engine and process.
inline EngineUnderTest& engine_under_test(const std::string& name) {
  static std::map<std::string, std::unique_ptr<EngineUnderTest>> engines;
  auto& engine = engines[name];
  if (!engine) engine = std::make_unique<EngineUnderTest>(name);
  return *engine;
}

class OverEngines : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (engine().missing()) GTEST_SKIP() << *engine().missing();
    connection_ = engine().connect();
  }
  EngineUnderTest& engine() const { return engine_under_test(GetParam()); }
  bool is(const std::string& name) const { return GetParam() == name; }
  database::Connection& connection() { return *connection_; }

  std::unique_ptr<database::Connection> connection_;
};

#define REDOUBT_OVER_ENGINES(Suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(Servers, Suite, testing::Values("sqlite", "postgresql", "mariadb"), \
                           [](const auto& parameter) { return parameter.param; })

}  // namespace redoubt::servers
