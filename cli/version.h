// Which Redoubt this is.
#pragma once

#include <string>

namespace redoubt::cli {

// "redoubt 0.1.0"; the number is the one in CMakeLists.txt.
std::string version_text();

}  // namespace redoubt::cli
