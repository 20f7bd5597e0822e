#include "cli/capture_events.h"

#include <fmt/format.h>

#include <cstdio>

#include "oracle/charset.h"

namespace redoubt::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

constexpr std::size_t kLongest = 300;  // of a text for people: a statement may have thousands of lines

std::string_view name_of(capture::Event::Kind kind) {
  switch (kind) {
    case capture::Event::Kind::kWarning: return "warning";
    case capture::Event::Kind::kDictionary: return "dictionary";
    case capture::Event::Kind::kLog: return "log";
    default: return "ddl";
  }
}

}  // namespace

void tell_event(bool json, capture::Event::Kind kind, std::uint16_t thread, redo::Rba rba, std::string_view text) {
  if (json) {
    TextBuffer quoted;
    oracle::charset_by_name("AL32UTF8")->append_json_string(quoted, as_bytes(text));
    fmt::print(stderr,
               R"({{"event":"{}","thread":{},"rba":"{}","text":{}}})"
               "\n",
               name_of(kind), thread, to_text(rba), quoted.view());
    return;
  }
  const bool ddl = kind == capture::Event::Kind::kDdl;
  const bool cut = ddl && text.size() > kLongest;
  const std::string place = thread == 0 ? std::string() : fmt::format(" thread {} RBA {}:", thread, to_text(rba));
  fmt::print(stderr, "{}:{} {}{}\n", name_of(kind), place, cut ? text.substr(0, kLongest) : text, cut ? " ..." : "");
}

StopOnSignal::StopOnSignal() {
  interrupted = 0;
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  sigaction(SIGINT, &action, &interrupt_);
  sigaction(SIGTERM, &action, &terminate_);
}

StopOnSignal::~StopOnSignal() {
  sigaction(SIGINT, &interrupt_, nullptr);
  sigaction(SIGTERM, &terminate_, nullptr);
}

bool StopOnSignal::asked() const { return interrupted != 0; }

}  // namespace redoubt::cli
