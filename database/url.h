// Where a database is. One form for all:
//
//     sqlite:FILE                                a file, or :memory:
//     postgresql://user@host:5432/name?key=v     also postgres://; host may be a socket directory (%2Frun%2Fpostgresql)
//     mariadb://user@host:3306/name              also mysql://
//     oracle://user@host:1521/service            also host:1521/service
//     odbc:DSN=name;...                          any other ODBC source; UID and PWD in it are user and password
//
// A password in a URL is taken, and never shown again.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace redoubt::database {

enum class Engine { kSqlite, kPostgresql, kMariadb, kOracle, kOdbc };

std::string_view name_of(Engine engine);

struct Url {
  Engine engine = Engine::kSqlite;
  std::string user, password, host;
  int port = 0;                                // 0 = the engine's
  std::string name;                            // database, service, file, or the ODBC connection string
  std::map<std::string, std::string> options;  // behind the question mark

  // Without the password, and without options that hold secrets.
  std::string shown() const;
};

// Throws Error(kUsage) that says what was expected.
Url parse_url(std::string_view text);

}  // namespace redoubt::database
