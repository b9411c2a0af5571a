#include "unit/rules/rule_fixture.hpp"

namespace sluice::test {
namespace {

class CountTest : public RuleTest {
 protected:
  CountTest() {
    make("count", "{from: favorites, reference: articleId, into: articles, field: stats.favorites}");
  }

  static std::string child(const std::string& parent) { return R"({"_id": 1, "articleId": )" + parent + "}"; }
  static EventJson moved(const std::string& from, const std::string& to) {
    return updated("favorites", "1", child(from), description(R"({"articleId": )" + to + "}"));
  }
};

TEST_F(CountTest, CountsAChildOfEveryKindOfParent) {
  for (const std::string& id : ids_of_every_type) {
    const std::string target = " articles.stats.favorites " + id;
    EXPECT_EQ(effects_of(inserted("favorites", "1", child(id))), (Texts{"+1" + target}));
    EXPECT_EQ(effects_of(deleted("favorites", "1", child(id))), (Texts{"-1" + target}));
    EXPECT_EQ(effects_of(moved(id, R"("other")")),
              (Texts{"-1" + target, R"(+1 articles.stats.favorites "other")"}));
    EXPECT_EQ(effects_of(moved(R"("other")", id)),
              (Texts{R"(-1 articles.stats.favorites "other")", "+1" + target}));
    EXPECT_EQ(effects_of(moved(id, id)), Texts{}) << "set again to what it was";
    EXPECT_EQ(effects_of(replaced("favorites", "1", child(id), child(id))), Texts{});
    EXPECT_EQ(effects_of(replaced("favorites", "1", "{}", child(id))), (Texts{"+1" + target}));
    EXPECT_EQ(effects_of(replaced("favorites", "1", child(id), "{}")), (Texts{"-1" + target}));
  }
}

TEST_F(CountTest, SeesAReferenceComeAndGoInAnUpdate) {
  EXPECT_EQ(effects_of(updated("favorites", "1", "{}", description(R"({"articleId": 5})"))),
            (Texts{"+1 articles.stats.favorites 5"}));
  EXPECT_EQ(effects_of(updated("favorites", "1", child("5"), description("{}", R"(["articleId"])"))),
            (Texts{"-1 articles.stats.favorites 5"}));
}

TEST_F(CountTest, TakesNumbersOfAnotherTypeForTheSameParent) {
  EXPECT_EQ(effects_of(moved("1", "1.0")), Texts{});
  EXPECT_EQ(effects_of(moved("1", R"({"$numberDecimal": "1.00"})")), Texts{});
  const auto key = [&](const std::string& id) {
    return apply(inserted("favorites", "1", child(id))).at(0).key;
  };
  EXPECT_EQ(key("1"), key(R"({"$numberLong": "1"})"));
  EXPECT_EQ(key("1"), key("1.0"));
  EXPECT_NE(key("1"), key("2"));
  EXPECT_NE(key("1"), key(R"("1")"));
}

TEST_F(CountTest, LooksAwayFromOtherFields) {
  EXPECT_EQ(effects_of(updated("favorites", "1", child("5"), description(R"({"at": 1})", R"(["x"])"))),
            Texts{});
  EXPECT_EQ(effects_of(updated("favorites", "1", "", description(R"({"at": 1})"))), Texts{})
      << "not even the pre-image is needed";
  EXPECT_EQ(effects_of(inserted("favorites", "1", "{}")), Texts{});
}

TEST_F(CountTest, RejectsWhatItCannotKnow) {
  EXPECT_EQ(effects_of(updated("favorites", "1", "", description(R"({"articleId": 5})"))),
            (Texts{"reject 47"}));
  EXPECT_EQ(effects_of(deleted("favorites", "1", "")), (Texts{"reject 47"}));
  EXPECT_EQ(effects_of(replaced("favorites", "1", "null", child("5"))), (Texts{"reject 47"}));
  EXPECT_STREQ(std::get<Reject>(effects_.at(0).body).reason, rules::no_pre_image);
}

TEST_F(CountTest, FollowsANestedReference) {
  make("count", "{from: c, reference: parent.id, into: p, field: n}");
  const auto nested = [](const std::string& id) { return R"({"parent": {"id": )" + id + "}}"; };
  EXPECT_EQ(effects_of(inserted("c", "1", nested("5"))), (Texts{"+1 p.n 5"}));
  EXPECT_EQ(effects_of(updated("c", "1", nested("5"), description(R"({"parent.id": 6})"))),
            (Texts{"-1 p.n 5", "+1 p.n 6"}));
  EXPECT_EQ(effects_of(updated("c", "1", nested("5"), description(R"({"parent": {"id": 6, "x": 1}})"))),
            (Texts{"-1 p.n 5", "+1 p.n 6"}));
  EXPECT_EQ(effects_of(updated("c", "1", nested("5"), description(R"({"parent": 6})"))), (Texts{"-1 p.n 5"}));
  EXPECT_EQ(effects_of(updated("c", "1", nested("5"), description("{}", R"(["parent"])"))),
            (Texts{"-1 p.n 5"}));
  EXPECT_EQ(effects_of(updated("c", "1", nested("5"), description(R"({"parent.x": 6})"))), Texts{});
  EXPECT_EQ(effects_of(updated("c", "1", nested(R"({"k": 1})"), description(R"({"parent.id.k": 2})"))),
            (Texts{R"(-1 p.n {"k":1})", R"(+1 p.n {"k":2})"}));
}

TEST_F(CountTest, SubscribesWithPreImages) {
  const auto subscriptions = rule().subscriptions();
  ASSERT_EQ(subscriptions.size(), 1U);
  EXPECT_EQ(subscriptions[0].collection, "favorites");
  EXPECT_EQ(subscriptions[0].fields, (Texts{"articleId"}));
  EXPECT_TRUE(subscriptions[0].needs_images() && subscriptions[0].inserts && subscriptions[0].deletes);
  EXPECT_TRUE(rule().indexes().empty()) << "parents are found by _id";
}

TEST_F(CountTest, IsAnotherRuleWhenASettingChanges) {
  const std::string before = rule().fingerprint();
  make("count", "{from: favorites, reference: articleId, into: articles, field: stats.likes}");
  EXPECT_NE(rule().fingerprint(), before);
}

TEST_F(CountTest, RefusesSettingsWithTheirPlace) {
  const std::string good = "from: c, reference: r, into: p, field: n";
  EXPECT_EQ(refusal("count", "{" + good + "}"), "");
  EXPECT_EQ(refusal("count", "{from: c, reference: parent, into: c, field: replies}"), "") << "a tree";
  for (const char* bad :
       {"{reference: r, into: p, field: n}", "{from: c, into: p, field: n}",
        "{from: c, reference: r, field: n}", "{from: c, reference: r, into: p}",
        "{from: c, reference: '', into: p, field: n}", "{from: c, reference: a..b, into: p, field: n}",
        "{from: c, reference: .a, into: p, field: n}", "{from: c, reference: a., into: p, field: n}",
        "{from: c, reference: a, into: p, field: n.}", "{from: c, reference: $a, into: p, field: n}",
        "{from: [c], reference: a, into: p, field: n}", "{from: '', reference: a, into: p, field: n}",
        "{from: $cmd, reference: a, into: p, field: n}", "{from: c, reference: a, into: system.js, field: n}",
        "{from: c, reference: a, into: p, field: _id}", "{from: c, reference: a, into: c, field: a.n}"}) {
    EXPECT_EQ(refusal("count", bad).rfind("test.yaml:1:", 0), 0U) << bad << ": " << refusal("count", bad);
  }
  EXPECT_NE(refusal("count", "{from: c, reference: 'a[].r', into: p, field: n}").find("[]"),
            std::string::npos);
  const std::string unknown = refusal("count", "{" + good + ", feild: n}");
  EXPECT_NE(unknown.find("field"), std::string::npos) << unknown;
}

}  // namespace
}  // namespace sluice::test
