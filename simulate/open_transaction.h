// One open transaction: its redo, its truth, and how to take the model back.
#pragma once

#include <utility>
#include <vector>

#include "simulate/redo_encoder.h"
#include "simulate/schema.h"
#include "simulate/truth.h"

namespace redoubt::simulate {

struct OpenTransaction {
  OpenTransaction(Cluster& cluster, std::uint16_t thread, Container& in)
      : OpenTransaction(cluster, thread, in, cluster.begin(thread, in.con_id)) {}
  // In a slot that has been taken.
  OpenTransaction(Cluster& cluster, std::uint16_t thread, Container& in, const simulate::Undo& slot)
      : container(in), redo(cluster, thread, in.con_uid, slot) {}

  struct Undo {
    Held* held;
    Held before;
  };
  Container& container;
  RedoEncoder redo;
  TransactionTruth truth;
  std::vector<Undo> undo;
  std::uint32_t statements_left = 1;
  bool left_gone = false;  // it took back inserts, whose rows are still in the model
  bool sleeper = false;    // stays open for long
  bool loaded = false;     // by direct path: its rows cannot be taken back one by one

  // The row is this transaction's from now on, until it ends or takes its change back.
  void hold(Held& held) {
    undo.push_back({&held, held});
    held.by = this;
  }

  struct Mark {
    std::size_t redo, truth, undo;
  };
  Mark mark() const { return {redo.mark(), truth.mark(), undo.size()}; }
  void undo_to(const Mark& m) {
    redo.undo_to(m.redo);
    truth.undo_to(m.truth);
    undo_model(m.undo);
  }
  void undo_model(std::size_t mark) {
    while (undo.size() > mark) {
      *undo.back().held = std::move(undo.back().before);
      left_gone |= undo.back().held->gone;
      undo.pop_back();
    }
  }
};

}  // namespace redoubt::simulate
