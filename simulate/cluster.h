// The simulated database below SQL: the SCN clock, redo threads with their logs and LWN groups, undo segments.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "redo/log_writer.h"
#include "redo/record_builder.h"
#include "redo/undo.h"
#include "simulate/random.h"

namespace redoubt::simulate {

using oracle::Dba;
using oracle::Scn;
using oracle::Uba;
using oracle::Xid;

struct ClusterOptions {
  std::filesystem::path directory;
  redo::Version version = 0x17060000;
  ByteOrder order = ByteOrder::kLittle;
  std::vector<std::uint32_t> block_sizes{512};  // of the threads' logs, in turn
  std::uint16_t threads = 1;
  std::uint64_t log_bytes = 64U << 20;  // a thread switches logs behind this size
  std::uint16_t segments = 10;          // undo segments of a thread in each container, of 34 transactions each
  bool strands = false;                 // groups of several parts, whose records overlap
  bool shared_scns = false;             // records share SCNs: in one thread by sub-SCN, with those of lower threads
  bool varied = false;                  // rare forms of begin, session and end, and redo that is no row change between
  std::uint32_t undo_bytes = 7000;      // undo of a change that is longer is cut in parts
};

// Seconds since 1970 at SCN 0, and how they pass: the simulated clock.
inline constexpr std::uint32_t kEpoch = 1772847878;  // 2026-03-07 01:44:38 UTC
inline constexpr std::uint32_t kDbid = 0x593AA8AE;
inline constexpr Scn kFirstScn = 2266000;
inline constexpr std::uint16_t kLogGroups = 3;  // of a thread, whose logs use them in turn

struct Incarnation {
  std::uint32_t resetlogs = 1224959854;
  Scn resetlogs_scn = kFirstScn - 1000;
  std::uint32_t previous_resetlogs = 1222743579;
  Scn previous_resetlogs_scn = 1;
  std::uint32_t activation = 1496992686;
};

// A transaction's place in undo.
struct Undo {
  Xid xid;
  std::uint16_t con_id = 0;
  Dba header = 0;
  Uba next;  // of the next undo record
};

class Cluster {
  struct Slot {
    std::uint16_t usn;
    std::uint16_t slt;
    std::uint32_t sqn;
    std::uint32_t users = 0;  // open transactions
  };
  struct LastingThread {
    std::uint16_t number = 0;
    std::uint32_t block_size = 512;
    std::uint32_t sequence = 0;
    bool enabled = true;
    Scn enabled_scn = 0;
    std::map<std::uint16_t, std::vector<Slot>> slots;  // by container: each has undo segments of its own
    std::uint32_t next_undo = 0;
  };

 public:
  // What outlives logs.
  struct State {
    Scn scn = 0;
    std::vector<LastingThread> threads;
  };

  Cluster(const ClusterOptions& options, Random& random);

  // Begins a record of `thread` in builder(). Its SCN is a new one, or with shared SCNs sometimes the present one: then
  // its key (SCN, thread, sub-SCN) is still above those of all records before.
  void begin_record(std::uint16_t thread, std::uint32_t con_uid, std::uint8_t vld = redo::kVldValid);
  // The next record gets the present SCN, whatever thread it is of. Wants a thread without a record of that SCN, which
  // does not depend on those that have.
  void keep_scn() { keep_scn_ = true; }
  // No record shares the present SCN, unless by keep_scn().
  void close_scn() { last_thread_ = 0; }
  Scn scn() const { return scn_; }
  // Unix seconds of an SCN: a thousand SCNs a second.
  static std::uint32_t time_of(Scn scn) { return kEpoch + static_cast<std::uint32_t>((scn - kFirstScn) / 1000); }

  // Begins a transaction on `thread`: takes a free slot of one of the thread's undo segments.
  Undo begin(std::uint16_t thread, std::uint16_t con_id);
  // A second transaction under the XID of an open one, with undo of its own.
  Undo share(const Undo& undo);
  void end(const Undo& undo);

  // Class of the header of one of the thread's undo segments.
  std::uint16_t undo_header_class(std::uint16_t thread, std::uint16_t con_id);

  redo::RecordBuilder& builder() { return builder_; }
  // Appends a record with the present SCN to the thread's group in work; may begin a new log for it.
  void add(std::uint16_t thread, Bytes record);
  // Writes the thread's group in work, if any.
  void flush(std::uint16_t thread);
  // Ends the thread's log behind its group in work, however small, and `count` - 1 logs without redo behind it.
  void switch_logs(std::uint16_t thread, std::uint32_t count);
  // The thread is none of the cluster's, and has no redo, until it is enabled (again). Wants it enabled.
  void disable(std::uint16_t thread);
  // Its first log, or the next one, begins with the present SCN: that of the next record, which must be the thread's.
  void enable(std::uint16_t thread);
  // Records in the thread's group in work.
  std::size_t pending(std::uint16_t thread) const { return threads_[thread - 1u].pending; }
  // Ends all logs. Nothing may follow but reset_logs().
  void close();

  const Incarnation& incarnation() const { return incarnation_; }
  // What a new incarnation begins with: no transaction may be open. Groups in work are written.
  State state();
  // Goes on behind the state in a new incarnation, as if nothing had happened since: every thread's logs begin with
  // sequence 1, in `directory`. Wants closed logs.
  void reset_logs(const State& state, const std::filesystem::path& directory);

  Random& random() { return random_; }
  std::uint64_t bytes() const;  // of all logs so far
  const ClusterOptions& options() const { return options_; }

 private:
  struct Thread : LastingThread {
    std::unique_ptr<redo::LogWriter> log;
    std::filesystem::path path;  // of the log, or the last one
    std::size_t pending = 0;
    bool switch_due = false;                      // before the next record
    std::vector<std::vector<std::uint8_t>> held;  // records of a group that will be cut into strands
  };

  static Uba new_undo(Thread& thread, std::uint16_t usn) {
    return {0x4000U + thread.next_undo++, static_cast<std::uint16_t>(0x80 + usn), 1};
  }
  std::vector<Slot>& slots(std::uint16_t thread, std::uint16_t con_id);
  Slot& slot_of(const Undo& undo);
  void open_log(Thread& thread, Scn first_scn);
  void close_log(Thread& thread, Scn next_scn);
  void write_group(Thread& thread);

  ClusterOptions options_;
  Random& random_;
  redo::RecordBuilder builder_;
  Scn scn_ = kFirstScn;
  std::uint16_t sub_scn_ = 1;
  std::uint16_t last_thread_ = 0;  // of the record with the present SCN; 0: none may share it
  bool keep_scn_ = false;
  Incarnation incarnation_;
  std::uint64_t closed_bytes_ = 0;
  std::vector<Thread> threads_;
};

}  // namespace redoubt::simulate
