// redoubt checkpoint, and capture status, check and advance: where captures that follow their logs stand, and orders to
// them.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "capture/live_capture.h"
#include "cli/command.h"
#include "cli/live_capture_command.h"

namespace redoubt::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using capture::Checkpoint;
using capture::LiveCapture;
using ledger::Ledger;

struct CheckpointOptions {
  std::string ledger = "sqlite:redoubt-ledger.db", name = "capture", file, output = "-";
  std::int64_t number = 0;
  std::uint16_t thread = 0;
  oracle::Scn scn = 0;
  std::uint32_t block_size = 512;
  std::vector<std::string> watch;
  bool all = false, json = false;
};

std::string utc(ledger::Micros time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(time / 1'000'000)));
}

// Looking makes no ledger.
std::unique_ptr<Ledger> open(const CheckpointOptions& options) {
  const database::Url url = database::parse_url(options.ledger);
  if (url.engine == database::Engine::kSqlite && !fs::exists(url.name))
    throw Error(ErrorCode::kUnknown, url.shown(), "there is no ledger here",
                "name another with --ledger; the first capture makes one");
  return Ledger::open(url);
}

std::string place_of(const CheckpointOptions& options, std::int64_t number) {
  return fmt::format("checkpoint {} of {}", number, options.name);
}

// The one with that number, or the newest that is whole.
std::optional<ledger::Checkpoint> find(Ledger& ledger, const CheckpointOptions& options) {
  if (options.number == 0) return ledger.newest_checkpoint(LiveCapture::stream(options.name));
  for (ledger::Checkpoint& c : ledger.checkpoints(LiveCapture::stream(options.name)))
    if (c.number == options.number) return std::move(c);
  return std::nullopt;
}

ledger::Checkpoint need(Ledger& ledger, const CheckpointOptions& options) {
  std::optional<ledger::Checkpoint> found = find(ledger, options);
  if (found && found->whole) return *std::move(found);
  throw Error(ErrorCode::kUnknown, options.number == 0 ? "capture " + options.name : place_of(options, options.number),
              found ? "is damaged" : "no such checkpoint is in the ledger", "redoubt checkpoint show --all lists them");
}

void print_threads(const Checkpoint& c) {
  fmt::print("{:>6}  {:<9} {:>9} {:>9}  {:>16}  {:>9} {:>9}  {}\n", "thread", "status", "sequence", "block",
             "bound SCN", "low seq", "low block", "held by transaction");
  for (const auto& [number, thread] : c.point.threads) {
    const Checkpoint::Reading& reading = c.reading.at(number);
    const bool held = thread.holder != oracle::Xid{};
    fmt::print("{:>6}  {:<9} {:>9} {:>9}  {:>16}  {:>9} {:>9}  {}\n", number, reading.status, reading.next.sequence,
               reading.next.block, thread.bound == oracle::kNoScn ? "-" : std::to_string(thread.bound),
               thread.low.sequence, thread.low.block, held ? to_text(thread.holder) : "-");
  }
}

// The thread that everything waits for: the one with the lowest bound.
std::uint16_t holder_of(const Checkpoint& c) {
  std::uint16_t slowest = 0;
  for (const auto& [number, thread] : c.point.threads)
    if (slowest == 0 || thread.bound < c.point.threads.at(slowest).bound) slowest = number;
  return slowest;
}

