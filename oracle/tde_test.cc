#include "oracle/tde.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"
#include "base/file.h"

namespace redoubt::oracle {
namespace {

// Values of real encrypted columns.
TEST(Tde, RealValuesDecrypt) {
  const char* shared = std::getenv("REDOUBT_SHARED");
  const std::filesystem::path path = std::filesystem::path(shared ? shared : "") / "data/redo-records/tde-column.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no real encrypted values at " << path;
  const auto set = nlohmann::json::parse(read_file(path));
  int agree = 0;
  for (const auto& c : set["cases"]) {
    TdeKey key;
    for (const auto& k : set["keys"]) {
      if (k["name"] != c["key"]) continue;
      key = {static_cast<TdeCipher>(k["enc_algorithm_code"].get<int>()),
             static_cast<TdeIntegrity>(k["integrity_code"].get<int>()),
             from_hex(k["derived"]["key"].get<std::string>())};
    }
    const ByteString value = from_hex(c["hex"].get<std::string>());
    const bool salted = c["salt"];
    const TdePlain plain = tde_decrypt(key, salted, value);
    EXPECT_EQ(as_text(plain.value), c["expected"]["text"].get<std::string>()) << c["name"];
    agree += as_text(plain.value) == c["expected"]["text"].get<std::string>();
    if (key.integrity == TdeIntegrity::kSha1) {
      EXPECT_EQ(plain.proof, 20U) << c["name"];
    }
    // Encrypted again it is the same, MAC included.
    EXPECT_EQ(tde_encrypt(key, Bytes(value).last(salted ? tde_block_size(key.cipher) : 0), plain.value), value)
        << c["name"];
  }
  EXPECT_EQ(agree, 45);
  std::cout << "tde-column.json: " << agree << " of " << set["cases"].size() << " agree\n";
}

TEST(Tde, RandomValuesSurvive) {
  std::mt19937_64 random(53);
  const auto bytes = [&](std::size_t n) {
    ByteString b;
    while (b.size() < n) b += static_cast<std::uint8_t>(random());
    return b;
  };
  int noticed = 0, certain = 0;
  for (int i = 0; i < 4000; ++i) {
    TdeKey key;
    key.cipher = static_cast<TdeCipher>(1 + random() % 4);
    key.integrity = static_cast<TdeIntegrity>(1 + random() % 2);
    const std::size_t key_size = tde_key_size(key.cipher);
    key.key = bytes(key_size);
    const bool salted = random() % 2;
    const ByteString plain = bytes(random() % 100);
    const ByteString value = tde_encrypt(key, bytes(salted ? tde_block_size(key.cipher) : 0), plain);
    const TdePlain back = tde_decrypt(key, salted, value);
    ASSERT_EQ(back.value, plain);
    ASSERT_TRUE(key.integrity == TdeIntegrity::kNone ? back.proof >= 1 : back.proof == 20);
    key.key = bytes(key_size);
    try {
      certain += tde_decrypt(key, salted, value).proof >= 4;
    } catch (const Malformed&) {
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 3900);  // a wrong key fails the padding but for one time in 256
  EXPECT_EQ(certain, 0);     // and then there is little to prove it
}

TEST(Tde, RefusesWhatDoesNotAddUp) {
  const TdeKey key{TdeCipher::kAes128, TdeIntegrity::kSha1, ByteString(16, 1)};
  const ByteString value = tde_encrypt(key, ByteString(16, 2), as_bytes("text"));
  EXPECT_EQ(value.size(), 52U);
  EXPECT_THROW(tde_decrypt(key, true, {}), Malformed);
  EXPECT_THROW(tde_decrypt(key, true, Bytes(value).first(51)), Malformed);
  EXPECT_THROW(tde_decrypt(key, true, Bytes(value).first(36)), Malformed);
  EXPECT_THROW(tde_decrypt({TdeCipher::kAes256, key.integrity, key.key}, true, value), Malformed);
  EXPECT_THROW(tde_decrypt({key.cipher, static_cast<TdeIntegrity>(3), key.key}, true, value), Malformed);
  EXPECT_THROW(tde_decrypt({static_cast<TdeCipher>(9), key.integrity, key.key}, true, value), Malformed);
}

}  // namespace
}  // namespace redoubt::oracle
