// How a LOB value reaches redo: in its row, or in pages of its own that the row's locator leads to.
//
//   SecureFile in row      the locator holds the data
//   SecureFile extents     26.6 page images or 26.2 fills; the locator lists the extents
//   SecureFile list block  the same pages; 26.2 LHB + LMAP of the list blocks, whose first the locator names
//   BasicFile in row       the locator holds the data
//   BasicFile pages        19.1 pages; the locator lists 12, the LOB index (10.2) the others
//   BasicFile index        19.1 pages; the locator says nothing, the LOB index (10.2 or 10.8, 10.18) all
#pragma once

#include "simulate/transaction_redo.h"

namespace redoubt::simulate {

// Writes the redo of the LOB, if it needs any, and returns what the row holds of it.
Value write_lob(TransactionRedo& redo, LobStorage& storage, const LobContent& content, Random& random);

}  // namespace redoubt::simulate
