// The durable state of every job: the only truth about what is done. A SQLite file by default; a PostgreSQL database
// when workers on several hosts share a session.
//
//   session        one run of a job with one configuration: running -> completed | failed | stopped
//
//   unit           the smallest piece of work, a chunk or a load step: pending -> running -> done | failed
//
//   operation      a change to a database: pending -> in_progress -> success | failed -> rolled_back
//
//   checkpoint     where a stream stands; numbered, the newest that is whole counts
//
//   restore point  a name for a position
//
//   setting        a key and its value
//
// Every transition is a compare-and-set: it names the state it expects, and for a unit the owner and the attempt. A
// worker that was thought dead, and whose unit another has taken, cannot write its result. A unit's result and "done"
// are one row of one transaction. Results and checkpoints carry a checksum over what they say and whose they are.
//
// Bodies (plans, results, facts) are texts that the ledger keeps and never reads; users write JSON.
// Times are microseconds since 1970 by the clock of the ledger's database.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/connection.h"
#include "ledger/owner.h"

namespace redoubt::ledger {

using Micros = std::int64_t;

enum class SessionState { kRunning, kCompleted, kFailed, kStopped };
enum class UnitState { kPending, kRunning, kDone, kFailed };
enum class OperationState { kPending, kInProgress, kSuccess, kFailed, kRolledBack };

std::string_view name_of(SessionState state);
std::string_view name_of(UnitState state);
std::string_view name_of(OperationState state);

struct Owner {
  std::string token;  // empty: none
  Process process;
  Micros lease_until = 0;
  bool alive = false;
};

struct SessionSpec {
  std::string kind;         // compare, load, compress, capture
  std::string config_file;  // for people
  std::string config_hash;
  std::string config;  // body; never a secret
};

struct Session : SessionSpec {
  std::string id;
  SessionState state = SessionState::kRunning;
  Micros started = 0, updated = 0;
  double run_seconds = 0;  // over all runs
  std::string tool_version;
  std::string summary;  // body
  Owner owner;

  // Running, and nobody runs it.
  bool interrupted() const { return state == SessionState::kRunning && !owner.alive; }
};

struct UnitSpec {
  std::string subject;      // a table, a step, a segment
  std::int64_t number = 0;  // within the subject
  std::string plan;         // body
};

struct Unit : UnitSpec {
  std::string session;
  UnitState state = UnitState::kPending;
  std::int64_t attempt = 0;  // 1 = the first
  std::string owner;         // token
  Micros started = 0, finished = 0;
  std::string result;  // body; of a done unit
  std::string error_code, error;
  bool whole = true;  // false: the result does not match its checksum
};

struct UnitResult {
  const Unit* unit;
  std::string_view result;
};

struct Counts {
  std::int64_t pending = 0, running = 0, done = 0, failed = 0;
  std::int64_t total() const { return pending + running + done + failed; }
};

struct OperationSpec {
  std::string kind;             // compress, rewind
  std::string object;           // at most one operation of an object is pending or in progress
  std::string session, parent;  // may be empty
  std::string facts;            // body
};

struct Operation : OperationSpec {
  std::string id;
  OperationState state = OperationState::kPending;
  std::string phase;
  bool rollback_possible = false;
  std::string error_code, error;
  std::string owner;
  Micros created = 0, started = 0, finished = 0;
};

struct RestorePoint {
  std::string name;      // upper case
  std::string database;  // identity
  std::string position;
  Micros time = 0, created = 0;
  bool guaranteed = false;    // nothing before it may be purged
  bool is_protected = false;  // no rewind may go behind it
  std::string batch, step;
  std::int64_t attempt = 0;
  std::string note;
};

struct Checkpoint {
  std::int64_t number = 0;
  Micros made = 0;
  std::string body;
  bool whole = true;
};

class Ledger {
 public:
  // Opens, creates where there is none, and upgrades an older one. Throws Error: kIntegrity when the file is damaged,
  // kUsage when a newer program made it.
  static std::unique_ptr<Ledger> open(const database::Url& url);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  const std::string& place() const { return connection_->place(); }
  // Sessions and units that this object claims are owned by this token.
  const std::string& token() const { return token_; }
  // To be called every kRenewEvery while work is under way, from the thread that uses the ledger.
  void renew();
  Micros now();

