// redoubt capture: redo logs in, committed row changes out.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "capture/core.h"
#include "capture/log_set.h"
#include "cli/capture_events.h"
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/live_capture_command.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "oracle/charset.h"
#include "sink/json_writer.h"
#include "sink/logminer_check.h"

namespace redoubt::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWriteSize = 256 << 10;

class Run {
 public:
  explicit Run(const CaptureOptions& options)
      : options_(options),
        dictionary_(options.dictionaries.empty()
                        ? capture::DictionaryTracker::schemaless()
                        : capture::DictionaryTracker::load({options.dictionaries.begin(), options.dictionaries.end()},
                                                           options.tables)),
        keys_(options.keys.empty() ? oracle::TdeKeys() : oracle::TdeKeys::load(options.keys)),
        writer_(dictionary_.facts()),
        spill_(options.spill_dir, options.spill_limit),
        core_(dictionary_, {.from_scn = options.from_scn,
                            .to_scn = options.to_scn,
                            .on_corruption = options.on_corruption.value_or(capture::DamagePolicy::kStop),
                            .memory_max = options.memory,
                            .spill = &spill_,
                            .keys = keys_}) {
    if (!options.logminer.empty())
      check_ =
          std::make_unique<sink::LogminerCheck>(read_file(options.logminer), options.logminer, dictionary_.facts());
  }

  int run() {
    for (const std::string& text : dictionary_.take_warnings()) warn(0, {}, text);
    for (const std::string& text : keys_.warnings(dictionary_.latest())) warn(0, {}, text);
    capture::LogSet set = capture::find_logs({options_.logs.begin(), options_.logs.end()}, options_.checksums);
    check_dictionary(set);
    if (!options_.spill_dir.empty()) spill_.open();
    total_bytes_ = set.bytes();
    for (auto& [thread, logs] : set.threads) {
      // A thread that was disabled has nothing to be waited for.
      const redo::RedoHeader& last = logs.back().headers.redo;
      if (last.disabled == 0) ends_[thread] = last.next_scn.value;
      capture::ThreadStream::Options stream;
      stream.checksums = options_.checksums;
      stream.on_corruption = options_.on_corruption.value_or(capture::DamagePolicy::kStop);
      stream.on_gap = options_.on_gap.value_or(capture::DamagePolicy::kStop);
      stream.passed_over = [this](std::uint16_t number, redo::Rba rba, const std::string& text) {
        core_.note_hole(number);
        incomplete_ = true;
        warn(number, rba, text);
      };
      core_.open_thread(thread);
      streams_.emplace(thread, capture::ThreadStream(std::move(logs), std::move(stream)));
    }
    if (check_) {
      progress_ = std::make_unique<Progress>("compare", total_bytes_);
    } else {
      output_ = std::make_unique<OutputFile>(options_.output);
      // Standard output at a terminal is where rows are read: no line is drawn over them.
      if (options_.output != "-" || !is_terminal(stdout))
        progress_ = std::make_unique<Progress>("capture", total_bytes_);
    }

    const StopOnSignal stop;
    try {
      while (!stop.asked() && core_.step()) {
        drain();
        core_.feed(core_.hungry(), streams_.at(core_.hungry()).next_group());
      }
    } catch (...) {
      drain();
      flush();  // what was committed before the damage is right
      throw;
    }
    drain();
    flush();
    progress_.reset();
    return report(stop.asked());
  }

 private:
  void drain() {
    while (core_.take(batch_)) {
      last_commit_scn_ = batch_.transactions.back().commit_scn;
      if (check_) {
        check_->compare(batch_);
      } else {
        writer_.write(batch_, text_);
        if (text_.size() >= kWriteSize) flush();
      }
      batch_.clear();
    }
    for (const capture::Event& event : core_.take_events()) tell(event.kind, event.thread, event.rba, event.text);
  }

  void flush() {
    if (output_) output_->write(text_.view());
    text_.clear();
    if (progress_) progress_->update(bytes_read());
  }

  std::uint64_t bytes_read() const {
    std::uint64_t sum = 0;
    for (const auto& [thread, stream] : streams_) sum += stream.bytes_read();
    return sum;
  }

  void tell(capture::Event::Kind kind, std::uint16_t thread, redo::Rba rba, std::string_view text) {
    tell_event(options_.json, kind, thread, rba, text);
  }
  void warn(std::uint16_t thread, redo::Rba rba, std::string_view text) {
    tell(capture::Event::Kind::kWarning, thread, rba, text);
  }

