#include "redo/record_builder.h"

namespace redoubt::redo {

void RecordBuilder::begin(Scn scn, std::uint16_t sub_scn, std::uint32_t con_uid, std::uint8_t vld) {
  open_ = false;
  lengths_.clear();
  fields_.clear();
  record_.assign(kRecordHeaderSize, 0);
  RecordHeader header;
  header.vld = vld;
  header.scn = scn;
  header.sub_scn = sub_scn;
  header.con_uid = header_size_ >= 32 ? con_uid : 0;
  Writer io(record_, order_);
  layout(io, header);
}

void RecordBuilder::vector(const VectorHeader& header) {
  end_vector();
  header_ = header;
  open_ = true;
}

std::uint8_t* RecordBuilder::add_field(std::size_t size) {
  REDOUBT_ASSERT(open_ && size <= 0xFFFF);
  lengths_.push_back(static_cast<std::uint16_t>(size));
  const std::size_t at = fields_.size();
  fields_.resize(at + align4(static_cast<std::uint32_t>(size)));
  return fields_.data() + at;
}

void RecordBuilder::field(Bytes bytes) {
  std::uint8_t* to = add_field(bytes.size());
  std::copy(bytes.begin(), bytes.end(), to);
}

void RecordBuilder::end_vector() {
  if (!open_) return;
  open_ = false;
  const std::size_t list = 2 + 2 * lengths_.size();
  REDOUBT_ASSERT(list <= 0xFFFF);
  std::size_t at = record_.size();
  record_.resize(at + header_size_ + ((list + 2) & ~std::size_t{3}) + fields_.size());
  Writer io({record_.data() + at, header_size_}, order_);
  layout(io, header_);
  at += header_size_;
  store(record_.data() + at, static_cast<std::uint16_t>(list), order_);
  for (std::size_t i = 0; i < lengths_.size(); ++i) store(record_.data() + at + 2 + 2 * i, lengths_[i], order_);
  at += (list + 2) & ~std::size_t{3};
  std::copy(fields_.begin(), fields_.end(), record_.begin() + static_cast<std::ptrdiff_t>(at));
  lengths_.clear();
  fields_.clear();
}

Bytes RecordBuilder::finish() {
  end_vector();
  store(record_.data(), static_cast<std::uint32_t>(record_.size()), order_);
  return record_;
}

}  // namespace redoubt::redo
