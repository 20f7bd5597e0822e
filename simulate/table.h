// The simulated tables: columns, rows and where the rows lie. A row is one piece in one block, or a chain of pieces.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redo/kdo.h"
#include "simulate/value_source.h"

namespace redoubt::simulate {

using oracle::Dba;
using redo::RowAddress;

// Which columns an update or delete carries besides those it must.
enum class Supplemental : std::uint8_t { kMinimal, kPrimaryKey, kAll };

// What vectors say of the object that a block belongs to.
struct ObjectIds {
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  std::uint32_t tablespace = 6;
  std::uint32_t file = 24;  // relative file number
};

// Blocks of a table, of a partition of one, or of an index or LOB of one.
class Segment : public ObjectIds {
 public:
  std::uint32_t header_dba() const { return file << 22 | (first_block_ - 2); }
  // Room for a piece of `bytes`: the block in use, or the next one.
  RowAddress place(std::uint32_t bytes) {
    if (used_ + bytes + 2 > kBlockBytes || slot_ >= 400) next_block();
    used_ += bytes + 2;
    return {dba(), slot_++};
  }
  // The block in use.
  Dba dba() const { return file << 22 | (first_block_ + block_); }
  void next_block() {
    ++block_;
    slot_ = 0;
    used_ = 0;
  }
  void start_at(std::uint32_t block) { first_block_ = block; }

  static constexpr std::uint32_t kBlockBytes = 7900;

 private:
  std::uint32_t first_block_ = 16;
  std::uint32_t block_ = 0;
  std::uint16_t slot_ = 0;
  std::uint32_t used_ = 0;
};

// Where the values of a LOB column lie that are too long for the row, and how.
struct LobStorage {
  enum class Kind : std::uint8_t { kSecureFile, kBasicFile, kBasicFileOutside };  // the last: DISABLE STORAGE IN ROW
  Kind kind = Kind::kSecureFile;
  Segment pages;
  Segment index;  // BasicFile: page number -> block
  std::uint64_t last_id = 0;
};

struct SimulatedColumn {
  std::string name;
  ColumnKind kind;
  bool nullable = true;
  bool hidden = false;  // SET UNUSED: still stored
  std::optional<LobStorage> lob = {};

  // May it be logged besides the columns of a change?
  bool supplemental() const { return !hidden && !lob && kind.type != oracle::TypeCode::kLong; }
};

// A part of a row as stored: columns first .. first + count - 1. A value may go on in the next piece: then `cut` bytes
// of the piece's last column are in this one, and the next piece begins with the rest.
struct RowPiece {
  RowAddress address;
  std::uint16_t first = 0;
  std::uint16_t count = 0;
  std::uint32_t skip = 0;  // bytes of the first column that earlier pieces hold
  std::uint32_t cut = 0;   // bytes of the last column up to the end of this piece; 0 = all of it
};

struct Row {
  std::vector<Value> values;
  std::vector<RowPiece> pieces;  // head first
  RowAddress head;               // where the ROWID points: the head piece, or the stub of a migrated row
  bool migrated = false;         // the head is a stub, pieces[0] lies elsewhere
  std::uint16_t segment = 0;     // of the table's segments
  RowAddress index_entry;        // in the table's index, if it has one
};

// Things whose addresses stay. A copy has copies of them.
template <class T>
class Owned : public std::vector<std::unique_ptr<T>> {
 public:
  Owned() = default;
  Owned(const Owned& from) : std::vector<std::unique_ptr<T>>() {
    for (const auto& one : from) this->push_back(std::make_unique<T>(*one));
  }
  Owned(Owned&&) noexcept = default;
  Owned& operator=(Owned&&) noexcept = default;
};

// A row of the model with who holds it.
struct Held {
  Row row;
  const void* by = nullptr;  // the transaction that changed it, null when committed
  bool gone = false;         // deleted by that transaction
  bool fresh = false;        // inserted by it
};

struct SimulatedTable {
  std::uint32_t obj = 0;
  std::string owner, name;
  std::vector<SimulatedColumn> columns;
  Supplemental supplemental = Supplemental::kAll;
  bool row_dependencies = false;  // every row says the SCN of its last change
  bool partitioned = false;
  std::optional<oracle::TdeKey> key = {};  // of its encrypted columns
  std::vector<Segment> segments;           // one, or one for each partition

  std::uint16_t cluster_columns = 0;   // leading columns that are the key of the table's cluster: not in its row pieces
  std::uint8_t cluster_table = 0;      // number of the table in its cluster
  std::optional<Segment> index;        // of the primary key
  std::vector<std::uint16_t> iot_key;  // index-organized: the columns of the key, in its order
  Owned<Held> rows;

  bool index_organized() const { return !iot_key.empty(); }
  bool in_iot_key(std::uint16_t c) const { return std::find(iot_key.begin(), iot_key.end(), c) != iot_key.end(); }

  const Segment& segment_of(const Row& row) const { return segments[row.segment]; }
};

}  // namespace redoubt::simulate