int status(const CheckpointOptions& options) {
  const auto ledger = open(options);
  const std::optional<std::string> id = ledger->setting(LiveCapture::stream(options.name) + "/session");
  if (!id)
    throw Error(ErrorCode::kUnknown, options.ledger, fmt::format("has no capture named {}", options.name),
                "name another with --name; redoubt session list --kind capture shows them");
  const ledger::Session session = ledger->session(*id);
  const std::optional<ledger::Checkpoint> saved = ledger->newest_checkpoint(LiveCapture::stream(options.name));
  const std::string state = session.interrupted() ? "interrupted" : std::string(name_of(session.state));
  if (options.json) {
    Json json = {{"name", options.name}, {"session_id", session.id}, {"status", state}};
    json["owner"] = session.owner.token.empty() ? Json()
                                                : Json{{"host", session.owner.process.host},
                                                       {"pid", session.owner.process.pid},
                                                       {"alive", session.owner.alive}};
    json["checkpoint"] = saved ? Json::parse(saved->body) : Json();
    if (saved) {
      json["checkpoint_number"] = saved->number;
      json["checkpoint_age_seconds"] = std::max<ledger::Micros>(ledger->now() - saved->made, 0) / 1'000'000;
    }
    fmt::print("{}\n", json.dump());
    return 0;
  }
  fmt::print("capture     {}\nstatus      {}", options.name, state);
  if (session.owner.alive) fmt::print(" (process {} on {})", session.owner.process.pid, session.owner.process.host);
  fmt::print("\n");
  if (!saved) {
    fmt::print("checkpoint  none yet\n");
    return 0;
  }
  const Checkpoint c = capture::checkpoint_from_json(saved->body, place_of(options, saved->number));
  fmt::print(
      "checkpoint  {}, {} s old\ndelivered   all that commits up to SCN {}\nwatermark   SCN {}, held by thread {}\n",
      saved->number, std::max<ledger::Micros>(ledger->now() - saved->made, 0) / 1'000'000, c.point.released.scn,
      c.point.watermark, holder_of(c));
  if (c.sink_kind == "file") fmt::print("output      {}, {} bytes safe\n", c.sink_path, c.sink_length);
  fmt::print("\n");
  print_threads(c);
  fmt::print("\nLogs below the low sequences are no longer needed.\n");
  return 0;
}

// Whether the logs are there that the next run would read.
int check(const CheckpointOptions& options) {
  std::vector<capture::LogCatalog::Root> roots;
  for (const std::string& path : options.watch) roots.push_back({path, 0});
  capture::LogCatalog catalog(std::move(roots));
  catalog.refresh();
  if (!catalog.any())
    throw Error(ErrorCode::kUnreachable, options.watch.front(), "no redo log was found",
                "name the directories of the logs");
  std::map<std::uint16_t, std::uint32_t> needed;
  if (const database::Url url = database::parse_url(options.ledger);
      url.engine != database::Engine::kSqlite || fs::exists(url.name)) {
    if (const auto saved = Ledger::open(url)->newest_checkpoint(LiveCapture::stream(options.name)))
      needed = capture::checkpoint_from_json(saved->body, place_of(options, saved->number)).floor();
  }
  Json threads = Json::array();
  bool good = true;
  std::set<std::uint16_t> numbers = catalog.threads();
  for (const auto& [thread, sequence] : needed) numbers.insert(thread);
  for (const std::uint16_t thread : numbers) {
    const auto first = catalog.first_sequence(thread), last = catalog.last_sequence(thread);
    // Sequence 0: to be found by SCN.
    const std::uint32_t from =
        needed.contains(thread) && needed.at(thread) != 0 ? needed.at(thread) : first.value_or(0);
    std::vector<std::uint32_t> missing;
    for (std::uint32_t s = from; last && s <= *last; ++s)
      if (catalog.find(thread, s).empty()) missing.push_back(s);
    if (!last || *last + 1 < from) missing.push_back(from);
    good &= missing.empty();
    Json t = {{"thread", thread}, {"from_sequence", from}, {"to_sequence", last.value_or(0)}, {"missing", missing}};
    if (last) {
      const redo::RedoHeader header = catalog.find(thread, *last).front().header;
      t["to_scn"] = header.open() ? Json() : Json(header.next_scn.value);
      t["current"] = header.open();
    }
    threads.push_back(std::move(t));
  }
  if (options.json) {
    fmt::print("{}\n", Json{{"readable", good}, {"threads", threads}}.dump());
  } else {
    fmt::print("{:>6}  {:>9} {:>9}  {:>16}  {}\n", "thread", "from seq", "to seq", "up to SCN", "missing");
    for (const Json& t : threads)
      fmt::print("{:>6}  {:>9} {:>9}  {:>16}  {}\n", t["thread"].get<int>(), t["from_sequence"].get<std::uint64_t>(),
                 t["to_sequence"].get<std::uint64_t>(),
                 !t.contains("to_scn")   ? "-"
                 : t["to_scn"].is_null() ? "current"
                                         : t["to_scn"].dump(),
                 t["missing"].empty() ? "-" : t["missing"].dump());
  }
  return good ? 0 : static_cast<int>(ErrorCode::kUnreachable);
}

