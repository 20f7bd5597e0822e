#include "redo/dump.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace redoubt::redo {
namespace {

constexpr std::size_t kHexPerLine = 32;

std::string xid_text(Xid xid) { return fmt::format("0x{:04x}.{:03x}.{:08x}", xid.usn, xid.slt, xid.sqn); }

std::string address_text(RowAddress a) { return fmt::format("0x{:08x}.{:x}", a.dba, a.slot); }

std::string dump_time(std::uint32_t value) {
  const RedoTime t = redo_time(value);
  return fmt::format("{:02}/{:02}/{:04} {:02}:{:02}:{:02}", t.month, t.day, t.year, t.hour, t.minute, t.second);
}

const char* yes(bool value) { return value ? "Yes" : "No"; }

bool is_ascii(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return (b >= 0x20 && b < 0x7F) || b == '\n'; });
}

const char* ktb_letter(KtbKind kind) {
  switch (kind) {
    case KtbKind::kFirst: return "F";
    case KtbKind::kContinue: return "C";
    case KtbKind::kUnused: return "Z";
    case KtbKind::kLast: return "L";
    case KtbKind::kItlImage: return "R";
    case KtbKind::kNone: return "N";
  }
  return "?";
}

const char* kdli_name(KdliCode code) {
  switch (code) {
    case KdliCode::kInfo: return "info";
    case KdliCode::kLoadCommon: return "load common";
    case KdliCode::kLoadData: return "load data";
    case KdliCode::kZero: return "zero";
    case KdliCode::kFill: return "fill";
    case KdliCode::kMap: return "lmap";
    case KdliCode::kMapWide: return "lmapx";
    case KdliCode::kSupplementalLog: return "supplog";
    case KdliCode::kGmap: return "gmap";
    case KdliCode::kFormatLoad: return "fpload";
    case KdliCode::kLoadHeader: return "load lhb";
    case KdliCode::kMapFrom: return "almap";
    case KdliCode::kMapFromWide: return "almapx";
    case KdliCode::kLoadTree: return "load itree";
    case KdliCode::kTreeMap: return "imap";
    case KdliCode::kTreeMapWide: return "imapx";
  }
  return "unknown";
}

}  // namespace

std::string row_flags_text(std::uint8_t fb) {
  std::string text = "KCHDFLPN";
  for (std::size_t i = 0; i < 8; ++i)
    if ((fb << i & 0x80) == 0) text[i] = '-';
  return text;
}

std::string row_op_text(std::uint8_t op) {
  switch (static_cast<RowOp>(op & 0x1F)) {
    case RowOp::kInsert: return "IRP";
    case RowOp::kDelete: return "DRP";
    case RowOp::kLock: return "LKR";
    case RowOp::kUpdate: return "URP";
    case RowOp::kOverwrite: return "ORP";
    case RowOp::kManageFree: return "MFC";
    case RowOp::kForward: return "CFA";
    case RowOp::kClusterKey: return "CKI";
    case RowOp::kSetLinks: return "SKL";
    case RowOp::kInsertMany: return "QMI";
    case RowOp::kDeleteMany: return "QMD";
    case RowOp::kDescribe: return "DSC";
    case RowOp::kLogminer: return "LMN";
    case RowOp::kLob: return "LLB";
    case RowOp::kUpdateMany: return "21";
    case RowOp::kCompare: return "CMP";
  }
  return fmt::format("{}", op & 0x1F);
}

LogDump::LogDump(const LogHeaders& headers, fmt::memory_buffer& out) : headers_(headers), out_(out) {}

std::string LogDump::scn(Scn value) const {
  if (headers_.redo.version >= kVersion12_2) return fmt::format("0x{:016x}", value);
  return fmt::format("0x{:04x}.{:08x}", value >> 32 & 0xFFFF, value & 0xFFFFFFFF);
}

