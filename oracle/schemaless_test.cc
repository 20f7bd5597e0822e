#include "oracle/schemaless.h"

#include <gtest/gtest.h>

namespace redoubt::oracle {
namespace {

TEST(SchemalessTables, AWiderTableReplacesTheNarrowOne) {
  SchemalessTables tables;
  const Table* narrow = tables.table(3, 7, 2);
  EXPECT_EQ(tables.table(3, 7, 1), narrow);
  const Table* wide = tables.table(3, 7, 3);
  EXPECT_EQ(wide->columns.size(), 4U);
  EXPECT_EQ(narrow->columns.size(), 2U);
  EXPECT_NE(wide->serial, narrow->serial);
}

// However many objects redo names: what is forgotten lives on with those who use it.
TEST(SchemalessTables, DoNotGrowWithoutBound) {
  SchemalessTables tables;
  std::vector<std::shared_ptr<const void>> owners;
  const Table* first = tables.table(3, 1, 200);
  tables.keep_alive(owners);
  for (std::uint32_t obj = 2; obj < 5000; ++obj) {
    tables.table(3, obj, 200);
    tables.forget_many();
    ASSERT_LT(tables.table_count(), SchemalessTables::kColumnsMax / 100);
  }
  EXPECT_EQ(first->columns.at(199).name, "COL_200");
  EXPECT_EQ(tables.table(3, 1, 200)->columns.size(), 256U);
}

}  // namespace
}  // namespace redoubt::oracle
