// Column encryption (TDE): a column value as ciphertext.
//
//   ciphertext, whole blocks | MAC, 20 bytes (integrity SHA-1 only) | salt, one block (salted only)
//
// AES (16-byte blocks) or 3DES (8) in CBC mode; initial vector = salt, or zeros. Every padding byte is the number of
// padding bytes. Which bytes and key the MAC covers is not known (no plain SHA-1 or HMAC over any order of
// ciphertext, plain text, salt and key fits the known samples), so it is skipped when reading: the padding alone tells
// a wrong key, with a chance of about one in 256. The tests' encryption writes zeros. Source: rows.md 7 no. 34;
// ENC$.ENCALG and INTALG. Integrity 3 (GCM) was never seen and is refused.
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
};

// The plain column value. Throws Malformed on a key of the wrong size, a value of an impossible size or wrong padding.
ByteString tde_decrypt(const TdeKey& key, bool salted, Bytes value);

// The inverse. `salt` is one block, or empty for an unsalted column.
ByteString tde_encrypt(const TdeKey& key, Bytes salt, Bytes plain);

}  // namespace redoubt::oracle