void LogDump::headers() {
  const RedoHeader& h = headers_.redo;
  print(" FILE HEADER:\n\tCompatibility Vsn = {}=0x{:x}\n", h.version, h.version);
  print("\tDb ID={}=0x{:x}, Db Name='{}'\n\tActivation ID={}=0x{:x}\n", h.dbid, h.dbid, h.database(), h.activation,
        h.activation);
  print("\tControl Seq={}=0x{:x}, File size={}=0x{:x}\n", h.control_sequence, h.control_sequence, h.file_blocks,
        h.file_blocks);
  print("\tFile Number={}, Blksiz={}, File Type={} {}\n", h.group, h.block_size, h.file_type,
        h.file_type == 2 ? "LOG" : "");
  print(" descrip:\"{}\"\n", h.text());
  print(" thread: {} nab: 0x{:x} seq: 0x{:08x} hws: 0x{:x} eot: {} dis: {}\n", h.thread, h.nab, h.block.sequence, h.hws,
        h.end_of_thread, h.disabled);
  print(" resetlogs count: 0x{:x} scn: {}\n", h.resetlogs, scn(h.resetlogs_scn.value));
  print(" prev resetlogs count: 0x{:x} scn: {}\n", h.previous_resetlogs, scn(h.previous_resetlogs_scn.value));
  print(" Low  scn: {} {}\n", scn(h.first_scn.value), dump_time(h.first_time));
  print(" Next scn: {} {}\n", scn(h.next_scn.value), dump_time(h.next_time));
  print(" Enabled scn: {} {}\n", scn(h.enabled_scn.value), dump_time(h.enabled_time));
  print(" Thread closed scn: {} {}\n", scn(h.closed_scn.value), dump_time(h.closed_time));
  print(" Disk cksum: 0x{:x}\n Terminal recovery stop scn: {} {}\n", h.block.checksum, scn(h.terminal_scn.value),
        dump_time(h.terminal_time));
  print(" Most recent redo scn: {}\n Largest LWN: {} blocks\n", scn(h.recent_scn.value), h.largest_lwn);
  print(" Miscellaneous flags: 0x{:x}\n Miscellaneous second flags: 0x{:x}\n", h.flags, h.flags2);
  print(" Zero blocks: {}\n Format ID is {}\n", h.zero_blocks, h.format_id);
}

void LogDump::group(const Group& g) {
  for (const Record& r : g.records) record(r, g.time);
}

void LogDump::record(const Record& r, std::uint32_t time) {
  const ByteOrder order = headers_.order;
  const RecordHeader h = decode<RecordHeader>(r.bytes, order);
  print("\nREDO RECORD - Thread:{} RBA: {} LEN: 0x{:04x} VLD: 0x{:02x}", headers_.redo.thread, oracle::to_text(r.rba),
        h.length, h.vld);
  if (headers_.redo.version >= kVersion12_1) print(" CON_UID: {}", h.con_uid);
  print("\nSCN: {} SUBSCN:{:3} {}\n", scn(r.scn), r.sub_scn, dump_time(time));
  if ((r.vld & kVldLwn) != 0) {
    const LwnHeader lwn = decode<LwnHeader>(r.bytes, order);
    print("(LWN RBA: {} LEN: {:04} NST: {:04} SCN: {})\n", oracle::to_text(r.rba), lwn.group_blocks, lwn.parts,
          scn(lwn.scn.value));
  }
  vectors_.clear();
  parse_vectors(r, vector_header_size(headers_.redo.version), order, vectors_);
  unsigned number = 0;
  for (const Vector& v : vectors_) vector(v, ++number);
}

