// Every difference in SQL between engines. Whoever writes SQL for all of them asks here.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "database/url.h"

namespace redoubt::database {

class Dialect {
 public:
  explicit constexpr Dialect(Engine engine) : engine_(engine) {}

  Engine engine() const { return engine_; }
  // "name" or `name`, whatever characters it has.
  std::string quote(std::string_view identifier) const;
  // schema.table, quoted; the schema may be empty.
  std::string table(std::string_view schema, std::string_view name) const;
  // A text literal, where parameters are not possible. A backslash is a character like any other: our sessions have
  // standard_conforming_strings and NO_BACKSLASH_ESCAPES.
  std::string literal(std::string_view text) const;
  // Are both equal, or both NULL?
  std::string same(std::string_view left, std::string_view right) const;

 private:
  Engine engine_;
};

// `sql` with every parameter $n outside of quotes and comments replaced by what `with` says for n (from 1).
std::string replace_parameters(std::string_view sql, const std::function<std::string(std::size_t n)>& with);

// The first word of `sql` in capitals, behind white space, comments and opening parentheses.
std::string first_word(std::string_view sql);

// Does something follow a semicolon that is outside of quotes and comments?
bool has_several_statements(std::string_view sql);

}  // namespace redoubt::database
