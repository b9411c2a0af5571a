#include "flow/request_batcher.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace sluice::flow {
namespace {

using Rounds = std::vector<RequestBatcher::Round>;

TEST(RequestBatcher, PutTogetherWhatIsOfOneGroup) {
  const std::vector<Parcelled> messages{{1, "insert a"}, {2, "delete a"}, {3, "insert a"}, {4, "insert b"}};
  EXPECT_EQ(RequestBatcher::arrange(messages, 10), (Rounds{{{0, 2}, {1}, {3}}}));
}

TEST(RequestBatcher, HoldNoMoreThanTheyMay) {
  const std::vector<Parcelled> messages{{1, "g"}, {2, "g"}, {3, "g"}, {4, "g"}, {5, "g"}};
  EXPECT_EQ(RequestBatcher::arrange(messages, 2), (Rounds{{{0, 1}, {2, 3}, {4}}}));
}

TEST(RequestBatcher, OneDocumentsMessagesStayInOrderWithinAParcel) {
  const std::vector<Parcelled> messages{{1, "g"}, {2, "g"}, {1, "g"}};
  EXPECT_EQ(RequestBatcher::arrange(messages, 10), (Rounds{{{0, 1, 2}}}));
}

TEST(RequestBatcher, WhatWouldOvertakeWaitsForTheNextRound) {
  const std::vector<Parcelled> messages{{1, "insert a"}, {2, "insert a"}, {1, "delete a"}, {1, "insert a"}};
  EXPECT_EQ(RequestBatcher::arrange(messages, 10), (Rounds{{{0, 1}}, {{2}}, {{3}}}));
}

TEST(RequestBatcher, OneThatHasToGoAloneDoes) {
  const std::vector<Parcelled> messages{{1, "g"}, {2, "g", true}, {3, "g"}, {2, "g"}};
  EXPECT_EQ(RequestBatcher::arrange(messages, 10), (Rounds{{{0, 2}, {1}}, {{3}}}));
}

TEST(RequestBatcher, NothingMakesNoRound) {
  EXPECT_TRUE(RequestBatcher::arrange({}, 10).empty());
}

/// Whatever comes: each message once, none before one of its key, none of a key in two parcels of a round.
TEST(RequestBatcher, NeverOvertake) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> groups{"a", "b", "c"};
  for (int run = 0; run < 200; ++run) {
    std::vector<Parcelled> messages;
    for (std::size_t i = random() % 60; i > 0; --i)
      messages.push_back({random() % 10, groups[random() % 3], random() % 8 == 0});
    const std::size_t most = 1 + random() % 6;
    std::set<std::size_t> seen;
    std::map<std::uint64_t, std::size_t> last;
    for (const auto& round : RequestBatcher::arrange(messages, most)) {
      std::set<std::uint64_t> keys;
      for (const auto& parcel : round) {
        ASSERT_LE(parcel.size(), most);
        std::set<std::uint64_t> own;
        for (const std::size_t place : parcel) {
          const Parcelled& message = messages[place];
          ASSERT_TRUE(seen.insert(place).second);
          ASSERT_EQ(message.group, messages[parcel.front()].group);
          ASSERT_FALSE(message.alone && parcel.size() > 1);
          ASSERT_FALSE(keys.contains(message.key)) << "two parcels of a round hold it";
          ASSERT_TRUE(!last.contains(message.key) || last[message.key] < place);
          last[message.key] = place;
          own.insert(message.key);
        }
        keys.merge(own);
      }
    }
    ASSERT_EQ(seen.size(), messages.size());
  }
}

}  // namespace
}  // namespace sluice::flow