void LogDump::vector(const Vector& v, unsigned number) {
  const VectorHeader h = v.header();
  const bool containers = headers_.redo.version >= kVersion12_1;
  const bool marker = (h.typ & ~kTypEncrypted) == kTypMarker;
  print("CHANGE #{} ", number);
  if (marker) print("MEDIA RECOVERY MARKER ");
  if (containers) print("CON_ID:{} ", h.con_id);
  if (!marker) {
    print("TYP:{} CLS:{} AFN:{} DBA:0x{:08x} OBJ:{} ", h.typ & ~kTypEncrypted, h.cls, h.afn, h.dba, h.obj());
  }
  print("SCN:{} SEQ:{} OP:{}.{} ENC:{}", scn(h.scn.value), h.seq, h.layer, h.code, v.encrypted() ? 1 : 0);
  if (!marker) print(" RBL:0");  // the place of RBL in the header is not known
  if (containers) print(" FLG:0x{:04x}", h.flg);
  print("\n");
  unsigned n = 0;
  for (const Field& f : decode_fields(v)) field(v, f, ++n);
}

void LogDump::field(const Vector& v, const Field& f, unsigned number) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Content>) {
          show(value, f, number);
        } else if constexpr (std::is_same_v<T, Ktub>) {
          show(value, f, v.op);
        } else if constexpr (std::is_same_v<T, NumberField> || std::is_same_v<T, ByteField> ||
                             std::is_same_v<T, ScnField> || std::is_same_v<T, XidField> ||
                             std::is_same_v<T, ListField> || std::is_same_v<T, Ktb> ||
                             std::is_same_v<T, SupplementalHeader>) {
          show(value, f);
        } else {
          show(value);
        }
      },
      f.value);
}

void LogDump::hex_lines(Bytes bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += kHexPerLine) {
    const Bytes line = bytes.subspan(at, std::min(kHexPerLine, bytes.size() - at));
    print(" {:02x}\n", fmt::join(line.begin(), line.end(), " "));
  }
}

void LogDump::column(const char* label, unsigned index, bool null, Bytes bytes) {
  if (null) return print("{} {:2}: *NULL*\n", label, index);
  print("{} {:2}: [{:2}] ", label, index, bytes.size());
  if (bytes.size() > kHexPerLine) print("\n");
  if (bytes.empty()) print("\n");
  hex_lines(bytes);
}

void LogDump::show(const Content& c, const Field& f, unsigned number) {
  switch (c.kind) {
    case Content::Kind::kColumn: return column(f.name, c.index, false, c.bytes);
    case Content::Kind::kNull: return column(f.name, c.index, true, {});
    case Content::Kind::kText:
      if (is_ascii(c.bytes)) return print("{} = {}\n", f.name, as_text(c.bytes));
      print("{} = [{}]\n", f.name, c.bytes.size());
      return hex_lines(c.bytes);
    case Content::Kind::kData: print("{}: ({}):\n", f.name, c.bytes.size()); return hex_lines(c.bytes);
    case Content::Kind::kMalformed:
      print("malformed {}, field {}: [{}]\n", f.name, number, c.bytes.size());
      return hex_lines(c.bytes);
    case Content::Kind::kUnknown:
      if (c.bytes.empty()) return;
      print("field {}: [{}]\n", number, c.bytes.size());
      return hex_lines(c.bytes);
  }
}

void LogDump::show(const NumberField& n, const Field& f) { print("{} {}\n", f.name, n.value); }
void LogDump::show(const ByteField& b, const Field& f) { print("{} {}\n", f.name, b.value); }
void LogDump::show(const ScnField& s, const Field& f) { print("{} {}\n", f.name, scn(s.scn.value)); }
void LogDump::show(const XidField& x, const Field& f) { print("{}: {}\n", f.name, xid_text(x.xid)); }
void LogDump::show(const ListField& l, const Field& f) { print("{}: {}\n", f.name, fmt::join(l.numbers, " ")); }

// --- undo and transactions

void LogDump::show(const Ktudh& k) {
  print("ktudh redo: slt: 0x{:04x} sqn: 0x{:08x} flg: 0x{:04x} siz: {} fbi: {}\n", k.slt, k.sqn, k.flg, k.siz, k.fbi);
  print("            uba: {}    pxid:  {}\n", oracle::to_text(k.uba), xid_text(k.parent));
}

