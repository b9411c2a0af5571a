#include "unit/rules/rule_fixture.hpp"

namespace sluice::test {
namespace {

class TallyTest : public RuleTest {
 protected:
  TallyTest() { make("tally", "{from: articles, field: tagList, into: tags, count: n}"); }

  static std::string with(const std::string& tags) { return R"({"_id": 1, "tagList": )" + tags + "}"; }
  static EventJson changed(const std::string& before, const std::string& updated_fields,
                           const std::string& truncated = "[]") {
    return updated("articles", "1", with(before), description(updated_fields, "[]", truncated));
  }
};

TEST_F(TallyTest, CountsEachValueOnce) {
  EXPECT_EQ(effects_of(inserted("articles", "1", with(R"(["a", "b", "a"])"))),
            (Texts{R"(+1 tags.n "a")", R"(+1 tags.n "b")"}));
  EXPECT_EQ(effects_of(deleted("articles", "1", with(R"(["a", "b", "a"])"))),
            (Texts{R"(-1 tags.n "a")", R"(-1 tags.n "b")"}));
  EXPECT_EQ(effects_of(inserted("articles", "1",
                                with(R"([1, 1.0, {"$numberLong": "1"}, {"$numberDecimal": "1.0"}])"))),
            (Texts{"+1 tags.n 1"}));
}

TEST_F(TallyTest, CountsValuesOfEveryType) {
  for (const std::string& id : ids_of_every_type) {
    const Texts one{"+1 tags.n " + id};
    EXPECT_EQ(effects_of(inserted("articles", "1", with("[" + id + "]"))), one);
    EXPECT_EQ(effects_of(inserted("articles", "1", with(id))), one);
    EXPECT_EQ(effects_of(deleted("articles", "1", with("[" + id + "]"))), (Texts{"-1 tags.n " + id}));
  }
}

TEST_F(TallyTest, TakesNothingForNoValue) {
  for (const char* nothing : {"{}", R"({"tagList": []})"}) {
    EXPECT_EQ(effects_of(inserted("articles", "1", nothing)), Texts{}) << nothing;
    EXPECT_EQ(effects_of(deleted("articles", "1", nothing)), Texts{}) << nothing;
  }
}

TEST_F(TallyTest, ANullAloneIsTheNullInAList) {
  EXPECT_EQ(effects_of(inserted("articles", "1", with("null"))), (Texts{"+1 tags.n null"}));
  EXPECT_EQ(effects_of(deleted("articles", "1", with("null"))), (Texts{"-1 tags.n null"}));
  EXPECT_EQ(effects_of(changed("null", R"({"tagList": [null]})")), Texts{});
  EXPECT_EQ(effects_of(changed("null", R"({"tagList": "a"})")),
            (Texts{"-1 tags.n null", R"(+1 tags.n "a")"}));
  EXPECT_EQ(effects_of(updated("articles", "1", with("null"), description("{}", R"(["tagList"])"))),
            (Texts{"-1 tags.n null"}));
}

/// The server then refuses the id, so it ends as a dead letter, and verification finds the count missing.
TEST_F(TallyTest, AListInsideAListIsAValue) {
  EXPECT_EQ(effects_of(inserted("articles", "1", with(R"([["a"], ["a"], "b"])"))),
            (Texts{R"(+1 tags.n ["a"])", R"(+1 tags.n "b")"}));
}

TEST_F(TallyTest, SeesTheDifferenceThatAnUpdateMakes) {
  EXPECT_EQ(effects_of(changed(R"(["a", "b"])", R"({"tagList": ["b", "c"]})")),
            (Texts{R"(-1 tags.n "a")", R"(+1 tags.n "c")"}));
  EXPECT_EQ(effects_of(changed(R"(["a", "b"])", R"({"tagList.1": "c"})")),
            (Texts{R"(-1 tags.n "b")", R"(+1 tags.n "c")"}));
  EXPECT_EQ(effects_of(changed(R"(["a"])", R"({"tagList.1": "b"})")), (Texts{R"(+1 tags.n "b")"})) << "$push";
  EXPECT_EQ(effects_of(changed(R"(["a"])", R"({"tagList.1": "a"})")), Texts{});
  EXPECT_EQ(effects_of(changed(R"(["a", "b", "a"])", "{}", R"([{"field": "tagList", "newSize": 2}])")),
            Texts{});
  EXPECT_EQ(effects_of(changed(R"(["a", "b", "a"])", "{}", R"([{"field": "tagList", "newSize": 1}])")),
            (Texts{R"(-1 tags.n "b")"}));
  EXPECT_EQ(effects_of(changed(R"(["a", "b", "c"])", R"({"tagList.0": "c"})",
                               R"([{"field": "tagList", "newSize": 2}])")),
            (Texts{R"(-1 tags.n "a")"}));
  EXPECT_EQ(effects_of(updated("articles", "1", with(R"(["a"])"), description("{}", R"(["tagList"])"))),
            (Texts{R"(-1 tags.n "a")"}));
  EXPECT_EQ(effects_of(changed(R"("a")", R"({"tagList": "b"})")),
            (Texts{R"(-1 tags.n "a")", R"(+1 tags.n "b")"}));
  EXPECT_EQ(effects_of(changed(R"(["a"])", R"({"tagList": "a"})")), Texts{});
  EXPECT_EQ(effects_of(changed(R"(["a"])", R"({"tagList.3": "d"})")),
            (Texts{"+1 tags.n null", R"(+1 tags.n "d")"}))
      << "the elements between are null";
}

TEST_F(TallyTest, SeesTheDifferenceThatAReplacementMakes) {
  EXPECT_EQ(effects_of(replaced("articles", "1", with(R"(["a", "b"])"), with(R"(["b", "c"])"))),
            (Texts{R"(-1 tags.n "a")", R"(+1 tags.n "c")"}));
  EXPECT_EQ(effects_of(replaced("articles", "1", with(R"(["a"])"), "{}")), (Texts{R"(-1 tags.n "a")"}));
}

TEST_F(TallyTest, LooksAwayFromOtherFields) {
  EXPECT_EQ(effects_of(updated("articles", "1", "", description(R"({"title": 1})"))), Texts{});
}

TEST_F(TallyTest, RejectsWhatItCannotKnow) {
  EXPECT_EQ(effects_of(updated("articles", "1", "", description(R"({"tagList": []})"))),
            (Texts{"reject 47"}));
  EXPECT_EQ(effects_of(deleted("articles", "1", "null")), (Texts{"reject 47"}));
  EXPECT_EQ(effects_of(replaced("articles", "1", "", with("[]"))), (Texts{"reject 47"}));
}

TEST_F(TallyTest, TakesVeryLongArrays) {
  std::string all = "[0";
  for (int i = 1; i < 50000; ++i) all += "," + std::to_string(i);
  EXPECT_EQ(apply(inserted("articles", "1", with(all + "]"))).size(), 50000U);
  EXPECT_EQ(effects_of(replaced("articles", "1", with(all + "]"), with(all + R"(, "new"])"))),
            (Texts{R"(+1 tags.n "new")"}));
}

TEST_F(TallyTest, RoutesByValue) {
  apply(inserted("articles", "1", with(R"(["a", "b"])")));
  const std::uint64_t a = effects_[0].key;
  EXPECT_NE(a, effects_[1].key);
  apply(deleted("articles", "2", with(R"(["a"])")));
  EXPECT_EQ(effects_[0].key, a);
}

TEST_F(TallyTest, MakesEntriesAndDropsThemAtZero) {
  apply(inserted("articles", "1", with(R"(["a"])")));
  const CounterPlan& plan = *std::get<Increment>(effects_[0].body).plan;
  EXPECT_TRUE(plan.create);
  EXPECT_TRUE(plan.drop_at_zero);
  EXPECT_EQ(plan.database, "db");
}

TEST_F(TallyTest, RefusesSettingsWithTheirPlace) {
  for (const char* bad :
       {"{field: f, into: t, count: n}", "{from: c, into: t, count: n}", "{from: c, field: f, count: n}",
        "{from: c, field: f, into: t}", "{from: c, field: 'f[].x', into: t, count: n}",
        "{from: c, field: f, into: t, count: a..b}", "{from: c, field: f, into: t, count: n, x: 1}",
        "{from: c, field: f, into: c, count: f}", "{from: c, field: f, into: .t, count: n}"}) {
    EXPECT_EQ(refusal("tally", bad).rfind("test.yaml:1:", 0), 0U) << bad << ": " << refusal("tally", bad);
  }
}

}  // namespace
}  // namespace sluice::test
