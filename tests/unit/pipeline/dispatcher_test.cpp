#include "pipeline/dispatcher.hpp"

#include <algorithm>

#include "unit/pipeline/dispatcher_fixture.hpp"

namespace sluice::pipeline {
namespace {

TEST_F(DispatcherTest, HandsEffectsToTheLaneOfTheirKey) {
  start({}, 4);
  for (int article = 0; article < 20; ++article) {
    const std::string id = std::to_string(article);
    const std::size_t lane = key_of_article(store_, id) % 4;
    const std::size_t before = lanes_[lane].queued();
    dispatch({favorite("8201", id)}, "8201");
    EXPECT_EQ(lanes_[lane].queued(), before + 1) << "article " << article;
  }
}

TEST_F(DispatcherTest, MovesTheFrontierWhenTheLanesAreDone) {
  start();
  EXPECT_FALSE(dispatch({favorite("8201", "1"), favorite("8202", "2")}, "8203"));
  EXPECT_EQ(reached(), "none");
  EXPECT_FALSE(dispatcher_.idle());
  EXPECT_EQ(budget_.events(), 2);
  commit_all();
  EXPECT_EQ(reached(), "8203");
  EXPECT_TRUE(dispatcher_.idle());
  EXPECT_EQ(budget_.events(), 0);
  EXPECT_EQ(budget_.bytes(), 0);
}

TEST_F(DispatcherTest, TellsThePositionWithItsTime) {
  start();
  dispatch({favorite("8201", "1")}, "8203");
  commit_all();
  EXPECT_EQ(dispatcher_.advance()->cluster_time >> 32, 5U) << "the last event's, while more is to come";
  dispatch({}, "8204");
  EXPECT_EQ(dispatcher_.advance()->cluster_time >> 32, 99U) << "the server's, when nothing is";
}

TEST_F(DispatcherTest, GoesOnWhenNothingCame) {
  start();
  dispatch({}, "8203");
  EXPECT_EQ(reached(), "8203");
  EXPECT_EQ(budget_.bytes(), 0);
  dispatch({favorite("8204", "1")}, "8204");
  dispatch({}, "8205");
  EXPECT_EQ(reached(), "none");
  commit_all();
  EXPECT_EQ(reached(), "8205");
}

TEST_F(DispatcherTest, FindsAnEndForEveryEvent) {
  start();
  test::EventJson article = test::inserted("articles", "1", R"({"authorId": 1, "tagList": ["a", "b"]})");
  article.token = "8202";
  test::EventJson no_pre_image = test::deleted("favorites", "9", "");
  no_pre_image.token = "8203";
  test::EventJson nobodys = test::inserted("sessions", "1", "{}");
  nobodys.token = "8204";
  test::EventJson without_effect = test::updated("articles", "1", "", test::description(R"({"title": "x"})"));
  without_effect.token = "8205";
  dispatch({favorite("8201", "1"), article, no_pre_image, nobodys, without_effect}, "8206");
  EXPECT_EQ(ends(), "5 0 2 0");
  commit_all();
  EXPECT_EQ(ends(), "5 2 2 1");
  EXPECT_EQ(reached(), "8206");
  EXPECT_EQ(metrics_.rule_effects("favorites-count").applied.Value(), 1);
  EXPECT_EQ(metrics_.rule_effects("favorites-count").failed.Value(), 1);
  EXPECT_EQ(metrics_.rule_effects("tag-tally").applied.Value(), 2);
  EXPECT_EQ(metrics_.rule_effects("author-copies").applied.Value(), 1);
}

TEST_F(DispatcherTest, TakesAnEventForDeadWhenOneOfItsEffectsIs) {
  start({}, 1);
  test::EventJson article = test::inserted("articles", "1", R"({"authorId": 1, "tagList": ["a"]})");
  dispatch({article}, "8202");
  lanes_[0].flush();
  ASSERT_EQ(lanes_[0].next(now_).what, flow::LaneActionKind::send);
  Outcome refused;
  refused.error = Error{ErrorKind::own_fault, 121, "refused", false};
  refused.failed_write = 1;
  lanes_[0].done(refused, now_);
  commit_all();
  EXPECT_EQ(ends(), "1 0 0 1");
}

TEST_F(DispatcherTest, CountsAnEventOnceWhenSeveralLanesShareIt) {
  start({}, 8);
  std::string tags = R"("t0")";
  for (int i = 1; i < 30; ++i) tags += ", \"t" + std::to_string(i) + "\"";
  dispatch({test::inserted("articles", "1", R"({"tagList": [)" + tags + "]}")}, "8202");
  for (std::size_t lane = 0; lane + 1 < lanes_.size(); ++lane) commit(lane);
  EXPECT_EQ(ends(), "1 0 0 0");
  EXPECT_EQ(reached(), "none");
  commit_all();
  EXPECT_EQ(ends(), "1 1 0 0");
  EXPECT_EQ(reached(), "8202");
}

TEST_F(DispatcherTest, EndsTheStreamAtAControlEvent) {
  for (const auto& [operation, what] : std::vector<std::pair<std::string, std::string>>{
           {"drop", "the collection conduit.favorites was dropped, after which"},
           {"rename", "the collection conduit.favorites was renamed to conduit."},
           {"dropDatabase", "the database conduit was dropped, after which"},
           {"invalidate", "the change stream was invalidated, after which"}}) {
    SCOPED_TRACE(operation);
    observe::Metrics metrics;
    Dispatcher dispatcher(rules_, budget_, metrics.stream("s"));
    flow::Lane lane({}, {}, names_, 1);
    dispatcher.start({}, {&lane});
    const auto end = dispatcher.dispatch(
        batch({favorite("8201", "1"), control("8202", operation, "favorites"), favorite("8203", "1")},
              "8204"),
        now_);
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->starts_with(what)) << *end;
    EXPECT_NE(end->find("--restart-now"), std::string::npos);
    EXPECT_EQ(lane.queued(), 1U) << "what came before is done, nothing behind it";
    EXPECT_EQ(metrics.stream("s").events_read.Value(), 1);
    lane.flush();
    ASSERT_EQ(lane.next(now_).what, flow::LaneActionKind::send);
    Outcome committed;
    committed.committed = true;
    dispatcher.resolve(lane, lane.done(committed, now_).resolved);
    EXPECT_FALSE(dispatcher.advance()) << "a restart finds the control event again";
  }
}

/// Such a rule beside them has nothing to keep true of it.
TEST_F(DispatcherTest, ADropOfWhatOnlyATellingRuleReadsEndsNothing) {
  StreamConfig stream = test::realworld_config();
  stream.rules.push_back(test::rule_config("log", "event_store", "{from: '*', into: log}"));
  const auto rules = rules::make_rules(stream);
  const std::vector<std::string> names{"author-copies", "favorites-count", "tag-tally", "log"};
  Dispatcher dispatcher(rules, budget_, metrics_);
  flow::Lane lane({}, {}, names, 1);
  dispatcher.start({}, {&lane});
  EXPECT_FALSE(dispatcher.dispatch(batch({control("8201", "drop", "sessions")}, "8202"), now_));
  EXPECT_EQ(dispatcher.take_notices(),
            std::vector<std::string>{
                "the collection conduit.sessions was dropped; rule 'log' writes nothing for this"});
  EXPECT_TRUE(dispatcher.dispatch(batch({control("8203", "drop", "users")}, "8204"), now_));
}

/// Of several shards or partitions each reads of it, and one tells.
TEST_F(DispatcherTest, CollectionChangesAreToldByOnePartOfTheStream) {
  const StreamConfig stream{
      "s",
      "mongodb://nowhere",
      "conduit",
      {test::rule_config("told", "publish", "{from: favorites, operations: [insert, drop]}"),
       test::rule_config("untold", "publish", "{from: favorites, message_id: 'u-{token}'}")}};
  const auto rules = rules::make_rules(stream);
  const std::vector<std::string> names{"told", "untold"};
  for (const bool first : {true, false}) {
    observe::Metrics metrics;
    Dispatcher dispatcher(rules, budget_, metrics.stream("s"));
    dispatcher.tell_of_collections(first);
    flow::Lane lane({}, {}, names, 1);
    dispatcher.start({}, {&lane});
    EXPECT_FALSE(dispatcher.dispatch(
        batch({control("8201", "drop", "favorites"), control("8202", "rename", "favorites")}, "8203"), now_));
    EXPECT_EQ(lane.queued(), first ? 1U : 0U);
    EXPECT_EQ(dispatcher.take_notices().size(), first ? 2U : 0U);
    EXPECT_EQ(dispatcher.take_notices().size(), 0U);
    auto& counted = metrics.stream("s");
    EXPECT_EQ(counted.collection_changes("drop").Value(), first ? 1 : 0);
    EXPECT_EQ(counted.collection_changes("rename").Value(), first ? 1 : 0);
    EXPECT_EQ(counted.events_read.Value(), 2);
    EXPECT_EQ(counted.events_filtered.Value(), first ? 1 : 2);
    lane.flush();
    if (lane.next(now_).what == flow::LaneActionKind::send) {
      Outcome committed;
      committed.committed = true;
      dispatcher.resolve(lane, lane.done(committed, now_).resolved);
    }
    EXPECT_EQ(dispatcher.advance()->data(), "8203");
  }
}

/// Rules that only publish have nothing that could become wrong: what comes behind is published, too.
TEST_F(DispatcherTest, ATellingStreamGoesOnBehindAControlEvent) {
  const StreamConfig stream{
      "s", "mongodb://nowhere", "conduit", {test::rule_config("out", "publish", "{from: favorites}")}};
  const auto rules = rules::make_rules(stream);
  const std::vector<std::string> names = {"out"};
  for (const char* operation : {"drop", "rename", "dropDatabase", "invalidate"}) {
    SCOPED_TRACE(operation);
    observe::Metrics metrics;
    Dispatcher dispatcher(rules, budget_, metrics.stream("s"));
    flow::TokenTrail trail({{"favorites"}});
    dispatcher.tell(trail);
    flow::Lane lane({}, {}, names, 1);
    dispatcher.start({}, {&lane});
    const auto end =
        dispatcher.dispatch(batch({favorite("8201", "1"), control("8202", operation, "favorites"),
                                   favorite("8203", "1"), control("8204", "createIndexes", "favorites")},
                                  "8205"),
                            now_);
    EXPECT_FALSE(end);
    EXPECT_EQ(lane.queued(), 2U);
    lane.flush();
    ASSERT_EQ(lane.next(now_).what, flow::LaneActionKind::send);
    Outcome committed;
    committed.committed = true;
    dispatcher.resolve(lane, lane.done(committed, now_).resolved);
    const auto reached = dispatcher.advance();
    ASSERT_TRUE(reached);
    EXPECT_EQ(reached->data(), "8205");
    trail.reached(reached->data());
    EXPECT_EQ(trail.take(), (std::vector<flow::TokenTrail::Token>{{0, "8203"}})) << "the last that was told";
  }
}

TEST_F(DispatcherTest, PassesOverOperationsItDoesNotKnow) {
  start();
  EXPECT_FALSE(dispatch({control("8201", "createIndexes", "favorites")}, "8202"));
  EXPECT_EQ(ends(), "1 0 1 0");
  EXPECT_EQ(reached(), "8202");
}

TEST_F(DispatcherTest, SurvivesAnswersThatAreNoEvents) {
  start();
  auto odd = batch({}, "8201");
  odd->events.push_back({});
  odd->events.push_back(store_.document("{}"));
  odd->events.push_back(store_.document(R"({"_id": {"_data": "8200"}, "operationType": 7})"));
  budget_.add(3, static_cast<std::int64_t>(odd->size));
  EXPECT_FALSE(dispatcher_.dispatch(std::move(odd), now_));
  EXPECT_EQ(ends(), "3 0 3 0");
  EXPECT_EQ(reached(), "8201");
}

TEST_F(DispatcherTest, SetsAsideWhatIsTooLargeForTheRulesThatNeedItsFields) {
  start();
  test::EventJson article = test::updated("articles", "1", "", "");
  article.detail = "2";
  test::EventJson deleted_user = test::deleted("users", "1", "");
  deleted_user.token = "8202";
  deleted_user.detail = "2";
  dispatch({article, deleted_user}, "8203");
  std::vector<std::string> ends_of_rules;
  for (flow::Lane& lane : lanes_) {
    lane.flush();
    if (lane.next(now_).what != flow::LaneActionKind::send) continue;
    for (const Write& write : lane.batch().writes) {
      const auto* letter = std::get_if<LetterWrite>(&write);
      ends_of_rules.push_back(letter == nullptr ? "done"
                                                : (*letter)->rule + " " + std::to_string((*letter)->code));
    }
    Outcome committed;
    committed.committed = true;
    dispatcher_.resolve(lane, lane.done(committed, now_).resolved);
  }
  std::ranges::sort(ends_of_rules);
  EXPECT_EQ(ends_of_rules, (std::vector<std::string>{"done", "tag-tally 10334"}));
  EXPECT_EQ(ends(), "2 0 1 1") << "nobody asked for the user that went";
  EXPECT_EQ(reached(), "8203");
}

TEST_F(DispatcherTest, EndsAnAnswerThatNamesNoPlaceWithItsLastEvent) {
  start();
  auto none = batch({}, "8201");
  none->resume_token = {};
  budget_.add(0, static_cast<std::int64_t>(none->size));
  EXPECT_FALSE(dispatcher_.dispatch(std::move(none), now_));
  EXPECT_EQ(reached(), "none");
  EXPECT_EQ(budget_.bytes(), 0);
  auto one = batch({favorite("8202", "1")}, "8203");
  one->resume_token = {};
  budget_.add(1, static_cast<std::int64_t>(one->size));
  EXPECT_FALSE(dispatcher_.dispatch(std::move(one), now_));
  commit_all();
  const auto position = dispatcher_.advance();
  ASSERT_TRUE(position);
  EXPECT_EQ(position->data(), "8202");
  EXPECT_TRUE(position->at_event);
}

}  // namespace
}  // namespace sluice::pipeline
