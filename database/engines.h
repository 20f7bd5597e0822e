// The engines that connect() chooses from, each a file of its own.
#pragma once

#include "database/connection.h"

namespace redoubt::database {

std::unique_ptr<Connection> connect_sqlite(const Url& url, const Options& options);
std::unique_ptr<Connection> connect_postgresql(const Url& url, const Options& options);
// MariaDB, Oracle and any data source of unixODBC.
std::unique_ptr<Connection> connect_odbc(const Url& url, const Options& options);

}  // namespace redoubt::database
