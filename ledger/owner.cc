#include "ledger/owner.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace redoubt::ledger {

namespace {

std::string first_line(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// Field 22 of /proc/PID/stat. The second field, the name, may hold blanks and parentheses, so counting starts behind
// the last parenthesis. 0 = no such process, or one that has ended and is only not waited for.
std::int64_t start_of(std::int64_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid).c_str());
  const std::size_t name_end = line.rfind(')');
  if (name_end == line.npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) {
    fields >> field;
    if (i == 3 && (field == "Z" || field == "X")) return 0;
  }
  return field.empty() ? 0 : std::stoll(field);
}

std::string this_machine() {
  std::error_code none;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", none).string();
  return fmt::format("{} {} {}", first_line("/etc/machine-id"), first_line("/proc/sys/kernel/random/boot_id"), space);
}

}  // namespace

Process this_process() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return {this_machine(), host.data(), getpid(), start_of(getpid())};
}

Life life_of(const Process& process) {
  if (process.machine != this_machine()) return Life::kElsewhere;
  return process.started != 0 && start_of(process.pid) == process.started ? Life::kAlive : Life::kGone;
}

std::string new_id() {
  std::array<std::uint8_t, 16> bytes;
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw Error(ErrorCode::kOperation, "", "the kernel gives no random numbers");
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | 0x40);  // version 4: random
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", bytes[i]);
  }
  return out;
}

}  // namespace redoubt::ledger
