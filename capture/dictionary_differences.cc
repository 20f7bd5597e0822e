// What a new dictionary version changes, in words. Nothing says which statement it was: it is told from the rows, so
// TRUNCATE and MOVE look alike (both give a table a new data object).
#include <fmt/format.h>

#include <algorithm>

#include "capture/dictionary_tracker.h"

namespace redoubt::capture {
namespace {

using oracle::Column;
using oracle::Dictionary;
using oracle::Partition;
using oracle::Table;

std::string name_of(const Table& table) { return fmt::format("{}.{}", table.owner, table.name); }

std::string name_of(const Partition& partition) {
  return partition.name.empty() ? fmt::format("partition {}", partition.obj)
                                : fmt::format("partition {}", partition.name);
}

const Column* shown(const Table& table, std::string_view name) {
  const auto it = std::find_if(table.columns.begin(), table.columns.end(),
                               [&](const Column& column) { return column.shown && column.name == name; });
  return it == table.columns.end() ? nullptr : &*it;
}

bool same_type(const Column& a, const Column& b) {
  return a.type == b.type && a.length == b.length && a.precision == b.precision && a.scale == b.scale &&
         a.nullable == b.nullable && a.charset == b.charset;
}

class Teller {
 public:
  Teller(const Dictionary& before, const Dictionary& after) : before_(before), after_(after) {}

  std::vector<std::string> tell() {
    auto a = before_.tables().begin();
    auto b = after_.tables().begin();
    const auto key = [](const auto& table) { return std::pair(table->con_id, table->obj); };
    while (a != before_.tables().end() || b != after_.tables().end()) {
      if (b == after_.tables().end() || (a != before_.tables().end() && key(*a) < key(*b))) {
        if ((*a)->captured) say(**a, "dropped");
        ++a;
      } else if (a == before_.tables().end() || key(*b) < key(*a)) {
        if ((*b)->captured) say(**b, fmt::format("created as object {}", (*b)->obj));
        ++b;
      } else {
        if (*a != *b && ((*a)->captured || (*b)->captured)) compare(**a, **b);
        ++a, ++b;
      }
    }
    return std::move(told_);
  }

 private:
  void say(const Table& table, const std::string& what) { told_.push_back(name_of(table) + ": " + what); }

  void compare(const Table& a, const Table& b) {
    if (name_of(a) != name_of(b)) say(a, "renamed to " + name_of(b));
    compare_columns(a, b);
    compare_data(a, b);
    if (a.supplemental != b.supplemental) say(b, "supplemental logging changed");
  }

  void compare_columns(const Table& a, const Table& b) {
    for (const Column& column : b.columns) {
      if (!column.shown) continue;
      if (const Column* was = shown(a, column.name)) {
        if (!same_type(*was, column)) say(b, fmt::format("column {} changed", column.name));
        if (was->key != column.key)
          say(b, fmt::format("column {} {} the primary key", column.name, column.key ? "joined" : "left"));
      } else if (const Column* renamed = renamed_from(a, b, column)) {
        say(b, fmt::format("column {} renamed to {}", renamed->name, column.name));
      } else {
        say(b, fmt::format("column {} added", column.name));
      }
    }
    for (const Column& column : a.columns) {
      if (!column.shown || shown(b, column.name)) continue;
      const auto heir = std::find_if(b.columns.begin(), b.columns.end(), [&](const Column& other) {
        return other.shown && renamed_from(a, b, other) == &column;
      });
      if (heir == b.columns.end()) say(b, fmt::format("column {} dropped", column.name));
    }
  }

  // The column that stood in this one's place under a name that is gone; null if it is a new column.
  static const Column* renamed_from(const Table& a, const Table& b, const Column& column) {
    if (a.columns.size() != b.columns.size() || shown(a, column.name)) return nullptr;
    const Column& was = a.columns[column.segcol - 1U];
    return was.shown && was.intcol == column.intcol && !shown(b, was.name) ? &was : nullptr;
  }

  void compare_data(const Table& a, const Table& b) {
    if (a.data_obj != b.data_obj) tell_data(b, "", a.data_obj, b.data_obj);
    for (const Partition& partition : b.partitions) {
      const Partition* was = partition_of(a, partition.obj);
      if (!was) {
        say(b, name_of(partition) + " added");
      } else if (was->data_obj != partition.data_obj) {
        tell_data(b, name_of(partition) + " ", was->data_obj, partition.data_obj);
      }
    }
    for (const Partition& partition : a.partitions)
      if (!partition_of(b, partition.obj)) say(b, name_of(partition) + " dropped");
  }

  // An exchange gives each of the two the data object that was the other's.
  void tell_data(const Table& table, std::string_view part, std::uint32_t was, std::uint32_t is) {
    for (const auto& other : before_.tables()) {
      if (other->con_id != table.con_id || is == 0) continue;
      const bool had =
          other->data_obj == is || std::any_of(other->partitions.begin(), other->partitions.end(),
                                               [&](const Partition& partition) { return partition.data_obj == is; });
      if (had) return say(table, fmt::format("{}exchanged with {}", part, name_of(*other)));
    }
    say(table, fmt::format("{}truncated or moved: data object {} is now {}", part, was, is));
  }

  static const Partition* partition_of(const Table& table, std::uint32_t obj) {
    const auto it =
        std::lower_bound(table.partitions.begin(), table.partitions.end(), obj,
                         [](const Partition& partition, std::uint32_t number) { return partition.obj < number; });
    return it == table.partitions.end() || it->obj != obj ? nullptr : &*it;
  }

  const Dictionary& before_;
  const Dictionary& after_;
  std::vector<std::string> told_;
};

}  // namespace

std::vector<std::string> differences(const Dictionary& before, const Dictionary& after) {
  return Teller(before, after).tell();
}

}  // namespace redoubt::capture
