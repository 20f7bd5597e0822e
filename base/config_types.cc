// The types of values.
#include <fmt/format.h>

#include <algorithm>

#include "base/config.h"
#include "base/nearest.h"

namespace redoubt {
namespace config {

ConfigType<std::string> text() {
  return {"text", [](std::string_view text) { return std::string(text); },
          [](const std::string& value) { return value; }, false};
}

ConfigType<bool> flag() {
  return {"true or false",
          [](std::string_view text) {
            static const std::vector<std::string_view> kTrue = {"true", "yes", "on"}, kFalse = {"false", "no", "off"};
            std::string word(text);
            std::transform(word.begin(), word.end(), word.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
            if (std::find(kTrue.begin(), kTrue.end(), word) != kTrue.end()) return true;
            if (std::find(kFalse.begin(), kFalse.end(), word) != kFalse.end()) return false;
            throw BadValue("must be true or false");
          },
          [](const bool& value) { return std::string(value ? "true" : "false"); }};
}

ConfigType<Duration> duration(Limits<Duration> limits, bool bare_seconds) {
  return {bare_seconds ? "duration, or seconds" : "duration",
          [limits, bare_seconds](std::string_view text) {
            return within<Duration, Duration>(limits, parse_duration(text, bare_seconds), write_duration);
          },
          write_duration};
}

ConfigType<std::uint64_t> size(Limits<std::uint64_t> limits) {
  return {"size",
          [limits](std::string_view text) {
            return within<std::uint64_t, std::uint64_t>(limits, parse_size(text), write_size);
          },
          write_size};
}

std::string alternatives(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i)
    text.append(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ").append(words[i]);
  return text;
}

std::size_t index_of(std::string_view text, const std::vector<std::string_view>& words) {
  const auto found = std::find(words.begin(), words.end(), text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  const std::string_view meant = nearest(text, words);
  throw BadValue(
      fmt::format("must be {}{}", alternatives(words), meant.empty() ? "" : fmt::format("; did you mean {}?", meant)));
}

}  // namespace config
}  // namespace redoubt
