// The keys of encrypted columns, given in a file: all encrypted columns of a table share one.
//
//   {"tables":[
//     {"table":"APP.CARDS","key":"1b3eb88e...","algorithm":"AES256","integrity":"SHA-1"},
//     {"object":72001,"container":3,"key":"cc5d432f..."}]}
//
//   table or object   OWNER.TABLE in the dictionary's case, or the table's object number
//   container         its container; absent: any
//   key               the column key itself, in hexadecimal: not the master key, nor as ENC$.COLKLC has it
//   algorithm         3DES168, AES128, AES192, AES256 (ENC$.ENCALG 1 to 4); absent: the AES of the key's length
//   integrity         SHA-1, NOMAC (ENC$.INTALG 1, 2); absent: SHA-1, Oracle's default
//
// No message ever has a key or a part of one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oracle/dictionary.h"
#include "oracle/tde.h"

namespace redoubt::oracle {

class TdeKeys {
 public:
  struct Entry {
    std::string table;      // OWNER.TABLE, or empty
    std::uint32_t obj = 0;  // the other way to name it
    std::optional<std::uint16_t> con_id;
    TdeKey key;
  };

  // Throws Error(kUsage) that names file and entry for what does not follow the layout, for a key that does not fit its
  // algorithm and for a table named twice; Error(kOperation) when the file cannot be read.
  static TdeKeys load(const std::filesystem::path& path);
  static TdeKeys parse(std::string_view text, std::string_view place);

  // The key of a table; one that names the container goes before one that does not. Null: none is given.
  const TdeKey* find(const Table& table) const;

  // What an operator should know, in sentences: others may read the file; it has a name that the dictionary does not
  // have.
  std::vector<std::string> warnings(const Dictionary& dictionary) const;

 private:
  std::string place_;
  bool exposed_ = false;  // others than the owner may read the file
  std::vector<Entry> entries_;
};

// The file's text for these entries.
std::string tde_keys_json(const std::vector<TdeKeys::Entry>& entries);

}  // namespace redoubt::oracle
