#include "cli/configuration.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

namespace redoubt::cli {

void layout(ConfigKeys& keys, Configuration& c) {
  keys.sections("databases", c.databases,
                {.about = "a connection under each name, which stands for it everywhere else"});
  keys.section("capture", c.capture, {.about = "what `redoubt capture` does; its options win"});
}

void add_config(CLI::App* command, std::string& path) {
  command
      ->add_option(
          "--config", path,
          fmt::format("take what is not given here from this file; {} is read when it is there", kConfigurationFile))
      ->type_name("FILE");
}

Configuration read_configuration(const std::string& path) {
  Configuration configuration;
  if (path.empty() && !std::filesystem::exists(kConfigurationFile)) return configuration;
  const ConfigReport report = read_config(path.empty() ? kConfigurationFile : path, configuration);
  report.require_good();
  if (!report.problems.empty()) fmt::print(stderr, "{}\n", report.text());
  return configuration;
}

void apply_options_again(CLI::App* command) {
  for (CLI::Option* option : command->get_options())
    if (option->count() > 0) option->run_callback();
}

}  // namespace redoubt::cli
