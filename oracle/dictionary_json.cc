#include "oracle/dictionary_json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <limits>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/text_buffer.h"
#include "oracle/charset.h"
#include "oracle/json_string.h"

namespace redoubt::oracle {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::string_view kNext = "make the dictionary anew with `redoubt dictionary --script`";

// The keys of one JSON object, and where it stands for errors.
class Reader {
 public:
  Reader(std::string_view place, std::string where, element value) : place_(place), where_(std::move(where)) {
    if (value.get(object_) != simdjson::SUCCESS) fail("", "is not an object");
  }

  [[noreturn]] void fail(std::string_view key, std::string_view what) const {
    throw Error(ErrorCode::kUnknown, place_,
                fmt::format("{}{}{} {}", where_, where_.empty() || key.empty() ? "" : " ", key, what), kNext);
  }

  std::string_view place() const { return place_; }

  std::optional<element> find(std::string_view key) const {
    element value;
    if (object_.at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }
  element at(std::string_view key) const {
    const auto value = find(key);
    if (!value) fail(key, "is missing");
    return *value;
  }

  void get(std::string_view key, std::string& to) const {
    std::string_view text;
    if (at(key).get(text) != simdjson::SUCCESS) fail(key, "is not a string");
    to = text;
  }
  template <std::integral T>
  void get(std::string_view key, T& to) const {
    to = number<T>(key, at(key));
  }
  void get(std::string_view key, bool& to) const { to = number<std::uint8_t>(key, at(key)) != 0; }
  void get(std::string_view key, Wide& to) const {
    const array parts = elements(key);
    if (parts.size() != 2) fail(key, "is not a pair of numbers");
    to = {number<std::uint64_t>(key, parts.at(0).value()), number<std::uint64_t>(key, parts.at(1).value())};
  }
  // Leaves `to` alone when the key is absent.
  template <class T>
  void get_if(std::string_view key, T& to) const {
    if (find(key)) get(key, to);
  }
  template <std::integral T>
  void get_if(std::string_view key, std::optional<T>& to) const {
    if (find(key)) get(key, to.emplace());
  }

  array elements(std::string_view key) const {
    array list;
    if (at(key).get(list) != simdjson::SUCCESS) fail(key, "is not an array");
    return list;
  }
  // f(Reader) for each object of an array; an absent array has none.
  template <class F>
  void each(std::string_view key, F&& f) const {
    if (!find(key)) return;
    std::size_t row = 0;
    for (element value : elements(key)) f(Reader(place_, fmt::format("{}[{}]", key, row++), value));
  }
  void get_strings(std::string_view key, std::vector<std::string>& to) const {
    for (element value : elements(key)) {
      std::string_view text;
      if (value.get(text) != simdjson::SUCCESS) fail(key, "is not an array of strings");
      to.emplace_back(text);
    }
  }

 private:
  template <std::integral T>
  T number(std::string_view key, element value) const {
    using Read = std::conditional_t<std::signed_integral<T>, std::int64_t, std::uint64_t>;
    Read read;
    if (value.get(read) != simdjson::SUCCESS || !std::in_range<T>(read)) fail(key, "is not a number in its range");
    return static_cast<T>(read);
  }

  std::string_view place_;
  std::string where_;
  object object_;
};

template <class Row>
void read_rows(const Reader& from, const std::string& key, RowTable<Row>& to) {
  from.each(key, [&](const Reader& reader) {
    std::string text;
    reader.get("row-id", text);
    RowId id;
    try {
      id = rowid_from_text(text);
    } catch (const Malformed& e) {
      reader.fail("row-id", e.what());
    }
    Row row;
    for (const Field<Row>& field : Layout<Row>::kFields) {
      if (field.extra && !reader.find(field.key)) continue;
      std::visit([&](auto member) { reader.get(field.key, row.*member); }, field.member);
    }
    if (!to.put(id, std::move(row))) reader.fail("row-id", fmt::format("{} stands twice in this array", text));
  });
}

// The Oracle text form 0x0014.01f.000000c8: segment, slot, wrap.
Xid read_xid(const Reader& from, std::string_view key) {
  std::string text;
  from.get(key, text);
  Xid xid;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto part = [&](auto& to, std::string_view before) {
    if (!std::string_view(at, end).starts_with(before)) from.fail(key, "is no transaction id");
    const auto [stop, error] = std::from_chars(at + before.size(), end, to, 16);
    if (error != std::errc{}) from.fail(key, "is no transaction id");
    at = stop;
  };
  part(xid.usn, "0x");
  part(xid.slt, ".");
  part(xid.sqn, ".");
  if (at != end) from.fail(key, "is no transaction id");
  return xid;
}

const Charset* read_charset(const Reader& from, std::string_view key) {
  std::string name;
  from.get(key, name);
  const Charset* charset = charset_by_name(name);
  if (!charset) from.fail(key, fmt::format("is {}, a character set that is not known", name));
  return charset;
}

void read_scalars(const Reader& from, LoadedDictionary& to) {
  from.get("database", to.facts.database);
  from.get("scn", to.scn);
  from.get("resetlogs", to.facts.resetlogs);
  from.get("activation", to.facts.activation);
  from.get_if("time", to.time);
  from.get_if("seq", to.sequence);
  from.get_if("offset", to.offset);
  from.get("big-endian", to.facts.big_endian);
  from.get("context", to.facts.context);
  from.get("con-id", to.facts.con_id);
  from.get("con-name", to.facts.con_name);
  from.get_if("db-id", to.facts.db_id);
  from.get_if("db-timezone", to.facts.time_zone);
  from.get_if("db-recovery-file-dest", to.recovery_file_dest);
  from.get_if("log-archive-dest", to.log_archive_dest);
  from.get_if("log-archive-format", to.log_archive_format);
  from.get_if("db-block-checksum", to.block_checksum);
  to.facts.charset = read_charset(from, "nls-character-set");
  to.facts.national_charset = read_charset(from, "nls-nchar-character-set");
  from.get_if("supp-log-db-primary", to.facts.supplemental_primary);
  from.get_if("supp-log-db-all", to.facts.supplemental_all);

  if (const auto value = from.find("min-tran")) {
    const Reader reader(from.place(), "min-tran", *value);
    OldestTransaction& oldest = to.oldest.emplace();
    reader.get_if("thread", oldest.thread);
    reader.get("seq", oldest.sequence);
    reader.get("offset", oldest.offset);
    oldest.xid = read_xid(reader, "xid");
  }
  from.each("threads", [&](const Reader& reader) {
    ThreadPosition& thread = to.threads.emplace_back();
    reader.get("thread", thread.thread);
    reader.get("seq", thread.sequence);
    reader.get("offset", thread.offset);
    reader.get_if("lwn-scn", thread.lwn_scn);
  });
  from.each("incarnations", [&](const Reader& reader) {
    Incarnation& incarnation = to.incarnations.emplace_back();
    reader.get("incarnation", incarnation.incarnation);
    reader.get("resetlogs-scn", incarnation.resetlogs_scn);
    reader.get("prior-resetlogs-scn", incarnation.prior_resetlogs_scn);
    reader.get("status", incarnation.status);
    reader.get("resetlogs", incarnation.resetlogs);
    reader.get("prior-incarnation", incarnation.prior_incarnation);
  });
  from.each("online-redo", [&](const Reader& reader) {
    OnlineRedoGroup& group = to.online_redo.emplace_back();
    reader.get("group", group.group);
    reader.get_if("thread", group.thread);
    reader.get_strings("path", group.members);
  });
  if (from.find("users")) from.get_strings("users", to.users);
}

void read_tables(const Reader& from, DictionaryRows& rows) {
  rows.each_table([&]<class Row>(RowTable<Row>& table) { read_rows(from, std::string(Layout<Row>::kArray), table); });
  for (const auto& [id, set] : rows.of<TokenSetRow>().rows()) {
    if (!rows.tokens().try_emplace(set.suffix).second)
      from.fail("xdb-ttset", fmt::format("has the suffix {} twice", set.suffix));
  }
  for (auto& [suffix, tables] : rows.tokens())
    tables.each_table([&]<class Row>(RowTable<Row>& table) {
      read_rows(from, fmt::format("{}{}", Layout<Row>::kArray, suffix), table);
    });
}

// Checks of the rows as a whole; a ROWID twice is found while reading.
void check_rows(const Reader& from, const DictionaryRows& rows) {
  const auto needs_object = [&]<class Row>(const RowTable<Row>& table) {
    for (const auto& [id, row] : table.rows())
      if (!rows.of<ObjectRow>().first(0, row.obj))
        from.fail(Layout<Row>::kArray,
                  fmt::format("row {} belongs to object {}, which sys-obj does not have", to_text(id), row.obj));
  };
  needs_object(rows.of<TableRow>());
  needs_object(rows.of<ColumnRow>());
  needs_object(rows.of<ConstraintRow>());
  needs_object(rows.of<ConstraintColumnRow>());
  needs_object(rows.of<LobRow>());

  std::map<std::uint32_t, std::vector<std::uint32_t>> segcols;
  for (const auto& [id, row] : rows.of<ColumnRow>().rows())
    if (row.segcol != 0) segcols[row.obj].push_back(row.segcol);
  for (auto& [obj, numbers] : segcols) {
    std::sort(numbers.begin(), numbers.end());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (numbers[i] != i + 1)
        from.fail("sys-col", fmt::format("does not number the stored columns of {} (object {}) from 1 without gaps",
                                         rows.of<ObjectRow>().first(0, obj)->name, obj));
  }
}

struct Parsed {
  LoadedDictionary dictionary;
  std::optional<Scn> tables_in;  // schema-ref-scn
};

Parsed parse(std::string_view text, std::string_view place) {
  simdjson::dom::parser parser;
  element document;
  const simdjson::padded_string padded(text);
  if (const auto error = parser.parse(padded).get(document))
    throw Error(ErrorCode::kUnknown, place, fmt::format("is no JSON: {}", simdjson::error_message(error)), kNext);
  const Reader from(place, "", document);
  Parsed parsed;
  read_scalars(from, parsed.dictionary);
  from.get_if("schema-ref-scn", parsed.tables_in);
  if (parsed.tables_in) return parsed;
  from.get("schema-scn", parsed.dictionary.schema_scn);
  read_tables(from, parsed.dictionary.rows);
  check_rows(from, parsed.dictionary.rows);
  return parsed;
}

// --- writing ---

class Writer {
 public:
  template <std::integral T>
  void value(T v) {
    out_.append_int(v);
  }
  void value(bool v) { out_.append(v ? '1' : '0'); }
  void value(std::string_view v) { append_json_string(out_, v); }
  void value(const std::string& v) { value(std::string_view(v)); }
  void value(const Wide& v) {
    out_.append('[');
    out_.append_int(v.low);
    out_.append(',');
    out_.append_int(v.high);
    out_.append(']');
  }
  template <class T>
  void value(const std::vector<T>& list) {
    open('[');
    for (const T& v : list) {
      next();
      value(v);
    }
    close(']');
  }
  template <class T>
  void key(std::string_view name, const T& v) {
    key(name);
    value(v);
  }
  template <class T>
  void key_if(std::string_view name, const std::optional<T>& v) {
    if (v) key(name, *v);
  }
  void key(std::string_view name) {
    next();
    value(name);
    out_.append(':');
  }
  void open(char bracket) {
    out_.append(bracket);
    first_ = true;
  }
  void close(char bracket) {
    out_.append(bracket);
    first_ = false;
  }
  void line() { out_.append('\n'); }
  void next() {
    if (!first_) out_.append(',');
    first_ = false;
  }
  // An array of objects, one to a line: f(item) writes the keys of one.
  template <class List, class F>
  void objects(std::string_view name, const List& list, F&& f) {
    key(name);
    open('[');
    for (const auto& item : list) {
      next();
      line();
      open('{');
      f(item);
      close('}');
    }
    close(']');
  }
  std::string str() const { return out_.str(); }

