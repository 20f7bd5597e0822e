#include "capture/fact_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace redoubt::capture {
namespace {

std::string shown(const Json& value) {
  constexpr std::size_t kShownMax = 100;
  std::string text = value.dump();
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "...";
  return text;
}

}  // namespace

void FactCheck::equal(const std::string& what, const Json& stated, const Json& found) {
  ++checks_;
  if (stated != found)
    differences_.push_back(fmt::format("{}: stated {}, found {}", what, shown(stated), shown(found)));
}

void FactCheck::tree(const std::string& what, const Json& stated, const Json& found) {
  if (stated.is_object()) {
    for (const auto& [key, value] : stated.items()) {
      if (is_note(key)) continue;
      const std::string path = what.empty() ? key : what + "." + key;
      if (!found.is_object() || !found.contains(key)) {
        ++checks_;
        differs(fmt::format("{}: stated {}, not found", path, shown(value)));
      } else {
        tree(path, value, found[key]);
      }
    }
  } else if (stated.is_array() &&
             std::any_of(stated.begin(), stated.end(), [](const Json& j) { return j.is_object(); })) {
    equal(what + ".size", stated.size(), found.size());
    for (std::size_t i = 0; i < std::min(stated.size(), found.size()); ++i)
      tree(fmt::format("{}[{}]", what, i), stated[i], found[i]);
  } else {
    equal(what, stated, found);
  }
}

void FactCheck::differs(std::string difference) { differences_.push_back(std::move(difference)); }

bool FactCheck::is_note(std::string_view key) {
  return key.ends_with("note") || key == "meaning" || key == "rule" || key == "layout";
}

}  // namespace redoubt::capture
