#include "oracle/tde.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr std::size_t kMacSize = 20;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

const EVP_CIPHER* cipher_of(const TdeKey& key) {
  const EVP_CIPHER* cipher = nullptr;
  switch (key.cipher) {
    case TdeCipher::kTripleDes168: cipher = EVP_des_ede3_cbc(); break;
    case TdeCipher::kAes128: cipher = EVP_aes_128_cbc(); break;
    case TdeCipher::kAes192: cipher = EVP_aes_192_cbc(); break;
    case TdeCipher::kAes256: cipher = EVP_aes_256_cbc(); break;
  }
  if (!cipher) throw Malformed(fmt::format("encryption algorithm {}", static_cast<int>(key.cipher)));
  if (key.integrity != TdeIntegrity::kSha1 && key.integrity != TdeIntegrity::kNone)
    throw Malformed(fmt::format("integrity algorithm {}", static_cast<int>(key.integrity)));
  if (key.key.size() != static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher)))
    throw Malformed(fmt::format("column key of {} bytes", key.key.size()));
  return cipher;
}

std::size_t block_size(const EVP_CIPHER* cipher) { return static_cast<std::size_t>(EVP_CIPHER_get_block_size(cipher)); }

// CBC over whole blocks, without OpenSSL's padding.
ByteString run(const EVP_CIPHER* cipher, bool encrypt, const ByteString& key, Bytes salt, Bytes input) {
  ByteString iv(salt.begin(), salt.end());
  iv.resize(block_size(cipher));
  ByteString output(input.size(), 0);
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done = context &&
                    EVP_CipherInit_ex(context.get(), cipher, nullptr, key.data(), iv.data(), encrypt ? 1 : 0) &&
                    EVP_CIPHER_CTX_set_padding(context.get(), 0) &&
                    EVP_CipherUpdate(context.get(), output.data(), &size, input.data(), static_cast<int>(input.size()));
  if (!done || static_cast<std::size_t>(size) != input.size())
    throw Error(ErrorCode::kOperation, {}, "OpenSSL refused to run a cipher of column encryption");
  return output;
}

}  // namespace

ByteString tde_decrypt(const TdeKey& key, bool salted, Bytes value) {
  const EVP_CIPHER* const cipher = cipher_of(key);
  const std::size_t block = block_size(cipher);
  const std::size_t salt_size = salted ? block : 0;
  const std::size_t mac_size = key.integrity == TdeIntegrity::kSha1 ? kMacSize : 0;
  if (value.size() < block + mac_size + salt_size || value.size() > 1U << 20 ||
      (value.size() - mac_size - salt_size) % block != 0)
    throw Malformed(fmt::format("encrypted value of {} bytes", value.size()));
  const Bytes ciphertext = value.first(value.size() - mac_size - salt_size);
  ByteString plain = run(cipher, false, key.key, value.last(salt_size), ciphertext);
  const std::size_t padding = plain.back();
  const auto is_padding = [padding](std::uint8_t b) { return b == padding; };
  if (padding == 0 || padding > block ||
      !std::all_of(plain.end() - static_cast<std::ptrdiff_t>(padding), plain.end(), is_padding))
    throw Malformed("encrypted value does not fit its key: wrong padding");
  plain.resize(plain.size() - padding);
  return plain;
}

ByteString tde_encrypt(const TdeKey& key, Bytes salt, Bytes plain) {
  const EVP_CIPHER* const cipher = cipher_of(key);
  const std::size_t block = block_size(cipher);
  REDOUBT_ASSERT(salt.empty() || salt.size() == block);
  const std::size_t padding = block - plain.size() % block;
  ByteString padded(plain.begin(), plain.end());
  padded.append(padding, static_cast<std::uint8_t>(padding));
  ByteString value = run(cipher, true, key.key, salt, padded);
  if (key.integrity == TdeIntegrity::kSha1) value.append(kMacSize, 0);
  value.append(salt.data(), salt.size());
  return value;
}

}  // namespace redoubt::oracle
