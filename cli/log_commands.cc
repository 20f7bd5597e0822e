// redoubt log: what is in redo log files, and is it whole. Needs nothing but the files.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <tuple>

#include "capture/log_set.h"
#include "cli/command.h"
#include "cli/log_records_command.h"
#include "cli/progress.h"
#include "redo/dump.h"
#include "redo/verify.h"

namespace redoubt::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Options {
  std::vector<std::string> paths;
  bool checksums = true;
  bool json = false;
};

// --- log info

std::string scn_text(redo::Scn scn) { return scn == oracle::kNoScn ? "-" : fmt::format("{}", scn); }

std::string time_text(std::uint32_t time) { return time == 0 ? "-" : redo::to_text(redo::redo_time(time)); }

// From where to where the redo of every thread is there, without a hole.
struct Coverage {
  redo::Scn from = 0;
  redo::Scn to = oracle::kNoScn;
};

Coverage coverage(const capture::LogSet& set) {
  Coverage c;
  for (const auto& [thread, logs] : set.threads) {
    std::size_t first = logs.size() - 1;  // of the unbroken run that reaches the end
    while (first > 0 && logs[first - 1].sequence() + 1 == logs[first].sequence()) --first;
    c.from = std::max(c.from, logs[first].headers.redo.first_scn.value);
    c.to = std::min(c.to, logs.back().headers.redo.next_scn.value);
  }
  return c;
}

ordered_json log_json(const capture::LogFile& log) {
  const redo::RedoHeader& h = log.headers.redo;
  ordered_json j{{"path", log.path.string()}, {"sequence", log.sequence()}, {"first_scn", h.first_scn.value}};
  j["next_scn"] = h.open() ? ordered_json() : ordered_json(h.next_scn.value);
  j["first_time"] = redo::to_text(redo::redo_time(h.first_time));
  j["next_time"] = h.open() ? ordered_json() : ordered_json(redo::to_text(redo::redo_time(h.next_time)));
  j["blocks"] = h.nab == redo::kNoBlock ? ordered_json() : ordered_json(h.nab);
  j["block_size"] = log.headers.file.block_size;
  j["big_endian"] = log.headers.order == ByteOrder::kBig;
  j["bytes"] = log.size;
  j["version"] = redo::version_text(h.version);
  j["group"] = h.group;
  j["current"] = h.open();
  return j;
}

void print_info_json(const capture::LogSet& set) {
  const redo::RedoHeader& h = set.threads.begin()->second.front().headers.redo;
  ordered_json threads = ordered_json::array();
  for (const auto& [thread, logs] : set.threads) {
    ordered_json t{{"thread", thread}, {"logs", ordered_json::array()}, {"holes", ordered_json::array()}};
    for (const capture::LogFile& log : logs) t["logs"].push_back(log_json(log));
    for (const capture::LogHole& hole : set.holes)
      if (hole.thread == thread) t["holes"].push_back({{"first", hole.first}, {"last", hole.last}});
    threads.push_back(std::move(t));
  }
  const Coverage c = coverage(set);
  ordered_json all{{"database", h.database()},
                   {"dbid", h.dbid},
                   {"resetlogs", h.resetlogs},
                   {"resetlogs_scn", h.resetlogs_scn.value},
                   {"threads", std::move(threads)}};
  all["covered_from_scn"] = c.from;
  all["covered_to_scn"] = c.to == oracle::kNoScn ? ordered_json() : ordered_json(c.to);
  for (const auto& [name, paths] : {std::pair{"passed_over", &set.passed_over}, std::pair{"copies", &set.copies}}) {
    all[name] = ordered_json::array();
    for (const fs::path& path : *paths) all[name].push_back(path.string());
  }
  fmt::print("{}\n", all.dump(2));
}

void print_header(const capture::LogFile& log) {
  const redo::RedoHeader& h = log.headers.redo;
  const auto line = [](const char* name, const std::string& value) { fmt::print("{:<14}  {}\n", name, value); };
  line("file", log.path.string());
  line("database", fmt::format("{}, DBID {}", h.database(), h.dbid));
  line("version", redo::version_text(h.version));
  line("incarnation", fmt::format("{}, from SCN {}", h.resetlogs, h.resetlogs_scn.value));
  line("thread", fmt::format("{}", h.thread));
  line("sequence", fmt::format("{}", log.sequence()));
  line("state", h.open() ? "current: its end is not known" : "closed");
  line("SCN", fmt::format("{} to {}", h.first_scn.value, scn_text(h.next_scn.value)));
  line("time", fmt::format("{} to {}", time_text(h.first_time), time_text(h.next_time)));
  line("blocks", h.nab == redo::kNoBlock ? fmt::format("of {} bytes", log.headers.file.block_size)
                                         : fmt::format("{} of {} bytes", h.nab, log.headers.file.block_size));
  line("byte order", log.headers.order == ByteOrder::kBig ? "big-endian" : "little-endian");
  line("description", h.text());
}

