#include "base/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/printable.h"

namespace redoubt {
namespace {

constexpr std::size_t kProblemsMax = 100;
constexpr std::size_t kReplacedMax = 1 << 20;  // bytes that variables may add to one file

const char* kind_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "empty";
    case YamlNode::Kind::kScalar: return "a single value";
    case YamlNode::Kind::kList: return "a list";
    default: return "a section with keys of its own";
  }
}

// What the sections of one file share.
struct Reading {
  ConfigReport& report;
  const Environment& environment;
  std::size_t replaced = 0;  // bytes

  void problem(TextPlace place, const std::string& key, std::string text, bool warning = false) {
    report.problems.push_back({place, warning, key, std::move(text)});
  }
};

bool begins_name(char c) { return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool continues_name(char c) { return begins_name(c) || (c >= '0' && c <= '9'); }

// `text` with ${NAME} replaced; throws BadValue.
std::string replace_variables(std::string_view text, Reading& reading) {
  std::string result;
  while (!text.empty()) {
    const std::size_t at = text.find("${");
    result.append(text.substr(0, at));
    if (at == text.npos) break;
    text.remove_prefix(at + 2);
    if (result.ends_with('$')) {
      result.append("{");
      continue;
    }
    const std::size_t end = text.find('}');
    const std::string name(text.substr(0, end));
    if (end == text.npos || name.empty() || !begins_name(name.front()) ||
        !std::all_of(name.begin(), name.end(), continues_name))
      throw BadValue("has ${ without the name of a variable and }; write $${ where ${ itself is meant");
    const char* value = reading.environment(name.c_str());
    if (!value) throw BadValue(fmt::format("the environment variable {} is not set", name));
    const std::string_view content = value;
    reading.replaced += content.size();
    if (reading.replaced > kReplacedMax) throw BadValue("environment variables add more than 1 MiB up to here");
    result.append(content);
    text.remove_prefix(end + 1);
  }
  return result;
}

class SectionReader final : public ConfigKeys {
 public:
  // `path`: the keys that lead to `section`, empty for the whole file.
  SectionReader(Reading& reading, const YamlNode& section, std::string path)
      : reading_(reading), section_(section), path_(std::move(path)), problems_before_(reading.report.problems.size()) {
    for (const YamlNode& child : section.children) given_.emplace(child.key, Given{&child, false});
  }

  // Behind the table: what the section has and the table does not.
  void finish() {
    std::string torn;  // the key whose value may go on at the next
    for (const YamlNode& child : section_.children) {
      if (given_.at(child.key).known) {
        torn = hidden_.contains(child.key) ? child.key : "";
        continue;
      }
      if (!torn.empty() && child.kind == YamlNode::Kind::kNull) {  // {password: ti,ger}: ger is no key, and not shown
        reading_.problem(child.key_place, path_of(torn), "what stands behind it is no key; quote a value with a comma",
                         warn_);
        continue;
      }
      torn.clear();
      std::vector<std::string_view> names(names_.begin(), names_.end());
      const std::string_view meant = nearest(child.key, names);
      std::string hint = meant.empty()
                             ? names_.size() > 12 ? "" : fmt::format("; known here: {}", fmt::join(names, ", "))
                             : fmt::format("; did you mean {}?", meant);
      reading_.problem(child.key_place, path_of(printable(child.key)), "is no key that Redoubt knows here" + hint,
                       warn_);
    }
  }

  void check(bool holds, const std::string& name, const std::string& text) override {
    if (holds || reading_.report.problems.size() > problems_before_) return;
    const auto given = given_.find(name);
    reading_.problem(given == given_.end() ? place_of(section_) : given->second.node->key_place, path_of(name), text);
  }

  void unknown_keys_warn() override { warn_ = true; }

 private:
  struct Given {
    const YamlNode* node;
    bool known;
  };

  // A section without keys has its place behind it.
  static TextPlace place_of(const YamlNode& node) { return node.key.empty() ? node.place : node.key_place; }

  std::string path_of(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }

  // The node of `key`, by whichever name; null when it is not there.
  const YamlNode* find(const Key& key) {
    const YamlNode* node = nullptr;
    const auto look = [&](const std::string& name) {
      names_.push_back(name);
      const auto given = given_.find(name);
      if (given == given_.end()) return;
      given->second.known = true;
      if (node)
        reading_.problem(given->second.node->key_place, path_of(name),
                         fmt::format("says the same as {} in line {}; leave one", node->key, node->key_place.line));
      else
        node = given->second.node;
    };
    look(key.name);
    for (const std::string_view alias : key.facts.aliases) look(std::string(alias));
    if (!node && key.facts.required)
      reading_.problem(place_of(section_), path_of(key.name), "is missing: " + std::string(key.facts.about));
    return node;
  }

  void value(const Key& key, const Value& value) override {
    const YamlNode* node = find(key);
    if (!node) return;
    ++reading_.report.keys;
    if (!value.shown) hidden_.insert(node->key);
    if (value.list && node->kind == YamlNode::Kind::kList) {
      if (node->children.empty() && key.facts.required)
        reading_.problem(node->place, path_of(node->key), "must not be empty");
      for (std::size_t i = 0; i < node->children.size(); ++i)
        take(node->children[i], fmt::format("{}[{}]", path_of(node->key), i + 1), value);
    } else {
      take(*node, path_of(node->key), value);
    }
  }

  void take(const YamlNode& node, const std::string& path, const Value& value) {
    if (node.kind != YamlNode::Kind::kScalar) {
      reading_.problem(place_of(node), path,
                       node.kind == YamlNode::Kind::kNull
                           ? std::string("has no value; give one, or leave the key out")
                           : fmt::format("must be {}{}, and is {}", value.list ? "one or a list of: " : "", value.type,
                                         kind_of(node)));
      return;
    }
    try {
      if (node.text.find('\0') != std::string::npos) throw BadValue("must not hold the character U+0000");
      const std::string text = value.replaced ? replace_variables(node.text, reading_) : node.text;
      if (text.empty()) throw BadValue("must not be empty; give a value, or leave the key out");
      value.take(text);
    } catch (const BadValue& bad) {
      reading_.problem(node.place, path,
                       value.shown ? fmt::format("'{}' {}", printable(node.text), bad.text()) : bad.text());
    }
  }

  void below(const Key& key, Shape shape, const Visit& visit) override {
    const YamlNode* node = find(key);
    if (!node) return;
    const std::string path = path_of(node->key);
    if (shape == Shape::kOne) return enter(*node, path, "", visit);
    const bool empty = node->kind == YamlNode::Kind::kNull || node->children.empty();
    if (node->kind != (shape == Shape::kList ? YamlNode::Kind::kList : YamlNode::Kind::kMap) &&
        node->kind != YamlNode::Kind::kNull)
      return reading_.problem(
          place_of(*node), path,
          fmt::format("must be {}, and is {}",
                      shape == Shape::kList ? "a list of sections" : "sections, each under a name", kind_of(*node)));
    if (empty && key.facts.required) reading_.problem(place_of(*node), path, "must not be empty");
    for (std::size_t i = 0; i < node->children.size(); ++i) {
      const YamlNode& child = node->children[i];
      enter(child, shape == Shape::kList ? fmt::format("{}[{}]", path, i + 1) : path + "." + printable(child.key),
            child.key, visit);
    }
  }

  void enter(const YamlNode& node, const std::string& path, const std::string& name, const Visit& visit) {
    if (node.kind != YamlNode::Kind::kMap && node.kind != YamlNode::Kind::kNull)
      return reading_.problem(place_of(node), path,
                              fmt::format("must be a section with keys of its own, and is {}", kind_of(node)));
    SectionReader section(reading_, node, path);
    visit(section, name);
    section.finish();
  }

  Reading& reading_;
  const YamlNode& section_;
  const std::string path_;
  const std::size_t problems_before_;
  std::unordered_map<std::string, Given> given_;
  std::vector<std::string> names_;          // that the table knows
  std::unordered_set<std::string> hidden_;  // given keys whose values are not shown
  bool warn_ = false;
};

}  // namespace

