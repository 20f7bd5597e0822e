// KTB, the transaction-layer field: first of every 10.x, 11.x and 26.2 vector, third of an undo vector. Offsets:
// format.md 6.2. The body starts at s = 8 when flags has 0x08, else at 4.
//
//   @0 op: low nibble kind, 0x10 = cleanout follows   @1 flags
//   F  s: XID, UBA               first change of the block by the transaction
//   C  s: UBA                    further change
//   Z  -                         undo form: the ITL entry was never used
//   L  s: XID, UBA, lock word, SCN6R   undo form: what the ITL entry held
//   R  s+2: itc, s+12: itc ITL entries of 24 bytes
//   N  -
//   cleanout: s+36 opt, count e, version, 0; s+40 SCN; s+48 e x (itl, opt, SCN6R); big SCN: then e x u16 SCN bits
//             32-47, 4 bytes 0
#pragma once

#include "redo/layout.h"

namespace redoubt::redo {

enum class KtbKind : std::uint8_t { kFirst = 1, kContinue = 2, kUnused = 3, kLast = 4, kItlImage = 5, kNone = 6 };

inline constexpr std::uint8_t kKtbCleanout = 0x10;
inline constexpr std::uint8_t kKtbWide = 0x08;    // 8-byte header
inline constexpr std::uint8_t kKtbBigScn = 0x08;  // in the cleanout's version byte

// An SCN whose upper half is elsewhere when `word` is marked; the word before it then holds SCN bits 32-46.
struct SplitScn {
  std::uint16_t word = 0;
  std::uint32_t lo = 0;
};

struct CleanoutEntry {
  std::uint8_t itl = 0;
  std::uint8_t opt = 0;
  SplitScn scn;
  std::uint16_t scn_mid = 0;
};

struct ItlEntry {
  Xid xid;
  Uba uba;
  std::uint16_t lock = 0;  // 0x8000 committed, 0x4000 B, 0x2000 upper bound commit, 0x1000 T, low 12 bits lock count
  SplitScn scn;

  bool committed() const { return (lock & 0x8000) != 0; }
  Scn commit_scn() const {
    if ((scn.word & 0x8000) == 0) return Scn{scn.word} << 32 | scn.lo;
    return Scn{scn.word & 0x7FFFU} << 48 | Scn{lock & 0x7FFFU} << 32 | scn.lo;
  }
};

struct Ktb {
  std::uint8_t op = 1;
  std::uint8_t flags = 0x0D;
  Xid xid;                    // F, L
  Uba uba;                    // F, C, L
  ItlEntry last;              // L
  std::vector<ItlEntry> itl;  // R
  std::uint8_t cleanout_opt = 0;
  std::uint8_t cleanout_version = 0;
  Scn8 cleanout_scn;
  std::vector<CleanoutEntry> cleanout;

  KtbKind kind() const { return static_cast<KtbKind>(op & 0x0F); }
  std::size_t body() const { return (flags & kKtbWide) != 0 ? 8 : 4; }
};

template <class Io>
void layout_itl(Io& io, std::size_t at, ItlEntry& e) {
  io.xid(at, e.xid);
  io.uba(at + 8, e.uba);
  io.u16(at + 16, e.lock);
  io.u16(at + 18, e.scn.word);
  io.u32(at + 20, e.scn.lo);
}

template <class Io>
void layout_cleanout(Io& io, std::size_t s, Ktb& k) {
  std::uint8_t count = static_cast<std::uint8_t>(k.cleanout.size());
  io.u8(s + 36, k.cleanout_opt);
  io.u8(s + 37, count);
  io.u8(s + 38, k.cleanout_version);
  io.scn8(s + 40, k.cleanout_scn);
  k.cleanout.resize(count);
  const std::size_t mids = s + 48 + 8 * std::size_t{count};
  for (std::size_t i = 0; i < count; ++i) {
    CleanoutEntry& e = k.cleanout[i];
    io.u8(s + 48 + 8 * i, e.itl);
    io.u8(s + 49 + 8 * i, e.opt);
    io.u16(s + 50 + 8 * i, e.scn.word);
    io.u32(s + 52 + 8 * i, e.scn.lo);
    if ((k.cleanout_version & kKtbBigScn) != 0 && mids + 2 * i + 2 <= io.size()) io.u16(mids + 2 * i, e.scn_mid);
  }
}

template <class Io>
void layout(Io& io, Ktb& k) {
  io.u8(0, k.op);
  io.u8(1, k.flags);
  if (io.size() < 8) return;
  const std::size_t s = k.body();
  switch (k.kind()) {
    case KtbKind::kFirst:
      io.xid(s, k.xid);
      io.uba(s + 8, k.uba);
      break;
    case KtbKind::kContinue: io.uba(s, k.uba); break;
    case KtbKind::kLast:
      k.last.xid = k.xid;
      k.last.uba = k.uba;
      layout_itl(io, s, k.last);
      k.xid = k.last.xid;
      k.uba = k.last.uba;
      break;
    case KtbKind::kItlImage: {
      std::int16_t count = static_cast<std::int16_t>(k.itl.size());
      io.i16(s + 2, count);
      if (count < 0) throw Malformed("a KTB with a negative number of ITL entries");
      k.itl.resize(static_cast<std::size_t>(count));
      for (std::size_t i = 0; i < k.itl.size(); ++i) {
        layout_itl(io, s + 12 + 24 * i, k.itl[i]);
      }
      break;
    }
    default: break;
  }
  // Where the cleanout of an R would lie is not known: its entries take that place.
  if ((k.op & kKtbCleanout) != 0 && k.kind() != KtbKind::kItlImage && io.size() >= s + 48) layout_cleanout(io, s, k);
}

}  // namespace redoubt::redo
