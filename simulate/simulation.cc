#include "simulate/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <set>

#include "oracle/charset.h"
#include "simulate/lob_redo.h"
#include "simulate/noise.h"
#include "simulate/redo_encoder.h"
#include "simulate/schema.h"
#include "simulate/truth.h"

namespace redoubt::simulate {
namespace {

constexpr std::uint32_t kRowBytesMax = 7000;  // of a piece
constexpr std::uint16_t kPieceColumnsMax = 255;
constexpr std::size_t kRowsKept = 400;  // of a table: enough to change, little to remember

// A row of the model with who holds it.
struct Held {
  Row row;
  const void* by = nullptr;  // the transaction that changed it, null when committed
  bool gone = false;         // deleted by that transaction
  bool fresh = false;        // inserted by it
};

// One open transaction: its redo, its truth, and how to take the model back.
struct Open {
  Open(Cluster& cluster, std::uint16_t thread, std::uint16_t con_id) : redo(cluster, thread, con_id, kConUid) {}

  struct Undo {
    Held* held;
    Held before;
  };
  RedoEncoder redo;
  TransactionTruth truth;
  std::vector<Undo> undo;
  std::uint32_t statements_left = 1;

  struct Mark {
    std::size_t redo, truth, undo;
  };
  Mark mark() const { return {redo.mark(), truth.mark(), undo.size()}; }
  void undo_to(const Mark& m) {
    redo.undo_to(m.redo);
    truth.undo_to(m.truth);
    while (undo.size() > m.undo) {
      *undo.back().held = std::move(undo.back().before);
      undo.pop_back();
    }
  }
};

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options),
        random_(options.seed),
        charset_(charset(options.charset)),
        national_(charset("AL16UTF16")),
        values_(charset_, national_),
        cluster_(cluster_options(options), random_),
        tables_(make_tables(options, random_)),
        rows_(tables_.size()),
        truth_(options.directory / "truth.jsonl") {
    const auto& names = operation_names();
    for (const std::string& name : options.operations)
      if (name != "all" && std::find(names.begin(), names.end(), name) == names.end())
        throw Error(ErrorCode::kUsage, "--operations", fmt::format("there is no operation '{}'", name),
                    "see redoubt simulate --help");
    if (options.version < redo::kVersion12_1)
      for (const auto& table : tables_) table->con_id = 0;
  }

  Summary run() {
    replace_file(options_.directory / "schema.json", oracle::dictionary_json(make_dictionary(options_, tables_)));
    if (options_.workload == "small") {
      run_small();
    } else {
      run_mixed();
    }
    cluster_.close();
    truth_.close();
    summary_.bytes = cluster_.bytes();
    return summary_;
  }

 private:
  static const oracle::Charset& charset(const std::string& name) {
    const oracle::Charset* found = oracle::charset_by_name(name);
    if (!found)
      throw Error(ErrorCode::kUsage, "--charset", fmt::format("there is no character set '{}'", name),
                  "use Oracle's names, as AL32UTF8");
    return *found;
  }
  static ClusterOptions cluster_options(const Options& o) {
    ClusterOptions c;
    c.directory = o.directory;
    c.version = o.version;
    c.order = o.big_endian ? ByteOrder::kBig : ByteOrder::kLittle;
    c.block_size = o.block_size;
    c.threads = o.threads;
    c.log_bytes = o.size != 0 ? std::max<std::uint64_t>(o.size / 4, 1 << 20) : 256 << 10;
    c.varied = chosen(o, "noise") && o.workload == "mixed";
    if (chosen(o, "split") && o.workload == "mixed") c.undo_bytes = std::array{250U, 7000U, 700U}[o.seed % 3];
    c.strands = chosen(o, "strands") && o.workload == "mixed" && o.seed % 3 == 0;
    return c;
  }
  bool may(std::string_view operation) const { return chosen(options_, operation); }
  std::uint16_t con_id() const { return options_.version >= redo::kVersion12_1 ? kConId : std::uint16_t{0}; }
  bool enough() const {
    return options_.size != 0 ? cluster_.bytes() >= options_.size : summary_.transactions >= options_.transactions;
  }

  // One-row inserts, eight transactions to a group.
  void run_small() {
    const SimulatedTable& table = *tables_[0];
    for (std::uint64_t n = 1; !enough(); ++n) {
      Open t(cluster_, static_cast<std::uint16_t>(1 + n % options_.threads), con_id());
      Row row;
      row.values = {ValueSource::number(n), values_.make(table.columns[1].kind, random_, 40)};
      place(*tables_[0], row);
      t.redo.insert(table, row);
      t.truth.insert(table, row);
      ++summary_.rows;
      decide(t, true);
      if (cluster_.pending(t.redo.thread()) >= 16) cluster_.flush(t.redo.thread());
    }
  }

