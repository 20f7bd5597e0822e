#include "database/connection_config.h"

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
}

}  // namespace redoubt::database
