#include "simulate/direct_load.h"

#include "redo/direct_block.h"
#include "redo/marker.h"

namespace redoubt::simulate {
namespace {

constexpr std::size_t kImageSize = 8192 - 20 - 4;  // without cache header and tail
constexpr std::uint8_t kCommitted = 0x80;          // of an ITL entry's lock word, high byte

}  // namespace

void load_block(TransactionRedo& redo, const Segment& segment, Dba block, const std::vector<const Row*>& rows,
                Random& random) {
  redo.begin_bare(segment);
  redo::DirectBlock image;
  image.data_obj = segment.data_obj;
  image.cleanout_scn.value = redo.scn();
  image.flags = random.percent(30) ? redo::kImageWide : 0;
  image.bdba = block;
  image.itl.resize(random.between(2, 3));
  image.itl[0].xid = {0xFFFF, 0, 0};
  image.itl[0].lock = kCommitted << 8;
  const bool locked = random.percent(40);
  if (locked) {
    image.itl[1].xid = redo.xid();
    image.itl[1].lock = static_cast<std::uint16_t>(rows.size());
  }
  image.tables.push_back({0, static_cast<std::uint16_t>(rows.size())});
  const std::size_t area =
      kImageSize - (24 + 24 * image.itl.size() + ((image.flags & redo::kImageWide) != 0 ? 8U : 0U));
  const std::size_t directory = 14 + 4 + 2 * rows.size();
  // Rows fill the block from its end.
  std::vector<std::uint8_t> content(area - directory);
  std::size_t at = area;
  for (const Row* row : rows) {
    std::vector<std::uint8_t> stored{redo::kFbHead | redo::kFbFirst | redo::kFbLast,
                                     static_cast<std::uint8_t>(locked ? 2 : 0),
                                     static_cast<std::uint8_t>(row->values.size())};
    for (std::uint16_t c = 0; c < row->values.size(); ++c)
      redo::append_row_format(stored, {c, row->values[c].null(), row->values[c].bytes}, redo.order());
    at -= stored.size();
    REDOUBT_ASSERT(at >= directory);
    std::copy(stored.begin(), stored.end(), content.begin() + static_cast<std::ptrdiff_t>(at - directory));
    image.row_offsets.push_back(static_cast<std::uint16_t>(at));
  }
  image.frre = 0xFFFF;
  image.fsbo = static_cast<std::uint16_t>(directory);
  image.fseo = static_cast<std::uint16_t>(at);
  image.avsp = image.tosp = static_cast<std::uint16_t>(at - directory);
  image.rows = content;
  image.rows_at = directory;
  ByteString cache_header(20, 0);
  cache_header[0] = 0x06;
  cache_header[1] = 0xA2;
  redo.load(segment, block, redo.encoded(image, kImageSize), cache_header);
}

}  // namespace redoubt::simulate
