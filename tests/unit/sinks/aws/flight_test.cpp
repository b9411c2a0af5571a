#include "sinks/aws/flight.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

namespace sluice::sinks::aws {
namespace {

using Places = Flight::Places;

TEST(AwsFlight, TenMessagesShareARequest) {
  std::vector<Outgoing> messages;
  for (std::uint64_t i = 0; i < 23; ++i) messages.push_back({.group = i, .bytes = 1});
  Flight flight(messages, {});
  EXPECT_EQ(flight.next()->size(), 10U);
  EXPECT_EQ(flight.next()->size(), 10U);
  EXPECT_EQ(*flight.next(), (Places{20, 21, 22}));
  EXPECT_FALSE(flight.next());
  EXPECT_EQ(flight.in_flight(), 23U);
}

TEST(AwsFlight, OneMessageOfEachGroupIsInFlight) {
  const std::vector<Outgoing> messages = {{.group = 1}, {.group = 1}, {.group = 2}, {.group = 1}};
  Flight flight(messages, {});
  EXPECT_EQ(*flight.next(), (Places{0, 2}));
  EXPECT_FALSE(flight.next());
  flight.acknowledged(0);
  EXPECT_EQ(*flight.next(), (Places{1}));
  flight.failed(1);
  flight.acknowledged(2);
  EXPECT_FALSE(flight.next()) << "nothing follows a message that failed";
  EXPECT_FALSE(flight.whole());
  EXPECT_EQ(flight.acknowledged(), 2U);
}

TEST(AwsFlight, AFailureStopsItsGroupAlone) {
  const std::vector<Outgoing> messages = {{.group = 1}, {.group = 2}, {.group = 1}, {.group = 2}};
  Flight flight(messages, {});
  EXPECT_EQ(*flight.next(), (Places{0, 1}));
  flight.failed(0);
  flight.acknowledged(1);
  EXPECT_EQ(*flight.next(), (Places{3}));
}

TEST(AwsFlight, RequestsHaveALimitInBytes) {
  const std::vector<Outgoing> messages = {{.group = 1, .bytes = 60},
                                          {.group = 2, .bytes = 40},
                                          {.group = 3, .bytes = 1},
                                          {.group = 4, .bytes = 500}};
  Flight flight(messages, {.bytes = 100});
  EXPECT_EQ(*flight.next(), (Places{0, 1}));
  EXPECT_EQ(*flight.next(), (Places{2}));
  EXPECT_EQ(*flight.next(), (Places{3})) << "whether it is too large is for the service to say";
}

TEST(AwsFlight, ARequestHasOneTarget) {
  const std::vector<Outgoing> messages = {
      {.group = 1, .target = 1}, {.group = 2, .target = 0}, {.group = 3, .target = 1}};
  Flight flight(messages, {});
  EXPECT_EQ(*flight.next(), (Places{1}));
  EXPECT_EQ(*flight.next(), (Places{0, 2}));
}

TEST(AwsFlight, SomeMessagesAreSentAlone) {
  const std::vector<Outgoing> messages = {
      {.group = 1}, {.group = 2, .alone = true}, {.group = 3, .alone = true}, {.group = 4}, {.group = 5}};
  Flight flight(messages, {});
  EXPECT_EQ(*flight.next(), (Places{0}));
  EXPECT_EQ(*flight.next(), (Places{1}));
  EXPECT_EQ(*flight.next(), (Places{2}));
  EXPECT_EQ(*flight.next(), (Places{3, 4}));
}

/// A service that stores some entries and refuses others, in requests that end in any order. A lane repeats
/// what was not acknowledged. In the end each message is stored, and those of a group are stored in their
/// order.
TEST(AwsFlight, PartialFailuresNeverInvertAGroup) {
  const char* stated = std::getenv("SLUICE_SEED");
  const std::uint64_t seed = stated != nullptr ? std::stoull(stated) : std::random_device()();
  SCOPED_TRACE("SLUICE_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t most) { return random() % most; };
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = 1 + below(60);
    std::vector<std::uint64_t> groups;
    for (std::size_t i = 0; i < count; ++i) groups.push_back(below(1 + below(12)));
    std::vector<std::size_t> missing(count);
    for (std::size_t i = 0; i < count; ++i) missing[i] = i;
    std::map<std::uint64_t, std::vector<std::size_t>> stored;
    for (int attempt = 0; !missing.empty(); ++attempt) {
      ASSERT_LT(attempt, 1000);
      std::vector<Outgoing> messages;
      for (const std::size_t i : missing)
        messages.push_back({groups[i], i % 3, 1 + below(50), below(20) == 0});
      Flight flight(messages, {.bytes = 100});
      std::vector<Places> sent;
      std::set<std::size_t> acknowledged;
      while (true) {
        const auto request = below(2) == 0 || sent.empty() ? flight.next() : std::nullopt;
        if (request) {
          ASSERT_LE(request->size(), 10U);
          std::set<std::uint64_t> once;
          for (const std::size_t place : *request) {
            EXPECT_TRUE(once.insert(messages[place].group).second);
            EXPECT_EQ(messages[place].target, messages[request->front()].target);
          }
          sent.push_back(*request);
          continue;
        }
        if (sent.empty()) break;
        std::swap(sent[below(sent.size())], sent.back());
        for (const std::size_t place : sent.back()) {
          if (below(10) < 3) {
            flight.failed(place);
            continue;
          }
          flight.acknowledged(place);
          acknowledged.insert(missing[place]);
          stored[messages[place].group].push_back(missing[place]);
        }
        sent.pop_back();
      }
      EXPECT_EQ(flight.in_flight(), 0U);
      EXPECT_EQ(flight.whole(), acknowledged.size() == missing.size());
      std::erase_if(missing, [&](std::size_t i) { return acknowledged.contains(i); });
    }
    std::size_t all = 0;
    for (const auto& [group, order] : stored) {
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << "group " << group;
      all += order.size();
    }
    ASSERT_EQ(all, count);
  }
}

}  // namespace
}  // namespace sluice::sinks::aws
