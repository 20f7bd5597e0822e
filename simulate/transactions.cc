#include "simulate/transactions.h"

#include <algorithm>

namespace redoubt::simulate {

void Transactions::add(std::unique_ptr<Container> container, const std::filesystem::path& truth) {
  containers_.push_back(std::move(container));
  truths_.push_back(std::make_unique<TruthWriter>(truth));
}

std::vector<std::unique_ptr<Container>> Transactions::copies() const {
  REDOUBT_ASSERT(open_.empty());
  std::vector<std::unique_ptr<Container>> made;
  for (const auto& container : containers_) made.push_back(std::make_unique<Container>(*container));
  return made;
}

Container& Transactions::any_container() {
  return *containers_[cluster_.random().below(static_cast<std::uint32_t>(containers_.size()))];
}

OpenTransaction& Transactions::begin(std::uint16_t thread, Container& container) {
  return begin(thread, container, cluster_.begin(thread, container.con_id));
}

OpenTransaction& Transactions::begin(std::uint16_t thread, Container& container, const Undo& slot) {
  return *open_.emplace_back(std::make_unique<OpenTransaction>(cluster_, thread, container, slot));
}

std::vector<OpenTransaction*> Transactions::of_thread(std::uint16_t thread) const {
  std::vector<OpenTransaction*> found;
  for (const auto& t : open_)
    if (t->redo.thread() == thread) found.push_back(t.get());
  return found;
}

void Transactions::commit(OpenTransaction& t) {
  const Scn scn = t.redo.commit();
  const auto at =
      std::find_if(containers_.begin(), containers_.end(), [&](const auto& c) { return c.get() == &t.container; });
  truths_[static_cast<std::size_t>(at - containers_.begin())]->commit(scn, t.redo.xid(), t.redo.thread(), t.truth);
  committed_ += !t.truth.empty();
  release(t);
}

void Transactions::roll_back(OpenTransaction& t, bool seen) {
  if (seen) {
    t.undo_to({0, 0, 0});
  } else {
    t.undo_model(0);
  }
  t.redo.roll_back();
  ++rolled_back_;
  release(t);
}

void Transactions::finish(OpenTransaction& t) {
  if (t.redo.empty()) {
    cluster_.end(t.redo.undo());
    forget(t);
  } else if (options_.workload == "mixed" && chosen(options_, "rollback") && cluster_.random().percent(12)) {
    roll_back(t, cluster_.random().percent(50));
  } else {
    commit(t);
  }
}

// Rows the transaction holds are free again; those it deleted, or inserted in vain, are forgotten.
void Transactions::release(OpenTransaction& t) {
  for (const OpenTransaction::Undo& undo : t.undo) {
    undo.held->by = nullptr;
    undo.held->fresh = false;
    t.left_gone |= undo.held->gone;
  }
  if (t.left_gone)
    for (auto& table : t.container.tables)
      std::erase_if(table->rows, [](const auto& held) { return held->gone && held->by == nullptr; });
  forget(t);
}

void Transactions::forget(const OpenTransaction& t) {
  open_.erase(std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open.get() == &t; }));
}

void Transactions::close() {
  REDOUBT_ASSERT(open_.empty());
  for (const auto& truth : truths_) truth->close();
  containers_.clear();
  truths_.clear();
}

}  // namespace redoubt::simulate
