// redoubt database: looks at a database before a job depends on it.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/connecting.h"
#include "database/check.h"

namespace redoubt::cli {
namespace {

struct CheckOptions {
  std::string database, config, fix_sql;
  bool json = false;
};

int check(const CheckOptions& options) {
  const auto connection = connect_named(options.database, options.config);
  const database::Server& server = connection->server();
  const std::vector<database::Finding> findings = database::check(*connection);
  bool good = true;
  std::string grants;
  for (const database::Finding& f : findings) {
    good &= f.works || !f.needed;
    for (const std::string& grant : f.grants) grants += grant + ";\n";
  }
  if (!options.fix_sql.empty()) replace_file(options.fix_sql, grants);
  if (options.json) {
    nlohmann::ordered_json list = nlohmann::json::array();
    for (const database::Finding& f : findings)
      list.push_back(
          {{"what", f.what}, {"works", f.works}, {"needed", f.needed}, {"detail", f.detail}, {"grants", f.grants}});
    const nlohmann::ordered_json all = {{"database", connection->place()},
                                        {"product", server.product},
                                        {"version", server.version},
                                        {"role", server.user},
                                        {"identity", server.identity},
                                        {"good", good},
                                        {"findings", list}};
    fmt::print("{}\n", all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    return good ? 0 : 1;
  }
  fmt::print("{}\n{} {}{}\n\n", connection->place(), server.product, server.version,
             server.user.empty() ? "" : fmt::format(", role {}", server.user));
  for (const database::Finding& f : findings)
    fmt::print("{:<8} {:<30} {}\n", f.works ? "yes" : f.needed ? "NO" : "without", f.what, f.detail);
  if (grants.empty()) return good ? 0 : 1;
  if (options.fix_sql.empty())
    fmt::print("\nWhat is missing, for a DBA to grant:\n{}", grants);
  else
    fmt::print("\nWhat is missing is written to {}, for a DBA to run.\n", options.fix_sql);
  return good ? 0 : 1;
}

}  // namespace

void add_database_commands(CLI::App& root) {
  CLI::App* group = add_group(root, "database", "Look at a database before a job depends on it");
  auto options = std::make_shared<CheckOptions>();
  CLI::App* command = add_command(*group, "check", "Say what is there, what works, and which GRANTs are missing",
                                  {"database check sqlite:copy.db", "database check warehouse --fix-sql grants.sql",
                                   "database check postgresql://redoubt@db2/orders --json"});
  command->add_option("database", options->database, "a URL, or a name under databases: in the configuration")
      ->type_name("NAME|URL")
      ->required();
  command->add_option("--fix-sql", options->fix_sql, "write the GRANTs to this file")->type_name("FILE");
  add_config(command, options->config);
  add_json(command, options->json);
  on_run(command, [options] { return check(*options); });
}

}  // namespace redoubt::cli
