#include "simulate/noise.h"

#include "redo/transaction_vectors.h"

namespace redoubt::simulate {
namespace {

redo::VectorHeader block_vector(const Cluster& cluster, std::uint8_t layer, std::uint8_t code, std::uint16_t con_id) {
  redo::VectorHeader h;
  h.layer = layer;
  h.code = code;
  h.cls = layer == 13 ? 8 : 1;
  h.afn = 24;
  h.dba = 24U << 22 | 9;
  h.obj_low = 0x1234;
  h.con_id = con_id;
  h.scn.value = cluster.scn() - 1;
  h.seq = 1;
  return h;
}

}  // namespace

void add_noise(Cluster& cluster, std::uint16_t thread, std::uint16_t con_id, std::uint32_t con_uid) {
  enum Kind : std::uint32_t { kUndoHeader, kCleanout, kSpace, kBlocksWritten, kSession, kKinds };
  Random& random = cluster.random();
  const std::uint32_t kind = random.below(kKinds);
  redo::RecordBuilder& b = cluster.builder();
  // A record of blocks written counts as not valid; where it comes first in its group, it carries the group's header.
  cluster.begin_record(thread, con_uid, kind == kBlocksWritten ? redo::kVldCommitScn : redo::kVldValid);
  switch (kind) {
    case kUndoHeader: {  // wrap 0: nothing begins
      redo::VectorHeader h = block_vector(cluster, 5, 2, con_id);
      h.cls = cluster.undo_header_class(thread, con_id);
      h.afn = 23;
      h.obj_high = h.obj_low = 0xFFFF;
      b.vector(h);
      redo::Ktudh ktudh;
      ktudh.slt = static_cast<std::uint16_t>(random.below(34));
      ktudh.flg = 0x10;
      b.field(ktudh, redo::kKtudhSize);
      break;
    }
    case kCleanout:
      b.vector(block_vector(cluster, 4, 1, con_id));
      b.field(ByteString(20, 0));
      b.field(ByteString(32, 0));
      break;
    case kSpace:
      for (const std::uint8_t code : {std::uint8_t{22}, std::uint8_t{24}, std::uint8_t{28}}) {
        b.vector(block_vector(cluster, 13, code, con_id));
        b.field(ByteString(random.between(4, 60), 0));
        if (random.percent(50)) break;
      }
      break;
    case kBlocksWritten:
      for (std::uint32_t n = random.between(1, 12); n > 0; --n) {
        redo::VectorHeader h;
        h.layer = 23;
        h.code = 1;
        h.con_id = con_id;
        h.typ = redo::kTypMarker;
        b.vector(h);
        b.field(ByteString(32, 0));
      }
      break;
    case kSession: {
      redo::VectorHeader h;
      h.layer = 24;
      h.code = 10;
      h.con_id = con_id;
      h.typ = redo::kTypMarker;
      b.vector(h);
      ByteString one(2, 0);
      store(one.data(), std::uint16_t{1}, cluster.options().order);
      b.field(one);
      b.field(ByteString(4, 0));
      b.field(ByteString(2, 0));
      b.field(ByteString(8, 0));
      break;
    }
    default: break;
  }
  cluster.add(thread, b.finish());
}

}  // namespace redoubt::simulate
