// The redo of one transaction, record by record: its begin, its changes with their undo, taking them back, its end.
//
//   first change      5.2, 5.1, 11.x, 5.20      further changes   5.1, 11.x
//   large undo        5.1 TAIL / 5.1 MID / 5.1 HEAD, 11.x: three records, the undo cut in parts, its tail first
//   taking one back   11.x with xtype XR, 5.6   (5.11 for the first change of the transaction)
//   end               5.4, 24.4
#pragma once

#include <unordered_set>
#include <vector>

#include "redo/kdo.h"
#include "simulate/cluster.h"
#include "simulate/table.h"

namespace redoubt::simulate {

using Fields = std::vector<ByteString>;

class TransactionRedo {
 public:
  // A transaction on `thread` in container `con_id`, whose uid is `con_uid`; nothing is written before its first
  // change.
  TransactionRedo(Cluster& cluster, std::uint16_t thread, std::uint16_t con_id, std::uint32_t con_uid);

  // The same in a slot that has been taken (Cluster::begin, Cluster::share).
  TransactionRedo(Cluster& cluster, std::uint16_t thread, std::uint32_t con_uid, const Undo& undo);

  Xid xid() const { return undo_.xid; }
  const Undo& undo() const { return undo_; }
  // What follows is redo of another thread: of the instance that goes on with the transaction, or takes it back.
  void move_to(std::uint16_t thread) { thread_ = thread; }
  std::uint16_t thread() const { return thread_; }
  bool empty() const { return !begun_; }
  Scn scn() const { return cluster_.scn(); }
  ByteOrder order() const { return order_; }
  redo::Version version() const { return cluster_.options().version; }

  static constexpr std::uint8_t kItl = 2;  // of every block the transaction changes
  template <class T>
  ByteString encoded(const T& t, std::size_t size) const {
    const std::vector<std::uint8_t> bytes = redo::encode(t, size, order_);
    return {bytes.data(), bytes.size()};
  }

  // A change of a block of the segment: an undo vector with opc `undo_opc` and, behind its KTB, `undo`; the change
  // vector `op` with, behind its KTB, `redo`. Row changes (11.x) are taken back by the inverse row vector, which `undo`
  // holds; `take_back` is what takes another change back, behind the KTB of a vector `take_back_op`; 0: the undo vector
  // alone.
  void change(const ObjectIds& object, Dba dba, redo::Opcode undo_opc, redo::Opcode op, Fields undo, const Fields& redo,
              redo::Opcode take_back_op, Fields take_back);
  void row_change(const ObjectIds& object, Dba dba, redo::RowOp op, Fields undo, const Fields& redo);
  // A record with one vector that has no undo, as 19.1 and 26.6.
  void alone(const ObjectIds& object, Dba dba, redo::Opcode op, const Fields& fields);
  // Begins the transaction, if it has not, with an undo vector of no change (opc 5.7), as a direct load does.
  void begin_bare(const ObjectIds& object);
  // A record with a block image (19.1) behind the marker that says whose it is (24.6).
  void load(const ObjectIds& object, Dba dba, const ByteString& image, const ByteString& cache_header);
  // A record with one marker.
  void marker(redo::Opcode op, const Fields& fields);

  // Remembers no change from now on: the transaction may be of any length, and cannot be taken back one by one.
  void forget_changes() { remembers_ = false; }
  // How many changes have been made, for undo_to().
  std::size_t mark() const { return changes_.size(); }
  // Takes the changes back down to the mark, newest first.
  void undo_to(std::size_t mark);
  // Ends the transaction; returns the SCN of the commit. Wants at least one change.
  Scn commit() { return end(false); }
  Scn roll_back() { return end(true); }

 private:
  // A change that was made, as far as taking it back needs it.
  struct Done {
    ObjectIds object;
    Dba dba;
    redo::Opcode undo_opc;
    redo::Opcode op;  // of the compensating vector; 0: there is none
    Fields fields;    // of it, behind its KTB
  };

  void begin_record();
  void end_record();
  redo::VectorHeader vector(redo::Opcode op) const;
  redo::VectorHeader marker_vector(redo::Opcode op) const;
  redo::VectorHeader block_vector(redo::Opcode op, const ObjectIds& object, Dba dba) const;
  void add_fields(const Fields& fields);
  void begin_vector();
  void session_vector();
  void undo_vector(const ObjectIds& object, redo::Opcode opc, std::uint16_t flags, bool first, const Fields& fields);
  std::uint16_t cut_undo(const ObjectIds& object, redo::Opcode opc, Fields& fields);
  void next_undo_block();
  ByteString ktb(Dba dba);
  Scn end(bool rolled_back);

  Cluster& cluster_;
  ByteOrder order_;
  std::uint16_t thread_;
  std::uint16_t con_id_;
  std::uint32_t con_uid_;
  Undo undo_;
  bool begun_ = false;
  Scn begin_scn_ = 0;
  std::unordered_set<Dba> touched_;  // blocks that have an ITL entry of this transaction
  bool remembers_ = true;
  std::vector<Done> changes_;
};

}  // namespace redoubt::simulate
