#include "requirements/rule_table.hpp"

#include <gtest/gtest.h>

#include "unit/source/events.hpp"

namespace sluice::requirements {
namespace {

using test::deleted;
using test::description;
using test::EventJson;
using test::inserted;
using test::replaced;
using test::updated;

/// Tells that it was asked, and how.
class Teller final : public Rule {
 public:
  Teller(std::string name, std::vector<Subscription> subscriptions)
      : Rule(std::move(name)), subscriptions_(std::move(subscriptions)) {}
  std::vector<Subscription> subscriptions() const override { return subscriptions_; }
  std::string fingerprint() const override { return ""; }
  void apply(const ChangeEvent&, Effects& effects) const override { effects.add(Reject{1, "applied"}, 0); }
  void apply_key_only(const ChangeEvent&, Effects& effects) const override {
    effects.add(Reject{3, "key only"}, 0);
  }

 private:
  std::vector<Subscription> subscriptions_;
};

class RuleTableTest : public testing::Test {
 protected:
  void rule(Subscription subscription) {
    subscription.collection = "c";
    rules_.push_back(std::make_unique<Teller>("r", std::vector{std::move(subscription)}));
  }
  static Subscription exact() { return {.collection = {}, .fields = {}, .exact = true}; }
  static Subscription judged() {
    Subscription one = exact();
    one.any_field = true;
    one.where = {5, 0, 0, 0, 0};
    return one;
  }

  /// The index of each rule that was asked, with the code of its answer.
  std::vector<std::pair<int, int>> asked(const EventJson& json, const std::string& wants = "",
                                         bool own = false) {
    std::string text = json.text();
    if (!wants.empty()) text.insert(text.size() - 1, R"(, "sluiceWants": )" + wants);
    ChangeEvent event;
    EXPECT_TRUE(parse_event(store_.document(text), event));
    event.own = own;
    std::vector<Effect> effects;
    RuleTable(rules_).apply(event, effects, arena_);
    std::vector<std::pair<int, int>> result;
    for (const Effect& effect : effects) result.emplace_back(effect.rule, std::get<Reject>(effect.body).code);
    return result;
  }
  using Asked = std::vector<std::pair<int, int>>;

