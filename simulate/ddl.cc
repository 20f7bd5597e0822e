#include "simulate/ddl.h"

#include <algorithm>
#include <functional>

#include "redo/marker.h"

namespace redoubt::simulate {
namespace {

constexpr std::size_t kTextPart = 2000;  // bytes of SQL text in one 24.1

enum DdlType : std::uint16_t { kCreateTable = 1, kDropTable = 12, kAlterTable = 15, kRename = 28, kTruncateTable = 85 };

// A statement: the SYS rows are changed by whoever makes it; `apply` changes the model once it has worked.
struct Statement {
  DdlType type;
  std::uint32_t obj;
  std::string text;
  std::function<void()> apply;
};

class Ddl {
 public:
  Ddl(Container& container, RedoEncoder& redo, Random& random)
      : container_(container), system_(container.system), redo_(redo), random_(random) {}

  void run() {
    std::vector<SimulatedTable*> free;
    for (auto& table : container_.tables)
      if (!table->index_organized() &&
          std::none_of(table->rows.begin(), table->rows.end(), [](const auto& held) { return held->by != nullptr; }))
        free.push_back(table.get());
    run([&] { return make(free); });
  }

  // ADD of one column.
  bool widen(SimulatedTable& table) {
    return run([&] { return add_column(table); });
  }

 private:
  template <class Make>
  bool run(Make make) {
    const oracle::DictionaryRows before = system_.rows();
    const Statement statement = make();
    if (!statement.apply) return false;
    write_text(statement);
    if (random_.percent(10)) {  // it fails, as for want of space
      redo_.undo_to(0);
      redo_.roll_back();
      system_.rows() = before;
      return false;
    }
    redo_.commit();
    statement.apply();
    return true;
  }

  static Statement nothing() { return {kAlterTable, 0, {}, {}}; }

  Statement make(const std::vector<SimulatedTable*>& free) {
    if (free.empty() || (random_.percent(10) && container_.tables.size() < 20)) return create_table();
    SimulatedTable& table = *free[random_.below(static_cast<std::uint32_t>(free.size()))];
    switch (random_.below(table.partitioned ? 12 : 6)) {
      case 0:
      case 1: return add_column(table);
      case 2: return set_unused(table);
      case 3: return rename_column(table);
      case 4: return truncate(table);
      case 5: return random_.percent(50) ? rename_table(table) : drop_table(table);
      case 6: return add_partition(table);
      case 7: return truncate_partition(table);
      default: return exchange(table, free);
    }
  }

  std::string new_name(const char* prefix) { return fmt::format("{}{}", prefix, ++container_.last_name); }

  // --- rows of the dictionary ---

  template <class R>
  oracle::RowId only(std::uint32_t obj) const {
    const auto ids = system_.find<R>([&](const R& row) { return row.obj == obj; });
    REDOUBT_ASSERT(ids.size() == 1);
    return ids[0];
  }
  template <class R, class Change>
  void update(oracle::RowId id, Change change) {
    R row = system_.row<R>(id);
    change(row);
    system_.update(redo_, id, row);
  }
  template <class R>
  void erase_of(std::uint32_t obj) {
    for (const oracle::RowId id : system_.find<R>([&](const R& row) { return row.obj == obj; }))
      system_.erase<R>(redo_, id);
  }
  oracle::RowId column_id(const SimulatedTable& table, std::uint32_t segcol) const {
    const auto ids =
        system_.find<oracle::ColumnRow>([&](const auto& row) { return row.obj == table.obj && row.segcol == segcol; });
    REDOUBT_ASSERT(ids.size() == 1);
    return ids[0];
  }
  void new_data_object(std::uint32_t obj, std::uint32_t data_obj) {
    update<oracle::ObjectRow>(only<oracle::ObjectRow>(obj), [&](auto& row) { row.data_obj = data_obj; });
  }

  // --- statements ---