void ConfigKeys::secret(const std::string& name, SecretSource& member, std::string_view about) {
  int given = 0;
  const auto source = [&](const std::string& key, const std::string& text, bool replaced,
                          void (SecretSource::*set)(std::string_view)) {
    value({key, {.about = text}}, {"text", "", false, false, replaced, [&member, &given, set](std::string_view value) {
                                     (member.*set)(value);
                                     ++given;
                                   }});
  };
  source(name, std::string(about), true, &SecretSource::set_text);
  source(name + "_file", "a file whose first line is the " + name, true, &SecretSource::set_file);
  source(name + "_command", "a shell command that prints the " + name + " within 10s; `${NAME}` is left to the shell",
         false, &SecretSource::set_command);
  check(given <= 1, name, fmt::format("is given twice; leave one of {0}, {0}_file and {0}_command", name));
}

bool ConfigReport::good() const {
  return std::all_of(problems.begin(), problems.end(), [](const ConfigProblem& p) { return p.warning; });
}

std::string ConfigReport::text() const {
  std::string text;
  for (const ConfigProblem& problem : problems)
    text += fmt::format("{}{}:{}:{}: {}{}", text.empty() ? "" : "\n", file, problem.place.line, problem.place.column,
                        problem.warning ? "warning: " : "", problem.sentence());
  if (more > 0) text += fmt::format("\n{}: and {} more problems", file, more);
  return text;
}

