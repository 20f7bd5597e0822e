#include "database/postgresql_values.h"

#include <gtest/gtest.h>
#include <random>

namespace redoubt::database::postgresql {
namespace {

constexpr Oid kNumeric = 1700, kTimestamp = 1114, kDate = 1082;

Column decoded(Oid oid, std::string_view field) {
  Column column(1);
  decoder_of(oid).decode(field, column);
  return column;
}

std::string numeric(std::vector<std::uint16_t> words) {
  std::string bytes;
  for (const std::uint16_t w : words) bytes += {static_cast<char>(w >> 8), static_cast<char>(w & 255)};
  return std::string(decoded(kNumeric, bytes).text(0));
}

TEST(PostgresqlValues, Numerics) {
  EXPECT_EQ(numeric({0, 0, 0, 0}), "0");
  EXPECT_EQ(numeric({0, 0, 0, 3}), "0.000");
  EXPECT_EQ(numeric({2, 1, 0x4000, 0, 1, 2}), "-10002");
  EXPECT_EQ(numeric({1, 2, 0, 0, 7}), "700000000");
  EXPECT_EQ(numeric({3, 0, 0, 6, 12, 3456, 7800}), "12.345678");
  EXPECT_EQ(numeric({1, 0xFFFE, 0, 8, 42}), "0.00000042");
  EXPECT_EQ(numeric({0, 0, 0xC000, 0}), "NaN");
  EXPECT_EQ(numeric({0, 0, 0xF000, 0}), "-Infinity");
}

TEST(PostgresqlValues, InfinityAndTheEpoch) {
  EXPECT_EQ(decoded(kDate, std::string_view("\x7f\xff\xff\xff", 4)).time(0).special, Special::kInfinity);
  EXPECT_EQ(decoded(kTimestamp, std::string_view("\x80\0\0\0\0\0\0\0", 8)).time(0).special, Special::kMinusInfinity);
  EXPECT_EQ(decoded(kDate, std::string_view("\0\0\0\0", 4)).time(0).year, 2000);
}

// Bytes come from a server that may be anything: every decoder takes them, or throws Malformed.
TEST(PostgresqlValues, AnyBytesAreReadOrRefused) {
  std::mt19937_64 random(11);
  int refused = 0;
  for (int i = 0; i < 200'000; ++i) {
    const Oid oid =
        std::array<Oid, 12>{16, 17, 20, 21, 23, 700, 701, kDate, kTimestamp, 1186, kNumeric, 3802}[random() % 12];
    std::string bytes(random() % 24, 0);
    for (char& c : bytes) c = static_cast<char>(random() % 3 ? random() : 0);
    try {
      EXPECT_EQ(decoded(oid, bytes).rows(), 1U);
    } catch (const Malformed&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace redoubt::database::postgresql
