// One redo record: vectors, every decoder, the bytes again from what was decoded, the dump.
//
//   byte 0: 1 big-endian, 2 24-byte vector headers, 4 before 12.2      then the record; its length is set to fit
#include <array>

#include "redo/dump.h"
#include "redo/marker.h"
#include "redo/row_piece.h"
#include "redo/session.h"
#include "redo/transcode.h"

using namespace redoubt;
using namespace redoubt::redo;

namespace {

// What capture reads, beside the fields one by one.
void read_rows(const Vector& v, bool wide_scn) {
  FieldCursor fields = v.fields();
  for (int i = 0, n = v.op == kUndo ? 3 : 1; i < n && !fields.empty(); ++i) fields.next();
  if (fields.empty()) return;
  const Kdo kdo = decode<Kdo>(fields.next(), v.order);
  std::vector<PieceColumn> columns;
  if (kdo.row_op() == RowOp::kInsertMany) {
    for (const PackedRow& row : read_packed_rows(kdo, fields, wide_scn, v.order))
      read_row_format(row.columns, row.cc, 0, v.order, columns);
  } else if (kdo.row_op() == RowOp::kInsert || kdo.row_op() == RowOp::kOverwrite || kdo.row_op() == RowOp::kUpdate) {
    read_piece(kdo, fields, v.order, columns);
  }
}

template <class Read>
void tolerate(Read&& read) {
  try {
    read();
  } catch (const Malformed&) {
  }
}

void read_vector(const Vector& v, bool wide_scn) {
  if (v.op == kUndo || layer_of(v.op) == 11) tolerate([&] { read_rows(v, wide_scn); });
  if (v.op == kSession || v.op == kSessionContinued) tolerate([&] { read_session(v); });
  if (v.op == kDdl) tolerate([&] { read_ddl(v); });
  if (v.op == kXmlMarker) tolerate([&] { read_xml_marker(v); });
  if (v.op == kEndTransaction) tolerate([&] { transaction_end(v); });
  if (layer_of(v.op) == 10) {
    std::vector<PieceColumn> columns;
    tolerate([&] { read_index_key(v.field(3), v.order, columns); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 + kRecordHeaderSize) return 0;
  const ByteOrder order = (data[0] & 1) != 0 ? ByteOrder::kBig : ByteOrder::kLittle;
  LogHeaders headers;
  headers.order = order;
  headers.redo.version = (data[0] & 2) != 0 ? 0x0B200400 : (data[0] & 4) != 0 ? kVersion12_1 : kVersion23;
  const std::uint32_t vector_header = vector_header_size(headers.redo.version);
  std::vector<std::uint8_t> bytes(data + 1, data + size);
  store(bytes.data(), static_cast<std::uint32_t>(bytes.size()), order);
  try {
    const Record record = parse_record(bytes, order, {});
    const DecodedRecord decoded = decode_record(record, vector_header, order);
    Coverage coverage;
    if (encode_record(decoded, record.bytes, vector_header, order, coverage) != bytes) __builtin_trap();

    std::vector<Vector> vectors;
    parse_vectors(record, vector_header, order, vectors);
    for (const Vector& v : vectors) read_vector(v, headers.redo.version >= kVersion12_2);
    fmt::memory_buffer text;
    LogDump(headers, text).record(record, 0);
  } catch (const Malformed&) {
  }
  return 0;
}
