#include "unit/rules/rule_fixture.hpp"

namespace sluice::test {
namespace {

class EmbedTest : public RuleTest {
 protected:
  EmbedTest() { make_policy("keep"); }

  void make_policy(const std::string& policy) {
    make("embed", R"({from: users, into: [
             {collection: articles, reference: authorId, set: {username: author.username, address.city: city}},
             {collection: teams, reference: 'members[].userId', set: {username: 'members[].name'}}], on_delete: )" +
                      policy + "}");
  }
};

TEST_F(EmbedTest, RefreshesTheCopiesOfAChangedSource) {
  const auto change = [](const std::string& fields, const std::string& removed = "[]") {
    return updated("users", "7", "", description(fields, removed));
  };
  EXPECT_EQ(effects_of(change(R"({"username": "x"})")), (Texts{"refresh articles 7", "refresh teams 7"}));
  EXPECT_EQ(effects_of(change("{}", R"(["username"])")), (Texts{"refresh articles 7", "refresh teams 7"}));
  EXPECT_EQ(effects_of(change(R"({"address.city": "x"})")), (Texts{"refresh articles 7"}));
  EXPECT_EQ(effects_of(change(R"({"address": {"city": "x"}})")), (Texts{"refresh articles 7"}));
  EXPECT_EQ(effects_of(change(R"({"address.street": "x"})")), Texts{});
  EXPECT_EQ(effects_of(change(R"({"email": "x"})")), Texts{});
}

TEST_F(EmbedTest, RefreshesWhenASourceComesOrIsReplaced) {
  EXPECT_EQ(effects_of(inserted("users", "7", "{}")), (Texts{"refresh articles 7", "refresh teams 7"}));
  EXPECT_EQ(effects_of(replaced("users", "7", "", "{}")), (Texts{"refresh articles 7", "refresh teams 7"}));
}

TEST_F(EmbedTest, TakesSourcesOfEveryKindOfId) {
  for (const std::string& id : ids_of_every_type) {
    EXPECT_EQ(effects_of(inserted("users", id, "{}")),
              (Texts{"refresh articles " + id, "refresh teams " + id}));
    EXPECT_EQ(effects_of(inserted("articles", id, "{}")), (Texts{"fill articles " + id + " seen"}));
  }
}

TEST_F(EmbedTest, ActsOnTheDeathOfASourceByPolicy) {
  EXPECT_EQ(effects_of(deleted("users", "7", "")), Texts{});
  for (const char* policy : {"unset", "delete"}) {
    make_policy(policy);
    EXPECT_EQ(effects_of(deleted("users", "7", "")), (Texts{"refresh articles 7", "refresh teams 7"}))
        << policy;
  }
  EXPECT_EQ(std::get<Refresh>(effects_[0].body).plan->when_gone, CopyPlan::WhenGone::remove);
}

TEST_F(EmbedTest, FillsATargetThatComesLateOrTurnsToAnotherSource) {
  EXPECT_EQ(effects_of(inserted("articles", "3", R"({"authorId": 7})")), (Texts{"fill articles 3 seen"}));
  EXPECT_EQ(effects_of(replaced("articles", "3", "", R"({"authorId": 7})")), (Texts{"fill articles 3 seen"}));
  EXPECT_EQ(effects_of(updated("articles", "3", "", description(R"({"authorId": 8})"))),
            (Texts{"fill articles 3 unseen"}));
  EXPECT_EQ(effects_of(updated("articles", "3", "", description(R"({"title": 8})"))), Texts{});
  EXPECT_EQ(effects_of(deleted("articles", "3", "")), Texts{});
}

TEST_F(EmbedTest, FillsATargetWhoseArrayOfReferencesChanged) {
  const auto change = [](const std::string& fields, const std::string& truncated = "[]") {
    return updated("teams", "3", "", description(fields, "[]", truncated));
  };
  EXPECT_EQ(effects_of(change(R"({"members": []})")), (Texts{"fill teams 3 unseen"}));
  EXPECT_EQ(effects_of(change(R"({"members.2": {"userId": 7}})")), (Texts{"fill teams 3 unseen"}));
  EXPECT_EQ(effects_of(change(R"({"members.2.userId": 7})")), (Texts{"fill teams 3 unseen"}));
  EXPECT_EQ(effects_of(change("{}", R"([{"field": "members", "newSize": 1}])")),
            (Texts{"fill teams 3 unseen"}));
  EXPECT_EQ(effects_of(change(R"({"members.2.role": 7})")), Texts{});
  EXPECT_EQ(effects_of(change(R"({"members.2.name": "a copy of ours"})")), Texts{});
}

TEST_F(EmbedTest, RoutesASourceAndATargetByTheirOwnIds) {
  const auto key = [&](const EventJson& event) { return apply(event).at(0).key; };
  EXPECT_EQ(key(inserted("users", "7", "{}")),
            key(updated("users", "7.0", "", description(R"({"username": 1})"))));
  EXPECT_EQ(key(inserted("articles", "3", "{}")),
            key(updated("articles", "3", "", description(R"({"authorId": 1})"))));
  EXPECT_NE(key(inserted("articles", "3", "{}")), key(inserted("teams", "3", "{}")));
}

TEST_F(EmbedTest, MayCopyWithinOneCollection) {
  make("embed", "{from: users, into: [{collection: users, reference: bossId, set: {name: bossName}}]}");
  EXPECT_EQ(effects_of(inserted("users", "7", "{}")), (Texts{"refresh users 7", "fill users 7 seen"}));
  EXPECT_EQ(effects_of(updated("users", "7", "", description(R"({"bossName": "x"})"))), Texts{})
      << "its own writes do not come back";
}

