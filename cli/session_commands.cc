// redoubt session: the sessions of every kind that a ledger holds.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "cli/command.h"
#include "ledger/ledger.h"

namespace redoubt::cli {
namespace {

using Json = nlohmann::ordered_json;
using ledger::Counts;
using ledger::Ledger;
using ledger::Session;

struct SessionOptions {
  std::string ledger = "sqlite:redoubt-ledger.db", id, kind, file;
  std::int64_t days = 0;
  bool json = false;
};

std::string utc(ledger::Micros time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(time / 1'000'000)));
}

std::string_view state_of(const Session& s) { return s.interrupted() ? "interrupted" : name_of(s.state); }

Counts sum_of(const std::map<std::string, Counts>& counts) {
  Counts sum;
  for (const auto& [subject, c] : counts) {
    sum.pending += c.pending, sum.running += c.running;
    sum.done += c.done, sum.failed += c.failed;
  }
  return sum;
}

Json json_of(const Counts& c) {
  return {{"total", c.total()}, {"done", c.done}, {"failed", c.failed}, {"running", c.running}, {"pending", c.pending}};
}

// A body as JSON, or as the text it is.
Json body_of(const std::string& text) {
  Json body = Json::parse(text, nullptr, false);
  return body.is_discarded() ? Json(text) : body;
}

Json json_of(const Session& s, const std::map<std::string, Counts>& counts) {
  Json subjects = Json::object();
  for (const auto& [subject, c] : counts) subjects[subject] = json_of(c);
  Json owner;
  if (!s.owner.token.empty())
    owner = {{"host", s.owner.process.host}, {"pid", s.owner.process.pid}, {"alive", s.owner.alive}};
  return {{"session_id", s.id},
          {"kind", s.kind},
          {"status", state_of(s)},
          {"started", utc(s.started)},
          {"last_update", utc(s.updated)},
          {"run_seconds", s.run_seconds},
          {"config_file", s.config_file},
          {"config_hash", s.config_hash},
          {"tool_version", s.tool_version},
          {"owner", owner},
          {"units", json_of(sum_of(counts))},
          {"subjects", subjects},
          {"summary", body_of(s.summary)}};
}

void print_json(const Json& json) { fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace)); }

// Looking makes no ledger: one that is not there is Error(kUnknown).
std::unique_ptr<Ledger> open(const SessionOptions& options) {
  const database::Url url = database::parse_url(options.ledger);
  if (url.engine == database::Engine::kSqlite && !std::filesystem::exists(url.name))
    throw Error(ErrorCode::kUnknown, url.shown(), "there is no ledger here",
                "name another with --ledger; the first job makes one");
  return Ledger::open(url);
}

int list(const SessionOptions& options) {
  const auto ledger = open(options);
  const std::vector<Session> sessions = ledger->sessions(options.kind);
  if (options.json) {
    Json all = Json::array();
    for (const Session& s : sessions) all.push_back(json_of(s, ledger->counts(s.id)));
    print_json(all);
    return 0;
  }
  if (sessions.empty()) {
    fmt::print("No session in {}.\n", ledger->place());
    return 0;
  }
  fmt::print("{:<36}  {:<9} {:<12} {:<20}  {:>15}  {}\n", "session", "kind", "status", "started", "done",
             "configuration");
  for (const Session& s : sessions) {
    const Counts c = sum_of(ledger->counts(s.id));
    fmt::print("{:<36}  {:<9} {:<12} {:<20}  {:>15}  {}\n", s.id, s.kind, state_of(s), utc(s.started),
               fmt::format("{}/{}", c.done, c.total()), s.config_file);
  }
  return 0;
}

