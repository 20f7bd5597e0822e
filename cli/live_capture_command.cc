#include "cli/live_capture_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>

#include "base/units.h"
#include "capture/live_capture.h"
#include "cli/capture_events.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/version.h"
#include "sink/file_sink.h"
#include "sink/json_writer.h"

namespace redoubt::cli {
namespace {

namespace fs = std::filesystem;
using capture::Delivery;
using capture::LiveCapture;

constexpr std::size_t kWriteSize = 256 << 10;

// JSON lines into a file or standard output.
class JsonDelivery : public Delivery {
 public:
  JsonDelivery(const oracle::DatabaseFacts& facts, const std::string& path, const std::optional<Position>& position)
      : writer_(facts), path_(path), sink_(open(path, position)) {}

  void write(const change::Batch& batch) override {
    writer_.write(batch, text_);
    if (text_.size() >= kWriteSize) flush();
  }
  void flush() override {
    sink_.write(text_.view());
    text_.clear();
  }
  Position sync() override {
    flush();
    const sink::FileSink::Token token = sink_.sync();
    if (path_ == "-") return {"stdout", path_, 0, 0};
    return {"file", fs::absolute(path_).string(), token.length, token.tail};
  }

 private:
  static sink::FileSink open(const std::string& path, const std::optional<Position>& position) {
    if (!position || position->kind != "file") return sink::FileSink(path);
    if (path == "-" || fs::absolute(path) != position->path)
      throw Error(ErrorCode::kUsage, path, fmt::format("this capture has written to {} until now", position->path),
                  "name that as --output, or begin another capture with --name");
    return sink::FileSink(path, {position->length, position->tail});
  }

  sink::JsonWriter writer_;
  std::string path_;
  sink::FileSink sink_;
  TextBuffer text_;
};

// "2026-03-01T09:29:38", as the clock of the database's host shows it.
std::uint32_t read_time(const std::string& text) {
  std::tm tm = {};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
  if (!end || *end != '\0' || tm.tm_year < 88)
    throw Error(ErrorCode::kUsage, "--start", fmt::format("'{}' is no time", text), "say time=2026-03-01T09:29:38");
  const auto part = [](int value) { return static_cast<unsigned>(value); };
  return redo::redo_time_value({part(tm.tm_year) + 1900, part(tm.tm_mon) + 1, part(tm.tm_mday), part(tm.tm_hour),
                                part(tm.tm_min), part(tm.tm_sec)});
}

// "oldest", "now", "scn=3812734", "time=2026-03-01T09:29:38", or thread=1:seq=812,thread=2:seq=95
void read_start(const std::string& text, LiveCapture::Options& options) {
  if (text == "oldest") return;
  if (text.starts_with("scn=")) {
    options.start_scn = parse_integer(text.substr(4));
    return;
  }
  if (text.starts_with("time=")) {
    options.start = LiveCapture::Options::Start::kTime;
    options.core.from_time = read_time(text.substr(5));
    return;
  }
  if (text == "now") {
    options.start = LiveCapture::Options::Start::kNow;
    return;
  }
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    unsigned thread = 0, sequence = 0;
    int used = 0;
    const std::string one = text.substr(at, end - at);
    if (std::sscanf(one.c_str(), "thread=%u:seq=%u%n", &thread, &sequence, &used) != 2 ||
        static_cast<std::size_t>(used) != one.size() || thread == 0 || thread > 0xFFFF || sequence == 0)
      throw Error(ErrorCode::kUsage, "--start", fmt::format("'{}' is no start", text),
                  "say oldest, now, scn=3812734, time=2026-03-01T09:29:38, or a sequence for each thread: "
                  "thread=1:seq=812,thread=2:seq=95");
    options.start_sequences[static_cast<std::uint16_t>(thread)] = sequence;
    at = end + 1;
  }
}

// Of a section of the configuration file, which has checked it.
std::uint16_t number_of(const std::string& thread) { return static_cast<std::uint16_t>(std::stoul(thread)); }

fs::path state_dir_of(const CaptureOptions& options) {
  if (!options.state_dir.empty()) return options.state_dir;
  fs::path beside = ".";
  constexpr std::string_view kSqlite = "sqlite:";
  if (options.ledger.starts_with(kSqlite)) beside = fs::path(options.ledger.substr(kSqlite.size())).parent_path();
  return beside / ("redoubt-" + options.name);
}

}  // namespace

void add_live_options(CLI::App* command, CaptureOptions& options) {
  command
      ->add_option("--watch", options.watch,
                   "follow the logs of these directories, archived and online, until stopped; go on where the last run "
                   "of this --name ended")
      ->type_name("DIR")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--name", options.name, "of this capture, in the ledger; capture when not given")
      ->type_name("NAME");
  command->add_option("--ledger", options.ledger, "where checkpoints are kept")->type_name("URL");
  command
      ->add_option("--state-dir", options.state_dir,
                   "for dictionary snapshots and the retention floor; beside the ledger")
      ->type_name("DIR");
  command
      ->add_option(
          "--threads", options.threads,
          "redo threads that must be there before anything is told, comma separated; those seen when not given")
      ->delimiter(',')
      ->type_name("N");
  command
      ->add_option(
          "--start", options.start,
          "where to begin without a checkpoint: oldest, now (the current logs), scn=N, time=2026-03-01T09:29:38, or "
          "thread=1:seq=812,...")
      ->type_name("WHERE");
  command
      ->add_option_function<std::string>(
          "--checkpoint-interval",
          [&options](const std::string& text) {
            options.checkpoint_interval = std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
          },
          "between checkpoints, as 10s")
      ->type_name("TIME");
  command
      ->add_option_function<std::string>(
          "--recovery-window", [&options](const std::string& text) { options.recovery_window = parse_size(text); },
          "a transaction that has been open for so much redo (4GiB), or an hour, is kept in its spill file: "
          "logs from its begin on are not needed any more")
      ->type_name("SIZE");
  command
      ->add_option_function<std::string>(
          "--max-thread-lag",
          [&options](const std::string& text) {
            options.max_thread_lag = std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
          },
          "wait no longer than this for a thread that gives nothing: then it is passed, and what it commits is told "
          "late")
      ->type_name("TIME");
  command->add_flag("--until-idle", options.until_idle,
                    "stop when nothing is left to read, instead of waiting for more");
}

