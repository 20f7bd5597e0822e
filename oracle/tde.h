// Column encryption (TDE): a column value as ciphertext.
//
//   ciphertext, whole blocks | MAC, 20 bytes (integrity SHA-1 only) | salt, one block (salted only)
//
// AES (16-byte blocks) or 3DES (8) in CBC mode; initial vector = salt, or zeros. Every padding byte is the number of
// padding bytes. The MAC is HMAC-SHA1 with the column key over the first 32 bytes of
//
//   plain value, zeros up to the end of the block, its first block XORed with the initial vector
//
// That fits every real value at hand: AES, 10 to 14 and 33 to 49 bytes. Of other sizes no value was seen, so a MAC that
// differs only counts where the rule was seen. Without a MAC the padding alone tells a wrong key: n padding bytes are
// right by chance once in 256^n. Integrity 3 (GCM) was never seen and is refused. Codes: ENC$.ENCALG and INTALG.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace redoubt::oracle {

// ENC$.ENCALG
enum class TdeCipher : std::uint8_t { kTripleDes168 = 1, kAes128 = 2, kAes192 = 3, kAes256 = 4 };
// ENC$.INTALG
enum class TdeIntegrity : std::uint8_t { kSha1 = 1, kNone = 2 };

struct TdeKey {
  TdeCipher cipher = TdeCipher::kAes192;
  TdeIntegrity integrity = TdeIntegrity::kSha1;
  ByteString key;  // 16, 24 or 32 bytes, as the cipher wants
  bool operator==(const TdeKey&) const = default;
};

// Bytes of the cipher's key and of its blocks.
std::size_t tde_key_size(TdeCipher cipher);
std::size_t tde_block_size(TdeCipher cipher);

struct TdePlain {
  ByteString value;
  unsigned proof = 0;  // bytes that came out as only the right key makes them: the MAC's, else the padding
};

// The plain column value. Throws Malformed on a key of the wrong size, a value of an impossible size, and where padding
// or MAC show that the key is another one or the value is damaged.
TdePlain tde_decrypt(const TdeKey& key, bool salted, Bytes value);

// The inverse. `salt` is one block, or empty for an unsalted column.
ByteString tde_encrypt(const TdeKey& key, Bytes salt, Bytes plain);

}  // namespace redoubt::oracle
