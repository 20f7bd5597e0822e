// The part of verify that is about transactions: what the vectors of a record, and the records of a transaction, say
// about each other (format.md 5.2, 6.1 to 6.7, 10).
//
//   begin         5.2 names the container of its record
//   undo          5.1 agrees with its class and with the 5.2 before it; its two fields agree
//   pairing       5.1 is followed by the change it undoes, whose KTB names it; a rollback vector by 5.6 or 5.11
//   row           the two KDO fields of a pair name one block; the operation is that of the opcode
//   lengths       KTB and KDO have the length their content asks for
//   supplemental  the header says a known kind; its columns have numbers, lengths and values
//   rollback      5.6 and 5.11 belong to an open transaction
//   end           5.4 comes not before the changes it ends; the marker behind it says the same
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "redo/record.h"
#include "redo/vector.h"

namespace redoubt::redo {

class LogVerifier;
struct Field;
struct Ktudb;
struct Kdo;

class TransactionVerifier {
 public:
  explicit TransactionVerifier(LogVerifier& findings) : findings_(findings) {}

  // Every valid record in order; `vectors` are its vectors, `fields` what each of them holds, `version` that of the
  // log.
  void check(const Record& record, const std::vector<Vector>& vectors, const std::vector<std::vector<Field>>& fields,
             Version version);
  // Redo was passed over: what is open is no longer known.
  void forget() { open_.clear(); }
  std::size_t open() const { return open_.size(); }

 private:
  using Key = std::tuple<std::uint16_t, std::uint16_t, std::uint16_t>;  // container, usn, slot
  struct Open {
    std::uint32_t sqn = 0;
    Scn last_scn = 0;
  };

  void begin(const Record& record, const Vector& v, Version version);
  void undo(const Record& record, const std::vector<Vector>& vectors, std::size_t at);
  void pair(const Record& record, const Vector& undo, const Vector& redo, const Ktudb& ktudb);
  void row(const Record& record, const Vector& v, const Kdo* undo_kdo);
  void rollback(const Record& record, const std::vector<Vector>& vectors, std::size_t at);
  void end(const Record& record, const std::vector<Vector>& vectors, std::size_t at);
  void ktb_length(const Record& record, const Vector& v, Bytes field);
  void supplemental(const Record& record, const Vector& v, const std::vector<Field>& fields);
  void report(const Record& record, const char* rule, std::string text);

  LogVerifier& findings_;
  std::map<Key, Open> open_;
};

}  // namespace redoubt::redo
