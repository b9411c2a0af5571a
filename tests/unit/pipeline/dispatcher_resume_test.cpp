#include "unit/pipeline/dispatcher_fixture.hpp"

namespace sluice::pipeline {
namespace {

class DispatcherResumeTest : public DispatcherTest {
 protected:
  /// An article whose counter goes to that lane of so many.
  std::string article_of_lane(std::size_t lane, std::size_t lanes) {
    for (int id = 0;; ++id) {
      if (key_of_article(store_, std::to_string(id)) % lanes == lane) return std::to_string(id);
    }
  }
};

TEST_F(DispatcherResumeTest, SkipsWhatALaneHasDone) {
  start({{1, 0, "8200", {"8202", "8201"}}});
  const std::string in_first = article_of_lane(0, 2);
  const std::string in_second = article_of_lane(1, 2);
  dispatch({favorite("8201", in_first), favorite("8201", in_second), favorite("8202", in_first),
            favorite("8202", in_second), favorite("8203", in_first)},
           "8203");
  EXPECT_EQ(skipped("favorites-count"), 3);
  EXPECT_EQ(lanes_[0].queued(), 1U);
  EXPECT_EQ(lanes_[1].queued(), 1U);
  EXPECT_EQ(ends(), "5 3 0 0") << "what an earlier run did is applied";
  commit_all();
  EXPECT_EQ(ends(), "5 5 0 0");
  EXPECT_EQ(reached(), "8203");
}

TEST_F(DispatcherResumeTest, SkipsTheDoneEffectsOfAnEventAndDoesTheOthers) {
  start({{1, 0, "8200", {"8205", ""}}});
  std::string tags = R"("t0")";
  for (int i = 1; i < 30; ++i) tags += ", \"t" + std::to_string(i) + "\"";
  dispatch({test::inserted("articles", "1", R"({"tagList": [)" + tags + "]}")}, "8202");
  EXPECT_EQ(lanes_[0].queued(), 0U);
  EXPECT_GT(lanes_[1].queued(), 0U);
  EXPECT_EQ(skipped("tag-tally") + skipped("author-copies") + static_cast<int>(lanes_[1].queued()), 31);
  commit_all();
  EXPECT_EQ(ends(), "1 1 0 0");
}

/// By rule, and the trail of tokens does not go back to what it was told before.
TEST_F(DispatcherResumeTest, LeavesOutWhatAnotherProgramHasPublished) {
  flow::TokenTrail trail({{"favorites"}, {"articles"}});
  dispatcher_.tell(trail);
  start({}, lane_count, {"", "8202", ""});
  dispatch({favorite("8201", "1"), favorite("8202", "1"),
            test::inserted("articles", "1", R"({"tagList": ["t"]})")},
           "8203");
  EXPECT_EQ(skipped("favorites-count"), 2);
  EXPECT_EQ(queued(), 2U) << "another rule has nothing to do with it";
  EXPECT_EQ(ends(), "3 2 0 0");
  trail.reached("8203");
  const auto tokens = trail.take();
  ASSERT_EQ(tokens.size(), 1U);
  EXPECT_EQ(tokens[0].slot, 1U);
  dispatch({favorite("8204", "1")}, "8204");
  EXPECT_EQ(queued(), 3U);
  commit_all();
  EXPECT_EQ(ends(), "4 4 0 0");
  EXPECT_EQ(reached(), "8204");
}

TEST_F(DispatcherResumeTest, HonoursLanesOfAnotherNumber) {
  start({{1, 0, "8200", {"8209", "", ""}}});
  dispatch({favorite("8201", article_of_lane(0, 3)), favorite("8201", article_of_lane(1, 3)),
            favorite("8201", article_of_lane(2, 3))},
           "8201");
  EXPECT_EQ(skipped("favorites-count"), 1);
  EXPECT_EQ(queued(), 2U);
}

TEST_F(DispatcherResumeTest, PassesOverEventsThatAnOldShardHasWhollyDone) {
  const auto of_shard = [&](const std::string& token, int shard) {
    test::EventJson event = favorite(token, "1");
    source::IdHasher hasher;
    for (int id = 0; hasher.hash(store_.value(event.id)) % 4 != shard; ++id) event.id = std::to_string(id);
    return event;
  };
  start({{4, 1, "8205", {"8207"}}, {4, 2, "8202", {""}}});
  dispatch({of_shard("8203", 1), of_shard("8203", 2), of_shard("8206", 1)}, "8206");
  EXPECT_EQ(queued(), 1U);
  EXPECT_EQ(ends(), "2 1 0 0") << "the first was another shard's, and is not counted again";
  commit_all();
  EXPECT_EQ(reached(), "8206");
  EXPECT_EQ(budget_.events(), 0);
}

TEST_F(DispatcherResumeTest, FinishesABatchThatIsWhollyDone) {
  start({{1, 0, "8205", {}}});
  dispatch({favorite("8201", "1"), favorite("8202", "1")}, "8203");
  EXPECT_EQ(reached(), "8203");
  EXPECT_EQ(queued(), 0U);
  EXPECT_EQ(budget_.events(), 0);
}

TEST_F(DispatcherResumeTest, TellsOnceThatThePositionHasPassedAllFacts) {
  start({{1, 0, "8202", {"8203"}}});
  EXPECT_FALSE(dispatcher_.passed_facts());
  dispatch({favorite("8203", "1"), favorite("8204", "1")}, "8204");
  EXPECT_EQ(reached(), "none");
  EXPECT_FALSE(dispatcher_.passed_facts())
      << "after a crash, 8203 would be read again and must be known as done";
  commit_all();
  EXPECT_EQ(reached(), "8204");
  EXPECT_TRUE(dispatcher_.passed_facts());
  EXPECT_FALSE(dispatcher_.passed_facts());
}

TEST_F(DispatcherResumeTest, PassesFactsOnAnIdleStreamToo) {
  start({{1, 0, "8202", {"8203"}}});
  dispatch({}, "8202");
  EXPECT_EQ(reached(), "8202");
  EXPECT_FALSE(dispatcher_.passed_facts());
  dispatch({}, "8203");
  EXPECT_EQ(reached(), "8203");
  EXPECT_TRUE(dispatcher_.passed_facts());
}

TEST_F(DispatcherResumeTest, HasNoFactsToPassAtAFirstStart) {
  start();
  dispatch({favorite("8203", "1")}, "8203");
  EXPECT_FALSE(dispatcher_.passed_facts());
}

}  // namespace
}  // namespace sluice::pipeline
