#include "database/failure.h"

#include <algorithm>
#include <array>

namespace redoubt::database {

namespace {

std::string_view next_step(Failure failure) {
  switch (failure) {
    case Failure::kConnection: return "see that the server runs and can be reached; the work can be repeated";
    case Failure::kCredentials:
      return "see user and password; nothing was tried twice, so the account is not locked by us";
    case Failure::kObject: return "see the name and the schema it is looked for in";
    case Failure::kPrivilege: return "`redoubt database check URL` prints the grants that are missing";
    case Failure::kSnapshot: return "start again at a newer moment, or keep undo longer";
    case Failure::kConflict: return "repeat the transaction";
    case Failure::kBusy: return "see who holds the lock, and repeat";
    case Failure::kTimeout: return "raise query_timeout, or see what the server is busy with";
    case Failure::kSpace: return "make room, then repeat; nothing was written in part";
    case Failure::kCorrupt: return "restore the database from a backup";
    case Failure::kCancelled:
    case Failure::kConstraint:
    case Failure::kOther: return {};
  }
  return {};
}

ErrorCode code_of(Failure failure) {
  switch (failure) {
    case Failure::kBusy: return ErrorCode::kBusy;
    case Failure::kSnapshot: return ErrorCode::kUnreachable;
    case Failure::kCorrupt: return ErrorCode::kIntegrity;
    case Failure::kCancelled: return ErrorCode::kInterrupted;
    default: return ErrorCode::kOperation;
  }
}

template <class Code>
struct Rule {
  Failure failure;
  Code code;
};

template <class Code, std::size_t N>
Failure find(const std::array<Rule<Code>, N>& rules, Code code) {
  const auto it = std::find_if(rules.begin(), rules.end(), [&](const auto& rule) { return rule.code == code; });
  return it == rules.end() ? Failure::kOther : it->failure;
}

}  // namespace

std::string_view name_of(Failure failure) {
  switch (failure) {
    case Failure::kConnection: return "connection";
    case Failure::kCredentials: return "credentials";
    case Failure::kObject: return "object";
    case Failure::kPrivilege: return "privilege";
    case Failure::kSnapshot: return "snapshot";
    case Failure::kConflict: return "conflict";
    case Failure::kBusy: return "busy";
    case Failure::kTimeout: return "timeout";
    case Failure::kCancelled: return "cancelled";
    case Failure::kSpace: return "space";
    case Failure::kConstraint: return "constraint";
    case Failure::kCorrupt: return "corrupt";
    case Failure::kOther: return "other";
  }
  return "?";
}

bool repeatable(Failure failure) {
  return failure == Failure::kConnection || failure == Failure::kConflict || failure == Failure::kBusy;
}

DatabaseError::DatabaseError(Failure failure, std::string_view code, std::string_view place, std::string_view what)
    : Error(code_of(failure), place, what, next_step(failure)), failure_(failure), code_(code) {}

Failure failure_of_sqlstate(std::string_view state) {
  using S = std::string_view;
  static constexpr std::array<Rule<S>, 23> kStates = {{
      {Failure::kConnection, "57P01"},  // admin_shutdown
      {Failure::kConnection, "57P02"},  // crash_shutdown
      {Failure::kConnection, "57P03"},  // cannot_connect_now
      {Failure::kConnection, "57P05"},  // idle_session_timeout
      {Failure::kConnection, "53300"},  // too_many_connections
      {Failure::kConnection, "25P03"},  // idle_in_transaction_session_timeout
      {Failure::kCancelled, "57014"},   // query_canceled; of statement_timeout too, told apart by who asked
      {Failure::kObject, "42P01"},      // undefined_table
      {Failure::kObject, "42703"},      // undefined_column
      {Failure::kObject, "3D000"},      // invalid_catalog_name
      {Failure::kObject, "3F000"},      // invalid_schema_name
      {Failure::kObject, "42S02"},      // ODBC: base table not found
      {Failure::kObject, "42S22"},      // ODBC: column not found
      {Failure::kPrivilege, "42501"},   // insufficient_privilege
      {Failure::kPrivilege, "25006"},   // read_only_sql_transaction
      {Failure::kSnapshot, "72000"},    // snapshot_too_old
      {Failure::kBusy, "55P03"},        // lock_not_available
      {Failure::kBusy, "55006"},        // object_in_use
      {Failure::kSpace, "53100"},       // disk_full
      {Failure::kSpace, "53200"},       // out_of_memory
      {Failure::kTimeout, "HYT00"},     // ODBC: timeout expired
      {Failure::kConnection, "HYT01"},  // ODBC: connection timeout expired
      {Failure::kCancelled, "HY008"},   // ODBC: operation cancelled
  }};
  static constexpr std::array<Rule<S>, 7> kClasses = {{
      {Failure::kConnection, "08"},
      {Failure::kCredentials, "28"},
      {Failure::kConflict, "40"},
      {Failure::kConstraint, "23"},
      {Failure::kConstraint, "22"},
      {Failure::kConstraint, "44"},
      {Failure::kCorrupt, "XX"},
  }};
  if (state.size() != 5) return Failure::kOther;
  if (state == "XX000") return Failure::kOther;  // internal_error says nothing of the data; XX001 and XX002 do
  const Failure exact = find(kStates, state);
  return exact != Failure::kOther ? exact : find(kClasses, state.substr(0, 2));
}

Failure failure_of_oracle(int number) {
  static constexpr std::array<Rule<int>, 52> kNumbers = {{
      {Failure::kConnection, 3113},  {Failure::kConnection, 3114},   {Failure::kConnection, 3135},
      {Failure::kConnection, 12170}, {Failure::kConnection, 12537},  {Failure::kConnection, 12541},
      {Failure::kConnection, 12547}, {Failure::kConnection, 12571},  {Failure::kConnection, 1033},
      {Failure::kConnection, 1034},  {Failure::kConnection, 1089},   {Failure::kConnection, 1090},
      {Failure::kConnection, 12514}, {Failure::kConnection, 12528},  {Failure::kConnection, 25408},
      {Failure::kConnection, 28},    {Failure::kConnection, 1012},   {Failure::kConnection, 2396},
      {Failure::kCredentials, 1017}, {Failure::kCredentials, 28000}, {Failure::kCredentials, 28001},
      {Failure::kObject, 942},       {Failure::kObject, 4043},       {Failure::kObject, 904},
      {Failure::kObject, 1435},      {Failure::kObject, 12154},      {Failure::kPrivilege, 1031},
      {Failure::kPrivilege, 1045},   {Failure::kPrivilege, 1456},    {Failure::kPrivilege, 16000},
      {Failure::kSnapshot, 1555},    {Failure::kSnapshot, 8180},     {Failure::kSnapshot, 8181},
      {Failure::kSnapshot, 1466},    {Failure::kSnapshot, 22924},    {Failure::kConflict, 60},
      {Failure::kConflict, 8177},    {Failure::kBusy, 54},           {Failure::kBusy, 30006},
      {Failure::kTimeout, 3136},     {Failure::kCancelled, 1013},    {Failure::kSpace, 1536},
      {Failure::kSpace, 1652},       {Failure::kSpace, 1653},        {Failure::kSpace, 1654},
      {Failure::kSpace, 30036},      {Failure::kSpace, 257},         {Failure::kConstraint, 1},
      {Failure::kConstraint, 1400},  {Failure::kConstraint, 2291},   {Failure::kConstraint, 12899},
      {Failure::kCorrupt, 1578},
  }};
  return find(kNumbers, number);
}

Failure failure_of_mariadb(int number) {
  static constexpr std::array<Rule<int>, 41> kNumbers = {{
      {Failure::kConnection, 2002},   // no socket
      {Failure::kConnection, 2003},   // no answer
      {Failure::kConnection, 2005},   // unknown host
      {Failure::kConnection, 2006},   // gone away
      {Failure::kConnection, 2013},   // lost
      {Failure::kConnection, 2026},   // TLS
      {Failure::kConnection, 2055},   // lost, with a system error
      {Failure::kConnection, 1040},   // too many connections
      {Failure::kConnection, 1053},   // shutdown in progress
      {Failure::kConnection, 1077},   // normal shutdown
      {Failure::kConnection, 1152},   // aborted
      {Failure::kConnection, 1927},   // connection was killed
      {Failure::kCredentials, 1045},  // access denied
      {Failure::kCredentials, 1698},  // access denied, without password
      {Failure::kCredentials, 1820},  // password expired
      {Failure::kCredentials, 1862},  // the same
      {Failure::kCredentials, 4151},  // account locked
      {Failure::kObject, 1146},       // no such table
      {Failure::kObject, 1049},       // unknown database
      {Failure::kObject, 1054},       // unknown column
      {Failure::kObject, 1051},       // unknown table
      {Failure::kPrivilege, 1142},    // command denied on table
      {Failure::kPrivilege, 1143},    // on column
      {Failure::kPrivilege, 1044},    // on database
      {Failure::kPrivilege, 1227},    // needs SUPER or the like
      {Failure::kPrivilege, 1290},    // the server is read-only
      {Failure::kPrivilege, 1792},    // the transaction is read-only
      {Failure::kSnapshot, 1412},     // table definition has changed
      {Failure::kConflict, 1205},     // lock wait: the guide counts it as transient
      {Failure::kConflict, 1213},     // deadlock
      {Failure::kConflict, 1020},     // record has changed since last read
      {Failure::kTimeout, 1969},      // max_statement_time exceeded
      {Failure::kCancelled, 1317},    // query was interrupted
      {Failure::kSpace, 1114},        // table is full
      {Failure::kSpace, 1021},        // disk full
      {Failure::kConstraint, 1062},   // duplicate
      {Failure::kConstraint, 1048},   // NULL
      {Failure::kConstraint, 1264},   // out of range
      {Failure::kConstraint, 1366},   // incorrect value
      {Failure::kConstraint, 1406},   // too long
      {Failure::kConstraint, 1452},   // foreign key
  }};
  return find(kNumbers, number);
}

}  // namespace redoubt::database
