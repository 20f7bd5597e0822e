#include "oracle/oson.h"

#include <fmt/format.h>

#include "base/error.h"
#include "oracle/datetime.h"
#include "oracle/float.h"
#include "oracle/interval.h"
#include "oracle/json_string.h"
#include "oracle/number.h"
#include "oracle/raw.h"
#include "oracle/vector_value.h"

namespace redoubt::oracle {
namespace {

constexpr std::uint32_t kMagic = 0xFF4A5A;

constexpr std::uint16_t kRelativeOffsets = 0x0001;
constexpr std::uint16_t kNameCount32 = 0x0008;
constexpr std::uint16_t kScalarDocument = 0x0010;
constexpr std::uint16_t kNameCount16 = 0x0400;
constexpr std::uint16_t kNameSegment32 = 0x0800;
constexpr std::uint16_t kTree32 = 0x1000;
constexpr std::uint16_t kLongNameOffset16 = 0x0100;

constexpr std::uint8_t kContainer = 0x80;
constexpr std::uint8_t kArray = 0x40;
constexpr std::uint8_t kOffset32 = 0x20;
constexpr std::uint8_t kCountBits = 0x18;
constexpr std::uint8_t kSharedIds = 0x18;

// The widest text a child of three bytes can have is its name of 255 characters, each escaped into six.
constexpr std::size_t kTextPerByteMax = 512;

std::uint32_t read_int(Cursor& in, std::size_t width) {
  return width == 1 ? in.u8() : width == 2 ? in.u16() : in.u32();
}

// Names with their offsets; the text begins with a length of `length_width` bytes.
struct NameSegment {
  Bytes offsets;
  Bytes text;
  std::size_t offset_width = 2;
  std::size_t length_width = 1;

  std::string_view name(std::size_t index) const {
    Cursor offset(slice(offsets, index * offset_width, offset_width), ByteOrder::kBig);
    const std::size_t at = read_int(offset, offset_width);
    if (at > text.size()) throw Malformed("OSON name outside its segment");
    Cursor in(text.subspan(at), ByteOrder::kBig);
    return as_text(in.take(read_int(in, length_width)));
  }
};

class Document {
 public:
  Document(TextBuffer& out, Bytes bytes)
      : out_(out), text_max_(out.size() + bytes.size() * kTextPerByteMax + kTextPerByteMax) {
    Cursor in(bytes, ByteOrder::kBig);
    const std::uint32_t magic = static_cast<std::uint32_t>(in.u8() << 16) | in.u16();
    const std::uint8_t version = in.u8();
    if (magic != kMagic || (version != 1 && version != 3)) throw Malformed("no OSON document of version 1 or 3");
    flags_ = in.u16();
    const std::size_t tree_width = flags_ & kTree32 ? 4 : 2;
    if (flags_ & kScalarDocument) {
      tree_ = in.take(read_int(in, tree_width));
      return;
    }
    id_width_ = flags_ & kNameCount32 ? 4 : flags_ & kNameCount16 ? 2 : 1;
    names_.offset_width = flags_ & kNameSegment32 ? 4 : 2;
    name_count_ = read_int(in, id_width_);
    const std::size_t segment_size = read_int(in, names_.offset_width);
    std::size_t long_segment_size = 0;
    if (version == 3) {
      long_names_.offset_width = in.u16() & kLongNameOffset16 ? 2 : 4;
      long_names_.length_width = 2;
      long_name_count_ = in.u32();
      long_segment_size = in.u32();
    }
    const std::size_t tree_size = read_int(in, tree_width);
    in.u16();  // tiny nodes
    in.take(name_count_);
    names_.offsets = in.take(name_count_ * names_.offset_width);
    names_.text = in.take(segment_size);
    in.take(long_name_count_ * 2);
    long_names_.offsets = in.take(long_name_count_ * long_names_.offset_width);
    long_names_.text = in.take(long_segment_size);
    tree_ = in.take(tree_size);
  }

  void append() { append_node(0, 0); }

 private:
  Cursor at(std::size_t offset) const {
    if (offset >= tree_.size()) throw Malformed("OSON offset outside the tree");
    return {tree_.subspan(offset), ByteOrder::kBig};
  }

  static std::size_t count_width(std::uint8_t node) {
    const unsigned bits = (node & kCountBits) >> 3;
    return bits == 0 ? 1 : bits == 1 ? 2 : 4;
  }

  std::string_view name(std::size_t id) const {
    if (id == 0 || id > name_count_ + long_name_count_) throw Malformed(fmt::format("OSON field id {}", id));
    return id <= name_count_ ? names_.name(id - 1) : long_names_.name(id - 1 - name_count_);
  }

