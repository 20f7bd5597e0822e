// Redo as text, in the shape of ALTER SYSTEM DUMP LOGFILE, so that the two can be laid side by side:
//
//   REDO RECORD - Thread:1 RBA: 0x00000f.00000002.0010 LEN: 0x04ec VLD: 0x05 CON_UID: 1
//   SCN: 0x0000000000229606 SUBSCN:  1 03/07/2026 01:44:38
//   CHANGE #1 CON_ID:1 TYP:0 CLS:21 AFN:18 DBA:0x00000030 OBJ:4294967295 SCN:0x00000000002295aa SEQ:1 OP:5.2 ENC:0 ...
//   ktudh redo: slt: 0x0018 sqn: 0x000002f5 flg: 0x0052 siz: 136 fbi: 0
//   ...
//   col  0: [ 2]  c1 02
//
// Texts are printed as bytes where they are no ASCII. What nobody described is printed as hexadecimal with its field
// number. Where the wording of a server's dump is not known, the names of docs and source are used.
#pragma once

#include <fmt/format.h>

#include "redo/log_reader.h"
#include "redo/vector_fields.h"

namespace redoubt::redo {

class LogDump {
 public:
  // Of a log with this header and byte order. Appends to `out`, which the caller empties when it likes.
  LogDump(const LogHeaders& headers, fmt::memory_buffer& out);

  void headers();
  // Every record of the group, in order.
  void group(const Group& group);
  // One record; `time` of its group.
  void record(const Record& record, std::uint32_t time);

 private:
  void vector(const Vector& v, unsigned number);
  void field(const Vector& v, const Field& f, unsigned number);
  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(fmt::appender(out_), format, std::forward<Args>(args)...);
  }
  std::string scn(Scn value) const;
  void column(const char* label, unsigned index, bool null, Bytes bytes);
  void hex_lines(Bytes bytes);

  void show(const Content& c, const Field& f, unsigned number);
  void show(const NumberField& n, const Field& f);
  void show(const ByteField& b, const Field& f);
  void show(const ScnField& s, const Field& f);
  void show(const XidField& x, const Field& f);
  void show(const ListField& l, const Field& f);
  void show(const Ktudb& k);
  void show(const Ktub& k, const Field& f, Opcode op);
  void show(const Ktudh& k);
  void show(const Ktucm& k);
  void show(const Ktucf& k);
  void show(const CommitTime& t);
  void show(const Ktust& k);
  void show(const RollbackPosition& p);
  void show(const SessionId& s);
  void show(const SessionFlags& s);
  void show(const Ktb& k, const Field& f);
  void show(const Kdo& k);
  void show(const SupplementalHeader& s, const Field& f);
  void show(const IndexRow& r);
  void show(const IndexKeyUpdate& u);
  void show(const IndexNewLeaf& l);
  void show(const IotColumns& c);
  void show(const Kdilk& k);
  void show(const KdilkBranch& k);
  void show(const KdliCommon& k);
  void show(const Kdli& k);
  void show(const LobPage& p);
  void show(const DirectBlock& b);
  void show(const LobWriteMarker& m);
  void show(const LobEndMarker& m);
  void show(const LobPrepareMarker& m);
  void show(const DdlHeader& d);
  void show(const TransactionMarker& m);
  void show(const DirectLoadMarker& m);

  const LogHeaders& headers_;
  fmt::memory_buffer& out_;
  std::vector<Vector> vectors_;
};

// Row flags as eight letters, KCHDFLPN, '-' where clear.
std::string row_flags_text(std::uint8_t fb);
// "IRP" and its like; "op 19" for one without a name.
std::string row_op_text(std::uint8_t op);

}  // namespace redoubt::redo
