#include <fmt/format.h>
#include <algorithm>

#include "base/error.h"
#include "ledger/ledger.h"
#include "ledger/reading.h"

namespace redoubt::ledger {

using database::Batch;
using database::row;

namespace {

constexpr std::array<std::string_view, 4> kStates = {"running", "completed", "failed", "stopped"};

constexpr std::string_view kColumns =
    "SELECT id, kind, state, config_file, config_hash, config, tool_version, summary, started, updated, run_seconds, "
    "owner FROM redoubt_session ";

// With the token of the owner, and nothing else of it.
std::vector<Session> read_sessions(database::Connection& connection, std::string_view where, const Batch& parameters) {
  std::vector<Session> out;
  each_row(connection, fmt::format("{}{} ORDER BY started DESC, id", kColumns, where), parameters,
           [&](const Batch& batch, std::size_t i) {
             Session s;
             s.id = text(batch, 0, i);
             s.kind = text(batch, 1, i);
             s.state = named<SessionState>(kStates, text(batch, 2, i));
             s.config_file = text(batch, 3, i);
             s.config_hash = text(batch, 4, i);
             s.config = text(batch, 5, i);
             s.tool_version = text(batch, 6, i);
             s.summary = text(batch, 7, i);
             s.started = integer(batch, 8, i);
             s.updated = integer(batch, 9, i);
             s.run_seconds = batch[10].real(i);
             s.owner.token = text(batch, 11, i);
             out.push_back(std::move(s));
           });
  return out;
}

[[noreturn]] void unknown(const std::string& place, std::string_view what, std::string_view next) {
  throw Error(ErrorCode::kUnknown, place, what, next);
}

}  // namespace

std::string_view name_of(SessionState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string Ledger::create_session(const SessionSpec& spec, std::string_view tool_version) {
  std::string id = new_id();
  const Micros time = now();
  connection_->execute(
      "INSERT INTO redoubt_session (id, kind, state, config_file, config_hash, config, tool_version, summary, started, "
      "updated, run_seconds, owner) VALUES ($1, $2, 'running', $3, $4, $5, $6, '{}', $7, $7, 0, $8)",
      row(id, spec.kind, spec.config_file, spec.config_hash, spec.config, tool_version, time, token_));
  return id;
}

std::vector<Session> Ledger::sessions(std::string_view kind) {
  std::vector<Session> out = kind.empty() ? read_sessions(*connection_, "", Batch(0))
                                          : read_sessions(*connection_, "WHERE kind = $1", row(kind));
  for (Session& s : out) s.owner = owner_of(s.owner.token);
  return out;
}

Session Ledger::session(std::string_view id_or_prefix) {
  // By its bytes: LIKE would read % and _ in it, and the collation may be any.
  std::vector<Session> found =
      read_sessions(*connection_, "WHERE substr(id, 1, $1) = $2", row(id_or_prefix.size(), id_or_prefix));
  if (found.empty() || id_or_prefix.empty())
    unknown(place(), fmt::format("no session is called {}", id_or_prefix), "`redoubt session list` shows them");
  if (found.size() > 1) {
    std::string ids;
    for (const Session& s : found) ids += (ids.empty() ? "" : ", ") + s.id;
    unknown(place(), fmt::format("several sessions begin with {}: {}", id_or_prefix, ids), "give more of the id");
  }
  found.front().owner = owner_of(found.front().owner.token);
  return std::move(found.front());
}

void Ledger::claim_session(const std::string& id) {
  const Session s = session(id);
  if (s.owner.alive && s.owner.token != token_)
    throw Error(ErrorCode::kBusy, place(),
                fmt::format("session {} is run by process {} on {}", id, s.owner.process.pid, s.owner.process.host),
                "wait for it, or stop it");
  const std::string same = connection_->dialect().same("owner", "$3");
  const Batch parameters =
      row(token_, now(), s.owner.token.empty() ? std::optional<std::string>() : s.owner.token, s.id);
  change_one(
      fmt::format("UPDATE redoubt_session SET state = 'running', owner = $1, updated = $2 WHERE {} AND id = $4", same),
      parameters, fmt::format("session {} was taken by another process just now", id));
}

void Ledger::end_session(const std::string& id, SessionState state, double run_seconds, std::string_view summary) {
  REDOUBT_ASSERT(state != SessionState::kRunning);
  change_one(
      "UPDATE redoubt_session SET state = $1, run_seconds = run_seconds + $2, summary = $3, updated = $4, owner = NULL "
      "WHERE id = $5 AND owner = $6",
      row(name_of(state), run_seconds, summary, now(), id, token_),
      fmt::format("session {} is no longer ours: another process has taken it", id));
}

void Ledger::remove_session(const std::string& id) {
  const Session s = session(id);
  const auto refuse_alive = [&](std::string_view what, const Owner& owner) {
    if (owner.alive)
      throw Error(ErrorCode::kBusy, place(),
                  fmt::format("{} {} is run by process {} on {}", what, s.id, owner.process.pid, owner.process.host),
                  "stop it first");
  };
  refuse_alive("session", s.owner);
  database::Transaction transaction(*connection_);
  // Workers that share the session may own units of it; what is locked nobody claims any more.
  if (!is_sqlite())
    connection_->read_row("SELECT count(*) FROM (SELECT 1 FROM redoubt_unit WHERE session = $1 FOR UPDATE) AS locked",
                          row(s.id));
  for (const std::string& owner : unit_owners(s.id)) refuse_alive("a unit of session", owner_of(owner));
  connection_->execute("DELETE FROM redoubt_unit WHERE session = $1", row(s.id));
  change_one(
      fmt::format("DELETE FROM redoubt_session WHERE id = $1 AND {}", connection_->dialect().same("owner", "$2")),
      row(s.id, s.owner.token.empty() ? std::optional<std::string>() : s.owner.token),
      fmt::format("session {} was taken by another process just now", s.id));
  transaction.commit();
}

}  // namespace redoubt::ledger
