#include "capture/spill_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <fstream>
#include <random>

#include "base/file.h"
#include "capture/transaction.h"

namespace redoubt::capture {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TransactionId kId{3, {10, 12, 572}};

class SpillFileTest : public testing::Test {
 protected:
  SpillFileTest() {
    std::string name = (fs::temp_directory_path() / "spill_test_XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~SpillFileTest() override { fs::remove_all(directory_); }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::string error_of(const std::function<void()>& f, ErrorCode code) {
    try {
      f();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), code) << e.what();
      return e.what();
    }
    return "no error";
  }

  fs::path directory_;
};

// A vector with one field.
ByteString vector_of(Bytes content) {
  ByteString v(32, 0);
  v[0] = 11;
  v[1] = 2;
  v.resize(40);
  store(v.data() + 32, std::uint16_t{4}, ByteOrder::kLittle);
  store(v.data() + 34, static_cast<std::uint16_t>(content.size()), ByteOrder::kLittle);
  v.resize(36);
  v.append(content.data(), content.size());
  v.resize(36 + align4(static_cast<std::uint32_t>(content.size())));
  return v;
}

Change head(std::uint32_t number) {
  Change c{};
  c.scn = 1000 + number;
  c.index = number;
  c.op = redo::opcode(11, 2);
  c.header_size = 32;
  return c;
}

// The list beside a plain model of it.
class Model {
 public:
  explicit Model(std::uint32_t seed) : random_(seed), t_(std::make_unique<OpenTransaction>(pool_)) {
    t_->con_id = kId.con_id;
    t_->xid = kId.xid;
    t_->in_slot = true;
  }

  std::uint32_t below(std::uint32_t n) { return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(random_); }
  ChangeList& list() { return t_->changes; }
  OpenTransaction& transaction() { return *t_; }

  void add() {
    ByteString content(below(200), 0);
    for (auto& byte : content) byte = static_cast<std::uint8_t>(random_());
    const ByteString undo = below(4) == 0 ? ByteString() : vector_of(content), redo = vector_of(content);
    const Change* c = list().add(head(next_), undo, redo);
    EXPECT_EQ(c->index, next_);
    live_.push_back({next_++, redo});
  }
  // The nth from the end is taken back.
  void cancel(std::size_t nth) {
    if (nth >= live_.size()) return;
    ChangeList::Backward back(list());
    const std::uint32_t wanted = live_[live_.size() - 1 - nth].first;
    Change* c = back.next();
    while (c && c->index != wanted) c = back.next();
    ASSERT_NE(c, nullptr);
    const ChangeList::Cancelled cancelled{back.place()};
    list().cancel({&cancelled, 1});
    list().trim();
    live_.erase(live_.end() - 1 - static_cast<std::ptrdiff_t>(nth));
  }
  void save_and_reopen(SpillSpace& space) {
    const SavedSpill saved = t_->save(space, {});
    const fs::path path = space.directory() / saved.file;
    ASSERT_EQ(fs::file_size(path), saved.length);
    // What comes later, or is torn, does not matter.
    std::ofstream(path, std::ios::app) << std::string(below(100), 'x');
    t_ = std::make_unique<OpenTransaction>(pool_);
    t_->con_id = kId.con_id;
    t_->xid = kId.xid;
    t_->in_slot = true;
    SpilledState state;
    auto file = SpillFile::reopen(space, saved, state);
    t_->restore(std::move(file), state);
  }
  void check() {
    EXPECT_EQ(list().empty(), live_.empty());
    std::size_t i = 0;
    t_->for_each([&](Change& c) {
      ASSERT_LT(i, live_.size());
      EXPECT_EQ(c.index, live_[i].first);
      EXPECT_TRUE(std::ranges::equal(c.redo().bytes, live_[i].second));
      ++i;
    });
    EXPECT_EQ(i, live_.size());
    ChangeList::Backward back(list());
    while (Change* c = back.next()) {
      if (c->cancelled) continue;
      EXPECT_EQ(c->index, live_[--i].first);
    }
    EXPECT_EQ(i, 0U);
  }
  // Takes all out, as for a commit.
  void take() {
    ChunkList taken(pool_);
    std::size_t i = 0;
    while (Chunk* chunk = list().take_front()) {
      for_each_change(*chunk, [&](Change& c) { EXPECT_EQ(c.index, live_.at(i++).first); });
      taken.adopt(chunk);
    }
    EXPECT_EQ(i, live_.size());
    list().clear();
    taken.clear();
    EXPECT_EQ(pool_.bytes_in_use(), 0U);
  }

 private:
  std::mt19937 random_;
  ChunkPool pool_;
  std::unique_ptr<OpenTransaction> t_;
  std::uint32_t next_ = 0;
  std::deque<std::pair<std::uint32_t, ByteString>> live_;
};

