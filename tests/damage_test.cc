// Damaged logs, all of them: a small simulated log cut at every length and with every bit flipped goes through the
// whole way from file to JSON. With checksums each damage is found and named; with the checksum mended nothing crashes
// and nothing grows.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <map>
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
  std::uint32_t block = 0;  // of the damage, for corrupt redo
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

  Outcome read(const std::string& log) {
    {
      OutputFile file(path_);
      file.write(log);
    }
    Outcome outcome;
    TextBuffer text;
    try {
      capture::LogSet set = capture::find_logs({path_});
      capture::ThreadStream stream(std::move(set.threads.begin()->second), {});
      capture::Core core(*tracker_, {});
      sink::JsonWriter writer(tracker_->facts());
      change::Batch batch;
      core.open_thread(set.threads.begin()->first);
      while (core.step()) {
        while (core.take(batch)) writer.write(batch, text);
        core.feed(core.hungry(), stream.next_group());
      }
      while (core.take(batch)) writer.write(batch, text);
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
  {
    OutputFile file(path_);
    file.write(log);
  }
  capture::LogSet set = capture::find_logs({path_});
  capture::Core core(*tracker_, {});
  std::vector<std::string> passed_over;
  capture::ThreadStream::Options options;
  options.on_corruption = capture::DamagePolicy::kSkip;
  options.passed_over = [&](std::uint16_t, redo::Rba rba, const std::string& text) {
    EXPECT_EQ(rba.block, 2U);
    passed_over.push_back(text);
    core.note_hole();
  };
  capture::ThreadStream stream(std::move(set.threads.begin()->second), options);
  sink::JsonWriter writer(tracker_->facts());
  change::Batch batch;
  TextBuffer text;
  core.open_thread(set.threads.begin()->first);
  while (core.step()) {
    while (core.take(batch)) writer.write(batch, text);
    core.feed(core.hungry(), stream.next_group());
  }
  while (core.take(batch)) writer.write(batch, text);
  EXPECT_EQ(passed_over.size(), 1U);
  EXPECT_NE(text.view().find("\"commit\""), std::string_view::npos);
  EXPECT_LT(text.size(), whole.json.size());
}

}  // namespace
}  // namespace redoubt
