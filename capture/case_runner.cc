#include "capture/case_runner.h"

#include <algorithm>

#include "redo/record_builder.h"

namespace redoubt::capture {
namespace {

constexpr std::uint16_t kCommitSubScn = 0xFFFF;

}  // namespace

redo::Record CaseRunner::add(Bytes bytes, Rba rba) {
  const ByteString& kept = *bytes_.emplace_back(std::make_unique<ByteString>(bytes.begin(), bytes.end()));
  group_.records.push_back(redo::parse_record(kept, order_, rba));
  return group_.records.back();
}

void CaseRunner::commit(oracle::Xid xid, std::uint16_t con_id, Scn scn) {
  std::stable_sort(group_.records.begin(), group_.records.end(), [](const redo::Record& a, const redo::Record& b) {
    return std::tuple(a.scn, a.sub_scn, a.rba) < std::tuple(b.scn, b.sub_scn, b.rba);
  });
  redo::RecordBuilder builder(version_, order_);
  // Some sets name an earlier commit than their last record.
  if (!group_.records.empty()) scn = std::max(scn, group_.records.back().scn);
  builder.begin(scn, kCommitSubScn, 0);
  redo::VectorHeader header;
  header.layer = 5;
  header.code = 4;
  header.cls = static_cast<std::uint16_t>(15 + 2 * xid.usn);
  header.con_id = con_id;
  builder.vector(header);
  redo::Ktucm end;
  end.slt = xid.slt;
  end.sqn = xid.sqn;
  builder.field(end, redo::kKtucmSize);
  builder.field(redo::Ktucf{}, redo::kKtucfSize);
  add(builder.finish(), group_.records.empty() ? Rba{} : group_.records.back().rba);

  group_.thread = 1;
  group_.order = order_;
  group_.version = version_;
  Core::Options options;
  options.partial = true;  // most cases begin in the middle of their transaction
  Core core(DictionaryTracker::schemaless(), options);
  core.watch_rollbacks([&](Rba rollback, Rba change) { taken_back_.emplace(rollback, change); });
  core.open_thread(1);
  core.feed(1, &group_);
  if (core.step()) core.feed(1, nullptr);
  while (core.step()) {
  }
  core.take(batch_);
  open_ = core.open_transactions();
  for (const Event& event : core.take_events()) warnings_.push_back(event.text);
}

}  // namespace redoubt::capture
