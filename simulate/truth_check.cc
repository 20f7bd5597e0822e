#include "simulate/truth_check.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace redoubt::simulate {
namespace {

using Json = nlohmann::json;

// Builds a document whose numbers are the text they were written as.
class NumbersAsText : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(std::to_string(v)); }
  bool number_unsigned(number_unsigned_t v) override { return add(std::to_string(v)); }
  bool number_float(number_float_t, const string_t& text) override { return add(text); }
  bool string(string_t& v) override { return add(v); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(string_t& v) override {
    key_ = v;
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  Json root;

 private:
  Json* put(Json v) {
    if (stack_.empty()) {
      root = std::move(v);
      return &root;
    }
    Json& top = *stack_.back();
    if (top.is_array()) {
      top.push_back(std::move(v));
      return &top.back();
    }
    return &(top[key_] = std::move(v));
  }
  bool add(Json v) {
    put(std::move(v));
    return true;
  }
  bool open(Json v) {
    stack_.push_back(put(std::move(v)));
    return true;
  }
  bool close() {
    stack_.pop_back();
    return true;
  }

  std::vector<Json*> stack_;
  std::string key_;
};

class Lines {
 public:
  explicit Lines(const std::filesystem::path& path) : path_(path), in_(path) {
    if (!in_) throw Error(ErrorCode::kOperation, path.string(), "cannot be read", "check the path");
  }
  bool next(Json& line) {
    std::string text;
    if (!std::getline(in_, text)) return false;
    ++number_;
    NumbersAsText handler;
    if (!Json::sax_parse(text, &handler))
      throw Error(ErrorCode::kOperation, fmt::format("{} line {}", path_.string(), number_), "is no JSON",
                  "name the output of redoubt capture and the truth of redoubt simulate");
    line = std::move(handler.root);
    return true;
  }

 private:
  std::filesystem::path path_;
  std::ifstream in_;
  std::size_t number_ = 0;
};

// The next transaction of captured lines, in the shape of the truth. DDL lines are no rows.
bool next_transaction(Lines& lines, Json& transaction) {
  Json line;
  transaction = Json();
  while (lines.next(line)) {
    for (const Json& payload : line.at("payload")) {
      const std::string op = payload.at("op");
      if (op == "begin") {
        transaction = {{"commit_scn", line.at("commit_scn")},
                       {"xid", line.at("xid")},
                       {"thread", line.at("thread")},
                       {"ops", Json::array()}};
      } else if (op == "commit") {
        if (!transaction.at("ops").empty()) return true;
      } else if (op == "c" || op == "u" || op == "d") {
        const Json& schema = payload.at("schema");
        transaction["ops"].push_back({{"op", op},
                                      {"owner", schema.value("owner", "")},
                                      {"table", schema.at("table")},
                                      {"rowid", payload.at("rid")},
                                      {"before", payload.value("before", Json::object())},
                                      {"after", payload.value("after", Json::object())}});
        if (payload.value("suspect", false)) transaction["ops"].back()["suspect"] = true;
      }
    }
  }
  return false;
}

// Where two images differ: the first column that one lacks or has otherwise.
std::string column_difference(const Json& ours, const Json& theirs) {
  for (const auto& [name, value] : theirs.items())
    if (!ours.contains(name) || ours.at(name) != value)
      return fmt::format("{} captured {:.200}, true {:.200}", name,
                         ours.contains(name) ? ours.at(name).dump() : "nothing", value.dump());
  for (const auto& [name, value] : ours.items())
    if (!theirs.contains(name)) return fmt::format("{} captured {:.200}, true nothing", name, value.dump());
  return "nothing";
}

std::string first_difference(const Json& ours, const Json& theirs) {
  const std::string place = fmt::format("transaction {} at SCN {}", theirs.at("xid").get<std::string>(),
                                        theirs.at("commit_scn").get<std::string>());
  for (const char* key : {"commit_scn", "xid", "thread"})
    if (ours.at(key) != theirs.at(key))
      return fmt::format("{}: {} captured {}, true {}", place, key, ours.at(key).dump(), theirs.at(key).dump());
  const Json &a = ours.at("ops"), &b = theirs.at("ops");
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (a[i] == b[i]) continue;
    const std::string row = fmt::format("{} row {} ({} {})", place, i + 1, b[i].at("op").get<std::string>(),
                                        b[i].at("table").get<std::string>());
    for (const auto& [key, value] : b[i].items())
      if (!a[i].contains(key) || a[i].at(key) != value)
        return value.is_object() && a[i].contains(key)
                   ? fmt::format("{}: {} {}", row, key, column_difference(a[i].at(key), value))
                   : fmt::format("{}: {} captured {}, true {}", row, key, a[i].value(key, Json()).dump(), value.dump());
    return row + ": captured as suspect";
  }
  return fmt::format("{}: {} rows captured, {} true", place, a.size(), b.size());
}

}  // namespace

TruthCheck check_truth(const std::filesystem::path& captured, const std::filesystem::path& truth, std::size_t limit) {
  Lines ours(captured), theirs(truth);
  TruthCheck result;
  Json a, b;
  while (result.differences.size() < limit) {
    const bool more = next_transaction(ours, a);
    const bool expected = theirs.next(b);
    if (!more && !expected) break;
    if (!more || !expected) {
      result.differences.push_back(fmt::format("transaction {}: {}", (more ? a : b).at("xid").get<std::string>(),
                                               more ? "captured, but never happened" : "not captured"));
      break;
    }
    if (a == b) {
      ++result.transactions;
      result.rows += b.at("ops").size();
    } else {
      result.differences.push_back(first_difference(a, b));
    }
  }
  return result;
}

}  // namespace redoubt::simulate
