#include "rules/custom/custom.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/custom_plan.hpp"
#include "rules/custom/guarded_rule.hpp"
#include "rules/registry.hpp"
#include "unit/refusal.hpp"
#include "unit/rules/rule_fixture.hpp"

namespace sluice::rules {
namespace {

using test::EventJson;

/// Does what a test says.
class FakeRule final : public Rule {
 public:
  using Act = std::function<void(const FakeRule&, const ChangeEvent&, Effects&)>;

  explicit FakeRule(Act act, std::vector<Subscription> subscriptions = {{.collection = "items"}})
      : Rule("fake"), act_(std::move(act)), subscriptions_(std::move(subscriptions)) {}

  std::vector<Subscription> subscriptions() const override { return subscriptions_; }
  std::vector<const DocumentPlan*> documents() const override { return {&plan}; }
  void apply(const ChangeEvent& event, Effects& effects) const override { act_(*this, event, effects); }
  std::string fingerprint() const override { return "fake"; }

  DocumentPlan plan{"db", "results"};

 private:
  Act act_;
  std::vector<Subscription> subscriptions_;
};

class FakeSink final : public Sink {
 public:
  std::string target() const override { return "nowhere"; }
  SinkResult send(std::span<const SinkMessage>, std::stop_token) override { return SinkResult::done(); }
};

class CustomRules : public testing::Test {
 protected:
  void make(const std::string& kind, const std::string& yaml) {
    RuleConfig rule = test::rule_config("mine", kind, yaml);
    rule.extensions = std::make_shared<const Extensions>(extensions_);
    rules_ = make_rules({"main", "mongodb://nowhere", "db", {rule}});
  }
  std::string refusal(const std::string& kind, const std::string& yaml) {
    return test::refusal_of([&] { make(kind, yaml); });
  }
  void add(FakeRule::Act act) {
    extensions_.add_rule(
        "fake", {.settings = {{.name = "a", .fallback = ""}}, .make = [act](const RuleContext& context) {
                   return std::make_unique<FakeRule>(act, context.subscriptions);
                 }});
  }
  std::vector<Effect> apply(const EventJson& json) {
    std::vector<Effect> effects;
    Effects out(effects, arena_);
    rules_.front()->apply(test::parse(store_, json), out);
    return effects;
  }
  /// The reason of the only effect.
  std::string rejection(const EventJson& json) {
    const std::vector<Effect> effects = apply(json);
    if (effects.size() != 1) return std::to_string(effects.size()) + " effects";
    const auto* reject = std::get_if<Reject>(&effects.front().body);
    return reject == nullptr ? "not rejected" : reject->reason;
  }

