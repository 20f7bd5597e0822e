#include "oracle/vector_value.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <vector>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

std::string text_of(Bytes bytes) {
  TextBuffer out;
  append_vector(out, bytes);
  return out.str();
}

TEST(Vector, RealValuesBothWays) {
  struct Row {
    VectorElement element;
    std::vector<double> values;
    const char* hex;
    const char* text;
  };
  const Row kRows[] = {
      {VectorElement::kInt8, {10, 20, 30, 40, 50}, "db0000120400000005c0528a5df5cacd270a141e2832", "[10,20,30,40,50]"},
      {VectorElement::kBinary,
       {7, 3, 11, 13, 2, 1, 19},
       "db0100100500000038800000000000000007030b0d020113",
       "[7,3,11,13,2,1,19]"},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(text_of(from_hex(row.hex)), row.text);
    EXPECT_EQ(to_hex(vector_bytes(row.element, row.values)), row.hex);
  }
  const char* float32 = "db0000120200000007c01d8d0d8958b5f2c0066666c0333333ba83126fbb03126fc0600000c083d70ac067ae14";
  EXPECT_EQ(text_of(from_hex(float32)), "[2.1,2.8,0.001,0.002,3.5,4.12,3.62]");
  EXPECT_EQ(
      to_hex(vector_bytes(VectorElement::kFloat32, std::vector{2.1, 2.8, 0.001, 0.002, 3.5, 4.12, 3.62})).substr(34),
      std::string(float32).substr(34));
}

TEST(Vector, FlagsAndElements) {
  EXPECT_EQ(text_of(from_hex("db 00 0000 03 00000002 bff8000000000000 fff0000000000000")), R"([1.5,"Infinity"])");
  EXPECT_EQ(text_of(from_hex("db 00 0000 04 00000000")), "[]");
  EXPECT_EQ(text_of(from_hex("db 00 0002 04 00000001 8000000000000000 ff")), "[-1]");
}

TEST(Vector, RefusesWhatDoesNotAddUp) {
  for (const char* hex :
       {"", "dc 00 0000 04 00000000", "db 03 0000 04 00000000", "db 02 0020 04 00000000", "db 00 0020 04 00000000",
        "db 00 0000 06 00000000", "db 00 0000 04 00000002 01", "db 00 0000 04 00000001 0102",
        "db 00 0002 04 00000001 01", "db 00 0000 02 40000001 00000000"})
    EXPECT_THROW(text_of(from_hex(hex)), Malformed) << hex;
}

TEST(Vector, RandomVectorsSurvive) {
  std::mt19937_64 random(47);
  for (int i = 0; i < 3000; ++i) {
    const auto element = static_cast<VectorElement>(2 + random() % 4);
    std::vector<double> values(random() % 100);
    for (double& v : values) {
      switch (element) {
        case VectorElement::kInt8: v = static_cast<double>(random() % 256) - 128; break;
        case VectorElement::kBinary: v = static_cast<double>(random() % 256); break;
        default: v = static_cast<double>(static_cast<std::int64_t>(random() % 65536) - 32768) / 64;
      }
    }
    auto read = nlohmann::json::parse(text_of(vector_bytes(element, values))).get<std::vector<double>>();
    // The shortest text of a float32 is exact only as a float32.
    if (element == VectorElement::kFloat32)
      for (double& v : read) v = static_cast<float>(v);
    ASSERT_EQ(read, values);
  }
}

}  // namespace
}  // namespace redoubt::oracle
