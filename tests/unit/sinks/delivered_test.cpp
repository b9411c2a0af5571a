#include "sinks/delivered.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <numeric>

#include "core/publish_plan.hpp"

namespace sluice::sinks {
namespace {

using Places = std::vector<std::size_t>;

class Takes final : public Outlet {
 public:
  using Outlet::takes;
  bool takes(const DeliveryPlan& plan) const override { return plan.sink() == PublishPlan::sink_name; }
  std::string server_of(const DeliveryPlan&) const override { return "nats://n"; }
  std::optional<Error> prepare() override { return std::nullopt; }
  Outcome send(const Batch&) override { return {}; }
  void abandon() override {}
};

class DeliveredTest : public testing::Test {
 protected:
  /// A batch of messages with these ids; an empty one is something that is written to MongoDB.
  Batch batch(const std::vector<const Message*>& messages, const PublishPlan* plan = nullptr) const {
    Batch batch;
    for (const Message* message : messages) {
      if (message == nullptr) {
        batch.writes.emplace_back(std::make_shared<DeadLetterWrite>());
      } else {
        batch.writes.emplace_back(DeliverWrite{plan == nullptr ? &plan_ : plan, message, 0});
      }
    }
    return batch;
  }
  static Message with_id(std::string_view id) {
    Message message;
    message.id = id;
    return message;
  }

  PublishPlan plan_;
  PublishPlan other_plan_;
  Message a_ = with_id("a");
  Message b_ = with_id("b");
  Message c_ = with_id("c");
  Takes outlet_;
  Delivered delivered_;
};

TEST_F(DeliveredTest, WhatWentBeforeAFailureIsNotMissing) {
  const Batch both = batch({&a_, nullptr, &b_});
  EXPECT_EQ(delivered_.missing_of(both, outlet_), (Places{0, 2}));
  delivered_.remember(both, outlet_, {0}, false);
  EXPECT_EQ(delivered_.missing_of(both, outlet_), (Places{2}));
}

TEST_F(DeliveredTest, WhatIsDoneIsForgotten) {
  const Batch both = batch({&a_, &b_});
  delivered_.remember(both, outlet_, {0}, false);
  delivered_.remember(both, outlet_, {1}, true);
  EXPECT_EQ(delivered_.missing_of(both, outlet_), (Places{0, 1}));
}

/// What goes on to MongoDB may come again with the same messages.
TEST_F(DeliveredTest, ABatchThatGoesOnIsRememberedWhole) {
  const Batch mixed = batch({&a_, nullptr, &b_});
  delivered_.remember(mixed, outlet_, {0, 2}, true);
  EXPECT_EQ(delivered_.missing_of(mixed, outlet_), Places{});
  delivered_.remember(batch({&b_}), outlet_, {0}, true);
  EXPECT_EQ(delivered_.missing_of(mixed, outlet_), (Places{2}));
}

/// A lane that sets one message aside goes on with fewer at once: the others wait for their turn.
TEST_F(DeliveredTest, WhatASmallerBatchLeavesOutIsKept) {
  delivered_.remember(batch({&a_, &b_, &c_}), outlet_, {0, 2}, false);
  const Batch smaller = batch({&a_, nullptr});
  EXPECT_EQ(delivered_.missing_of(smaller, outlet_), Places{});
  delivered_.remember(smaller, outlet_, {}, true);
  EXPECT_EQ(delivered_.missing_of(batch({&b_, &c_}), outlet_), (Places{0}));
}

/// The next batch begins with another message: the one before it is through.
TEST_F(DeliveredTest, WhatWentOnIsForgottenWhenTheNextBatchComes) {
  const Batch mixed = batch({&a_, nullptr, &b_});
  delivered_.remember(mixed, outlet_, {0, 2}, true);
  EXPECT_EQ(delivered_.missing_of(batch({nullptr}), outlet_), Places{});
  EXPECT_EQ(delivered_.missing_of(mixed, outlet_), Places{});
  EXPECT_EQ(delivered_.missing_of(batch({&c_}), outlet_), (Places{0}));
  EXPECT_EQ(delivered_.missing_of(mixed, outlet_), (Places{0, 2}));
}

/// A large batch failed in MongoDB, and small ones take its place. Each costs what it has, however many are
/// left.
TEST_F(DeliveredTest, SmallBatchesTakeALargeOnesPlace) {
  constexpr std::size_t many = 60'000;
  std::deque<std::string> ids;
  std::deque<Message> all;
  std::vector<const Message*> large;
  for (std::size_t i = 0; i < many; ++i) {
    ids.push_back("id " + std::to_string(i));
    large.push_back(&all.emplace_back(with_id(ids.back())));
  }
  const std::vector<const Message*> messages = large;
  large.push_back(nullptr);
  const Batch first = batch(large);
  Places places(many);
  std::iota(places.begin(), places.end(), 0);
  delivered_.remember(first, outlet_, places, true);
  for (const Message* message : messages) {
    const Batch small = batch({message});
    ASSERT_EQ(delivered_.missing_of(small, outlet_), Places{}) << message->id;
    delivered_.remember(small, outlet_, {}, true);
  }
  EXPECT_EQ(delivered_.missing_of(first, outlet_).size(), many);
}

/// Two rules may tell of one event under the same id, to different places.
TEST_F(DeliveredTest, OneIdIsAMessageOfItsOwnForEachPlan) {
  Batch two = batch({&a_});
  two.writes.emplace_back(DeliverWrite{&other_plan_, &a_, 0});
  delivered_.remember(two, outlet_, {0}, false);
  EXPECT_EQ(delivered_.missing_of(two, outlet_), (Places{1}));
}

}  // namespace
}  // namespace sluice::sinks
