// Column values with their truth: bytes as a row holds them, and the text that must come out at the other end. The text
// is made from what the value was meant to be, never by decoding the bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "oracle/dictionary.h"
#include "oracle/lob_locator.h"
#include "oracle/tde.h"
#include "simulate/random.h"

namespace redoubt::simulate {

// One value: empty bytes are NULL. `json` is the truth as JSON text: numbers with all digits, unquoted.
struct Value {
  ByteString bytes;
  std::string json = "null";
  bool outside = false;  // a LOB out of the row: once it is old, redo does not tell its value

  bool null() const { return bytes.empty(); }
  bool operator==(const Value&) const = default;
};

// A kind of column the simulator can make, named as in --types.
struct ColumnKind {
  std::string_view name;
  oracle::TypeCode type;
  std::uint32_t length;       // COL$.LENGTH in bytes
  std::int32_t precision;     // -1 = not given
  std::int32_t scale;         // -1 = not given
  std::uint8_t charset_form;  // 0 no characters, 1 database, 2 national character set
  bool lob = false;           // stored as a LOB
  // ENCRYPT: the type is that of the plain value.
  enum class Encryption : std::uint8_t { kNone, kSalted, kUnsalted };
  Encryption encryption = Encryption::kNone;

  bool encrypted() const { return encryption != Encryption::kNone; }
};

// What is to be stored as a LOB.
struct LobContent {
  ByteString bytes;
  std::string json;
  std::uint8_t type = oracle::LobLocator::kBlob;
  bool utf16 = false;
};

// All kinds, in a fixed order.
const std::vector<ColumnKind>& column_kinds();

class ValueSource {
 public:
  ValueSource(const oracle::Charset& charset, const oracle::Charset& national)
      : charset_(charset), national_(national) {}

  // A value of the kind: mostly ordinary, often an edge of the type, never NULL. Text has at most `longest` bytes.
  Value make(const ColumnKind& kind, Random& random, std::uint32_t longest) const;
  // The same for a kind that is stored as a LOB. Some are empty, which is not NULL.
  LobContent make_lob(const ColumnKind& kind, Random& random) const;
  // The value as a column of the kind holds it whose table has this key.
  static Value encrypted(const ColumnKind& kind, const oracle::TdeKey& key, Value value, Random& random);
  // The number `n` as NUMBER.
  static Value number(std::uint64_t n);

 private:
  Value text(const ColumnKind& kind, Random& random, std::uint32_t longest) const;
  LobContent characters(const ColumnKind& kind, Random& random, std::size_t size) const;

  const oracle::Charset& charset_;
  const oracle::Charset& national_;
};

// `text` as a JSON string.
std::string json_string(std::string_view text);

}  // namespace redoubt::simulate
