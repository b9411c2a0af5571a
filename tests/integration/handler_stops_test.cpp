#include <atomic>
#include <csignal>
#include <filesystem>

#include "support/handling.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class HandlerStops : public HandlersTest {
 protected:
  HandlerStops() = default;
  explicit HandlerStops(ReplicaSet& server) : HandlersTest(server) {}
};

TEST_F(HandlerStops, AStopLeavesWhatHasNotReturnedToTheNextRunAndThatAlone) {
  Seen seen;
  std::atomic<bool> hangs = true;
  std::atomic<int> hanging = 0;
  const auto handler = [&](Change change) -> asio::awaitable<void> {
    if (id_of(change) == "x" && hangs) {
      ++hanging;
      while (hangs) co_await pause(1ms);
      co_return;
    }
    seen.add(id_of(change) + " " + std::string(change.idempotency_key()));
  };
  Config quick = config();
  quick.engine.drain_ms = 200;
  {
    HostedPipeline host(quick, 1);
    host.pipeline().on("orders", handler);
    ASSERT_TRUE(host.ready()) << host.log();
    for (const char* id : {"a", "b", "c", "d", "e"}) insert(id);
    ASSERT_TRUE(soon([&] { return seen.size() == 5; }));
    insert("x");
    write("x", 1);
    ASSERT_TRUE(soon([&] { return hanging == 1; }));
    const RunResult end = host.stop();
    EXPECT_TRUE(end) << end.why;
    EXPECT_FALSE(end.complete) << "the handler of x hangs";
    hangs = false;
  }
  EXPECT_EQ(seen.size(), 5U);
  HostedPipeline host(quick, 1);
  host.pipeline().on("orders", handler);
  ASSERT_TRUE(host.ready()) << host.log();
  ASSERT_TRUE(soon([&] { return seen.size() == 7; })) << host.log();
  insert("last");
  ASSERT_TRUE(soon([&] { return seen.size() == 8; }));
  const RunResult end = host.stop();
  EXPECT_TRUE(end.complete) << host.log();
  const Texts all = seen.all();
  for (std::size_t i = 0; i < 5; ++i) EXPECT_FALSE(all[i].starts_with("x")) << all[i];
  EXPECT_TRUE(all[5].starts_with("x ") && all[6].starts_with("x ") && all[5] < all[6]) << all[5] << all[6];
}

TEST_F(HandlerStops, ThatReturnWithinTheDrainAreNotCalledAgain) {
  Seen seen;
  std::atomic<int> begun = 0;
  const auto handler = [&](Change change) -> asio::awaitable<void> {
    ++begun;
    co_await pause(100ms);
    seen.add(id_of(change));
  };
  {
    HostedPipeline host(config(), 1);
    host.pipeline().on("orders", handler);
    ASSERT_TRUE(host.ready());
    insert("a");
    insert("b");
    ASSERT_TRUE(soon([&] { return begun == 2; }));
    EXPECT_TRUE(host.stop().complete) << host.log();
    EXPECT_EQ(seen.size(), 2U);
  }
  HostedPipeline host(config(), 1);
  host.pipeline().on("orders", handler);
  ASSERT_TRUE(host.ready());
  insert("c");
  ASSERT_TRUE(soon([&] { return seen.size() >= 3; }));
  EXPECT_EQ(sorted(seen.all()), (Texts{"a", "b", "c"}));
}

TEST_F(HandlerStops, AServerThatIsAwayIsWaitedForUntilTheStop) {
  const workbench::Port nobody;
  Config away = config();
  away.engine.drain_ms = 100;
  away.streams[0].uri =
      "mongodb://127.0.0.1:" + nobody.text() + "/?replicaSet=rs0&serverSelectionTimeoutMS=500";
  HostedPipeline host(away, 1);
  host.pipeline().on("orders", [](const Change&) -> asio::awaitable<void> { co_return; });
  host.start();
  ASSERT_TRUE(soon([&] { return host.logged("MongoDB is not available yet"); })) << host.log();
  EXPECT_NE(host.pipeline().why_not_ready(), "");
  EXPECT_TRUE(host.stop());
}