void LogDump::show(const Ktudb& k) {
  print("ktudb redo: siz: {} spc: {} flg: 0x{:04x} seq: 0x{:04x} rec: 0x{:02x}\n", k.siz, k.spc, k.flg, k.seq, k.rec);
  print("            xid:  {}\n", xid_text(k.xid));
}

void LogDump::show(const Ktub& k, const Field& f, Opcode op) {
  const bool begin = f.size >= kKtubBeginSize;
  print("{} redo: slt: {} rci: {} opc: {}.{} [objn: {} objd: {} tsn: {}] flg: 0x{:04x} wrp: {}\n",
        begin ? "ktubl" : "ktubu", k.slt, k.rci, k.opc_layer, k.opc_code, k.obj, k.data_obj, k.tablespace, k.flg,
        k.wrp);
  const char* type = (k.flg & kUndoHead) != 0     ? "MBU-HEAD"
                     : (k.flg & kUndoTail) != 0   ? "MBU-TAIL"
                     : (k.flg & kUndoMiddle) != 0 ? "MBU-MID"
                                                  : "Regular undo";
  print("Undo type:  {}  User undo done:  {}  Last buffer split:  {}\n", type, yes((k.flg & kUndoDone) != 0),
        yes((k.flg & kUndoFieldSplit) != 0));
  print("Temp object:  {}  Tablespace Undo:  {}  User only:  {}{}\n", yes((k.flg & kUndoTemporary) != 0),
        yes((k.flg & 0x80) != 0), yes((k.flg & 0x40) != 0), (k.flg & kUndoBegin) != 0 ? "  Begin trans" : "");
  if (op == kUndo) print("            prev undo dba:  0x{:08x}\n", k.previous_dba);
  if (!begin) return;
  print(" prev ctl uba: {} prev ctl max cmt scn:  {}\n", oracle::to_text(k.control_uba), scn(k.control_max_scn.value));
  print(" prev tx cmt scn:  {}\n txn start scn:  {}  logon user: {}\n", scn(k.previous_commit_scn.value),
        scn(k.start_scn.value), k.user);
  print(" prev brb:  0x{:08x}  prev bcl:  0x{:08x} BuExt idx: {} flg2: {:x}\n", k.brb, k.bcl, k.buext, k.flags2);
}

void LogDump::show(const Ktucm& k) {
  print("ktucm redo: slt: 0x{:04x} sqn: 0x{:08x} srt: {} sta: {} flg: 0x{:x}{}\n", k.slt, k.sqn, k.srt, k.sta, k.flg,
        (k.flg & kEndRolledBack) != 0 ? " rolled back" : "");
}

void LogDump::show(const Ktucf& k) {
  print("ktucf redo: uba: {} ext: {} spc: {} fbi: {}\n", oracle::to_text(k.uba), k.ext, k.spc, k.fbi);
}

void LogDump::show(const CommitTime& t) { print("commit time {}\n", t.time); }

void LogDump::show(const Ktust& k) {
  print("ktust redo: slt: 0x{:04x} sqn: 0x{:08x} sta: {} cfl: 0x{:x}\n", k.slt, k.sqn, k.sta, k.cfl);
}

void LogDump::show(const RollbackPosition& p) { print("ktuxvoff: 0x{:04x}  ktuxvflg: 0x{:04x}\n", p.offset, p.flag); }

void LogDump::show(const SessionId& s) {
  print("session number   = {}\nserial  number   = {}\n", s.session(), s.serial);
}

