// Configuration files: a capability says once what its keys are, and from that come the reading, the checking of the
// whole file with all problems at once, and the reference page.
//
//   struct ServeConfig {
//     std::string bind = "127.0.0.1";                // the initial value of a member is the default of its key
//     std::uint16_t port = 8501;
//     Duration idle = std::chrono::minutes(5);
//     std::map<std::string, ConnectionConfig> databases;
//   };
//
//   void layout(ConfigKeys& keys, ServeConfig& c) {
//     keys.key("bind", c.bind, config::text(), {.about = "the address to listen at"});
//     keys.key("port", c.port, config::integer<std::uint16_t>({1, 65535}), {.about = "the port"});
//     keys.key("idle", c.idle, config::duration(), {.about = "close a connection that is silent for so long"});
//     keys.sections("databases", c.databases, {.about = "connections, each under a name of its own"});
//     keys.check(c.port != 22, "port", "is the one of SSH");
//   }
//
//   ServeConfig config;
//   read_config("redoubt.yaml", config).require_good();
//
// What holds for every key:
//   - ${NAME} in a value is replaced by the environment variable and $${ gives ${ itself; a variable that is not set is
//     a problem. The result is a value, whatever it holds: it is not read as YAML again.
//   - a value stays text until its key says what it is: `no` is a name where a text is wanted.
//   - a problem shows a value as the file has it, never a variable's content, and nothing of texts and secrets.
#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.h"
#include "base/units.h"
#include "base/yaml.h"

namespace redoubt {

// What the table says about a key beside its name, member and type.
struct KeyFacts {
  std::string about;                           // what it is for, one line, without a full stop
  std::vector<std::string_view> aliases = {};  // other names for it
  bool required = false;                       // a list or a section must then not be empty, either
  std::string_view otherwise = {};  // what holds without the key, where the member's initial value does not say it
};

// How a T is written in a file.
template <class T>
struct ConfigType {
  std::string name;                            // for the reference: "duration", "stop or skip"
  std::function<T(std::string_view)> parse;    // throws BadValue
  std::function<std::string(const T&)> write;  // the inverse
  bool shown = true;                           // problems may show the text
};

namespace config {

// Inclusive.
template <class T>
struct Limits {
  T min = std::numeric_limits<T>::min();
  T max = std::numeric_limits<T>::max();
};

ConfigType<std::string> text();
// true or false; yes, no, on and off are taken as well, as older readers of YAML do.
ConfigType<bool> flag();
// A duration must be positive unless the limits say otherwise. `bare_seconds`: see parse_duration().
ConfigType<Duration> duration(Limits<Duration> limits = {Duration(1), Duration::max()}, bool bare_seconds = false);
// Bytes.
ConfigType<std::uint64_t> size(Limits<std::uint64_t> limits = {});

// `parse` and then within the limits.
template <class T, class Wide>
T within(Limits<T> limits, Wide value, std::string (*write)(Wide)) {
  if (value >= Wide{limits.min} && value <= Wide{limits.max}) return static_cast<T>(value);
  throw BadValue("must be between " + write(limits.min) + " and " + write(limits.max));
}

template <class T>
ConfigType<T> integer(Limits<T> limits = {}) {
  return {
      "whole number",
      [limits](std::string_view text) { return within<T, std::uint64_t>(limits, parse_integer(text), std::to_string); },
      [](const T& value) { return std::to_string(value); }};
}

// "must be stop or skip; the nearest is skip": the choice whose word is `text`.
std::size_t index_of(std::string_view text, const std::vector<std::string_view>& words);
std::string alternatives(const std::vector<std::string_view>& words);

template <class E>
ConfigType<E> choice(std::vector<std::pair<std::string_view, E>> choices) {
  std::vector<std::string_view> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  return {alternatives(words),
          [choices, words](std::string_view text) { return choices[index_of(text, words)].second; },
          [choices](const E& value) {
            for (const auto& [word, meaning] : choices)
              if (meaning == value) return std::string(word);
            return std::string();
          }};
}

}  // namespace config

// A table of keys is a function over this: layout(ConfigKeys&, T&).
class ConfigKeys {
 public:
  virtual ~ConfigKeys() = default;

