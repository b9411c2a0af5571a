#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "support/calling.hpp"
#include "support/test_thread.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A receiver's view while it, the network and workers fail: nothing lost, each document's changes in order,
/// and what comes twice comes with the same key.
class WebhookFaults : public CallingTest {
 protected:
  static constexpr int documents = 60;
  static constexpr std::size_t any = SIZE_MAX;

  static std::vector<std::string> flags() { return {"--batch-docs", "30", "--lease-ms", "2000"}; }
  /// Time-outs that a test need not wait long for.
  static std::string brief() {
    return "      timeout_ms: 500\n      connect_timeout_ms: 500\n"
           "      breaker: {failures: 3, open_ms: 50, most_open_ms: 200}\n";
  }
  static WebAnswer slowly() { return WebAnswer{.delay = 2ms}; }
};

TEST_F(WebhookFaults, WorkersKilledAgainAndAgain) {
  service().answer(slowly());
  const std::string file = hook_file();
  start(file, flags()).ready();
  write_numbers(documents, 2);
  for (int kill = 0; kill < 4; ++kill) {
    write_rounds(5);
    const std::size_t before = service().count();
    ASSERT_TRUE(comes(before + 20));
    worker(workers() - 1).kill9();
    worker(workers() - 1).wait();
    forget_workers();
    start(file, flags()).ready();
  }
  EXPECT_TRUE(told_in_order(any));
}

/// The dedup window is stored with the position: what was told before a kill is not told again by another
/// event, and an event that is read again is not taken for a repetition of itself.
TEST_F(WebhookFaults, KillsLetNoRepetitionThrough) {
  service().answer(slowly());
  const std::string file = hook_file("      operations: [insert]\n      dedup_s: 3600\n");
  start(file, flags()).ready();
  int written = 0;
  const auto write_again = [&] {
    std::vector<Document> all;
    for (int i = 0; i < written; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + "}");
    db().insert("items", all);
    db().remove_many("items", "{}");
  };
  for (int kill = 0; kill < 6; ++kill) {
    written += documents;
    write_again();
    // Some are told and some are not; of those that are, the stored position covers all, some, or none.
    ASSERT_TRUE(comes(static_cast<std::size_t>(written - documents + 10 * (kill + 1))));
    if (kill % 2 == 0) {
      ASSERT_TRUE(settled());
    }
    write_again();
    worker(workers() - 1).kill9();
    worker(workers() - 1).wait();
    forget_workers();
    write_again();
    start(file, flags()).ready();
  }
  ASSERT_TRUE(settled());
  std::map<int, std::set<std::string>> keys;
  for (const WebRequest& request : taken()) {
    const auto id = static_cast<int>(Document(request.body).integer("documentKey._id"));
    keys[id].insert(request.header("idempotency-key"));
  }
  EXPECT_EQ(keys.size(), static_cast<std::size_t>(written)) << "each was told";
  for (const auto& [id, told] : keys) EXPECT_EQ(told.size(), 1U) << id << " was told of two events";
}