void ConfigReport::require_good() const {
  if (!good()) throw Error(ErrorCode::kUsage, "", text());
}

Environment process_environment() {
  return [](const char* name) { return std::getenv(name); };
}

ConfigReport read_config_text(std::string_view bytes, std::string_view file,
                              const std::function<void(ConfigKeys&)>& table, const Environment& environment) {
  ConfigReport report;
  report.file = file;
  std::vector<YamlFault> faults;
  const YamlNode root = parse_yaml(bytes, faults);
  for (YamlFault& fault : faults) report.problems.push_back({fault.place, false, "", std::move(fault.text)});
  if (root.kind == YamlNode::Kind::kMap) {
    Reading reading{report, environment};
    SectionReader section(reading, root, "");
    table(section);
    section.finish();
  } else if (faults.empty()) {
    report.problems.push_back(
        {root.place, false, "",
         root.kind == YamlNode::Kind::kNull ? "has no keys" : fmt::format("must have keys, and is {}", kind_of(root))});
  }
  std::stable_sort(report.problems.begin(), report.problems.end(),
                   [](const ConfigProblem& a, const ConfigProblem& b) { return a.place < b.place; });
  if (report.problems.size() > kProblemsMax) {
    // A file is not good because what is wrong with it comes late.
    std::stable_partition(report.problems.begin(), report.problems.end(),
                          [](const ConfigProblem& problem) { return !problem.warning; });
    report.more = report.problems.size() - kProblemsMax;
    report.problems.resize(kProblemsMax);
  }
  return report;
}

ConfigReport read_config_file(const std::filesystem::path& path, const std::function<void(ConfigKeys&)>& table) {
  std::string bytes;
  try {
    const InputFile file(path);
    bytes.resize(kYamlFileMax + 1);  // one too many shows that the file is too large
    bytes.resize(file.read(0, reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()));
  } catch (const Error& error) {
    throw Error(ErrorCode::kUsage, "", error.what());
  }
  return read_config_text(bytes, path.string(), table);
}

}  // namespace redoubt
