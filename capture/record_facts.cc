#include "capture/record_facts.h"

#include <fmt/format.h>

#include "redo/direct_block.h"
#include "redo/header.h"
#include "redo/lob.h"
#include "redo/record.h"

namespace redoubt::capture {
namespace {

using redo::Kdo;
using redo::RowOp;
using redo::Vector;

constexpr std::uint8_t kLobWrite = 1;  // types of 11.17
constexpr std::uint8_t kLobEnd = 3;

std::string op_fact(redo::Opcode op) { return fmt::format("{}.{}", redo::layer_of(op), redo::code_of(op)); }
std::string dba_fact(oracle::Dba dba) { return fmt::format("0x{:08x}", dba); }
std::string address_fact(redo::RowAddress a) { return fmt::format("0x{:08x}.{:x}", a.dba, a.slot); }

std::string_view row_op_name(RowOp op) {
  switch (op) {
    case RowOp::kInsert: return "IRP";
    case RowOp::kDelete: return "DRP";
    case RowOp::kLock: return "LKR";
    case RowOp::kUpdate: return "URP";
    case RowOp::kOverwrite: return "ORP";
    case RowOp::kForward: return "CFA";
    case RowOp::kInsertMany: return "QMI";
    case RowOp::kDeleteMany: return "QMD";
    case RowOp::kLogminer: return "LMN";
    case RowOp::kCompare: return "CMP";
    default: return "?";
  }
}

// 11.16 has no row flags; the sets state the top byte of its segment header's DBA, which lies where others have them.
std::uint8_t stated_flags(const Kdo& kdo) {
  return kdo.row_op() == RowOp::kLogminer ? static_cast<std::uint8_t>(kdo.hdba >> 24) : kdo.fb;
}

bool compressed(const redo::Piece& piece) { return piece.form != redo::PieceForm::kColumns; }

Json header_facts(const redo::Record& record, ByteOrder order) {
  const auto header = redo::decode<redo::RecordHeader>(record.bytes, order);
  Json j{{"length", header.length},     {"vld", fmt::format("0x{:02x}", header.vld)},
         {"scn", scn_fact(header.scn)}, {"subscn", header.sub_scn},
         {"con_uid", header.con_uid},   {"header_bytes", record.header_size()}};
  if (record.header_size() == redo::kLwnRecordHeaderSize) {
    const auto lwn = redo::decode<redo::LwnHeader>(record.bytes, order);
    j["timestamp_raw"] = fmt::format("0x{:08x}", lwn.time);
    j["timestamp"] = redo::to_text(redo::redo_time(lwn.time));
  }
  return j;
}

Json vector_facts(const Vector& v, std::size_t number, std::size_t offset) {
  const redo::VectorHeader h = v.header();
  Json lengths = Json::array();
  for (redo::FieldCursor fields = v.fields(); !fields.empty();) lengths.push_back(fields.next().size());
  return {{"n", number},
          {"op", op_fact(v.op)},
          {"cls", h.cls},
          {"afn", h.afn},
          {"dba", dba_fact(h.dba)},
          {"obj", h.obj()},
          {"scn", fmt::format("0x{:016x}", h.scn.value)},
          {"seq", h.seq},
          {"con_id", h.con_id},
          {"offset", offset},
          {"element_lengths", lengths}};
}

Json columns_by_index(const Vector& v, const redo::RowVector& row) {
  Json j = Json::object();
  for (const redo::PieceColumn& c : row.columns) j[std::to_string(c.position)] = value_fact(c.null, c.value);
  // An update of no column still has a list of one, and an empty field.
  if (row.kdo.nnew == 0) j[std::to_string(load_u16(v.field(v.op == redo::kUndo ? 5 : 3).data(), v.order))] = "";
  return j;
}

Json row_change_facts(const Vector& v, const redo::RowVector& row) {
  const Kdo& kdo = row.kdo;
  Json j{{"code", fmt::format("11.{}", kdo.op & 0x1F)},
         {"name", row_op_name(kdo.row_op())},
         {"block_dba", dba_fact(kdo.bdba)},
         {"segment_header_dba", dba_fact(kdo.hdba)},
         {"itl", kdo.itli},
         {"xtype", fmt::format("0x{:02x}", kdo.flags)},
         {"row_flags", flags_fact(stated_flags(kdo))},
         {"slot", kdo.slot},
         {"table_index", kdo.tabn}};
  switch (kdo.row_op()) {
    case RowOp::kInsert:
    case RowOp::kOverwrite: {
      j["column_count"] = kdo.cc;
      if (kdo.has_head_link()) j["head_row_piece"] = address_fact(kdo.hrid);
      if (kdo.has_next_link()) j["next_row_piece"] = address_fact(kdo.nrid);
      Json columns = Json::array();
      for (const redo::PieceColumn& c : row.columns) columns.push_back(value_fact(c.null, c.value));
      j["columns"] = columns;
      j["row_is_compressed"] = compressed(row.piece);
      break;
    }
    case RowOp::kUpdate:
      j["row_piece_column_count"] = kdo.cc;
      j["changed_column_count"] = kdo.nnew;
      j["size_delta"] = static_cast<std::int16_t>(kdo.size);
      j["columns_by_piece_index"] = columns_by_index(v, row);
      break;
    case RowOp::kForward: j["next_row_piece"] = address_fact(kdo.nrid); break;
    default: break;
  }
  return j;
}

Json supplemental_facts(const Vector& v, const redo::SupplementalBlock& block, std::uint32_t data_obj) {
  const redo::SupplementalHeader& h = block.header;
  Json j{{"operation", operation_fact(h.kind)},
         {"row_flags", flags_fact(h.fb)},
         {"first_column_undo", h.before},
         {"first_column_redo", h.after},
         {"non_null_count", h.columns},
         {"element_index", block.field},
         {"rowid", to_text(oracle::RowId{data_obj, h.head.dba, h.head.slot})}};
  Json columns = Json::object();
  for (const redo::PieceColumn& c : block.columns)
    columns[std::to_string(c.position + 1)] = value_fact(c.null, c.value);
  // Fields behind a block without columns mean nothing; the sets state the column they name as null.
  if (h.columns == 0 && block.field + 1U < v.field_count) {
    const Bytes number = v.field(block.field + 2U);
    if (number.size() == 2) columns[std::to_string(load_u16(number.data(), v.order))] = nullptr;
  }
  j["columns"] = columns;
  return j;
}

Json undo_facts(const Vector& v, RecordFacts& out) {
  const auto ktudb = redo::decode<redo::Ktudb>(v.field(1), v.order);
  const auto ktub = redo::decode<redo::Ktub>(v.field(2), v.order);
  out.obj = ktub.obj;
  out.data_obj = ktub.data_obj;
  return {{"xid", xid_fact(ktudb.xid)},      {"undo_seq", ktudb.seq},
          {"undo_rec", ktudb.rec},           {"object_id", ktub.obj},
          {"data_object_id", ktub.data_obj}, {"tablespace", ktub.tablespace},
          {"undo_opc", op_fact(ktub.opc())}, {"undo_flags", fmt::format("0x{:04x}", ktub.flg)}};
}

Json rollback_facts(const Vector& v, RecordFacts& out) {
  const auto ktub = redo::decode<redo::Ktub>(v.field(1), v.order);
  out.obj = ktub.obj;
  out.data_obj = ktub.data_obj;
  return {{"op", op_fact(v.op)},
          {"undo_segment", v.usn()},
          {"undo_slot", ktub.slt},
          {"object_id", ktub.obj},
          {"data_object_id", ktub.data_obj},
          {"tablespace", ktub.tablespace},
          {"undo_opc", op_fact(ktub.opc())},
          {"undo_flags", fmt::format("0x{:04x}", ktub.flg)}};
}

void add_lob_marker(const Vector& v, Json& facts) {
  const std::uint8_t type = u8_at(v.field(2), 0);
  Json lob{{"lob_record_type", type}, {"con_id", v.con_id}};
  switch (type) {
    case kLobWrite: {
      const auto write = redo::decode<redo::LobWriteMarker>(v.field(3), v.order);
      lob["operation_byte"] = fmt::format("0x{:02x}", write.operation);
      lob["xid"] = xid_fact(write.xid);
      lob["lob_id"] = to_hex(write.lob);
      lob["lob_column"] = write.column;
      lob["size"] = write.size;
      lob["object_id"] = write.obj;
      facts["lob_operation"] = write.operation <= 2 ? "WRITE" : write.operation == 0x68 ? "ERASE" : "TRIM";
      facts["lob_id"] = lob["lob_id"];
      break;
    }
    case kLobEnd: {
      const auto end = redo::decode<redo::LobEndMarker>(v.field(3), v.order);
      lob["xid"] = xid_fact(end.xid);
      lob["object_id"] = end.obj;
      lob["size"] = end.size;
      lob["lob_column"] = end.column;
      break;
    }
    default: throw Malformed(fmt::format("a LOB marker of type {}", type));
  }
  facts["lob_record_type"] = type;
  facts["lob_base_object_id"] = lob["object_id"];
  facts["lob_column"] = lob["lob_column"];
  facts["lob"] = std::move(lob);
}

void add_direct_block(const Vector& v, Json& facts) {
  const Bytes bytes = v.field(1);
  const auto block = redo::decode<redo::DirectBlock>(bytes, v.order);
  const auto area = bytes.size() - block.rows.size() - block.rows_at;
  facts["object_id"] = block.data_obj;
  facts["block_row_count"] = block.row_offsets.size();
  facts["direct_block"] = {
      {"block_image_bytes", bytes.size()},   {"block_type", block.type == redo::kImageData ? "DATA" : "INDEX"},
      {"object_id", block.data_obj},         {"itl_count", block.itl.size()},
      {"block_dba", dba_fact(block.bdba)},   {"con_id", v.con_id},
      {"data_header_offset_in_image", area}, {"row_count", block.row_offsets.size()}};
}

}  // namespace

Json scn_fact(Scn scn) { return {{"dec", scn}, {"text", fmt::format("0x{:016x}", scn)}}; }

Json xid_fact(oracle::Xid xid) {
  return {{"usn", xid.usn},
          {"slot", xid.slt},
          {"sqn", xid.sqn},
          {"text", fmt::format("0x{:04x}.{:03x}.{:08x}", xid.usn, xid.slt, xid.sqn)}};
}

std::string flags_fact(std::uint8_t fb) {
  std::string text = "KCHDFLPN";
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((fb & 0x80 >> i) == 0) text[i] = '-';
  return text;
}

Json value_fact(bool null, Bytes value) { return null ? Json() : Json(to_hex(value)); }

std::string_view operation_fact(std::uint8_t kind) {
  switch (static_cast<redo::StatementKind>(kind)) {
    case redo::StatementKind::kUpdate: return "UPDATE";
    case redo::StatementKind::kInsert: return "INSERT";
    case redo::StatementKind::kDelete: return "DELETE";
    case redo::StatementKind::kLock: return "LOCK";
    default: return "OTHER";
  }
}

RecordFacts read_record_facts(const redo::Record& record, std::uint32_t vector_header, ByteOrder order) {
  std::vector<Vector> vectors;
  redo::parse_vectors(record, vector_header, order, vectors);
  RecordFacts out;
  Json& facts = out.facts;
  facts["header"] = header_facts(record, order);
  for (const char* name :
       {"has_undo_5_1", "has_row_op_11_x", "has_index_op_10_x", "has_rollback_5_6_or_5_11", "has_lob_op_11_17",
        "has_direct_block_19_1", "has_direct_load_24_6", "undo_has_supplemental"})
    facts[name] = false;
  Json changes = Json::array();
  redo::RowVector undo, row;
  const Vector* undo_vector = nullptr;
  const Vector* row_vector = nullptr;
  for (const Vector& v : vectors) {
    changes.push_back(
        vector_facts(v, changes.size() + 1, static_cast<std::size_t>(v.bytes.data() - record.bytes.data())));
    if (!redo::is_undo_class(v.cls)) facts["con_id"] = v.con_id;
    if (redo::layer_of(v.op) == 10) {
      facts["has_index_op_10_x"] = true;
      facts["index_op"] = op_fact(v.op);
    } else if (v.op == redo::kLobMarker) {
      facts["has_lob_op_11_17"] = true;
      add_lob_marker(v, facts);
    } else if (redo::layer_of(v.op) == 11) {
      facts["has_row_op_11_x"] = true;
      facts["row_op"] = op_fact(v.op);
      redo::read_row_vector(v, row);
      row_vector = &v;
      facts["row_op_flags_nonzero"] = stated_flags(row.kdo) != 0;
      facts["row_op_row_is_compressed"] = compressed(row.piece);
      facts["row_change"] = row_change_facts(v, row);
    }
    switch (v.op) {
      case redo::kUndo:
        facts["has_undo_5_1"] = out.undo = true;
        out.con_id = v.con_id;
        facts["undo"] = undo_facts(v, out);
        if (facts["undo"]["undo_opc"] != "11.1") break;
        redo::read_row_vector(v, undo);
        undo_vector = &v;
        facts["undo"]["row_change"] = row_change_facts(v, undo);
        facts["undo_row_flags_nonzero"] = stated_flags(undo.kdo) != 0;
        facts["undo_row_is_compressed"] = compressed(undo.piece);
        break;
      case redo::kUndoApplied:
      case redo::kUndoAppliedLast:
        facts["has_rollback_5_6_or_5_11"] = true;
        out.con_id = v.con_id;
        facts["rollback"] = rollback_facts(v, out);
        break;
      case redo::kDirectBlock:
        facts["has_direct_block_19_1"] = true;
        add_direct_block(v, facts);
        break;
      case redo::kDirectLoadMarker: facts["has_direct_load_24_6"] = true; break;
      default: break;
    }
  }
  facts["changes"] = std::move(changes);
  // The block lies in the undo vector, or in the row vector that takes a change back.
  const Vector* holder = undo.supplemental.present ? undo_vector : row_vector;
  const redo::SupplementalBlock& block = undo.supplemental.present ? undo.supplemental : row.supplemental;
  if (holder && block.present) {
    const std::string prefix = out.undo ? "supplemental" : "rollback_supplemental";
    facts["undo_has_supplemental"] = out.undo;
    facts[prefix + "_flags_nonzero"] = block.header.fb != 0;
    facts[prefix] = supplemental_facts(*holder, block, out.data_obj);
  }
  if (undo.kdo.row_op() == RowOp::kUpdate) facts["row_piece_columns_before_after"] = {undo.kdo.cc, row.kdo.cc};
  out.head = block.present && block.header.head != redo::RowAddress{} ? block.header.head : row.kdo.address();
  return out;
}

}  // namespace redoubt::capture
