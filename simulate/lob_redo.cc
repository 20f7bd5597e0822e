#include "simulate/lob_redo.h"

#include <algorithm>

#include "redo/lob.h"
#include "simulate/index_redo.h"

namespace redoubt::simulate {
namespace {

using oracle::LobLocator;
using redo::opcode;

constexpr std::size_t kInRowMax = 3900;
constexpr std::size_t kBasicPage = 8132;  // usable bytes of a block of 8 KiB
constexpr std::size_t kSecurePage = 8060;
constexpr std::size_t kPagesInRow = 12;
constexpr std::uint8_t kRedo = static_cast<std::uint8_t>(redo::KdliOp::kForward);
constexpr std::uint8_t kImage = static_cast<std::uint8_t>(redo::KdliOp::kImage);

class LobWriter {
 public:
  LobWriter(TransactionRedo& redo, LobStorage& storage, const LobContent& content, Random& random)
      : redo_(redo), storage_(storage), content_(content), random_(random) {}

  Value write() {
    const std::uint64_t number = ++storage_.last_id;
    locator_.id = {0, 0, 0, 1};
    store(locator_.id.data() + 4, static_cast<std::uint16_t>(storage_.pages.obj), ByteOrder::kBig);
    store(locator_.id.data() + 6, static_cast<std::uint32_t>(number), ByteOrder::kBig);
    locator_.type = content_.type;
    locator_.utf16 = content_.utf16;
    locator_.length = static_cast<std::uint32_t>(content_.bytes.size());
    const bool outside = storage_.kind == LobStorage::Kind::kBasicFileOutside;
    if (content_.bytes.size() <= kInRowMax && !(outside && !content_.bytes.empty())) {
      locator_.kind = storage_.kind == LobStorage::Kind::kSecureFile ? LobLocator::Kind::kSecureInRow
                                                                     : LobLocator::Kind::kBasicInRow;
      locator_.data = content_.bytes;
      return {locator_.encode(), content_.json, false};
    }
    if (storage_.kind == LobStorage::Kind::kSecureFile) {
      write_secure();
    } else {
      write_basic();
    }
    return {locator_.encode(), content_.json, true};
  }

 private:
  Dba new_block() {
    storage_.pages.next_block();
    return storage_.pages.dba();
  }
  Bytes page(std::size_t n, std::size_t size) const {
    return Bytes(content_.bytes).subspan(n * size, std::min(size, content_.bytes.size() - n * size));
  }

  // --- BasicFile ---

  void write_basic() {
    const std::size_t count = (content_.bytes.size() + kBasicPage - 1) / kBasicPage;
    std::vector<Dba> blocks;
    for (std::size_t n = 0; n < count; ++n) {
      if (random_.percent(10)) new_block();  // addresses have gaps
      blocks.push_back(new_block());
      redo::LobPage p;
      p.data_obj = storage_.pages.data_obj;
      p.lob = locator_.id;
      p.page = static_cast<std::uint32_t>(n);
      p.data = page(n, kBasicPage);
      // A second field that does not begin as a block image's would.
      redo_.alone(storage_.pages, blocks.back(), redo::kDirectBlock,
                  {redo_.encoded(p, redo::kLobPageSize + p.data.size()), ByteString(4, 0)});
    }
    locator_.full_pages = static_cast<std::uint32_t>(content_.bytes.size() / kBasicPage);
    locator_.last_page_size = static_cast<std::uint16_t>(content_.bytes.size() % kBasicPage);
    if (storage_.kind == LobStorage::Kind::kBasicFileOutside) {
      locator_.kind = LobLocator::Kind::kLobIndex;
      index_entry(0, blocks);
      for (std::size_t at = 4; at < count; at += 8) index_entry(at, blocks);
    } else {
      locator_.kind = LobLocator::Kind::kBasicPages;
      const std::size_t in_row = std::min(count, kPagesInRow);
      locator_.pages.assign(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(in_row));
      for (std::size_t at = kPagesInRow; at < count; at += 8) index_entry(at, blocks);
    }
  }

  // The entry of the pages from `at` on: new, and then sometimes updated with what it had not at first.
  void index_entry(std::size_t at, const std::vector<Dba>& blocks) {
    const bool first = at == 0;
    redo::LobIndexData data;
    for (std::size_t i = 0; i < (first ? 4U : 8U) && at + i < blocks.size(); ++i) data.pages[i] = blocks[at + i];
    if (first) {
      data.whole_pages = locator_.full_pages;
      data.rest = locator_.last_page_size;
    }
    const ByteString key = redo::encode_lob_index_key({locator_.id, static_cast<std::uint32_t>(at)});
    const ByteString whole = key_data(data, first);
    IndexRedo index(redo_, storage_.index);
    if (random_.percent(20)) {
      index.new_leaf(key, whole);
    } else if (random_.percent(40)) {
      redo::LobIndexData less;
      less.pages[0] = data.pages[0];
      less.rest = first ? std::uint16_t{1} : std::uint16_t{0};
      const ByteString before = key_data(less, first);
      index.update_data(index.insert(key, before), key, before, whole);
    } else {
      index.insert(key, whole);
    }
  }

