// The logs that can be had: which file holds which log of which thread, looked up anew as files come, grow and go.
//
//   directory, directory, file ...  ->  (thread, sequence): complete copies, then online logs being written
//
// Names mean nothing: thread, sequence, incarnation and database are in the headers. A file that is being copied or
// whose header is being written is looked at again; one that is no redo log is passed over. Source: threads.md 2.3, P8.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "redo/log_reader.h"

namespace redoubt::capture {

class LogCatalog {
 public:
  struct Log {
    std::filesystem::path path;
    bool complete = false;  // closed, and as long as its header says
    redo::RedoHeader header;
    redo::FileHeader file;
  };

  struct Root {
    std::filesystem::path path;
    std::uint16_t thread = 0;  // whose logs alone are there; 0: of any
  };
  // Roots are directories, walked four levels deep, and files. Directories that come first are preferred.
  explicit LogCatalog(std::vector<Root> roots, bool checksums = true);

  // Looks at all roots again; files that have not changed are not read. Throws Error(kIntegrity): logs of another
  // database, two logs of one thread and sequence with different content, or a log of another thread than its root's.
  void refresh();

  // The files that hold this log, best first: complete ones in the order of the roots, then those being written.
  std::vector<Log> find(std::uint16_t thread, std::uint32_t sequence) const;
  std::set<std::uint16_t> threads() const;
  // The lowest and highest sequence of a thread; nothing when it has no log.
  std::optional<std::uint32_t> first_sequence(std::uint16_t thread) const;
  std::optional<std::uint32_t> last_sequence(std::uint16_t thread) const;
  // The log that holds, or will hold, redo of this SCN.
  std::optional<Log> find_scn(std::uint16_t thread, oracle::Scn scn) const;
  // The sequence of the log that was current at a redo_time_value(); the first one when all are younger.
  std::optional<std::uint32_t> find_time(std::uint16_t thread, std::uint32_t time) const;
  // Whether all redo of this log had been written at the last refresh().
  bool closed(std::uint16_t thread, std::uint32_t sequence) const;
  // Any log: what it says of database and incarnation holds for all.
  const Log* any() const;
  // Logs of incarnations other than the one that is read, seen so far: (resetlogs id, first log).
  const std::map<std::uint32_t, Log>& other_incarnations() const { return others_; }
  // Reads only logs of this database and incarnation; without, of the first ones that are met.
  void expect(std::uint32_t dbid, std::string database, std::uint32_t resetlogs) {
    if (dbid != 0) dbid_ = dbid;
    database_ = std::move(database);
    resetlogs_ = resetlogs;
  }
  // The directories that were walked, and the files that are roots.
  const std::set<std::filesystem::path>& places() const { return places_; }

 private:
  struct File {
    std::int64_t modified = 0;  // nanoseconds
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    bool young = false;  // written moments before it was read: it may change without another time
    bool log = false;
    std::size_t root = 0;
    Log content;
  };
  void look_at(const std::filesystem::path& path, std::size_t root);
  void walk(const std::filesystem::path& directory, int depth, std::size_t root);
  void check(const Log& log, const Root& root);

  std::vector<Root> roots_;
  bool checksums_;
  std::optional<std::uint32_t> dbid_;
  std::string database_;
  std::filesystem::path known_from_;  // the log that said so; empty: expect() did
  std::optional<std::uint32_t> resetlogs_;
  std::map<std::filesystem::path, File> files_;
  std::set<std::filesystem::path> seen_;  // by the refresh in work
  std::set<std::filesystem::path> places_;
  std::map<std::uint16_t, std::map<std::uint32_t, std::vector<const File*>>> logs_;
  std::map<std::uint32_t, Log> others_;
};

}  // namespace redoubt::capture