  Statement create_table() {
    auto table = std::make_shared<std::unique_ptr<SimulatedTable>>(std::make_unique<SimulatedTable>());
    SimulatedTable& t = **table;
    t.obj = ++container_.last_object;
    t.owner = kOwner;
    t.name = new_name("NEW_");
    t.supplemental = static_cast<Supplemental>(random_.below(3));
    Segment& segment = t.segments.emplace_back();
    segment.obj = segment.data_obj = t.obj;
    segment.file = 40;
    segment.start_at(16 + (t.obj - 200000) * 512);
    t.columns.push_back({"ID", kind_named("number"), false});
    for (std::uint32_t n = random_.between(1, 6); n > 0; --n) t.columns.push_back({new_name("N"), plain_kind(t)});
    describe_table(container_, t, [&](const auto& row) { system_.insert(redo_, row); });
    std::string text = fmt::format("create table {} (id number not null primary key", t.name);
    for (std::size_t c = 1; c < t.columns.size(); ++c)
      text += fmt::format(", {} {}", t.columns[c].name, t.columns[c].kind.name);
    text += ")";
    // Some statements are longer than one marker holds.
    if (random_.percent(30)) text += " /*" + std::string(random_.between(kTextPart, 3 * kTextPart), '*') + "*/";
    return {kCreateTable, t.obj, text, [this, table] { container_.tables.push_back(std::move(*table)); }};
  }

  Statement drop_table(SimulatedTable& table) {
    const bool lobs = std::any_of(table.columns.begin(), table.columns.end(), [](const auto& c) { return c.lob; });
    if (container_.tables.size() < 2 || table.partitioned || lobs) return nothing();
    erase_of<oracle::ConstraintColumnRow>(table.obj);
    erase_of<oracle::ConstraintRow>(table.obj);
    erase_of<oracle::ColumnRow>(table.obj);
    erase_of<oracle::TableRow>(table.obj);
    erase_of<oracle::ObjectRow>(table.obj);
    return {kDropTable, table.obj, fmt::format("drop table {} purge", table.name), [this, gone = &table] {
              std::erase_if(container_.tables, [&](const auto& t) { return t.get() == gone; });
            }};
  }

  Statement rename_table(SimulatedTable& table) {
    const std::string name = new_name("RENAMED_");
    update<oracle::ObjectRow>(only<oracle::ObjectRow>(table.obj), [&](auto& row) { row.name = name; });
    if (table.partitioned)
      for (const Segment& s : table.segments)
        update<oracle::ObjectRow>(only<oracle::ObjectRow>(s.obj), [&](auto& row) { row.name = name; });
    return {kRename, table.obj, fmt::format("rename {} to {}", table.name, name),
            [&table, name] { table.name = name; }};
  }

  Statement truncate(SimulatedTable& table) {
    if (table.partitioned) return nothing();
    const std::uint32_t data_obj = ++container_.last_object;
    new_data_object(table.obj, data_obj);
    update<oracle::TableRow>(only<oracle::TableRow>(table.obj), [&](auto& row) { row.data_obj = data_obj; });
    return {kTruncateTable, table.obj, fmt::format("truncate table {}", table.name), [&table, data_obj] {
              table.rows.clear();
              table.segments[0].data_obj = data_obj;
              table.segments[0].next_block();
            }};
  }

  // Only what the table has a key for is encrypted.
  const ColumnKind& plain_kind(const SimulatedTable& table) {
    while (true) {
      const ColumnKind& kind = column_kinds()[random_.below(static_cast<std::uint32_t>(column_kinds().size()))];
      if (!kind.lob && kind.type != oracle::TypeCode::kLong && kind.type != oracle::TypeCode::kBoolean &&
          (!kind.encrypted() || table.key))
        return kind;
    }
  }

  Statement add_column(SimulatedTable& table) {
    const ColumnKind& kind = plain_kind(table);
    SimulatedColumn column{new_name("ADDED_"), kind};
    table.columns.push_back(column);
    oracle::ColumnRow row = column_row(table, static_cast<std::uint32_t>(table.columns.size() - 1), container_.charset);
    table.columns.pop_back();
    system_.insert(redo_, row);
    return {kAlterTable, table.obj, fmt::format("alter table {} add ({} {})", table.name, column.name, kind.name),
            [&table, column] {
              table.columns.push_back(column);
              for (auto& held : table.rows) held->row.values.resize(table.columns.size());
            }};
  }

