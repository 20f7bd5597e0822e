// Cases of bytes that are no whole records: file and log headers, a block, single fields. Of dumps that were printed as
// text only the lengths can be checked, and only where they are stated with their parts.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

#include "capture/record_facts.h"
#include "capture/record_set.h"
#include "redo/header.h"
#include "redo/ktb.h"
#include "redo/marker.h"
#include "redo/record_builder.h"
#include "redo/transaction_vectors.h"
#include "redo/vector_fields.h"

namespace redoubt::capture {
namespace {

constexpr ByteOrder kLittle = ByteOrder::kLittle;
constexpr redo::Version kVersion11_2 = 0x0B200400;

std::string hex_fact(std::uint64_t value, int digits) { return fmt::format("0x{:0{}x}", value, digits); }
std::string short_scn(Scn scn) { return hex_fact(scn, 6); }
std::string hex_of(Bytes bytes, std::size_t at, std::size_t size) { return to_hex(slice(bytes, at, size)); }

Json redo_header_facts(Bytes bytes) {
  const auto h = redo::decode<redo::RedoHeader>(bytes, kLittle);
  const Bytes key = slice(bytes, 448, 32);
  const bool has_key = std::any_of(key.begin(), key.end(), [](std::uint8_t b) { return b != 0; });
  return {{"xor_of_words", redo::block_xor(bytes.data(), bytes.size())},
          {"compat", hex_fact(h.version, 8)},
          {"db_name", h.database()},
          {"file_blocks", h.file_blocks},
          {"block_size", h.block_size},
          {"group", h.group},
          {"file_type", h.file_type},
          {"description", h.text()},
          {"nab", hex_fact(h.nab, 8)},
          {"resetlogs_id", h.resetlogs},
          {"resetlogs_scn", h.resetlogs_scn.value},
          {"hws", h.hws},
          {"thread", h.thread},
          {"first_scn", short_scn(h.first_scn.value)},
          {"first_time", to_text(redo::redo_time(h.first_time))},
          {"next_scn_bytes", h.next_scn.value == oracle::kNoScn ? hex_of(bytes, 192, 8) : std::string("a next SCN")},
          {"next_time", h.next_time},
          {"byte204_eot", h.end_of_thread},
          {"byte205_dis", h.disabled},
          {"byte206_zero_blocks", h.zero_blocks},
          {"byte207_format_id", h.format_id},
          {"misc_flags_236", hex_fact(h.flags, 8)},
          {"bytes_252", to_hex(h.enabled_threads)},
          {"largest_lwn_268", h.largest_lwn},
          {"bytes_272", hex_of(bytes, 272, 8)},
          {"bytes_432", hex_of(bytes, 432, 16)},
          {"key_448_480", has_key ? "32 bytes, not zero" : "zero"},
          {"key_flag_480", h.keys[48]}};
}

Json file_header_facts(Bytes bytes) {
  const auto h = redo::decode<redo::FileHeader>(bytes, kLittle);
  return {{"size_code", hex_fact(h.size_code, 2)},
          {"byte15", h.byte15},
          {"checksum", hex_fact(h.checksum, 4)},
          {"xor_of_words", redo::block_xor(bytes.data(), bytes.size())},
          {"block_size", h.block_size},
          {"blocks", h.blocks},
          {"u32_32", h.word32}};
}

// The start of a data block, with the first bytes of the first record that starts in it.
Json block_start_facts(Bytes bytes) {
  const auto h = redo::decode<redo::BlockHeader>(bytes, kLittle);
  const std::size_t at = h.first_record & 0x7FFFU;
  return {{"block", h.number},
          {"sequence", h.sequence},
          {"first_record_word", hex_fact(h.first_record, 4)},
          {"first_record_offset", at},
          {"record_length", u32_at(bytes, at, kLittle)},
          {"vld", hex_fact(u8_at(bytes, at + 4), 2)},
          {"scn_middle", hex_fact(u16_at(bytes, at + 6, kLittle), 4)}};
}

// Bytes 500 to 531 of a data file header: its checkpoint's RBA and the map of enabled threads, bit n = thread n.
Json data_file_facts(Bytes bytes) {
  return {{"checkpoint_rba", fmt::format("{:#x}.{:#x}.{:#x}", u32_at(bytes, 0, kLittle), u32_at(bytes, 4, kLittle),
                                         u16_at(bytes, 8, kLittle))},
          {"bytes_512_519", hex_of(bytes, 12, 8)},
          {"thread", std::countr_zero(u32_at(bytes, 12, kLittle))}};
}

Json ddl_facts(Bytes field) {
  const auto d = redo::decode<redo::DdlHeader>(field, kLittle);
  return {{"xid", fmt::format("{}.{}.{:#x}", d.xid.usn, d.xid.slt, d.xid.sqn)},
          {"command_12", d.type},
          {"u16_14", u16_at(field, 14, kLittle)},
          {"u16_16", d.kind},
          {"part_18", d.part},
          {"parts_20", d.parts}};
}

std::vector<std::size_t> numbers_in(std::string_view text) {
  std::vector<std::size_t> numbers;
  for (const char* p = text.data(); p < text.data() + text.size();) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(p, text.data() + text.size(), value);
    if (error == std::errc()) numbers.push_back(value);
    p = error == std::errc() ? end : p + 1;
  }
  return numbers;
}

// "vector 92 = 32 + list 12 + fields 20, 16, 8, 4": a vector of these fields is as long, and the record it fills.
void check_lengths(const Json& record, FactCheck& check) {
  const std::string sum = record.at("lengths_by_arithmetic");
  std::vector<std::size_t> n = numbers_in(sum.substr(0, sum.find_first_of(":(")));
  if (n.size() < 4) return check.differs("'" + sum + "' cannot be read");
  const std::string place = record.at("rba");
  const Json& change = record.at("changes").at(0);
  redo::RecordBuilder builder(n[1] == 24 ? kVersion11_2 : redo::kVersion19, kLittle);
  builder.begin(1, 1, 0);
  redo::VectorHeader header;
  header.layer = 5;
  header.code = 4;
  header.cls = change.at("cls");
  builder.vector(header);
  for (std::size_t i = 3; i < n.size(); ++i) {
    if (n[i] == 8 && change.contains("extra_scn")) {
      const Scn scn = std::stoull(change["extra_scn"].get<std::string>(), nullptr, 16);
      builder.field(redo::ScnField{{scn, true}}, n[i]);
    } else if (i == 3) {
      redo::Ktucm end;
      end.slt = change.at("slt");
      end.sqn = static_cast<std::uint32_t>(std::stoul(change.at("sqn").get<std::string>(), nullptr, 16));
      end.sta = change.at("sta");
      end.flg = static_cast<std::uint8_t>(std::stoul(change.at("flg").get<std::string>(), nullptr, 16));
      builder.field(end, n[i]);
    } else {
      builder.field(std::vector<std::uint8_t>(n[i]));
    }
  }
  const Bytes bytes = builder.finish();
  redo::Vector v;
  redo::parse_vector(bytes.subspan(redo::kRecordHeaderSize), static_cast<std::uint32_t>(n[1]), kLittle, v);
  check.equal(place + " vector", n[0], v.bytes.size());
  check.equal(place + " list", n[2], static_cast<std::size_t>(v.data - v.bytes.data()) - n[1]);
  const bool lwn = record.contains("vld") && record["vld"] == "0x05";
  check.equal(place + " len", record.at("len"),
              v.bytes.size() + (lwn ? redo::kLwnRecordHeaderSize : redo::kRecordHeaderSize));
  // The number is as stated; what is checked is that it is found among fields of these lengths.
  if (change.contains("extra_scn"))
    check.equal(place + " extra_scn", change["extra_scn"], hex_fact(redo::transaction_end(v).parent_scn, 6));
}

void check_records_of(const Json& records, FactCheck& check) {
  for (const Json& record : records) {
    if (record.contains("lengths_by_arithmetic")) check_lengths(record, check);
    if (!record.contains("changes")) continue;
    for (const Json& change : record["changes"]) {
      if (!change.contains("field1_hex")) continue;
      const Json found = ddl_facts(from_hex(change["field1_hex"].get<std::string>()));
      for (const auto& [key, value] : found.items()) check.equal(key, change.at(key), value);
    }
  }
}

Json block_vector_facts(const redo::Vector& v, std::size_t offset) {
  const redo::VectorHeader h = v.header();
  Json lengths = Json::array();
  for (redo::FieldCursor fields = v.fields(); !fields.empty();) lengths.push_back(fields.next().size());
  Json j{{"offset", offset},
         {"op", fmt::format("{}.{}", h.layer, h.code)},
         {"class", h.cls},
         {"afn", h.afn},
         {"dba", h.dba == 0 ? std::string("0") : hex_fact(h.dba, 8)},
         {"obj", h.obj() == redo::kNoObject ? Json(hex_fact(h.obj(), 8)) : Json(h.obj())},
         {"scn", short_scn(h.scn.value)},
         {"seq", h.seq},
         {"typ", h.typ},
         {"field_lengths", lengths}};
  const auto ktb_facts = [&](Bytes field) {
    const auto ktb = redo::decode<redo::Ktb>(field, kLittle);
    Json k{{"op", ktb.kind() == redo::KtbKind::kFirst  ? "F"
                  : ktb.kind() == redo::KtbKind::kLast ? "L"
                                                       : "?"},
           {"flags", hex_fact(ktb.flags, 2)},
           {"xid", to_text(ktb.xid)},
           {"uba", to_text(ktb.uba)}};
    if (ktb.kind() == redo::KtbKind::kLast) {
      k["lock_word"] = hex_fact(ktb.last.lock, 4);
      k["scn"] = short_scn(ktb.last.commit_scn());
    }
    return k;
  };
  switch (v.op) {
    case redo::kBeginTransaction: {
      const auto k = redo::decode<redo::Ktudh>(v.field(1), kLittle);
      j["slt"] = k.slt;
      j["sqn"] = k.sqn;
      j["flg"] = hex_fact(k.flg, 4);
      j["siz"] = k.siz;
      j["uba"] = to_text(k.uba);
      j["xid"] = to_text(oracle::Xid{v.usn(), k.slt, k.sqn});
      break;
    }
    case redo::kUndo: {
      const auto ktudb = redo::decode<redo::Ktudb>(v.field(1), kLittle);
      const auto ktub = redo::decode<redo::Ktub>(v.field(2), kLittle);
      j["xid"] = to_text(ktudb.xid);
      j["opc"] = fmt::format("{}.{}", ktub.opc_layer, ktub.opc_code);
      j["obj_id"] = ktub.obj;
      j["data_obj"] = ktub.data_obj;
      j["ts"] = ktub.tablespace;
      j["slt"] = ktub.slt;
      j["rci"] = ktub.rci;
      j["flg"] = hex_fact(ktub.flg, 4);
      j["field3_ktb"] = ktb_facts(v.field(3));
      j["field4_hex"] = to_hex(v.field(4));
      j["field5_hex"] = to_hex(v.field(5));
      j["previous_control_max_scn"] = short_scn(ktub.control_max_scn.value);
      j["previous_tx_scn"] = short_scn(ktub.previous_commit_scn.value);
      j["tx_start_scn"] = ktub.start_scn.value == oracle::kNoScn ? std::string("none (FF x 6, then 00 00)")
                                                                 : short_scn(ktub.start_scn.value);
      break;
    }
    case redo::kSessionContinued: {
      // Before 19: session u16 @0, serial u16 @2.
      j["session"] = u16_at(v.field(1), 0, kLittle);
      j["serial"] = u16_at(v.field(1), 2, kLittle);
      j["flags"] = hex_fact(u16_at(v.field(3), 0, kLittle), 4);
      j["version"] = hex_fact(u32_at(v.field(4), 0, kLittle), 8);
      j["audit_session"] = u32_at(v.field(5), 0, kLittle);
      break;
    }
    default:
      if (redo::layer_of(v.op) == 10) {
        j["field1_ktb"] = ktb_facts(v.field(1));
        j["field2_hex"] = to_hex(v.field(2));
      }
  }
  return j;
}

Json block_record_facts(Bytes block, std::size_t offset) {
  const Bytes rest = block.subspan(offset);
  const auto header = redo::decode<redo::RecordHeader>(rest, kLittle);
  const bool lwn_header = (header.vld & redo::kVldLwn) != 0;
  Json j{{"offset", offset},
         {"length", header.length},
         {"vld", hex_fact(header.vld, 2)},
         {"scn", short_scn(header.scn)},
         {"subscn", header.sub_scn},
         {"complete", header.length <= rest.size()}};
  if (lwn_header) {
    const auto lwn = redo::decode<redo::LwnHeader>(rest, kLittle);
    j["lwn"] = {{"u16_24", lwn.word24},
                {"nst", lwn.parts},
                {"part_blocks", lwn.part_blocks},
                {"group_blocks", lwn.group_blocks},
                {"byte36", hex_fact(lwn.byte36, 2)},
                {"scn", short_scn(lwn.scn.value)},
                {"scn_upper_two_bytes_unused", hex_of(rest, 46, 2)},
                {"end_scn", short_scn(lwn.end_scn.value)},
                {"time", to_text(redo::redo_time(lwn.time))}};
  }
  // Of a record that runs over the block, the vectors that begin here; the rest of the last one reads as zero.
  ByteString whole(rest.begin(), rest.end());
  whole.resize(std::max<std::size_t>(whole.size(), header.length));
  Json vectors = Json::array();
  const std::size_t end = std::min<std::size_t>(header.length, rest.size());
  for (std::size_t at = lwn_header ? redo::kLwnRecordHeaderSize : redo::kRecordHeaderSize; at < end;) {
    redo::Vector v;
    redo::parse_vector(Bytes(whole).subspan(at, header.length - at), redo::vector_header_size(kVersion11_2), kLittle,
                       v);
    vectors.push_back(block_vector_facts(v, offset + at));
    at += v.bytes.size();
  }
  j["vectors"] = std::move(vectors);
  return j;
}

}  // namespace

