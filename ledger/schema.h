// The ledger's tables, version by version.
#pragma once

#include <string_view>

namespace redoubt::ledger {

// The version this program writes.
inline constexpr int kVersion = 1;

// The statements that lead from version `from` to the next, in the SQL that SQLite and PostgreSQL share.
std::string_view upgrade_from(int from);

}  // namespace redoubt::ledger