  // Names would be wrong with the dictionary of another database or incarnation.
  void check_dictionary(const capture::LogSet& set) const {
    const oracle::DatabaseFacts& facts = dictionary_.facts();
    const capture::LogFile& log = set.threads.begin()->second.front();
    if (facts.resetlogs != 0 && facts.resetlogs != log.headers.redo.resetlogs)
      throw Error(ErrorCode::kUsage, log.path.string(),
                  fmt::format("is of incarnation {} of its database, {} of {}", log.headers.redo.resetlogs,
                              options_.dictionaries.front(), facts.resetlogs),
                  "name the dictionary of this database");
  }

  // Where the logs of the threads end at different SCNs, what the shorter threads committed behind their end is
  // missing.
  bool tell_coverage() {
    oracle::Scn low = oracle::kNoScn, high = 0;
    for (const auto& [thread, end] : ends_) {
      low = std::min(low, end);
      high = std::max(high, end);
    }
    if (low == high) return true;
    for (const auto& [thread, end] : ends_)
      if (end != high)
        warn(thread, {},
             fmt::format("the logs of this thread end at SCN {}, others go on: from there on its commits are missing",
                         end));
    return false;
  }

  int report(bool interrupted) {
    if (!interrupted && options_.to_scn == oracle::kNoScn && !tell_coverage()) incomplete_ = true;
    const capture::Counters& c = core_.counters();
    if (c.damaged > 0) incomplete_ = true;
    const std::vector<oracle::Xid> open = core_.unfinished();
    if (options_.json) {
      fmt::print(stderr,
                 R"({{"event":"end","transactions":{},"rows":{},"commits":{},"rollbacks":{},"records":{},"bytes":{},)"
                 R"("last_commit_scn":{},"partial":{},"open":{},"warnings":{}}})"
                 "\n",
                 c.transactions, c.rows, c.commits, c.rollbacks, c.records, bytes_read(), last_commit_scn_, c.partial,
                 open.size(), c.warnings);
    } else {
      fmt::print(stderr, "{} transaction{} with {} row{} from {} of redo ({} commits, {} rollbacks)\n", c.transactions,
                 c.transactions == 1 ? "" : "s", c.rows, c.rows == 1 ? "" : "s",
                 size_text(static_cast<double>(bytes_read())), c.commits, c.rollbacks);
      if (!open.empty())
        fmt::print(stderr,
                   "{} transaction{} still open at the end of the logs, {} the first: their rows come with the next "
                   "logs\n",
                   open.size(), open.size() == 1 ? " is" : "s are", to_text(open.front()));
      if (c.partial > 0)
        fmt::print(stderr, "{} transaction{} began before the first log and {} left out: start with earlier logs\n",
                   c.partial, c.partial == 1 ? "" : "s", c.partial == 1 ? "is" : "are");
    }
    if (interrupted) {
      // Others may have committed at the SCN of the last one told: it is told again.
      const oracle::Scn from = std::max(options_.from_scn, last_commit_scn_ == 0 ? 0 : last_commit_scn_ - 1);
      fmt::print(stderr, "interrupted; go on with --from-scn {} and another --output: commit SCN {} comes once more\n",
                 from, from + 1);
      return static_cast<int>(ErrorCode::kInterrupted);
    }
    const int answer = check_ ? tell_check() : 0;
    return incomplete_ || c.partial > 0 ? static_cast<int>(ErrorCode::kIncomplete) : answer;
  }

  int tell_check() {
    const sink::LogminerCheck::Result result = check_->finish();
    if (options_.json) {
      fmt::print(R"({{"rows":{},"agree":{},"differences":{}}})"
                 "\n",
                 result.rows, result.agree, result.differences.size());
    } else {
      for (const std::string& difference : result.differences) fmt::print("differs  {}\n", difference);
      fmt::print("{} of {} rows agree\n", result.agree, result.rows);
    }
    return result.equal() ? 0 : 1;
  }

  const CaptureOptions& options_;
  capture::DictionaryTracker dictionary_;
  oracle::TdeKeys keys_;
  sink::JsonWriter writer_;
  capture::SpillSpace spill_;
  capture::Core core_;
  std::map<std::uint16_t, capture::ThreadStream> streams_;
  std::unique_ptr<OutputFile> output_;  // none when rows are compared instead
  std::unique_ptr<sink::LogminerCheck> check_;
  std::unique_ptr<Progress> progress_;
  change::Batch batch_;
  TextBuffer text_;
  std::uint64_t total_bytes_ = 0;
  std::map<std::uint16_t, oracle::Scn> ends_;  // next SCN of each thread's last log; kNoScn = still current
  oracle::Scn last_commit_scn_ = 0;
  bool incomplete_ = false;
};