void LogDump::show(const SessionFlags& s) {
  static constexpr std::pair<std::uint16_t, const char*> kNames[] = {{0x0001, "DDL transaction"},
                                                                     {0x0002, "Space Management transaction"},
                                                                     {0x0004, "Recursive transaction"},
                                                                     {0x0008, "LogMiner Internal"},
                                                                     {0x0010, "DB Open in Migrate Mode"},
                                                                     {0x0020, "LSBY ignore"},
                                                                     {0x0040, "LogMiner no chunking"},
                                                                     {0x0080, "LogMiner Stealth"},
                                                                     {0x0100, "LSBY preserve"},
                                                                     {0x0200, "LogMiner Marker"},
                                                                     {0x0400, "Transaction in pragma'ed plsql"},
                                                                     {0x0800, "Disabled Logical Replication"},
                                                                     {0x1000, "Datapump import"},
                                                                     {0x8000, "Flags undefined"}};
  print("Flags = 0x{:04x} 0x{:04x}\n", s.flags, s.flags2);
  for (const auto& [bit, name] : kNames)
    if ((s.flags & bit) != 0) print("  {}\n", name);
}

// --- blocks and rows

void LogDump::show(const Ktb& k, const Field& f) {
  print("KTB Redo\nop: 0x{:02x}  ver: 0x{:02x}\ncompat bit: {} ({}) padding: {}\n", k.op, k.flags & 3, k.flags & 4,
        (k.flags & 4) != 0 ? "post-11" : "pre-11", (k.flags & 0x10) != 0 ? 0 : 1);
  if (f.size < 8) return;
  print("op: {}", ktb_letter(k.kind()));
  switch (k.kind()) {
    case KtbKind::kFirst: print("  xid:  {}    uba: {}", xid_text(k.xid), oracle::to_text(k.uba)); break;
    case KtbKind::kContinue: print("  uba: {}", oracle::to_text(k.uba)); break;
    case KtbKind::kLast:
      print("  itl: xid:  {} uba: {}\n       flg: {}{}{}{}    lkc:  {}     scn:  {}", xid_text(k.xid),
            oracle::to_text(k.uba), k.last.committed() ? "C" : "-", (k.last.lock & 0x4000) != 0 ? "B" : "-",
            (k.last.lock & 0x2000) != 0 ? "U" : "-", (k.last.lock & 0x1000) != 0 ? "T" : "-",
            (k.last.scn.word & 0x8000) != 0 ? 0 : k.last.lock & 0xFFF, scn(k.last.commit_scn()));
      break;
    case KtbKind::kItlImage: print("  itc: {}", k.itl.size()); break;
    default: break;
  }
  print("\n");
  for (std::size_t i = 0; i < k.itl.size(); ++i)
    print(" {:3}   {}  {} flg: 0x{:04x} scn: {}\n", i + 1, xid_text(k.itl[i].xid), oracle::to_text(k.itl[i].uba),
          k.itl[i].lock, scn(k.itl[i].commit_scn()));
  if ((k.op & kKtbCleanout) == 0) return;
  print("Block cleanout record, scn:  {} ver: 0x{:02x} opt: 0x{:02x}, entries follow...\n", scn(k.cleanout_scn.value),
        k.cleanout_version, k.cleanout_opt);
  for (const CleanoutEntry& e : k.cleanout) {
    const bool marked = (e.scn.word & 0x8000) != 0;
    const Scn value =
        marked ? Scn{e.scn.word & 0x7FFFU} << 48 | Scn{e.scn_mid} << 32 | e.scn.lo : Scn{e.scn.word} << 32 | e.scn.lo;
    print("  itli: {}  flg: {}  scn: {}\n", e.itl, e.opt & 3, scn(value));
  }
}

