#include "database/row_writer.h"

#include <fmt/format.h>
#include <algorithm>

namespace redoubt::database {

std::vector<ColumnInfo> columns_of(Connection& connection, std::string_view schema, std::string_view table) {
  return connection.read(fmt::format("SELECT * FROM {} WHERE 1 = 0", connection.dialect().table(schema, table)))
      ->columns();
}

RowWriter::RowWriter(Connection& connection, Target target) : connection_(connection), target_(std::move(target)) {
  REDOUBT_ASSERT(!target_.key.empty() && !target_.columns.empty());
  const Dialect& dialect = connection_.dialect();
  const std::string table = dialect.table(target_.schema, target_.table);
  const std::size_t width = target_.columns.size();
  std::string names, marks, sets, keys, key_names;
  for (std::size_t i = 0; i < width; ++i) {
    const std::string name = dialect.quote(target_.columns[i].name);
    names += (i ? ", " : "") + name;
    marks += fmt::format("{}${}", i ? ", " : "", i + 1);
    sets += fmt::format("{}{} = ${}", i ? ", " : "", name, i + 1);
  }
  for (const std::size_t k : target_.key) {
    key_names += (key_names.empty() ? "" : ", ") + dialect.quote(target_.columns[k].name);
    keys += (keys.empty() ? "" : " AND ") + same(k, k + 1);
  }
  const Engine engine = dialect.engine();
  if (engine == Engine::kSqlite || engine == Engine::kPostgresql) {
    insert_ =
        fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO NOTHING", table, names, marks, key_names);
  } else {
    // INSERT IGNORE of MariaDB would ignore more than the key. DUAL is not everywhere, and without FROM not all take
    // WHERE.
    insert_ =
        fmt::format("INSERT INTO {0} ({1}) SELECT {2} FROM {4} WHERE NOT EXISTS (SELECT 1 FROM {0} WHERE {3})", table,
                    names, marks, keys, engine == Engine::kOdbc ? "(SELECT 1 AS one) AS redoubt_one" : "DUAL");
  }
  update_ = fmt::format("UPDATE {} SET {} WHERE {}", table, sets, guard(width));
  remove_ = fmt::format("DELETE FROM {} WHERE {}", table, guard(0));
}

std::string RowWriter::same(std::size_t column, std::size_t n) const {
  const Dialect& dialect = connection_.dialect();
  const ColumnInfo& info = target_.columns[column];
  std::string left = dialect.quote(info.name), right = fmt::format("${}", n);
  if (dialect.engine() == Engine::kPostgresql) {
    // json, xml and others have no equality; their texts have. Text may have a collation that ignores differences.
    if (info.type == Type::kJson || info.type == Type::kOther || info.native == "xml")
      left += "::text";
    else if (info.type == Type::kText && info.native != "\"char\"")
      left += " COLLATE \"C\"";
  } else if (dialect.engine() == Engine::kSqlite) {
    right += " COLLATE BINARY";  // on this side, so that the column keeps its affinity
  } else if (dialect.engine() == Engine::kMariadb) {
    // Collations ignore case and blanks at the end, and a decimal beside a text is compared as double.
    if (storage_of(info.type) == Storage::kText && info.type != Type::kDecimal)
      left = fmt::format("CONVERT({} USING utf8mb4) COLLATE utf8mb4_nopad_bin", left);
    if (info.type == Type::kDecimal)
      right = fmt::format("CAST({} AS DECIMAL(65, {}))", right, std::clamp(info.scale, 0, 30));
  }
  return dialect.same(left, right);
}

// The key as an index finds it, by the column's own idea of equality; then every column exactly.
std::string RowWriter::guard(std::size_t first) const {
  std::string out;
  for (const std::size_t k : target_.key)
    out += fmt::format("{}{} = ${}", out.empty() ? "" : " AND ", connection_.dialect().quote(target_.columns[k].name),
                       first + k + 1);
  for (std::size_t i = 0; i < target_.columns.size(); ++i) out += " AND " + same(i, first + i + 1);
  return out;
}

Written RowWriter::run(const std::string& sql, const Batch& parameters) {
  Written out;
  const std::vector<std::int64_t> changed = connection_.execute(sql, parameters);
  for (std::size_t i = 0; i < changed.size(); ++i) {
    out.rows += changed[i];
    if (changed[i] == 0) out.refused.push_back(i);
  }
  return out;
}

Written RowWriter::insert(const Batch& rows) {
  REDOUBT_ASSERT(rows.width() == target_.columns.size());
  return run(insert_, rows);
}

Written RowWriter::update(const Batch& before, const Batch& after) {
  const std::size_t width = target_.columns.size();
  REDOUBT_ASSERT(before.width() == width && after.width() == width && before.rows() == after.rows());
  Batch both(2 * width, std::max<std::size_t>(before.rows(), 1));
  for (std::size_t i = 0; i < width; ++i)
    for (std::size_t row = 0; row < before.rows(); ++row) {
      both[i].add_from(after[i], row);
      both[width + i].add_from(before[i], row);
    }
  return run(update_, both);
}

Written RowWriter::remove(const Batch& before) {
  REDOUBT_ASSERT(before.width() == target_.columns.size());
  return run(remove_, before);
}

}  // namespace redoubt::database
