#include "database/dialect.h"

#include <fmt/format.h>

namespace redoubt::database {

namespace {

// Between `mark`s, with those inside doubled.
std::string enclosed(std::string_view text, char mark) {
  std::string out(1, mark);
  for (const char c : text) {
    if (c == mark) out += mark;
    out += c;
  }
  return out += mark;
}

}  // namespace

std::string Dialect::quote(std::string_view identifier) const {
  return enclosed(identifier, engine_ == Engine::kMariadb ? '`' : '"');
}

std::string Dialect::table(std::string_view schema, std::string_view name) const {
  return schema.empty() ? quote(name) : fmt::format("{}.{}", quote(schema), quote(name));
}

std::string Dialect::literal(std::string_view text) const { return enclosed(text, '\''); }

std::string Dialect::same(std::string_view left, std::string_view right) const {
  switch (engine_) {
    case Engine::kSqlite: return fmt::format("{} IS {}", left, right);
    case Engine::kPostgresql: return fmt::format("{} IS NOT DISTINCT FROM {}", left, right);
    case Engine::kMariadb: return fmt::format("{} <=> {}", left, right);
    case Engine::kOracle: return fmt::format("DECODE({}, {}, 1, 0) = 1", left, right);
    case Engine::kOdbc: return fmt::format("({0} = {1} OR ({0} IS NULL AND {1} IS NULL))", left, right);
  }
  return {};
}

std::string replace_parameters(std::string_view sql, const std::function<std::string(std::size_t n)>& with) {
  std::string out;
  const auto digit = [&](std::size_t at) { return at < sql.size() && sql[at] >= '0' && sql[at] <= '9'; };
  // Copies up to and including the next `end`, or all that is left.
  std::size_t at = 0;
  const auto copy_through = [&](std::string_view end, std::size_t from) {
    const std::size_t found = sql.find(end, from);
    const std::size_t stop = found == sql.npos ? sql.size() : found + end.size();
    out += sql.substr(at, stop - at);
    at = stop;
  };
  while (at < sql.size()) {
    const char c = sql[at];
    if (c == '\'' || c == '"' || c == '`') {  // a doubled quote ends one text and begins the next: the same to us
      copy_through({&c, 1}, at + 1);
    } else if (sql.substr(at).starts_with("--")) {
      copy_through("\n", at);
    } else if (sql.substr(at).starts_with("/*")) {
      copy_through("*/", at + 2);
    } else if (c == '$' && digit(at + 1)) {
      std::size_t n = 0;
      for (++at; digit(at) && n < 100'000; ++at) n = n * 10 + static_cast<std::size_t>(sql[at] - '0');
      out += with(n);
    } else {
      out += sql[at++];
    }
  }
  return out;
}

}  // namespace redoubt::database
