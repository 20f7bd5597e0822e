#include "redo/marker.h"

namespace redoubt::redo {
namespace {

std::string_view until_nul(Bytes field) {
  const std::string_view text = as_text(field);
  return !text.empty() && text.back() == '\0' ? text.substr(0, text.size() - 1) : text;
}

}  // namespace

Ddl read_ddl(const Vector& v) {
  Ddl d;
  d.header = decode<DdlHeader>(v.field(1), v.order);
  if (d.header.part > 1) {
    d.sql = until_nul(v.field(2));
    return d;
  }
  d.schema = as_text(v.field(2));
  d.sql = until_nul(v.field(8));
  const Bytes obj = v.field(12);
  if (obj.size() >= 4) d.obj = load_u32(obj.data(), v.order);
  return d;
}

XmlMarker read_xml_marker(const Vector& v) {
  XmlMarker m;
  Reader(v.field(3), v.order).xid(0, m.xid);
  m.obj = u32_at(v.field(4), 0, v.order);
  m.column = u16_at(v.field(6), 0, v.order);
  m.status = u16_at(v.field(7), 0, v.order);
  m.data = v.field(8);
  return m;
}

}  // namespace redoubt::redo
