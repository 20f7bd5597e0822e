#include "database/check.h"

#include <fmt/format.h>

#include "database/position.h"

namespace redoubt::database {

namespace {

// Tries something and makes a finding of how it went.
template <class Try>
Finding finding(std::string what, Try&& attempt) {
  Finding out;
  out.what = std::move(what);
  try {
    out.detail = attempt();
    out.works = true;
  } catch (const DatabaseError& error) {
    if (error.failure() == Failure::kConnection) throw;
    out.detail = error.what();
  }
  return out;
}

std::vector<std::string> texts(Connection& connection, const std::string& sql) {
  std::vector<std::string> out;
  const auto rows = connection.read(sql);
  Batch batch(rows->columns().size());
  while (rows->next(batch))
    for (std::size_t i = 0; i < batch.rows(); ++i)
      if (!batch[0].is_null(i)) out.emplace_back(batch[0].text(i));
  return out;
}

Finding one_moment(Connection& connection) {
  return finding("reading at one moment", [&] {
    Connection* const reader[] = {&connection};
    const Snapshot snapshot(reader);
    connection.rollback();
    return snapshot.position().text.empty() ? std::string("a snapshot") : "position " + snapshot.position().text;
  });
}

// A finding about tables that cannot be read: one grant each.
Finding reading(const std::vector<std::string>& grants, std::string_view all) {
  Finding out;
  out.what = "reading tables";
  out.works = grants.empty();
  out.detail = grants.empty() ? std::string(all) : fmt::format("{} tables cannot be read", grants.size());
  out.grants = grants;
  return out;
}

std::vector<Finding> check_postgresql(Connection& connection) {
  std::vector<Finding> out;
  out.push_back(one_moment(connection));
  out.push_back(reading(
      texts(connection,
            "SELECT DISTINCT g FROM (SELECT unnest(array["
            "CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') THEN format('GRANT USAGE ON SCHEMA %I TO %I', "
            "n.nspname, current_user) END, "
            "CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN format('GRANT SELECT ON %I.%I TO %I', n.nspname, "
            "c.relname, current_user) END]) AS g "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "
            "AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%') AS grants "
            "WHERE g IS NOT NULL ORDER BY g"),
      "every table can be read"));
  Finding ledger;
  ledger.what = "keeping a ledger here";
  ledger.needed = false;
  ledger.grants =
      texts(connection,
            "SELECT format('GRANT CREATE ON SCHEMA %I TO %I', coalesce(current_schema(), 'public'), current_user) "
            "WHERE NOT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)");
  ledger.works = ledger.grants.empty();
  ledger.detail = ledger.works ? "tables can be created" : "no tables can be created; a ledger can lie elsewhere";
  out.push_back(std::move(ledger));
  return out;
}

std::vector<Finding> check_mariadb(Connection& connection) {
  std::vector<Finding> out;
  out.push_back(one_moment(connection));
  // Quotes doubled, for a backslash is an escape to some sessions only.
  const auto quoted = [](const std::string& text) { return "concat('''', replace(" + text + ", '''', ''''''), '''')"; };
  // 'user'@'host': the user may hold an @, the host not. In the name of a database _ and % stand for others.
  const std::string host = "substring_index(current_user(), '@', -1)";
  const std::string role = quoted("left(current_user(), char_length(current_user()) - 1 - char_length(" + host + "))") +
                           ", '@', " + quoted(host);
  const std::string all_tables = "'`', replace(replace(replace(database(), '`', '``'), '_', '\\_'), '%', '\\%'), '`.*'";
  // The server shows only what may be seen, so what is hidden cannot be counted.
  Finding tables;
  tables.what = "reading tables";
  const auto names =
      texts(connection, "SELECT table_name FROM information_schema.tables WHERE table_schema = database()");
  tables.works = !names.empty();
  tables.detail = names.empty() ? "no table of this database is visible to this role"
                                : fmt::format("{} tables are visible", names.size());
  if (names.empty())
    tables.grants = texts(connection, "SELECT concat('GRANT SELECT ON ', " + all_tables + ", ' TO ', " + role + ")");
  out.push_back(std::move(tables));
  Finding aligned = finding("several readers at one moment", [&] {
    connection.execute("FLUSH TABLES WITH READ LOCK");
    connection.execute("UNLOCK TABLES");
    return std::string("writers can be held off while readers begin");
  });
  if (!aligned.works) {
    aligned.needed = false;
    aligned.detail = "readers begin some milliseconds apart; what differs is looked at again";
    aligned.grants = texts(connection, "SELECT concat('GRANT RELOAD ON *.* TO ', " + role + ")");
  }
  out.push_back(std::move(aligned));
  return out;
}

std::vector<Finding> check_oracle(Connection& connection) {
  std::vector<Finding> out;
  const std::string user = connection.server().user;
  Finding position = finding("reading the SCN", [&] { return current_position(connection).text; });
  if (!position.works) position.grants = {fmt::format("GRANT SELECT ON SYS.V_$DATABASE TO {}", user)};
  out.push_back(std::move(position));
  const auto has = [&](std::string_view privilege) {
    return !texts(connection, fmt::format("SELECT PRIVILEGE FROM SESSION_PRIVS WHERE PRIVILEGE = '{}'", privilege))
                .empty();
  };
  for (const auto& [privilege, what, without] :
       {std::tuple{"SELECT ANY TABLE", "reading tables", "only tables granted one by one can be read"},
        std::tuple{"FLASHBACK ANY TABLE", "reading at one moment",
                   "FLASHBACK is needed on each table that is read AS OF an SCN"}}) {
    Finding f;
    f.what = what;
    f.works = has(privilege);
    f.needed = false;  // grants on single tables do as well
    f.detail = f.works ? privilege : without;
    if (!f.works) f.grants = {fmt::format("GRANT {} TO {}", privilege, user)};
    out.push_back(std::move(f));
  }
  return out;
}

std::vector<Finding> check_sqlite(Connection& connection) {
  std::vector<Finding> out;
  out.push_back(one_moment(connection));
  out.push_back(finding("writing", [&] {
    connection.begin(Access::kReadWrite);
    connection.rollback();
    return std::string("the file can be written");
  }));
  out.push_back(finding("the file is whole", [&] {
    const auto answer = texts(connection, "PRAGMA quick_check(1)");
    if (answer.empty() || answer[0] != "ok")
      throw DatabaseError(Failure::kCorrupt, "SQLITE_CORRUPT", connection.place(),
                          answer.empty() ? "no answer" : answer[0]);
    return std::string("quick_check found nothing");
  }));
  return out;
}

}  // namespace

std::vector<Finding> check(Connection& connection) {
  switch (connection.dialect().engine()) {
    case Engine::kPostgresql: return check_postgresql(connection);
    case Engine::kMariadb: return check_mariadb(connection);
    case Engine::kOracle: return check_oracle(connection);
    case Engine::kSqlite: return check_sqlite(connection);
    case Engine::kOdbc: return {one_moment(connection)};
  }
  return {};
}

}  // namespace redoubt::database