TEST_F(EmbedTest, AsksForTheIndexOfEachJoin) {
  const auto needs = rule().indexes();
  ASSERT_EQ(needs.size(), 2U);
  EXPECT_EQ(needs[0].collection + " " + needs[0].field, "articles authorId");
  EXPECT_EQ(needs[1].collection + " " + needs[1].field, "teams members.userId");
}

TEST_F(EmbedTest, SubscribesToWhatItReads) {
  const auto keep = source::merge_subscriptions(rule().subscriptions());
  ASSERT_EQ(keep.size(), 3U);
  EXPECT_EQ(keep[0].collection, "users");
  EXPECT_EQ(keep[0].fields, (Texts{"username", "address.city"}));
  EXPECT_FALSE(keep[0].deletes);
  EXPECT_FALSE(keep[0].needs_images());
  EXPECT_EQ(keep[2].collection, "teams");
  EXPECT_EQ(keep[2].fields, (Texts{"members[].userId"}));
  make_policy("unset");
  EXPECT_TRUE(rule().subscriptions()[0].deletes);
}

TEST_F(EmbedTest, IsAnotherRuleWhenASettingChanges) {
  const std::string before = rule().fingerprint();
  make_policy("unset");
  EXPECT_NE(rule().fingerprint(), before);
}

std::string into(const std::string& target) {
  return "{from: users, into: [{" + target + "}]}";
}

TEST_F(EmbedTest, RefusesSettingsWithTheirPlace) {
  EXPECT_EQ(refusal("embed", into("collection: a, reference: r, set: {x: y}")), "");
  EXPECT_EQ(refusal("embed", into("collection: a, reference: r.id, set: {x: r.x}")), "");
  EXPECT_EQ(refusal("embed", into("collection: a, reference: 'm[].id', set: {x: 'm[].x'}")), "");
  const std::string bad[]{
      "{into: [{collection: a, reference: r, set: {x: y}}]}",
      "{from: users}",
      "{from: users, into: []}",
      into("reference: r, set: {x: y}"),
      into("collection: a, set: {x: y}"),
      into("collection: a, reference: r"),
      into("collection: a, reference: r, set: {}"),
      into("collection: a, reference: r, set: {x: y}, more: 1"),
      "{from: users, into: [{collection: a, reference: r, set: {x: y}}], on_delete: never}",
      into("collection: a, reference: '', set: {x: y}"),
      into("collection: a, reference: .r, set: {x: y}"),
      into("collection: a, reference: 'm[]', set: {x: 'm[].y'}"),
      into("collection: a, reference: '[].r', set: {x: '[].y'}"),
      into("collection: a, reference: 'm[]r', set: {x: 'm[].y'}"),
      into("collection: a, reference: 'm[].n[].r', set: {x: 'm[].y'}"),
      into("collection: a, reference: 'm[].r', set: {x: y}"),
      into("collection: a, reference: 'm[].r', set: {x: 'n[].y'}"),
      into("collection: a, reference: r, set: {x: 'm[].y'}"),
      into("collection: a, reference: r, set: {'x[].z': y}"),
      into("collection: a, reference: r, set: {x: ''}"),
      into("collection: a, reference: r, set: {x: a..b}"),
      into("collection: a, reference: r, set: {x: $y}"),
      // What the server would refuse with every single write:
      into("collection: a, reference: r, set: {x: r}"),
      into("collection: a, reference: r.id, set: {x: r}"),
      into("collection: a, reference: r, set: {x: r.x}"),
      into("collection: a, reference: 'm[].id', set: {x: 'm[].id'}"),
      into("collection: a, reference: r, set: {x: y, z: y}"),
      into("collection: a, reference: r, set: {x: y, z: y.z}"),
      into("collection: a, reference: r, set: {x: y.z, z: y}"),
      into("collection: a, reference: r, set: {x: _id}"),
  };
  for (const std::string& yaml : bad) {
    EXPECT_EQ(refusal("embed", yaml).rfind("test.yaml:1:", 0), 0U) << yaml << ": " << refusal("embed", yaml);
  }
}

TEST_F(EmbedTest, NeedsNoMoreThanTheKeyOfWhatIsTooLarge) {
  const auto effects = [&](EventJson json) {
    json.detail = "2";
    effects_.clear();
    Effects out(effects_, arena_);
    rule().apply_key_only(parse(store_, json), out);
    Texts texts;
    for (const Effect& effect : effects_) texts.push_back(std::visit(Tell{}, effect.body));
    return texts;
  };
  EXPECT_EQ(effects(updated("users", "7", "", "{}")), (Texts{"refresh articles 7", "refresh teams 7"}));
  EXPECT_EQ(effects(updated("articles", "3", "", "{}")), (Texts{"fill articles 3 unseen"}));
  EXPECT_EQ(effects(replaced("articles", "3", "", "")), (Texts{"fill articles 3 unseen"}));
  EXPECT_EQ(effects(deleted("articles", "3", "")), Texts{});
}

/// The copies are not among the fields that the rule reads, so such an event says nothing of them.
TEST_F(EmbedTest, ReadsATargetThatIsShownInPart) {
  EventJson json = inserted("articles", "3", R"({"authorId": 7})");
  json.detail = "1";
  EXPECT_EQ(effects_of(json), (Texts{"fill articles 3 unseen"}));
}

}  // namespace
}  // namespace sluice::test
