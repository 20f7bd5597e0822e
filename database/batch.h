// Rows by column: what a connection reads into and writes from. A column has per row one byte that says how the value
// is stored, and one word that is the value or says where its bytes are:
//
//     storage   kInteger   kText        kNull   kBytes
//     words     42         offset|size  -       offset|size      (offset in the low half)
//     bytes                ....abc.......ff00...
//
// The type of a column is what the engine declares; the storage of a value is what is really there. They differ in
// SQLite, where a column declared INTEGER may hold a text, and nowhere else: storage_of(type) is what to expect.
// Nothing allocates per value; clear() keeps all memory.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_buffer.h"
#include "database/value.h"

namespace redoubt::database {

enum class Type : std::uint8_t {
  kInteger,      // up to 64 bits, signed
  kDecimal,      // text: digits, sign and point as the engine has them, NaN, Infinity
  kFloat,        // 4 IEEE bytes, kept as double
  kDouble,       // 8 IEEE bytes
  kBoolean,      // integer 0 or 1
  kDate,         // DateTime; Oracle's DATE has a time and is kTimestamp
  kTimestamp,    // DateTime without zone
  kTimestampTz,  // DateTime in UTC
  kInterval,     // Interval; also a time of day, and MariaDB's TIME
  kText,         // UTF-8
  kBytes,
  kUuid,   // 16 bytes
  kJson,   // text
  kOther,  // the engine's text form of a type that is none of these
};

enum class Storage : std::uint8_t { kNull, kInteger, kDouble, kText, kBytes, kDateTime, kInterval };

constexpr Storage storage_of(Type type) {
  switch (type) {
    case Type::kInteger:
    case Type::kBoolean: return Storage::kInteger;
    case Type::kFloat:
    case Type::kDouble: return Storage::kDouble;
    case Type::kDate:
    case Type::kTimestamp:
    case Type::kTimestampTz: return Storage::kDateTime;
    case Type::kInterval: return Storage::kInterval;
    case Type::kBytes:
    case Type::kUuid: return Storage::kBytes;
    case Type::kDecimal:
    case Type::kText:
    case Type::kJson:
    case Type::kOther: return Storage::kText;
  }
  return Storage::kText;
}

std::string_view name_of(Type type);

struct ColumnInfo {
  std::string name;
  Type type = Type::kText;
  std::string native;    // as the engine writes it: numeric(10,2), VARCHAR(30)
  int scale = -1;        // digits behind the point, or of the second; -1 = not said
  std::size_t size = 0;  // of texts and bytes, 0 = no limit known
};

// One column of a batch. Rows are added in order; reading one that was not added is a programmer's error.
class Column {
 public:
  explicit Column(std::size_t rows) : storage_(rows), words_(rows) {}

  void add_null() { add(Storage::kNull, 0); }
  void add_integer(std::int64_t value) { add(Storage::kInteger, static_cast<std::uint64_t>(value)); }
  void add_double(double value) {
    std::uint64_t word;
    std::memcpy(&word, &value, 8);
    add(Storage::kDouble, word);
  }
  void add_text(std::string_view value) { add_bytes(Storage::kText, value.data(), value.size()); }
  void add_bytes(std::string_view value) { add_bytes(Storage::kBytes, value.data(), value.size()); }
  void add_time(const DateTime& value) { add_bytes(Storage::kDateTime, &value, sizeof value); }
  void add_interval(const Interval& value) { add_bytes(Storage::kInterval, &value, sizeof value); }
  // Room for a text or bytes of at most `size`, to be written there and ended by add_written.
  char* room(std::size_t size) { return bytes_.room(size); }
  void add_written(Storage storage, char* end) {
    const std::size_t start = bytes_.size();
    bytes_.used(end);
    add(storage, start | (bytes_.size() - start) << 32);
  }
  // Copies a value of another column.
  void add_from(const Column& other, std::size_t row);

  std::size_t rows() const { return count_; }
  std::size_t byte_count() const { return bytes_.size(); }
  Storage storage(std::size_t row) const { return storage_[row]; }
  bool is_null(std::size_t row) const { return storage_[row] == Storage::kNull; }
  std::int64_t integer(std::size_t row) const { return static_cast<std::int64_t>(words_[row]); }
  double real(std::size_t row) const {
    double value;
    std::memcpy(&value, &words_[row], 8);
    return value;
  }
  // Of texts and bytes: valid until the batch is cleared or grows.
  std::string_view text(std::size_t row) const {
    return bytes_.view().substr(words_[row] & 0xFFFFFFFF, words_[row] >> 32);
  }
  DateTime time(std::size_t row) const { return fixed<DateTime>(row); }
  Interval interval(std::size_t row) const { return fixed<Interval>(row); }

  void clear() {
    count_ = 0;
    bytes_.clear();
  }

 private:
  void add(Storage storage, std::uint64_t word) {
    REDOUBT_ASSERT(count_ < storage_.size());
    storage_[count_] = storage;
    words_[count_++] = word;
  }
  void add_bytes(Storage storage, const void* data, std::size_t size) {
    const std::size_t start = bytes_.size();
    bytes_.append({static_cast<const char*>(data), size});
    add(storage, start | size << 32);
  }
  template <class T>
  T fixed(std::size_t row) const {
    T value;
    std::memcpy(&value, text(row).data(), sizeof value);
    return value;
  }

  std::size_t count_ = 0;
  std::vector<Storage> storage_;
  std::vector<std::uint64_t> words_;
  TextBuffer bytes_;
};

class Batch {
 public:
  static constexpr std::size_t kRows = 1024;          // enough to spread the cost of a call, few enough for the cache
  static constexpr std::size_t kMaxBytes = 4U << 20;  // of one column: a batch ends early behind it
  static constexpr std::size_t kMaxValue = 1U << 30;  // of one value; engines agree on 1 GiB at most

  explicit Batch(std::size_t columns, std::size_t rows = kRows);

  std::size_t rows() const { return columns_.empty() ? 0 : columns_.back().rows(); }
  std::size_t row_limit() const { return row_limit_; }
  // Has it as many rows or bytes as it should?
  bool full() const;
  std::size_t width() const { return columns_.size(); }
  Column& operator[](std::size_t column) { return columns_[column]; }
  const Column& operator[](std::size_t column) const { return columns_[column]; }
  void clear() {
    for (Column& column : columns_) column.clear();
  }

 private:
  std::size_t row_limit_;
  std::vector<Column> columns_;
};

// A batch of one row, for statements with a few parameters: row(7, "x", nullptr).
inline void add(Column& column, std::nullptr_t) { column.add_null(); }
inline void add(Column& column, bool value) { column.add_integer(value); }
inline void add(Column& column, double value) { column.add_double(value); }
inline void add(Column& column, std::string_view value) { column.add_text(value); }
inline void add(Column& column, const std::string& value) { column.add_text(value); }
inline void add(Column& column, const char* value) { column.add_text(value); }
inline void add(Column& column, const DateTime& value) { column.add_time(value); }
inline void add(Column& column, const Interval& value) { column.add_interval(value); }
template <class Int>
  requires std::is_integral_v<Int>
void add(Column& column, Int value) {
  column.add_integer(static_cast<std::int64_t>(value));
}
template <class T>
void add(Column& column, const std::optional<T>& value) {
  value ? add(column, *value) : column.add_null();
}
template <class... Values>
Batch row(const Values&... values) {
  Batch batch(sizeof...(values), 1);
  std::size_t column = 0;
  (add(batch[column++], values), ...);
  return batch;
}

}  // namespace redoubt::database
