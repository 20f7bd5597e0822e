#include "base/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "base/error.h"
#include "base/printable.h"

namespace redoubt {
namespace {

// Ends the parse: nothing behind it can be trusted.
struct Fatal {
  YamlFault fault;
};

TextPlace place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// Bytes of the UTF-8 character that starts `text`; 0 if it is none, is overlong, a surrogate, or above U+10FFFF.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned char second = byte(1);
  const bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : length;
}

// yaml-cpp guesses UTF-16 from zero bytes and ends silently at U+0004, so it sees neither.
void check_characters(std::string_view bytes) {
  TextPlace place;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = utf8_length(bytes.substr(at));
    if (length == 0) throw Fatal{{place, "is not UTF-8 here; save the file as UTF-8"}};
    const auto c = static_cast<unsigned char>(bytes[at]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
      throw Fatal{{place, fmt::format("has the control character {:02X} here; it must be text", c)}};
    place = c == '\n' ? TextPlace{place.line + 1, 1} : TextPlace{place.line, place.column + 1};
    at += length;
  }
}

std::string_view from_line(std::string_view bytes, int line) {
  for (int i = 1; i < line && bytes.find('\n') != bytes.npos; ++i) bytes.remove_prefix(bytes.find('\n') + 1);
  return bytes;
}

// yaml-cpp takes a quote that is never closed for closed at the newline that ends the file. It holds all that follows,
// so only the last quoted scalar can be one. `place` is where that starts, or an anchor in front of it; yaml-cpp counts
// columns in bytes, behind a byte order mark.
bool quote_closes(std::string_view bytes, TextPlace place) {
  std::string_view text = from_line(bytes, place.line);
  if (place.line == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.size(), static_cast<std::size_t>(place.column - 1)));
  const std::size_t open = text.find_first_of("'\"");
  if (open == text.npos) return true;
  const char quote = text[open];
  for (std::size_t at = open + 1; at < text.size(); ++at) {
    const bool doubled = quote == '\'' && text.substr(at, 2) == "''";  // one ' within '
    if (doubled || (quote == '"' && text[at] == '\\'))
      ++at;
    else if (text[at] == quote)
      return true;
  }
  return false;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view bytes, std::vector<YamlFault>& faults) : bytes_(bytes), faults_(faults) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    const TextPlace place = place_of(mark);
    throw Fatal{{place, from_line(bytes_, place.line).starts_with("---")
                            ? "a second document starts here; a configuration is one document"
                            : "this belongs to nothing above it; check the indentation"}};
  }
  void OnDocumentEnd() override {
    if (quoted_ && !quote_closes(bytes_, *quoted_))
      faults_.push_back({*quoted_, "a quote opens here and never closes"});
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    complete(make(YamlNode::Kind::kNull, mark), anchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    YamlNode node = make(YamlNode::Kind::kScalar, mark);
    spend(value.size(), node.place);
    if (tag == "!") quoted_ = node.place;
    node.text = value;
    complete(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end())
      throw Fatal{{place_of(mark), "this alias stands inside of what it names; it would never end"}};
    spend(named->second.cost, place_of(mark));
    complete(named->second.node, YAML::NullAnchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlNode::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(YamlNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override {
    drop_duplicates(open_.back().node);
    merge(open_.back().node);
    close();
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor;
    std::optional<YamlNode> key;  // of a map: read, and waiting for its value
  };
  struct Named {
    YamlNode node;
    std::size_t cost;
  };

  static std::size_t cost_of(const YamlNode& node) {
    std::size_t cost = sizeof node + node.text.size() + node.key.size();
    for (const YamlNode& child : node.children) cost += cost_of(child);
    return cost;
  }

  void spend(std::size_t bytes, TextPlace place) {
    spent_ += bytes;
    if (spent_ > kYamlExpandedMax)
      throw Fatal{{place, fmt::format("here it is larger than {} MiB, aliases expanded; no configuration is",
                                      kYamlExpandedMax >> 20)}};
  }

  YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.place = place_of(mark);
    spend(sizeof node, node.place);
    return node;
  }

  // yaml-cpp's "?" is a node without a tag, "!" a quoted scalar. A tag is not shown: it may be a password that begins
  // with an exclamation mark.
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      faults_.push_back({place_of(mark), "a tag means nothing here; quote a text that begins with !"});
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (open_.size() == kYamlDepthMax)
      throw Fatal{{place_of(mark), fmt::format("lists and sections stand more than {} deep here", kYamlDepthMax)}};
    open_.push_back({make(kind, mark), anchor, std::nullopt});
  }

  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    complete(std::move(closed.node), closed.anchor);
  }

  void complete(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      const std::size_t cost = cost_of(node);
      spend(cost, node.place);
      anchors_.insert_or_assign(anchor, Named{node, cost});
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kList) {
      parent.node.children.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      if (parent.key->kind == YamlNode::Kind::kScalar) {
        node.key = std::move(parent.key->text);
        node.key_place = parent.key->place;
        parent.node.children.push_back(std::move(node));
      } else {
        faults_.push_back({parent.key->place, "this key is not a word; quote it if it is meant"});
      }
      parent.key.reset();
    }
  }

  void drop_duplicates(YamlNode& map) {
    std::unordered_map<std::string, TextPlace> seen;
    std::erase_if(map.children, [&](const YamlNode& child) {
      const auto [first, fresh] = seen.emplace(child.key, child.key_place);
      // What looks like a key may be the rest of a password with a comma in it, so it is not shown.
      if (!fresh)
        faults_.push_back(
            {child.key_place, fmt::format("this key is here twice; line {} has it already", first->second.line)});
      return !fresh;
    });
  }

  void merge(YamlNode& map) {
    const auto sources =
        std::find_if(map.children.begin(), map.children.end(), [](const YamlNode& child) { return child.key == "<<"; });
    if (sources == map.children.end()) return;
    YamlNode from = std::move(*sources);
    map.children.erase(sources);
    std::unordered_map<std::string, TextPlace> own;
    for (const YamlNode& child : map.children) own.emplace(child.key, child.key_place);
    const auto add = [&](YamlNode& source) {
      if (source.kind != YamlNode::Kind::kMap) {
        faults_.push_back({from.key_place, "<< takes a section, or a list of sections"});
        return;
      }
      for (YamlNode& child : source.children)
        if (own.emplace(child.key, child.key_place).second) map.children.push_back(std::move(child));
    };
    if (from.kind == YamlNode::Kind::kList)
      for (YamlNode& source : from.children) add(source);
    else
      add(from);
  }

  std::string_view bytes_;
  std::vector<YamlFault>& faults_;
  std::optional<TextPlace> quoted_;  // the last quoted scalar
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Named> anchors_;
  YamlNode root_;
  std::size_t spent_ = 0;
  int documents_ = 0;
};

// yaml-cpp finds a tab only where it stumbles over it, and then often speaks of something else.
std::string syntax_text(std::string_view bytes, const YAML::Exception& error) {
  const std::string_view line = from_line(bytes, place_of(error.mark).line);
  const std::string_view indent = line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
  if (indent.find('\t') != indent.npos) return "a tab indents this line; YAML wants spaces";
  return "is not YAML here: " + printable(error.msg);
}

}  // namespace

YamlNode parse_yaml(std::string_view bytes, std::vector<YamlFault>& faults) {
  try {
    if (bytes.size() > kYamlFileMax)
      throw Fatal{{{}, fmt::format("is larger than {} MiB; no configuration is", kYamlFileMax >> 20)}};
    check_characters(bytes);
    TreeBuilder builder(bytes, faults);
    std::istringstream in{std::string(bytes)};
    try {
      YAML::Parser parser(in);
      while (parser.HandleNextDocument(builder)) continue;
    } catch (const YAML::Exception& error) {
      throw Fatal{{place_of(error.mark), syntax_text(bytes, error)}};
    }
    return builder.take();
  } catch (const Fatal& fatal) {
    faults.push_back(fatal.fault);
    return {};
  }
}

}  // namespace redoubt