  std::vector<std::unique_ptr<Rule>> rules_;
  test::Store store_;
  Arena arena_;
};

TEST_F(RuleTableTest, ARuleThatIsNotExactSeesEverythingOfItsCollection) {
  rule({.collection = {}, .inserts = false, .updates = false, .fields = {"a"}});
  EXPECT_EQ(asked(inserted("c", "1", "{}")), (Asked{{0, 1}}));
  EXPECT_EQ(asked(updated("c", "1", "", description(R"({"b": 1})"))), (Asked{{0, 1}}));
  EXPECT_EQ(asked(inserted("d", "1", "{}")), Asked{});
}

TEST_F(RuleTableTest, AnExactRuleSeesItsOperationsOnly) {
  Subscription one = exact();
  one.inserts = one.deletes = false;
  one.any_field = true;
  rule(one);
  EXPECT_EQ(asked(inserted("c", "1", "{}")), Asked{});
  EXPECT_EQ(asked(deleted("c", "1", "")), Asked{});
  EXPECT_EQ(asked(replaced("c", "1", "", "{}")), (Asked{{0, 1}}));
  EXPECT_EQ(asked(updated("c", "1", "", description(R"({"b": 1})"))), (Asked{{0, 1}}));
}

TEST_F(RuleTableTest, AnExactRuleSeesUpdatesOfItsFieldsOnly) {
  Subscription one = exact();
  one.fields = {"a", "items[].price"};
  rule(one);
  EXPECT_EQ(asked(updated("c", "1", "", description(R"({"b": 1})"))), Asked{});
  EXPECT_EQ(asked(updated("c", "1", "", description(R"({"items.0.name": 1})"))), Asked{});
  EXPECT_EQ(asked(updated("c", "1", "", description(R"({"items.0.price": 1})"))), (Asked{{0, 1}}));
  EXPECT_EQ(asked(updated("c", "1", "", description("{}", R"(["a.x"])"))), (Asked{{0, 1}}));
}

/// The numbers count the judged subscriptions alone, over all rules.
TEST_F(RuleTableTest, ARuleThatLeavesOutOwnChangesSeesThoseOfOthersOnly) {
  Subscription one = exact();
  rule(one);
  one.ignores_own = true;
  rule(one);
  EXPECT_EQ(asked(inserted("c", "1", "{}"), "", false), (Asked{{0, 1}, {1, 1}}));
  EXPECT_EQ(asked(inserted("c", "1", "{}"), "", true), (Asked{{0, 1}}));
}

/// Nor is it told of one that its expression fails on, or that is too large.
TEST_F(RuleTableTest, OwnChangesThatAreLeftOutAreNeverSetAside) {
  Subscription one = judged();
  one.ignores_own = true;
  rule(one);
  EXPECT_EQ(asked(inserted("c", "1", "{}"), "[-1]", true), Asked{});
  EXPECT_EQ(asked(inserted("c", "1", "{}"), "[-1]", false), (Asked{{0, failed_expression_code}}));
  EventJson large = inserted("c", "1", "{}");
  large.detail = "2";
  EXPECT_EQ(asked(large, "[0]", true), Asked{});
}

TEST_F(RuleTableTest, WhatTheServerJudgedIsForThoseThatItNames) {
  rule(judged());
  rule({.collection = {}, .fields = {"a"}});
  rule(judged());
  const EventJson event = inserted("c", "1", "{}");
  EXPECT_EQ(asked(event, "[]"), (Asked{{1, 1}}));
  EXPECT_EQ(asked(event, "[0]"), (Asked{{0, 1}, {1, 1}}));
  EXPECT_EQ(asked(event, "[1]"), (Asked{{1, 1}, {2, 1}}));
  EXPECT_EQ(asked(event, "[0, 1]"), (Asked{{0, 1}, {1, 1}, {2, 1}}));
}

TEST_F(RuleTableTest, AnEventOnWhichTheExpressionFailsIsSetAside) {
  rule(judged());
  rule(judged());
  EXPECT_EQ(asked(inserted("c", "1", "{}"), "[-1, 1]"), (Asked{{0, 2}, {1, 1}}));
  EXPECT_EQ(asked(inserted("c", "1", "{}"), "[-2]"), (Asked{{1, 2}}));
}

TEST_F(RuleTableTest, NumbersAreThoseOfTheFilter) {
  rule(judged());
  rule(exact());
  rule(judged());
  std::vector<Subscription> all;
  for (const auto& one : rules_) all.push_back(one->subscriptions().front());
  const source::StreamFilter filter = source::filter_of(source::number_subscriptions(all));
  EXPECT_EQ(filter.judged.size(), 2U);
  EXPECT_EQ(filter.plain.size(), 1U);
}

TEST_F(RuleTableTest, ARequiredImageThatIsMissingSetsTheEventAside) {
  Subscription one = exact();
  one.any_field = true;
  one.before = BeforeImage::required;
  rule(one);
  one.before = BeforeImage::when_available;
  one.full_document = FullDocument::required;
  rule(one);
  const std::string change = description(R"({"b": 1})");
  EXPECT_EQ(asked(inserted("c", "1", "{}")), (Asked{{0, 1}, {1, 1}}));
  EXPECT_EQ(asked(updated("c", "1", "", change)), (Asked{{0, 47}, {1, 47}}));
  EventJson both = updated("c", "1", "{}", change);
  EXPECT_EQ(asked(both), (Asked{{0, 1}, {1, 47}}));
  both.full = "{}";
  EXPECT_EQ(asked(both), (Asked{{0, 1}, {1, 1}}));
  both.full = "null";
  EXPECT_EQ(asked(both), (Asked{{0, 1}, {1, 47}}));
  EXPECT_EQ(asked(deleted("c", "1", "")), (Asked{{0, 47}, {1, 1}}));
}

TEST_F(RuleTableTest, AnExactRuleIsNeverGivenAPart) {
  Subscription one = exact();
  one.any_field = true;
  rule(one);
  rule({.collection = {}, .fields = {"a"}});
  EventJson part = updated("c", "1", "", description(R"({"b": 1})"));
  part.detail = "1";
  EXPECT_EQ(asked(part), (Asked{{0, 3}, {1, 1}}));
  part.detail = "2";
  EXPECT_EQ(asked(part), (Asked{{0, 3}, {1, 3}}));
}

/// A rule for all that patterns match.
Subscription of_set(const std::vector<std::string>& items) {
  Subscription one{.collection = {}, .any_field = true, .fields = {}, .exact = true};
  one.set = std::make_shared<const CollectionSet>(items);
  one.collection = one.set->text();
  return one;
}

TEST_F(RuleTableTest, PatternsAreReadersOfWhatTheyMatch) {
  Subscription inserts = of_set({"orders_*"});
  inserts.updates = inserts.replaces = inserts.deletes = false;
  rules_.push_back(std::make_unique<Teller>("globs", std::vector{inserts}));
  rules_.push_back(std::make_unique<Teller>("all", std::vector{of_set({"*", "!orders_2"})}));
  rules_.push_back(
      std::make_unique<Teller>("one", std::vector{Subscription{.collection = "orders_1", .fields = {}}}));
  EXPECT_EQ(asked(inserted("orders_1", "1", "{}")), (Asked{{0, 1}, {1, 1}, {2, 1}}));
  EXPECT_EQ(asked(inserted("orders_2", "1", "{}")), (Asked{{0, 1}}));
  EXPECT_EQ(asked(deleted("orders_2", "1", "")), Asked{});
  EXPECT_EQ(asked(deleted("users", "1", "")), (Asked{{1, 1}}));
  EXPECT_EQ(asked(inserted("system.js", "1", "{}")), Asked{});
}

TEST_F(RuleTableTest, ANewCollectionThatNeedsImagesIsFoundOnce) {
  Subscription with_images = of_set({"orders_*"});
  with_images.before = BeforeImage::when_available;
  rules_.push_back(std::make_unique<Teller>("images", std::vector{with_images}));
  rules_.push_back(std::make_unique<Teller>("plain", std::vector{of_set({"users_*"})}));
  RuleTable table(rules_);
  const auto see = [&](const std::string& collection) {
    ChangeEvent event;
    EXPECT_TRUE(parse_event(store_.document(inserted(collection, "1", "{}").text()), event));
    std::vector<Effect> effects;
    table.apply(event, effects, arena_);
  };
  EXPECT_EQ(table.take_found(), std::vector<std::string>{});
  for (const char* name : {"orders_1", "users_1", "orders_2", "orders_1"}) see(name);
  EXPECT_EQ(table.take_found(), (std::vector<std::string>{"orders_1", "orders_2"}));
  see("orders_2");
  EXPECT_EQ(table.take_found(), std::vector<std::string>{});
}

TEST_F(RuleTableTest, WhatItKnowsIsBounded) {
  rules_.push_back(std::make_unique<Teller>("all", std::vector{of_set({"*"})}));
  rules_.push_back(
      std::make_unique<Teller>("one", std::vector{Subscription{.collection = "named", .fields = {}}}));
  RuleTable table(rules_);
  std::vector<Effect> effects;
  for (std::size_t i = 0; i < RuleTable::most_known + 10; ++i) {
    const std::string name = "c" + std::to_string(i);
    ChangeEvent event;
    event.operation = Operation::insert;
    event.collection = name;
    table.apply(event, effects, arena_);
    ASSERT_LE(table.known(), RuleTable::most_known);
  }
  EXPECT_EQ(effects.size(), RuleTable::most_known + 10);
  ChangeEvent event;
  event.operation = Operation::insert;
  event.collection = "named";
  effects.clear();
  table.apply(event, effects, arena_);
  EXPECT_EQ(effects.size(), 2U);
}

}  // namespace
}  // namespace sluice::requirements