TEST_F(SpillFileTest, ChangesAreTheSameWhateverIsDoneWithThem) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    SpillSpace space(directory_);
    space.open();
    Model model(seed);
    const bool saves = seed % 3 == 0;
    for (int step = 0; step < 400; ++step) {
      const std::uint32_t dice = model.below(100);
      if (dice < 60) {
        model.add();
      } else if (dice < 80) {
        for (std::uint32_t n = model.below(seed % 2 == 0 ? 3 : 20); n > 0; --n) model.cancel(0);
      } else if (dice < 86) {
        model.cancel(model.below(60));
      } else if (dice < 92) {
        model.list().spill(space, kId, dice < 89);
      } else if (dice < 93) {
        model.list().load();
      } else if (dice < 95 && saves) {
        model.save_and_reopen(space);
      }
      if (step % 20 == 0) model.check();
    }
    model.check();
    model.take();
  }
}

TEST_F(SpillFileTest, TheRestOfTheTransactionIsSavedToo) {
  SpillSpace space(directory_);
  space.open();
  Model model(1);
  model.add();
  OpenTransaction& t = model.transaction();
  t.has_begin = t.has_begin_vector = t.lobs = true;
  t.begin_scn = 0x123456789ABC;
  t.decided_scn = 77;
  t.begin_rba = {812, 4410, 16};
  t.row_changes = 5'000'000;
  t.split_undo = std::make_unique<std::vector<std::uint8_t>>(std::vector<std::uint8_t>{1, 2, 3});
  model.save_and_reopen(space);
  const OpenTransaction& again = model.transaction();
  EXPECT_TRUE(again.has_begin && again.has_begin_vector && again.lobs && !again.dictionary && !again.suspect);
  EXPECT_EQ(again.begin_scn, 0x123456789ABCU);
  EXPECT_EQ(again.decided_scn, 77U);
  EXPECT_EQ(again.begin_rba, (Rba{812, 4410, 16}));
  EXPECT_EQ(again.row_changes, 5'000'000U);
  EXPECT_THAT(*again.split_undo, ElementsAre(1, 2, 3));
  model.check();
}

TEST_F(SpillFileTest, EveryStateIsItselfAgain) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    SpilledState state;
    state.has_begin = (random() & 1) != 0;
    state.dictionary = (random() & 1) != 0;
    state.lobs = (random() & 1) != 0;
    state.suspect = (random() & 1) != 0;
    state.split = (random() & 1) != 0;
    state.has_begin_vector = (random() & 1) != 0;
    state.owned_lobs.resize(random() % 4, {1, 2, 3, static_cast<std::uint8_t>(random())});
    state.begin_scn = random();
    state.decided_scn = random();
    state.begin_rba = {static_cast<std::uint32_t>(random()), static_cast<std::uint32_t>(random()),
                       static_cast<std::uint16_t>(random())};
    state.row_changes = static_cast<std::uint32_t>(random());
    if (state.split) state.split_undo.resize(random() % 50, 9);
    const std::vector<std::uint8_t> bytes = encode_state(state);
    EXPECT_EQ(decode_state(bytes), state);
    EXPECT_THROW(decode_state(Bytes(bytes).first(random() % 36)), Malformed);
  }
}

// A file of three chunks and its state.
SavedSpill saved_file(SpillSpace& space) {
  ChunkPool pool;
  pool.set_budget(1);
  OpenTransaction t(pool);
  t.con_id = kId.con_id;
  t.xid = kId.xid;
  t.in_slot = true;
  const ByteString content(100, 7), v = vector_of(content);
  for (std::uint32_t i = 0; i < 20; ++i) t.changes.add(head(i), v, v);
  return t.save(space, {});
}

TEST_F(SpillFileTest, DamageIsFoundWhereverItIs) {
  SpillSpace space(directory_);
  space.open();
  const SavedSpill saved = saved_file(space);
  const fs::path path = directory_ / saved.file;
  const std::string whole = read_file(path);
  ASSERT_EQ(whole.size(), saved.length);
  const auto reopen = [&](const std::string& bytes, const SavedSpill& as) {
    std::ofstream(path, std::ios::trunc) << bytes;
    return error_of(
        [&] {
          SpilledState state;
          SpillFile::reopen(space, as, state);
        },
        ErrorCode::kIntegrity);
  };
  for (std::size_t i = 0; i < whole.size(); i += i < 200 ? 1 : 997) {
    std::string bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x40);
    // Two bytes of the header mean nothing, and are checked all the same.
    EXPECT_THAT(reopen(bytes, saved), HasSubstr("start again from the logs")) << i;
    EXPECT_THAT(reopen(whole.substr(0, i), saved), HasSubstr(path.string())) << i;
    SavedSpill shorter = saved;
    shorter.length = i;
    EXPECT_THAT(reopen(whole, shorter), HasSubstr(path.string())) << i;
  }
  SavedSpill other = saved;
  ++other.checksum;
  EXPECT_THAT(reopen(whole, other), HasSubstr("not the state that was saved"));
  EXPECT_THAT(reopen(std::string(saved.length, 'x'), saved), HasSubstr("no spill file"));
  other = saved;
  other.file = "../" + saved.file;
  EXPECT_THAT(reopen(whole, other), HasSubstr("no name of a spill file"));
  EXPECT_EQ(reopen(whole, saved), "no error");
}

