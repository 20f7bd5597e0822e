// A YAML file as a tree whose every node knows its line and column, made for configuration: untrusted bytes in, bounded
// memory and time, and everything that two readers of YAML could understand differently is a fault instead of a guess.
//
//   capture:            map, at 1:1      child "capture", a map at 2:3
//     tables: &t 'A'    scalar           child "tables", the text A at 2:11; quotes and anchors are gone
//     logs: [a, b]      list             child "logs", a list at 3:9 of two scalars
//     other: *t         alias            a copy of what &t named, with the place of the original
//     <<: *base         merge            the children of *base that this map does not have itself
//
// A scalar keeps its text as written: what a `010` or a `no` is depends on who asks, never on YAML.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt {

// Counted from 1.
struct TextPlace {
  int line = 1;
  int column = 1;
  auto operator<=>(const TextPlace&) const = default;
};

struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMap };

  Kind kind = Kind::kNull;
  TextPlace place;
  std::string text;                // of a scalar
  std::string key;                 // in the map it stands in
  TextPlace key_place;             // likewise
  std::vector<YamlNode> children;  // of a list or map, in the order of the file
};

struct YamlFault {
  TextPlace place;
  std::string text;  // "is not UTF-8", "a tab indents this line; ..."
};

inline constexpr std::size_t kYamlFileMax = 1 << 20;       // bytes of a file
inline constexpr std::size_t kYamlExpandedMax = 16 << 20;  // bytes of the tree, aliases and merges expanded
inline constexpr std::size_t kYamlDepthMax = 64;           // of lists and maps within one another

// The one document in `bytes`, and what is wrong with it appended to `faults`. After a fault of syntax or of size there
// is no tree (kNull); duplicate keys, tags and keys that are no scalars are told and left out.
YamlNode parse_yaml(std::string_view bytes, std::vector<YamlFault>& faults);

}  // namespace redoubt
