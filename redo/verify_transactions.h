// The part of verify that is about transactions: what the vectors of a record, and the records of a transaction, say
// about each other (format.md 5.2, 6.1 to 6.7, 10).
//
//   begin         5.2 names the container of its record, and begins nothing in a slot whose transaction is open
//   undo          5.1 agrees with its class and with the 5.2 before it; its two fields agree
//   pairing       5.1 is followed by the change it undoes, whose KTB names it; a rollback vector by 5.6 or 5.11
//   row           the two KDO fields of a pair name one row, segment header, ITL entry and table, the vector its block
//                 and object; the operation is that of the opcode, and undone by that of the undo
//   lengths       KTB and KDO have the length their content asks for
//   supplemental  the header says a known kind; its columns have numbers, lengths and values
//   rollback      the row vector before 5.6 or 5.11 takes back a change of the transaction, where all of it was seen
//   end           5.4 comes not before the changes it ends; the marker behind it says the same
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "redo/kdo.h"
#include "redo/record.h"
#include "redo/undo.h"
#include "redo/vector.h"

namespace redoubt::redo {

class LogVerifier;
struct Field;

class TransactionVerifier {
 public:
  explicit TransactionVerifier(LogVerifier& findings) : findings_(findings) {}

  // Every valid record in order; `vectors` are its vectors, `fields` what each of them holds, `version` that of the
  // log.
  void check(const Record& record, const std::vector<Vector>& vectors, const std::vector<std::vector<Field>>& fields,
             Version version);
  // Redo was passed over: what is open is no longer known.
  void forget() {
    open_.clear();
    changes_ = 0;
  }
  std::size_t open() const { return open_.size(); }

 private:
  using Key = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t>;  // container, usn, slot
  // Where a change is that a rollback may take back.
  struct Place {
    std::uint32_t obj;
    Dba bdba;
    std::uint16_t slot;
    RowOp op;             // of the change, not of what takes it back
    std::uint32_t slots;  // hash of the slots of several rows
    bool operator==(const Place&) const = default;
  };
  struct Open {
    std::uint32_t sqn = 0;
    Scn last_scn = 0;
    Uba first_undo;  // as the 5.2 says
    bool undo_seen = false;
    bool complete = true;  // all of its changes are in `changes`
    std::vector<Place> changes;
  };
  static constexpr std::size_t kChangesMax = 1U << 22;   // of all open transactions
  static constexpr std::size_t kLookBackMax = 1U << 12;  // changes; rollbacks take back the newest

  void begin(const Record& record, const Vector& v, Version version, bool in_memory);
  void undo(const Record& record, const std::vector<Vector>& vectors, std::size_t at);
  void pair(const Record& record, const Vector& undo, const Vector& redo, const Ktudb& ktudb, const Ktub& ktub);
  void row_pair(const Record& record, const Vector& undo, const Vector& redo, const Ktub& ktub);
  void columns_of_update(const Record& record, const Vector& undo, const Vector& redo);
  void keep(Open& open, const Place& place);
  void forget_changes(Open& open);
  static Place place(std::uint32_t obj, const Kdo& kdo);
  void row(const Record& record, const Vector& v);
  void take_back(const Record& record, const Vector& change, const Kdo& kdo, const Ktub& ktub, Open& open);
  void rollback(const Record& record, const std::vector<Vector>& vectors, std::size_t at);
  void end(const Record& record, const std::vector<Vector>& vectors, std::size_t at, Version version);
  void ktb_length(const Record& record, const Vector& v, Bytes field);
  void supplemental(const Record& record, const Vector& v, const std::vector<Field>& fields);
  void report(const Record& record, const char* rule, std::string text);

  LogVerifier& findings_;
  std::map<Key, Open> open_;
  std::size_t changes_ = 0;  // of all in open_
};

}  // namespace redoubt::redo