int show(const SessionOptions& options) {
  const auto ledger = open(options);
  const Session s = ledger->session(options.id);
  const auto counts = ledger->counts(s.id);
  if (options.json) {
    print_json(json_of(s, counts));
    return 0;
  }
  fmt::print(
      "session        {}\nkind           {}\nstatus         {}\nstarted        {}\nlast update    {}\nrun time       "
      "{:.1f} s\n"
      "configuration  {}\n",
      s.id, s.kind, state_of(s), utc(s.started), utc(s.updated), s.run_seconds, s.config_file);
  if (!s.owner.token.empty())
    fmt::print("owner          process {} on {}, {}\n", s.owner.process.pid, s.owner.process.host,
               s.owner.alive ? "alive" : "gone: the session can be resumed");
  if (counts.empty()) return 0;
  fmt::print("\n{:<40} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "subject", "units", "done", "failed", "running", "pending");
  for (const auto& [subject, c] : counts)
    fmt::print("{:<40} {:>9} {:>9} {:>9} {:>9} {:>9}\n", subject, c.total(), c.done, c.failed, c.running, c.pending);
  ledger->each_unit(s.id, [](const ledger::Unit& unit) {
    if (unit.state == ledger::UnitState::kFailed)
      fmt::print("\nfailed: {} {}, attempt {}: {} {}", unit.subject, unit.number, unit.attempt, unit.error_code,
                 unit.error);
    if (!unit.whole) fmt::print("\ndamaged: {} {}: its result does not match its checksum", unit.subject, unit.number);
  });
  fmt::print("\n");
  return 0;
}

// All of a session as JSON lines: the session first, then a line per unit.
int write_export(const SessionOptions& options) {
  const auto ledger = open(options);
  const Session s = ledger->session(options.id);
  OutputFile out(options.file);
  Json head = json_of(s, ledger->counts(s.id));
  head["config"] = body_of(s.config);
  const auto write = [&](const Json& json) {
    out.write(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  };
  write(head);
  ledger->each_unit(s.id, [&](const ledger::Unit& u) {
    write({{"subject", u.subject},
           {"number", u.number},
           {"state", name_of(u.state)},
           {"attempt", u.attempt},
           {"started", u.started ? Json(utc(u.started)) : Json()},
           {"finished", u.finished ? Json(utc(u.finished)) : Json()},
           {"whole", u.whole},
           {"plan", body_of(u.plan)},
           {"result", u.result.empty() ? Json() : body_of(u.result)},
           {"error_code", u.error_code},
           {"error", u.error}});
  });
  out.sync();
  return 0;
}

int clean_up(const SessionOptions& options) {
  const auto ledger = open(options);
  const ledger::Micros before = ledger->now() - options.days * 86'400'000'000;
  Json removed = Json::array();
  for (const Session& s : ledger->sessions(options.kind)) {
    if (s.updated >= before || s.owner.alive) continue;
    try {
      ledger->remove_session(s.id);
    } catch (const Error& error) {  // a worker is at a unit of it
      if (error.code() != ErrorCode::kBusy) throw;
      continue;
    }
    removed.push_back(s.id);
    if (!options.json) fmt::print("removed {} ({}, {}, last update {})\n", s.id, s.kind, state_of(s), utc(s.updated));
  }
  if (options.json)
    print_json({{"removed", removed}});
  else if (removed.empty())
    fmt::print("Nothing to remove: no session without an owner is older than {} days.\n", options.days);
  return 0;
}

}  // namespace

void add_session_commands(CLI::App& root) {
  CLI::App* group = add_group(root, "session", "Look at the sessions of long jobs, and remove old ones");
  auto options = std::make_shared<SessionOptions>();
  const auto add = [&](const char* name, const char* summary, std::initializer_list<std::string_view> examples) {
    CLI::App* command = add_command(*group, name, summary, examples);
    command->add_option("--ledger", options->ledger, "the ledger: sqlite:FILE or postgresql://user@host/name")
        ->type_name("URL")
        ->capture_default_str();
    return command;
  };
  const auto add_id = [&](CLI::App* command) {
    command->add_option("id", options->id, "the session, or how its id begins")->type_name("ID")->required();
  };
  const auto add_kind = [&](CLI::App* command) {
    command->add_option("--kind", options->kind, "only of this kind: compare, load, compress, capture")
        ->type_name("KIND");
  };

  CLI::App* command =
      add("list", "List sessions, the newest first", {"session list", "session list --kind compare --json"});
  add_kind(command);
  add_json(command, options->json);
  on_run(command, [options] { return list(*options); });

  command = add("show", "Show one session: its owner, its units, what failed", {"session show 7f3a"});
  add_id(command);
  add_json(command, options->json);
  on_run(command, [options] { return show(*options); });

  command =
      add("export", "Write a session and all its units as JSON lines", {"session export 7f3a --output session.jsonl"});
  add_id(command);
  command->add_option("--output", options->file, "the file, or - for standard output")
      ->type_name("FILE")
      ->default_val("-");
  on_run(command, [options] { return write_export(*options); });

  command =
      add("cleanup", "Remove sessions that nobody runs and that are older than some days", {"session cleanup 30"});
  command->add_option("days", options->days, "how old")->type_name("DAYS")->required()->check(CLI::Range(0, 36500));
  add_kind(command);
  add_json(command, options->json);
  on_run(command, [options] { return clean_up(*options); });
}

}  // namespace redoubt::cli
