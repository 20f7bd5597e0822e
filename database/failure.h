// What went wrong in a database, by class: whoever repeats, skips or gives up decides by the class, never by a code.
// The classes and their codes are those of the compare guide's recovery table.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace redoubt::database {

enum class Failure {
  kConnection,   // lost, refused, going down: reconnect and repeat
  kCredentials,  // wrong or expired: read the secret again, once
  kObject,       // a table, column or database that is not there
  kPrivilege,    // a grant is missing
  kSnapshot,     // the moment to read at is gone: take a new one
  kConflict,     // deadlock, serialization: repeat the transaction
  kBusy,         // a lock was not obtained in time
  kTimeout,      // the statement took longer than it may
  kCancelled,    // by cancel()
  kSpace,        // disk, quota or table space full
  kConstraint,   // a value that the table refuses
  kCorrupt,      // the database itself is damaged, or no database
  kOther,
};

std::string_view name_of(Failure failure);

// May the same statement work when it is sent again, on a new connection if need be?
bool repeatable(Failure failure);

class DatabaseError : public Error {
 public:
  // `code`: what users look up: ORA-01017, 28P01, MARIADB-1045, SQLITE_BUSY. `place`: the database and the object.
  DatabaseError(Failure failure, std::string_view code, std::string_view place, std::string_view what);

  Failure failure() const { return failure_; }
  const std::string& code() const { return code_; }

 private:
  Failure failure_;
  std::string code_;
};

// By SQLSTATE (of PostgreSQL, and of what ODBC drivers map well).
Failure failure_of_sqlstate(std::string_view sqlstate);
// By Oracle's ORA- number.
Failure failure_of_oracle(int number);
// By MariaDB's or MySQL's error number, of server and client.
Failure failure_of_mariadb(int number);

}  // namespace redoubt::database
