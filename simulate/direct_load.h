// A direct-path insert: whole blocks of new rows, without undo.
//
//   24.6 (XID), 19.1 (block image, 20-byte cache header)     one record a block
//
// Whose the rows are the 24.6 says, and sometimes the ITL entry that they are locked with.
#pragma once

#include "simulate/redo_encoder.h"

namespace redoubt::simulate {

// The rows fit one block, a new one of their segment, where their addresses lie. Begins the transaction if need be.
void load_block(TransactionRedo& redo, const Segment& segment, Dba block, const std::vector<const Row*>& rows,
                Random& random);

}  // namespace redoubt::simulate