// Tells the capture of that name, running or not, that others shall not wait for a thread.
int advance(const CheckpointOptions& options) {
  const auto ledger = open(options);
  const auto saved = ledger->newest_checkpoint(LiveCapture::stream(options.name));
  if (!saved)
    throw Error(ErrorCode::kUnknown, options.ledger, fmt::format("has no checkpoint of a capture {}", options.name),
                "name another with --name; redoubt capture status shows them");
  const Checkpoint c = capture::checkpoint_from_json(saved->body, place_of(options, saved->number));
  const auto thread = c.point.threads.find(options.thread);
  if (thread == c.point.threads.end())
    throw Error(ErrorCode::kUsage, "--thread", fmt::format("capture {} has no thread {}", options.name, options.thread),
                "redoubt capture status shows them");
  // kNoScn, when it is disabled, is above all orders.
  if (thread->second.bound < options.scn) {
    const std::string key = LiveCapture::orders(options.name);
    ledger->set(key, fmt::format("{} {}:{}", ledger->setting(key).value_or(""), options.thread, options.scn));
  }
  if (options.json) {
    fmt::print(
        "{}\n",
        Json{{"name", options.name}, {"thread", options.thread}, {"scn", options.scn}, {"bound", thread->second.bound}}
            .dump());
  } else if (thread->second.bound == oracle::kNoScn) {
    fmt::print("thread {} is disabled: nobody waits for it\n", options.thread);
  } else if (thread->second.bound >= options.scn) {
    fmt::print("thread {} is at SCN {} already: nothing changes\n", options.thread, thread->second.bound);
  } else {
    fmt::print(
        "thread {} was at SCN {}: what others commit below SCN {} is told without waiting for it. "
        "What it commits there is told when it comes, marked \"late\"\n",
        options.thread, thread->second.bound, options.scn);
  }
  return 0;
}

int show(const CheckpointOptions& options) {
  const auto ledger = open(options);
  if (!options.all) {
    const ledger::Checkpoint saved = need(*ledger, options);
    if (options.json) {
      fmt::print("{}\n", saved.body);
      return 0;
    }
    const Checkpoint c = capture::checkpoint_from_json(saved.body, place_of(options, saved.number));
    fmt::print(
        "checkpoint  {}, made {}\ndatabase    {} (DBID {}, incarnation {})\ndelivered   all that commits up to SCN "
        "{}\ndictionary  of SCN {}\n\n",
        saved.number, utc(saved.made), c.database, c.dbid, c.resetlogs, c.point.released.scn, c.dictionary_scn);
    print_threads(c);
    return 0;
  }
  Json all = Json::array();
  for (const ledger::Checkpoint& saved : ledger->checkpoints(LiveCapture::stream(options.name))) {
    if (options.json) {
      all.push_back({{"number", saved.number},
                     {"made", utc(saved.made)},
                     {"whole", saved.whole},
                     {"checkpoint", saved.whole ? Json::parse(saved.body) : Json()}});
    } else if (saved.whole) {
      const Checkpoint c = capture::checkpoint_from_json(saved.body, place_of(options, saved.number));
      fmt::print("{:>8}  {}  SCN {}\n", saved.number, utc(saved.made), c.point.released.scn);
    } else {
      fmt::print("{:>8}  {}  damaged\n", saved.number, utc(saved.made));
    }
  }
  if (options.json) fmt::print("{}\n", all.dump());
  return 0;
}

int write_export(const CheckpointOptions& options) {
  const auto ledger = open(options);
  const std::string body = need(*ledger, options).body + "\n";
  if (options.output == "-") {
    fmt::print("{}", body);
  } else {
    replace_file(options.output, body);
  }
  return 0;
}

