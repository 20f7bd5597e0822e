#include <fmt/format.h>
#include <algorithm>

#include "base/error.h"
#include "ledger/ledger.h"
#include "ledger/reading.h"

namespace redoubt::ledger {

using database::Batch;
using database::row;

namespace {

constexpr std::array<std::string_view, 5> kStates = {"pending", "in_progress", "success", "failed", "rolled_back"};

struct Transition {
  OperationState from, to;
  bool needs_rollback = false;  // only where something was changed that can be taken back
};

// Nothing else is legal; rolled back is final, and a retry is a new operation with this one as its parent.
constexpr std::array<Transition, 6> kTransitions = {{
    {OperationState::kPending, OperationState::kInProgress},
    {OperationState::kPending, OperationState::kFailed},  // cancelled
    {OperationState::kInProgress, OperationState::kSuccess},
    {OperationState::kInProgress, OperationState::kFailed},
    {OperationState::kSuccess, OperationState::kRolledBack, true},
    {OperationState::kFailed, OperationState::kRolledBack, true},
}};

constexpr std::string_view kColumns =
    "SELECT id, kind, object, session, parent, state, phase, rollback_possible, facts, error_code, error, owner, "
    "created, started, finished FROM redoubt_operation ";

std::vector<Operation> read_operations(database::Connection& connection, std::string_view where,
                                       const Batch& parameters) {
  std::vector<Operation> out;
  each_row(connection, fmt::format("{}{} ORDER BY created, id", kColumns, where), parameters,
           [&](const Batch& batch, std::size_t i) {
             Operation o;
             o.id = text(batch, 0, i);
             o.kind = text(batch, 1, i);
             o.object = text(batch, 2, i);
             o.session = text(batch, 3, i);
             o.parent = text(batch, 4, i);
             o.state = named<OperationState>(kStates, text(batch, 5, i));
             o.phase = text(batch, 6, i);
             o.rollback_possible = integer(batch, 7, i) != 0;
             o.facts = text(batch, 8, i);
             o.error_code = text(batch, 9, i);
             o.error = text(batch, 10, i);
             o.owner = text(batch, 11, i);
             o.created = integer(batch, 12, i);
             o.started = integer(batch, 13, i);
             o.finished = integer(batch, 14, i);
             out.push_back(std::move(o));
           });
  return out;
}

}  // namespace

std::string_view name_of(OperationState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string Ledger::create_operation(const OperationSpec& spec) {
  std::string id = new_id();
  const auto inserted = connection_->execute(
      "INSERT INTO redoubt_operation (id, kind, object, session, parent, state, phase, rollback_possible, "
      "facts, created) VALUES ($1, $2, $3, $4, $5, 'pending', '', 0, $6, $7) "
      "ON CONFLICT (object) WHERE state IN ('pending', 'in_progress') DO NOTHING",
      row(id, spec.kind, spec.object, spec.session, spec.parent, spec.facts, now()));
  if (inserted != std::vector<std::int64_t>{1})
    throw Error(ErrorCode::kBusy, place(),
                fmt::format("another operation on {} is pending or in progress", spec.object),
                "wait for it, or cancel it");
  return id;
}

Operation Ledger::operation(const std::string& id) {
  std::vector<Operation> found = read_operations(*connection_, "WHERE id = $1", row(id));
  if (found.empty()) throw Error(ErrorCode::kUnknown, place(), fmt::format("no operation is called {}", id));
  return std::move(found.front());
}

std::vector<Operation> Ledger::operations(std::string_view kind) {
  return kind.empty() ? read_operations(*connection_, "", Batch(0))
                      : read_operations(*connection_, "WHERE kind = $1", row(kind));
}

void Ledger::move(const std::string& id, OperationState from, OperationState to, std::string_view code,
                  std::string_view error) {
  const auto* transition = std::find_if(kTransitions.begin(), kTransitions.end(),
                                        [&](const Transition& t) { return t.from == from && t.to == to; });
  if (transition == kTransitions.end())
    throw Error(ErrorCode::kIntegrity, place(),
                fmt::format("operation {}: from {} to {} is no legal step", id, name_of(from), name_of(to)));
  const bool begins = to == OperationState::kInProgress;
  change_one(
      fmt::format("UPDATE redoubt_operation SET state = $1, owner = $2, {} = $3, error_code = $4, error = $5 "
                  "WHERE id = $6 AND state = $7{}",
                  begins ? "started" : "finished", transition->needs_rollback ? " AND rollback_possible = 1" : ""),
      row(name_of(to), begins ? std::optional<std::string>(token_) : std::nullopt, now(), code, error, id,
          name_of(from)),
      fmt::format("operation {} is not {}{}", id, name_of(from),
                  transition->needs_rollback ? ", or there is nothing to take back" : " any more"));
}

void Ledger::note(const std::string& id, std::string_view phase, bool rollback_possible, std::string_view facts) {
  change_one(
      "UPDATE redoubt_operation SET phase = $1, rollback_possible = $2, facts = $3 "
      "WHERE id = $4 AND state = 'in_progress' AND owner = $5",
      row(phase, rollback_possible, facts, id, token_), fmt::format("operation {} is not in our hands", id));
}

}  // namespace redoubt::ledger