void LogDump::show(const Kdo& k) {
  print("KDO Op code: {} row dependencies {}\n", row_op_text(k.op),
        (k.op & kKdoRowDependencies) != 0 ? "Enabled" : "Disabled");
  const char* type = (k.flags & 3) == 1 ? "XA" : (k.flags & 3) == 2 ? "XR" : (k.flags & 3) == 3 ? "CR" : "??";
  print("  xtype: {} flags: 0x{:08x}{}  bdba: 0x{:08x}  hdba: 0x{:08x}\n", type, k.flags & 0x7C,
        (k.flags & kKdoPacked) != 0 ? " KDO_KDOM2" : "", k.bdba, k.hdba);
  print("itli: {}  ispac: {}  maxfr: {}\n", k.itli, k.ispac, k.maxfr);
  const auto nulls = [&](unsigned count) {
    print("null: ");
    for (unsigned i = 0; i < count; ++i) print("{}", k.null_bit(i) ? 'N' : '-');
    print("\n");
  };
  switch (k.row_op()) {
    case RowOp::kInsert:
    case RowOp::kOverwrite:
      print("tabn: {} slot: {}(0x{:x}) size/delt: {}\n", k.tabn, k.slot, k.slot, k.size);
      print("fb: {} lb: 0x{:x}  cc: {}", row_flags_text(k.fb), k.lock, k.cc);
      if ((k.fb & kFbCluster) != 0) print(" cki: {}", k.cki);
      print("\n");
      if (k.has_head_link()) print("hrid: {}\n", address_text(k.hrid));
      if (k.has_next_link()) print("nrid:  {}\n", address_text(k.nrid));
      return nulls(k.cc);
    case RowOp::kDelete: return print("tabn: {} slot: {}(0x{:x})\n", k.tabn, k.slot, k.slot);
    case RowOp::kLock: return print("tabn: {} slot: {} to: {}\n", k.tabn, k.slot, k.lock);
    case RowOp::kUpdate:
      print("tabn: {} slot: {}(0x{:x}) flag: 0x{:02x} lock: {} ckix: {}\n", k.tabn, k.slot, k.slot, k.fb, k.lock,
            k.cki);
      return print("ncol: {} nnew: {} size: {}\n", k.cc, k.nnew, static_cast<std::int16_t>(k.size));
    case RowOp::kForward:
      return print("tabn: {} slot: {}(0x{:x}) flag: 0x{:02x} lock: {}\nnrid: {}\n", k.tabn, k.slot, k.slot, k.fb,
                   k.lock, address_text(k.nrid));
    case RowOp::kSetLinks:
      return print("flag: 0x{:02x} lock: {}\nfwd: {} bkw: {}\n", k.fb, k.lock, address_text(k.nrid),
                   address_text(k.hrid));
    case RowOp::kInsertMany:
    case RowOp::kDeleteMany:
      print("tabn: {} lock: {} nrow: {}\n", k.tabn, k.lock, k.nnew);
      for (unsigned i = 0; i < k.nnew; ++i)
        print("slot[{}]: {}\n", i, load_u16(k.slots.data() + 2 * i, headers_.order));
      return;
    case RowOp::kDescribe:
      return print("tabn: {} slot: {}(0x{:x}) piece relative column number: {}\n", k.tabn, k.slot, k.slot, k.cc);
    default: return;
  }
}

void LogDump::show(const SupplementalHeader& s, const Field& f) {
  print("LOGMINER DATA:\n opcode: ");
  switch (s.statement()) {
    case StatementKind::kUpdate: print("UPDATE"); break;
    case StatementKind::kInsert: print("INSERT"); break;
    case StatementKind::kDelete: print("DELETE"); break;
    case StatementKind::kLock: print("LOCK"); break;
    case StatementKind::kOther: print("OTHER"); break;
    default: print("{}", s.kind);
  }
  print("\n Number of columns supplementally logged: {}\n Flag: {} Object version: {}\n", s.columns,
        row_flags_text(s.fb), s.object_version);
  print(" segcol# in Undo starting from {}\n segcol# in Redo starting from {}\n", s.before, s.after);
  if (f.size >= kSupplementalAddressSize) print(" head rowid: {}\n", address_text(s.head));
}

// --- index

