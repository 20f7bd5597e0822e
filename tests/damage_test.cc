// Damaged logs, all of them: a small simulated log cut at every length and with every bit flipped goes through the
// whole way from file to JSON. With checksums each damage is found and named; with the checksum mended nothing crashes
// and nothing grows.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <map>
#include <sstream>
#include <string>

#include "base/file.h"
#include "capture/core.h"
#include "capture/log_set.h"
#include "redo/header.h"
#include "simulate/simulation.h"
#include "sink/json_writer.h"

namespace redoubt {
namespace {

namespace fs = std::filesystem;

// What one log gives: its JSON, and the error that ended it, if any.
struct Outcome {
  std::string json;
  bool failed = false;
  ErrorCode code = ErrorCode::kOperation;
  std::string message;
  std::uint32_t block = 0;  // of the damage
  std::vector<std::string> warnings;
};

class Damage : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::path(testing::TempDir()) / ("damage_" + std::to_string(::getpid()));
    make_log(6);
  }
  void make_log(std::uint64_t transactions) {
    fs::remove_all(directory_);
    simulate::Options options;
    options.directory = directory_;
    options.seed = 7;
    options.transactions = transactions;
    options.workload = "small";
    simulate::simulate(options);
    for (const auto& entry : fs::directory_iterator(directory_))
      if (entry.path().extension() == ".dbf") log_ = read_file(entry.path());
    ASSERT_FALSE(log_.empty());
    tracker_ = std::make_unique<capture::DictionaryTracker>(
        capture::DictionaryTracker::load({directory_ / "schema.json"}, ""));
    path_ = directory_ / "damaged.dbf";
  }
  void TearDown() override { fs::remove_all(directory_); }

  Outcome read(const std::string& log, capture::DamagePolicy policy = capture::DamagePolicy::kStop) {
    fs::remove(path_);  // to write over it would make some file systems wait for the disk
    OutputFile(path_).write(log);
    Outcome outcome;
    TextBuffer text;
    try {
      capture::LogSet set = capture::find_logs({path_});
      capture::Core::Options options;
      options.on_corruption = policy;
      capture::Core core(*tracker_, options);
      capture::ThreadStream::Options reading;
      reading.on_corruption = policy;
      reading.passed_over = [&](std::uint16_t number, redo::Rba rba, const std::string& what) {
        outcome.warnings.push_back(what);
        outcome.block = rba.block;
        core.note_hole(number);
      };
      capture::ThreadStream stream(std::move(set.threads.begin()->second), reading);
      sink::JsonWriter writer(tracker_->facts());
      change::Batch batch;
      core.open_thread(set.threads.begin()->first);
      const auto drain = [&] {
        while (core.take(batch)) writer.write(batch, text);
        for (const capture::Event& event : core.take_events()) {
          if (event.kind != capture::Event::Kind::kWarning) continue;
          if (outcome.warnings.empty()) outcome.block = event.rba.block;
          outcome.warnings.push_back(event.text);
        }
      };
      while (core.step()) {
        drain();
        core.feed(core.hungry(), stream.next_group());
      }
      drain();
    } catch (const redo::CorruptRedo& e) {
      outcome.failed = true;
      outcome.code = e.code();
      outcome.message = e.what();
      outcome.block = e.rba().block;
    } catch (const Error& e) {
      outcome.failed = true;
      outcome.code = e.code();
      outcome.message = e.what();
    }
    outcome.json = text.str();
    return outcome;
  }

