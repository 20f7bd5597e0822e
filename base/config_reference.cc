// The reference page, from the same tables that read the files:
//
//   ## `databases.NAME`
//
//   connections, each under a name of its own
//
//   | key | value | default | meaning |
//   |---|---|---|---|
//   | `dsn`, or `url` | text, or a list | required | where the database is |
#include <fmt/format.h>

#include <algorithm>

#include "base/config.h"

namespace redoubt {
namespace {

// A cell of a table, where | would end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '|' ? "\\|" : std::string(1, c));
  return escaped;
}

// One section: its table, and behind it the sections below.
class ReferenceWriter final : public ConfigKeys {
 public:
  ReferenceWriter(std::string path, int level) : path_(std::move(path)), level_(level) {}

  std::string text() const {
    return rows_.empty() ? sections_
                         : "| key | value | default | meaning |\n|---|---|---|---|\n" + rows_ + "\n" + sections_;
  }

  void check(bool, const std::string&, const std::string&) override {}
  void unknown_keys_warn() override {}

 private:
  static std::string names_of(const Key& key) {
    std::string names = fmt::format("`{}`", key.name);
    for (const std::string_view alias : key.facts.aliases) names += fmt::format(", or `{}`", alias);
    return names;
  }

  void value(const Key& key, const Value& value) override {
    std::string initial(key.facts.otherwise);
    if (key.facts.required)
      initial = "required";
    else if (initial.empty() && !value.initial.empty())
      initial = fmt::format("`{}`", value.initial);
    rows_ += fmt::format("| {} | {}{} | {} | {} |\n", names_of(key), cell(value.type), value.list ? ", or a list" : "",
                         cell(initial), cell(key.facts.about));
  }

  void below(const Key& key, Shape shape, const Visit& visit) override {
    std::string path = path_.empty() ? key.name : path_ + "." + key.name;
    if (shape == Shape::kNamed) path += ".NAME";
    if (shape == Shape::kList) path += "[]";
    ReferenceWriter section(path, level_ + 1);
    visit(section, "NAME");
    sections_ += fmt::format("{} `{}`\n\n{}{}.\n\n{}", std::string(static_cast<std::size_t>(level_), '#'), path,
                             key.facts.about, key.facts.required ? "; required" : "", section.text());
  }

  const std::string path_;
  const int level_;
  std::string rows_;
  std::string sections_;
};

}  // namespace

std::string config_reference(const std::function<void(ConfigKeys&)>& table, int level) {
  ReferenceWriter writer("", level);
  table(writer);
  return writer.text();
}

}  // namespace redoubt
