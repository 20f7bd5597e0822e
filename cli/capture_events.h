// What every capture shares on the command line: events on standard error, and stopping when asked to.
#pragma once

#include <csignal>
#include <string_view>

#include "capture/core.h"

namespace redoubt::cli {

// One line on standard error: for people, or with `json` an object.
void tell_event(bool json, capture::Event::Kind kind, std::uint16_t thread, redo::Rba rba, std::string_view text);

// While it lives, Ctrl-C and a polite kill are noted instead of ending the process. One at a time.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  bool asked() const;

 private:
  struct sigaction interrupt_ = {};
  struct sigaction terminate_ = {};
};

}  // namespace redoubt::cli
