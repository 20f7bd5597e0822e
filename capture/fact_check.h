// Compares what is stated with what was found, fact by fact, and remembers how many there were and which differ.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace redoubt::capture {

using Json = nlohmann::ordered_json;

class FactCheck {
 public:
  // One fact.
  void equal(const std::string& what, const Json& stated, const Json& found);
  // Every fact of the tree `stated`: an object's members by name, an array's elements by place, an array of values as
  // one. Members that only explain (notes) are none. `found` may hold more. A member that `found` lacks differs:
  // nothing stated is passed over.
  void tree(const std::string& what, const Json& stated, const Json& found);
  // A fact that could not even be looked at.
  void differs(std::string difference);

  // Whether the member `key` of a set explains instead of stating a fact.
  static bool is_note(std::string_view key);

  unsigned checks() const { return checks_; }
  const std::vector<std::string>& differences() const { return differences_; }

 private:
  unsigned checks_ = 0;
  std::vector<std::string> differences_;
};

}  // namespace redoubt::capture
