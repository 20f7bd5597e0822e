// Changes of open transactions on disk: one file per transaction, in a directory that one process has locked.
//
//   file     | header 40 | frame | frame | ...                          all numbers little-endian
//   header   @0 "RDBSPILL"  @8 u32 version  @12 u16 container  @16 XID (8)  @24 u64 nonce  @32 u64 checksum
//   frame    @0 u32 kind  @4 u32 number  @8 u32 size  @12 u32 last  @16 u64 checksum, then `size` bytes
//
//   kind 1   chunk `number` of the transaction, counted from 0: its changes as transaction.h draws them; the last one
//            begins at `last`. A later frame of the same number replaces it.
//   kind 2   the state of the transaction (below); of its chunks those below `number` are in the frames before
//
// A checksum is XXH3-64: of the header over what stands before it; of a frame over its bytes, with the XXH3-64 of what
// stands before as seed, whose own seed is nonce + place of the frame: so none passes for one of another file or place.
// The nonce is random.
//
// What save() has written is never written over: up to the length that it returns the file is a state of the
// transaction from which reopen() makes it again, in another process. What comes after it is not looked at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "oracle/lob_locator.h"
#include "oracle/position.h"

namespace redoubt::capture {

// A transaction among all of a database.
struct TransactionId {
  std::uint16_t con_id = 0;
  oracle::Xid xid;
  bool operator==(const TransactionId&) const = default;
};

// What a transaction is beside its changes.
//
//   @0 begin SCN  @8 decided SCN  @16 RBA of the begin: u32 sequence, u32 block, u16 offset  @26 u16 flags
//   @28 u32 row changes  @32 u32 number of LOBs  @36 their ids, 10 bytes each, then the split undo record in work
struct SpilledState {
  bool has_begin = false, dictionary = false, lobs = false, suspect = false;  // flags 1, 2, 4, 8
  bool split = false;                                                         // 16: a split undo record is in work
  bool has_begin_vector = false;                                              // 32
  oracle::Scn begin_scn = 0;
  oracle::Scn decided_scn = 0;
  oracle::Rba begin_rba;
  std::uint32_t row_changes = 0;
  std::vector<oracle::LobId> owned_lobs;
  std::vector<std::uint8_t> split_undo;
  bool operator==(const SpilledState&) const = default;
};
std::vector<std::uint8_t> encode_state(const SpilledState& state);
// Throws Malformed.
SpilledState decode_state(Bytes bytes);

// What a checkpoint keeps of a file. With another checksum the file is not the one that was saved.
struct SavedSpill {
  std::string file;  // name in the directory
  std::uint64_t length = 0;
  std::uint64_t checksum = 0;
  bool operator==(const SavedSpill&) const = default;
};

// The disk is full, or the limit is reached. Whoever knows the transactions makes a better message of it.
class SpillFull : public Error {
 public:
  SpillFull(const std::filesystem::path& directory, const std::string& what)
      : Error(ErrorCode::kOperation, directory.string(), what, kNext), what_(what) {}
  const std::string& text() const { return what_; }
  static constexpr const char* kNext =
      "name a larger disk with --spill-dir, allow more with --spill-limit or --memory, or take fewer tables with "
      "--tables";

 private:
  std::string what_;
};

// The directory. Used by one process at a time, which holds a lock; files that another has left there are removed.
class SpillSpace {
 public:
  static constexpr std::uint64_t kLimit = 64ULL << 30;
  static constexpr std::string_view kSuffix = ".spill";

  // Without a name it is one below $TMPDIR or /var/tmp, which no other process uses and which is removed in the end.
  // `limit`: bytes that all files may have together.
  explicit SpillSpace(std::filesystem::path directory = {}, std::uint64_t limit = kLimit);
  ~SpillSpace();
  SpillSpace(const SpillSpace&) = delete;
  SpillSpace& operator=(const SpillSpace&) = delete;

  // Makes the directory, if it is not there, locks it, and removes all spill files but those in `keep`. Done by the
  // first file, if not before. Error(kBusy) when another process has it, Error(kOperation) when it cannot be used.
  void open(const std::set<std::string>& keep = {});