 private:
  TextBuffer out_;
  bool first_ = true;
};

template <class Row>
void write_rows(Writer& out, std::string_view key, const RowTable<Row>& table) {
  static const Row kEmpty;
  out.objects(key, table.rows(), [&](const auto& item) {
    out.key("row-id", to_text(item.first));
    for (const Field<Row>& field : Layout<Row>::kFields)
      std::visit(
          [&](auto member) {
            if (!field.extra || item.second.*member != kEmpty.*member) out.key(field.key, item.second.*member);
          },
          field.member);
  });
}

void write_scalars(Writer& out, const LoadedDictionary& d) {
  out.key("database", d.facts.database);
  out.key("scn", d.scn);
  out.key("resetlogs", d.facts.resetlogs);
  out.key("activation", d.facts.activation);
  out.key("time", d.time);
  out.key("seq", d.sequence);
  out.key("offset", d.offset);
  if (d.oldest) {
    const Xid xid = d.oldest->xid;
    out.key("min-tran");
    out.open('{');
    out.key_if("thread", d.oldest->thread);
    out.key("seq", d.oldest->sequence);
    out.key("offset", d.oldest->offset);
    out.key("xid", fmt::format("0x{:04x}.{:03x}.{:08x}", xid.usn, xid.slt, xid.sqn));
    out.close('}');
  }
  if (!d.threads.empty())
    out.objects("threads", d.threads, [&](const ThreadPosition& thread) {
      out.key("thread", thread.thread);
      out.key("seq", thread.sequence);
      out.key("offset", thread.offset);
      out.key_if("lwn-scn", thread.lwn_scn);
    });
  out.key("big-endian", d.facts.big_endian);
  out.key("context", d.facts.context);
  out.key("con-id", d.facts.con_id);
  out.key("con-name", d.facts.con_name);
  out.key("db-id", d.facts.db_id);
  out.key("db-timezone", d.facts.time_zone);
  out.key("db-recovery-file-dest", d.recovery_file_dest);
  out.key("db-block-checksum", d.block_checksum);
  out.key("log-archive-dest", d.log_archive_dest);
  out.key("log-archive-format", d.log_archive_format);
  out.key("nls-character-set", d.facts.charset->name());
  out.key("nls-nchar-character-set", d.facts.national_charset->name());
  out.key("supp-log-db-primary", d.facts.supplemental_primary);
  out.key("supp-log-db-all", d.facts.supplemental_all);
  out.objects("incarnations", d.incarnations, [&](const Incarnation& incarnation) {
    out.key("incarnation", incarnation.incarnation);
    out.key("resetlogs-scn", incarnation.resetlogs_scn);
    out.key("prior-resetlogs-scn", incarnation.prior_resetlogs_scn);
    out.key("status", incarnation.status);
    out.key("resetlogs", incarnation.resetlogs);
    out.key("prior-incarnation", incarnation.prior_incarnation);
  });
  out.objects("online-redo", d.online_redo, [&](const OnlineRedoGroup& group) {
    out.key("group", group.group);
    out.key_if("thread", group.thread);
    out.key("path", group.members);
  });
  out.key("users", d.users);
}

}  // namespace

LoadedDictionary parse_dictionary_json(std::string_view text, std::string_view place) {
  Parsed parsed = parse(text, place);
  if (parsed.tables_in)
    throw Error(ErrorCode::kUnknown, place, "schema-ref-scn refers to another file", "load it from a file");
  return std::move(parsed.dictionary);
}

// A checkpoint that cannot be read has an exit code of its own.
static std::string read_checkpoint(const std::filesystem::path& path) {
  try {
    return read_file(path);
  } catch (const Error& e) {
    throw Error(ErrorCode::kUnknown, {}, e.what());
  }
}

LoadedDictionary load_dictionary_json(const std::filesystem::path& path) {
  Parsed parsed = parse(read_checkpoint(path), path.string());
  LoadedDictionary& dictionary = parsed.dictionary;
  if (!parsed.tables_in) return std::move(dictionary);

  const std::string& database = dictionary.facts.database;
  if (database.find_first_of(std::string_view("/\0", 2)) != std::string::npos)
    throw Error(ErrorCode::kUnknown, path.string(), "the database name cannot be part of a file name", kNext);
  const auto beside = path.parent_path() / fmt::format("{}-chkpt-{}.json", database, *parsed.tables_in);
  LoadedDictionary tables = parse_dictionary_json(read_checkpoint(beside), beside.string());
  if (tables.facts.database != database || tables.facts.resetlogs != dictionary.facts.resetlogs)
    throw Error(ErrorCode::kUnknown, path.string(),
                fmt::format("its tables are in {}, a file of another database or incarnation", beside.string()), kNext);
  dictionary.rows = std::move(tables.rows);
  dictionary.schema_scn = tables.schema_scn;
  dictionary.users = std::move(tables.users);
  return std::move(dictionary);
}

std::string dictionary_json(const LoadedDictionary& dictionary) {
  Writer out;
  out.open('{');
  write_scalars(out, dictionary);
  out.key("schema-scn", dictionary.schema_scn);
  const DictionaryRows& rows = dictionary.rows;
  rows.each_table([&]<class Row>(const RowTable<Row>& table) {
    constexpr bool kExtra = std::is_same_v<Row, IndexRow> || std::is_same_v<Row, IndexColumnRow>;
    if (!kExtra || table.size() != 0) write_rows(out, Layout<Row>::kArray, table);
  });
  for (const auto& token : rows.tokens())
    token.second.each_table([&]<class Row>(const RowTable<Row>& table) {
      write_rows(out, fmt::format("{}{}", Layout<Row>::kArray, token.first), table);
    });
  out.close('}');
  out.line();
  return out.str();
}

}  // namespace redoubt::oracle
