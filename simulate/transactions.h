// The open transactions of a run, and how they end: in redo, in the model and in the truth.
#pragma once

#include <memory>
#include <vector>

#include "simulate/open_transaction.h"
#include "simulate/simulation.h"

namespace redoubt::simulate {

class Transactions {
 public:
  Transactions(const Options& options, Cluster& cluster) : options_(options), cluster_(cluster) {}

  // A container whose dictionary is filled; its truth is written from now on.
  void add(std::unique_ptr<Container> container, const std::filesystem::path& truth);
  const std::vector<std::unique_ptr<Container>>& containers() const { return containers_; }
  Container& any_container();
  // Copies of the containers as they are. Wants no open transaction.
  std::vector<std::unique_ptr<Container>> copies() const;

  // A new transaction, not yet in redo; gone with commit(), roll_back() or finish().
  OpenTransaction& begin(std::uint16_t thread, Container& container);
  OpenTransaction& begin(std::uint16_t thread, Container& container, const Undo& slot);
  std::size_t size() const { return open_.size(); }
  OpenTransaction& operator[](std::size_t i) { return *open_[i]; }
  // Those whose next redo belongs to the thread; they stay where they are.
  std::vector<OpenTransaction*> of_thread(std::uint16_t thread) const;

  void commit(OpenTransaction& t);
  void roll_back(OpenTransaction& t, bool seen);  // seen: its changes are taken back in redo one by one
  // One or the other; nothing in redo where it has changed nothing.
  void finish(OpenTransaction& t);

  // Wants no open transaction. The containers are gone.
  void close();
  std::uint64_t committed() const { return committed_; }  // with rows
  std::uint64_t rolled_back() const { return rolled_back_; }

 private:
  void release(OpenTransaction& t);
  void forget(const OpenTransaction& t);

  const Options& options_;
  Cluster& cluster_;
  std::vector<std::unique_ptr<Container>> containers_;
  std::vector<std::unique_ptr<TruthWriter>> truths_;  // of each
  std::vector<std::unique_ptr<OpenTransaction>> open_;
  std::uint64_t committed_ = 0;
  std::uint64_t rolled_back_ = 0;
};

}  // namespace redoubt::simulate
