#include <fmt/format.h>
#include <xxhash.h>

#include "base/error.h"
#include "ledger/ledger.h"
#include "ledger/reading.h"

namespace redoubt::ledger {

using database::Batch;
using database::row;

namespace {

constexpr std::array<std::string_view, 4> kStates = {"pending", "running", "done", "failed"};

// Over a result and whose it is, so that neither can be another's.
std::int64_t checksum_of(const Unit& unit, std::string_view result) {
  const std::string all = fmt::format("{}\n{}\n{}\n{}", unit.session, unit.subject, unit.number, result);
  return static_cast<std::int64_t>(XXH3_64bits(all.data(), all.size()));
}

}  // namespace

std::string_view name_of(UnitState state) { return kStates[static_cast<std::size_t>(state)]; }

void Ledger::plan(const std::string& session, const std::vector<UnitSpec>& units) {
  database::Transaction transaction(*connection_);
  std::int64_t planned = integer(
      connection_->read_row("SELECT coalesce(max(planned), 0) FROM redoubt_unit WHERE session = $1", row(session)), 0,
      0);
  Batch batch(5);
  const auto write = [&] {
    connection_->execute(
        "INSERT INTO redoubt_unit (session, planned, subject, number, state, attempt, plan) "
        "VALUES ($1, $2, $3, $4, 'pending', 0, $5) ON CONFLICT (session, subject, number) DO NOTHING",
        batch);
    batch.clear();
  };
  for (const UnitSpec& unit : units) {
    add(batch[0], session);
    add(batch[1], ++planned);
    add(batch[2], unit.subject);
    add(batch[3], unit.number);
    add(batch[4], unit.plan);
    if (batch.full()) write();
  }
  write();
  transaction.commit();
}

std::vector<Unit> Ledger::claim(const std::string& session, std::size_t most, std::string_view subject) {
  database::Transaction transaction(*connection_);
  std::vector<Unit> out;
  {
    // SQLite's transaction is the only writer; PostgreSQL steps over what others are claiming.
    each_row(*connection_,
             fmt::format(
                 "SELECT subject, number, attempt, plan FROM redoubt_unit WHERE session = $1 AND state = 'pending' {}"
                 "ORDER BY planned LIMIT {} {}",
                 subject.empty() ? "" : "AND subject = $2 ", most, is_sqlite() ? "" : "FOR UPDATE SKIP LOCKED"),
             subject.empty() ? row(session) : row(session, subject), [&](const Batch& batch, std::size_t i) {
               Unit unit;
               unit.session = session;
               unit.subject = text(batch, 0, i);
               unit.number = integer(batch, 1, i);
               unit.attempt = integer(batch, 2, i) + 1;
               unit.plan = text(batch, 3, i);
               unit.state = UnitState::kRunning;
               unit.owner = token_;
               out.push_back(std::move(unit));
             });
  }
  if (out.empty()) return out;
  const Micros time = now();
  Batch changes(6, out.size());
  for (Unit& unit : out) {
    unit.started = time;
    add(changes[0], token_);
    add(changes[1], unit.attempt);
    add(changes[2], time);
    add(changes[3], session);
    add(changes[4], unit.subject);
    add(changes[5], unit.number);
  }
  const auto changed = connection_->execute(
      "UPDATE redoubt_unit SET state = 'running', owner = $1, attempt = $2, started = $3, finished = NULL, "
      "error_code = NULL, error = NULL WHERE session = $4 AND subject = $5 AND number = $6",
      changes);  // pending still: the rows are locked
  REDOUBT_ASSERT(changed == std::vector<std::int64_t>(out.size(), 1));
  transaction.commit();
  return out;
}

std::vector<std::string> Ledger::unit_owners(const std::string& session) {
  std::vector<std::string> owners;
  each_row(*connection_, "SELECT DISTINCT owner FROM redoubt_unit WHERE session = $1 AND state = 'running'",
           row(session), [&](const Batch& batch, std::size_t i) { owners.push_back(text(batch, 0, i)); });
  return owners;
}

std::int64_t Ledger::recover(const std::string& session) {
  std::int64_t recovered = 0;
  for (const std::string& owner : unit_owners(session)) {
    if (owner_of(owner).alive) continue;
    recovered += connection_->execute(
        "UPDATE redoubt_unit SET state = 'pending', owner = NULL "
        "WHERE session = $1 AND owner = $2 AND state = 'running'",
        row(session, owner))[0];
  }
  return recovered;
}

void Ledger::finish(const std::vector<UnitResult>& results) {
  if (results.empty()) return;
  const Micros time = now();
  database::Transaction transaction(*connection_);
  Batch batch(8, results.size());
  for (const auto& [unit, result] : results) {
    add(batch[0], result);
    add(batch[1], checksum_of(*unit, result));
    add(batch[2], time);
    add(batch[3], unit->session);
    add(batch[4], unit->subject);
    add(batch[5], unit->number);
    add(batch[6], token_);
    add(batch[7], unit->attempt);
  }
  const auto changed = connection_->execute(
      "UPDATE redoubt_unit SET state = 'done', owner = NULL, result = $1, checksum = $2, finished = $3 "
      "WHERE session = $4 AND subject = $5 AND number = $6 AND owner = $7 AND attempt = $8",  // only running ones have
                                                                                              // owners
      batch);
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (changed[i] == 1) continue;
    throw Error(ErrorCode::kBusy, place(),
                fmt::format("{} {} was taken by another worker, so its result is not written", results[i].unit->subject,
                            results[i].unit->number),
                "this worker seemed dead; what the other one finds counts");
  }
  connection_->execute("UPDATE redoubt_session SET updated = $1 WHERE id = $2",
                       row(time, results.front().unit->session));
  transaction.commit();
}

