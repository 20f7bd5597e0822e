#include "base/nearest.h"

#include <gtest/gtest.h>

namespace redoubt {
namespace {

TEST(Nearest, FindsWhatWasMeant) {
  constexpr std::string_view kKnown[] = {"algorithm", "container", "integrity", "key", "object", "table"};
  EXPECT_EQ(nearest_name("algoritm", kKnown), "algorithm");
  EXPECT_EQ(nearest_name("Tables", kKnown), "table");
  EXPECT_EQ(nearest_name("kye", kKnown), "");  // two letters of three differ
  EXPECT_EQ(nearest_name("keys", kKnown), "key");
  EXPECT_EQ(nearest_name("wallet-password", kKnown), "");
  EXPECT_EQ(nearest_name("", kKnown), "");
  EXPECT_EQ(nearest_name("key", {}), "");
}

}  // namespace
}  // namespace redoubt
