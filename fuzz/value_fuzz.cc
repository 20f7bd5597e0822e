// Any bytes as any column value: what comes out must be JSON, and nothing may be read outside the bytes.
//
// The first byte picks the decoder, the second a character set; the rest is the value.
#include <nlohmann/json.hpp>

#include "oracle/charset.h"
#include "oracle/lob_locator.h"
#include "oracle/tde.h"
#include "oracle/value.h"

namespace {

using namespace redoubt;
using oracle::TypeCode;

constexpr TypeCode kTypes[] = {
    TypeCode::kVarchar2,   TypeCode::kNumber,      TypeCode::kDate,         TypeCode::kRaw,
    TypeCode::kRowId,      TypeCode::kURowId,      TypeCode::kBinaryFloat,  TypeCode::kBinaryDouble,
    TypeCode::kClob,       TypeCode::kBlob,        TypeCode::kJson,         TypeCode::kVector,
    TypeCode::kTimestamp,  TypeCode::kTimestampTz, TypeCode::kTimestampLtz, TypeCode::kIntervalYm,
    TypeCode::kIntervalDs, TypeCode::kBoolean,     TypeCode::kObject,
};
constexpr unsigned kCharsets[] = {873, 871, 2000, 2002, 1, 178, 832, 834, 830, 852, 854, 868, 860, 2};

void require(bool condition) {
  if (!condition) __builtin_trap();
}

void decrypt(Bytes value) {
  for (const oracle::TdeCipher cipher : {oracle::TdeCipher::kAes128, oracle::TdeCipher::kTripleDes168}) {
    const oracle::TdeKey key{cipher, oracle::TdeIntegrity::kSha1,
                             ByteString(cipher == oracle::TdeCipher::kAes128 ? 16 : 24, 7)};
    try {
      require(oracle::tde_decrypt(key, true, value).value.size() < value.size());
    } catch (const Malformed&) {
    }
  }
}

// What parses, encodes to something that parses alike.
void relocate(Bytes value) {
  try {
    const oracle::LobLocator lob = oracle::LobLocator::parse(value);
    const ByteString bytes = lob.encode();
    const oracle::LobLocator again = oracle::LobLocator::parse(bytes);
    require(again.kind == lob.kind && again.length == lob.length && again.pages == lob.pages &&
            again.extents == lob.extents && as_text(again.data) == as_text(lob.data));
  } catch (const Malformed&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes value(data + 2, size - 2);
  const std::size_t choice = data[0] % (2 * std::size(kTypes) + 2);
  if (choice == 2 * std::size(kTypes)) {
    decrypt(value);
    return 0;
  }
  if (choice > 2 * std::size(kTypes)) {
    relocate(value);
    return 0;
  }
  oracle::Column column;
  column.type = kTypes[choice / 2];
  column.scale = 6;
  column.charset = oracle::charset_by_id(kCharsets[data[1] % std::size(kCharsets)]);
  TextBuffer out;
  if (choice % 2 == 0) {
    oracle::append_json_value(out, column, {}, value);
  } else {
    oracle::append_json_lob(out, column, value, data[1] & 0x80);
  }
  require(nlohmann::json::accept(out.view()));
  return 0;
}
