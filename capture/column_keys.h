// Values of encrypted columns, with the keys at hand; which of them may be believed.
//
// A wrong key must not give a wrong value. Where a value has a MAC that is known to fit, it proves the key by itself.
// Else there is only the padding, right by chance once in 256 for a single byte: then a key is believed once values in
// a row that it has opened have kProofWanted bytes of padding together. Those of one transaction prove the key for
// one another; what earlier ones had is not told.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "capture/chunk.h"
#include "change/row_change.h"
#include "oracle/tde_keys.h"

namespace redoubt::capture {

class ColumnKeys {
 public:
  using Warn = std::function<void(oracle::Rba, const std::string&)>;

  explicit ColumnKeys(oracle::TdeKeys keys) : keys_(std::move(keys)) {}

  // The rows of a transaction, from `first_row` to the end of the batch: puts the values of encrypted columns in the
  // place of their ciphertext, in `memory`, or makes them unavailable. `warn` is called with a sentence where it does,
  // once per table. LOBs are left alone.
  void decrypt(change::Batch& batch, std::size_t first_row, ChunkList& memory, const Warn& warn);

  static bool encrypted(const oracle::Column& column) {
    return (column.property & oracle::column_property::kEncrypted) != 0;
  }

  // How far the values so far have proved the key of each table (container, object): what the next value may rely on.
  // Kept over a restart, for the values are not read again.
  using Proofs = std::map<std::pair<std::uint16_t, std::uint32_t>, unsigned>;
  Proofs proofs() const;
  void set_proofs(const Proofs& proofs) { known_proofs_ = proofs; }

 private:
  static constexpr unsigned kProofWanted = 4;

  struct TableKey {
    const oracle::TdeKey* key = nullptr;
    unsigned proof = 0;  // bytes of it by the values opened since the last that would not open
    bool warned = false;
  };

  TableKey& key_of(const oracle::Table& table);
  // Whether the key opens the ciphertext of `cell`; `plain` has the value then. Keeps the proof.
  static bool open(const oracle::Column& column, TableKey& key, const change::Cell& cell, ByteString& plain);

  oracle::TdeKeys keys_;
  Proofs known_proofs_;                                 // of tables that have not been met since the restart
  std::unordered_map<std::uint64_t, TableKey> tables_;  // by container and object number
};

}  // namespace redoubt::capture
