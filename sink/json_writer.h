// Committed transactions, whole or in parts, as JSON lines: one line per begin, DDL statement, row and commit.
//
//   {"scns":"0x0000000000229a3c","tms":"1772847880","c_scn":2267707,"c_idx":1,"xid":"10.12.572","commit_scn":2267708,
//    "begin_scn":2267707,"thread":1,"con_id":3,"payload":[{"op":"begin"}]}
//   {"c_scn":2267707,"c_idx":15,"xid":"10.12.572","payload":[{"op":"c","schema":{"owner":"OLR_TEST","table":"TEST_CDC"},
//    "rid":"AAARwWAAYAAAAAOAAA","after":{"ID":1,"NAME":"hello world"}}]}
//   {"c_scn":2267707,"c_idx":17,"xid":"10.12.572","commit_scn":2267708,"payload":[{"op":"commit"}]}
//
// A DDL statement is {"op":"ddl","schema":{"owner":...,"table":...,"obj":...},"sql":...}; "cut":true when a part of its
// text is missing.
//
// Positions: c_scn is the commit SCN minus one; c_idx counts begins, statements, row changes and commits of that SCN
// from 1, and counts what is not told, too: a line has the same position whatever else is left out, and after a
// restart. The pairs ascend strictly. What cannot be told as a value is an object with one key that begins with $:
// {"$unavailable":...}, {"$suspect":hex}, {"$undecodable":...}; a row that is not certain has "suspect":true, so has
// the begin of a transaction that may lack something. Of a transaction in parts that is known at the end only: its
// commit has it then.
#pragma once

#include <array>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/text_buffer.h"
#include "change/row_change.h"

namespace redoubt::sink {

class JsonWriter {
 public:
  explicit JsonWriter(const oracle::DatabaseFacts& facts) : facts_(facts) {}

  // Names of tables and columns that are kept from batch to batch; with more, all are made again.
  static constexpr std::size_t kNamesMax = 1U << 17;

  // Appends the lines of all transactions of the batch.
  void write(const change::Batch& batch, TextBuffer& out);
  std::size_t names_kept() const { return names_; }

 private:
  // Text of a table that does not change from row to row.
  struct Fragments {
    std::string row;                   // ,"payload":[{"op":"c","schema":{...},"rid":"
    std::vector<std::string> columns;  // "NAME":
  };

  // A text of at most kSize chars that is written over and over. Copied at full size: room for kSize must be there.
  class ShortText {
   public:
    static constexpr std::size_t kSize = 64;
    char* begin() { return text_.data(); }
    void end(const char* end) { size_ = static_cast<std::size_t>(end - text_.data()); }
    char* write(char* to) const {
      std::memcpy(to, text_.data(), kSize);
      return to + size_;
    }

   private:
    std::array<char, kSize> text_{};
    std::size_t size_ = 0;
  };

  char* begin_line(std::uint64_t index, TextBuffer& out) const;
  void write_begin(const change::Transaction& t, TextBuffer& out) const;
  void write_ddl(const change::Ddl& ddl, TextBuffer& out);
  void write_row(const change::Batch& batch, const change::RowChange& row, TextBuffer& out);
  void write_cells(const change::RowChange& row, const Fragments& fragments, const change::Cell* cells,
                   std::size_t count, TextBuffer& out);
  const Fragments& fragments(const oracle::Table& table);
  void forget_fragments();

  oracle::DatabaseFacts facts_;
  std::unordered_map<std::uint64_t, Fragments> fragments_;  // by Table::serial
  std::size_t names_ = 0;                                   // in fragments_
  std::uint64_t last_serial_ = 0;
  const Fragments* last_fragments_ = nullptr;
  ShortText head_, tail_, commit_;  // of the lines of the transaction in work
};

}  // namespace redoubt::sink
