#include "cli/capture_options.h"

#include <algorithm>
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

// "all" as 0.
ConfigType<std::uint16_t> thread_or_all() {
  const ConfigType<std::uint16_t> number = config::integer<std::uint16_t>({1, 0xFFFF});
  return {"thread number, or all",
          [number](std::string_view text) { return text == "all" ? std::uint16_t{0} : number.parse(text); },
          [](const std::uint16_t& value) { return value == 0 ? std::string("all") : std::to_string(value); }};
}

ConfigType<std::chrono::milliseconds> duration_or_off() {
  const ConfigType<Duration> duration = config::duration();
  return {"duration, or off",
          [duration](std::string_view text) { return text == "off" ? Duration(0) : duration.parse(text); },
          [duration](const Duration& value) { return value.count() == 0 ? "off" : duration.write(value); }};
}

bool are_threads(const auto& by_thread) {
  return std::all_of(by_thread.begin(), by_thread.end(), [](const auto& entry) {
    const std::string& name = entry.first;
    return !name.empty() && name.size() <= 5 && name.find_first_not_of("0123456789") == std::string::npos &&
           std::stoul(name) >= 1 && std::stoul(name) <= 0xFFFF;
  });
}

// Sections of capture:, whose keys are members of the options.
struct Threads {
  CaptureOptions& c;
};
struct Order {
  CaptureOptions& c;
};

void layout(ConfigKeys& keys, Threads& threads) {
  CaptureOptions& c = threads.c;
  keys.key("include", c.threads, thread_or_all(),
           {.about = "threads that must be there before anything is told", .otherwise = "those that are seen"});
  keys.key("allow_missing_threads", c.allow_missing_threads, config::flag(),
           {.about = "leave out threads that `include` does not name; what they commit is missing then"});
  keys.sections("start", c.thread_starts,
                {.about = "the log at which a thread begins without a checkpoint, under the number of the thread"});
  keys.sections("sources", c.thread_sources,
                {.about = "where logs of one thread are, beside `watch`, under the number of the thread"});
  keys.check(!c.allow_missing_threads || !c.threads.empty(), "allow_missing_threads", "needs `include`");
  keys.check(are_threads(c.thread_starts), "start", "must name threads by their numbers");
  keys.check(are_threads(c.thread_sources), "sources", "must name threads by their numbers");
}

void layout(ConfigKeys& keys, Order& order) {
  CaptureOptions& c = order.c;
  keys.key(
      "max_thread_lag", c.max_thread_lag, duration_or_off(),
      {.about = "for so long others wait for a thread that gives nothing; then it is passed, and what it commits is "
                "told late",
       .otherwise = "`off`: as long as it takes"});
  keys.key("discovery_interval", c.discovery_interval, config::duration(),
           {.about = "between looks at the directories; more often while a log is waited for"});
  keys.key("lag_warning", c.lag_warning, config::duration(),
           {.about = "without progress, before it is said what is waited for"});
}

}  // namespace

void layout(ConfigKeys& keys, CaptureOptions::ThreadStart& start) {
  keys.key("seq", start.sequence, config::integer<std::uint32_t>({1, 0xFFFFFFFF}),
           {.about = "its sequence", .required = true});
}

void layout(ConfigKeys& keys, CaptureOptions::ThreadSource& source) {
  keys.key("watch", source.watch, config::text(), {.about = "directories; a log of another thread there is refused"});
}

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
            .otherwise = "one of its own below `$TMPDIR` or `/var/tmp`; with `watch` one in the state directory"});
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
  Threads threads{c};
  keys.section("threads", threads, {.about = "of redo: which, from where on, and where their logs are"});
  Order order{c};
  keys.section("order", order, {.about = "when the threads wait for each other"});
  keys.key("checkpoint_interval", c.checkpoint_interval, config::duration(), {.about = "between checkpoints"});
  keys.key("checkpoint_bytes", c.checkpoint_bytes, config::size(), {.about = "of redo between checkpoints at most"});
  keys.key(
      "recovery_window", c.recovery_window, config::size(),
      {.about = "of redo: a transaction that has been open for longer is kept in its spill file over a restart, its "
                "logs are not needed any more"});
  keys.key("recovery_time", c.recovery_time, config::duration(), {.about = "the same in time"});
  keys.check(c.from_scn < c.to_scn, "to_scn", "must be above from_scn");
}

}  // namespace redoubt::cli