  void append_node(std::size_t offset, int depth) {
    if (depth > kOsonDepthMax) throw Malformed("OSON nested too deep");
    if (out_.size() > text_max_) throw Malformed("OSON that shares children without measure");
    Cursor in = at(offset);
    const std::uint8_t node = in.u8();
    if (node & kContainer) {
      append_container(node, in, offset, depth);
    } else {
      append_scalar(node, in);
    }
  }

  void append_container(std::uint8_t node, Cursor in, std::size_t offset, int depth) {
    const bool is_object = !(node & kArray);
    const std::size_t offset_width = node & kOffset32 ? 4 : 2;
    std::size_t count;
    Cursor ids({}, ByteOrder::kBig);
    if ((node & kCountBits) == kSharedIds) {
      Cursor owner = at(read_int(in, offset_width));
      const std::uint8_t owner_node = owner.u8();
      if (!is_object || (owner_node & (kContainer | kArray)) != kContainer || (owner_node & kCountBits) == kSharedIds)
        throw Malformed("OSON object that shares the field ids of no object");
      count = read_int(owner, count_width(owner_node));
      ids = Cursor(owner.take(count * id_width_), ByteOrder::kBig);
    } else {
      count = read_int(in, count_width(node));
      if (is_object) ids = Cursor(in.take(count * id_width_), ByteOrder::kBig);
    }
    Cursor offsets(in.take(count * offset_width), ByteOrder::kBig);
    const std::size_t base = flags_ & kRelativeOffsets ? offset : 0;
    out_.append(is_object ? '{' : '[');
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) out_.append(',');
      if (is_object) {
        append_json_string(out_, name(read_int(ids, id_width_)));
        out_.append(':');
      }
      append_node(base + read_int(offsets, offset_width), depth + 1);
    }
    out_.append(is_object ? '}' : ']');
  }

  void append_string(Bytes text) { append_json_string(out_, as_text(text)); }
  void append_raw(Bytes bytes) {
    quoted([&] { append_hex(out_, bytes); });
  }
  // JSON has no number for an infinite NUMBER.
  void append_finite(Bytes bytes) {
    if (number_is_infinite(bytes)) throw Malformed("infinite NUMBER in OSON");
    append_number(out_, bytes);
  }
  template <class Append>
  void quoted(Append append) {
    out_.append('"');
    append();
    out_.append('"');
  }
  // The declared precision is not in the document: no fraction if it is zero, else microseconds, else all of it.
  static int fraction_digits(Bytes b) { return u32_at(b, 7, ByteOrder::kBig) == 0 ? 0 : 6; }

  void append_scalar(std::uint8_t node, Cursor in) {
    if (node < 0x20) return append_string(in.take(node));
    switch (node & 0xF0) {
      case 0x20:
      case 0x60: return append_finite(in.take((node & 0x0FU) + 1));
      case 0x40:
      case 0x50: return append_finite(in.take(node & 0x0FU));
      default: break;
    }
    switch (node) {
      case 0x30: return out_.append("null");
      case 0x31: return out_.append("true");
      case 0x32: return out_.append("false");
      case 0x33: return append_string(in.take(in.u8()));
      case 0x37: return append_string(in.take(in.u16()));
      case 0x38: return append_string(in.take(in.u32()));
      case 0x34: return append_finite(in.take(in.u8()));
      case 0x36: return append_json_float(out_, double_value(in.take(8)));
      case 0x7F: return append_json_float(out_, float_value(in.take(4)));
      case 0x3A: return append_raw(in.take(in.u16()));
      case 0x3B: return append_raw(in.take(in.u32()));
      case 0x7E: return append_raw(in.take(in.u8()));
      case 0x3C: return quoted([&] { append_date(out_, in.take(7)); });
      case 0x7D: return quoted([&] { append_timestamp(out_, in.take(7), 0); });
      case 0x39: return quoted([&, b = in.take(11)] { append_timestamp(out_, b, fraction_digits(b)); });
      case 0x7C: return quoted([&, b = in.take(13)] { append_timestamp_tz(out_, b, fraction_digits(b)); });
      case 0x3D: return quoted([&] { append_interval_ym(out_, in.take(5)); });
      case 0x3E: return quoted([&] { append_interval_ds(out_, in.take(11)); });
      case 0x7B:
        if (in.u8() == 0x01) return append_vector(out_, in.take(in.u32()));
        break;
      default: break;
    }
    throw Malformed(fmt::format("OSON node {:02x}", node));
  }

  TextBuffer& out_;
  std::size_t text_max_;
  std::uint16_t flags_ = 0;
  std::size_t id_width_ = 1;
  std::size_t name_count_ = 0;
  std::size_t long_name_count_ = 0;
  NameSegment names_;
  NameSegment long_names_;
  Bytes tree_;
};

}  // namespace

void append_oson(TextBuffer& out, Bytes bytes) { Document(out, bytes).append(); }

}  // namespace redoubt::oracle