// Ours, or a checkpoint file of OpenLogReplicator or its fork.
int read_import(const CheckpointOptions& options) {
  const std::string text = read_file(options.file);
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw Error(ErrorCode::kUnknown, options.file, "is no JSON object", "name a checkpoint file");
  const Checkpoint checkpoint =
      json.contains("format")
          ? capture::checkpoint_from_json(text, options.file)
          : capture::import_position(oracle::load_dictionary_json(options.file), options.block_size);
  const auto ledger = Ledger::open(database::parse_url(options.ledger));
  if (const auto newest = ledger->newest_checkpoint(LiveCapture::stream(options.name)))
    throw Error(ErrorCode::kUsage, "capture " + options.name,
                fmt::format("has checkpoints already, the newest is {}", newest->number),
                "import under another --name");
  const std::int64_t number = ledger->save_checkpoint(LiveCapture::stream(options.name), to_json(checkpoint));
  fmt::print("checkpoint {} of {}: goes on behind SCN {}\n", number, options.name, checkpoint.point.released.scn);
  print_threads(checkpoint);
  return 0;
}

void add_place(CLI::App* command, CheckpointOptions& options) {
  command->add_option("--ledger", options.ledger, "the ledger: sqlite:FILE or postgresql://user@host/name")
      ->type_name("URL")
      ->capture_default_str();
  command->add_option("--name", options.name, "of the capture")->type_name("NAME")->capture_default_str();
}

void add_advance(CLI::App& capture, const std::shared_ptr<CheckpointOptions>& options) {
  CLI::App* command = add_command(capture, "advance", "Have a capture go on without waiting for a thread",
                                  {"capture advance --thread 2 --scn 3812760"});
  command->add_option("--thread", options->thread, "the one that is not to be waited for")->type_name("N")->required();
  command->add_option("--scn", options->scn, "up to where; its later redo is waited for again")
      ->type_name("N")
      ->required();
  add_place(command, *options);
  add_json(command, options->json);
  on_run(command, [options] { return advance(*options); });
}

}  // namespace

void add_capture_subcommands(CLI::App* capture) {
  auto options = std::make_shared<CheckpointOptions>();
  CLI::App* command = add_command(*capture, "status", "Say where a capture that follows its logs stands",
                                  {"capture status", "capture status --name erp --json"});
  add_place(command, *options);
  add_json(command, options->json);
  on_run(command, [options] { return status(*options); });

  command = add_command(*capture, "check", "Say whether all logs are there that the next run would read",
                        {"capture check --watch /archive --watch /online"});
  command->add_option("--watch", options->watch, "directories of logs")
      ->type_name("DIR")
      ->required()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  add_place(command, *options);
  add_json(command, options->json);
  on_run(command, [options] { return check(*options); });
  add_advance(*capture, options);
}

void add_checkpoint_commands(CLI::App& root) {
  CLI::App* group = add_group(root, "checkpoint", "Look at the checkpoints of captures, carry them elsewhere");
  auto options = std::make_shared<CheckpointOptions>();
  const auto add_number = [&](CLI::App* command) {
    command->add_option("--number", options->number, "which one; the newest when not given")->type_name("N");
  };
  CLI::App* command = add_command(*group, "show", "Show the newest checkpoint, or list all",
                                  {"checkpoint show", "checkpoint show --all", "checkpoint show --number 12 --json"});
  add_place(command, *options);
  add_number(command);
  command->add_flag("--all", options->all, "list all");
  add_json(command, options->json);
  on_run(command, [options] { return show(*options); });

  command = add_command(*group, "export", "Write a checkpoint to a file", {"checkpoint export --output position.json"});
  add_place(command, *options);
  add_number(command);
  command->add_option("--output", options->output, "the file, or - for standard output")
      ->type_name("FILE")
      ->capture_default_str();
  on_run(command, [options] { return write_export(*options); });

  command = add_command(*group, "import", "Begin a capture from a checkpoint file, ours or OpenLogReplicator's",
                        {"checkpoint import position.json --name erp", "checkpoint import ORCL-chkpt-2267708.json"});
  command->add_option("file", options->file, "the checkpoint file")->type_name("FILE")->required();
  command->add_option("--block-size", options->block_size, "of the logs, for files that know byte offsets")
      ->type_name("BYTES")
      ->check(CLI::IsMember({512, 1024, 4096}))
      ->capture_default_str();
  add_place(command, *options);
  on_run(command, [options] { return read_import(*options); });
}

}  // namespace redoubt::cli