  void run_mixed() {
    std::vector<std::unique_ptr<Open>> open;
    while (!enough() || !open.empty()) {
      const std::size_t wanted = enough() ? 0 : options_.workload == "wide" ? 2 : 1 + random_.below(6);
      if (open.size() < wanted) {
        open.push_back(std::make_unique<Open>(cluster_, static_cast<std::uint16_t>(1 + random_.below(options_.threads)),
                                              con_id()));
        open.back()->statements_left = options_.workload == "wide" ? 4 : 1 + random_.below(8);
        continue;
      }
      const std::size_t i = random_.below(static_cast<std::uint32_t>(open.size()));
      Open& t = *open[i];
      statement(t);
      if (cluster_.options().varied && random_.percent(10)) add_noise(cluster_, t.redo.thread(), con_id(), kConUid);
      if (random_.percent(25) || cluster_.pending(t.redo.thread()) > 12) cluster_.flush(t.redo.thread());
      if (t.statements_left > 0) continue;
      if (!t.redo.empty()) decide(t, !(may("rollback") && options_.workload == "mixed" && random_.percent(12)));
      cluster_.flush(t.redo.thread());
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  void decide(Open& t, bool commit) {
    if (commit) {
      const Scn scn = t.redo.commit();
      truth_.commit(scn, t.redo.xid(), t.redo.thread(), t.truth);
      summary_.transactions += !t.truth.ops().empty();
    } else {
      // Some rollbacks are seen being applied, others are only known by their end.
      if (random_.percent(50)) {
        t.undo_to({0, 0, 0});
      } else {
        for (std::size_t i = t.undo.size(); i-- > 0;) *t.undo[i].held = std::move(t.undo[i].before);
      }
      t.redo.roll_back();
      ++summary_.rolled_back;
      return release(t, false);
    }
    release(t, true);
  }

  // Rows the transaction held are free again; those it deleted, or inserted in vain, are forgotten.
  void release(Open& t, bool committed) {
    for (auto& rows : rows_) {
      for (auto& held : rows) {
        if (held->by != &t) continue;
        held->by = nullptr;
        if (!committed && held->fresh) held->gone = true;
        held->fresh = false;
      }
      std::erase_if(rows, [](const auto& held) { return held->gone && held->by == nullptr; });
    }
  }

  void statement(Open& t) {
    --t.statements_left;
    const std::size_t n = random_.below(static_cast<std::uint32_t>(tables_.size()));
    SimulatedTable& table = *tables_[n];
    auto& rows = rows_[n];
    const std::uint32_t dice = random_.below(100);
    const Open::Mark mark = t.mark();
    if (rows.size() < 20 || (dice < 40 && rows.size() < kRowsKept)) {
      if (may("multi") && options_.workload == "mixed" && dice % 4 == 0) {
        insert_many(t, table, rows);
      } else {
        insert(t, table, rows);
      }
    } else if (dice < 75 && may("update")) {
      if (Held* held = free_row(t, rows)) update(t, table, *held);
    } else if (may("delete")) {
      if (may("multi") && options_.workload == "mixed" && dice % 4 == 0) {
        remove_many(t, table, rows);
      } else if (Held* held = free_row(t, rows)) {
        remove(t, table, *held);
      }
    }
    if (may("savepoint") && options_.workload == "mixed" && random_.percent(12)) t.undo_to(mark);
  }

  // A row that is committed or this transaction's own.
  Held* free_row(Open& t, std::vector<std::unique_ptr<Held>>& rows) {
    for (int tries = 0; tries < 10; ++tries) {
      Held& held = *rows[random_.below(static_cast<std::uint32_t>(rows.size()))];
      if ((held.by == nullptr || held.by == &t) && !held.gone) return &held;
    }
    return nullptr;
  }

  void hold(Open& t, Held& held) {
    t.undo.push_back({&held, held});
    held.by = &t;
  }

  Value new_value(Open& t, SimulatedColumn& column, std::uint32_t longest) {
    if (column.lob) return write_lob(t.redo, *column.lob, values_.make_lob(column.kind, random_), random_);
    return values_.make(column.kind, random_, longest);
  }

  Row new_row(Open& t, SimulatedTable& table) {
    Row row;
    row.values.push_back(ValueSource::number(++last_id_));
    const bool large = may("chain") && random_.percent(options_.workload == "wide" ? 3 : 8);
    for (std::size_t c = 1; c < table.columns.size(); ++c) {
      const bool null = table.columns[c].nullable && random_.percent(options_.workload == "wide" ? 5 : 20);
      row.values.push_back(null ? Value{} : new_value(t, table.columns[c], large ? 4000 : 60));
    }
    return row;
  }

  // Cuts the row into pieces and gives each a place. Columns behind the last value are not stored.
  void place(SimulatedTable& table, Row& row, bool whole = false) {
    std::uint16_t stored = static_cast<std::uint16_t>(row.values.size());
    while (stored > 1 && row.values[stored - 1u].null() && random_.percent(50)) --stored;
    row.pieces.clear();
    row.migrated = false;
    // Chained rows have small pieces here, so that a few columns suffice for a chain.
    const std::uint32_t limit =
        whole || !may("chain") || !random_.percent(15) ? kRowBytesMax : random_.between(80, 400);
    RowPiece piece;
    std::uint32_t bytes = 30;
    for (std::uint16_t c = 0; c < stored; ++c) {
      const auto size = static_cast<std::uint32_t>(row.values[c].bytes.size());
      const std::uint32_t begun = c == piece.first ? piece.skip : 0;
      const bool full = bytes + size - begun + 3 > limit && piece.count > 0;
      if (full || piece.count == kPieceColumnsMax) {
        // The column may be cut in two, anywhere, also inside a character.
        if (full && size - begun >= 2 && random_.percent(50) && piece.count < kPieceColumnsMax && c + 1 < stored) {
          const std::uint32_t cut = begun + random_.between(1, size - begun - 1);
          ++piece.count;
          piece.cut = cut;
          row.pieces.push_back(piece);
          piece = {};
          piece.first = c;
          piece.skip = cut;
          piece.count = 1;
          bytes = 30 + size - cut;
          continue;
        }
        row.pieces.push_back(piece);
        piece = {};
        piece.first = c;
        bytes = 30;
      }
      ++piece.count;
      bytes += size - begun + 3;
    }
    row.pieces.push_back(piece);
    for (RowPiece& p : row.pieces) {
      std::uint32_t used = 20;
      for (std::uint16_t i = 0; i < p.count; ++i)
        used += static_cast<std::uint32_t>(row.values[p.first + i].bytes.size()) + 3;
      p.address = table.segments[row.segment].place(std::min(used, Segment::kBlockBytes - 2));
    }
    row.head = row.pieces[0].address;
  }

  Held& add(Open& t, std::vector<std::unique_ptr<Held>>& rows, Row row) {
    Held& held = *rows.emplace_back(std::make_unique<Held>());
    held.gone = true;  // what a rollback takes it back to
    hold(t, held);
    held.row = std::move(row);
    held.gone = false;
    held.fresh = true;
    ++summary_.rows;
    return held;
  }

  void insert(Open& t, SimulatedTable& table, std::vector<std::unique_ptr<Held>>& rows) {
    Row row = new_row(t, table);
    place(table, row);
    Held& held = add(t, rows, std::move(row));
    t.redo.insert(table, held.row);
    t.truth.insert(table, held.row);
  }

  // Rows in one piece each and in one block, in one vector.
  void insert_many(Open& t, SimulatedTable& table, std::vector<std::unique_ptr<Held>>& rows) {
    const bool lobs =
        std::any_of(table.columns.begin(), table.columns.end(), [](const auto& c) { return c.lob.has_value(); });
    if (table.columns.size() > kPieceColumnsMax || lobs) return insert(t, table, rows);
    std::vector<Row> made;
    for (std::uint32_t n = random_.between(1, 12); n > 0; --n) {
      Row row = new_row(t, table);
      std::uint32_t bytes = 0;
      for (const Value& v : row.values) bytes += static_cast<std::uint32_t>(v.bytes.size()) + 3;
      if (bytes > 600) continue;
      place(table, row, true);
      if (!made.empty() && made.front().head.dba != row.head.dba) break;
      made.push_back(std::move(row));
    }
    if (made.empty()) return insert(t, table, rows);
    std::vector<const Row*> together;
    for (Row& row : made) {
      Held& held = add(t, rows, std::move(row));
      together.push_back(&held.row);
      t.truth.insert(table, held.row);
    }
    t.redo.insert_rows(table, together);
  }

  void remove(Open& t, SimulatedTable& table, Held& held) {
    hold(t, held);
    t.redo.remove(table, held.row);
    t.truth.remove(table, held.row);
    held.gone = true;
    ++summary_.rows;
  }

  void remove_many(Open& t, SimulatedTable& table, std::vector<std::unique_ptr<Held>>& rows) {
    std::vector<Held*> chosen;
    for (auto& held : rows) {
      if ((held->by && held->by != &t) || held->gone || held->row.migrated || held->row.pieces.size() != 1) continue;
      if (!chosen.empty() && chosen.front()->row.head.dba != held->row.head.dba) continue;
      chosen.push_back(held.get());
      if (chosen.size() == 5) break;
    }
    if (chosen.empty()) return;
    std::vector<const Row*> together;
    for (Held* held : chosen) {
      hold(t, *held);
      together.push_back(&held->row);
      t.truth.remove(table, held->row);
      ++summary_.rows;
    }
    t.redo.remove_rows(table, together);
    for (Held* held : chosen) held->gone = true;
  }

  // Columns that lie whole in one piece of the row; the key stays.
  std::vector<std::uint16_t> changeable(const Row& row) const {
    std::vector<std::uint16_t> columns;
    for (const RowPiece& p : row.pieces) {
      for (std::uint16_t i = 0; i < p.count; ++i) {
        const bool split = (i == 0 && p.skip != 0) || (i + 1 == p.count && p.cut != 0);
        if (!split && p.first + i != 0) columns.push_back(static_cast<std::uint16_t>(p.first + i));
      }
    }
    return columns;
  }

  void update(Open& t, SimulatedTable& table, Held& held) {
    std::vector<std::uint16_t> columns = changeable(held.row);
    if (columns.empty()) return;
    if (may("migrate") && held.row.pieces.size() == 1 && !held.row.migrated && random_.percent(12) &&
        std::none_of(held.row.values.begin(), held.row.values.end(), [](const Value& v) { return v.outside; })) {
      return migrate(t, table, held, columns);
    }
    // A few of them, in order.
    const std::size_t count = 1 + random_.below(static_cast<std::uint32_t>(std::min<std::size_t>(columns.size(), 6)));
    while (columns.size() > count)
      columns.erase(columns.begin() + random_.below(static_cast<std::uint32_t>(columns.size())));
    hold(t, held);
    Row after = held.row;
    std::vector<Value> values;
    for (const std::uint16_t c : columns) {
      after.values[c] = table.columns[c].nullable && random_.percent(15) ? Value{} : new_value(t, table.columns[c], 60);
      values.push_back(after.values[c]);
    }
    t.redo.update(table, held.row, columns, values,
                  {may("lock") && random_.percent(30), may("packed") && random_.percent(20)});
    t.truth.update(table, held.row, after, shown(table, columns));
    held.row = std::move(after);
    ++summary_.rows;
  }

  void migrate(Open& t, SimulatedTable& table, Held& held, const std::vector<std::uint16_t>& columns) {
    hold(t, held);
    Row moved = held.row;
    const std::uint16_t c = columns[random_.below(static_cast<std::uint32_t>(columns.size()))];
    moved.values[c] = new_value(t, table.columns[c], 200);
    moved.migrated = true;
    moved.pieces[0].address = table.segments[moved.segment].place(2000);
    t.redo.migrate(table, held.row, moved);
    std::vector<std::uint16_t> all(held.row.pieces[0].count);
    std::iota(all.begin(), all.end(), std::uint16_t{0});
    t.truth.update(table, held.row, moved, all);
    held.row = std::move(moved);
    ++summary_.rows;
  }

  // Columns that redo tells of an update: the changed ones and those logged besides.
  std::vector<std::uint16_t> shown(const SimulatedTable& table, std::vector<std::uint16_t> columns) const {
    if (table.supplemental == Supplemental::kAll) {
      for (std::uint16_t c = 0; c < table.columns.size(); ++c)
        if (table.columns[c].supplemental()) columns.push_back(c);
      std::sort(columns.begin(), columns.end());
      columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    } else if (table.supplemental == Supplemental::kPrimaryKey) {
      columns.insert(columns.begin(), 0);
    }
    return columns;
  }

  Options options_;
  Random random_;
  const oracle::Charset& charset_;
  const oracle::Charset& national_;
  ValueSource values_;
  Cluster cluster_;
  std::vector<std::unique_ptr<SimulatedTable>> tables_;
  std::vector<std::vector<std::unique_ptr<Held>>> rows_;  // by table
  TruthWriter truth_;
  Summary summary_;
  std::uint64_t last_id_ = 0;
};

}  // namespace

const std::vector<std::string>& operation_names() {
  static const std::vector<std::string> names{"insert",  "update",    "delete",   "multi",       "chain",
                                              "migrate", "savepoint", "rollback", "lock",        "strands",
                                              "packed",  "split",     "noise",    "dependencies"};
  return names;
}

bool chosen(const Options& o, std::string_view operation) {
  const auto named = [&](std::string_view name) {
    return std::find(o.operations.begin(), o.operations.end(), name) != o.operations.end();
  };
  return o.operations.empty() || named("all") || named(operation);
}

Summary simulate(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error)
    throw Error(ErrorCode::kOperation, options.directory.string(), "cannot be created: " + error.message(),
                "name another directory");
  return Simulation(options).run();
}

}  // namespace redoubt::simulate
