#include "worker/stream_supervisor.hpp"

#include <gtest/gtest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

namespace sluice::worker {
namespace {

/// What a test may do to a stream that the supervisor runs, and what it sees of it.
struct Handle {
  StreamConfig config;
  pipeline::StreamObserver events;
  bool started = false;
  int stops = 0;
  std::atomic<bool> alive = true;
  std::thread::id ended_on = {};
};

/// Does nothing by itself: the test tells its events. `stops_by_itself`: a stop ends it at once.
class FakeStream final : public cluster::RunningStream {
 public:
  FakeStream(std::shared_ptr<Handle> handle, bool fails_at_start)
      : handle_(std::move(handle)), fails_at_start_(fails_at_start) {}
  ~FakeStream() override {
    handle_->ended_on = std::this_thread::get_id();
    handle_->alive = false;
  }

  void start() override {
    handle_->started = true;
    if (fails_at_start_) throw ConfigError("this rule cannot be used");
  }
  void stop() override { ++handle_->stops; }
  void append_status(observe::WorkerStatus& status) const override {
    status.streams.emplace_back().name = handle_->config.name;
  }

 private:
  std::shared_ptr<Handle> handle_;
  bool fails_at_start_;
};

StreamConfig stream(const std::string& name, const std::string& database = "db") {
  StreamConfig config;
  config.name = name;
  config.uri = "mongodb://127.0.0.1:1";
  config.database = database;
  return config;
}

StreamConfig triggers(const std::string& name) {
  StreamConfig config = stream(name + ":triggers");
  config.of_triggers = true;
  return config;
}

/// A supervisor whose streams the test plays.
class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest()
      : supervisor_({io_, config_, metrics_, readiness_, log_, nullptr, nullptr, nullptr, nullptr, teardown_},
                    asio::make_strand(io_), events(), factory(),
                    {std::chrono::milliseconds(1), std::chrono::milliseconds(2)}) {}

  SupervisorEvents events() {
    return {[this](const std::string& line) { said_.push_back(line); },
            [this](int exit_code) { failures_.push_back(exit_code); }, [this] { ++ends_; },
            [this](const std::string& why) { refused_.push_back(why); }};
  }

  cluster::StreamFactory factory() {
    return [this](const pipeline::WorkerContext& context, const StreamConfig& config, const Strand&,
                  pipeline::StreamObserver events) {
      if (cannot_be_made_.contains(config.name)) throw ConfigError("no such collection");
      auto handle = std::make_shared<Handle>();
      handle->config = config;
      handle->events = std::move(events);
      made_.push_back(handle);
      EXPECT_EQ(&context.config.streams.front(), &config);
      return std::make_unique<FakeStream>(handle, fails_at_start_.contains(config.name));
    };
  }

  /// The newest one of that name.
  Handle& last(const std::string& name) {
    for (auto one = made_.rbegin(); one != made_.rend(); ++one) {
      if ((*one)->config.name == name) return **one;
    }
    throw std::logic_error("no stream " + name);
  }
  std::size_t times_made(const std::string& name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(made_, [&](const auto& one) { return one->config.name == name; }));
  }
  /// A stream that came to run.
  Handle& running(const std::string& name) {
    Handle& one = last(name);
    one.events.connected();
    one.events.ready();
    return one;
  }
  /// Handlers that are due, and timers, until it holds.
  template <typename Holds>
  void run_until(Holds holds) {
    io_.restart();
    while (!holds() && io_.run_one() > 0) {
    }
    EXPECT_TRUE(holds());
  }
  /// What is due is done, and what has ended is gone.
  void settle() {
    io_.restart();
    io_.poll();
    teardown_.join();
  }
  std::vector<std::string> status() const {
    observe::WorkerStatus status;
    supervisor_.append_status(status);
    std::vector<std::string> names;
    for (const auto& one : status.streams) names.push_back(one.name);
    return names;
  }

  asio::thread_pool teardown_{1};
  asio::io_context io_;
  Config config_;
  observe::Metrics metrics_;
  observe::Readiness readiness_;
  std::shared_ptr<spdlog::logger> log_ =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  std::set<std::string> cannot_be_made_;
  std::set<std::string> fails_at_start_;
  std::vector<std::string> said_;
  std::vector<int> failures_;
  std::vector<std::string> refused_;
  int ends_ = 0;
  std::vector<std::shared_ptr<Handle>> made_;
  StreamSupervisor supervisor_;
};