  // The lines of each transaction.
  static std::map<std::string, std::string> transactions(const Outcome& outcome) {
    std::map<std::string, std::string> result;
    std::istringstream lines(outcome.json);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t xid = line.find("\"xid\":\"");
      result[line.substr(xid, line.find(',', xid) - xid)] += line + "\n";
    }
    return result;
  }
  // A transaction that is told either is what it is without damage, or says that it may not be.
  static void expect_right_or_suspect(const Outcome& damaged, const Outcome& whole) {
    const auto right = transactions(whole);
    for (const auto& [xid, lines] : transactions(damaged)) {
      const bool suspect = lines.substr(0, lines.find('\n')).find("\"suspect\":true") != std::string::npos;
      if (!suspect) {
        EXPECT_EQ(lines, right.at(xid));
      }
    }
  }

  // Makes the checksum of a block right again.
  void mend(std::string& log, std::size_t block) const {
    std::uint8_t* b = reinterpret_cast<std::uint8_t*>(log.data()) + block * kBlock;
    const std::size_t at = block == 0 ? 16 : 14;
    std::memset(b + at, 0, 2);
    const std::uint16_t sum = redo::block_xor(b, kBlock);
    std::memcpy(b + at, &sum, 2);
  }

  static constexpr std::size_t kBlock = 512;
  fs::path directory_, path_;
  std::string log_;
  std::unique_ptr<capture::DictionaryTracker> tracker_;
};

TEST_F(Damage, TheWholeLogIsRead) {
  const Outcome whole = read(log_);
  EXPECT_FALSE(whole.failed) << whole.message;
  EXPECT_NE(whole.json.find("\"commit\""), std::string::npos);
}

// A closed log says how long it is: every shorter file is refused, and what was committed before the cut is told.
TEST_F(Damage, EveryLength) {
  const std::string whole = read(log_).json;
  for (std::size_t size = 0; size < log_.size(); ++size) {
    const Outcome cut = read(log_.substr(0, size));
    ASSERT_TRUE(cut.failed) << "accepted with " << size << " of " << log_.size() << " bytes";
    ASSERT_EQ(whole.substr(0, cut.json.size()), cut.json) << "with " << size << " bytes";
    ASSERT_NE(cut.message.find(path_.string()), std::string::npos);
    if (size >= 2 * kBlock) {
      ASSERT_EQ(cut.code, ErrorCode::kIntegrity) << cut.message;
      ASSERT_EQ(cut.block, size / kBlock) << cut.message;
    }
  }
}

TEST_F(Damage, EveryBitIsFoundAndNamed) {
  const std::string whole = read(log_).json;
  for (std::size_t bit = 0; bit < log_.size() * 8; ++bit) {
    std::string log = log_;
    log[bit / 8] = static_cast<char>(log[bit / 8] ^ 1 << bit % 8);
    const Outcome flipped = read(log);
    const std::size_t block = bit / 8 / kBlock;
    ASSERT_TRUE(flipped.failed) << "byte " << bit / 8 << " bit " << bit % 8 << " was not found";
    ASSERT_EQ(whole.substr(0, flipped.json.size()), flipped.json) << "byte " << bit / 8;
    ASSERT_NE(flipped.message.find(path_.string()), std::string::npos);
    if (block >= 1) {
      ASSERT_EQ(flipped.code, ErrorCode::kIntegrity) << "byte " << bit / 8 << ": " << flipped.message;
      ASSERT_EQ(flipped.block, block) << "byte " << bit / 8 << ": " << flipped.message;
      ASSERT_NE(flipped.message.find("RBA"), std::string::npos);
    }
  }
}

// Without the help of the checksum everything must hold by itself: any outcome is right but a crash or much memory.
TEST_F(Damage, EveryBitWithTheChecksumMended) {
  std::map<bool, int> outcomes;
  for (std::size_t bit = 0; bit < log_.size() * 8; ++bit) {
    std::string log = log_;
    log[bit / 8] = static_cast<char>(log[bit / 8] ^ 1 << bit % 8);
    mend(log, bit / 8 / kBlock);
    ++outcomes[read(log).failed];
  }
  std::printf("%d logs read, %d refused\n", outcomes[false], outcomes[true]);
  EXPECT_GT(outcomes[false], 0);
  EXPECT_GT(outcomes[true], 0);
  struct rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
#ifdef __SANITIZE_ADDRESS__
  constexpr long kMemoryMax = 2L << 20;  // KiB; the sanitizer keeps freed memory
#else
  constexpr long kMemoryMax = 256L << 10;
#endif
  EXPECT_LT(usage.ru_maxrss, kMemoryMax);
}