/// A stop request that was there before.
TEST_F(HandlerStops, AStopBeforeTheStartEndsAtOnce) {
  HostedPipeline host(config(), 1);
  host.pipeline().on("orders", [](const Change&) -> asio::awaitable<void> { co_return; });
  host.stop_source().request_stop();
  host.start();
  EXPECT_TRUE(host.wait()) << host.log();
}

/// The handler in a process of its own, which is killed.
class HandlerProgram : public HandlerStops {
 protected:
  std::unique_ptr<Process> start_program() {
    std::filesystem::remove(ready_);
    auto program = std::make_unique<Process>(
        Process::Options{.command = {handler_program_path(), server().uri(), db().database(),
                                     state().database(), seen_, hold_, ready_},
                         .environment = {},
                         .out = folder_.path() / "out",
                         .err = folder_.path() / "err"});
    EXPECT_TRUE(soon([&] { return std::filesystem::exists(ready_); }));
    return program;
  }
  std::string text(const std::string& name) const { return read_file(folder_.path() / name); }
  std::string seen() const { return read_file(seen_); }

  TemporaryDirectory folder_;
  const std::string seen_ = folder_.path() / "seen";
  const std::string hold_ = folder_.path() / "hold";
  const std::string ready_ = folder_.path() / "ready";
};

TEST_F(HandlerProgram, ThatIsKilledMidHandlerRepeatsWhatHadNotReturned) {
  auto program = start_program();
  insert("a");
  ASSERT_TRUE(soon([&] { return seen() == "begun a\nreturned a\n"; })) << seen();
  ASSERT_TRUE(settled());
  folder_.write("hold", "");
  insert("b");
  ASSERT_TRUE(soon([&] { return seen().ends_with("begun b\n"); })) << seen();
  program->kill9();
  std::filesystem::remove(hold_);
  program = start_program();
  EXPECT_TRUE(soon([&] { return seen().ends_with("returned b\n"); })) << seen();
  EXPECT_EQ(seen(), "begun a\nreturned a\nbegun b\nbegun b\nreturned b\n");
  program->signal(SIGTERM);
  EXPECT_EQ(program->wait(patience(20s)), 0);
  EXPECT_EQ(text("out"), "");
  EXPECT_EQ(text("err"), "");
}

struct OwnSet {
  ReplicaSet own;
};

class HandlersOfAnOwnServer : protected OwnSet, public HandlerStops {
 protected:
  HandlersOfAnOwnServer() : HandlerStops(own) {}
};

TEST_F(HandlersOfAnOwnServer, AStopWhileTheServerIsAwayEnds) {
  Config quick = config();
  quick.engine.drain_ms = 200;
  quick.streams[0].uri += "&serverSelectionTimeoutMS=2000";
  Seen seen;
  HostedPipeline host(quick, 1);
  host.pipeline().on("orders", [&](Change change) -> asio::awaitable<void> {
    seen.add(id_of(change));
    co_return;
  });
  ASSERT_TRUE(host.ready());
  insert("a");
  ASSERT_TRUE(soon([&] { return seen.size() == 1; }));
  own.node(0).kill9();
  EXPECT_TRUE(host.stop()) << host.log();
}

TEST_F(HandlersOfAnOwnServer, AFatalEndIsToldToTheProgram) {
  Seen seen;
  Config config = this->config();
  HostedPipeline host(config, 1);
  host.pipeline().on("orders", [&](Change change) -> asio::awaitable<void> {
    seen.add(id_of(change));
    co_return;
  });
  ASSERT_TRUE(host.ready());
  insert("a");
  ASSERT_TRUE(soon([&] { return seen.size() == 1; }));
  // Another holder of the lease.
  state().update_many("shards", "{}", R"({"$inc":{"epoch":1}})");
  const RunResult end = host.wait();
  EXPECT_EQ(end.exit_code, exit_code::lease_lost);
  EXPECT_NE(end.why, "");
}

}  // namespace
}  // namespace sluice::test
