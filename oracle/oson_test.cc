#include "oracle/oson.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

std::string text_of(Bytes bytes) {
  TextBuffer out;
  append_oson(out, bytes);
  return out.str();
}

// A scalar document around one node.
std::string scalar(std::string_view node_hex) {
  const ByteString node = from_hex(node_hex);
  ByteString bytes = from_hex("ff4a5a01 0016");
  bytes += static_cast<std::uint8_t>(node.size() >> 8);
  bytes += static_cast<std::uint8_t>(node.size());
  return text_of(bytes + node);
}

// An object or array document without names, around its tree.
std::string tree(std::string_view tree_hex, std::string_view flags = "2106") {
  const ByteString nodes = from_hex(tree_hex);
  ByteString bytes = from_hex("ff4a5a01" + std::string(flags) + "020004");
  bytes += static_cast<std::uint8_t>(nodes.size() >> 8);
  bytes += static_cast<std::uint8_t>(nodes.size());
  return text_of(bytes + from_hex("0000 1122 0000 0002 0161 0162") + nodes);  // names a and b
}

TEST(Oson, RealDocumentBothWays) {
  const char* hex =
      "ff4a5a01210602000f0015000091d800000006056672756974087175616e7469747984020102000800120970696e656170706c6521c115";
  const char* json = R"({"fruit":"pineapple","quantity":20})";
  EXPECT_EQ(text_of(from_hex(hex)), json);
  EXPECT_EQ(to_hex(oson_from_json(json)), hex);
}

TEST(Oson, EveryScalarNode) {
  EXPECT_EQ(scalar("30"), "null");
  EXPECT_EQ(scalar("31"), "true");
  EXPECT_EQ(scalar("32"), "false");
  EXPECT_EQ(scalar("00"), R"("")");
  EXPECT_EQ(scalar("026869"), R"("hi")");
  EXPECT_EQ(scalar("33026869"), R"("hi")");
  EXPECT_EQ(scalar("3700022261"), R"("\"a")");
  EXPECT_EQ(scalar("3800000002c3a9"), R"("é")");
  EXPECT_EQ(scalar("2080"), "0");
  EXPECT_EQ(scalar("21c115"), "20");
  EXPECT_EQ(scalar("61c115"), "20");
  EXPECT_EQ(scalar("42c115"), "20");
  EXPECT_EQ(scalar("52c115"), "20");
  EXPECT_EQ(scalar("3402c115"), "20");
  EXPECT_EQ(scalar("36bff8000000000000"), "1.5");
  EXPECT_EQ(scalar("36fff0000000000000"), R"("Infinity")");
  EXPECT_EQ(scalar("7fbfc00000"), "1.5");
  EXPECT_EQ(scalar("3c787d060f0b1f01"), R"("2025-06-15T10:30:00")");
  EXPECT_EQ(scalar("7d787d060f0b1f01"), R"("2025-06-15T10:30:00")");
  EXPECT_EQ(scalar("39787d060f0b1f01075bca00"), R"("2025-06-15T10:30:00.123456")");
  EXPECT_EQ(scalar("39787d060f0b1f0100000000"), R"("2025-06-15T10:30:00")");
  EXPECT_EQ(scalar("39787d060f0b1f01075bcd15"), R"("2025-06-15T10:30:00.123456789")");
  EXPECT_EQ(scalar("7c787d060f091f01075bca00163c"), R"("2025-06-15T10:30:00.123456+02:00")");
  EXPECT_EQ(scalar("3d800000023f"), R"("P2Y3M")");
  EXPECT_EQ(scalar("3e800000013e3f409dcd6500"), R"("P1DT2H3M4.5S")");
  EXPECT_EQ(scalar("3a0002beef"), R"("beef")");
  EXPECT_EQ(scalar("3b00000002beef"), R"("beef")");
  EXPECT_EQ(scalar("7e02beef"), R"("beef")");
  EXPECT_EQ(scalar("7b010000000b db 00 0000 04 00000002 01 ff"), "[1,-1]");
}

TEST(Oson, EveryContainerForm) {
  EXPECT_EQ(tree("c002 0006 0007 31 32"), "[true,false]");
  EXPECT_EQ(tree("c8 0002 0007 0008 31 32"), "[true,false]");
  EXPECT_EQ(tree("d0 00000002 0009 000a 31 32"), "[true,false]");
  EXPECT_EQ(tree("e0 02 0000000a 0000000b 31 32"), "[true,false]");
  EXPECT_EQ(tree("84 02 0102 0008 0009 31 32"), R"({"a":true,"b":false})");
  EXPECT_EQ(tree("84 00"), "{}");
  EXPECT_EQ(tree("c0 00"), "[]");
  // The second object takes its field ids from the first.
  EXPECT_EQ(tree("c002 0006 0010 84 02 0201 000e 000f 31 32 9c 0006 000f 000e"),
            R"([{"b":true,"a":false},{"b":false,"a":true}])");
  // Offsets from the container's own node byte.
  EXPECT_EQ(tree("c001 0004 c001 0004 31", "2107"), "[[true]]");
}

TEST(Oson, LongNamesOfVersion3) {
  const std::string name(300, 'n');
  ByteString bytes = from_hex("ff4a5a03 2106 01 0002 0000 00000001 0000012e 000a 0000 11 0000 0161 1122 00000000 012c");
  bytes += ByteString(300, 'n') + from_hex("84 02 0102 0008 0009 31 32");
  EXPECT_EQ(text_of(bytes), R"({"a":true,")" + name + R"(":false})");
}

