#include "oracle/tde.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr std::size_t kMacSize = 20;
constexpr std::size_t kMacInput = 32;  // bytes of the value that the MAC covers
using Mac = std::array<std::uint8_t, kMacSize>;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

[[noreturn]] void refused() {
  throw Error(ErrorCode::kOperation, {}, "OpenSSL refused to run an algorithm of column encryption");
}

const EVP_CIPHER* cipher_of(TdeCipher cipher) {
  switch (cipher) {
    case TdeCipher::kTripleDes168: return EVP_des_ede3_cbc();
    case TdeCipher::kAes128: return EVP_aes_128_cbc();
    case TdeCipher::kAes192: return EVP_aes_192_cbc();
    case TdeCipher::kAes256: return EVP_aes_256_cbc();
  }
  throw Malformed(fmt::format("encryption algorithm {}", static_cast<int>(cipher)));
}

void check(const TdeKey& key) {
  const std::size_t size = tde_key_size(key.cipher);
  if (key.integrity != TdeIntegrity::kSha1 && key.integrity != TdeIntegrity::kNone)
    throw Malformed(fmt::format("integrity algorithm {}", static_cast<int>(key.integrity)));
  if (key.key.size() != size) throw Malformed(fmt::format("column key of {} bytes", key.key.size()));
}

// CBC over whole blocks, without OpenSSL's padding.
ByteString run(const TdeKey& key, bool encrypt, Bytes salt, Bytes input) {
  std::array<std::uint8_t, EVP_MAX_IV_LENGTH> iv = {};
  std::copy(salt.begin(), salt.end(), iv.begin());
  ByteString output(input.size(), 0);
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done =
      context &&
      EVP_CipherInit_ex(context.get(), cipher_of(key.cipher), nullptr, key.key.data(), iv.data(), encrypt ? 1 : 0) &&
      EVP_CIPHER_CTX_set_padding(context.get(), 0) &&
      EVP_CipherUpdate(context.get(), output.data(), &size, input.data(), static_cast<int>(input.size()));
  if (!done || static_cast<std::size_t>(size) != input.size()) refused();
  return output;
}

// The MAC if it covers `covered` bytes of the value and of the zeros behind it.
Mac mac_of(const TdeKey& key, Bytes salt, Bytes plain, std::size_t covered) {
  std::array<std::uint8_t, kMacInput> input = {};
  std::copy_n(plain.begin(), std::min(plain.size(), covered), input.begin());
  for (std::size_t i = 0; i < salt.size(); ++i) input[i] ^= salt[i];
  Mac mac = {};
  if (!HMAC(EVP_sha1(), key.key.data(), static_cast<int>(key.key.size()), input.data(), covered, mac.data(), nullptr))
    refused();
  return mac;
}

std::size_t padded_size(std::size_t size, std::size_t block) { return size + block - size % block; }

// Of values of such a size real MACs were seen.
bool mac_is_certain(TdeCipher cipher, std::size_t size) {
  return cipher != TdeCipher::kTripleDes168 && (size < 16 || (size > 32 && size < 64));
}

bool mac_fits(const TdeKey& key, Bytes salt, Bytes plain, Bytes mac) {
  const std::size_t block = tde_block_size(key.cipher);
  const std::size_t covered = std::min(kMacInput, padded_size(plain.size(), block));
  const auto fits = [&](std::size_t bytes) { return std::ranges::equal(mac_of(key, salt, plain, bytes), mac); };
  return fits(covered) || (!mac_is_certain(key.cipher, plain.size()) && fits(block));
}

}  // namespace

std::size_t tde_key_size(TdeCipher cipher) {
  return static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_of(cipher)));
}

std::size_t tde_block_size(TdeCipher cipher) {
  return static_cast<std::size_t>(EVP_CIPHER_get_block_size(cipher_of(cipher)));
}

TdePlain tde_decrypt(const TdeKey& key, bool salted, Bytes value) {
  check(key);
  const std::size_t block = tde_block_size(key.cipher);
  const std::size_t salt_size = salted ? block : 0;
  const std::size_t mac_size = key.integrity == TdeIntegrity::kSha1 ? kMacSize : 0;
  if (value.size() < block + mac_size + salt_size || value.size() > 1U << 20 ||
      (value.size() - mac_size - salt_size) % block != 0)
    throw Malformed(fmt::format("encrypted value of {} bytes", value.size()));
  const Bytes ciphertext = value.first(value.size() - mac_size - salt_size);
  const Bytes salt = value.last(salt_size);
  ByteString plain = run(key, false, salt, ciphertext);
  const std::size_t padding = plain.back();
  const auto is_padding = [padding](std::uint8_t b) { return b == padding; };
  if (padding == 0 || padding > block ||
      !std::all_of(plain.end() - static_cast<std::ptrdiff_t>(padding), plain.end(), is_padding))
    throw Malformed("encrypted value does not fit its key: wrong padding");
  plain.resize(plain.size() - padding);
  if (mac_size != 0) {
    if (mac_fits(key, salt, plain, value.subspan(ciphertext.size(), kMacSize))) return {std::move(plain), kMacSize};
    if (mac_is_certain(key.cipher, plain.size())) throw Malformed("encrypted value does not fit its key: wrong MAC");
  }
  return {std::move(plain), static_cast<unsigned>(padding)};
}

ByteString tde_encrypt(const TdeKey& key, Bytes salt, Bytes plain) {
  check(key);
  const std::size_t block = tde_block_size(key.cipher);
  REDOUBT_ASSERT(salt.empty() || salt.size() == block);
  const std::size_t size = padded_size(plain.size(), block);
  ByteString padded(plain.begin(), plain.end());
  padded.resize(size, static_cast<std::uint8_t>(size - plain.size()));
  ByteString value = run(key, true, salt, padded);
  if (key.integrity == TdeIntegrity::kSha1) {
    const Mac mac = mac_of(key, salt, plain, std::min(kMacInput, size));
    value.append(mac.data(), mac.size());
  }
  value.append(salt.data(), salt.size());
  return value;
}

}  // namespace redoubt::oracle
