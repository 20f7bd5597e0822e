#include "base/nearest.h"

#include <gtest/gtest.h>

namespace redoubt {
namespace {

TEST(Nearest, FindsWhatWasMeant) {
  constexpr std::string_view kKnown[] = {"algorithm", "container", "integrity", "key", "object", "table"};
  EXPECT_EQ(nearest("algoritm", kKnown), "algorithm");
  EXPECT_EQ(nearest("Tables", kKnown), "table");
  EXPECT_EQ(nearest("kye", kKnown), "key");  // two letters swapped
  EXPECT_EQ(nearest("keys", kKnown), "key");
  EXPECT_EQ(nearest("wallet-password", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("key", {}), "");
}

}  // namespace
}  // namespace redoubt
