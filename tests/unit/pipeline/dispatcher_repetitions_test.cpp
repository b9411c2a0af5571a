#include "unit/pipeline/dispatcher_fixture.hpp"

namespace sluice::pipeline {
namespace {

/// Runs of one stream, one after the other, with a rule that has a dedup window.
class DispatcherRepetitionsTest : public DispatcherTest {
 protected:
  struct OneRun {
    explicit OneRun(observe::StreamMetrics& metrics) : dispatcher(own_rules, budget, metrics) {}

    std::vector<std::unique_ptr<Rule>> own_rules = rules::make_rules(
        {"main",
         "mongodb://nowhere",
         "conduit",
         {test::rule_config("hook", "webhook", R"({from: items, url: "http://there/", dedup_s: 60})")}});
    flow::Budget budget{1000, 1 << 20};
    flow::Lane lane{flow::LaneLimits{}, LaneGuard{}, {"hook"}, 1};
    Dispatcher dispatcher;
  };

  static test::EventJson told(const std::string& token, const std::string& text) {
    test::EventJson event = test::inserted("items", "1", R"({"_id": 1, "text": ")" + text + "\"}");
    event.token = token;
    return event;
  }

  void dispatch(OneRun& run, const std::vector<test::EventJson>& events) {
    auto made = batch(events, events.back().token);
    run.budget.add(static_cast<std::int64_t>(made->events.size()), static_cast<std::int64_t>(made->size));
    run.dispatcher.dispatch(std::move(made), now_);
  }
  void commit(OneRun& run) {
    run.lane.flush();
    while (run.lane.next(now_).what == flow::LaneActionKind::send) {
      Outcome outcome;
      outcome.committed = true;
      run.dispatcher.resolve(run.lane, run.lane.done(outcome, now_).resolved);
    }
  }

  /// A run that stores its position behind a first `a`, comes as far as `b`, and dies.
  std::vector<checkpoint::DedupRecord> first_run() {
    OneRun run(metrics_);
    run.dispatcher.start({}, {&run.lane}, {}, run.dispatcher.repetitions().stored());
    dispatch(run, {told("8201", "a")});
    dispatch(run, {told("8202", "a"), told("8203", "b")});
    EXPECT_EQ(run.lane.queued(), 2U);
    EXPECT_FALSE(run.dispatcher.advance());
    EXPECT_EQ(run.dispatcher.repetitions().version(), 0U);
    const auto at_start = run.dispatcher.repetitions().stored();
    EXPECT_TRUE(at_start.front().window.entries.empty());
    commit(run);
    EXPECT_TRUE(run.dispatcher.advance());
    EXPECT_NE(run.dispatcher.repetitions().version(), 0U);
    EXPECT_EQ(run.dispatcher.repetitions().stored().front().window.entries.size(), 2U);
    return at_start;
  }

  int repeated() { return static_cast<int>(metrics_.rule_effects("hook").repeated.Value()); }
};

TEST_F(DispatcherRepetitionsTest, AreKnownAfterACrash) {
  const auto windows = first_run();
  EXPECT_EQ(repeated(), 1);
  OneRun run(metrics_);
  run.dispatcher.start({{1, 0, "8200", {"8203"}}}, {&run.lane}, {}, windows);
  dispatch(run, {told("8201", "a"), told("8202", "a"), told("8203", "b"), told("8204", "b")});
  dispatch(run, {told("8205", "c")});
  EXPECT_EQ(run.lane.queued(), 1U) << "the c";
  EXPECT_EQ(repeated(), 3) << "the second a, again, and the second b";
  EXPECT_EQ(skipped("hook"), 2);
}

/// Whether the events that an earlier run had done were told or dropped by it is then not known.
TEST_F(DispatcherRepetitionsTest, PassAfterACrashWithoutTheWindows) {
  first_run();
  OneRun run(metrics_);
  run.dispatcher.start({{1, 0, "8200", {"8203"}}}, {&run.lane}, {}, std::nullopt);
  dispatch(run, {told("8202", "a"), told("8203", "b"), told("8204", "b"), told("8205", "b")});
  EXPECT_EQ(skipped("hook"), 2);
  EXPECT_EQ(run.lane.queued(), 1U) << "one b more";
  EXPECT_FALSE(run.dispatcher.repetitions().stored().front().window.exact);
  commit(run);
  EXPECT_TRUE(run.dispatcher.advance());
  EXPECT_TRUE(run.dispatcher.repetitions().stored().front().window.exact);
}

}  // namespace
}  // namespace sluice::pipeline
