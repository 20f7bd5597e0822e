// The values of LOBs, put together from the redo of the transaction that wrote them.
//
//   row: locator --> in the row                                                   the data itself
//                    page list, then LOB index (page number -> blocks)            BasicFile
//                    extents, or a list block -> extents, and the list blocks     SecureFile
//                    that its header (LHB) names behind it
//        blocks  --> page: an image, or pieces of one laid over each other        19.1, 26.6, 26.2
//
// A value is told whole or not at all: a page that is not in the transaction's redo, a hole in a page, or pages that do
// not add up to the length make the cell unavailable. Rules: rows.md 1.12.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>

#include "capture/lob_owners.h"
#include "capture/row_assembler.h"

namespace redoubt::capture {

class LobStore : public LobSource {
 public:
  static constexpr std::size_t kValueMax = 1U << 30;  // bytes; larger values are unavailable

  // Pages parked in `owners` are taken when a row names their LOB.
  explicit LobStore(LobOwners& owners) : owners_(owners) {}

  // Reads the LOB changes of a transaction, forgetting those of the one before. The transaction must stay until its
  // rows are told. `whole`: all its chunks are in memory, and stay as long as the cells of its rows, which may point
  // into them; else those with LOB changes are all in its file. Of pages parked in `owners` it may have those that were
  // there when their parked_count() was `parked`.
  void collect(OpenTransaction& t, bool whole, std::uint64_t parked);

  void fill(const oracle::Table& table, change::Cell& cell, bool before, ChunkList& memory) override;
  bool is_elsewhere(Bytes locator) const override;

 private:
  // A piece of a page, in the order of writing; later ones lie over earlier ones.
  struct Fragment {
    std::size_t offset = 0;
    std::size_t size = 0;
    const std::uint8_t* data = nullptr;  // null: in the file
    std::uint64_t place = 0;             // there
    bool stays = false;                  // as long as the cells
  };
  struct Page {
    std::vector<Fragment> fragments;
  };
  struct Extents {
    std::vector<oracle::LobExtent> list;
    bool broken = false;  // changed in a way that is not understood
  };
  struct Lob {
    std::uint32_t number = 0;
    std::size_t pages = 0;  // different ones
    bool has_size = false;  // by the LOB index, these three
    std::uint32_t full_pages = 0;
    std::uint16_t last_page_size = 0;
    bool compressed = false;
    bool broken = false;  // one of its vectors cannot be read
  };
  // Address lists of the LOB index by page number.
  struct IndexEntry {
    std::array<oracle::Dba, 8> blocks{};
    std::uint32_t count = 0;
  };
  struct Piece {
    const Page* page;
    std::size_t size;
  };

  static std::uint64_t key(std::uint32_t lob, std::uint32_t n) { return std::uint64_t{lob} << 32 | n; }
  Lob& lob(const LobId& id);
  Page& page(Lob& l, oracle::Dba dba);
  void read(Change& change);
  Fragment fragment(std::size_t offset, Bytes data) const;
  void read_index(const LobIndexEntry& entry);
  void read_secure(const Change& change, const redo::Vector& v);
  void apply(Lob& l, oracle::Dba dba, const redo::Kdli& part);

  bool content(const oracle::LobLocator& locator, ChunkList& memory, Bytes& value);
  bool basic_pages(const Lob& lob, const oracle::LobLocator& locator);
  bool secure_pages(const Lob& lob, const oracle::LobLocator& locator);
  bool add_extents(const Lob& lob, const std::vector<oracle::LobExtent>& extents);
  bool add_piece(const Lob& lob, oracle::Dba dba);
  oracle::Dba block_of_page(const Lob& lob, std::uint32_t number) const;
  bool cut(std::uint64_t length);
  Bytes join(std::size_t size, ChunkList& memory) const;

  LobOwners& owners_;
  OpenTransaction* transaction_ = nullptr;
  bool whole_ = true;
  std::uint64_t parked_ = 0;
  Chunk* chunk_ = nullptr;                           // that is being read, and
  std::uint64_t place_ = 0;                          // where it is in the file
  std::vector<std::vector<std::uint64_t>> adopted_;  // changes that were parked
  bool used_ = false;                                // the maps below hold something
  std::unordered_map<LobId, Lob, LobIdHash> lobs_;
  std::unordered_map<std::uint64_t, Page> pages_;                           // by key(lob, block)
  std::map<std::uint64_t, IndexEntry> index_;                               // by key(lob, page number)
  std::unordered_map<std::uint64_t, Extents> lists_;                        // by key(lob, list block)
  std::unordered_map<std::uint64_t, std::vector<oracle::Dba>> next_lists_;  // of LHBs, the same key
  std::unordered_map<std::uint64_t, LobId> lob_of_block_;  // by segment and block, for changes without id
  std::vector<Piece> pieces_;                              // of the value in work
};

}  // namespace redoubt::capture
