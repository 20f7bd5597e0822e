#include "redo/row_piece.h"

#include <gtest/gtest.h>

#include <random>

#include "redo/direct_block.h"
#include "redo/record_builder.h"

namespace redoubt::redo {
namespace {

// The fields of one vector.
class Fields {
 public:
  explicit Fields(const std::vector<ByteString>& fields, ByteOrder order = ByteOrder::kLittle)
      : builder_(kVersion23, order) {
    builder_.begin(1, 1, 1);
    builder_.vector({});
    for (const ByteString& f : fields) builder_.field(f);
    const Bytes record = builder_.finish();
    parse_vector(record.subspan(kRecordHeaderSize), 32, order, vector_);
  }
  FieldCursor cursor() const { return vector_.fields(); }

 private:
  RecordBuilder builder_;
  Vector vector_;
};

ByteString text(std::string_view s) { return {s.begin(), s.end()}; }

std::string shown(const std::vector<PieceColumn>& columns) {
  std::string s;
  for (const PieceColumn& c : columns) {
    s += std::to_string(c.position) + "=";
    s += c.null ? "NULL" : as_text(c.value);
    s += " ";
  }
  return s;
}

const ByteString kNoNulls(32, 0);

// `nulls` must outlive the result.
Kdo insert(std::uint8_t columns, const ByteString& nulls) {
  Kdo k;
  k.op = static_cast<std::uint8_t>(RowOp::kInsert);
  k.fb = 0x2C;
  k.cc = columns;
  k.nulls = nulls;
  return k;
}

TEST(RowPiece, NullsHaveEmptyFieldsOrNone) {
  const ByteString nulls{0b1010};  // columns 1 and 3 of 4
  std::vector<PieceColumn> columns;
  const Fields all({text("a"), {}, text("c"), {}});
  FieldCursor c = all.cursor();
  EXPECT_EQ(read_piece(insert(4, nulls), c, ByteOrder::kLittle, columns).form, PieceForm::kColumns);
  EXPECT_EQ(shown(columns), "0=a 1=NULL 2=c 3=NULL ");
  EXPECT_TRUE(c.empty());

  columns.clear();
  const Fields trailing({text("a"), {}, text("c")});  // the trailing null has no field
  c = trailing.cursor();
  read_piece(insert(4, nulls), c, ByteOrder::kLittle, columns);
  EXPECT_EQ(shown(columns), "0=a 1=NULL 2=c 3=NULL ");

  columns.clear();
  const Fields short_by_one({text("a"), {}});
  c = short_by_one.cursor();
  EXPECT_THROW(read_piece(insert(4, nulls), c, ByteOrder::kLittle, columns), Malformed);
}

TEST(RowPiece, WholePieceOfLiteralsIsRead) {
  Kdo k = insert(2, kNoNulls);
  const ByteString piece = from_hex("2c0002 cb616263 fa0300646566");
  k.size = static_cast<std::uint16_t>(piece.size());
  const Fields fields({piece});
  FieldCursor c = fields.cursor();
  std::vector<PieceColumn> columns;
  EXPECT_EQ(read_piece(k, c, ByteOrder::kLittle, columns).form, PieceForm::kCompressed);
  EXPECT_EQ(shown(columns), "0=abc 1=def ");
}

// A code that refers to the block's symbol table makes the whole piece opaque: no column of it is told.
TEST(RowPiece, WholePieceWithSymbolsIsOpaque) {
  for (const char* hex : {"2c0002 cb616263 05", "2c0002 cb616263 cb6162", "2c0002 cb616263 cb646566 00"}) {
    Kdo k = insert(2, kNoNulls);
    const ByteString piece = from_hex(hex);
    k.size = static_cast<std::uint16_t>(piece.size());
    const Fields fields({piece});
    FieldCursor c = fields.cursor();
    std::vector<PieceColumn> columns;
    EXPECT_EQ(read_piece(k, c, ByteOrder::kLittle, columns).form, PieceForm::kOpaque) << hex;
    EXPECT_TRUE(columns.empty());
  }
}

TEST(RowPiece, WholePieceOfAClusterIsInRowFormat) {
  Kdo k = insert(2, kNoNulls);
  k.fb = 0x6C;
  const ByteString piece = from_hex("6c0002 0161 ff");
  k.size = static_cast<std::uint16_t>(piece.size());
  const Fields fields({piece});
  FieldCursor c = fields.cursor();
  std::vector<PieceColumn> columns;
  EXPECT_EQ(read_piece(k, c, ByteOrder::kLittle, columns).form, PieceForm::kWhole);
  EXPECT_EQ(shown(columns), "0=a 1=NULL ");
}

Kdo update(std::uint8_t changed, const ByteString& nulls) {
  Kdo k;
  k.op = static_cast<std::uint8_t>(RowOp::kUpdate);
  k.nnew = changed;
  k.nulls = nulls;
  return k;
}

TEST(RowPiece, UpdateByListAndPacked) {
  const ByteString& nulls = kNoNulls;
  std::vector<PieceColumn> columns;
  const Fields list({from_hex("07000200"), text("x"), text("y")});
  FieldCursor c = list.cursor();
  EXPECT_EQ(read_piece(update(2, nulls), c, ByteOrder::kLittle, columns).first, 7);
  EXPECT_EQ(shown(columns), "7=x 2=y ");

  columns.clear();
  Kdo packed = update(2, nulls);
  packed.flags |= kKdoPacked;
  const Fields values({from_hex("0700ffff"), from_hex("0178 0179")});
  c = values.cursor();
  read_piece(packed, c, ByteOrder::kLittle, columns);
  EXPECT_EQ(shown(columns), "7=x 8=y ");

  // Trailing columns set to NULL: nothing is changed by name, the list has one word all the same.
  columns.clear();
  const Fields none({from_hex("b800"), {}});
  c = none.cursor();
  EXPECT_EQ(read_piece(update(0, kNoNulls), c, ByteOrder::kLittle, columns).first, 0xB8);
  EXPECT_TRUE(columns.empty());
}

TEST(RowPiece, DependencyScnIsPassedOver) {
  Kdo k = insert(1, kNoNulls);
  k.op |= kKdoRowDependencies;
  const Fields fields({text("a"), from_hex("0011223344556677"), text("behind")});
  FieldCursor c = fields.cursor();
  std::vector<PieceColumn> columns;
  read_piece(k, c, ByteOrder::kLittle, columns);
  EXPECT_EQ(as_text(c.next()), "behind");
}

TEST(RowPiece, RowFormatRoundTrips) {
  std::mt19937_64 random(5);
  for (const ByteOrder order : {ByteOrder::kLittle, ByteOrder::kBig}) {
    for (int i = 0; i < 300; ++i) {
      std::vector<ByteString> values(random() % 20);
      std::vector<std::uint8_t> bytes;
      for (ByteString& v : values) {
        const std::size_t sizes[] = {0, 1, 249, 250, 251, 252, random() % 5000};
        v.assign(sizes[random() % 7], static_cast<std::uint8_t>(random()));
        append_row_format(bytes, {0, v.empty(), v}, order);
      }
      std::vector<PieceColumn> columns;
      read_row_format(bytes, static_cast<unsigned>(values.size()), 3, order, columns);
      ASSERT_EQ(columns.size(), values.size());
      for (std::size_t n = 0; n < values.size(); ++n) {
        EXPECT_EQ(columns[n].position, n + 3);
        EXPECT_EQ(columns[n].null, values[n].empty());
        EXPECT_EQ(ByteString(columns[n].value.begin(), columns[n].value.end()), values[n]);
      }
      if (!bytes.empty()) {
        bytes.pop_back();
        EXPECT_THROW(read_row_format(bytes, static_cast<unsigned>(values.size()), 0, order, columns), Malformed);
      }
    }
  }
}

// A block with a whole row, a free slot, a deleted row and a migrated row's stub.
TEST(DirectBlock, RowsAreFoundInTheirSlots) {
  DirectBlock b;
  b.data_obj = 7;
  b.bdba = 0x0600000E;
  b.itl.resize(2);
  b.tables = {{0, 4}};
  const std::size_t at = 14 + 4 + 2 * 4;
  const ByteString rows = from_hex(
      "2c0102 0161 ff"
      "3c0101 0162"
      "200000 0e000006 0500");
  b.rows = rows;
  b.row_offsets = {static_cast<std::uint16_t>(at), 2, static_cast<std::uint16_t>(at + 6),
                   static_cast<std::uint16_t>(at + 11)};
  const auto bytes = encode(b, 24 + 48 + at + rows.size(), ByteOrder::kLittle);
  const DirectBlock back = decode<DirectBlock>(bytes, ByteOrder::kLittle);
  std::string seen;
  for_each_piece(back, ByteOrder::kLittle, [&](const StoredPiece& piece, const std::vector<PieceColumn>& columns) {
    seen += std::to_string(piece.slot) + ": " + shown(columns);
    if (piece.slot == 3) {
      EXPECT_EQ(piece.next, (RowAddress{0x0600000E, 5}));
    }
  });
  EXPECT_EQ(seen, "0: 0=a 1=NULL 3: ");

  DirectBlock cut = back;
  cut.row_offsets[0] = static_cast<std::uint16_t>(at + rows.size());
  EXPECT_THROW(for_each_piece(cut, ByteOrder::kLittle, [](const StoredPiece&, const std::vector<PieceColumn>&) {}),
               Malformed);
}

}  // namespace
}  // namespace redoubt::redo
