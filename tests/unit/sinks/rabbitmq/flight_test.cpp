#include "sinks/rabbitmq/flight.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

namespace sluice::sinks::rabbitmq {
namespace {

using Keys = std::vector<std::uint64_t>;

std::vector<std::size_t> send_all(Flight& flight) {
  std::vector<std::size_t> sent;
  while (const auto message = flight.next()) {
    flight.sent(*message);
    sent.push_back(*message);
  }
  return sent;
}

TEST(RabbitFlight, MessagesOfDifferentKeysFlyTogether) {
  const Keys keys = {1, 2, 3};
  Flight flight(keys, 10, 0);
  EXPECT_EQ(send_all(flight), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_FALSE(flight.landed());
  EXPECT_TRUE(flight.confirm({3, true, true}));
  EXPECT_TRUE(flight.landed());
  EXPECT_TRUE(flight.whole());
  EXPECT_EQ(flight.published(), 3U);
}

TEST(RabbitFlight, TheNextOfAKeyWaitsForTheConfirmation) {
  const Keys keys = {1, 1, 2, 1};
  Flight flight(keys, 10, 7);
  EXPECT_EQ(send_all(flight), (std::vector<std::size_t>{0, 2}));
  EXPECT_TRUE(flight.confirm({8, false, true}));
  EXPECT_EQ(send_all(flight), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(flight.confirm({0, true, true})) << "all that were sent";
  EXPECT_EQ(send_all(flight), (std::vector<std::size_t>{3}));
  EXPECT_FALSE(flight.landed());
  EXPECT_TRUE(flight.confirm({11, false, true}));
  EXPECT_TRUE(flight.whole());
}

TEST(RabbitFlight, TheWindowLimitsWhatIsInFlight) {
  const Keys keys = {1, 2, 3, 4};
  Flight flight(keys, 2, 0);
  EXPECT_EQ(send_all(flight), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(flight.confirm({2, false, true}));
  EXPECT_EQ(send_all(flight), (std::vector<std::size_t>{2}));
  EXPECT_EQ(flight.in_flight(), 2U);
}

TEST(RabbitFlight, ARejectedMessageEndsTheSending) {
  const Keys keys = {1, 1, 2, 2};
  Flight flight(keys, 10, 0);
  send_all(flight);
  EXPECT_TRUE(flight.confirm({1, false, false}));
  EXPECT_TRUE(flight.confirm({2, false, true}));
  EXPECT_EQ(flight.next(), std::nullopt);
  EXPECT_TRUE(flight.landed());
  EXPECT_FALSE(flight.whole());
  EXPECT_EQ(flight.first(Fate::rejected), 0U);
  EXPECT_EQ(flight.fate(2), Fate::stored);
  EXPECT_EQ(flight.fate(1), Fate::waiting);
  EXPECT_EQ(flight.fate(3), Fate::waiting);
}

TEST(RabbitFlight, ASingleConfirmationIsOfThisMessageOnly) {
  const Keys keys = {1, 2, 3};
  Flight flight(keys, 10, 0);
  send_all(flight);
  EXPECT_TRUE(flight.confirm({2, false, true}));
  EXPECT_EQ(flight.fate(0), Fate::sent);
  EXPECT_TRUE(flight.confirm({3, true, false})) << "rejects those that are open";
  EXPECT_EQ(flight.fate(0), Fate::rejected);
  EXPECT_EQ(flight.fate(1), Fate::stored);
  EXPECT_EQ(flight.fate(2), Fate::rejected);
}

/// The broker confirms a message that it has returned, too.
TEST(RabbitFlight, AReturnedMessageIsNotStored) {
  const Keys keys = {1, 1, 2};
  Flight flight(keys, 10, 0);
  send_all(flight);
  const auto found = flight.find_in_flight([](std::size_t message) { return message == 0; });
  ASSERT_EQ(found, 0U);
  flight.return_to_sender(0);
  EXPECT_EQ(flight.find_in_flight([](std::size_t message) { return message == 0; }), std::nullopt);
  EXPECT_TRUE(flight.confirm({2, true, true}));
  EXPECT_EQ(flight.fate(0), Fate::returned);
  EXPECT_EQ(flight.fate(2), Fate::stored);
  EXPECT_TRUE(flight.landed());
  EXPECT_FALSE(flight.whole());
}

TEST(RabbitFlight, ARefusedMessageDoesNotHoldUpOthers) {
  const Keys keys = {1, 1, 2};
  Flight flight(keys, 10, 0);
  ASSERT_EQ(flight.next(), 0U);
  flight.refuse(0);
  EXPECT_EQ(send_all(flight), (std::vector<std::size_t>{2}));
  EXPECT_TRUE(flight.confirm({1, false, true}));
  EXPECT_TRUE(flight.landed());
  EXPECT_EQ(flight.first(Fate::refused), 0U);
  EXPECT_EQ(flight.fate(1), Fate::waiting);
}

TEST(RabbitFlight, ConfirmationsOfNothingAreSeen) {
  const Keys keys = {1, 2};
  Flight flight(keys, 10, 5);
  send_all(flight);
  EXPECT_FALSE(flight.confirm({5, false, true})) << "of an earlier flight";
  EXPECT_FALSE(flight.confirm({8, false, true})) << "not sent yet";
  EXPECT_FALSE(flight.confirm({0, false, true}));
  EXPECT_TRUE(flight.confirm({6, false, true}));
  EXPECT_FALSE(flight.confirm({6, false, true})) << "a second time";
  EXPECT_TRUE(flight.confirm({7, true, true}));
  EXPECT_FALSE(flight.confirm({7, true, true}));
}

/// A broker with a queue, which confirms in any order, rejects, returns, and loses connections. A lane sends
/// its batch again until all is stored, as the outlet does.
class BrokerModel {
 public:
  BrokerModel(std::mt19937_64& random, const Keys& keys) : random_(random), keys_(keys) {}

  void run() {
    std::vector<std::size_t> missing(keys_.size());
    for (std::size_t i = 0; i < missing.size(); ++i) missing[i] = i;
    for (int attempt = 0; !missing.empty(); ++attempt) {
      ASSERT_LT(attempt, 100'000);
      attempt_once(missing);
    }
  }

  /// First arrivals of each key are in order, and nothing is missing.
  void check() const {
    std::map<std::uint64_t, std::size_t> last;
    std::set<std::size_t> seen;
    for (const std::size_t message : queue_) {
      if (!seen.insert(message).second) continue;
      const auto [place, first] = last.try_emplace(keys_[message], message);
      EXPECT_TRUE(first || place->second < message) << message << " behind " << place->second;
      place->second = std::max(place->second, message);
    }
    seen.insert(dead_.begin(), dead_.end());
    EXPECT_EQ(seen.size(), keys_.size());
  }

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  void attempt_once(std::vector<std::size_t>& missing) {
    Keys keys;
    for (const std::size_t i : missing) keys.push_back(keys_[i]);
    const std::uint64_t published = random_() % 1000;
    Flight flight(keys, 1 + random_() % 8, published);
    std::vector<std::uint64_t> open;  // tags that are not confirmed yet
    std::map<std::uint64_t, bool> stores;
    std::uint64_t tag = published;
    const bool breaks = chance(30);
    while (!flight.landed()) {
      while (const auto message = flight.next()) {
        flight.sent(*message);
        open.push_back(++tag);
        const std::size_t which = missing[*message];
        if (chance(3)) {
          flight.return_to_sender(*message);
          stores[tag] = true;
        } else {
          stores[tag] = !chance(5);
          if (stores[tag]) queue_.push_back(which);
        }
        // Whatever is in flight, the queue may have a message without its confirmation ever arriving.
        if (breaks && chance(5)) return settle(flight, missing);
      }
      if (open.empty()) break;
      confirm_some(flight, open, stores);
    }
    settle(flight, missing);
  }

  void confirm_some(Flight& flight, std::vector<std::uint64_t>& open,
                    const std::map<std::uint64_t, bool>& stores) {
    const std::size_t at = random_() % open.size();
    const bool ack = stores.at(open[at]);
    if (chance(50)) {  // all up to it, if all of them fared alike
      const auto end = open.begin() + static_cast<std::ptrdiff_t>(at) + 1;
      if (std::all_of(open.begin(), end, [&](std::uint64_t tag) { return stores.at(tag) == ack; })) {
        EXPECT_TRUE(flight.confirm({open[at], true, ack}));
        open.erase(open.begin(), end);
        return;
      }
    }
    EXPECT_TRUE(flight.confirm({open[at], false, ack}));
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void settle(const Flight& flight, std::vector<std::size_t>& missing) {
    std::vector<std::size_t> left;
    bool dead = false;
    for (std::size_t i = 0; i < missing.size(); ++i) {
      if (flight.fate(i) == Fate::stored) continue;
      if (flight.fate(i) == Fate::returned && !dead) {
        dead = true;  // one dead letter for each attempt
        dead_.insert(missing[i]);
        continue;
      }
      left.push_back(missing[i]);
    }
    missing = left;
  }

  std::mt19937_64& random_;
  const Keys& keys_;
  std::vector<std::size_t> queue_;
  std::set<std::size_t> dead_;
};

TEST(RabbitFlight, NothingIsLostAndEachKeyStaysInOrder) {
  const char* stated = std::getenv("SLUICE_SEED");
  const std::uint64_t seed = stated != nullptr ? std::strtoull(stated, nullptr, 10) : std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    Keys keys(1 + random() % 60);
    const std::uint64_t different = 1 + random() % 20;
    for (auto& key : keys) key = random() % different;
    BrokerModel model(random, keys);
    model.run();
    model.check();
    ASSERT_FALSE(HasFailure()) << "SLUICE_SEED=" << seed << ", round " << round;
  }
}

}  // namespace
}  // namespace sluice::sinks::rabbitmq
