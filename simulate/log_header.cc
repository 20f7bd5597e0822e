#include "simulate/log_header.h"

#include <algorithm>
#include <cstring>
#include <fstream>

#include "redo/log_reader.h"

namespace redoubt::simulate {
namespace {

constexpr std::size_t kChecksumAt = 14;
constexpr std::size_t kScnDigits = 16;

}  // namespace

void change_header(std::vector<std::uint8_t>& block, ByteOrder order, const HeaderChange& change) {
  auto header = redo::decode<redo::RedoHeader>(block, order);
  change(header);
  if (header.next_scn.value == redo::kNoScn) {
    // The last number of the text is the next SCN.
    const auto end = std::find(header.description.begin(), header.description.end(), 0);
    std::fill(end - kScnDigits, end, static_cast<std::uint8_t>('f'));
  }
  redo::Writer io({block.data(), block.size()}, order);
  layout(io, header);
  if (header.next_scn.value == redo::kNoScn && header.version >= redo::kVersion12_2)
    std::memset(block.data() + 198, 0xFF, 2);  // "none" is eight 0xFF from 12.2 on
  std::memset(block.data() + kChecksumAt, 0, 2);
  const std::uint16_t sum = redo::block_xor(block.data(), block.size());
  std::memcpy(block.data() + kChecksumAt, &sum, 2);
}

void change_header(const std::filesystem::path& log, const HeaderChange& change) {
  const redo::LogHeaders headers = redo::read_headers(InputFile(log));
  const auto at = static_cast<std::streamoff>(headers.file.block_size);
  std::vector<std::uint8_t> block(headers.file.block_size);
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  file.read(reinterpret_cast<char*>(block.data()), at);
  change_header(block, headers.order, change);
  file.seekp(at);
  file.write(reinterpret_cast<const char*>(block.data()), at);
  file.close();
  if (!file) throw Error(ErrorCode::kOperation, log.string(), "its header cannot be written", "see to the disk");
}

}  // namespace redoubt::simulate
