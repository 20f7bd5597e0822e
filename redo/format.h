// Constants of the redo log format, one place for reader and writer.
//
//   file   = block 0 (file header) + block 1 (redo header) + data blocks 2..nab-1
//   block  = 16-byte block header + payload
//   stream = payloads of the data blocks, cut into LWN parts; a part starts on a block boundary
//   part   = redo records, back to back; a record may run over many blocks
//   record = record header (24 or 68) + change vectors
//   vector = vector header (24 or 32) + field-length list + fields, each padded to 4
#pragma once

#include <cstdint>

namespace redoubt::redo {

inline constexpr std::uint32_t kBlockHeaderSize = 16;
inline constexpr std::uint32_t kFirstDataBlock = 2;
inline constexpr std::uint32_t kRecordHeaderSize = 24;     // also: with fewer bytes left in a block no record starts
inline constexpr std::uint32_t kLwnRecordHeaderSize = 68;  // of the first record of an LWN part
inline constexpr std::uint32_t kNoBlock = 0xFFFFFFFF;      // nab of a current log
inline constexpr std::uint32_t kNoObject = 0xFFFFFFFF;     // object of undo and header blocks

// The COMPATIBLE parameter as the redo header stores it.
using Version = std::uint32_t;
inline constexpr Version kVersion12_1 = 0x0C100000;
inline constexpr Version kVersion12_2 = 0x0C200000;
inline constexpr Version kVersion18 = 0x12000000;
inline constexpr Version kVersion19 = 0x13000000;
inline constexpr Version kVersion23 = 0x17000000;

constexpr std::uint32_t vector_header_size(Version v) { return v >= kVersion12_1 ? 32 : 24; }

// VLD flags of a record.
inline constexpr std::uint8_t kVldValid = 0x01;
inline constexpr std::uint8_t kVldCommitScn = 0x02;  // without kVldValid on records of blocks written
inline constexpr std::uint8_t kVldLwn = 0x04;

// layer.code as one number: 5.1 is opcode(5, 1).
using Opcode = std::uint16_t;
constexpr Opcode opcode(unsigned layer, unsigned code) { return static_cast<Opcode>(layer << 8 | code); }
constexpr unsigned layer_of(Opcode op) { return op >> 8; }
constexpr unsigned code_of(Opcode op) { return op & 0xFF; }

inline constexpr Opcode kUndo = opcode(5, 1);
inline constexpr Opcode kBeginTransaction = opcode(5, 2);
inline constexpr Opcode kEndTransaction = opcode(5, 4);
inline constexpr Opcode kUndoApplied = opcode(5, 6);
inline constexpr Opcode kUndoAppliedLast = opcode(5, 11);
inline constexpr Opcode kStateChange = opcode(5, 12);
inline constexpr Opcode kSession = opcode(5, 19);
inline constexpr Opcode kSessionContinued = opcode(5, 20);
inline constexpr Opcode kIndexInsert = opcode(10, 2);
inline constexpr Opcode kIndexDelete = opcode(10, 4);
inline constexpr Opcode kIndexNewLeaf = opcode(10, 8);
inline constexpr Opcode kIndexUpdateKeyData = opcode(10, 18);
inline constexpr Opcode kIotUpdateRow = opcode(10, 30);
inline constexpr Opcode kIotUpdateColumns = opcode(10, 35);
inline constexpr Opcode kInsertRow = opcode(11, 2);     // IRP
inline constexpr Opcode kDeleteRow = opcode(11, 3);     // DRP
inline constexpr Opcode kLockRow = opcode(11, 4);       // LKR
inline constexpr Opcode kUpdateRow = opcode(11, 5);     // URP
inline constexpr Opcode kOverwriteRow = opcode(11, 6);  // ORP
inline constexpr Opcode kForwardRow = opcode(11, 8);    // CFA
inline constexpr Opcode kInsertRows = opcode(11, 11);   // QMI
inline constexpr Opcode kDeleteRows = opcode(11, 12);   // QMD
inline constexpr Opcode kLogminerRow = opcode(11, 16);  // LMN
inline constexpr Opcode kLobMarker = opcode(11, 17);    // LLB
inline constexpr Opcode kArrayUpdate = opcode(11, 19);
inline constexpr Opcode kCompareRow = opcode(11, 22);  // CMP
inline constexpr Opcode kDirectBlock = opcode(19, 1);
inline constexpr Opcode kInvalidateRange = opcode(19, 2);
inline constexpr Opcode kDdl = opcode(24, 1);
inline constexpr Opcode kTransactionMarker = opcode(24, 4);
inline constexpr Opcode kDirectLoadMarker = opcode(24, 6);
inline constexpr Opcode kXmlMarker = opcode(24, 8);
inline constexpr Opcode kLobRedo = opcode(26, 2);
inline constexpr Opcode kLobImage = opcode(26, 6);

// TYP of a vector header.
inline constexpr std::uint8_t kTypEncrypted = 0x80;  // fields are ciphertext
inline constexpr std::uint8_t kTypMarker = 6;

// Class of undo blocks: 15 + 2 usn = segment header, 16 + 2 usn = undo block.
constexpr bool is_undo_class(std::uint16_t cls) { return cls >= 15; }
constexpr std::uint16_t usn_of_class(std::uint16_t cls) { return static_cast<std::uint16_t>((cls - 15) / 2); }

}  // namespace redoubt::redo
