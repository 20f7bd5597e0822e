#include "simulate/truth_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <list>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"

namespace redoubt::simulate {
namespace {

using Json = nlohmann::json;

constexpr char kNumber[] = "$number";

// Builds a document whose numbers keep the text they were written as, apart from strings: {"$number":"1.50"}.
class ExactNumbers : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return add(nullptr); }
  bool boolean(bool v) override { return add(v); }
  bool number_integer(number_integer_t v) override { return add(number(std::to_string(v))); }
  bool number_unsigned(number_unsigned_t v) override { return add(number(std::to_string(v))); }
  bool number_float(number_float_t, const string_t& text) override { return add(number(text)); }
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
  static Json number(std::string text) { return {{kNumber, std::move(text)}}; }
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

// The SCN or thread of a line.
std::uint64_t whole_number(const Json& v) {
  const auto& text = v.at(kNumber).get_ref<const std::string&>();
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument(text + " is no whole number");
  return n;
}

class Lines {
 public:
  explicit Lines(const std::filesystem::path& path) : path_(path), in_(path) {
    if (!in_) throw Error(ErrorCode::kOperation, path.string(), "cannot be read", "check the path");
  }
  // Calls `use` with the next line. False at the end. Throws Error that names the line when it is no JSON, or `use`
  // does not find what it wants in it.
  template <class Use>
  bool next(Use use) {
    std::string text;
    if (!std::getline(in_, text)) return false;
    ++number_;
    ExactNumbers handler;
    if (!Json::sax_parse(text, &handler)) fail("is no JSON");
    try {
      use(std::move(handler.root));
    } catch (const std::exception& e) {
      fail(fmt::format("is no line of that kind: {}", e.what()));
    }
    return true;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kOperation, fmt::format("{} line {}", path_.string(), number_), what,
                "name the output of redoubt capture, and the directory of redoubt simulate");
  }

  std::filesystem::path path_;
  std::ifstream in_;
  std::size_t number_ = 0;
};

// A line of the truth, or as much of captured lines.
struct Transaction {
  std::uint64_t commit_scn = 0;
  std::string xid;
  std::uint64_t thread = 0;
  Json ops = Json::array();
  bool operator==(const Transaction&) const = default;
};

Transaction head_of(const Json& line) {
  return {whole_number(line.at("commit_scn")), line.at("xid").get<std::string>(), whole_number(line.at("thread")),
          Json::array()};
}

// What transaction a captured line completes, if it does. DDL lines are no rows.
class Captured {
 public:
  explicit Captured(const std::filesystem::path& path) : lines_(path) {}

  bool next(Transaction& transaction) {
    bool whole = false;
    while (!whole && lines_.next([&](const Json& line) {
      for (const Json& payload : line.at("payload")) whole |= add(line, payload, transaction);
    })) {
    }
    return whole;
  }

 private:
  bool add(const Json& line, const Json& payload, Transaction& transaction) {
    const std::string op = payload.at("op");
    if (op == "begin") transaction = head_of(line);
    if (op == "commit") return !transaction.ops.empty();
    if (op != "c" && op != "u" && op != "d") return false;
    const Json& schema = payload.at("schema");
    transaction.ops.push_back({{"op", op},
                               {"owner", schema.value("owner", "")},
                               {"table", schema.at("table")},
                               {"rowid", payload.at("rid")},
                               {"before", payload.value("before", Json::object())},
                               {"after", payload.value("after", Json::object())}});
    if (payload.value("suspect", false)) transaction.ops.back()["suspect"] = true;
    return false;
  }

  Lines lines_;
};

// The truths of all containers, merged by (commit SCN, thread).
class Truth {
 public:
  explicit Truth(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("truth") && name.ends_with(".jsonl")) files.push_back(entry.path());
    }
    if (files.empty())
      throw Error(ErrorCode::kOperation, directory.string(), "has no truth", "name a directory of redoubt simulate");
    std::sort(files.begin(), files.end());
    for (const auto& file : files) read(sources_.emplace_back(file));
  }

  bool next(Transaction& transaction) {
    Source* first = nullptr;
    for (Source& source : sources_)
      if (source.more && (!first || source.key() < first->key())) first = &source;
    if (!first) return false;
    transaction = std::move(first->ahead);
    read(*first);
    return true;
  }

 private:
  struct Source {
    explicit Source(const std::filesystem::path& path) : lines(path) {}
    Lines lines;
    Transaction ahead;
    bool more = false;
    std::pair<std::uint64_t, std::uint64_t> key() const { return {ahead.commit_scn, ahead.thread}; }
  };
  static void read(Source& source) {
    source.more = source.lines.next([&](Json line) {
      source.ahead = head_of(line);
      source.ahead.ops = std::move(line.at("ops"));
      for (const Json& op : source.ahead.ops) {
        op.at("op").get_ref<const std::string&>();
        op.at("table").get_ref<const std::string&>();
      }
    });
  }

  std::list<Source> sources_;
};

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

std::string first_difference(const Transaction& ours, const Transaction& theirs) {
  const std::string place = fmt::format("transaction {} at SCN {}", theirs.xid, theirs.commit_scn);
  if (ours.commit_scn != theirs.commit_scn || ours.xid != theirs.xid)
    return fmt::format("{}: captured {} at SCN {} instead", place, ours.xid, ours.commit_scn);
  if (ours.thread != theirs.thread)
    return fmt::format("{}: thread captured {}, true {}", place, ours.thread, theirs.thread);
  const Json &a = ours.ops, &b = theirs.ops;
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

TruthCheck check_truth(const std::filesystem::path& captured, const std::filesystem::path& directory,
                       std::size_t limit) {
  Captured ours(captured);
  Truth theirs(directory);
  TruthCheck result;
  Transaction a, b;
  while (result.differences.size() < limit) {
    const bool more = ours.next(a);
    const bool expected = theirs.next(b);
    if (!more && !expected) break;
    if (!more || !expected) {
      result.differences.push_back(fmt::format("transaction {}: {}", (more ? a : b).xid,
                                               more ? "captured, but never happened" : "not captured"));
      break;
    }
    if (a == b) {
      ++result.transactions;
      result.rows += b.ops.size();
    } else {
      result.differences.push_back(first_difference(a, b));
    }
  }
  return result;
}

}  // namespace redoubt::simulate