int run_live_capture(const CaptureOptions& options) {
  if (!options.logs.empty() || !options.logminer.empty())
    throw Error(ErrorCode::kUsage, "--watch", "logs to read once and logs to follow cannot be had in one run",
                "name directories with --watch alone");
  LiveCapture::Options live;
  live.name = options.name;
  for (const std::string& path : options.watch) live.roots.push_back({path, 0});
  for (const auto& [thread, source] : options.thread_sources)
    for (const std::string& path : source.watch) live.roots.push_back({path, number_of(thread)});
  for (const capture::LogCatalog::Root& root : live.roots)
    if (!fs::exists(root.path)) throw Error(ErrorCode::kUsage, root.path.string(), "is not there", "check the path");
  live.state_dir = state_dir_of(options);
  live.threads = {options.threads.begin(), options.threads.end()};
  live.threads.erase(0);
  live.other_threads = !options.allow_missing_threads;
  live.core.from_scn = options.from_scn;
  read_start(options.start, live);
  for (const auto& [thread, start] : options.thread_starts) live.start_sequences[number_of(thread)] = start.sequence;
  const oracle::TdeKeys keys = options.keys.empty() ? oracle::TdeKeys() : oracle::TdeKeys::load(options.keys);
  live.core.to_scn = options.to_scn;
  live.core.memory_max = options.memory;
  capture::SpillSpace spill(options.spill_dir.empty() ? live.state_dir / "spill" : fs::path(options.spill_dir),
                            options.spill_limit);
  live.core.spill = &spill;
  live.core.keys = keys;
  live.on_gap = options.on_gap.value_or(capture::DamagePolicy::kWait);
  live.on_corruption = options.on_corruption.value_or(capture::DamagePolicy::kWait);
  // A record that cannot be read does not get better by waiting.
  live.core.on_corruption =
      live.on_corruption == capture::DamagePolicy::kSkip ? capture::DamagePolicy::kSkip : capture::DamagePolicy::kStop;
  live.checksums = options.checksums;
  live.checkpoint_interval = options.checkpoint_interval;
  live.checkpoint_bytes = options.checkpoint_bytes;
  live.recovery_bytes = options.recovery_window;
  live.recovery_time = options.recovery_time;
  live.discovery_interval = options.discovery_interval;
  live.lag_warning = options.lag_warning;
  live.max_thread_lag = options.max_thread_lag.value_or(std::chrono::milliseconds(0));
  live.filter = options.tables;
  live.until_idle = options.until_idle;
  live.tool_version = version_text();

  const StopOnSignal stop;
  LiveCapture::Hooks hooks;
  hooks.interrupted = [&] { return stop.asked(); };
  hooks.load_dictionary = [&](std::vector<fs::path> files) {
    if (files.empty()) files.assign(options.dictionaries.begin(), options.dictionaries.end());
    return files.empty() ? capture::DictionaryTracker::schemaless()
                         : capture::DictionaryTracker::load(files, options.tables);
  };
  hooks.open = [&](const capture::DictionaryTracker& dictionary, const std::optional<Delivery::Position>& position) {
    return std::make_unique<JsonDelivery>(dictionary.facts(), options.output, position);
  };
  hooks.tell = [&](const capture::Event& event) {
    tell_event(options.json, event.kind, event.thread, event.rba, event.text);
  };
  const std::unique_ptr<ledger::Ledger> ledger = ledger::Ledger::open(database::parse_url(options.ledger));
  LiveCapture capture(*ledger, live, hooks);
  capture.run();

  const capture::Counters& c = capture.counters();
  if (options.json) {
    fmt::print(stderr,
               R"({{"event":"end","transactions":{},"rows":{},"commits":{},"rollbacks":{},"bytes":{}}})"
               "\n",
               c.transactions, c.rows, c.commits, c.rollbacks, capture.bytes_read());
  } else {
    fmt::print(stderr, "{} transaction{} with {} row{} from {} of redo ({} commits, {} rollbacks)\n", c.transactions,
               c.transactions == 1 ? "" : "s", c.rows, c.rows == 1 ? "" : "s",
               size_text(static_cast<double>(capture.bytes_read())), c.commits, c.rollbacks);
    if (stop.asked()) fmt::print(stderr, "stopped; the same command goes on from here\n");
  }
  return capture.incomplete() ? static_cast<int>(ErrorCode::kIncomplete) : 0;
}

}  // namespace redoubt::cli
