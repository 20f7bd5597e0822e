#include "database/interrupter.h"

#include <gtest/gtest.h>
#include <atomic>
#include <future>

namespace redoubt::database {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Reason = Interrupter::Reason;

TEST(Interrupter, NothingRunsNothingIsAsked) {
  std::atomic<int> asked = 0;
  Interrupter interrupter([&] { ++asked; });
  interrupter.cancel();
  interrupter.begin();
  EXPECT_EQ(interrupter.interrupted(), Reason::kNone) << "a statement begun later is hit";
  EXPECT_FALSE(interrupter.end(seconds(10)));
  EXPECT_EQ(asked, 0);
}

TEST(Interrupter, AQuestionUnderWayIsWaitedFor) {
  std::promise<void> reached, answer;
  std::atomic<int> asked = 0;
  Interrupter interrupter([&] {
    if (++asked == 1) reached.set_value(), answer.get_future().wait();
  });
  interrupter.begin();
  interrupter.cancel();
  interrupter.cancel();
  reached.get_future().wait();
  EXPECT_EQ(interrupter.interrupted(), Reason::kCancelled);
  auto ended = std::async(std::launch::async, [&] { return interrupter.end(seconds(60)); });
  EXPECT_EQ(ended.wait_for(milliseconds(50)), std::future_status::timeout) << "it did not wait";
  answer.set_value();
  EXPECT_TRUE(ended.get());
  EXPECT_FALSE(interrupter.answers_late());
  interrupter.begin();
  EXPECT_EQ(interrupter.interrupted(), Reason::kNone);
  EXPECT_FALSE(interrupter.end(seconds(10)));
  EXPECT_EQ(asked, 1);
}

TEST(Interrupter, IsAskedAgainWhileTheStatementGoesOn) {
  std::promise<void> third;
  std::atomic<int> asked = 0;
  Interrupter interrupter([&] {
    if (++asked == 3) third.set_value();
  });
  interrupter.begin();
  interrupter.cancel();
  EXPECT_EQ(third.get_future().wait_for(seconds(60)), std::future_status::ready);
  interrupter.end(seconds(60));
}

TEST(Interrupter, ADeadlineEndsWhatRunsAndAParkedOneDoesNot) {
  std::promise<void> asked;
  std::once_flag once;
  Interrupter interrupter([&] { std::call_once(once, [&] { asked.set_value(); }); });
  interrupter.begin();
  interrupter.set_deadline(Interrupter::Clock::now() + milliseconds(5));
  interrupter.set_deadline(Interrupter::Clock::time_point::max());
  std::this_thread::sleep_for(milliseconds(30));
  EXPECT_EQ(interrupter.interrupted(), Reason::kNone);
  interrupter.set_deadline(Interrupter::Clock::now() + milliseconds(5));
  ASSERT_EQ(asked.get_future().wait_for(seconds(60)), std::future_status::ready);
  EXPECT_EQ(interrupter.interrupted(), Reason::kTimeout);
  EXPECT_TRUE(interrupter.end(seconds(60)));
}

TEST(Interrupter, PartsOfALongerWorkAreCancelledWithIt) {
  Interrupter interrupter([] {});
  interrupter.begin();
  interrupter.cancel();  // between its parts
  interrupter.begin();
  EXPECT_EQ(interrupter.interrupted(), Reason::kCancelled);
  EXPECT_FALSE(interrupter.end(seconds(60)));
  EXPECT_EQ(interrupter.interrupted(), Reason::kCancelled);
  interrupter.end(seconds(60));
  EXPECT_EQ(interrupter.interrupted(), Reason::kNone);
}

TEST(Interrupter, ASilentServerHoldsNobodyUp) {
  auto never = std::make_shared<std::promise<void>>();
  std::promise<void> reached;
  {
    Interrupter interrupter([&reached, never] { reached.set_value(), never->get_future().wait(); });
    interrupter.begin();
    interrupter.cancel();
    reached.get_future().wait();
    EXPECT_TRUE(interrupter.end(milliseconds(20)));
    EXPECT_TRUE(interrupter.answers_late());
  }
  never->set_value();
}

// Cancelled at every moment of very short statements: none is hit that was begun after the call returned.
TEST(Interrupter, ManyCancelsAgainstManyStatements) {
  std::atomic<std::int64_t> running = 0, asked_of = 0;
  Interrupter interrupter([&] { asked_of = running.load(); });
  std::jthread other([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) interrupter.cancel();
  });
  std::int64_t hit = 0;
  for (std::int64_t i = 1; i <= 1'000 || hit == 0; ++i) {
    running = i;
    interrupter.begin();
    std::this_thread::yield();
    if (interrupter.end(seconds(60))) {
      ++hit;
      ASSERT_EQ(asked_of, i);
    }
  }
}

}  // namespace
}  // namespace redoubt::database
