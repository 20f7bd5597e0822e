#include "sink/json_writer.h"

#include "base/digits.h"
#include "oracle/charset.h"
#include "oracle/value.h"

namespace redoubt::sink {

using change::Cell;
using change::CellState;

namespace {

constexpr std::size_t kOpPlace = std::string_view(R"(,"payload":[{"op":")").size();

// More than any of the lines around rows takes: their fixed text and up to ten numbers.
constexpr std::size_t kLineRoom = 1024;

constexpr std::array<char, 512> kHexPairs = [] {
  std::array<char, 512> pairs{};
  for (std::size_t i = 0; i < 512; ++i) pairs[i] = "0123456789abcdef"[i % 2 == 0 ? i >> 5 : i / 2 & 15];
  return pairs;
}();

// A literal, of a size that the compiler knows.
template <std::size_t N>
char* put(char* to, const char (&text)[N]) {
  std::memcpy(to, text, N - 1);
  return to + N - 1;
}

// Of names from the dictionary and of statements: UTF-8.
std::string json_text(std::string_view text) {
  TextBuffer out;
  oracle::charset_by_name("AL32UTF8")->append_json_string(out, as_bytes(text));
  return out.str();
}

}  // namespace

const JsonWriter::Fragments& JsonWriter::fragments(const oracle::Table& table) {
  if (table.serial == last_serial_ && last_fragments_) return *last_fragments_;
  const auto [it, added] = fragments_.try_emplace(table.serial);
  Fragments& f = it->second;
  if (added) {
    f.row = R"(,"payload":[{"op":"?","schema":{)";
    if (!table.owner.empty()) f.row += R"("owner":)" + json_text(table.owner) + ",";
    f.row += R"("table":)" + json_text(table.name) + R"(},"rid":")";
    for (const oracle::Column& c : table.columns) f.columns.push_back(json_text(c.name) + ":");
    names_ += f.columns.size() + 1;
  }
  last_serial_ = table.serial;
  last_fragments_ = &f;
  return f;
}

// A table has other fragments after each DDL: those of its past are never asked for again.
void JsonWriter::forget_fragments() {
  fragments_.clear();
  last_fragments_ = nullptr;
  names_ = 0;
}

// Positions ascend, also when a transaction is late (threads.md S1).
oracle::Scn position_scn(const change::Transaction& t) { return t.late_behind != 0 ? t.late_behind : t.commit_scn; }

