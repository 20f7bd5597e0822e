// DDL in the middle of the redo: transactions that change SYS rows, with the statement's text in a 24.1 marker.
//
//   CREATE TABLE, DROP TABLE PURGE, RENAME, TRUNCATE
//   ADD a column, SET UNUSED, RENAME COLUMN
//   ADD PARTITION, TRUNCATE PARTITION, EXCHANGE PARTITION
//
// A statement waits until nobody has a change of the table open; some fail and take back what they did.
#pragma once

#include "simulate/schema.h"

namespace redoubt::simulate {

// One statement as the transaction `redo`, which is ended; nothing when no table is free.
void run_ddl(Container& container, RedoEncoder& redo, Random& random);
// The same with ADD of a column, which need not wait: rows may be in open transactions' hands. False where it fails.
bool add_column(Container& container, RedoEncoder& redo, Random& random, SimulatedTable& table);

}  // namespace redoubt::simulate
