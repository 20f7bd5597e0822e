// A whole log file: headers, blocks, groups, records; resynchronisation behind damage; verify and dump of it all.
// Checksums are not looked at, so that what the fuzzer makes gets past them.
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "redo/dump.h"
#include "redo/log_reader.h"
#include "redo/verify.h"

using namespace redoubt;
using namespace redoubt::redo;

namespace {

constexpr int kDamageMax = 64;  // passed over before giving up

void read(const std::filesystem::path& path) {
  LogReader::Options options;
  options.checksums = false;
  LogReader reader(path, options);
  const LogHeaders headers{reader.file_header(), reader.header(), reader.order()};
  fmt::memory_buffer text;
  LogDump dump(headers, text);
  dump.headers();
  for (int damage = 0; damage < kDamageMax;) {
    try {
      const Group* group = reader.next_group();
      if (!group) return;
      for (const Record& record : group->records) try {
          dump.record(record, group->time);
        } catch (const Malformed&) {
        }
      text.clear();
    } catch (const CorruptRedo& e) {
      ++damage;
      if (!reader.resync(e.next_block())) return;
    }
  }
}

void verify(const std::filesystem::path& path) {
  LogVerifier::Options options;
  options.checksums = false;
  options.found = [](const Finding&) {};
  LogVerifier(std::move(options)).verify(path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int fd = ::memfd_create("log", 0);
  static const std::filesystem::path path = "/proc/self/fd/" + std::to_string(fd);
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) __builtin_trap();
  try {
    read(path);
  } catch (const Error&) {
  }
  try {
    verify(path);
  } catch (const Error&) {
  }
  return 0;
}
