#include "oracle/position.h"

#include <fmt/format.h>

#include <array>

#include "base/error.h"

namespace redoubt::oracle {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char* write_digits(char* to, std::uint64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) *to++ = kAlphabet[value >> (6 * i) & 63];
  return to;
}

std::uint64_t read_digits(std::string_view text) {
  std::uint64_t value = 0;
  for (char c : text) {
    const std::size_t digit = std::string_view(kAlphabet, 64).find(c);
    if (digit == std::string_view::npos) throw Malformed(fmt::format("'{}' is no ROWID character", c));
    value = value << 6 | digit;
  }
  return value;
}

}  // namespace

std::string to_text(Rba rba) { return fmt::format("0x{:06x}.{:08x}.{:04x}", rba.sequence, rba.block, rba.offset); }
std::string to_text(Xid xid) { return fmt::format("{}.{}.{}", xid.usn, xid.slt, xid.sqn); }
std::string to_text(Uba uba) { return fmt::format("0x{:08x}.{:04x}.{:02x}", uba.dba, uba.seq, uba.rec); }

// 6 characters data object, 3 file, 6 block, 3 slot; 6 bits each, most significant first.
char* write_rowid(char* to, RowId row) {
  to = write_digits(to, row.data_obj, 6);
  to = write_digits(to, row.dba >> 22, 3);
  to = write_digits(to, row.dba & 0x3FFFFF, 6);
  return write_digits(to, row.slot, 3);
}

std::string to_text(RowId row) {
  std::array<char, kRowIdLength> text;
  write_rowid(text.data(), row);
  return {text.data(), text.size()};
}

RowId rowid_from_text(std::string_view text) {
  if (text.size() != kRowIdLength) throw Malformed(fmt::format("a ROWID has 18 characters, not {}", text.size()));
  const std::uint64_t obj = read_digits(text.substr(0, 6));
  const std::uint64_t file = read_digits(text.substr(6, 3));
  const std::uint64_t block = read_digits(text.substr(9, 6));
  const std::uint64_t slot = read_digits(text.substr(15, 3));
  if (obj > 0xFFFFFFFF || file > 0x3FF || block > 0x3FFFFF || slot > 0xFFFF)
    throw Malformed(fmt::format("ROWID {} has a part out of range", text));
  return {static_cast<std::uint32_t>(obj), static_cast<Dba>(file << 22 | block), static_cast<std::uint16_t>(slot)};
}

}  // namespace redoubt::oracle