void Ledger::fail(const Unit& unit, std::string_view code, std::string_view error) {
  change_one(
      "UPDATE redoubt_unit SET state = 'failed', owner = NULL, error_code = $1, error = $2, finished = $3 "
      "WHERE session = $4 AND subject = $5 AND number = $6 AND owner = $7 AND attempt = $8",
      row(code, error, now(), unit.session, unit.subject, unit.number, token_, unit.attempt),
      fmt::format("{} {} was taken by another worker", unit.subject, unit.number));
}

void Ledger::release(const std::vector<Unit>& units) {
  Batch batch(5, std::max<std::size_t>(units.size(), 1));
  for (const Unit& unit : units) {
    add(batch[0], unit.session);
    add(batch[1], unit.subject);
    add(batch[2], unit.number);
    add(batch[3], token_);
    add(batch[4], unit.attempt);
  }
  connection_->execute(
      "UPDATE redoubt_unit SET state = 'pending', owner = NULL, attempt = attempt - 1 "
      "WHERE session = $1 AND subject = $2 AND number = $3 AND owner = $4 AND attempt = $5",
      batch);
}

std::int64_t Ledger::retry(const std::string& session, std::string_view subject) {
  return connection_->execute(fmt::format("UPDATE redoubt_unit SET state = 'pending', error_code = NULL, error = NULL "
                                          "WHERE session = $1 AND state = 'failed'{}",
                                          subject.empty() ? "" : " AND subject = $2"),
                              subject.empty() ? row(session) : row(session, subject))[0];
}

std::int64_t Ledger::restart(const std::string& session, std::string_view subject, std::optional<std::int64_t> number) {
  return connection_->execute(
      fmt::format(
          "UPDATE redoubt_unit SET state = 'pending', result = NULL, checksum = NULL, error_code = NULL, error = NULL "
          "WHERE session = $1 AND subject = $2 AND state IN ('done', 'failed'){}",
          number ? " AND number = $3" : ""),
      number ? row(session, subject, *number) : row(session, subject))[0];
}

std::map<std::string, Counts> Ledger::counts(const std::string& session) {
  std::map<std::string, Counts> out;
  each_row(*connection_, "SELECT subject, state, count(*) FROM redoubt_unit WHERE session = $1 GROUP BY subject, state",
           row(session), [&](const Batch& batch, std::size_t i) {
             Counts& counts = out[text(batch, 0, i)];
             const std::int64_t count = integer(batch, 2, i);
             switch (named<UnitState>(kStates, text(batch, 1, i))) {
               case UnitState::kPending: counts.pending = count; break;
               case UnitState::kRunning: counts.running = count; break;
               case UnitState::kDone: counts.done = count; break;
               case UnitState::kFailed: counts.failed = count; break;
             }
           });
  return out;
}

void Ledger::each_unit(const std::string& session, const std::function<void(const Unit&)>& take) {
  each_row(
      *connection_,
      "SELECT subject, number, state, attempt, owner, plan, result, checksum, error_code, error, started, finished "
      "FROM redoubt_unit WHERE session = $1 ORDER BY planned",
      row(session), [&](const Batch& batch, std::size_t i) {
        Unit unit;
        unit.session = session;
        unit.subject = text(batch, 0, i);
        unit.number = integer(batch, 1, i);
        unit.state = named<UnitState>(kStates, text(batch, 2, i));
        unit.attempt = integer(batch, 3, i);
        unit.owner = text(batch, 4, i);
        unit.plan = text(batch, 5, i);
        unit.result = text(batch, 6, i);
        unit.error_code = text(batch, 8, i);
        unit.error = text(batch, 9, i);
        unit.started = integer(batch, 10, i);
        unit.finished = integer(batch, 11, i);
        unit.whole = unit.state != UnitState::kDone || integer(batch, 7, i) == checksum_of(unit, unit.result);
        take(unit);
      });
}

}  // namespace redoubt::ledger