// Made once per transaction: head is {"c_scn":N,"c_idx": and tail is ,"xid":"..." and commit is ,"commit_scn":N
void JsonWriter::write(const change::Batch& batch, TextBuffer& out) {
  if (names_ > kNamesMax) forget_fragments();
  for (const change::Transaction& t : batch.transactions) {
    head_.end(put(write_number(put(head_.begin(), R"({"c_scn":)"), position_scn(t) - 1), R"(,"c_idx":)"));
    char* p = write_number(put(tail_.begin(), R"(,"xid":")"), t.xid.usn);
    p = write_number(put(p, "."), t.xid.slt);
    p = write_number(put(p, "."), t.xid.sqn);
    tail_.end(put(p, "\""));
    commit_.end(write_number(put(commit_.begin(), R"(,"commit_scn":)"), t.commit_scn));

    if (t.first) write_begin(t, out);
    for (std::uint32_t i = 0; i < t.ddl_count; ++i) {
      const change::Ddl& ddl = batch.ddls[t.first_ddl + i];
      out.used(begin_line(t.begin_index + 1 + ddl.index, out));
      write_ddl(ddl, out);
    }
    for (std::uint32_t i = 0; i < t.row_count; ++i) {
      const change::RowChange& row = batch.rows[t.first_row + i];
      out.used(begin_line(t.row_index + row.index, out));
      write_row(batch, row, out);
      out.append("}]}\n");
    }
    if (!t.last) continue;
    p = commit_.write(begin_line(t.commit_index, out));
    if (t.suspect && !t.first) p = put(p, R"(,"suspect":true)");  // the begin may have been too early to say so
    out.used(put(p, ",\"payload\":[{\"op\":\"commit\"}]}\n"));
  }
}

// Leaves room for as much again behind what it returns.
char* JsonWriter::begin_line(std::uint64_t index, TextBuffer& out) const {
  return tail_.write(write_number(head_.write(out.room(kLineRoom)), index));
}

void JsonWriter::write_begin(const change::Transaction& t, TextBuffer& out) const {
  char* p = put(out.room(kLineRoom), R"({"scns":"0x)");
  for (int shift = 56; shift >= 0; shift -= 8, p += 2)
    std::memcpy(p, kHexPairs.data() + 2 * (t.commit_scn >> shift & 0xFF), 2);
  p = write_number(put(p, R"(","tms":")"), t.commit_time);
  p = put(p, R"(")");
  char* const head = p;
  p = head_.write(p);
  *head = ',';  // in place of the brace
  p = tail_.write(write_number(p, t.begin_index));
  p = commit_.write(p);
  p = write_number(put(p, R"(,"begin_scn":)"), t.begin_scn);
  p = write_number(put(p, R"(,"thread":)"), t.thread);
  p = write_number(put(p, R"(,"con_id":)"), t.con_id);
  if (t.suspect) p = put(p, R"(,"suspect":true)");
  if (t.late_behind != 0) p = put(p, R"(,"late":true)");
  out.used(put(p, ",\"payload\":[{\"op\":\"begin\"}]}\n"));
}

void JsonWriter::write_ddl(const change::Ddl& ddl, TextBuffer& out) {
  out.append(R"(,"payload":[{"op":"ddl","schema":{"owner":)");
  out.append(json_text(ddl.schema));
  if (ddl.table) {
    out.append(R"(,"table":)");
    out.append(json_text(ddl.table->name));
  }
  if (ddl.obj != 0) {
    out.append(R"(,"obj":)");
    out.append_int(ddl.obj);
  }
  out.append(R"(},"sql":)");
  out.append(json_text(ddl.sql));
  if (ddl.cut) out.append(R"(,"cut":true)");
  out.append("}]}\n");
}

void JsonWriter::write_row(const change::Batch& batch, const change::RowChange& row, TextBuffer& out) {
  const Fragments& f = fragments(*row.table);
  char* p = out.room(f.row.size() + oracle::kRowIdLength + 1);
  f.row.copy(p, f.row.size());
  p[kOpPlace] = static_cast<char>(row.op);
  p = oracle::write_rowid(p + f.row.size(), row.rowid);
  *p++ = '"';
  out.used(p);
  if (row.suspect) out.append(R"(,"suspect":true)");
  const Cell* cells = batch.cells.data() + row.first_cell;
  if (row.op != change::Op::kInsert) {
    out.append(R"(,"before":{)");
    write_cells(row, f, cells, row.before_count, out);
    out.append('}');
  }
  if (row.op != change::Op::kDelete) {
    out.append(R"(,"after":{)");
    write_cells(row, f, cells + row.before_count, row.after_count, out);
    out.append('}');
  }
}

void JsonWriter::write_cells(const change::RowChange& row, const Fragments& f, const Cell* cells, std::size_t count,
                             TextBuffer& out) {
  for (std::size_t i = 0; i < count; ++i) {
    const Cell& cell = cells[i];
    const oracle::Column& column = row.table->columns[cell.column];
    if (i > 0) out.append(',');
    out.append(f.columns[cell.column]);
    switch (cell.state) {
      case CellState::kNull: out.append("null"); break;
      case CellState::kValue: oracle::append_json_value(out, column, facts_, cell.bytes()); break;
      case CellState::kLob: oracle::append_json_lob(out, column, cell.bytes(), false); break;
      case CellState::kLobUtf16: oracle::append_json_lob(out, column, cell.bytes(), true); break;
      case CellState::kUnavailable:
        out.append((column.property & oracle::column_property::kEncrypted) != 0 ? R"({"$unavailable":"encrypted"})"
                                                                                : R"({"$unavailable":"not in redo"})");
        break;
      case CellState::kSuspect:
        out.append(R"({"$suspect":")");
        out.append(to_hex(cell.bytes()));
        out.append(R"("})");
        break;
    }
  }
}

}  // namespace redoubt::sink
