#include "database/dialect.h"

#include <fmt/format.h>
#include <algorithm>

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

// Where what begins at `at` ends, if it is a quoted text or a comment; else `at`.
std::size_t end_of_quoted(std::string_view sql, std::size_t at) {
  const auto through = [&](std::string_view end, std::size_t from) {
    const std::size_t found = sql.find(end, from);
    return found == sql.npos ? sql.size() : found + end.size();
  };
  const char c = sql[at];
  // A doubled quote ends one text and begins the next: the same to us.
  if (c == '\'' || c == '"' || c == '`') return through({&c, 1}, at + 1);
  if (sql.substr(at).starts_with("--")) return through("\n", at);
  if (sql.substr(at).starts_with("/*")) return through("*/", at + 2);
  return at;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

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
    case Engine::kOdbc:  // what every engine has, and where a parameter's type can be told from the other side
      return fmt::format("(NULLIF({0}, {1}) IS NULL AND NULLIF({1}, {0}) IS NULL)", left, right);
  }
  return {};
}

std::string replace_parameters(std::string_view sql, const std::function<std::string(std::size_t n)>& with) {
  std::string out;
  const auto digit = [&](std::size_t at) { return at < sql.size() && sql[at] >= '0' && sql[at] <= '9'; };
  for (std::size_t at = 0; at < sql.size();) {
    if (const std::size_t end = end_of_quoted(sql, at); end != at) {
      out += sql.substr(at, end - at);
      at = end;
    } else if (sql[at] == '$' && digit(at + 1)) {
      std::size_t n = 0;
      for (++at; digit(at) && n < 100'000; ++at) n = n * 10 + static_cast<std::size_t>(sql[at] - '0');
      out += with(n);
    } else {
      out += sql[at++];
    }
  }
  return out;
}

std::string first_word(std::string_view sql) {
  std::string out;
  for (std::size_t at = 0; at < sql.size(); ++at) {
    const bool comment = sql.substr(at).starts_with("--") || sql.substr(at).starts_with("/*");
    if (comment && out.empty()) {
      at = end_of_quoted(sql, at) - 1;
    } else if (const char lower = static_cast<char>(sql[at] | 0x20); lower >= 'a' && lower <= 'z') {
      out += static_cast<char>(lower - 32);
    } else if (!out.empty() || !(is_space(sql[at]) || sql[at] == '(')) {
      break;
    }
  }
  return out;
}

bool has_several_statements(std::string_view sql) {
  bool ended = false;
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t end = end_of_quoted(sql, at);
    const bool comment = end != at && (sql[at] == '-' || sql[at] == '/');
    const bool blank = comment || is_space(sql[at]) || sql[at] == ';';
    if (ended && !blank) return true;
    ended |= sql[at] == ';';
    at = std::max(end, at + 1);
  }
  return false;
}

}  // namespace redoubt::database