// With --on-corruption skip a damaged block costs its group: what follows is told, and marked where it is not certain.
TEST_F(Damage, SkippingGoesOnBehindTheDamage) {
  make_log(60);
  const Outcome whole = read(log_);
  std::string log = log_;
  log[2 * kBlock + 100] = static_cast<char>(log[2 * kBlock + 100] ^ 1);
  const Outcome skipped = read(log, capture::DamagePolicy::kSkip);
  EXPECT_FALSE(skipped.failed) << skipped.message;
  ASSERT_EQ(skipped.warnings.size(), 1U);
  EXPECT_NE(skipped.warnings[0].find("the checksum of the block is wrong; blocks 2 to "), std::string::npos);
  EXPECT_EQ(skipped.block, 2U);
  EXPECT_NE(skipped.json.find("\"commit\""), std::string::npos);
  EXPECT_LT(skipped.json.size(), whole.json.size());
  expect_right_or_suspect(skipped, whole);
}

// Damage that no checksum shows, in every record: a vector that does not fit it, and an SCN out of order.
TEST_F(Damage, RecordsMayBeDamagedUnderAGoodChecksum) {
  make_log(30);
  const Outcome whole = read(log_);
  const auto bytes_of = [](std::string& log, redo::Rba rba, std::size_t offset) {
    const std::size_t payload = kBlock - redo::kBlockHeaderSize;
    const std::size_t at = rba.offset - redo::kBlockHeaderSize + offset;
    return std::pair(log.data() + (rba.block + at / payload) * kBlock + redo::kBlockHeaderSize + at % payload,
                     rba.block + at / payload);
  };
  std::vector<redo::Record> records;
  {
    OutputFile(path_).write(log_);
    redo::LogReader reader(path_);
    while (const redo::Group* group = reader.next_group())
      for (const redo::Record& r : group->records)
        if (r.valid()) records.push_back(r);
  }
  ASSERT_GT(records.size(), 30U);
  const auto damaged = [&](const redo::Record& record, std::size_t offset, char value, std::uint32_t* block) {
    std::string log = log_;
    const auto [p, number] = bytes_of(log, record.rba, offset);
    if (*p == value) return false;
    *p = value;
    mend(log, number);
    const Outcome stopped = read(log);
    EXPECT_TRUE(stopped.failed) << to_text(record.rba);
    EXPECT_EQ(stopped.code, ErrorCode::kIntegrity);
    EXPECT_NE(stopped.message.find(path_.string() + " at RBA"), std::string::npos) << stopped.message;
    const Outcome skipped = read(log, capture::DamagePolicy::kSkip);
    EXPECT_FALSE(skipped.failed) << skipped.message;
    EXPECT_GE(skipped.warnings.size(), 1U);
    EXPECT_NE(skipped.warnings.at(0).find(path_.string()), std::string::npos);
    EXPECT_GT(skipped.json.size(), 0U);
    expect_right_or_suspect(skipped, whole);
    *block = skipped.block;
    return true;
  };
  int orders = 0;
  for (const redo::Record& record : records) {
    std::uint32_t block = 0;
    // The length list of the first vector says 255 bytes more.
    ASSERT_TRUE(damaged(record, record.header_size() + redo::vector_header_size(redo::kVersion23) + 1, '\xFF', &block));
    EXPECT_EQ(block, record.rba.block);
    orders += damaged(record, 7, '\x7F', &block);  // bits 40 to 47 of the SCN
    orders += damaged(record, 9, 0, &block);       // bits 8 to 15
  }
  EXPECT_GT(orders, 30);
}

}  // namespace
}  // namespace redoubt
