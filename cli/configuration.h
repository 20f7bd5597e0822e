// redoubt.yaml: the sections of all capabilities together. Every command that reads it has --config and checks the
// whole file, its own section or not, before it starts.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "base/config.h"
#include "cli/capture_options.h"
#include "database/connection_config.h"

namespace redoubt::cli {

inline constexpr const char* kConfigurationFile = "redoubt.yaml";

struct Configuration {
  std::map<std::string, database::ConnectionConfig> databases;
  CaptureOptions capture;
};

void layout(ConfigKeys& keys, Configuration& c);

// --config FILE, worded alike everywhere.
void add_config(CLI::App* command, std::string& path);

// What the file says: `path`, or redoubt.yaml when that is empty and such a file is there. Warnings go to standard
// error; Error(kUsage) with all problems.
Configuration read_configuration(const std::string& path);

// Stores again what the command line gave: called behind what overwrote it, so that options win.
void apply_options_again(CLI::App* command);

}  // namespace redoubt::cli