void LogDump::show(const IndexRow& r) {
  print("index redo: itl: {} mode: 0x{:02x} slot: {} row size: {}\n", r.itl, r.mode, r.slot, r.row_size);
  if (!r.slots.empty()) print("keys: {} slots: {}\n", r.keys, fmt::join(r.slots, " "));
}
void LogDump::show(const IndexKeyUpdate& u) {
  print("index redo: update key data, itl: {} slot: {} row size: {}\n", u.itl, u.slot, u.row_size);
}
void LogDump::show(const IndexNewLeaf& l) {
  print("index redo: new leaf, itl: {} nco: {} dsz: {} col: {} flags: 0x{:02x} nxt: 0x{:08x} prv: 0x{:08x}\n", l.itl,
        l.nco, l.dsz, l.col, l.flags, l.next, l.previous);
}
void LogDump::show(const IotColumns& c) {
  print("index redo: itl: {} slot: {} row size: {} flag: 0x{:02x} ncol: {} nnew: {} size: {}\n", c.itl, c.slot,
        c.row_size, c.flag, c.ncol, c.nnew, c.size);
}
void LogDump::show(const Kdilk& k) {
  print("Dump kdilk : itl={}, kdxlkflg=0x{:x} sdc={} indexid=0x{:x} block=0x{:08x} code={}\n", k.itl, k.flags, k.sdc,
        k.segment_header, k.leaf, k.code);
  if (k.undo() == LeafUndo::kColumns)
    print("flag: 0x{:02x} ncol: {} nnew: {} size: {}\n", k.row_flag, k.ncol, k.nnew, k.size);
  if (!k.key_sizes.empty()) print("number of keys: {} key sizes: {}\n", k.keys, fmt::join(k.key_sizes, " "));
}
void LogDump::show(const KdilkBranch& k) {
  print("Dump kdilk : code={} block=0x{:08x} dba=0x{:08x}\n", k.code, k.leaf, k.dba);
}

// --- LOBs and direct loads

void LogDump::show(const KdliCommon& k) {
  static constexpr const char* kOps[] = {"REDO", "UNDO", "CR", "FRMT", "INVL", "LOAD", "BIMG", "SINV"};
  print("KDLI common [{}]: op: {} type: 0x{:02x} flg0: 0x{:02x} flg1: 0x{:02x} psiz: {} poff: {} dba: 0x{:08x}\n",
        kKdliCommonSize, k.op < std::size(kOps) ? kOps[k.op] : "?", k.type, k.flg0, k.flg1, k.psiz, k.poff, k.dba);
}

void LogDump::show(const Kdli& k) {
  print("KDLI {} [{}]\n", kdli_name(k.kind()), k.code);
  if (k.has_lob()) print("  lobid: {}\n", to_hex(k.lob));
  switch (k.kind()) {
    case KdliCode::kInfo: print("  block: 0x{:08x} slot: {}\n", k.address.dba, k.address.slot); break;
    case KdliCode::kLoadData:
      print("  flg: 0x{:02x} 0x{:02x} 0x{:02x} 0x{:02x} pskip: {} sskip: {} rid: {} hwm: {} spr: {}\n", k.flg0, k.flg1,
            k.flg2, k.flg3, k.pskip, k.sskip, address_text(k.address), k.hwm, k.spr);
      break;
    case KdliCode::kZero: print("  offset: {} size: {}\n", k.offset, k.size); break;
    case KdliCode::kFill:
      print("  poff: {} fsiz: {} fdata: ({}):\n", k.offset, k.size, k.data.size());
      hex_lines(k.data);
      break;
    case KdliCode::kSupplementalLog:
      print("  xid:  {} objn: {} objv: {} col: {} flag: 0x{:08x}\n", xid_text(k.xid), k.obj, k.version, k.column,
            k.flags);
      break;
    case KdliCode::kFormatLoad:
      print("  bsz: {} scn: {} xid:  {} objd: {}\n", k.block_size, scn(k.load_scn.value), xid_text(k.xid), k.obj);
      break;
    case KdliCode::kLoadHeader:
      print("  flg: 0x{:02x} 0x{:02x} extents: {} asiz: {} hwm: {} ovr: 0x{:08x} dba: {:#010x} nblk: {}\n", k.flg2,
            k.flg3, k.extent_count, k.asiz, k.hwm, k.last_page, fmt::join(k.map_pages, " "), k.blocks);
      break;
    case KdliCode::kLoadTree:
      print("  lvl: {} asiz: {} hwm: {} par: 0x{:08x}\n", k.level, k.asiz, k.hwm, k.parent);
      break;
    default: break;
  }
  for (std::size_t i = 0; i < k.extents.size(); ++i)
    print("  [{}] 0x{:02x} 0x{:02x} {} 0x{:08x}\n", k.start_index + i, k.extents[i].byte0, k.extents[i].byte1,
          k.extents[i].pages, k.extents[i].first);
}

