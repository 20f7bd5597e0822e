#include "capture/log_catalog.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "redo/log_writer.h"

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kBlocks = 10;

redo::LogWriter writer(const fs::path& path) {
  redo::RedoHeader h;
  h.version = 0x17060000;
  h.dbid = 4711;
  h.block_size = 512;
  h.thread = 1;
  h.block.sequence = 7;
  h.first_scn = {100, true};
  return redo::LogWriter(path, h, ByteOrder::kLittle);
}

// The clock of a file ticks every few milliseconds: an online log may be closed in the tick in which it was opened.
TEST(LogCatalog, SeesAHeaderThatChangesWithoutAnotherTime) {
  std::string name = (fs::temp_directory_path() / "log_catalog_XXXXXX").string();
  const fs::path directory = ::mkdtemp(name.data());
  const fs::path log = directory / "online.log";
  const auto now = fs::file_time_type::clock::now();
  LogCatalog catalog({directory});

  writer(log).leave_open(kBlocks);
  fs::last_write_time(log, now);
  catalog.refresh();
  ASSERT_EQ(catalog.find(1, 7).size(), 1U);
  EXPECT_TRUE(catalog.find(1, 7)[0].header.open());

  writer(log).close(200, 0);
  fs::resize_file(log, std::uint64_t{kBlocks} * 512);
  fs::last_write_time(log, now);
  catalog.refresh();
  ASSERT_EQ(catalog.find(1, 7).size(), 1U);
  EXPECT_TRUE(catalog.find(1, 7)[0].complete);

  EXPECT_EQ(catalog.places(), std::set<fs::path>{directory});
  fs::remove_all(directory);
}

}  // namespace
}  // namespace redoubt::capture
