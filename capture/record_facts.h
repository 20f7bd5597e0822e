// A redo record as facts: the names and notations of a record set (record_set.h), the values as this program reads
// them. What a set states of a record can be compared with it key by key.
#pragma once

#include "capture/fact_check.h"
#include "redo/row_vector.h"
#include "redo/undo.h"

namespace redoubt::redo {
struct Record;
}

namespace redoubt::capture {

using oracle::Scn;

// One record of a set, read.
struct RecordFacts {
  Json facts;         // everything a set may state of it
  bool undo = false;  // has a 5.1
  std::uint16_t con_id = 0;
  // What tells statements apart while they are incomplete: object and address of the row's head piece.
  std::uint32_t obj = 0;
  std::uint32_t data_obj = 0;
  redo::RowAddress head;

  oracle::RowId rowid() const { return {data_obj, head.dba, head.slot}; }
};

// Throws Malformed when the record cannot be read.
RecordFacts read_record_facts(const redo::Record& record, std::uint32_t vector_header, ByteOrder order);

// The notations of a set.
Json scn_fact(Scn scn);                   // {"dec": 7900000, "text": "0x0000000000788b60"}
Json xid_fact(oracle::Xid xid);           // {"usn": 2, "slot": 4, "sqn": 2310, "text": "0x0002.004.00000906"}
std::string flags_fact(std::uint8_t fb);  // "--H-FL--"
Json value_fact(bool null, Bytes value);  // hex, or null
std::string_view operation_fact(std::uint8_t kind);  // "UPDATE"

}  // namespace redoubt::capture