  // The column keeps its place in the row, but loses its name and its place for the user.
  Statement set_unused(SimulatedTable& table) {
    const std::uint32_t c = 1 + random_.below(static_cast<std::uint32_t>(table.columns.size()));
    if (c >= table.columns.size() || table.columns[c].hidden || table.columns[c].lob) return nothing();
    const std::string old = table.columns[c].name, name = fmt::format("SYS_C{:05}_24111914:23:11$", c + 1);
    const std::uint32_t col = system_.row<oracle::ColumnRow>(column_id(table, c + 1)).col;
    update<oracle::ColumnRow>(column_id(table, c + 1), [&](auto& row) {
      row.name = name;
      row.col = 0;
      row.property.low |= oracle::column_property::kHidden | oracle::column_property::kUnused;
    });
    for (const oracle::RowId id :
         system_.find<oracle::ColumnRow>([&](const auto& row) { return row.obj == table.obj && row.col > col; }))
      update<oracle::ColumnRow>(id, [](auto& row) { --row.col; });
    return {kAlterTable, table.obj, fmt::format("alter table {} set unused ({})", table.name, old), [&table, c, name] {
              table.columns[c].hidden = true;
              table.columns[c].name = name;
            }};
  }

  Statement rename_column(SimulatedTable& table) {
    const std::uint32_t c = 1 + random_.below(static_cast<std::uint32_t>(table.columns.size()));
    if (c >= table.columns.size() || table.columns[c].hidden) return nothing();
    const std::string old = table.columns[c].name, name = new_name("C_RENAMED_");
    update<oracle::ColumnRow>(column_id(table, c + 1), [&](auto& row) { row.name = name; });
    return {kAlterTable, table.obj, fmt::format("alter table {} rename column {} to {}", table.name, old, name),
            [&table, c, name] { table.columns[c].name = name; }};
  }

  // --- partitions ---

  std::size_t any_partition(const SimulatedTable& table) {
    return random_.below(static_cast<std::uint32_t>(table.segments.size()));
  }

  Statement add_partition(SimulatedTable& table) {
    Segment segment;
    segment.obj = segment.data_obj = ++container_.last_object;
    segment.file = 41;
    segment.start_at(16 + (segment.obj - 200000) * 512);
    table.segments.push_back(segment);
    const oracle::ObjectRow row = partition_row(table, table.segments.size() - 1);
    table.segments.pop_back();
    system_.insert(redo_, row);
    system_.insert(redo_, oracle::PartitionRow{segment.obj, segment.data_obj, table.obj});
    return {kAlterTable, table.obj,
            fmt::format("alter table {} add partition {} values ('x')", table.name, row.subname),
            [&table, segment] { table.segments.push_back(segment); }};
  }

  void set_partition_data(const Segment& segment, std::uint32_t data_obj) {
    new_data_object(segment.obj, data_obj);
    update<oracle::PartitionRow>(only<oracle::PartitionRow>(segment.obj), [&](auto& row) { row.data_obj = data_obj; });
  }

  Statement truncate_partition(SimulatedTable& table) {
    const std::size_t p = any_partition(table);
    const std::uint32_t data_obj = ++container_.last_object;
    set_partition_data(table.segments[p], data_obj);
    return {kAlterTable, table.obj, fmt::format("alter table {} truncate partition P{}", table.name, p + 1),
            [&table, p, data_obj] {
              std::erase_if(table.rows, [&](const auto& held) { return held->row.segment == p; });
              table.segments[p].data_obj = data_obj;
              table.segments[p].next_block();
            }};
  }

