#include "sink/json_writer.h"

#include "oracle/charset.h"
#include "oracle/value.h"

namespace redoubt::sink {

using change::Cell;
using change::CellState;

namespace {

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
    f.schema = R"(,"schema":{)";
    if (!table.owner.empty()) f.schema += R"("owner":)" + json_text(table.owner) + ",";
    f.schema += R"("table":)" + json_text(table.name) + R"(},"rid":")";
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

// Per transaction the text around c_idx is made once: head is {"c_scn":N,"c_idx": and tail is ,"xid":"..."
void JsonWriter::write(const change::Batch& batch, TextBuffer& out) {
  if (names_ > kNamesMax) forget_fragments();
  for (const change::Transaction& t : batch.transactions) {
    head_.clear();
    head_.append(R"({"c_scn":)");
    head_.append_int(t.commit_scn - 1);
    head_.append(R"(,"c_idx":)");
    tail_.clear();
    tail_.append(R"(,"xid":")");
    tail_.append_int(t.xid.usn);
    tail_.append('.');
    tail_.append_int(t.xid.slt);
    tail_.append('.');
    tail_.append_int(t.xid.sqn);
    tail_.append('"');

    write_begin(t, out);
    for (std::uint32_t i = 0; i < t.ddl_count; ++i) {
      const change::Ddl& ddl = batch.ddls[t.first_ddl + i];
      begin_line(t.begin_index + 1 + ddl.index, out);
      write_ddl(ddl, out);
    }
    for (std::uint32_t i = 0; i < t.row_count; ++i) {
      const change::RowChange& row = batch.rows[t.first_row + i];
      begin_line(t.row_index + row.index, out);
      write_row(batch, row, out);
      out.append("}]}\n");
    }
    begin_line(t.commit_index, out);
    out.append(R"(,"commit_scn":)");
    out.append_int(t.commit_scn);
    out.append(",\"payload\":[{\"op\":\"commit\"}]}\n");
  }
}

void JsonWriter::begin_line(std::uint64_t index, TextBuffer& out) {
  out.append(head_.view());
  out.append_int(index);
  out.append(tail_.view());
}

void JsonWriter::write_begin(const change::Transaction& t, TextBuffer& out) {
  out.append(R"({"scns":"0x)");
  char* p = out.room(16);
  for (int shift = 60; shift >= 0; shift -= 4) *p++ = "0123456789abcdef"[t.commit_scn >> shift & 15];
  out.used(p);
  out.append(R"(","tms":")");
  out.append_int(t.commit_time);
  out.append(R"(",)");
  out.append(head_.view().substr(1));
  out.append_int(t.begin_index);
  out.append(tail_.view());
  out.append(R"(,"commit_scn":)");
  out.append_int(t.commit_scn);
  out.append(R"(,"begin_scn":)");
  out.append_int(t.begin_scn);
  out.append(R"(,"thread":)");
  out.append_int(t.thread);
  out.append(R"(,"con_id":)");
  out.append_int(t.con_id);
  if (t.suspect) out.append(R"(,"suspect":true)");
  out.append(",\"payload\":[{\"op\":\"begin\"}]}\n");
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
  out.append(R"(,"payload":[{"op":")");
  out.append(static_cast<char>(row.op));
  out.append('"');
  out.append(f.schema);
  out.used(oracle::write_rowid(out.room(oracle::kRowIdLength), row.rowid));
  out.append('"');
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
