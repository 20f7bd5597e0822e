#include "capture/record_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSetMax = 256U << 20;

std::string format_of(const Json& set) {
  const auto it = set.is_object() ? set.find("format") : set.end();
  const std::string format = it != set.end() && it->is_string() ? it->get<std::string>() : "";
  return format == "redo-records/1" || format == "redo-dumps/1" || format == "redo-block/1" ? format : "";
}

Json read_json(const fs::path& file) { return Json::parse(read_file(file, kSetMax), nullptr, false); }

[[noreturn]] void no_record_set(const fs::path& path) {
  throw Error(ErrorCode::kUsage, path.string(), "holds no record set",
              "give a JSON file with \"format\": \"redo-records/1\", \"redo-dumps/1\" or \"redo-block/1\"");
}

[[noreturn]] void bad_layout(const fs::path& file, std::string_view format, const char* what) {
  throw Error(ErrorCode::kOperation, file.string(), fmt::format("does not follow the layout {}: {}", format, what),
              "compare it with the description of the layout");
}

void check_case(const Json& set, const Json& test, FactCheck& check) {
  if (test.contains("records") && test.contains("profile")) {
    check_records(test, check);
  } else if (test.contains("rows")) {
    check_logminer_rows(test, check);
  } else if (test.contains("set")) {
    check_changed_columns(test, check);
  } else if (test.contains("key")) {
    check_encrypted_value(set, test, check);
  } else if (test.contains("type")) {
    check_value(test, check);
  } else {
    check.differs("a case of an unknown kind");
  }
}

template <class Job>
void run_case(CaseResult& result, Job job) {
  try {
    job();
  } catch (const Malformed& e) {
    result.check.differs(fmt::format("cannot be decoded: {}", e.what()));
  } catch (const Error& e) {
    result.check.differs(e.what());
  }
}

}  // namespace

std::vector<fs::path> find_record_sets(const fs::path& path) {
  if (!fs::exists(path))
    throw Error(ErrorCode::kOperation, path.string(), "does not exist", "give a record set, or a folder of them");
  if (!fs::is_directory(path)) {
    if (format_of(read_json(path)).empty()) no_record_set(path);
    return {path};
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file() && entry.path().extension() == ".json" && entry.file_size() <= kSetMax &&
        !format_of(read_json(entry.path())).empty())
      files.push_back(entry.path());
  if (files.empty()) no_record_set(path);
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<CaseResult> check_record_set(const fs::path& file) {
  const Json set = read_json(file);
  const std::string format = format_of(set);
  if (format.empty()) no_record_set(file);
  std::vector<CaseResult> results;
  try {
    if (format == "redo-block/1") {
      CaseResult& result = results.emplace_back(CaseResult{file.string(), file.parent_path().filename().string(), {}});
      const std::string bytes = read_file(file.parent_path() / "block2.bin");
      run_case(result, [&] { check_block(set, bytes, result.check); });
      return results;
    }
    for (const Json& test : set.at("cases")) {
      CaseResult& result = results.emplace_back(CaseResult{file.string(), test.at("name").get<std::string>(), {}});
      run_case(result, [&] {
        if (format == "redo-dumps/1") {
          check_dump(test, result.check);
        } else {
          check_case(set, test, result.check);
        }
      });
    }
  } catch (const Json::exception& e) {
    bad_layout(file, format, e.what());
  } catch (const std::logic_error& e) {  // a number or a record's id that is none
    bad_layout(file, format, e.what());
  }
  return results;
}

}  // namespace redoubt::capture