  Extensions extensions_;
  std::vector<std::unique_ptr<Rule>> rules_;
  test::Store store_;
  Arena arena_;
};

TEST_F(CustomRules, HaveTheNameAndTheSelectionOfTheFile) {
  add([](const FakeRule& rule, const ChangeEvent& event, Effects& effects) {
    effects.add(Put{&rule.plan, event.id, {}}, 1);
  });
  make("fake", "{from: [items, things], operations: [insert], a: x}");
  EXPECT_EQ(rules_.front()->name(), "mine");
  const auto subscriptions = rules_.front()->subscriptions();
  ASSERT_EQ(subscriptions.size(), 2U);
  EXPECT_EQ(subscriptions[1].collection, "things");
  EXPECT_FALSE(subscriptions[1].deletes);
  EXPECT_EQ(apply(test::inserted("items", "1", R"({"_id":1})")).size(), 1U);
}

TEST_F(CustomRules, AreRefusedWithTheirPlace) {
  add([](const FakeRule&, const ChangeEvent&, Effects&) {});
  EXPECT_EQ(refusal("fake", "{from: items, b: x}").find("test.yaml:1:"), 0U);
  EXPECT_NE(refusal("fake", "{a: x}").find("'from' is missing"), std::string::npos);
  EXPECT_EQ(refusal("fkae", "{a: x}"),
            "test.yaml:1:1: rule 'mine' has the unknown kind 'fkae'; did you mean 'fake'?");
}

TEST_F(CustomRules, WhatAFactoryThrowsIsAnErrorOfItsRule) {
  extensions_.add_rule("broken", {.make = [](const RuleContext&) -> std::unique_ptr<Rule> {
                         throw std::runtime_error("no luck");
                       }});
  extensions_.add_rule("null", {.make = [](const RuleContext&) { return std::unique_ptr<Rule>(); }});
  extensions_.add_rule("blind", {.selects = false, .make = [](const RuleContext& context) {
                                   return std::make_unique<FakeRule>(FakeRule::Act(), context.subscriptions);
                                 }});
  EXPECT_EQ(refusal("broken", "{from: a}"), "test.yaml:1:1: the factory of 'broken' failed: no luck");
  EXPECT_EQ(refusal("null", "{from: a}"), "test.yaml:1:1: the factory of 'null' returned nothing");
  EXPECT_NE(refusal("blind", "{}").find("subscriptions() is empty"), std::string::npos);
}

TEST_F(CustomRules, AnEventThatFailsIsRejectedWhole) {
  add([](const FakeRule& rule, const ChangeEvent& event, Effects& effects) {
    effects.add(Put{&rule.plan, event.id, {}}, 1);
    throw std::runtime_error("no luck");
  });
  make("fake", "{from: items}");
  EXPECT_EQ(rejection(test::inserted("items", "1", R"({"_id":1})")),
            "the code of rule 'mine' failed on this event: it threw: no luck");
}

TEST_F(CustomRules, EffectsThatNobodyCouldCarryOutAreRejected) {
  static const DocumentPlan undeclared{"db", "other"};
  add([](const FakeRule& rule, const ChangeEvent& event, Effects& effects) {
    const auto how = event.full_document.at("how").text();
    if (how == "plan") effects.add(Put{&undeclared, event.id, {}}, 1);
    if (how == "id") effects.add(Put{&rule.plan, {}, {}}, 1);
    if (how == "message") effects.add(Deliver{nullptr, nullptr}, 1);
    if (how == "reason") effects.add(Reject{1, nullptr}, 1);
  });
  make("fake", "{from: items}");
  const auto with = [](const std::string& how) {
    return test::inserted("items", "1", R"({"_id":1,"how":")" + how + R"("})");
  };
  EXPECT_NE(rejection(with("plan")).find("neither documents()"), std::string::npos);
  EXPECT_NE(rejection(with("id")).find("names no _id"), std::string::npos);
  EXPECT_NE(rejection(with("message")).find("registered sink"), std::string::npos);
  EXPECT_NE(rejection(with("reason")).find("without a reason"), std::string::npos);
  EXPECT_TRUE(apply(with("nothing")).empty());
}

TEST_F(CustomRules, ASinkIsARuleThatSendsChanges) {
  extensions_.add_sink("box", {.settings = {{.name = "path"}},
                               .make = [](const SinkContext&) { return std::make_unique<FakeSink>(); }});
  make("box", "{from: items, path: x, payload: document, dedup_s: 5}");
  EXPECT_FALSE(rules_.front()->keeps_state());
  EXPECT_EQ(rules_.front()->options().dedup, std::chrono::seconds(5));
  const auto effects = apply(test::inserted("items", "1", R"({"_id":1,"n":2})"));
  ASSERT_EQ(effects.size(), 1U);
  const auto& deliver = std::get<Deliver>(effects.front().body);
  EXPECT_EQ(deliver.plan->sink(), "box");
  const SinkMessage& change = static_cast<const CustomMessage*>(deliver.message)->change;
  EXPECT_EQ(change.operation, Operation::insert);
  EXPECT_EQ(change.collection, "items");
  EXPECT_EQ(change.document_id.integer(), 1);
  EXPECT_EQ(change.payload.at("n").integer(), 2);
  EXPECT_FALSE(change.id.empty());
  EXPECT_NE(refusal("box", "{from: items}").find("'path' is missing"), std::string::npos);
}

TEST_F(CustomRules, ASinkRunsInAStreamOfItsOwn) {
  extensions_.add_sink("box", {.make = [](const SinkContext&) { return std::make_unique<FakeSink>(); }});
  RuleConfig rule = test::rule_config("mine", "box", "{from: items}");
  EXPECT_FALSE(stands_apart(rule));
  rule.extensions = std::make_shared<const Extensions>(extensions_);
  EXPECT_TRUE(stands_apart(rule));
}

}  // namespace
}  // namespace sluice::rules
