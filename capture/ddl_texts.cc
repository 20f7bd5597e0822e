#include "capture/ddl_texts.h"

#include <algorithm>

namespace redoubt::capture {

void DdlTexts::add(std::uint16_t con_id, const redo::Ddl& part, change::Ddl head) {
  const redo::DdlHeader& header = part.header;
  auto at = waiting_.end();
  if (header.part > 1) {
    const auto open = std::find_if(waiting_.rbegin(), waiting_.rend(),
                                   [&](const Waiting& w) { return w.con_id == con_id && w.xid == header.xid; });
    if (open == waiting_.rend()) return;  // its first part came before the logs do
    at = std::prev(open.base());
    at->ddl.cut |= header.part != at->parts_seen + 1;
    at->parts_seen = header.part;
  } else {
    head.type = header.type;
    head.obj = part.obj;
    head.schema = part.schema;
    bytes_ += head.schema.size();
    at = waiting_.insert(waiting_.end(), {con_id, header.xid, 1, header.parts, std::move(head)});
  }
  std::string& sql = at->ddl.sql;
  const std::string_view text = part.sql.substr(0, kTextMax - std::min(kTextMax, sql.size()));
  at->ddl.cut |= text.size() < part.sql.size();
  sql += text;
  bytes_ += text.size();
  for (; bytes_ > kTotalMax && waiting_.size() > 1; waiting_.pop_front())
    bytes_ -= waiting_.front().ddl.sql.size() + waiting_.front().ddl.schema.size();
}

std::vector<change::Ddl> DdlTexts::take(std::uint16_t con_id, oracle::Xid xid) {
  std::vector<change::Ddl> taken;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (it->con_id != con_id || it->xid != xid) {
      ++it;
      continue;
    }
    bytes_ -= it->ddl.sql.size() + it->ddl.schema.size();
    it->ddl.cut |= it->parts_seen != it->parts;
    taken.push_back(std::move(it->ddl));
    it = waiting_.erase(it);
  }
  return taken;
}

}  // namespace redoubt::capture
