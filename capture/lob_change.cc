#include "capture/lob_change.h"

namespace redoubt::capture {
namespace {

void read(const redo::Vector* undo, const redo::Vector& v, LobIdentity& identity) {
  if (redo::layer_of(v.op) == 10) {
    for_each_lob_index_entry(undo, v, [&](const LobIndexEntry& entry) {
      if (!identity.lob) identity.lob = entry.key.lob;
    });
  } else if (v.op == redo::kDirectBlock) {
    const auto page = redo::decode<redo::LobPage>(v.field(1), v.order);
    identity.lob = page.lob;
    identity.data_obj = page.data_obj;
  } else {
    for_each_kdli(v, [&](const redo::Kdli& part) {
      if (part.has_lob() && !identity.lob) identity.lob = part.lob;
      if (part.kind() == redo::KdliCode::kFormatLoad) {
        if (part.xid != redo::Xid{}) identity.xid = part.xid;
        identity.data_obj = part.obj;
      }
      if (part.kind() == redo::KdliCode::kSupplementalLog) {
        if (part.xid != redo::Xid{} && !identity.xid) identity.xid = part.xid;
        identity.table_obj = part.obj;
      }
    });
  }
}

}  // namespace

LobIdentity lob_identity(const redo::Vector* undo, const redo::Vector& v) {
  LobIdentity identity;
  try {
    read(undo, v, identity);
  } catch (const Malformed&) {
    identity.malformed = true;
  }
  return identity;
}

}  // namespace redoubt::capture