TEST(Oson, RefusesWhatDoesNotAddUp) {
  for (const char* hex : {"", "ff4a5a", "ff4a5b01001600 0130", "ff4a5a0200160001 30", "ff4a5a01001600 0230"})
    EXPECT_THROW(text_of(from_hex(hex)), Malformed) << hex;
  for (const char* node : {"35", "70", "7b02", "05616263", "40", "20c1", "21ff65", "3c787d060f0b1f", "7b0100000001db"})
    EXPECT_THROW(scalar(node), Malformed) << node;
  for (const char* nodes : {"c001 0004", "c001 ffff", "c0ff 0004", "84 01 00 0005 31", "84 01 03 0005 31",
                            "c001 0000",       // contains itself
                            "9c 0000 0000",    // shares its own ids
                            "9c 0003 c0 00"})  // shares ids of an array
    EXPECT_THROW(tree(nodes), Malformed) << nodes;
}

TEST(Oson, ChildrenSharedWithoutMeasureAreRefused) {
  // Twenty arrays, each holding the next one eight times: 8^20 leaves.
  ByteString nodes;
  for (unsigned level = 0; level < 20; ++level) {
    const unsigned next = (level + 1) * 18;
    nodes += ByteString{0xC0, 8};
    for (int i = 0; i < 8; ++i)
      nodes += ByteString{static_cast<std::uint8_t>(next >> 8), static_cast<std::uint8_t>(next)};
  }
  nodes += ByteString{0x30};
  EXPECT_THROW(tree(to_hex(nodes)), Malformed);
}

TEST(Oson, DepthIsLimited) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(text_of(oson_from_json(nested(kOsonDepthMax))), nested(kOsonDepthMax));
  EXPECT_THROW(oson_from_json(nested(kOsonDepthMax + 1)), Malformed);
  ByteString nodes;
  for (unsigned at = 4; at < 4 * 1100; at += 4)
    nodes += ByteString{0xC0, 1, static_cast<std::uint8_t>(at >> 8), static_cast<std::uint8_t>(at)};
  EXPECT_THROW(tree(to_hex(nodes + ByteString{0x30})), Malformed);
}

TEST(Oson, EncoderRefuses) {
  for (const char* json : {"", "{", "[1,]", "1e200", R"({"a":1}x)"})
    EXPECT_THROW(oson_from_json(json), Malformed) << json;
  EXPECT_THROW(oson_from_json("{\"" + std::string(256, 'n') + "\":1}"), Malformed);
}

nlohmann::json random_json(std::mt19937_64& random, int depth) {
  switch (random() % (depth > 0 ? 8 : 6)) {
    case 0: return nullptr;
    case 1: return random() % 2 == 0;
    case 2: return static_cast<std::int64_t>(random()) >> random() % 64;
    case 3: return static_cast<double>(static_cast<std::int64_t>(random() % 2000000) - 1000000) / 1024;
    case 4: return std::string(random() % 40, 'x') + "é\n\"";
    case 5: return std::string(random() % 70000, 'y');
    case 6: {
      nlohmann::json array = nlohmann::json::array();
      for (std::size_t n = random() % 6; n > 0; --n) array.push_back(random_json(random, depth - 1));
      return array;
    }
    default: {
      nlohmann::json object = nlohmann::json::object();
      for (std::size_t n = random() % 6; n > 0; --n)
        object["name" + std::to_string(random() % 50)] = random_json(random, depth - 1);
      return object;
    }
  }
}

TEST(Oson, RandomDocumentsSurvive) {
  std::mt19937_64 random(41);
  for (int i = 0; i < 3000; ++i) {
    const nlohmann::json document = random_json(random, 5);
    const std::string text = text_of(oson_from_json(document.dump()));
    ASSERT_EQ(nlohmann::json::parse(text), document) << text;
  }
}

TEST(Oson, ManyNamesWidenIdsAndSegment) {
  nlohmann::json document;
  for (int i = 0; i < 9000; ++i) document["a name of some length " + std::to_string(i)] = i;
  EXPECT_EQ(nlohmann::json::parse(text_of(oson_from_json(document.dump()))), document);
}

TEST(Oson, NumbersKeepEveryDigit) {
  const char* json = R"([12345678901234567890123456789012345678,0.00000000000000000001,-1.25])";
  EXPECT_EQ(text_of(oson_from_json(json)), json);
}

TEST(Oson, DamagedDocumentsNeverCrash) {
  std::mt19937_64 random(43);
  const ByteString good = oson_from_json(
      R"({"a":[1,2.5,"text",{"b":null,"a":true}],"c":{"b":"x"},"long":"0123456789012345678901234567890123456789"})");
  int read = 0;
  for (int i = 0; i < 100000; ++i) {
    ByteString bytes = good;
    for (std::size_t n = 1 + random() % 3; n > 0; --n)
      bytes[4 + random() % (bytes.size() - 4)] = static_cast<std::uint8_t>(random());
    bytes.resize(bytes.size() - (random() % 8 == 0 ? random() % bytes.size() : 0));
    try {
      const std::string text = text_of(bytes);
      ASSERT_TRUE(nlohmann::json::accept(text)) << text;
      ++read;
    } catch (const Malformed&) {
    }
  }
  EXPECT_GT(read, 1000);
}

}  // namespace
}  // namespace redoubt::oracle
