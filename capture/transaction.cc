#include "capture/transaction.h"

#include <algorithm>

namespace redoubt::capture {

void OpenTransaction::touch_other(std::uint16_t thread, Rba start) {
  for (const Start& s : other_starts_)
    if (s.thread == thread) return;
  other_starts_.push_back({thread, start});
}

void OpenTransaction::touch_earlier(std::uint16_t thread, Rba start) {
  touch(thread, start);
  if (start_.thread == thread) start_.rba = std::min(start_.rba, start);
  for (Start& s : other_starts_)
    if (s.thread == thread) s.rba = std::min(s.rba, start);
}

const SavedSpill& OpenTransaction::save(SpillSpace& space, std::vector<oracle::LobId> owned_lobs) {
  REDOUBT_ASSERT(in_slot);
  SpilledState state;
  state.has_begin = has_begin;
  state.has_begin_vector = has_begin_vector;
  state.dictionary = dictionary;
  state.lobs = lobs;
  state.suspect = suspect;
  state.split = split_undo != nullptr;
  state.begin_scn = begin_scn;
  state.decided_scn = decided_scn;
  state.begin_rba = begin_rba;
  state.row_changes = row_changes;
  state.owned_lobs = std::move(owned_lobs);
  if (split_undo) state.split_undo = *split_undo;
  return saved.emplace(changes.all_in_file(space, id()).save(state));
}

void OpenTransaction::restore(std::unique_ptr<SpillFile> file, SpilledState state) {
  REDOUBT_ASSERT(file->id() == id());
  restored = true;
  has_begin = state.has_begin;
  has_begin_vector = state.has_begin_vector;
  dictionary = state.dictionary;
  lobs = state.lobs;
  suspect = state.suspect;
  begin_scn = state.begin_scn;
  decided_scn = state.decided_scn;
  begin_rba = state.begin_rba;
  row_changes = state.row_changes;
  if (state.split) split_undo = std::make_unique<std::vector<std::uint8_t>>(std::move(state.split_undo));
  changes.attach(std::move(file));
}

}  // namespace redoubt::capture
