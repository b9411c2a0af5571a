#include <regex>

#include "support/caching.hpp"
#include "support/calling.hpp"
#include "support/own_server.hpp"
#include "support/publishing.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* all_ended = "everything that was under way has ended";
constexpr const char* left = "will be done again after the next start";

/// SIGTERM: the worker ends with 0, within the bound that it states, by its own account of the time, and says
/// that it ended so.
testing::AssertionResult stops(Worker& worker, const std::string& how, const std::string& bound) {
  const int code = worker.terminate();
  const std::string said = worker.err();
  const std::regex line(R"(stopped in ([0-9.]+) s \(bound ([0-9.]+) s\): ([^\n]*))");
  std::smatch found;
  if (code != 0) return testing::AssertionFailure() << "ended with " << code << "\n" << said;
  if (!std::regex_search(said, found, line)) return testing::AssertionFailure() << said;
  if (found[2] != bound) return testing::AssertionFailure() << "another bound: " << found[0];
  if (std::stod(found[1]) > std::stod(found[2])) return testing::AssertionFailure() << found[0];
  if (found[3].str().find(how) == std::string::npos) return testing::AssertionFailure() << said;
  return testing::AssertionSuccess();
}

bool said(const Worker& worker, const std::string& text) {
  return worker.err().find(text) != std::string::npos;
}

class StopUnderAWebhook : public CallingTest {};

TEST_F(StopUnderAWebhook, ThatNeverAnswersIsBoundedByDefault) {
  service().answer(WebAnswer{.way = WebAnswer::Way::silence});
  Worker& worker = start(hook_file("      timeout_ms: 600000\n")).ready();
  write_numbers(20, 1);
  ASSERT_TRUE(comes(1));
  EXPECT_TRUE(stops(worker, all_ended, "7.000"));
  EXPECT_TRUE(said(worker, "the position is stored")) << worker.err();
}

struct OwnNatsToStop {
  NatsServer own_nats;
};

class StopWithNats : protected OwnNatsToStop, public PublishingTest {
 protected:
  StopWithNats() : PublishingTest(shared_server(), own_nats) {}
};

TEST_F(StopWithNats, ThatHangsIsBounded) {
  Worker& worker =
      start_publishing(publish_file(), {"--drain-ms", "1000", "--nats-ack-ms", "600000"}).ready();
  write_numbers(20, 1);
  ASSERT_TRUE(holds(20));
  own_nats.stop();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(soon([&] { return metric("sluice_events_in_flight") >= 20; }));
  EXPECT_TRUE(stops(worker, "", "3.000"));
  EXPECT_TRUE(said(worker, "the position is stored")) << worker.err();
  own_nats.cont();
}

struct OwnRedisToStop {
  RedisServer own_redis;
};

class StopWithRedis : protected OwnRedisToStop, public CachingTest {
 protected:
  StopWithRedis() : CachingTest(shared_server(), own_redis) {}
};

TEST_F(StopWithRedis, ThatHangsIsBounded) {
  Worker& worker =
      start_caching(keeping_file(), {"--drain-ms", "1000", "--redis-timeout-ms", "60000"}).ready();
  storm(20);
  ASSERT_TRUE(kept());
  own_redis.stop();
  storm(20);
  EXPECT_TRUE(soon([&] { return metric("sluice_events_in_flight") > 0; }));
  EXPECT_TRUE(stops(worker, "", "3.000"));
  EXPECT_TRUE(said(worker, "the position is stored")) << worker.err();
  own_redis.cont();
}

class StopWithoutAServer : public ServerFaults {
 protected:
  StopWithoutAServer() : ServerFaults(1) {}
};

TEST_F(StopWithoutAServer, ThatHangsIsBoundedAndSaysThatWorkIsLeft) {
  Worker& worker = start(realworld_file(), {"--drain-ms", "1000", "--stall-ms", "1000"}).ready();
  ASSERT_TRUE(settled());
  server().node(0).stop();
  EXPECT_TRUE(soon([&] { return metric("sluice_stalled") == 1; }));
  EXPECT_TRUE(stops(worker, left, "3.000"));
  EXPECT_FALSE(said(worker, "the position is stored")) << worker.err();
  server().node(0).cont();
}

TEST_F(StopWithoutAServer, ThatIsGoneIsBoundedByDefault) {
  Worker& worker = start(realworld_file()).ready();
  ASSERT_TRUE(settled());
  server().node(0).kill9();
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").status == 503; }));
  EXPECT_TRUE(stops(worker, "", "7.000"));
  EXPECT_FALSE(said(worker, "the position is stored")) << worker.err();
  server().node(0).restart();
  server().wait_for_primary();
}

class StopWithoutAPrimary : public ServerFaults {
 protected:
  StopWithoutAPrimary() : ServerFaults(3) {}
};

TEST_F(StopWithoutAPrimary, IsBounded) {
  Worker& worker = start(realworld_file()).ready();
  ASSERT_TRUE(settled());
  server().node(1).stop();
  server().node(2).stop();
  server().node(0).stop();
  EXPECT_TRUE(soon([&] { return worker.get("/readyz").status == 503; }, 60s));
  EXPECT_TRUE(stops(worker, "", "7.000"));
  for (std::size_t i = 0; i < 3; ++i) server().node(i).cont();
}

/// All is done at once where nothing is in the way.
TEST_F(StopUnderAWebhook, ThatAnswersLeavesNothing) {
  Worker& worker = start(hook_file()).ready();
  write_numbers(20, 1);
  ASSERT_TRUE(comes(20));
  EXPECT_TRUE(stops(worker, all_ended, "7.000"));
}

}  // namespace
}  // namespace sluice::test
