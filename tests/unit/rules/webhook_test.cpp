#include <gtest/gtest.h>

#include <functional>

#include "core/webhook_plan.hpp"
#include "rules/registry.hpp"
#include "sluice/bson_builder.hpp"
#include "unit/refusal.hpp"

namespace sluice::rules {
namespace {

constexpr const char* least = "from: orders\nurl: 'https://h.example.com/hooks'\n";

std::unique_ptr<Rule> make(const std::string& settings) {
  const RuleConfig config{"out", "webhook", Settings::parse(settings, "f.yaml")};
  auto rule = make_webhook(config, "shop");
  config.settings.done();
  return rule;
}

std::string refusal(const std::string& settings) {
  return test::refusal_of([&] { make(settings); });
}

testing::AssertionResult refuses(const std::string& settings, const std::string& part) {
  const std::string said = refusal(settings);
  if (said.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << said << "' does not hold '" << part << "'";
}

const WebhookPlan& plan_of(const Rule& rule) {
  return dynamic_cast<const WebhookPlan&>(*rule.deliveries().at(0));
}

TEST(WebhookRule, HasUsableDefaults) {
  const auto rule = make(least);
  const WebhookPlan& plan = plan_of(*rule);
  EXPECT_EQ(plan.service.origin, "https://h.example.com");
  EXPECT_EQ(plan.service.concurrency, 16);
  EXPECT_EQ(plan.service.timeout_ms, 10'000);
  EXPECT_EQ(plan.service.connect_timeout_ms, 5'000);
  EXPECT_EQ(plan.service.breaker_failures, 5);
  EXPECT_EQ(plan.service.breaker_open_ms, 1'000);
  EXPECT_EQ(plan.service.breaker_most_open_ms, 30'000);
  EXPECT_FALSE(plan.attempts.network || plan.attempts.timeout || plan.attempts.status_5xx ||
               plan.attempts.throttled);
  EXPECT_TRUE(plan.secret.empty());
  EXPECT_FALSE(rule->keeps_state());
  EXPECT_TRUE(rule->has_snapshots());
  EXPECT_FALSE(rule->begins_with_snapshot());
}

TEST(WebhookRule, TakesWhatIsStated) {
  const auto rule = make(std::string(least) +
                         "concurrency: 2\ntimeout_ms: 100\nconnect_timeout_ms: 50\nca_file: /ca\n"
                         "cert_file: /cert\nkey_file: /key\nsecret_env: HOOK\nsnapshot: first\n"
                         "breaker: {failures: 2, open_ms: 5, most_open_ms: 6}\n"
                         "retry: {network: 3, timeout: forever, status_5xx: 4, throttled: 5,\n"
                         "  status: {409: done, 404: dead, 423: retry}}\n");
  const WebhookPlan& plan = plan_of(*rule);
  EXPECT_EQ(plan.service,
            (WebhookPlan::Service{"https://h.example.com", "/ca", "/cert", "/key", 2, 50, 100, 2, 5, 6}));
  EXPECT_EQ(plan.attempts.network, 3);
  EXPECT_FALSE(plan.attempts.timeout);
  EXPECT_EQ(plan.attempts.status_5xx, 4);
  EXPECT_EQ(plan.attempts.throttled, 5);
  EXPECT_EQ(plan.statuses.at(409), WebhookPlan::Verdict::done);
  EXPECT_EQ(plan.statuses.at(404), WebhookPlan::Verdict::dead);
  EXPECT_EQ(plan.statuses.at(423), WebhookPlan::Verdict::retry);
  EXPECT_EQ(plan.secret_env, "HOOK");
  EXPECT_TRUE(rule->begins_with_snapshot());
}

TEST(WebhookRule, WhatCannotBeMeantIsRefusedWithItsPlace) {
  EXPECT_TRUE(refuses("from: orders\nurl: h/x\n", "f.yaml:2:1: 'h/x' is not a URL"));
  EXPECT_TRUE(refuses("from: orders\nurl: 'http://{host}/x'\n", "must be the same for all events"));
  EXPECT_TRUE(refuses("from: orders\nurl: 'http://h:{port}/x'\n", "must be the same for all events"));
  EXPECT_TRUE(refuses("from: orders\nurl: 'http://h/{id'\n", "{ without a closing }"));
  EXPECT_TRUE(refuses("from: orders\nurl: 'http://h/a b'\n", "contains a space"));
  EXPECT_TRUE(refuses("from: orders\nurl: 'http://h/#part'\n", "contains a space, a #"));
  EXPECT_TRUE(refuses("from: orders\nurl: 'http://h/'\nca_file: /x\n", "for TLS"));
  EXPECT_TRUE(refuses(std::string(least) + "key_file: /x\n", "set 'cert_file'"));
  EXPECT_TRUE(refuses(std::string(least) + "method: FETCH\n", "POST"));
  EXPECT_TRUE(refuses(std::string(least) + "methods: {upsert: PUT}\n", "unknown key 'upsert'"));
  EXPECT_TRUE(refuses(std::string(least) + "body: x\npayload: none\n", "sets the whole body"));
  EXPECT_TRUE(refuses(std::string(least) + "payload: none\nformat: relaxed\n", "has no 'format'"));
  EXPECT_TRUE(refuses(std::string(least) + "values: {a: 1}\nbody: x\n", "remove one of them"));
  EXPECT_TRUE(refuses(std::string(least) + "values: {a: 1}\nformat: relaxed\n", "sets the whole body"));
  EXPECT_TRUE(refuses(std::string(least) + "values: {a: 1}\nsnapshot: first\n", "remove 'snapshot'"));
  EXPECT_TRUE(refuses(std::string(least) + "order_by: user\n", "a field is NEW.user"));
  EXPECT_TRUE(refuses(std::string(least) + "headers: {Host: x}\n", "follows from 'url'"));
  EXPECT_TRUE(refuses(std::string(least) + "headers: {content-type: x}\n", "state 'content_type'"));
  EXPECT_TRUE(refuses(std::string(least) + "headers: {'a b': x}\n", "cannot be the name of a header"));
  EXPECT_TRUE(refuses(std::string(least) + "headers: {A: \"x\\ny\"}\n", "single line"));
  EXPECT_TRUE(refuses(std::string(least) + "secret: a\nsecret_env: b\n", "set only one of"));
  EXPECT_TRUE(refuses(std::string(least) + "retry: {network: never}\n", "'network' must be"));
  EXPECT_TRUE(refuses(std::string(least) + "retry: {status: {99: done}}\n", "not the status"));
  EXPECT_TRUE(refuses(std::string(least) + "retry: {status: {404: ignore}}\n", "done"));
  EXPECT_TRUE(refuses(std::string(least) + "breaker: {open_ms: 10, most_open_ms: 5}\n", "cannot be less"));
  EXPECT_TRUE(refuses(std::string(least) + "tiemout_ms: 5\n", "did you mean 'timeout_ms'"));
}

class WebhookRequest : public testing::Test {
 protected:
  WebhookRequest() {
    document_.open("_id").append("_data", "82AB").close().append("operationType", "insert");
    document_.open("documentKey").append("_id", "a/b c").close();
    document_.open("fullDocument").append("_id", "a/b c").append("name", "say \"hi\"\n");
    document_.append("empty", "").append("up", "..").append("n", 5).close();
    document_.open("ns").append("db", "shop").append("coll", "orders").close();
    document_.append_timestamp("clusterTime", (std::uint64_t{17} << 32) + 3).append_date("wallTime", 1'500);
    EXPECT_TRUE(parse_event(document_.finish(), event_));
  }
  const Effect& apply(const std::string& settings) {
    rule_ = make(settings);
    effects_.clear();
    Effects out(effects_, arena_);
    rule_->apply(event_, out);
    return effects_.at(0);
  }
  const Message& message(const std::string& settings) {
    return *std::get<Deliver>(apply(settings).body).message;
  }
  const Message& at(const std::string& path, const std::string& more = "") {
    return message("from: orders\nurl: 'http://h" + path + "'\n" + more);
  }

  bson::Builder document_;
  ChangeEvent event_;
  std::unique_ptr<Rule> rule_;
  Arena arena_;
  std::vector<Effect> effects_;
};

TEST_F(WebhookRequest, IsTheEventWithAKeyOfTheRule) {
  const Message& made = message(least);
  EXPECT_EQ(made.verb, "POST");
  EXPECT_EQ(made.address, "/hooks");
  EXPECT_EQ(made.id, "out-82AB");
  EXPECT_EQ(made.headers,
            "Idempotency-Key: out-82AB\nSluice-Operation: insert\nSluice-Namespace: shop.orders\n"
            "Sluice-Cluster-Time: 17.3\nContent-Type: application/json");
  EXPECT_TRUE(made.payload.at("fullDocument"));
}

TEST_F(WebhookRequest, ItsUrlIsMadeOfTheDocument) {
  EXPECT_EQ(at("").address, "/");
  EXPECT_EQ(at("?q={op}").address, "/?q=insert");
  EXPECT_EQ(at("/{coll}/{id}?name={name}&n={n}").address, "/orders/a%2Fb%20c?name=say%20%22hi%22%0A&n=5");
}

/// DELETE /orders/ would mean all of them, and /orders/.. something else again.
TEST_F(WebhookRequest, AUrlThatLeadsElsewhereIsADeadLetter) {
  for (const char* name : {"missing", "empty", "up"}) {
    const Effect& effect = apply("from: orders\nurl: 'http://h/orders/{" + std::string(name) + "}'\n");
    ASSERT_TRUE(std::holds_alternative<Reject>(effect.body)) << name;
    EXPECT_NE(std::string(std::get<Reject>(effect.body).reason).find("has no value"), std::string::npos);
  }
}

TEST_F(WebhookRequest, AUrlThatIsTooLongSaysSo) {
  const Effect& effect = apply("from: orders\nurl: 'http://h/" + std::string(2049, 'a') + "'\n");
  ASSERT_TRUE(std::holds_alternative<Reject>(effect.body));
  EXPECT_NE(std::string(std::get<Reject>(effect.body).reason).find("longer than 2 KiB"), std::string::npos);
}

/// What the server has made of an event, as it comes with it.
class MadeOfValues : public WebhookRequest {
 protected:
  void made(const std::function<void(bson::Builder&)>& parts, const std::string& settings) {
    made_ = std::make_unique<bson::Builder>();
    made_->open(make(settings)->subscriptions().at(0).made_name);
    parts(*made_);
    made_->close();
    event_.made = made_->finish();
  }

 private:
  std::unique_ptr<bson::Builder> made_;
};

TEST_F(MadeOfValues, TheBodyIsTheirDocument) {
  const std::string settings = std::string(least) + "values: {user: NEW.name, n: NEW.n}\n";
  made([](bson::Builder& parts) { parts.open("values").append("user", "u").append("n", 5).close(); },
       settings);
  EXPECT_EQ(message(settings).text, R"({"user":"u","n":5})");
  EXPECT_FALSE(rule_->has_snapshots());
  made([](bson::Builder&) {}, settings);
  EXPECT_TRUE(std::holds_alternative<Reject>(apply(settings).body));
}

TEST_F(MadeOfValues, OrderIsKeptOfWhatIsStated) {
  const std::string settings = std::string(least) + "operations: [insert, update]\norder_by: NEW.user\n";
  const auto key = [&](const char* user) {
    made([&](bson::Builder& parts) { parts.append("order", user); }, settings);
    return apply(settings).key;
  };
  EXPECT_EQ(key("u"), key("u"));
  EXPECT_NE(key("u"), key("v"));
  const std::uint64_t of_document = apply(least).key;
  EXPECT_NE(key("u"), of_document);
  made([](bson::Builder&) {}, settings);
  EXPECT_EQ(apply(settings).key, of_document) << "where the value is missing, a document's own";
}

TEST_F(MadeOfValues, AnOrderThatDeletesHaveNoneOfIsRefused) {
  EXPECT_THROW(apply(std::string(least) + "order_by: NEW.user\n"), ConfigError);
  made([](bson::Builder& parts) { parts.append("order", "u"); },
       std::string(least) + "order_by: coalesce(NEW.user, OLD.user)\n");
}

TEST_F(WebhookRequest, TheMethodFollowsTheOperation) {
  const std::string methods = "method: PATCH\nmethods: {insert: POST, update: PUT, delete: DELETE}\n";
  const auto with = [&](Operation operation) {
    event_.operation = operation;
    return std::string(at("/", methods).verb);
  };
  EXPECT_EQ(with(Operation::insert), "POST");
  EXPECT_EQ(with(Operation::snapshot), "POST");
  EXPECT_EQ(with(Operation::update), "PUT");
  EXPECT_EQ(with(Operation::remove), "DELETE");
  EXPECT_EQ(with(Operation::replace), "PATCH");
}

TEST_F(WebhookRequest, HeadersAreTemplates) {
  const Message& made =
      at("/", "headers: {X-Name: '{name}', Authorization: Bearer t}\nidempotency_key: '{op}/{id}'\n");
  EXPECT_EQ(made.id, "insert/a/b c");
  EXPECT_TRUE(made.headers.ends_with("\nX-Name: say \"hi\"%0A\nAuthorization: Bearer t")) << made.headers;
}

TEST_F(WebhookRequest, AReplayHasKeysOfItsRun) {
  const auto key = [&](const std::string& settings) {
    const Message& made = at("/", settings);
    EXPECT_EQ(made.headers.substr(0, made.headers.find('\n')), "Idempotency-Key: " + std::string(made.id));
    return std::string(made.id);
  };
  for (const char* run : {"may", "june"}) {
    event_.snapshot_run = run;
    EXPECT_EQ(key(""), "out-82AB-" + std::string(run));
    EXPECT_EQ(key("idempotency_key: '{op}/{id}'\n"), "insert/a/b c-" + std::string(run));
  }
  EXPECT_NE(at("/", "format: cloudevents\n").envelope.find(R"("id":"out-82AB-june")"), std::string::npos);
}

TEST_F(WebhookRequest, ABodyIsATextInJson) {
  const Message& made = at("/", R"(body: '{"text": "{coll}: {name}", "n": {n}, "deep": {"none": {}}}')"
                                "\n");
  EXPECT_EQ(made.text, R"({"text": "orders: say \"hi\"\n", "n": 5, "deep": {"none": {}}})");
  EXPECT_FALSE(made.payload);
}

TEST_F(WebhookRequest, OrInAnotherLanguage) {
  EXPECT_EQ(at("/", "body: 'a={name}'\ncontent_type: text/plain\n").text, "a=say \"hi\"\n");
  const Message& form =
      at("/", "body: 'a={name}&b={empty}'\ncontent_type: application/x-www-form-urlencoded\n");
  EXPECT_EQ(form.text, "a=say%20%22hi%22%0A&b=");
  EXPECT_NE(form.headers.find("Content-Type: application/x-www-form-urlencoded"), std::string::npos);
}

TEST_F(WebhookRequest, OrNothingOrTheDocument) {
  const Message& none = at("/", "payload: none\n");
  EXPECT_FALSE(none.payload);
  EXPECT_EQ(none.text, "");
  EXPECT_EQ(none.headers.find("Content-Type"), std::string::npos);
  EXPECT_EQ(at("/", "payload: document\n").payload.at("n").integer(), 5);
  const Message& cloud = at("/", "payload: document\nformat: cloudevents\n");
  EXPECT_TRUE(cloud.envelope.starts_with(R"({"specversion":"1.0","id":"out-82AB")"));
  EXPECT_NE(cloud.headers.find("Content-Type: application/cloudevents+json"), std::string::npos);
}

TEST_F(WebhookRequest, TheKeyIsTheDocument) {
  apply(least);
  const auto key = effects_[0].key;
  event_.operation = Operation::remove;
  apply(least);
  EXPECT_EQ(effects_[0].key, key);
  event_.collection = "items";
  apply(least);
  EXPECT_NE(effects_[0].key, key);
}

}  // namespace
}  // namespace sluice::rules