// One row per log, and one where logs are missing.
void print_thread(std::uint16_t thread, const std::vector<capture::LogFile>& logs) {
  fmt::print("thread {}\n  {:>10}  {:>16}  {:>16}  {:<19}  {:<19}  {:>9}  {}\n", thread, "sequence", "first SCN",
             "next SCN", "from", "to", "size", "file");
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (i > 0 && logs[i].sequence() != logs[i - 1].sequence() + 1) {
      const std::uint32_t first = logs[i - 1].sequence() + 1, last = logs[i].sequence() - 1;
      fmt::print("  {:>10}  missing\n", first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last));
    }
    const redo::RedoHeader& h = logs[i].headers.redo;
    fmt::print("  {:>10}  {:>16}  {:>16}  {:<19}  {:<19}  {:>9}  {}\n", logs[i].sequence(), h.first_scn.value,
               h.open() ? "current" : scn_text(h.next_scn.value), time_text(h.first_time), time_text(h.next_time),
               size_text(static_cast<double>(logs[i].size)), logs[i].path.string());
  }
}

int info(const Options& options) {
  const capture::LogSet set = capture::find_logs({options.paths.begin(), options.paths.end()}, options.checksums);
  if (options.json) {
    print_info_json(set);
    return 0;
  }
  const std::vector<capture::LogFile>& first = set.threads.begin()->second;
  if (set.threads.size() == 1 && first.size() == 1 && options.paths.size() == 1 &&
      !fs::is_directory(options.paths[0])) {
    print_header(first.front());
    return 0;
  }
  const redo::RedoHeader& h = first.front().headers.redo;
  fmt::print("database {}, DBID {}, version {}, incarnation {}\n", h.database(), h.dbid, redo::version_text(h.version),
             h.resetlogs);
  for (const auto& [thread, logs] : set.threads) print_thread(thread, logs);
  for (const fs::path& copy : set.copies) fmt::print("{} is another copy of one of these\n", copy.string());
  for (const fs::path& other : set.passed_over) fmt::print("{} is no redo log\n", other.string());
  const Coverage c = coverage(set);
  if (c.from < c.to) {
    fmt::print("all threads are covered from SCN {} {}\n", c.from,
               c.to == oracle::kNoScn ? "on" : fmt::format("to {}", c.to));
  } else {
    fmt::print("there is no SCN at which all threads are covered\n");
  }
  return 0;
}

// --- log verify

