// Looks at a connection: what is at the other end, what this role may do there for each capability, and the GRANTs that
// would add what is missing.
#pragma once

#include <string>
#include <vector>

#include "database/connection.h"

namespace redoubt::database {

struct Finding {
  std::string what;  // reading at one moment, writing, ...
  bool works = false;
  bool needed = true;  // false: it is done without, at a price that `detail` names
  std::string detail;
  std::vector<std::string> grants;  // for a DBA to run
};

// Changes nothing. Throws DatabaseError only when the connection is lost.
std::vector<Finding> check(Connection& connection);

}  // namespace redoubt::database
