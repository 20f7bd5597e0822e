#include "oracle/tde_keys.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr char kKey16[] = "000102030405060708090a0b0c0d0e0f";
constexpr char kKey24[] = "aabbccddeeff060708090a0b0c0d0e0f1011121314151617";

Table table(std::string owner, std::string name, std::uint32_t obj, std::uint16_t con_id) {
  Table t;
  t.owner = std::move(owner);
  t.name = std::move(name);
  t.obj = obj;
  t.con_id = con_id;
  return t;
}

std::string entry(std::string_view members) { return "{\"tables\":[{" + std::string(members) + "}]}"; }

std::string error_of(const std::string& text) {
  try {
    TdeKeys::parse(text, "keys.json");
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kUsage);
    return e.what();
  }
  return "none";
}

TEST(TdeKeys, FindsByNameNumberAndContainer) {
  const TdeKeys keys = TdeKeys::parse(R"({"tables":[
      {"table":"APP.CARDS","key":"000102030405060708090a0b0c0d0e0f","integrity":"NOMAC"},
      {"table":"APP.CARDS","container":4,"key":"AABBCCDDEEFF060708090A0B0C0D0E0F1011121314151617"},
      {"object":77,"key":"AABBCCDDEEFF060708090A0B0C0D0E0F1011121314151617","algorithm":"3DES168"}]})",
                                      "keys.json");
  const TdeKey* cards = keys.find(table("APP", "CARDS", 5, 3));
  ASSERT_TRUE(cards);
  EXPECT_EQ(cards->cipher, TdeCipher::kAes128);
  EXPECT_EQ(cards->integrity, TdeIntegrity::kNone);
  EXPECT_EQ(to_hex(cards->key), kKey16);
  const TdeKey* other = keys.find(table("APP", "CARDS", 5, 4));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->cipher, TdeCipher::kAes192);
  EXPECT_EQ(other->integrity, TdeIntegrity::kSha1);
  EXPECT_EQ(to_hex(other->key), kKey24);
  const TdeKey* by_number = keys.find(table("X", "Y", 77, 1));
  ASSERT_TRUE(by_number);
  EXPECT_EQ(by_number->cipher, TdeCipher::kTripleDes168);
  EXPECT_FALSE(keys.find(table("APP", "CARD", 5, 3)));
  EXPECT_FALSE(keys.find(table("APP.CARDS", "", 5, 3)));
}

TEST(TdeKeys, WhatIsWrittenIsReadAlike) {
  std::vector<TdeKeys::Entry> entries(2);
  entries[0] = {"A.\"B", 0, {}, {TdeCipher::kAes256, TdeIntegrity::kNone, ByteString(32, 9)}};
  entries[1] = {"", 12, std::uint16_t{3}, {TdeCipher::kTripleDes168, TdeIntegrity::kSha1, ByteString(24, 8)}};
  const TdeKeys keys = TdeKeys::parse(tde_keys_json(entries), "keys.json");
  EXPECT_EQ(keys.find(table("A", "\"B", 1, 1))->key, entries[0].key.key);
  EXPECT_EQ(keys.find(table("A", "\"B", 1, 1))->integrity, TdeIntegrity::kNone);
  EXPECT_EQ(keys.find(table("", "", 12, 3))->cipher, TdeCipher::kTripleDes168);
  EXPECT_FALSE(keys.find(table("", "", 12, 4)));
}

TEST(TdeKeys, MistakesAreNamedWithoutTheKey) {
  const std::string key = std::string(",\"key\":\"") + kKey24 + "\"";
  const std::pair<std::string, std::string> cases[] = {
      {"{\"table\":1}", "member 'table' is unknown; is tables meant?"},
      {"[]", "is no JSON object"},
      {"{}", "no array called tables"},
      {std::string("{\"tables\":[{\"key\":\"") + kKey24 + "\" oops", "is no JSON from byte"},
      {entry("\"tabel\":\"A.B\"" + key), "tables[0]: member 'tabel' is unknown; is table meant?"},
      {entry("\"table\":\"AB\"" + key), "OWNER.TABLE"},
      {entry("\"table\":\"A.B\",\"object\":1" + key), "names no table, or two"},
      {entry("\"object\":-1" + key), "object is no number"},
      {entry("\"object\":1,\"container\":65536" + key), "container is no number"},
      {entry("\"object\":1"), "has no key"},
      {entry("\"object\":1,\"key\":\"aabbccddeeffgg\""), "the key is not hexadecimal"},
      {entry("\"object\":1,\"key\":\"aabbccddeeff\""), "the key has 6 bytes; those of AES have 16, 24 or 32"},
      {entry("\"object\":1,\"algorithm\":\"AES256\"" + key), "the key has 24 bytes, AES256 wants 32"},
      {entry("\"object\":1,\"algorithm\":\"AES265\"" + key), "algorithm 'AES265' is unknown; is AES256 meant?"},
      {entry("\"object\":1,\"integrity\":\"GCM\"" + key), "it is one of SHA-1, NOMAC"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string error = error_of(text);
    EXPECT_NE(error.find(expected), std::string::npos) << text << "\n" << error;
    EXPECT_EQ(error.find("aabbcc"), std::string::npos) << error;
  }
  const std::string once = "{\"object\":1" + key + "}";
  EXPECT_NE(error_of("{\"tables\":[" + once + "," + once + "]}").find("tables[1]: object 1 has a key already"),
            std::string::npos);
}

}  // namespace
}  // namespace redoubt::oracle