  static ByteString key_data(const redo::LobIndexData& data, bool first) {
    ByteString bytes(redo::kLobIndexDataSize, 0);
    redo::Writer io({bytes.data(), bytes.size()}, ByteOrder::kBig);
    redo::layout_lob_index_data(io, first, const_cast<redo::LobIndexData&>(data));  // a Writer only reads it
    return bytes;
  }

  // --- SecureFile ---

  void write_secure() {
    const std::size_t count = (content_.bytes.size() + kSecurePage - 1) / kSecurePage;
    for (std::size_t n = 0; n < count; ++n) {
      if (n == 0 || random_.percent(15)) {
        new_block();
        locator_.extents.push_back({storage_.pages.dba() + 1, 0});
      }
      const Dba block = new_block();
      ++locator_.extents.back().blocks;
      secure_page(block, page(n, kSecurePage));
    }
    if (!random_.percent(30)) {
      locator_.kind = LobLocator::Kind::kSecureExtents;
      return;
    }
    locator_.kind = LobLocator::Kind::kSecureListBlock;
    write_lists();
  }

  void secure_page(Dba block, Bytes data) {
    if (random_.percent(70)) return image(block, data);
    // In pieces, each a fill of its own.
    std::size_t at = 0;
    while (at < data.size()) {
      const std::size_t size = std::min<std::size_t>(data.size() - at, random_.between(1, 5000));
      redo::Kdli fill;
      fill.code = static_cast<std::uint8_t>(redo::KdliCode::kFill);
      fill.offset = static_cast<std::uint16_t>(at);
      fill.size = static_cast<std::uint16_t>(size);
      fill.data = data.subspan(at, size);
      lob_change(block, 0x20, info(), redo_.encoded(fill, redo::kKdliFillSize + size));
      at += size;
    }
  }

  void image(Dba block, Bytes data) {
    redo::Kdli load;
    load.code = static_cast<std::uint8_t>(redo::KdliCode::kFormatLoad);
    load.block_size = 8192;
    load.load_scn.value = redo_.scn();
    // A page may name its transaction only once that has begun.
    if (!redo_.empty() && random_.percent(70)) load.xid = redo_.xid();
    load.obj = storage_.pages.data_obj;
    redo::Kdli id;
    id.code = static_cast<std::uint8_t>(redo::KdliCode::kLoadData);
    id.lob = locator_.id;
    redo_.alone(storage_.pages, block, redo::kLobImage,
                {common(block, kImage, 0x20), redo_.encoded(load, redo::kKdliFormatLoadSize),
                 redo_.encoded(id, redo::kKdliLoadDataSize), ByteString(data.begin(), data.end())});
  }

  // The extents in list blocks: the first has the header that names the others, in order.
  void write_lists() {
    const std::size_t lists = std::min<std::size_t>(random_.between(1, 4), locator_.extents.size());
    std::vector<Dba> blocks;
    for (std::size_t i = 0; i < lists; ++i) blocks.push_back(new_block());
    locator_.list_block = blocks[0];
    redo::Kdli header;
    header.code = static_cast<std::uint8_t>(redo::KdliCode::kLoadHeader);
    header.lob = locator_.id;
    header.extent_count = static_cast<std::uint32_t>(locator_.extents.size());
    for (std::size_t i = 1; i < lists; ++i) header.map_pages[i - 1] = blocks[i];
    header.last_page = blocks.back();
    std::size_t at = 0;
    for (std::size_t i = 0; i < lists; ++i) {
      const std::size_t end = i + 1 == lists ? locator_.extents.size() : at + 1;
      redo::Kdli map;
      map.code = static_cast<std::uint8_t>(redo::KdliCode::kMap);
      for (; at < end; ++at)
        map.extents.push_back(
            {0, 0, static_cast<std::uint16_t>(locator_.extents[at].blocks), locator_.extents[at].first});
      lob_change(blocks[i], 0x10, i == 0 ? redo_.encoded(header, redo::kKdliLoadHeaderSize) : info(),
                 redo_.encoded(map, redo::kKdliMapSize + map.extents.size() * redo::kKdliExtentSize));
    }
  }

  ByteString common(Dba block, std::uint8_t op, std::uint8_t type) const {
    redo::KdliCommon c;
    c.op = op;
    c.type = type;
    c.dba = block;
    return redo_.encoded(c, redo::kKdliCommonSize);
  }
  ByteString info() const {
    redo::Kdli k;
    k.code = static_cast<std::uint8_t>(redo::KdliCode::kInfo);
    k.lob = locator_.id;
    return redo_.encoded(k, redo::kKdliInfoSize);
  }
  // A 26.2: first what names the LOB, then what is done.
  void lob_change(Dba block, std::uint8_t type, const ByteString& id, const ByteString& action) {
    redo_.change(storage_.pages, block, opcode(26, 1), redo::kLobRedo,
                 {common(block, static_cast<std::uint8_t>(redo::KdliOp::kBackward), type), info()},
                 {common(block, kRedo, type), id, action}, 0, {});
  }

  TransactionRedo& redo_;
  LobStorage& storage_;
  const LobContent& content_;
  Random& random_;
  LobLocator locator_;
};

}  // namespace

Value write_lob(TransactionRedo& redo, LobStorage& storage, const LobContent& content, Random& random) {
  return LobWriter(redo, storage, content, random).write();
}

}  // namespace redoubt::simulate
