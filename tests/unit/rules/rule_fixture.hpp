#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "unit/refusal.hpp"
#include "unit/rules/realworld.hpp"
#include "unit/source/events.hpp"

namespace sluice::test {

/// One rule, made from YAML as the file states it; its effects are told as text.
class RuleTest : public testing::Test {
 protected:
  using Texts = std::vector<std::string>;

  void make(const std::string& kind, const std::string& yaml) {
    rules_ = rules::make_rules({"main", "mongodb://nowhere", "db", {rule_config("rule", kind, yaml)}});
  }
  const Rule& rule() const { return *rules_.front(); }

  const std::vector<Effect>& apply(const EventJson& json) {
    effects_.clear();
    Effects out(effects_, arena_);
    rule().apply(parse(store_, json), out);
    return effects_;
  }

  /// "+1 collection.field <id>", "refresh collection <id>", "fill collection <id> seen|unseen", "reject
  /// code".
  Texts effects_of(const EventJson& json) {
    Texts texts;
    for (const Effect& effect : apply(json)) texts.push_back(std::visit(Tell{}, effect.body));
    return texts;
  }

  /// The sentence with which the settings are refused; "" when they are not.
  std::string refusal(const std::string& kind, const std::string& yaml) {
    return test::refusal_of([&] { make(kind, yaml); });
  }

  /// A value as its type would be written in Extended JSON, without the spaces.
  static std::string tell(const bson::Value& value) {
    bson::Builder out;
    out.append("v", value);
    std::string json = out.finish().json();
    json = json.substr(8, json.size() - 10);
    std::erase(json, ' ');
    return json;
  }

  struct Tell {
    std::string operator()(const Increment& effect) const {
      return (effect.delta > 0 ? "+" : "") + std::to_string(effect.delta) + " " + effect.plan->collection +
             "." + effect.plan->field + " " + tell(effect.id);
    }
    std::string operator()(const Refresh& effect) const {
      return "refresh " + effect.plan->target + " " + tell(effect.source_id);
    }
    std::string operator()(const Fill& effect) const {
      return "fill " + effect.plan->target + " " + tell(effect.target_id) +
             (effect.seen ? " seen" : " unseen");
    }
    std::string operator()(const Deliver& effect) const {
      return "deliver " + std::string(effect.message->address);
    }
    std::string operator()(const Put& effect) const {
      return "put " + effect.plan->collection + " " + tell(effect.id) + " " + effect.values.json();
    }
    std::string operator()(const Reject& effect) const { return "reject " + std::to_string(effect.code); }
  };

  Store store_;
  Arena arena_;
  std::vector<Effect> effects_;
  std::vector<std::unique_ptr<Rule>> rules_;
};

/// An id of every type that a document's _id, or a reference to one, can have, as tell() writes it.
inline const std::vector<std::string> ids_of_every_type{
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "1.5",
    R"({"$numberDouble":"NaN"})",
    R"({"$numberDecimal":"1.50"})",
    R"("")",
    R"("text")",
    "null",
    "true",
    "false",
    "{}",
    R"({"a":{"b":1},"c":[1,2]})",
    R"({"$oid":"0123456789abcdef01234567"})",
    R"({"$binary":{"base64":"AQID","subType":"04"}})",
    R"({"$date":"1970-01-01T00:00:00.007Z"})",
    R"({"$timestamp":{"t":1,"i":2}})",
    R"({"$minKey":1})",
    R"({"$maxKey":1})",
    R"({"$code":"f"})",
    R"({"$symbol":"s"})",
};

}  // namespace sluice::test
