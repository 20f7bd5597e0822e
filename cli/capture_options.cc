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
  const auto policy = config::choice<DamagePolicy>(
      {{"stop", DamagePolicy::kStop}, {"skip", DamagePolicy::kSkip}, {"wait", DamagePolicy::kWait}});
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
           {.about = "at a missing log: stop (exit 5), go on behind it (exit 3), or wait for it",
            .aliases = {"gaps"},
            .otherwise = "wait with `watch`, else stop"});
  keys.key("on_corruption", c.on_corruption, policy,
           {.about = "at damaged redo: stop (exit 6), go on behind it (exit 3), or wait until it is mended",
            .aliases = {"corruption"},
            .otherwise = "wait with `watch`, else stop"});
  keys.key("memory", c.memory, config::size(),
           {.about = "what open transactions may hold; beyond, their changes go to disk"});
  keys.key("spill_dir", c.spill_dir, config::text(),
           {.about = "the directory for that, of one run at a time",
            .otherwise = "one of its own below `$TMPDIR` or `/var/tmp`"});
  keys.key("spill_limit", c.spill_limit, config::size(), {.about = "what may lie there"});
  keys.key("checksums", c.checksums, config::flag(),
           {.about = "check them; false for databases with DB_BLOCK_CHECKSUM turned off"});
  keys.key("tde_keys", c.keys, config::text(),
           {.about = "the keys of encrypted columns, a JSON file that only you can read",
            .otherwise = "they are unavailable"});
  keys.key("watch", c.watch, config::text(),
           {.about = "directories whose logs are followed until stopped", .otherwise = "`logs` are read once"});
  keys.key("name", c.name, config::text(), {.about = "of a capture that follows its logs, in the ledger"});
  keys.key("ledger", c.ledger, config::text(), {.about = "the URL of the ledger that keeps its checkpoints"});
  keys.key("state_dir", c.state_dir, config::text(),
           {.about = "for its dictionary snapshots and retention floor", .otherwise = "beside the ledger"});
  keys.key("threads", c.threads, config::integer<std::uint16_t>(),
           {.about = "redo threads that must be there before anything is told", .otherwise = "those that are seen"});
  keys.key("start", c.start, config::text(),
           {.about = "where it begins without a checkpoint: `oldest`, `now` or `thread=1:seq=812,...`"});
  keys.key("checkpoint_interval", c.checkpoint_interval, config::duration(), {.about = "between checkpoints"});
  keys.key("checkpoint_bytes", c.checkpoint_bytes, config::size(), {.about = "of redo between checkpoints at most"});
  keys.key("recovery_window", c.recovery_window, config::size(),
           {.about = "of redo: a transaction that has been open for longer is kept in its spill file over a restart, its "
                     "logs are not needed any more"});
  keys.key("recovery_time", c.recovery_time, config::duration(), {.about = "the same in time"});
  keys.key("discovery_interval", c.discovery_interval, config::duration(),
           {.about = "between looks at the directories; more often while a log is waited for"});
  keys.key("lag_warning", c.lag_warning, config::duration(),
           {.about = "without progress, before it is said what is waited for"});
  keys.check(c.from_scn < c.to_scn, "to_scn", "must be above from_scn");
}

}  // namespace redoubt::cli
