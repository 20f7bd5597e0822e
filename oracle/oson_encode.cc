// JSON text to OSON, as Oracle writes small documents: names sorted by hash, length and text; children behind their
// container, depth first; 16-bit offsets while the tree allows.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "base/byte_writer.h"
#include "base/error.h"
#include "oracle/number.h"
#include "oracle/oson.h"

namespace redoubt::oracle {
namespace {

constexpr std::size_t kNameSizeMax = 255;

// A JSON tree that keeps numbers as their text.
struct Node {
  enum class Kind : std::uint8_t { kNull, kTrue, kFalse, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  std::string text;                // of a number or string
  std::vector<std::string> names;  // of an object
  std::vector<Node> children;
};

class Reader : public nlohmann::json_sax<nlohmann::json> {
 public:
  Node root;

  bool null() override { return add({Node::Kind::kNull, {}, {}, {}}); }
  bool boolean(bool v) override { return add({v ? Node::Kind::kTrue : Node::Kind::kFalse, {}, {}, {}}); }
  bool number_integer(number_integer_t v) override { return number(std::to_string(v)); }
  bool number_unsigned(number_unsigned_t v) override { return number(std::to_string(v)); }
  bool number_float(number_float_t, const string_t& text) override { return number(text); }
  bool string(string_t& v) override { return add({Node::Kind::kString, v, {}, {}}); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Node::Kind::kObject); }
  bool start_array(std::size_t) override { return open(Node::Kind::kArray); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (name.size() > kNameSizeMax) throw Malformed("JSON name over 255 bytes");
    open_.back()->names.push_back(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    throw Malformed(fmt::format("JSON wrong at byte {}", position));
  }

 private:
  bool number(const std::string& text) { return add({Node::Kind::kNumber, text, {}, {}}); }
  bool add(Node node) {
    if (open_.empty()) {
      root = std::move(node);
    } else {
      open_.back()->children.push_back(std::move(node));
    }
    return true;
  }
  // Pointers stay valid: a parent gets no further child while one of its children is open.
  bool open(Node::Kind kind) {
    if (open_.size() >= static_cast<std::size_t>(kOsonDepthMax)) throw Malformed("JSON nested too deep");
    add({kind, {}, {}, {}});
    open_.push_back(open_.empty() ? &root : &open_.back()->children.back());
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::vector<Node*> open_;
};

// The low byte of FNV-1a.
std::uint8_t name_hash(std::string_view name) {
  std::uint32_t hash = 0x811C9DC5;
  for (const char c : name) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x01000193;
  return static_cast<std::uint8_t>(hash);
}

using NameOrder = std::tuple<std::uint8_t, std::size_t, std::string_view>;
NameOrder order_of(std::string_view name) { return {name_hash(name), name.size(), name}; }

void collect_names(const Node& node, std::map<NameOrder, std::uint32_t>& names) {
  for (const std::string& name : node.names) names.emplace(order_of(name), 0);
  for (const Node& child : node.children) collect_names(child, names);
}

void write_int(ByteWriter& to, std::size_t v, std::size_t width) {
  width == 1 ? to.u8(v) : width == 2 ? to.u16(v) : to.u32(v);
}

class TreeWriter {
 public:
  TreeWriter(const std::map<NameOrder, std::uint32_t>& names, std::size_t id_width, bool wide)
      : names_(names), id_width_(id_width), wide_(wide) {}

  ByteString tree;

  void write(const Node& node) {
    ByteWriter to(tree, ByteOrder::kBig);
    switch (node.kind) {
      case Node::Kind::kNull: to.u8(0x30); break;
      case Node::Kind::kTrue: to.u8(0x31); break;
      case Node::Kind::kFalse: to.u8(0x32); break;
      case Node::Kind::kNumber: {
        const ByteString number = number_from_text(node.text);
        if (number.size() <= 16) {
          to.u8(0x20 | (number.size() - 1));
        } else {
          to.u8(0x34).u8(number.size());
        }
        to.put(number);
        break;
      }
      case Node::Kind::kString: {
        const std::size_t size = node.text.size();
        if (size < 0x20) {
          to.u8(size);
        } else if (size <= 0xFF) {
          to.u8(0x33).u8(size);
        } else if (size <= 0xFFFF) {
          to.u8(0x37).u16(size);
        } else {
          to.u8(0x38).u32(size);
        }
        to.put(as_bytes(node.text));
        break;
      }
      case Node::Kind::kArray:
      case Node::Kind::kObject: write_container(node); break;
    }
  }

 private:
  void write_container(const Node& node) {
    ByteWriter to(tree, ByteOrder::kBig);
    const bool is_object = node.kind == Node::Kind::kObject;
    // Members in the order of their field ids, the last of equal names only.
    std::map<std::uint32_t, const Node*> members;
    for (std::size_t i = 0; i < node.names.size(); ++i) members[names_.at(order_of(node.names[i]))] = &node.children[i];
    const std::size_t count = is_object ? members.size() : node.children.size();
    const std::size_t count_bits = count <= 0xFF ? 0 : count <= 0xFFFF ? 0x08 : 0x10;
    to.u8((is_object ? 0x84 : 0xC0) | count_bits | (wide_ ? 0x20 : 0));
    write_int(to, count, count_bits == 0 ? 1 : count_bits == 0x08 ? 2 : 4);
    for (const auto& [id, child] : members) write_int(to, id, id_width_);
    const std::size_t offset_width = wide_ ? 4 : 2;
    std::size_t at = tree.size();
    tree.resize(at + count * offset_width);
    const auto write_child = [&](const Node& child) {
      ByteString offset;
      ByteWriter offset_writer(offset, ByteOrder::kBig);
      write_int(offset_writer, tree.size(), offset_width);
      std::ranges::copy(offset, tree.begin() + static_cast<std::ptrdiff_t>(at));
      at += offset_width;
      write(child);
    };
    if (is_object) {
      for (const auto& [id, child] : members) write_child(*child);
    } else {
      for (const Node& child : node.children) write_child(child);
    }
  }

  const std::map<NameOrder, std::uint32_t>& names_;
  std::size_t id_width_;
  bool wide_;
};

}  // namespace

ByteString oson_from_json(std::string_view json) {
  Reader reader;
  nlohmann::json::sax_parse(json, &reader);
  const Node& root = reader.root;
  const bool scalar = root.kind < Node::Kind::kArray;

  std::map<NameOrder, std::uint32_t> names;
  collect_names(root, names);
  std::uint32_t id = 0;
  ByteString hashes, segment;
  std::vector<std::size_t> offsets;
  for (auto& [order, number] : names) {
    number = ++id;
    const std::string_view name = std::get<2>(order);
    hashes += std::get<0>(order);
    offsets.push_back(segment.size());
    ByteWriter(segment, ByteOrder::kBig).u8(name.size()).put(as_bytes(name));
  }
  const std::size_t id_width = names.size() <= 0xFF ? 1 : names.size() <= 0xFFFF ? 2 : 4;
  const bool wide_segment = segment.size() > 0xFFFF;

  const auto write_tree = [&](bool wide) {
    TreeWriter writer(names, id_width, wide);
    writer.write(root);
    return std::move(writer.tree);
  };
  ByteString tree = write_tree(false);
  const bool wide_tree = tree.size() > 0xFFFF;
  if (wide_tree) tree = write_tree(true);

  ByteString bytes;
  ByteWriter to(bytes, ByteOrder::kBig);
  to.u8(0xFF).u8(0x4A).u8(0x5A).u8(1);
  const unsigned tree_flag = wide_tree ? 0x1000 : 0;
  if (scalar) {
    to.u16(0x0016U | tree_flag);
  } else {
    to.u16(0x2106U | tree_flag |
           (id_width == 4   ? 0x0008U
            : id_width == 2 ? 0x0400U
                            : 0) |
           (wide_segment ? 0x0800U : 0));
    write_int(to, names.size(), id_width);
    write_int(to, segment.size(), wide_segment ? 4 : 2);
  }
  write_int(to, tree.size(), wide_tree ? 4 : 2);
  if (!scalar) {
    to.u16(0).put(hashes);
    for (const std::size_t offset : offsets) write_int(to, offset, wide_segment ? 4 : 2);
    to.put(segment);
  }
  to.put(tree);
  return bytes;
}

}  // namespace redoubt::oracle
