// redoubt capture --watch, capture status and checkpoint: captures that follow their logs.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/capture_options.h"

namespace redoubt::cli {

void add_live_options(CLI::App* command, CaptureOptions& options);
// status and check, below `capture`.
void add_capture_subcommands(CLI::App* capture);
int run_live_capture(const CaptureOptions& options);

}  // namespace redoubt::cli
