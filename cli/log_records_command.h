// redoubt log records: decode record sets and compare with what they state.
#pragma once

#include <CLI/CLI.hpp>

namespace redoubt::cli {

// Adds `records` to the group `log`.
void add_log_records_command(CLI::App& log);

}  // namespace redoubt::cli