void LogDump::show(const LobPage& p) {
  print("LOB page: objd: {} lobid: {} version: 0x{:04x}.{:08x} pgno: {} pdba: 0x{:08x} data ({}):\n", p.data_obj,
        to_hex(p.lob), p.version_high, p.version, p.page, p.parent, p.data.size());
  hex_lines(p.data);
}

void LogDump::show(const DirectBlock& b) {
  print("Direct Loader block redo entry\n Seg/obj: {} csc: {} itc: {} flg: 0x{:02x} typ: {} bdba: 0x{:08x}\n",
        b.data_obj, scn(b.cleanout_scn.value), b.itl.size(), b.flags, b.type, b.bdba);
  for (std::size_t i = 0; i < b.itl.size(); ++i)
    print(" 0x{:02x}   {}  {} flg: 0x{:04x} scn: {}\n", i + 1, xid_text(b.itl[i].xid), oracle::to_text(b.itl[i].uba),
          b.itl[i].lock, scn(b.itl[i].commit_scn()));
  if (b.type != kImageData) return hex_lines(b.rows);
  print("ntab={} nrow={} frre={} fsbo=0x{:x} fseo=0x{:x} avsp=0x{:x} tosp=0x{:x}\n", b.tables.size(),
        b.row_offsets.size(), b.frre, b.fsbo, b.fseo, b.avsp, b.tosp);
  try {
    for_each_piece(b, headers_.order, [&](const StoredPiece& piece, const std::vector<PieceColumn>& columns) {
      print("tab {}, row {}, @0x{:x}\nfb: {} lb: 0x{:x}  cc: {}\n", piece.table, piece.slot, b.row_offsets[piece.slot],
            row_flags_text(piece.fb), piece.lock, columns.size());
      for (const PieceColumn& c : columns) column("col", c.position, c.null, c.value);
    });
  } catch (const Malformed& e) {
    print("malformed row: {}\n", e.what());
  }
}

void LogDump::show(const LobWriteMarker& m) {
  print("LLB: lob {}: xid:  {} lobid: {} col: {} offset: {} size: {} obj: {}\n",
        m.operation == 0x68                          ? "erase"
        : m.operation == 0x66 || m.operation == 0x67 ? "trim"
                                                     : "write",
        xid_text(m.xid), to_hex(m.lob), m.column, m.offset, m.size, m.obj);
}
void LogDump::show(const LobEndMarker& m) {
  print("LLB: lob end: xid:  {} obj: {} size: {} col: {}\n", xid_text(m.xid), m.obj, m.size, m.column);
}
void LogDump::show(const LobPrepareMarker& m) { print("LLB: lob prepare: xid:  {} obj: {}\n", xid_text(m.xid), m.obj); }

// --- markers

void LogDump::show(const DdlHeader& d) {
  print("DDL: xid:  {} type: {} kind: {} part {} of {}\n", xid_text(d.xid), d.type, d.kind, d.part, d.parts);
}
void LogDump::show(const TransactionMarker& m) { print("LogMiner transaction: xid:  {}\n", xid_text(m.xid)); }
void LogDump::show(const DirectLoadMarker& m) { print("Direct load: xid:  {}\n", xid_text(m.xid)); }

}  // namespace redoubt::redo