  // --- sessions ---
  std::string create_session(const SessionSpec& spec, std::string_view tool_version);
  // Newest first; of one kind, or of all.
  std::vector<Session> sessions(std::string_view kind = {});
  // By id or by a prefix that only one has. Throws Error(kUnknown), naming the candidates when there are several.
  Session session(std::string_view id_or_prefix);
  // Makes it ours and running again. Throws Error(kBusy) that names host and process when it has a live owner.
  void claim_session(const std::string& id);
  // Ends our run of it. Throws Error(kBusy) when it is not ours any more.
  void end_session(const std::string& id, SessionState state, double run_seconds, std::string_view summary);
  // Removes it with its units. Throws Error(kBusy) when it, or one of its running units, has a live owner.
  void remove_session(const std::string& id);

  // --- units ---
  // What is planned already stays as it is.
  void plan(const std::string& session, const std::vector<UnitSpec>& units);
  // Up to `most` pending units, in the order they were planned, now running and ours. With `subject`: only of that one.
  std::vector<Unit> claim(const std::string& session, std::size_t most, std::string_view subject = {});
  // Units that were running and whose owners are gone become pending. Returns how many.
  std::int64_t recover(const std::string& session);
  // All done, or none. Throws Error(kBusy) when one is no longer ours.
  void finish(const std::vector<UnitResult>& results);
  void fail(const Unit& unit, std::string_view code, std::string_view error);
  // Running units back to pending, as if not begun.
  void release(const std::vector<Unit>& units);
  // Failed units become pending; with `subject`, of that one. Returns how many.
  std::int64_t retry(const std::string& session, std::string_view subject = {});
  // Forgets what is known of a subject's units, or of one of them, so that they are done again. Returns how many.
  std::int64_t restart(const std::string& session, std::string_view subject, std::optional<std::int64_t> number = {});
  std::map<std::string, Counts> counts(const std::string& session);
  void each_unit(const std::string& session, const std::function<void(const Unit&)>& take);

  // --- operations ---
  std::string create_operation(const OperationSpec& spec);
  Operation operation(const std::string& id);
  std::vector<Operation> operations(std::string_view kind = {});
  // Throws Error(kIntegrity) for a transition that is not legal, Error(kBusy) when the state is no longer `from`.
  void move(const std::string& id, OperationState from, OperationState to, std::string_view code = {},
            std::string_view error = {});
  // Of an operation in progress.
  void note(const std::string& id, std::string_view phase, bool rollback_possible, std::string_view facts);

  // --- checkpoints ---
  // Its number. A stream has one writer; of several each gets a number, or Error(kBusy) when there is no end to them.
  std::int64_t save_checkpoint(std::string_view stream, std::string_view body);
  // The newest that is whole.
  std::optional<Checkpoint> newest_checkpoint(std::string_view stream);
  std::vector<Checkpoint> checkpoints(std::string_view stream);
  void remove_checkpoints(std::string_view stream, const std::vector<std::int64_t>& numbers);

  // --- restore points ---
  // Throws Error(kUsage) when the name is taken or not legal.
  void add_point(const RestorePoint& point);
  std::vector<RestorePoint> points();
  // Throws Error(kUnknown) that names the nearest.
  RestorePoint point(std::string_view name);
  void drop_point(std::string_view name);
  void protect_point(std::string_view name, bool on);

  // --- settings ---
  std::optional<std::string> setting(std::string_view key);
  void set(std::string_view key, std::string_view value);

  // A whole copy as of now, while others work. SQLite only: of a PostgreSQL ledger the server's own tools make one.
  void back_up(const std::string& file);

 private:
  explicit Ledger(std::unique_ptr<database::Connection> connection);
  bool is_sqlite() const { return connection_->dialect().engine() == database::Engine::kSqlite; }
  void check_file();
  void upgrade();
  Owner owner_of(std::string_view token);
  // The owners of a session's running units.
  std::vector<std::string> unit_owners(const std::string& session);
  // Newest first, one at a time, until `take` says no.
  void each_checkpoint(std::string_view stream, const std::function<bool(Checkpoint&)>& take);
  // One row changed, or Error(kBusy, what).
  void change_one(std::string_view sql, const database::Batch& parameters, std::string_view what);

  std::unique_ptr<database::Connection> connection_;
  std::string token_;
  Process process_;
};

}  // namespace redoubt::ledger
