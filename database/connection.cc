#include "database/connection.h"

#include "database/engines.h"

namespace redoubt::database {

std::unique_ptr<Connection> connect(const Url& url, const Options& options) {
  switch (url.engine) {
    case Engine::kSqlite: return connect_sqlite(url, options);
    case Engine::kPostgresql: return connect_postgresql(url, options);
    case Engine::kMariadb:
    case Engine::kOracle:
    case Engine::kOdbc: return connect_odbc(url, options);
  }
  return nullptr;
}

Batch Connection::read_row(std::string_view sql, const Batch& parameters) {
  const auto rows = read(sql, parameters);
  Batch batch(rows->columns().size(), 1);
  rows->next(batch);
  // To the end, for a query that is left early has to be cancelled.
  Batch rest(rows->columns().size());
  while (rows->next(rest)) {
  }
  return batch;
}

Transaction::Transaction(Connection& connection, Access access)
    : connection_(connection), nested_(connection.in_transaction()) {
  if (nested_)
    connection_.execute("SAVEPOINT redoubt");
  else
    connection_.begin(access);
}

Transaction::~Transaction() {
  if (!open_) return;
  try {
    if (nested_)
      connection_.execute("ROLLBACK TO SAVEPOINT redoubt");
    else
      connection_.rollback();
  } catch (const Error&) {  // the connection is gone, and the transaction with it
  }
}

void Transaction::commit() {
  if (!nested_)
    connection_.commit();
  else if (connection_.dialect().engine() != Engine::kOracle)  // which has no RELEASE
    connection_.execute("RELEASE SAVEPOINT redoubt");
  open_ = false;
}

}  // namespace redoubt::database
