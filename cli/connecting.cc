#include "cli/connecting.h"

#include <fmt/format.h>
#include <cstdlib>
#include <thread>

#include "cli/configuration.h"

namespace redoubt::cli {

namespace {

void warn(std::string_view sentence) { fmt::print(stderr, "warning: {}\n", sentence); }

std::unique_ptr<database::Connection> connect_url(const std::string& text) {
  database::Url url = database::parse_url(text);
  if (!url.password.empty())
    warn(
        "a password on the command line is seen by every user of this machine; use $REDOUBT_PASSWORD or password_file");
  if (const char* password = std::getenv("REDOUBT_PASSWORD"); url.password.empty() && password) url.password = password;
  database::Options options;
  options.create = false;
  return database::connect(url, options);
}

}  // namespace

std::unique_ptr<database::Connection> connect_named(const std::string& name_or_url, const std::string& config) {
  if (name_or_url.find(':') != name_or_url.npos) return connect_url(name_or_url);
  const Configuration configuration = read_configuration(config);
  const auto found = configuration.databases.find(name_or_url);
  if (found == configuration.databases.end()) {
    std::string names;
    for (const auto& [name, connection] : configuration.databases) names += (names.empty() ? "" : ", ") + name;
    throw Error(ErrorCode::kUsage, "", fmt::format("no database is called {}", name_or_url),
                names.empty() ? "give a URL, or name it under databases: in redoubt.yaml" : "known are " + names);
  }
  database::Options options = found->second.options();
  options.create = false;
  return database::connect(found->second, options, warn, [](Duration pause) { std::this_thread::sleep_for(pause); });
}

}  // namespace redoubt::cli
