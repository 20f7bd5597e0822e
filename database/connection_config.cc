#include "database/connection_config.h"

#include <fmt/format.h>
#include <algorithm>
#include <random>

#include "base/error.h"

namespace redoubt::database {
namespace {

ConfigType<Url> url() {
  return {"URL",
          [](std::string_view text) {
            try {
              return parse_url(text);
            } catch (const Error& error) {
              throw BadValue(error.what());
            }
          },
          [](const Url& value) { return value.shown(); }, false};
}

}  // namespace

std::vector<Url> ConnectionConfig::urls(const std::function<void(std::string_view)>& warn) const {
  std::vector<Url> urls = dsn;
  const Secret secret = password.read(warn);
  for (Url& url : urls) {
    if (!user.empty()) url.user = user;
    if (!secret.empty()) url.password = secret.reveal();
  }
  return urls;
}

Options ConnectionConfig::options() const {
  Options options;
  options.connect_timeout = connection_timeout;
  options.statement_timeout = query_timeout;
  options.fetch_rows = fetch_array_size;
  return options;
}

void layout(ConfigKeys& keys, ConnectionConfig& c) {
  using std::chrono::hours;
  constexpr bool kBareSeconds = true;  // what these keys have always been in
  keys.key(
      "dsn", c.dsn, url(),
      {.about = "where the database is; several ways to the same one in a list", .aliases = {"url"}, .required = true});
  keys.key("user", c.user, config::text(), {.about = "who logs in", .otherwise = "the user in the URL"});
  keys.secret("password", c.password, "the password; better not in the file itself, but as `${NAME}`");
  keys.key("connection_timeout", c.connection_timeout, config::duration({Duration(1), hours(1)}, kBareSeconds),
           {.about = "give up connecting after"});
  keys.key("query_timeout", c.query_timeout, config::duration({Duration(0), hours(24 * 7)}, kBareSeconds),
           {.about = "give up a statement after; 0s: never"});
  keys.key("retry_attempts", c.retry_attempts, config::integer<std::uint32_t>({0, 1000}),
           {.about = "how often to try again when a connection is lost or refused"});
  keys.key("retry_delay", c.retry_delay, config::duration({Duration(0), hours(1)}, kBareSeconds),
           {.about = "wait before the first of these; then twice as long each time"});
  keys.key("fetch_array_size", c.fetch_array_size, config::integer<std::uint32_t>({0, 100'000}),
           {.about = "rows per round trip through ODBC (MariaDB, Oracle); 0: as many as suit"});
}

std::unique_ptr<Connection> connect(const ConnectionConfig& config, const Options& options,
                                    const std::function<void(std::string_view)>& warn,
                                    const std::function<void(Duration)>& wait) {
  constexpr Duration kLongest = std::chrono::hours(1);
  std::minstd_rand random(std::random_device{}());
  const std::vector<Url> urls = config.urls(warn);
  Duration delay = config.retry_delay;
  for (std::uint32_t attempt = 0;; ++attempt) {
    for (std::size_t i = 0; i < urls.size(); ++i) {
      try {
        return connect(urls[i], options);
      } catch (const DatabaseError& error) {
        if (!repeatable(error.failure()) || (attempt == config.retry_attempts && i + 1 == urls.size())) throw;
        warn(error.what());
      }
    }
    const Duration pause = delay * std::uniform_int_distribution(75, 125)(random) / 100;
    warn(fmt::format("trying again in {:.1f} s, attempt {} of {}", std::chrono::duration<double>(pause).count(),
                     attempt + 1, config.retry_attempts));
    wait(pause);
    delay = std::min(2 * delay, kLongest);
  }
}

}  // namespace redoubt::database
