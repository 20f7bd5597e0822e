// Which database a user means: a URL, or a name under `databases:`.
//
// The password of a URL comes from the URL itself, from $REDOUBT_PASSWORD, or is asked of the engine's own means
// (~/.pgpass, ~/.my.cnf); in the configuration it has keys of its own. A command line is visible to every user of a
// machine, so a password in a URL given there is warned of.
#pragma once

#include <memory>
#include <string>

#include "database/connection.h"

namespace redoubt::cli {

// A SQLite file that is not there is not made.
std::unique_ptr<database::Connection> connect_named(const std::string& name_or_url, const std::string& config);

}  // namespace redoubt::cli
