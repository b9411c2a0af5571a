#include <gtest/gtest.h>

#include "rules/registry.hpp"
#include "sluice/error.hpp"
#include "unit/refusal.hpp"
#include "unit/rules/realworld.hpp"

namespace sluice::rules {
namespace {

/// The refusal of a rule in a worker of several shards or partitions; "" where it may run.
std::string refusal(const std::string& kind, const std::string& yaml, int parts = 8) {
  const StreamConfig stream{"main", "mongodb://nowhere", "db", {test::rule_config("mine", kind, yaml)}};
  return test::refusal_of([&] { make_rules(stream, parts); });
}

struct Case {
  const char* kind;
  const char* yaml;
  const char* setting;  ///< that orders changes of different documents; "" where none does
};

constexpr Case cases[] = {
    {"write", "{from: a, into: b, mode: upsert, id: NEW.user, values: {n: NEW.n}}", "id"},
    {"write", "{from: a, into: b, mode: update, id: NEW.user, values: {n: NEW.n}}", "id"},
    {"write", "{from: a, into: b, mode: delete, id: OLD.user}", "id"},
    {"write", "{from: a, into: b, id: NEW.no, values: {n: NEW.n}}", "id"},
    {"write", "{from: a, into: b, mode: upsert, id: 5, values: {n: NEW.n}}", "id"},
    {"write", "{from: a, into: b, mode: upsert, id: {user: NEW._id}, values: {n: NEW.n}}", "id"},
    {"write", "{from: a, into: b, order_by: 'coalesce(NEW.user, OLD.user)', values: {n: NEW.n}}", "order_by"},
    {"write", "{from: a, into: b, values: {n: NEW.n}}", ""},
    {"write", "{from: [a, c], into: b, mode: upsert, values: NEW}", ""},
    {"write", "{from: a, into: b, mode: upsert, id: NEW._id, values: NEW}", ""},
    {"write", "{from: a, into: b, mode: delete, id: 'id()'}", ""},
    {"write", "{from: a, into: b, mode: upsert, id: \"'a/' || id()\", values: NEW}", ""},
    {"write", "{from: a, into: b, order_by: 'coalesce(NEW._id, OLD._id)', values: {n: NEW.n}}", ""},
    {"event_store", "{from: a, into: b, aggregate: 'coalesce(NEW.order, OLD.order)'}", "aggregate"},
    {"event_store", "{from: a, into: b}", ""},
    {"event_store", "{from: a, into: b, aggregate: id()}", ""},
    {"webhook", "{from: a, url: 'http://h/x', order_by: 'coalesce(NEW.sensor, OLD.sensor)'}", "order_by"},
    {"write", "{from: a, into: b, mode: upsert, id: NEW.user, values: {n: NEW.n}, order: document}", ""},
    {"write", "{from: a, into: b, mode: upsert, id: NEW.user, values: {n: NEW.n}, order: changes}", "id"},
    {"event_store", "{from: a, into: b, aggregate: NEW.order, order: document}", ""},
    {"webhook", "{from: a, url: 'http://h/{user}'}", ""},
    {"publish", "{from: a, order: collection}", "order"},
    {"publish", "{from: a, order: document}", ""},
    {"webhook", "{from: a, url: 'http://h/x', order_by: id()}", ""},
    {"cache", "{from: a, refresh: {key: 'user:{mail}'}}", ""},
    {"cache", "{from: a, delete: ['mail:{mail}']}", ""},
    {"publish", "{from: a, subject: 's.{user}', stream: S}", ""},
    {"count", "{from: a, reference: r, into: b, field: n}", ""},
    {"tally", "{from: a, field: tags, into: b, count: n}", ""},
    {"embed", "{from: a, into: [{collection: b, reference: r, set: {x: y}}]}", ""},
};

TEST(OrderAcrossParts, OnlyARuleThatOrdersDifferentDocumentsIsRefused) {
  for (const Case& one : cases) {
    const std::string setting = one.setting;
    const std::string why = refusal(one.kind, one.yaml);
    EXPECT_EQ(refusal(one.kind, one.yaml, 1), "") << one.kind << " " << one.yaml;
    if (setting.empty()) {
      EXPECT_EQ(why, "") << one.kind << " " << one.yaml;
    } else {
      EXPECT_NE(why.find("the '" + setting + "' of rule 'mine'"), std::string::npos) << one.yaml << why;
      EXPECT_EQ(why.rfind("test.yaml:1:", 0), 0U) << why;
    }
  }
}

TEST(OrderAcrossParts, TheRefusalSaysWhatToDo) {
  const std::string why = refusal("event_store", "{from: a, into: b, aggregate: NEW.order}", 2);
  EXPECT_NE(why.find("2 shards or partitions"), std::string::npos) << why;
  EXPECT_NE(why.find("--partitions 1"), std::string::npos) << why;
  EXPECT_NE(why.find("the document's own _id"), std::string::npos) << why;
  EXPECT_NE(why.find("'order: document'"), std::string::npos) << why;
}

}  // namespace
}  // namespace sluice::rules
