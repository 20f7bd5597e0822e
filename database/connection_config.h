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
  std::uint32_t retry_attempts = 3;
  Duration retry_delay = std::chrono::seconds(5);  // doubles with each attempt
  std::uint32_t fetch_array_size = 0;              // rows; 0: as many as suit

  // `dsn` with user and password put in, where they are given here. Reads the password anew each time; errors and
  // `warn` as SecretSource::read().
  std::vector<Url> urls(const std::function<void(std::string_view)>& warn) const;
  Options options() const;
};

void layout(ConfigKeys& keys, ConnectionConfig& c);

// Connects to the first address that answers. When none does, and for a reason that repeating may mend, tries all of
// them again, `retry_attempts` times: behind `retry_delay`, then twice as long each time, a quarter more or less by
// chance so that many who lost one server do not come back at once. Anything else, wrong credentials above all, is
// thrown at once. `warn` hears of each failure that is not thrown, `wait` sleeps.
std::unique_ptr<Connection> connect(const ConnectionConfig& config, const Options& options,
                                    const std::function<void(std::string_view)>& warn,
                                    const std::function<void(Duration)>& wait);

}  // namespace redoubt::database