void check_dump(const Json& test, FactCheck& check) {
  const Json none = Json::object();
  const Json& decoded = test.contains("decoded") ? test["decoded"] : none;
  for (const auto& [key, value] : test.items()) {
    if (!key.starts_with("hex")) continue;
    const ByteString bytes = from_hex(value.get<std::string>());
    const Json found = decoded.contains("compat")              ? redo_header_facts(bytes)
                       : decoded.contains("size_code")         ? file_header_facts(bytes)
                       : decoded.contains("first_record_word") ? block_start_facts(bytes)
                                                               : data_file_facts(bytes);
    check.tree("", decoded, found);
  }
  if (test.contains("records")) check_records_of(test["records"], check);
  if (test.contains("commit_records")) check_records_of(test["commit_records"], check);
}

void check_block(const Json& set, const std::string& text, FactCheck& check) {
  const Bytes block = as_bytes(text);
  check.equal("block_size", set.at("block_size"), block.size());
  const auto header = redo::decode<redo::BlockHeader>(block, kLittle);
  check.tree("block", set.at("block"),
             {{"number", header.number},
              {"sequence", header.sequence},
              {"first_record_word", hex_fact(header.first_record, 4)},
              {"xor_of_words", redo::block_xor(block.data(), block.size() & ~std::size_t{15})}});
  std::size_t at = header.first_record & 0x7FFFU;
  for (const Json& stated : set.at("records")) {
    const Json found = block_record_facts(block, at);
    check.tree(fmt::format("record at {}", at), stated, found);
    at += align4(found["length"]);
  }
}

}  // namespace redoubt::capture