  // The rows of the partition and those of the other table change places, without a row being touched. Wants two tables
  // of the same shape: the other one is a new one here.
  Statement exchange(SimulatedTable& table, const std::vector<SimulatedTable*>& free) {
    const auto other = std::find_if(free.begin(), free.end(), [&](const SimulatedTable* t) {
      return t != &table && !t->partitioned && t->key == table.key && t->columns.size() == table.columns.size() &&
             std::equal(t->columns.begin(), t->columns.end(), table.columns.begin(), [](const auto& a, const auto& b) {
               return a.kind.name == b.kind.name && a.hidden == b.hidden;
             });
    });
    const std::size_t p = any_partition(table);
    if (other == free.end()) return twin(table);
    SimulatedTable& with = **other;
    const std::uint32_t ours = table.segments[p].data_obj, theirs = with.segments[0].data_obj;
    set_partition_data(table.segments[p], theirs);
    new_data_object(with.obj, ours);
    update<oracle::TableRow>(only<oracle::TableRow>(with.obj), [&](auto& row) { row.data_obj = ours; });
    return {kAlterTable, table.obj,
            fmt::format("alter table {} exchange partition P{} with table {}", table.name, p + 1, with.name),
            [&table, &with, p] { swap_segment(table, p, with); }};
  }

  static void swap_segment(SimulatedTable& table, std::size_t p, SimulatedTable& with) {
    // Blocks and rows change places, object numbers stay.
    const std::uint32_t obj = table.segments[p].obj;
    std::swap(table.segments[p], with.segments[0]);
    with.segments[0].obj = with.obj;
    table.segments[p].obj = obj;
    Owned<Held> here, there;
    for (auto& held : table.rows) (held->row.segment == p ? there : here).push_back(std::move(held));
    for (auto& held : there) held->row.segment = 0;
    for (auto& held : with.rows) {
      held->row.segment = static_cast<std::uint16_t>(p);
      here.push_back(std::move(held));
    }
    table.rows = std::move(here);
    with.rows = std::move(there);
  }

  // A table of the same columns, for a later exchange.
  Statement twin(const SimulatedTable& table) {
    auto made = std::make_shared<std::unique_ptr<SimulatedTable>>(std::make_unique<SimulatedTable>());
    SimulatedTable& t = **made;
    t.obj = ++container_.last_object;
    t.owner = kOwner;
    t.name = new_name("TWIN_");
    t.columns = table.columns;
    t.key = table.key;
    t.row_dependencies = table.row_dependencies;
    t.supplemental = table.supplemental;
    Segment& segment = t.segments.emplace_back();
    segment.obj = segment.data_obj = t.obj;
    segment.file = 42;
    segment.start_at(16 + (t.obj - 200000) * 512);
    describe_table(container_, t, [&](const auto& row) { system_.insert(redo_, row); });
    return {kCreateTable, t.obj, fmt::format("create table {} for exchange with table {}", t.name, table.name),
            [this, made] { container_.tables.push_back(std::move(*made)); }};
  }

  // The 24.1 markers. Field 2 of the first part is the schema, of later ones the text continued; field 8 is the text.
  void write_text(const Statement& s) {
    const auto bytes = [](std::string_view t) {
      return ByteString(reinterpret_cast<const std::uint8_t*>(t.data()), t.size());
    };
    const std::size_t parts = (s.text.size() + kTextPart - 1) / kTextPart;
    for (std::size_t part = 0; part < parts; ++part) {
      redo::DdlHeader header;
      header.xid = redo_.xid();
      header.type = s.type;
      header.part = static_cast<std::uint16_t>(part + 1);
      header.parts = static_cast<std::uint16_t>(parts);
      const std::size_t size = parts == 1 ? redo::kDdlHeaderSize : redo::kDdlPartHeaderSize;
      ByteString piece = bytes(std::string_view(s.text).substr(part * kTextPart, kTextPart));
      if (part + 1 == parts) piece.push_back(0);
      Fields fields(part == 0 ? 25 : 2);
      fields[0] = redo_.encoded(header, size);
      if (part == 0) {
        fields[1] = bytes(kOwner);
        fields[7] = piece;
        fields[11].resize(4);
        store(fields[11].data(), s.obj, redo_.order());
      } else {
        fields[1] = piece;
      }
      redo_.marker(redo::opcode(24, 1), fields);
    }
  }

  Container& container_;
  SystemTables& system_;
  RedoEncoder& redo_;
  Random& random_;
};

}  // namespace

void run_ddl(Container& container, RedoEncoder& redo, Random& random) { Ddl(container, redo, random).run(); }

bool add_column(Container& container, RedoEncoder& redo, Random& random, SimulatedTable& table) {
  return Ddl(container, redo, random).widen(table);
}

}  // namespace redoubt::simulate
