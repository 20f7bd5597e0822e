// The two header blocks of a redo log file, and the header of every other block. Offsets: format.md 1 and 2.
//
//   block 0   @1 size code  @16 checksum  @20 block size  @24 blocks behind block 0  @28 magic
//   block 1   @0 block header  @20 version  @24 DBID  @28 name  ...  @156 nab  @176 thread  @180 first SCN
//             @192 next SCN
//   block     @0 01  @1 size code  @4 block number  @8 sequence  @12 first-record word  @14 checksum
#pragma once

#include <string>

#include "redo/format.h"
#include "redo/layout.h"

namespace redoubt::redo {

struct BlockHeader {
  std::uint8_t signature = 1;
  std::uint8_t size_code = 0x22;
  std::uint32_t number = 0;
  std::uint32_t sequence = 0;
  std::uint16_t first_record = 0x8000;  // 0x8000 + offset in the block where the first new record starts
  std::uint16_t checksum = 0;
};

template <class Io>
void layout(Io& io, BlockHeader& h) {
  io.u8(0, h.signature);
  io.u8(1, h.size_code);
  io.u32(4, h.number);
  io.u32(8, h.sequence);
  io.u16(12, h.first_record);
  io.u16(14, h.checksum);
}

// Block 0. The magic at 28 gives the byte order and is not part of the structure.
struct FileHeader {
  std::uint8_t zero = 0;
  std::uint8_t size_code = 0x22;
  std::uint32_t address = 0xFFC00000;
  std::uint8_t byte15 = 0;  // 4 in 23ai, 0 in 11.2
  std::uint16_t checksum = 0;
  std::uint32_t block_size = 512;
  std::uint32_t blocks = 0;  // not counting block 0
  std::array<std::uint8_t, 4> magic{0x7D, 0x7C, 0x7B, 0x7A};
  std::uint32_t word32 = 0;  // 4 in 23ai, 0 in 11g: meaning unknown
};
inline constexpr std::uint32_t kFileHeaderSize = 36;

template <class Io>
void layout(Io& io, FileHeader& h) {
  io.u8(0, h.zero);
  io.u8(1, h.size_code);
  io.u32(4, h.address);
  io.u8(15, h.byte15);
  io.u16(16, h.checksum);
  io.u32(20, h.block_size);
  io.u32(24, h.blocks);
  io.bytes(28, h.magic);
  io.u32(32, h.word32);
}

// Block 1. Times are in the mixed radix of redo_time().
struct RedoHeader {
  BlockHeader block{};
  Version version = 0;
  std::uint32_t dbid = 0;
  std::array<std::uint8_t, 8> name{};  // NUL padded
  std::uint32_t control_sequence = 0;
  std::uint32_t file_blocks = 0;  // size of the online log, also in an archived copy
  std::uint32_t block_size = 512;
  std::uint16_t group = 0;
  std::uint16_t file_type = 2;
  std::uint32_t activation = 0;
  std::array<std::uint8_t, 64> description{};
  std::uint32_t nab = kNoBlock;  // first block past the data; kNoBlock while the log is current
  std::uint32_t resetlogs = 0;
  Scn8 resetlogs_scn;
  std::uint32_t hws = 0;
  std::uint16_t thread = 1;
  Scn8 first_scn;
  std::uint32_t first_time = 0;
  Scn8 next_scn{kNoScn};
  std::uint32_t next_time = 0;
  std::uint8_t end_of_thread = 0;
  std::uint8_t disabled = 0;
  std::uint8_t zero_blocks = 0;
  std::uint8_t format_id = 2;
  Scn8 enabled_scn;
  std::uint32_t enabled_time = 0;
  Scn8 closed_scn;
  std::uint32_t closed_time = 0;
  std::uint32_t flags = 0;
  Scn8 terminal_scn;
  std::uint32_t terminal_time = 0;
  std::array<std::uint8_t, 8> enabled_threads{};  // bit map, probable
  Scn8 recent_scn;
  std::uint32_t largest_lwn = 0;  // blocks; 0 while current
  Scn8 real_next_scn;             // 12.2 on
  std::uint32_t standby_delay = 0;
  Scn8 previous_resetlogs_scn;
  std::uint32_t previous_resetlogs = 0;
  std::uint32_t flags2 = 0;
  std::uint32_t standby_close_time = 0;
  std::array<std::uint8_t, 50> keys{};  // 432..481: thread indicator before 23, wrapped key, key flag

  // "FREE"
  std::string database() const;
  std::string text() const;
  bool open() const { return nab == kNoBlock || next_scn.value == kNoScn; }
};
inline constexpr std::uint32_t kRedoHeaderSize = 482;

template <class Io>
void layout(Io& io, RedoHeader& h) {
  layout(io, h.block);
  io.u32(20, h.version);
  io.u32(24, h.dbid);
  io.bytes(28, h.name);
  io.u32(36, h.control_sequence);
  io.u32(40, h.file_blocks);
  io.u32(44, h.block_size);
  io.u16(48, h.group);
  io.u16(50, h.file_type);
  io.u32(52, h.activation);
  io.bytes(92, h.description);
  io.u32(156, h.nab);
  io.u32(160, h.resetlogs);
  io.scn8(164, h.resetlogs_scn);
  io.u32(172, h.hws);
  io.u16(176, h.thread);
  io.scn8(180, h.first_scn);
  io.u32(188, h.first_time);
  io.scn8(192, h.next_scn);
  io.u32(200, h.next_time);
  io.u8(204, h.end_of_thread);
  io.u8(205, h.disabled);
  io.u8(206, h.zero_blocks);
  io.u8(207, h.format_id);
  io.scn8(208, h.enabled_scn);
  io.u32(216, h.enabled_time);
  io.scn8(220, h.closed_scn);
  io.u32(228, h.closed_time);
  io.u32(236, h.flags);
  io.scn8(240, h.terminal_scn);
  io.u32(248, h.terminal_time);
  io.bytes(252, h.enabled_threads);
  io.scn8(260, h.recent_scn);
  io.u32(268, h.largest_lwn);
  io.scn8(272, h.real_next_scn);
  io.u32(280, h.standby_delay);
  io.scn8(284, h.previous_resetlogs_scn);
  io.u32(292, h.previous_resetlogs);
  io.u32(296, h.flags2);
  io.u32(304, h.standby_close_time);
  io.bytes(432, h.keys);
}

// The time stamps of headers: seconds with 31-day months and 372-day years since 1988, in the database host's time.
struct RedoTime {
  unsigned year = 1988, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  auto operator<=>(const RedoTime&) const = default;
};
RedoTime redo_time(std::uint32_t value);
std::uint32_t redo_time_value(const RedoTime& t);
std::string to_text(const RedoTime& t);  // 2026-03-07T01:44:38

// "23.6.0", "11.2.0.4"
std::string version_text(Version v);

// The xor of all 16-bit words; 0 for a valid block. `size` is a multiple of 16.
std::uint16_t block_xor(const std::uint8_t* block, std::size_t size);

// True when `code` (byte 1 of a block) may stand for `block_size`.
bool size_code_fits(std::uint8_t code, std::uint32_t block_size);

}  // namespace redoubt::redo
