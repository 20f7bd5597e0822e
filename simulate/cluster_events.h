// What befalls a cluster besides the statements of its transactions, and how its threads share the work: --cluster.
//
//   shared    a row is changed from one thread after the other, a transaction each
//   ties      commits of several threads have one SCN; an LWN begins with the SCN of another thread's commit
//   overlap   LWNs grow long, so that those of one thread cover many of the others
//   skew      one thread does a thousand times the work of the others
//   idle      one thread has no transaction, only a small LWN now and then
//   switches  logs end at any moment, on one thread or all, once or ten times in a row
//   blocks    every thread's logs have another block size
//   parts     LWNs of several parts whose records lie out of order; records share SCNs by sub-SCN and between threads
//   move      transactions go on in another thread, commit there, or roll back to a savepoint from before
//   reuse     a transaction begins and ends under the XID of another one that is open
//   sleepers  transactions that stay open for long
//   enable    one thread is enabled in the middle of the run, and commits at once
//   disable   threads are disabled, later enabled again
//   restart   instances stop, and start again in the same log or the next one
//   crash     instances fail with transactions open, one just committed; others take the open ones back in their
//   threads
//   shape     a table gets a column in one thread, rows of the new shape follow at once in another
//   widen     the same with a table whose rows open transactions hold, which go on with it
//   resetlogs the database goes back to an SCN and on from there in a new incarnation, in DIR/incarnation_2: its own
//             logs, from sequence 1 in every thread, dictionaries and truth. DIR has what was read before, with the
//             commits behind that SCN that then no longer happened
#pragma once

#include <set>

#include "simulate/transactions.h"
#include "simulate/workload.h"

namespace redoubt::simulate {

// What --cluster may name.
const std::vector<std::string>& cluster_event_names();
bool befalls(const Options& options, std::string_view event);

class ClusterEvents {
 public:
  ClusterEvents(const Options& options, Cluster& cluster, Transactions& transactions, Workload& workload);

  // Between two statements.
  void step();
  // For the next transaction.
  std::uint16_t thread();
  // May the transaction be chosen for the next statement?
  bool awake(const OpenTransaction& t);
  // How many transactions are open besides those of the workload.
  std::size_t sleepers() const { return sleepers_; }
  // A statement of the transaction, with what may come between.
  void statement(OpenTransaction& t);
  // Behind a statement, or an end: writes the thread's group when it is time.
  void flush(std::uint16_t thread, bool ended);
  // Ends the transaction.
  void finish(OpenTransaction& t);

 private:
  bool may(std::string_view event) const { return befalls(options_, event); }
  std::uint16_t another(std::uint16_t thread);
  Random& random() { return cluster_.random(); }
  void leave(std::uint16_t thread, bool disabled);
  void come_back();
  void commit_at_once(std::uint16_t thread);
  void stop(std::uint16_t thread, bool disable);
  void fail(std::uint16_t thread);
  void add_column_and_use_it();
  void change_in_turn();
  void use_xid_again(const OpenTransaction& t);
  void commit_together(OpenTransaction& t);
  void begin_group_with_scn(std::uint16_t but);

  const Options& options_;
  Cluster& cluster_;
  Transactions& transactions_;
  Workload& workload_;
  std::vector<std::uint16_t> running_;    // threads that take transactions: of running instances, but the idle one
  std::uint16_t idle_ = 0;                // the thread that does not
  std::vector<std::uint32_t> group_max_;  // records, by thread
  std::size_t sleepers_ = 0;
  struct Absent {
    std::uint16_t thread;
    bool disabled;
    std::uint64_t until;  // step
  };
  std::vector<Absent> absent_;
  std::uint64_t steps_ = 0;
};

}  // namespace redoubt::simulate