TEST_F(SupervisorTest, SaysThatItIsReadyOnceAllStreamsAre) {
  supervisor_.start({stream("a"), stream("b")});
  running("a");
  EXPECT_TRUE(said_.empty());
  running("b");
  EXPECT_EQ(said_,
            (std::vector<std::string>{"Connected to MongoDB (Shard 0/1)", "__READY__SHARD__0_OF_1__"}));
  EXPECT_EQ(status(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(SupervisorTest, StreamThatCannotBeMadeAtTheStartIsThrown) {
  cannot_be_made_ = {"b"};
  EXPECT_THROW(supervisor_.start({stream("a"), stream("b")}), ConfigError);
  EXPECT_FALSE(last("a").started);
}

TEST_F(SupervisorTest, StreamThatFailsWhileStreamingEndsTheWorkerWithItsCode) {
  supervisor_.start({stream("a"), stream("b")});
  running("a");
  running("b").events.failed(exit_code::position_lost);
  EXPECT_EQ(failures_, std::vector<int>{exit_code::position_lost});
  supervisor_.stop();
  EXPECT_EQ(last("a").stops, 1);
  last("b").events.ended();
  EXPECT_EQ(ends_, 0);
  last("a").events.ended();
  run_until([&] { return ends_ > 0; });
  EXPECT_EQ(ends_, 1);
}

TEST_F(SupervisorTest, StopWaitsForAStreamThatEndsLate) {
  supervisor_.start({stream("a")});
  supervisor_.stop();
  io_.poll();
  EXPECT_EQ(ends_, 0);
  last("a").events.ready();  // late, and of no interest any more
  EXPECT_TRUE(said_.empty());
  last("a").events.ended();
  EXPECT_EQ(ends_, 1);
}

TEST_F(SupervisorTest, ChangedStreamBeginsOnlyWhenTheOldOneHasEnded) {
  supervisor_.start({stream("a"), stream("b")});
  Handle& before = running("a");
  Handle& other = running("b");
  EXPECT_EQ(supervisor_.apply({stream("a", "other"), stream("b")}).changed, std::vector<std::string>{"a"});
  EXPECT_EQ(before.stops, 1);
  EXPECT_EQ(other.stops, 0);
  EXPECT_EQ(times_made("a"), 2);
  EXPECT_FALSE(last("a").started);
  before.events.ended();
  EXPECT_TRUE(last("a").started);
  EXPECT_EQ(last("a").config.database, "other");
}

TEST_F(SupervisorTest, NothingChangesWhereOneOfTheNewStreamsCannotBeMade) {
  supervisor_.start({stream("a")});
  Handle& before = running("a");
  cannot_be_made_ = {"new"};
  EXPECT_THROW(supervisor_.apply({stream("a", "other"), stream("new")}), ConfigError);
  EXPECT_EQ(before.stops, 0);
  EXPECT_EQ(status(), std::vector<std::string>{"a"});
}

TEST_F(SupervisorTest, ChangedStreamThatFailsToComeUpGoesBackToWhatItWas) {
  supervisor_.start({stream("a")});
  Handle& before = running("a");
  supervisor_.apply({stream("a", "other")});
  before.events.ended();
  Handle& changed = last("a");
  changed.events.failed(exit_code::cannot_start);
  EXPECT_EQ(changed.stops, 1);
  changed.events.ended();
  EXPECT_TRUE(failures_.empty());
  EXPECT_EQ(refused_.size(), 1);
  EXPECT_EQ(times_made("a"), 3);
  EXPECT_EQ(last("a").config.database, "db");
  EXPECT_TRUE(last("a").started);
}

TEST_F(SupervisorTest, ChangedStreamThatThrowsAtItsStartGoesBackToo) {
  supervisor_.start({stream("a")});
  Handle& before = running("a");
  fails_at_start_ = {"a"};
  supervisor_.apply({stream("a", "other")});
  fails_at_start_.clear();
  // The instance is made with the failure in it; the one it goes back to is made without.
  before.events.ended();
  EXPECT_EQ(last("a").config.database, "db");
  EXPECT_TRUE(last("a").started);
  EXPECT_TRUE(failures_.empty());
}

TEST_F(SupervisorTest, AddedStreamThatFailsIsTriedAgainAndTakesNobodyAlong) {
  supervisor_.start({stream("a")});
  running("a");
  fails_at_start_ = {"b"};
  supervisor_.apply({stream("a"), stream("b")});
  EXPECT_EQ(status(), (std::vector<std::string>{"a", "b"})) << "also while it waits to be tried again";
  run_until([&] { return times_made("b") >= 3; });
  fails_at_start_.clear();
  run_until([&] { return times_made("b") >= 4 && last("b").started; });
  running("b");
  EXPECT_TRUE(failures_.empty());
  EXPECT_EQ(last("a").stops, 0);
  EXPECT_EQ(status(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(SupervisorTest, StreamOfTriggersThatFailsIsTriedAgainWhenItHasEnded) {
  supervisor_.start({stream("a"), triggers("a")});
  running("a");
  Handle& failing = running("a:triggers");
  failing.events.failed(exit_code::cannot_start);
  failing.events.failed(exit_code::cannot_start);
  EXPECT_EQ(failing.stops, 1);
  EXPECT_EQ(times_made("a:triggers"), 1);
  failing.events.ended();
  run_until([&] { return times_made("a:triggers") == 2; });
  EXPECT_TRUE(failures_.empty());
}

TEST_F(SupervisorTest, StreamThatIsTriedAgainKeepsItsReasonUntilThereIsNews) {
  supervisor_.start({stream("a"), triggers("a")});
  running("a");
  for (const char* condition : {"stream a:triggers", "cluster of a:triggers"}) {
    const std::size_t times = times_made("a:triggers");
    readiness_.not_ready(condition, "JetStream says no");
    readiness_.not_ready("stream a:triggers lane 0", "a lane of the one that ended");
    last("a:triggers").events.failed(exit_code::cannot_start);
    last("a:triggers").events.ended();
    run_until([&] { return times_made("a:triggers") > times && last("a:triggers").started; });
    EXPECT_EQ(readiness_.reasons(), std::vector<std::string>{std::string(condition) + ": JetStream says no"});
    readiness_.ready(condition);
  }
}

TEST_F(SupervisorTest, StreamThatIsChangedHasNoReasonOfItsOldSelf) {
  supervisor_.start({stream("a")});
  Handle& before = running("a");
  readiness_.not_ready("stream a", "JetStream says no");
  supervisor_.apply({stream("a", "other")});
  before.events.ended();
  ASSERT_TRUE(last("a").started);
  EXPECT_EQ(readiness_.reason("stream a"), "");
}

TEST_F(SupervisorTest, RemovedStreamIsForgottenOnceItHasEnded) {
  supervisor_.start({stream("a"), stream("b")});
  running("a");
  supervisor_.apply({stream("a")});
  EXPECT_EQ(last("b").stops, 1);
  EXPECT_EQ(status(), (std::vector<std::string>{"a", "b"}));
  last("b").events.ended();
  EXPECT_EQ(status(), std::vector<std::string>{"a"});
  EXPECT_FALSE(said_.empty());  // the others no longer wait for it
}

TEST_F(SupervisorTest, StreamRemovedWhileItWaitsToBeTriedAgainIsNotMadeAgain) {
  supervisor_.start({stream("a")});
  running("a");
  fails_at_start_ = {"b"};
  supervisor_.apply({stream("a"), stream("b")});
  supervisor_.apply({stream("a")});
  io_.restart();
  io_.run();  // no timer is left that could bring it back
  EXPECT_EQ(times_made("b"), 1);
}

TEST_F(SupervisorTest, StreamChangedAndRemovedBeforeItsOldSelfEndedNeverBegins) {
  supervisor_.start({stream("a"), stream("b")});
  Handle& before = running("a");
  supervisor_.apply({stream("a", "other"), stream("b")});
  Handle& never = last("a");
  supervisor_.apply({stream("b")});
  settle();
  EXPECT_FALSE(never.alive);
  before.events.ended();
  EXPECT_FALSE(never.started);
  EXPECT_EQ(status(), std::vector<std::string>{"b"});
}

TEST_F(SupervisorTest, StreamChangedTwiceGoesOnAsItWasChangedLast) {
  supervisor_.start({stream("a")});
  Handle& before = running("a");
  supervisor_.apply({stream("a", "second")});
  supervisor_.apply({stream("a", "third")});
  before.events.ended();
  EXPECT_EQ(last("a").config.database, "third");
  EXPECT_TRUE(last("a").started);
}

TEST_F(SupervisorTest, StreamRemovedAndAddedAgainWhileItEndsBeginsAnew) {
  supervisor_.start({stream("a"), stream("b")});
  Handle& before = running("a");
  supervisor_.apply({stream("b")});
  supervisor_.apply({stream("a", "other"), stream("b")});
  EXPECT_EQ(times_made("a"), 2);
  before.events.ended();
  EXPECT_TRUE(last("a").started);
}

TEST_F(SupervisorTest, WordFromAStreamThatWasReplacedChangesNothing) {
  supervisor_.start({stream("a")});
  Handle& before = running("a");
  const pipeline::StreamObserver late = before.events;
  supervisor_.apply({stream("a", "other")});
  before.events.ended();
  late.failed(exit_code::cannot_start);
  late.ended();
  EXPECT_TRUE(failures_.empty());
  EXPECT_EQ(times_made("a"), 2);
}

TEST_F(SupervisorTest, NothingIsAppliedOnceItStops) {
  supervisor_.start({stream("a")});
  supervisor_.stop();
  supervisor_.apply({stream("a", "other"), stream("b")});
  EXPECT_EQ(made_.size(), 1);
  last("a").events.ended();
  EXPECT_EQ(made_.size(), 1);
  EXPECT_EQ(ends_, 1);
}

/// The handler in which it says that it has ended may be one of its own, so it lives on until that returns;
/// and its end may take long, so it is none of the strand's business.
TEST_F(SupervisorTest, EndedStreamIsDestroyedBehindItsLastHandlerAndOffTheStrand) {
  supervisor_.start({stream("a"), stream("b")});
  Handle& one = last("b");
  supervisor_.apply({stream("a")});
  one.events.ended();
  EXPECT_TRUE(one.alive);
  settle();
  EXPECT_FALSE(one.alive);
  EXPECT_NE(one.ended_on, std::this_thread::get_id());
}

TEST_F(SupervisorTest, StreamThatThrowsAtTheWorkersStartEndsTheWorker) {
  fails_at_start_ = {"b"};
  supervisor_.start({stream("a"), stream("b")});
  EXPECT_EQ(failures_, std::vector<int>{exit_code::bad_configuration});
  supervisor_.stop();
  last("a").events.ended();
  run_until([&] { return ends_ == 1; });
}

}  // namespace
}  // namespace sluice::worker
