#include "sinks/kafka/reports.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice::sinks::kafka {
namespace {

using namespace std::chrono_literals;

TEST(KafkaReports, LandWhenTheLastOneHasCome) {
  Reports reports;
  reports.begin(3);
  auto* first = reports.expect(0);
  auto* second = reports.expect(1);
  EXPECT_EQ(reports.fate(2), unsent);
  EXPECT_FALSE(reports.wait_until(flow::Clock::now()));
  Reports::delivered(first, stored);
  EXPECT_FALSE(reports.any_failed());
  EXPECT_EQ(reports.pending(), 1U);
  Reports::delivered(second, -185);
  EXPECT_TRUE(reports.any_failed());
  EXPECT_TRUE(reports.wait_until(flow::Clock::now() + 1s));
  EXPECT_EQ(reports.fate(0), stored);
  EXPECT_EQ(reports.fate(1), -185);
}

TEST(KafkaReports, AMessageThatWasNotTakenIsNotWaitedFor) {
  Reports reports;
  reports.begin(2);
  reports.expect(0);
  reports.not_taken(0, refused);
  reports.not_taken(1, refused);
  EXPECT_TRUE(reports.wait_until(flow::Clock::now()));
  EXPECT_EQ(reports.fate(0), refused);
}

/// Flight after flight, with the reports on another thread: none is missed, and each flight lands.
TEST(KafkaReports, FromAnotherThread) {
  constexpr std::size_t flights = 2000;
  constexpr std::size_t messages = 50;
  Reports reports;
  for (std::size_t flight = 0; flight < flights; ++flight) {
    reports.begin(messages);
    std::vector<Reports::Slot*> slots;
    for (std::size_t i = 0; i < messages; ++i) slots.push_back(reports.expect(i));
    std::jthread other([slots] {
      for (auto* slot : slots) Reports::delivered(slot, stored);
    });
    ASSERT_TRUE(reports.wait_until(flow::Clock::now() + 60s));
    for (std::size_t i = 0; i < messages; ++i) ASSERT_EQ(reports.fate(i), stored);
    if (flight % 2 == 0) other.join();  // otherwise the thread may still be in its last call
  }
}

TEST(KafkaReports, OfAProducerThatWasDestroyedAreForgotten) {
  Reports reports;
  reports.begin(2);
  Reports::delivered(reports.expect(0), stored);
  reports.expect(1);
  EXPECT_EQ(reports.sent(), 2U);
  EXPECT_EQ(reports.pending(), 1U);
  reports.forget();
  EXPECT_EQ(reports.pending(), 0U);
  reports.begin(1);
  EXPECT_FALSE(reports.any_failed());
  EXPECT_EQ(reports.pending(), 0U);
}

}  // namespace
}  // namespace sluice::sinks::kafka
