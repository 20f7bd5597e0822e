// Changes of index leaf blocks: of LOB indexes, of ordinary indexes, and of the index that an index-organized table is.
//
//   insert        5.1 (10.22 purge)     10.2      taken back by 10.4
//   new leaf      5.1 (10.22 purge)     10.8      taken back by the undo alone
//   remove        5.1 (10.22 restore)   10.4      taken back by 10.2
//   update data   5.1 (10.22 key data)  10.18     taken back by 10.18
#pragma once

#include "redo/index.h"
#include "simulate/transaction_redo.h"

namespace redoubt::simulate {

class IndexRedo {
 public:
  IndexRedo(TransactionRedo& redo, Segment& segment) : redo_(redo), segment_(segment) {}

  // Places the entry; `key` is in row format, `data` may be empty.
  RowAddress insert(const ByteString& key, const ByteString& data);
  void remove(RowAddress at, const ByteString& key, const ByteString& data);
  void new_leaf(const ByteString& key, const ByteString& data);
  void update_data(RowAddress at, const ByteString& key, const ByteString& before, const ByteString& after);

 private:
  ByteString kdilk(redo::LeafUndo code, Dba leaf) const;
  ByteString index_row(std::uint16_t slot, std::size_t size) const;

  TransactionRedo& redo_;
  Segment& segment_;
};

}  // namespace redoubt::simulate
