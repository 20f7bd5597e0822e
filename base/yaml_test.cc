#include "base/yaml.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace redoubt {
namespace {

// The tree as one line: {key:value,...}, [...], ~ for null.
std::string shape(const YamlNode& node) {
  std::string text;
  for (const YamlNode& child : node.children) {
    if (!text.empty()) text += ',';
    if (node.kind == YamlNode::Kind::kMap) text += child.key + ':';
    text += shape(child);
  }
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "~";
    case YamlNode::Kind::kScalar: return node.text;
    case YamlNode::Kind::kList: return '[' + text + ']';
    default: return '{' + text + '}';
  }
}

std::string tree(std::string_view bytes) {
  std::vector<YamlFault> faults;
  const YamlNode root = parse_yaml(bytes, faults);
  EXPECT_TRUE(faults.empty()) << faults.front().text;
  return shape(root);
}

// "line:column text" of each fault.
std::string faults_of(std::string_view bytes) {
  std::vector<YamlFault> faults;
  parse_yaml(bytes, faults);
  std::string text;
  for (const YamlFault& fault : faults)
    text += fmt::format("{}{}:{} {}", text.empty() ? "" : "; ", fault.place.line, fault.place.column, fault.text);
  return text;
}

TEST(Yaml, ScalarsStayAsWritten) {
  EXPECT_EQ(tree("{a: 010, b: no, c: 'x', d: \"y\\n\", e: 2001-01-01, f: 1_000}"),
            "{a:010,b:no,c:x,d:y\n,e:2001-01-01,f:1_000}");
  EXPECT_EQ(tree("a:\nb: ~\nc: null\nd: 'null'"), "{a:~,b:~,c:~,d:null}");
  EXPECT_EQ(tree("# only a comment\n"), "~");
  EXPECT_EQ(tree(""), "~");
  EXPECT_EQ(tree("\xEF\xBB\xBFgr\xC3\xBC\xC3\x9F: 1"), "{gr\xC3\xBC\xC3\x9F:1}");
}

TEST(Yaml, EveryNodeKnowsItsPlace) {
  std::vector<YamlFault> faults;
  const YamlNode root = parse_yaml("a:\n  b: [x,\n    y]\n  c: &n z\n  d: *n\n", faults);
  const YamlNode& a = root.children.at(0);
  EXPECT_EQ(a.key_place, (TextPlace{1, 1}));
  EXPECT_EQ(a.children.at(0).key_place, (TextPlace{2, 3}));
  EXPECT_EQ(a.children.at(0).children.at(1).place, (TextPlace{3, 5}));
  EXPECT_EQ(a.children.at(2).key_place, (TextPlace{5, 3}));
  EXPECT_EQ(a.children.at(2).place, (TextPlace{4, 6}));
}

TEST(Yaml, AliasesAndMerges) {
  EXPECT_EQ(tree("a: &x {p: 1, q: 2}\nb: *x"), "{a:{p:1,q:2},b:{p:1,q:2}}");
  EXPECT_EQ(tree("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}"), "{a:{p:1,q:2},b:{q:3,p:1}}");
  EXPECT_EQ(tree("a: &x {p: 1}\nb: &y {p: 2, q: 2}\nc: {<<: [*x, *y]}"), "{a:{p:1},b:{p:2,q:2},c:{p:1,q:2}}");
  EXPECT_EQ(faults_of("a: {<<: 1}"), "1:5 << takes a section, or a list of sections");
  EXPECT_EQ(faults_of("a: *nowhere"), "1:4 is not YAML here: the referenced anchor is not defined");
  EXPECT_EQ(faults_of("a: &x [*x]"), "1:8 this alias stands inside of what it names; it would never end");
}

TEST(Yaml, AliasesCannotMakeALittleFileLarge) {
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += fmt::format("a{0}: &a{0} [", i);
    for (int j = 0; j < 10; ++j) laughs += fmt::format("{}*a{}", j ? "," : "", i - 1);
    laughs += "]\n";
  }
  EXPECT_NE(faults_of(laughs).find("larger than 16 MiB"), std::string::npos) << faults_of(laughs);
  EXPECT_NE(faults_of("a: &a " + std::string(500'000, 'x') + "\nb: [" + std::string(150'000, ' ') +
                      fmt::format("{}]", fmt::join(std::vector<std::string>(60, "*a"), ",")))
                .find("larger than 16 MiB"),
            std::string::npos);
}

TEST(Yaml, DuplicatesTagsAndOddKeysAreAllTold) {
  EXPECT_EQ(faults_of("a: 1\nb: !!int 2\na: 3\n[x]: 4\n"),
            "2:4 a tag means nothing here; quote a text that begins with !; "
            "4:1 this key is not a word; quote it if it is meant; 3:1 this key is here twice; line 1 has it already");
}

TEST(Yaml, SyntaxNamesThePlace) {
  EXPECT_EQ(faults_of("a:\n\tb: 1\n"), "2:3 a tab indents this line; YAML wants spaces");
  EXPECT_EQ(faults_of("a: [1, 2\n"), "2:1 is not YAML here: end of sequence flow not found");
  EXPECT_EQ(faults_of("a: 1\n---\nb: 2\n"), "2:1 a second document starts here; a configuration is one document");
}

TEST(Yaml, WhatStandsLessIndentedIsNoSecondDocument) {
  EXPECT_EQ(faults_of("  a: 1\n b: 2\n"), "2:2 this belongs to nothing above it; check the indentation");
  EXPECT_EQ(faults_of("- a\nb: 1\n"), "2:1 this belongs to nothing above it; check the indentation");
}

TEST(Yaml, QuotesThatNeverClose) {
  EXPECT_EQ(faults_of("a: 'x\nb: 2\n"), "1:4 a quote opens here and never closes");
  EXPECT_EQ(faults_of("a: 'it''s\n"), "1:4 a quote opens here and never closes");
  EXPECT_EQ(faults_of("\xC3\xA9: \"x\n"), "1:5 a quote opens here and never closes");
  EXPECT_EQ(faults_of("a: &y \"x\\\\\\\"\n"), "1:4 a quote opens here and never closes");
  EXPECT_EQ(tree("\xEF\xBB\xBF\"a\": 'x'"), "{a:x}");
  EXPECT_EQ(tree("a: 'it''s'\nb: &y \"x\\\\\" # isn't\n"), "{a:it's,b:x\\}");
  EXPECT_EQ(tree("{a: \"\", b: 'x''', c: isn't}"), "{a:,b:x',c:isn't}");
}

TEST(Yaml, BytesThatAreNoText) {
  EXPECT_EQ(faults_of("a: \xC3\xA9\xFF"), "1:5 is not UTF-8 here; save the file as UTF-8");
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xF8\x88\x80\x80\x80"})
    EXPECT_EQ(faults_of(bad), "1:1 is not UTF-8 here; save the file as UTF-8");
  EXPECT_EQ(faults_of("\xFF\xFE"
                      "a\0"),
            "1:1 is not UTF-8 here; save the file as UTF-8");
  EXPECT_EQ(faults_of("a: 1\nb\x04: 2"), "2:2 has the control character 04 here; it must be text");
  EXPECT_EQ(faults_of(std::string_view("a\0:", 3)), "1:2 has the control character 00 here; it must be text");
  EXPECT_EQ(faults_of(std::string(kYamlFileMax + 1, 'a')), "1:1 is larger than 1 MiB; no configuration is");
  EXPECT_EQ(faults_of("a: " + std::string(64, '[') + std::string(64, ']')),
            "1:67 lists and sections stand more than 64 deep here");
}

}  // namespace
}  // namespace redoubt