TEST_F(WebhookFaults, TheServiceKilledAndStartedAgainInAStorm) {
  service().answer(slowly());
  start(hook_file(brief()), flags()).ready();
  write_numbers(documents, 1);
  std::atomic<bool> enough{false};
  {
    const std::jthread storm = test_thread([&] {
      Mongo writer(server().patient_uri(), db().database());
      while (!enough) writer.update_many("items", "{}", R"({"$inc":{"n":1}})");
    });
    for (int kill = 0; kill < 4; ++kill) {
      const std::size_t before = service().count();
      EXPECT_TRUE(comes(before + 100));
      service().stop();
      EXPECT_TRUE(waits_for(service().origin())) << worker().get("/readyz").body;
      service().start();
      EXPECT_TRUE(soon([&] { return worker().well(); }));
    }
    enough = true;
  }
  EXPECT_TRUE(told_in_order(any));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

/// Closing what is idle is every server's right: nothing is said of it.
TEST_F(WebhookFaults, ConnectionsDroppedWhileIdle) {
  start(hook_file(), flags()).ready();
  write_numbers(documents, 0);
  ASSERT_TRUE(told_in_order());
  for (int i = 0; i < 5; ++i) {
    service().drop_connections();
    write_rounds(1);
    ASSERT_TRUE(told_in_order());
  }
  EXPECT_EQ(results("retried"), 0);
}

TEST_F(WebhookFaults, ErrorsForAWhile) {
  service().answer(WebAnswer{.status = 500, .body = "database away"});
  start(hook_file(brief()), flags()).ready();
  write_numbers(documents, 1);
  EXPECT_TRUE(waits_for("answered 500: database away")) << worker().get("/readyz").body;
  EXPECT_TRUE(soon([&] { return metric("sluice_webhook_open") == 1; }));
  service().answer(WebAnswer());
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(soon([&] { return metric("sluice_webhook_open") == 0; }));
  EXPECT_TRUE(soon([&] { return worker().well(); }));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// While it is given up the service is asked now and then, and not over and over.
TEST_F(WebhookFaults, AServiceThatFailsIsLeftAlone) {
  service().answer(WebAnswer{.status = 503});
  start(
      hook_file("      breaker: {failures: 3, open_ms: 60000, most_open_ms: 60000}\n      concurrency: 1\n"),
      {"--batch-docs", "30", "--drain-ms", "300"})
      .ready();
  write_numbers(documents, 3);
  EXPECT_TRUE(waits_for("nothing is sent for a while")) << worker().get("/readyz").body;
  const std::size_t asked = service().count();
  write_rounds(3);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") >= documents * 7; }));
  EXPECT_EQ(asked, 3U);
  EXPECT_EQ(service().count(), asked);
  EXPECT_EQ(worker().terminate(), 0) << "nor does a stop wait for it";
}

/// Whatever is to be retried counts, not only what looks like a failure of the server.
TEST_F(WebhookFaults, EveryAnswerThatIsRetriedCountsForTheBreaker) {
  std::atomic<int> status = 301;
  service().answer([&](const WebRequest&) { return WebAnswer{.status = status}; });
  const std::string file = hook_file(
      "      breaker: {failures: 3, open_ms: 60000, most_open_ms: 60000}\n      concurrency: 1\n"
      "      retry: {status: {423: retry}}\n");
  for (const int next : {301, 408, 423, 425}) {
    status = next;
    service().forget();
    start(file, {"--batch-docs", "30", "--drain-ms", "300"}).ready();
    if (next == 301) write_numbers(documents, 1);
    EXPECT_TRUE(waits_for("nothing is sent for a while")) << worker().get("/readyz").body;
    write_rounds(1);
    ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") >= documents * 2; }));
    EXPECT_EQ(service().count(), 3U) << next;
    EXPECT_EQ(metric("sluice_webhook_open"), 1) << next;
    terminate_all();
  }
}

/// The worker's own limit, drain-ms, counts, and not the request's.
TEST_F(WebhookFaults, AStopWaitsForNoAnswer) {
  service().answer(WebAnswer{.way = WebAnswer::Way::silence});
  const std::string file = hook_file("      timeout_ms: 600000\n");
  start(file, {"--drain-ms", "300"}).ready();
  db().insert("items", R"({"_id":0,"n":0})");
  ASSERT_TRUE(comes(1));
  const std::string key = service().requests().at(0).header("idempotency-key");
  EXPECT_EQ(worker().terminate(), 0);
  const std::string said = worker().err();
  EXPECT_NE(said.find("the position is stored"), std::string::npos) << said;
  EXPECT_EQ(said.find("did not finish in time"), std::string::npos) << said;
  forget_workers();
  service().answer(WebAnswer());
  start(file).ready();
  ASSERT_TRUE(soon([&] { return taken().size() == 1; }));
  EXPECT_EQ(taken().front().header("idempotency-key"), key) << "the same request, once more";
}

/// One that says how long it wants to be left alone is believed, and then asked again.
TEST_F(WebhookFaults, RetryAfterIsHonoured) {
  using Clock = std::chrono::steady_clock;
  std::atomic<Clock::rep> refused_at{0};
  std::atomic<Clock::rep> early{0};
  service().answer([&, count = 0](const WebRequest&) mutable {
    const auto now = Clock::now().time_since_epoch().count();
    if (++count <= 5) return WebAnswer();
    if (refused_at == 0) {
      refused_at = now;
      return WebAnswer{.status = 429, .headers = "Retry-After: 2\r\n"};
    }
    if (now - refused_at < std::chrono::nanoseconds(2s).count()) ++early;
    return WebAnswer();
  });
  start(hook_file("      concurrency: 1\n"), flags()).ready();
  write_numbers(documents, 1);
  EXPECT_TRUE(told_in_order());
  EXPECT_NE(refused_at, 0);
  EXPECT_EQ(early, 0) << "requests came before the service wanted any";
  EXPECT_EQ(results("retried"), 1);
}

TEST_F(WebhookFaults, SilenceAndDrippingAreCutOff) {
  start(hook_file(brief()), flags()).ready();
  write_numbers(documents, 0);
  ASSERT_TRUE(told_in_order());
  for (const auto way : {WebAnswer::Way::silence, WebAnswer::Way::drip, WebAnswer::Way::hang_up}) {
    service().answer(WebAnswer{.way = way});
    write_rounds(1);
    const bool timed = way != WebAnswer::Way::hang_up;
    EXPECT_TRUE(waits_for(timed ? "no complete answer within 500 ms" : "before an answer came"))
        << worker().get("/readyz").body;
    service().answer(WebAnswer());
    ASSERT_TRUE(told_in_order());
  }
}

TEST_F(WebhookFaults, TheNetworkIsCutAndStalls) {
  workbench::TcpProxy proxy(service().port());
  start(hook_file(brief(), "http://" + proxy.host()), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  for (int round = 0; round < 2; ++round) {
    proxy.cut();
    write_rounds(2);
    EXPECT_TRUE(waits_for("Connection refused")) << worker().get("/readyz").body;
    proxy.heal();
    ASSERT_TRUE(told_in_order(any));
    proxy.stall();
    write_rounds(2);
    EXPECT_TRUE(waits_for("no complete answer")) << worker().get("/readyz").body;
    proxy.heal();
    ASSERT_TRUE(told_in_order(any));
  }
}

/// What was answered well is not sent again because of its neighbours that were not.
TEST_F(WebhookFaults, OnlyWhatFailedIsRepeated) {
  std::map<std::string, int> asked;
  service().answer([&](const WebRequest& request) {
    const std::string key = request.header("idempotency-key");
    const bool unlucky = std::hash<std::string>()(key) % 3 == 0;
    return ++asked[key] <= 2 && unlucky ? WebAnswer{.status = 500} : WebAnswer();
  });
  start(hook_file("      breaker: {failures: 1000}\n"), flags()).ready();
  write_numbers(documents, 5);
  EXPECT_TRUE(told_in_order(0));
}

/// A service that needs longer than a batch may take gets on all the same, and nothing twice.
TEST_F(WebhookFaults, ASlowServiceGetsOn) {
  service().answer(WebAnswer{.delay = 100ms});
  start(hook_file("      concurrency: 1\n"), {"--batch-docs", "500"}).ready();
  write_numbers(documents, 1);
  EXPECT_TRUE(worker().logs("is slow")) << worker().err();
  EXPECT_TRUE(told_in_order(0));
  EXPECT_EQ(worker().terminate(), 0);
}

/// Members of a cluster that come and go while requests are under way.
TEST_F(WebhookFaults, MembersComeAndGo) {
  service().answer(slowly());
  const std::string file = hook_file();
  for (int i = 0; i < 3; ++i) start_member(file, 6, flags());
  for (std::size_t i = 0; i < 3; ++i) worker(i).ready();
  write_numbers(documents, 2);
  for (std::size_t i = 0; i < 3; ++i) {
    write_rounds(5);
    ASSERT_TRUE(comes(service().count() + 20));
    worker(i).kill9();
    worker(i).wait();
    replace_member(i, file, 6, flags()).ready();
  }
  EXPECT_TRUE(told_in_order(any));
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
