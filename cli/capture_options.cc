#include "cli/capture_options.h"

#include <regex>

namespace redoubt::cli {
namespace {

// Kept as text: who filters compiles it anew.
ConfigType<std::string> expression() {
  ConfigType<std::string> type = config::text();
  type.name = "regular expression";
  type.parse = [](std::string_view text) {
    if (text.size() > 1000) throw BadValue("must not be longer than 1000 bytes");
    try {
      return std::regex(text.begin(), text.end()), std::string(text);
    } catch (const std::regex_error& error) {
      throw BadValue(std::string("is no regular expression: ") + error.what());
    }
  };
  return type;
}

}  // namespace

void layout(ConfigKeys& keys, CaptureOptions& c) {
  using capture::DamagePolicy;
  const auto policy = config::choice<DamagePolicy>({{"stop", DamagePolicy::kStop}, {"skip", DamagePolicy::kSkip}});
  keys.key("logs", c.logs, config::text(),
           {.about = "redo logs, or directories of them", .otherwise = "those on the command line"});
  keys.key("dictionary", c.dictionaries, config::text(),
           {.about = "dictionary JSON, one per container", .otherwise = "`OBJ_n`, `COL_n` and raw values"});
  keys.key("tables", c.tables, expression(),
           {.about = "only tables whose OWNER.TABLE this regular expression matches as a whole", .otherwise = "all"});
  keys.key("from_scn", c.from_scn, config::integer<std::uint64_t>(),
           {.about = "only transactions that commit above this SCN"});
  keys.key("to_scn", c.to_scn, config::integer<std::uint64_t>(),
           {.about = "only transactions that commit at or below this SCN", .otherwise = "the end of the logs"});
  keys.key("format", c.format, config::choice<std::string>({{"json", "json"}}),
           {.about = "a line per begin, row and commit"});
  keys.key("output", c.output, config::text(), {.about = "a file, or `-` for standard output"});
  keys.key("on_gap", c.on_gap, policy,
           {.about = "at a missing log: stop (exit 5), or go on behind it (exit 3)", .aliases = {"gaps"}});
  keys.key("on_corruption", c.on_corruption, policy,
           {.about = "at damaged redo: stop (exit 6), or go on behind it (exit 3)", .aliases = {"corruption"}});
  keys.key("memory", c.memory, config::size(), {.about = "what open transactions may hold"});
  keys.key("checksums", c.checksums, config::flag(),
           {.about = "check them; false for databases with DB_BLOCK_CHECKSUM turned off"});
  keys.key("tde_keys", c.keys, config::text(),
           {.about = "the keys of encrypted columns, a JSON file that only you can read",
            .otherwise = "they are unavailable"});
  keys.check(c.from_scn < c.to_scn, "to_scn", "must be above from_scn");
}

}  // namespace redoubt::cli
