// How a user names a database in a configuration file: the keys of a connection, the same wherever one stands.
//
//   databases:
//     orders: { dsn: "oracle://redoubt@scan:1521/APP", password: "${ORDERS_PASSWORD}" }
//     copy:   { dsn: "postgresql://redoubt@db2/orders", password_command: pass show orders, query_timeout: 1h }
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "database/connection.h"
#include "database/url.h"

namespace redoubt::database {

struct ConnectionConfig {
  std::vector<Url> dsn;  // one at least; any of them leads to the same database
  std::string user;      // empty: the one of the URL
  SecretSource password;
  Duration connection_timeout = std::chrono::seconds(30);
  Duration query_timeout = std::chrono::seconds(300);  // 0 = none

  // `dsn` with user and password put in, where they are given here. Reads the password anew each time; errors and
  // `warn` as SecretSource::read().
  std::vector<Url> urls(const std::function<void(std::string_view)>& warn) const;
  Options options() const;
};

void layout(ConfigKeys& keys, ConnectionConfig& c);

}  // namespace redoubt::database