  template <class T>
  void key(std::string name, T& member, ConfigType<T> type, KeyFacts facts) {
    value({std::move(name), std::move(facts)}, {type.name, type.write(member), false, type.shown, true,
                                                [&member, type](std::string_view text) { member = type.parse(text); }});
  }
  // Absent unless given.
  template <class T>
  void key(std::string name, std::optional<T>& member, ConfigType<T> type, KeyFacts facts) {
    value({std::move(name), std::move(facts)}, {type.name, "", false, type.shown, true,
                                                [&member, type](std::string_view text) { member = type.parse(text); }});
  }
  // A list, which may be written as a value alone when it has one. Its default is empty.
  template <class T>
  void key(std::string name, std::vector<T>& member, ConfigType<T> type, KeyFacts facts) {
    value({std::move(name), std::move(facts)},
          {type.name, "", true, type.shown, true,
           [&member, type](std::string_view text) { member.push_back(type.parse(text)); }});
  }
  // Three keys, of which one at most may be given: NAME, NAME_file, NAME_command.
  void secret(const std::string& name, SecretSource& member, std::string_view about);

  // What has a layout() of its own: a section, a list of them, one under each name that the user likes.
  template <class T>
  void section(std::string name, T& member, KeyFacts facts) {
    below({std::move(name), std::move(facts)}, Shape::kOne,
          [&member](ConfigKeys& keys, const std::string&) { layout(keys, member); });
  }
  template <class T>
  void sections(std::string name, std::vector<T>& members, KeyFacts facts) {
    below({std::move(name), std::move(facts)}, Shape::kList,
          [&members](ConfigKeys& keys, const std::string&) { layout(keys, members.emplace_back()); });
  }
  template <class T>
  void sections(std::string name, std::map<std::string, T>& members, KeyFacts facts) {
    below({std::move(name), std::move(facts)}, Shape::kNamed,
          [&members](ConfigKeys& keys, const std::string& own) { layout(keys, members[own]); });
  }

  // A rule over several keys, behind them: unless it holds, the problem "NAME TEXT" stands where the key is, or the
  // section when the key is not given. Left out while keys of the section have problems of their own.
  virtual void check(bool holds, const std::string& name, const std::string& text) = 0;
  // In this section an unknown key is a warning. First in the table.
  virtual void unknown_keys_warn() = 0;

 protected:
  enum class Shape { kOne, kList, kNamed };
  struct Key {
    std::string name;
    KeyFacts facts;
  };
  struct Value {
    std::string type;
    std::string initial;  // the default as a file would say it; empty: none
    bool list;
    bool shown;
    bool replaced;  // ${NAME} is
    std::function<void(std::string_view)> take;
  };
  using Visit = std::function<void(ConfigKeys&, const std::string& own_name)>;

  virtual void value(const Key& key, const Value& value) = 0;
  // Calls `visit` for each section that is there.
  virtual void below(const Key& key, Shape shape, const Visit& visit) = 0;
};

struct ConfigProblem {
  TextPlace place;
  bool warning = false;
  std::string key;   // "databases.orders.dsn", "tables[2].name"; empty: the file itself
  std::string text;  // "needs a unit: 30s for seconds, ..."

  // "capture.on_gap: must be stop or skip"
  std::string sentence() const { return key.empty() ? text : key + ": " + text; }
};

struct ConfigReport {
  std::string file;
  std::vector<ConfigProblem> problems;  // in the order of the file; a hundred at most
  std::size_t more = 0;                 // problems above that
  std::size_t keys = 0;                 // that were given a value

  bool good() const;  // no problem, or warnings only
  // A line per problem: "redoubt.yaml:3:5: capture.on_gap: must be stop or skip".
  std::string text() const;
  // Throws Error(kUsage) with all of that unless good().
  void require_good() const;
};

// The value of an environment variable, or null.
using Environment = std::function<const char*(const char*)>;
Environment process_environment();

// Checks the whole file against `table` and stores what it says. `file` names it in the report.
ConfigReport read_config_text(std::string_view bytes, std::string_view file,
                              const std::function<void(ConfigKeys&)>& table,
                              const Environment& environment = process_environment());

// The same for a file; Error(kUsage) when it cannot be read. Keys that the file does not give leave `config` as it is.
ConfigReport read_config_file(const std::filesystem::path& path, const std::function<void(ConfigKeys&)>& table);
template <class T>
ConfigReport read_config(const std::filesystem::path& path, T& config) {
  return read_config_file(path, [&config](ConfigKeys& keys) { layout(keys, config); });
}

// The reference of all keys, in Markdown: a heading of `level` number signs and a table per section.
std::string config_reference(const std::function<void(ConfigKeys&)>& table, int level);

}  // namespace redoubt
