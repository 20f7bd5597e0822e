#include "base/config.h"
#include "base/nearest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"

namespace redoubt {
namespace {

enum class Policy { kStop, kSkip };

struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::optional<std::uint32_t> chunk;
};

void layout(ConfigKeys& keys, Table& t) {
  keys.key("name", t.name, config::text(), {.about = "the table", .aliases = {"table_name"}, .required = true});
  keys.key("columns", t.columns, config::text(), {.about = "only these"});
  keys.key("chunk", t.chunk, config::integer<std::uint32_t>({1, 1000}), {.about = "rows of a chunk"});
}

struct Order {
  Duration lag = std::chrono::seconds(1);
};

void layout(ConfigKeys& keys, Order& o) {
  keys.unknown_keys_warn();
  keys.key("lag", o.lag, config::duration({Duration(100), Duration(60'000)}), {.about = "how far behind"});
}

// One key of every type, and every way that sections hang together.
struct Everything {
  std::string name = "nobody";
  bool fast = false;
  std::uint16_t port = 8501;
  std::uint64_t from = 0, to = 100;
  Duration timeout = std::chrono::seconds(30);
  std::uint64_t memory = 256 << 20;
  Policy policy = Policy::kStop;
  std::vector<Policy> policies;
  SecretSource password;
  Order order;
  std::vector<Table> tables;
  std::map<std::string, Table> named;
};

void layout(ConfigKeys& keys, Everything& e) {
  const auto policy = config::choice<Policy>({{"stop", Policy::kStop}, {"skip", Policy::kSkip}});
  keys.key("name", e.name, config::text(), {.about = "who"});
  keys.key("fast", e.fast, config::flag(), {.about = "whether"});
  keys.key("port", e.port, config::integer<std::uint16_t>({1, 9000}), {.about = "where | what"});
  keys.key("from", e.from, config::integer<std::uint64_t>(), {.about = "first"});
  keys.key("to", e.to, config::integer<std::uint64_t>(), {.about = "last", .otherwise = "the end"});
  keys.key("timeout", e.timeout, config::duration({Duration(0), Duration::max()}, true), {.about = "how long"});
  keys.key("memory", e.memory, config::size({1 << 20, 1ULL << 40}), {.about = "how much"});
  keys.key("policy", e.policy, policy, {.about = "what then"});
  keys.key("policies", e.policies, policy, {.about = "what then, in turn"});
  keys.secret("password", e.password, "how to get in");
  keys.section("order", e.order, {.about = "about order"});
  keys.sections("tables", e.tables, {.about = "some tables"});
  keys.sections("named", e.named, {.about = "some more"});
  keys.check(e.from < e.to, "from", "must be below to");
}

struct Required {
  std::vector<Table> tables;
  std::vector<std::string> names;
};
void layout(ConfigKeys& keys, Required& r) {
  keys.key("names", r.names, config::text(), {.about = "the names", .required = true});
  keys.sections("tables", r.tables, {.about = "the tables", .required = true});
}

const char* environment(const char* name) {
  const std::string_view asked = name;
  return asked == "WHO" ? "tiger" : asked == "YAML" ? "a: [b" : asked == "N" ? "7" : asked == "EMPTY" ? "" : nullptr;
}

template <class T>
ConfigReport read(std::string_view bytes, T& config) {
  return read_config_text(
      bytes, "f.yaml", [&](ConfigKeys& keys) { layout(keys, config); }, environment);
}

Everything good(std::string_view bytes) {
  Everything e;
  const ConfigReport report = read(bytes, e);
  EXPECT_TRUE(report.problems.empty()) << report.text();
  return e;
}

std::string problems(std::string_view bytes) {
  Everything e;
  return read(bytes, e).text();
}

TEST(Config, EveryTypeIsRead) {
  const Everything e = good(
      "name: no\nfast: on\nport: 80\nto: 7\ntimeout: 2h\nmemory: 2GiB\npolicy: skip\npolicies: [skip, stop]\n"
      "order: {lag: 500ms}\ntables: [{name: a, columns: [x, y]}, {table_name: b, columns: z, chunk: 5}]\n"
      "named: {first: {name: c}, 'second one': {name: d}}\n");
  EXPECT_EQ(e.name, "no");
  EXPECT_TRUE(e.fast);
  EXPECT_EQ(e.port, 80);
  EXPECT_EQ(e.to, 7U);
  EXPECT_EQ(e.timeout, std::chrono::hours(2));
  EXPECT_EQ(e.memory, 2ULL << 30);
  EXPECT_EQ(e.policy, Policy::kSkip);
  EXPECT_EQ(e.policies, (std::vector{Policy::kSkip, Policy::kStop}));
  EXPECT_EQ(e.order.lag, Duration(500));
  ASSERT_EQ(e.tables.size(), 2U);
  EXPECT_EQ(e.tables[0].columns, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(e.tables[0].chunk, std::nullopt);
  EXPECT_EQ(e.tables[1].name, "b");
  EXPECT_EQ(e.tables[1].columns, std::vector<std::string>{"z"});
  EXPECT_EQ(e.tables[1].chunk, 5U);
  ASSERT_EQ(e.named.size(), 2U);
  EXPECT_EQ(e.named.at("second one").name, "d");
}

TEST(Config, WhatIsNotGivenStays) {
  const Everything e = good("port: 80");
  EXPECT_EQ(e.name, "nobody");
  EXPECT_EQ(e.timeout, std::chrono::seconds(30));
  EXPECT_TRUE(e.tables.empty());
  EXPECT_FALSE(e.password.given());
}

TEST(Config, CountsKeysWithValues) {
  Everything e;
  EXPECT_EQ(read("port: 80\npolicies: [stop, skip]\nnamed: {x: {name: a, chunk: 1}}", e).keys, 4U);
}

TEST(Config, AllProblemsAreToldInTheOrderOfTheFile) {
  EXPECT_EQ(problems("prot: 1\n"
                     "port: 0\n"
                     "fast: maybe\n"
                     "timeout: 1x\n"
                     "memory: 1\n"
                     "policy: skp\n"
                     "policies: [stop, halt]\n"
                     "order: [1]\n"
                     "tables: {name: a}\n"
                     "named: {a: {chunk: 2000}, b: 1}\n"
                     "name: [x]\n"),
            "f.yaml:1:1: prot: is no key that Redoubt knows here; did you mean port?\n"
            "f.yaml:2:7: port: '0' must be between 1 and 9000\n"
            "f.yaml:3:7: fast: 'maybe' must be true or false\n"
            "f.yaml:4:10: timeout: '1x' must be a whole number and a unit, as in 500ms, 10s, 5m, 2h, 1d\n"
            "f.yaml:5:9: memory: '1' must be between 1MiB and 1TiB\n"
            "f.yaml:6:9: policy: 'skp' must be stop or skip; did you mean skip?\n"
            "f.yaml:7:18: policies[2]: 'halt' must be stop or skip\n"
            "f.yaml:8:1: order: must be a section with keys of its own, and is a list\n"
            "f.yaml:9:1: tables: must be a list of sections, and is a section with keys of its own\n"
            "f.yaml:10:9: named.a.name: is missing: the table\n"
            "f.yaml:10:20: named.a.chunk: '2000' must be between 1 and 1000\n"
            "f.yaml:10:27: named.b: must be a section with keys of its own, and is a single value\n"
            "f.yaml:11:1: name: must be text, and is a list");
}

TEST(Config, UnknownKeys) {
  EXPECT_EQ(problems("port: 1\ntime-out: 1s"),
            "f.yaml:2:1: time-out: is no key that Redoubt knows here; did you mean timeout?");
  EXPECT_EQ(problems("order: {whatever: 1}"),
            "f.yaml:1:9: warning: order.whatever: is no key that Redoubt knows here; known here: lag");
  Everything e;
  EXPECT_TRUE(read("order: {whatever: 1}", e).good());
  EXPECT_FALSE(read("whatever: 1", e).good());
  // What only looks like a control sequence reaches no terminal.
  EXPECT_NE(problems("\"\\e[31m\": 1").find(": \\x1B[31m: is no key"), std::string::npos) << problems("\"\\e[31m\": 1");
}

TEST(Config, NoControlCharacterOfAnyKindReachesATerminal) {
  EXPECT_EQ(problems("\"a\\x9B31m\\e\\x7F\": 1").find("f.yaml:1:1: a\\x9B31m\\x1B\\x7F: is no key"), 0U)
      << problems("\"a\\x9B31m\\e\\x7F\": 1");
  EXPECT_EQ(problems("\"\\u00e9\\u00a0\": 1").find("f.yaml:1:1: \xC3\xA9\xC2\xA0: is no key"), 0U);
}

TEST(Config, AliasAndNameTogetherAreOneTooMany) {
  EXPECT_EQ(problems("tables:\n- name: a\n  table_name: b\n"),
            "f.yaml:3:3: tables[1].table_name: says the same as name in line 2; leave one");
}

TEST(Config, RequiredListsAreNotEmpty) {
  Required r;
  EXPECT_EQ(read("x: 1", r).text(),
            "f.yaml:1:1: names: is missing: the names\n"
            "f.yaml:1:1: tables: is missing: the tables\n"
            "f.yaml:1:1: x: is no key that Redoubt knows here; known here: names, tables");
  EXPECT_EQ(read("names: []\ntables:\n", r).text(),
            "f.yaml:1:8: names: must not be empty\nf.yaml:2:1: tables: must not be empty");
}

TEST(Config, RulesOverSeveralKeys) {
  EXPECT_EQ(problems("to: 5\nfrom: 6"), "f.yaml:2:1: from: must be below to");
  EXPECT_EQ(problems("from: 6\nto: x"), "f.yaml:2:5: to: 'x' must be a whole number, of digits alone");
  EXPECT_EQ(problems("port: 1\nfrom: 100"), "f.yaml:2:1: from: must be below to");
}

TEST(Config, VariablesAreReplaced) {
  EXPECT_EQ(good("name: ${WHO}").name, "tiger");
  EXPECT_EQ(good("name: 'a${WHO}b${N}c'").name, "atigerb7c");
  EXPECT_EQ(good("name: $${WHO} $WHO ${N} $").name, "${WHO} $WHO 7 $");
  EXPECT_EQ(good("name: $$${WHO}").name, "$${WHO}");
  EXPECT_EQ(good("name: ${YAML}").name, "a: [b");
  EXPECT_EQ(good("port: ${N}").port, 7);
  EXPECT_EQ(problems("name: ${NOT_SET}"), "f.yaml:1:7: name: the environment variable NOT_SET is not set");
  EXPECT_EQ(problems("name: ${EMPTY}"), "f.yaml:1:7: name: must not be empty; give a value, or leave the key out");
  for (const char* bad : {"${", "${}", "${WHO", "${A B}", "${1A}", "${A-b}"})
    EXPECT_NE(problems(fmt::format("name: '{}'", bad)).find("name of a variable"), std::string::npos) << bad;
  // The content of a variable is not shown where it does not fit.
  EXPECT_EQ(problems("port: ${WHO}"), "f.yaml:1:7: port: '${WHO}' must be a whole number, of digits alone");
}

TEST(Config, VariablesCannotMakeALittleFileLarge) {
  const std::string large(100'000, 'x');
  std::string bytes = "policies:\n";
  for (int i = 0; i < 20; ++i) bytes += "- ${L}\n";
  Everything e;
  const ConfigReport report = read_config_text(
      bytes, "f", [&](ConfigKeys& keys) { layout(keys, e); }, [&](const char*) { return large.c_str(); });
  EXPECT_NE(report.text().find("add more than 1 MiB"), std::string::npos) << report.text();
}

TEST(Config, SecretsComeFromOnePlaceAndAreNeverShown) {
  EXPECT_EQ(good("password: ${WHO}").password.read({}).reveal(), "tiger");
  EXPECT_EQ(good("password: 010").password.read({}).reveal(), "010");
  EXPECT_EQ(good("password_command: WHO=lion; echo \"${WHO}\"").password.read({}).reveal(), "lion");
  EXPECT_EQ(problems("password: tiger\npassword_file: /x"),
            "f.yaml:1:1: password: is given twice; leave one of password, password_file and password_command");
  for (const char* bad : {"password: [hunter2]",
                          "password: {hunter2: 1}",
                          "password: 'hunter2${NOT_SET}'",
                          "pasword: hunter2",
                          "password: &p hunter2\nname: [*p]",
                          "password: hunter2\npassword: hunter2",
                          "password: !!x hunter2",
                          "password: 'hunter2",
                          "password: 'hunter2\n",
                          "{password: x,hunter2}",
                          "{password: x,y,hunter2,hunter2}",
                          "{password: x,hunter2,y}",
                          "password: !hunter2",
                          "password: !hunter2 x",
                          "password: *hunter2",
                          "password: x: hunter2",
                          "password: @hunter2",
                          "password: \"hunter2\\0\"",
                          "password: hunter2\n\tx: 1",
                          "password: \"hunter2\\q\"",
                          "password: hunter2\xFF",
                          "hunter2"}) {
    EXPECT_NE(problems(bad), "") << bad;
    EXPECT_EQ(problems(bad).find("hunter2"), std::string::npos) << problems(bad);
  }
}

TEST(Config, AKeyBehindASecretIsItsRest) {
  EXPECT_EQ(problems("{password: x,y}"),
            "f.yaml:1:14: password: what stands behind it is no key; quote a value with a comma");
  EXPECT_NE(problems("{password: x, prot: 1}").find("did you mean port?"), std::string::npos);
  EXPECT_NE(problems("{port: 1, prot}").find("did you mean port?"), std::string::npos);
}

TEST(Config, TextsHoldNoZeros) {
  EXPECT_EQ(problems("name: \"a\\0b\""), "f.yaml:1:7: name: must not hold the character U+0000");
}

TEST(Config, FilesThatAreNone) {
  EXPECT_EQ(problems(""), "f.yaml:1:1: has no keys");
  EXPECT_EQ(problems("# nothing\n"), "f.yaml:1:1: has no keys");
  EXPECT_EQ(problems("- a"), "f.yaml:1:1: must have keys, and is a list");
  EXPECT_EQ(problems("just text"), "f.yaml:1:1: must have keys, and is a single value");
  EXPECT_EQ(problems("port:"), "f.yaml:1:1: port: has no value; give one, or leave the key out");
  EXPECT_EQ(problems("{}"), "");
  EXPECT_EQ(problems("order:"), "");
}

TEST(Config, ProblemsAreCountedAboveAHundred) {
  std::string bytes = "order: {x: 1}\n";
  for (int i = 0; i < 150; ++i) bytes += fmt::format("unknown_{}: 1\n", i);
  Everything e;
  const ConfigReport report = read(bytes, e);
  EXPECT_EQ(report.problems.size(), 100U);
  EXPECT_EQ(report.more, 51U);
  EXPECT_FALSE(report.good());
  EXPECT_NE(report.text().find("and 51 more problems"), std::string::npos);
}

TEST(Config, OnlyErrorsStopARun) {
  Everything e;
  EXPECT_NO_THROW(read("order: {x: 1}", e).require_good());
  try {
    read("x: 1\ny: 1", e).require_good();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_EQ(std::string_view(error.what()).substr(0, 14), "f.yaml:1:1: x:");
    EXPECT_NE(std::string_view(error.what()).find("\nf.yaml:2:1: y:"), std::string_view::npos);
  }
}

TEST(Config, AFileThatCannotBeReadIsAConfigurationError) {
  Everything e;
  try {
    read_config("/nowhere/redoubt.yaml", e);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
  }
}

TEST(Config, ReferenceComesFromTheSameTable) {
  Everything e;
  EXPECT_EQ(
      config_reference([&](ConfigKeys& keys) { layout(keys, e); }, 2),
      "| key | value | default | meaning |\n"
      "|---|---|---|---|\n"
      "| `name` | text | `nobody` | who |\n"
      "| `fast` | true or false | `false` | whether |\n"
      "| `port` | whole number | `8501` | where \\| what |\n"
      "| `from` | whole number | `0` | first |\n"
      "| `to` | whole number | the end | last |\n"
      "| `timeout` | duration, or seconds | `30s` | how long |\n"
      "| `memory` | size | `256MiB` | how much |\n"
      "| `policy` | stop or skip | `stop` | what then |\n"
      "| `policies` | stop or skip, or a list |  | what then, in turn |\n"
      "| `password` | text |  | how to get in |\n"
      "| `password_file` | text |  | a file whose first line is the password |\n"
      "| `password_command` | text |  | a shell command that prints the password within 10s; `${NAME}` is left to "
      "the shell |\n"
      "\n"
      "## `order`\n\nabout order.\n\n"
      "| key | value | default | meaning |\n|---|---|---|---|\n| `lag` | duration | `1s` | how far behind |\n\n"
      "## `tables[]`\n\nsome tables.\n\n"
      "| key | value | default | meaning |\n|---|---|---|---|\n"
      "| `name`, or `table_name` | text | required | the table |\n"
      "| `columns` | text, or a list |  | only these |\n"
      "| `chunk` | whole number |  | rows of a chunk |\n\n"
      "## `named.NAME`\n\nsome more.\n\n"
      "| key | value | default | meaning |\n|---|---|---|---|\n"
      "| `name`, or `table_name` | text | required | the table |\n"
      "| `columns` | text, or a list |  | only these |\n"
      "| `chunk` | whole number |  | rows of a chunk |\n\n");
}

TEST(Config, NearestWord) {
  const std::vector<std::string_view> words = {"on_gap", "on_corruption", "output", "a"};
  EXPECT_EQ(nearest("on-gap", words), "on_gap");
  EXPECT_EQ(nearest("no_gap", words), "on_gap");
  EXPECT_EQ(nearest("on_curruptoin", words), "on_corruption");
  EXPECT_EQ(nearest("frobnicate", words), "");
  EXPECT_EQ(nearest("x", words), "");
  EXPECT_EQ(nearest(std::string(100'000, 'o'), words), "");
}

}  // namespace
}  // namespace redoubt