TEST_F(SpillFileTest, AFileOfAnotherTransactionIsNotMistaken) {
  SpillSpace space(directory_);
  space.open();
  const SavedSpill a = saved_file(space), b = saved_file(space);
  ASSERT_EQ(a.length, b.length);
  fs::rename(directory_ / b.file, directory_ / a.file);
  SpilledState state;
  EXPECT_THAT(error_of([&] { SpillFile::reopen(space, a, state); }, ErrorCode::kIntegrity),
              HasSubstr("not the state that was saved"));
}

TEST_F(SpillFileTest, WhatIsReadBackIsChecked) {
  SpillSpace space(directory_);
  Model model(1);
  for (int i = 0; i < 100; ++i) model.add();
  model.list().spill(space, kId, true);
  const fs::path path = model.list().file()->path();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(500);
  file << "damage";
  file.close();
  EXPECT_THAT(error_of([&] { model.check(); }, ErrorCode::kIntegrity), HasSubstr("is not what was written"));
  fs::resize_file(path, 300);
  EXPECT_THAT(error_of([&] { model.check(); }, ErrorCode::kIntegrity), HasSubstr("cut off"));
}

TEST_F(SpillFileTest, FilesLiveAsLongAsTheyAreWanted) {
  {
    SpillSpace space(directory_);
    EXPECT_THAT(files(), IsEmpty());
    {
      Model model(1);
      for (int i = 0; i < 100; ++i) model.add();
      model.list().spill(space, kId, false);
      EXPECT_EQ(files().size(), 2U) << "the lock and the file";
      EXPECT_EQ(space.files(), 1U);
      EXPECT_EQ(space.bytes(), fs::file_size(model.list().file()->path()));
    }
    EXPECT_EQ(space.bytes(), 0U);
    EXPECT_THAT(files(), ElementsAre("lock"));
    // A checkpoint may name a saved one until there is a newer.
    const SavedSpill saved = saved_file(space);
    EXPECT_THAT(files(), ElementsAre(saved.file, "lock"));
    EXPECT_EQ(space.bytes(), saved.length);
    space.remove_ended();
    EXPECT_GT(space.files(), 0U) << "the checkpoint before names it";
    space.remove_ended();
    EXPECT_EQ(space.bytes(), 0U);
    EXPECT_EQ(space.files(), 0U);
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(SpillFileTest, OneProcessAtATimeAndNothingOfAnother) {
  SpillSpace space(directory_);
  space.open();
  SpillSpace second(directory_);
  EXPECT_THAT(error_of([&] { second.open(); }, ErrorCode::kBusy), HasSubstr("another process spills there"));
  const SavedSpill kept = saved_file(space), left = saved_file(space);
  std::ofstream(directory_ / "letter.txt") << "not ours";

  // As after a kill: the lock is nobody's, the files are there.
  const pid_t child = fork();
  if (child == 0) {
    ::setenv("TMPDIR", directory_.c_str(), 1);
    SpillSpace own;
    own.open();
    std::ofstream(own.directory() / "1-2.spill") << "left";
    ::_exit(own.directory().filename() == "0" ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  ::setenv("TMPDIR", directory_.c_str(), 1);
  {
    SpillSpace own, other;
    own.open();
    other.open();
    EXPECT_EQ(own.directory().filename(), "0") << "that of the process that was killed";
    EXPECT_EQ(other.directory().filename(), "1");
    EXPECT_FALSE(fs::exists(own.directory() / "1-2.spill"));
  }
  ::unsetenv("TMPDIR");
  EXPECT_THAT(files(), testing::UnorderedElementsAre(kept.file, left.file, "letter.txt", "lock"));

  const fs::path there = directory_ / "there";
  fs::create_directory(there);
  fs::copy(directory_ / kept.file, there);
  fs::copy(directory_ / left.file, there);
  SpillSpace next(there);
  next.open({kept.file});
  EXPECT_TRUE(fs::exists(there / kept.file));
  EXPECT_FALSE(fs::exists(there / left.file));
  SpilledState state;
  EXPECT_EQ(SpillFile::reopen(next, kept, state)->id(), kId);
}

TEST_F(SpillFileTest, TheLimitStopsBeforeItIsPassed) {
  SpillSpace space(directory_, 10'000);
  Model model(1);
  for (int i = 0; i < 200; ++i) model.add();
  EXPECT_THAT(error_of([&] { model.list().spill(space, kId, true); }, ErrorCode::kOperation),
              HasSubstr("the limit of 10000 bytes"));
  EXPECT_LE(space.bytes(), 10'000U);
  model.check();
}

TEST_F(SpillFileTest, ADirectoryThatCannotBeUsedIsNamed) {
  std::ofstream(directory_ / "file") << "x";
  SpillSpace in_file(directory_ / "file");
  EXPECT_THAT(error_of([&] { in_file.open(); }, ErrorCode::kOperation), HasSubstr("--spill-dir"));
  SpillSpace nowhere(directory_ / "a" / "b");
  EXPECT_THAT(error_of([&] { nowhere.open(); }, ErrorCode::kOperation), HasSubstr((directory_ / "a" / "b").string()));
}

}  // namespace
}  // namespace redoubt::capture
