// Who works: session attributes, the fields of 5.19 (first) and 5.20 (continued). Both belong to the transaction of the
// vectors before them in the record. Offsets: format.md 6.7.
//
//   5.19 field  1 session id     2 current user  3 login user     4 client info    5 OS user   6 machine  7 terminal
//               8 OS process id  9 program      10 transaction   11 flags         12 version  13 audit session
//              14 client id     15 unknown
//   5.20 field  1 session id     2 transaction   3 flags          4 version        5 audit session
//               6 unknown        7 client id     8 login user (not in 11.2.0.1)
//
//   session id  4 bytes: @0 session, @2 serial    8 bytes, 19 on: @2 serial, @4 session
//   flags       2 bytes in 11.2: @0 flags         6 bytes: @0 flags, @4 flags 2
#pragma once

#include <string_view>

#include "redo/layout.h"
#include "redo/vector.h"

namespace redoubt::redo {

struct SessionId {
  std::uint16_t low = 0;  // the session id before 19
  std::uint16_t serial = 0;
  std::uint32_t wide = 0;  // the session id from 19 on

  std::uint32_t session() const { return wide != 0 ? wide : low; }
  bool operator==(const SessionId&) const = default;
};
inline constexpr std::size_t kSessionIdSize = 4;
inline constexpr std::size_t kWideSessionIdSize = 8;

template <class Io>
void layout(Io& io, SessionId& s) {
  io.u16(0, s.low);
  io.u16(2, s.serial);
  if (io.size() >= kWideSessionIdSize) io.u32(4, s.wide);
}

inline constexpr std::uint16_t kSessionDdl = 0x0001;
inline constexpr std::uint16_t kSessionSpace = 0x0002;
inline constexpr std::uint16_t kSessionRecursive = 0x0004;
inline constexpr std::uint16_t kSessionLogminer = 0x0008;
inline constexpr std::uint16_t kSessionDataPump = 0x1000;
inline constexpr std::uint16_t kSessionUndefined = 0x8000;

struct SessionFlags {
  std::uint16_t flags = 0;
  std::uint16_t flags2 = 0;  // 1 federation PDB replay, 2 PDB DDL replay, 4 LogMiner skip, 8 sequence update
  bool operator==(const SessionFlags&) const = default;
};
inline constexpr std::size_t kSessionFlagsSize = 2;
inline constexpr std::size_t kWideSessionFlagsSize = 6;

template <class Io>
void layout(Io& io, SessionFlags& s) {
  io.u16(0, s.flags);
  if (io.size() >= kWideSessionFlagsSize) io.u16(4, s.flags2);
}

// A whole 5.19 or 5.20. The texts are views of the vector, in the database character set; what a vector does not have
// stays empty.
struct Session {
  SessionId id;
  SessionFlags flags;
  std::uint32_t version = 0;
  std::uint32_t audit_session = 0;
  std::string_view current_user, login_user, client_info, os_user, machine, terminal, process, program, transaction,
      client_id;
};
// Fields that are too short count as missing.
Session read_session(const Vector& v);

}  // namespace redoubt::redo