  const std::filesystem::path& directory() const { return directory_; }
  std::uint64_t limit() const { return limit_; }
  // A checkpoint is durable. Files that were saved, and whose transactions had ended before the checkpoint before it,
  // go now: that one may still be needed, and names what has ended since.
  void remove_ended();

  std::uint64_t bytes() const { return bytes_; }  // of all files
  std::size_t files() const { return files_; }
  std::uint64_t files_made() const { return next_number_ - 1; }  // so far

 private:
  friend class SpillFile;
  bool lock();
  void remove_left_files(const std::set<std::string>& keep) const;
  void resize(std::uint64_t from, std::uint64_t to);

  std::filesystem::path directory_;
  std::uint64_t limit_;
  bool own_;  // chosen here
  int lock_ = -1;
  std::uint64_t bytes_ = 0;
  std::size_t files_ = 0;
  std::uint64_t next_number_ = 1;  // of a file
  struct Ended {
    std::filesystem::path path;
    std::uint64_t length;
  };
  std::vector<Ended> ended_, ended_before_;  // since the last remove_ended(), and before
};

// The file of one transaction. It is opened for each use only, so that any number may exist. All throw
// Error(kOperation) when the system fails, SpillFull when there is no room, and Error(kIntegrity) for bytes that are
// not those that were written.
class SpillFile {
 public:
  SpillFile(SpillSpace& space, const TransactionId& id);
  // Removes the file; one that was saved stays until SpillSpace::remove_ended().
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  // The file as it was saved, with the state of then; cut off behind. It goes on from there. The space is open, and has
  // kept the file.
  static std::unique_ptr<SpillFile> reopen(SpillSpace& space, const SavedSpill& saved, SpilledState& state);

  const TransactionId& id() const { return id_; }
  const std::filesystem::path& path() const { return path_; }
  std::uint32_t chunks() const { return static_cast<std::uint32_t>(chunks_.size()); }
  std::uint32_t size(std::uint32_t number) const { return chunks_[number].size; }
  std::uint32_t last(std::uint32_t number) const { return chunks_[number].last; }
  std::uint64_t length() const { return end_; }
  std::uint64_t bytes() const { return bytes_; }  // of the chunks

  // Writes a chunk: the next one, or anew one that was written before.
  void write(std::uint32_t number, Bytes bytes, std::uint32_t last);
  // Reads a whole chunk, size(number) bytes, and checks it.
  void read(std::uint32_t number, std::uint8_t* to) const;
  // A part of a chunk, unchecked: read() has looked at it before. `from` as place_of() counts.
  void read_part(std::uint64_t from, std::uint8_t* to, std::size_t size) const;
  // Where the bytes of a chunk begin.
  std::uint64_t place_of(std::uint32_t number) const;
  // Forgets the chunks from `number` on.
  void forget_from(std::uint32_t number);

  // Writes the state behind the chunks, which are all chunks of the transaction, and forces all to the disk.
  SavedSpill save(const SpilledState& state);

 private:
  struct Frame {
    std::uint64_t at;
    std::uint32_t size;
    std::uint32_t last;
  };
  SpillFile(SpillSpace& space, std::filesystem::path path) : space_(space), path_(std::move(path)) {}
  void remove();
  void read_frames(const SavedSpill& saved, SpilledState& state);
  std::uint64_t write_frame(std::uint64_t at, std::uint32_t kind, std::uint32_t number, Bytes bytes,
                            std::uint32_t last);
  std::uint64_t checksum(std::uint64_t at, const std::uint8_t* frame, Bytes bytes) const;
  [[noreturn]] void damaged(std::uint64_t at, const std::string& what) const;

  SpillSpace& space_;
  std::filesystem::path path_;
  TransactionId id_;
  std::uint64_t nonce_ = 0;
  std::vector<Frame> chunks_;
  std::uint64_t end_ = 0;    // of what is in use
  std::uint64_t saved_ = 0;  // not to be written over below
  std::uint64_t bytes_ = 0;
};

}  // namespace redoubt::capture