// By thread and sequence, as transactions run through them. Files without a sound header come first.
std::vector<fs::path> in_order(const std::vector<std::string>& paths) {
  std::vector<std::tuple<std::uint16_t, std::uint32_t, fs::path>> order;
  for (const fs::path path : paths) {
    try {
      const redo::LogHeaders h = redo::read_headers(InputFile(path), false);
      order.emplace_back(h.redo.thread, h.redo.block.sequence, path);
    } catch (const redo::CorruptRedo&) {
      order.emplace_back(0, 0, path);
    }
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::vector<fs::path> sorted;
  for (auto& [thread, sequence, path] : order) sorted.push_back(std::move(path));
  return sorted;
}

void print_finding(const redo::Finding& f, bool json, bool first) {
  if (json) {
    const ordered_json j{{"path", f.path.string()},
                         {"thread", f.thread},
                         {"rba", oracle::to_text(f.rba)},
                         {"rule", f.rule},
                         {"text", f.text}};
    fmt::print("{}\n    {}", first ? "" : ",", j.dump());
  } else {
    fmt::print("{}: RBA {}: {}: {}\n", f.path.string(), oracle::to_text(f.rba), f.rule, f.text);
  }
}

int verify(const Options& options) {
  const std::vector<fs::path> paths = in_order(options.paths);
  std::uint64_t total = 0, before = 0;
  for (const fs::path& path : paths) total += fs::file_size(path);
  Progress progress("verify", total);
  bool first = true;
  redo::LogVerifier::Options verifying;
  verifying.checksums = options.checksums;
  verifying.read_bytes = [&](std::uint64_t done) { progress.update(before + done); };
  verifying.found = [&](const redo::Finding& finding) {
    print_finding(finding, options.json, first);
    first = false;
  };
  if (options.json) fmt::print("{{\n  \"findings\": [");
  redo::LogVerifier verifier(std::move(verifying));
  for (const fs::path& path : paths) {
    verifier.verify(path);
    before += fs::file_size(path);
    progress.update(before);
  }
  const redo::LogVerifier::Counts& c = verifier.counts();
  if (options.json) {
    fmt::print(
        "{}],\n  \"logs\": {}, \"blocks\": {}, \"groups\": {}, \"records\": {}, \"vectors\": {}, \"faults\": {}\n}}\n",
        first ? "" : "\n  ", c.logs, c.blocks, c.groups, c.records, c.vectors, c.findings);
  } else {
    fmt::print("{} log{}, {} blocks, {} groups, {} records, {} vectors: {}\n", c.logs, c.logs == 1 ? "" : "s", c.blocks,
               c.groups, c.records, c.vectors,
               c.findings == 0 ? "sound" : fmt::format("{} fault{}", c.findings, c.findings == 1 ? "" : "s"));
  }
  return c.findings == 0 ? 0 : 1;
}

// --- log dump

constexpr std::size_t kWriteSize = 1 << 18;

void flush(fmt::memory_buffer& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  text.clear();
}

int dump(const Options& options) {
  const fs::path path = options.paths.front();
  redo::LogReader reader(path, {options.checksums});
  const redo::LogHeaders headers{reader.file_header(), reader.header(), reader.order()};
  fmt::memory_buffer text;
  fmt::format_to(fmt::appender(text), "DUMP OF REDO FROM FILE '{}'\n", path.string());
  redo::LogDump dump(headers, text);
  dump.headers();
  redo::Rba at;
  try {
    while (const redo::Group* group = reader.next_group()) {
      for (const redo::Record& record : group->records) {
        at = record.rba;
        dump.record(record, group->time);
        if (text.size() >= kWriteSize) flush(text);
      }
      if (std::ferror(stdout)) return 0;  // nobody reads on; the frame reports it
    }
  } catch (const redo::CorruptRedo& e) {
    flush(text);
    throw Error(ErrorCode::kIntegrity, e.place(), e.reason(),
                fmt::format("redoubt log verify {} tells all that is wrong", path.string()));
  } catch (const Malformed& e) {
    flush(text);
    throw Error(ErrorCode::kIntegrity, fmt::format("{} at RBA {}", path.string(), oracle::to_text(at)),
                fmt::format("the record's vectors do not fit: {}", e.what()),
                fmt::format("redoubt log verify {} tells all that is wrong", path.string()));
  }
  fmt::format_to(fmt::appender(text), "END OF REDO DUMP\n");
  flush(text);
  return 0;
}

void add(CLI::App& group, const char* name, const char* summary, std::initializer_list<std::string_view> examples,
         int (*job)(const Options&), bool many, bool json) {
  auto options = std::make_shared<Options>();
  CLI::App* command = add_command(group, name, summary, examples);
  CLI::Option* paths = command->add_option("files", options->paths, many ? "redo log files" : "a redo log file");
  paths->required()->type_name("FILE");
  if (!many) paths->expected(1);
  command->add_flag("!--no-checksums", options->checksums, "for databases with DB_BLOCK_CHECKSUM turned off");
  if (json) add_json(command, options->json);
  on_run(command, [options, job] { return job(*options); });
}

}  // namespace

void add_log_commands(CLI::App& root) {
  CLI::App* log = add_group(root, "log", "Look into redo log files");
  add(*log, "info", "Tell what redo logs hold: thread, sequence, SCNs, times, and what is missing between them",
      {"log info o1_mf_1_15.arc", "log info /u01/fra/PROD/archivelog"}, info, true, true);
  add(*log, "verify", "Check redo logs against every rule of their format; exit code 1 names what is broken",
      {"log verify o1_mf_1_15.arc o1_mf_1_16.arc"}, verify, true, true);
  add(*log, "dump", "Print every record in the words of Oracle's own log dumps", {"log dump o1_mf_1_15.arc"}, dump,
      false, false);
  add_log_records_command(*log);
}

}  // namespace redoubt::cli