// Without the file there is nothing to compare with yet: the script that makes it is what is needed.
int capture_or_script(const CaptureOptions& options) {
  if (!options.logminer.empty() && !fs::exists(options.logminer)) {
    std::vector<std::string> logs;
    for (const auto& [thread, files] : capture::find_logs({options.logs.begin(), options.logs.end()}).threads)
      for (const capture::LogFile& file : files) logs.push_back(fs::absolute(file.path).string());
    fmt::print("{}", sink::logminer_script(logs, options.from_scn, options.to_scn));
    throw Error(ErrorCode::kOperation, options.logminer, "is not there",
                "make it with the SQL*Plus script that standard output has now, run where LogMiner can read the logs");
  }
  return Run(options).run();
}

}  // namespace

void add_capture_command(CLI::App& root) {
  auto options = std::make_shared<CaptureOptions>();
  auto config = std::make_shared<std::string>();
  CLI::App* command =
      add_command(root, "capture", "Turn redo logs into committed row changes",
                  {"capture --dictionary schema.json arch1_15.dbf arch1_16.dbf",
                   "capture --dictionary schema.json --tables 'APP\\..*' --output changes.jsonl /archive",
                   "capture --tables 'SYS\\..*' --dictionary schema.json arch1_15.dbf",
                   "capture --config redoubt.yaml --from-scn 2267707",
                   "capture --watch /archive --watch /online --dictionary schema.json --output changes.jsonl",
                   "capture arch1_15.dbf      without a dictionary: OBJ_n, COL_n and raw values"});
  command->add_option("log", options->logs, "archived or online redo logs, or directories of them")->type_name("LOG");
  command->add_option("--dictionary", options->dictionaries, "dictionary JSON, one per container")
      ->type_name("FILE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--tables", options->tables, "only tables whose OWNER.TABLE this expression matches whole")
      ->type_name("RE");
  command->add_option("--tde-keys", options->keys, "the keys of encrypted columns, a JSON file that only you can read")
      ->type_name("FILE");
  command->add_option("--from-scn", options->from_scn, "only transactions that commit above this SCN")->type_name("N");
  command->add_option("--to-scn", options->to_scn, "only transactions that commit at or below this SCN")
      ->type_name("N");
  command->add_option("--format", options->format, "json: one line per begin, row and commit")
      ->check(CLI::IsMember({"json"}));
  command->add_option("--output", options->output, "a file, or - for standard output")->type_name("TARGET");
  command
      ->add_option(
          "--check-logminer", options->logminer,
          "compare the rows with what LogMiner reported, instead of writing them; prints the script that makes "
          "the file when it is not there")
      ->type_name("FILE");
  const std::map<std::string, capture::DamagePolicy> policies{{"stop", capture::DamagePolicy::kStop},
                                                              {"skip", capture::DamagePolicy::kSkip},
                                                              {"wait", capture::DamagePolicy::kWait}};
  const auto policy = [&](const char* name, std::optional<capture::DamagePolicy>& value, const char* text) {
    command->add_option(name, value, text)
        ->transform(CLI::CheckedTransformer(policies).description(""))
        ->type_name("wait|stop|skip");
  };
  policy("--on-corruption", options->on_corruption,
         "at damaged redo: stop (exit 6), go on behind it (exit 3), or wait until it is mended (with --watch)");
  policy("--on-gap", options->on_gap,
         "at a missing log: stop (exit 5), go on behind it (exit 3), or wait for it (with --watch)");
  const auto size = [&](const char* name, std::uint64_t& value, const char* text) {
    command->add_option(name, value, text)->transform(CLI::AsSizeValue(false))->type_name("BYTES");
  };
  size("--memory", options->memory,
       "what open transactions may hold, as 2GiB; beyond, their changes go to disk; 256MiB when not given");
  command
      ->add_option("--spill-dir", options->spill_dir,
                   "the directory for that, of one run at a time; when not given, one of its own below $TMPDIR or "
                   "/var/tmp")
      ->type_name("DIR");
  size("--spill-limit", options->spill_limit, "what may lie there; 64GiB when not given");
  command->add_flag("!--no-checksums", options->checksums, "for databases with DB_BLOCK_CHECKSUM turned off");
  add_live_options(command, *options);
  add_config(command, *config);
  add_json(command, options->json);
  add_capture_subcommands(command);
  on_run(command, [command, options, config] {
    if (!command->get_subcommands().empty()) return 0;  // that one has run
    *options = read_configuration(*config).capture;
    apply_options_again(command);
    if (!options->watch.empty()) return run_live_capture(*options);
    for (const auto given : {options->on_gap, options->on_corruption})
      if (given == capture::DamagePolicy::kWait)
        throw Error(ErrorCode::kUsage, "", "only a capture that follows its logs can wait for them",
                    "say stop or skip, or name the directories with --watch");
    if (options->logs.empty())
      throw Error(ErrorCode::kUsage, "", "no redo log is named",
                  "name logs or directories, here or in the configuration under capture: as logs:");
    return capture_or_script(*options);
  });
}

}  // namespace redoubt::cli
