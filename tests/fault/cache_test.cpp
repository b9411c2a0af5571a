#include <fstream>

#include "support/caching.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A redis-server of the test's own, so that it can be hurt.
struct OwnRedis {
  RedisServer own_redis;
};

/// Whatever fails, the keys say in the end what stands in the documents.
class CacheFaults : protected OwnRedis, public CachingTest {
 protected:
  CacheFaults() : CachingTest(shared_server(), own_redis) {}

  std::vector<std::string> flags(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--batch-docs", "20", "--redis-timeout-ms", "500", "--lease-ms", "2000"});
    return more;
  }
  /// Waits until the worker says that it waits for Redis, and why.
  bool waits_for(const std::string& why) {
    return soon([&] {
      const auto readiness = worker().get("/readyz");
      return readiness.status == 200 && readiness.body.find("\"degraded\"") != std::string::npos &&
             readiness.body.find(why) != std::string::npos;
    });
  }
  testing::AssertionResult recovered() {
    if (auto right = kept(); !right) return right;
    const bool ready = soon([&] { return worker().well(); });
    const bool alive = metric("sluice_events_dead_total") == 0;
    if (ready && alive) return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << (ready ? "" : "not ready ") << (alive ? "" : "dead letters ") << worker().story();
  }
  /// Sets something on the server, and sees what the worker makes of it while changes go on.
  testing::AssertionResult outlives(const std::vector<std::string>& trouble, const std::string& said,
                                    const std::vector<std::string>& remedy) {
    start_caching(keeping_file(), flags()).ready();
    storm(100);
    if (auto right = kept(); !right) return right;
    redis().command(trouble);
    storm(100);
    if (!waits_for(said)) return testing::AssertionFailure() << worker().get("/readyz").body;
    redis().command(remedy);
    storm(50);
    return recovered();
  }
};

/// The worker's own limit, drain-ms, counts, and not Redis's time-out.
TEST_F(CacheFaults, AStopWaitsForNoAnswer) {
  start_caching(keeping_file(), {"--drain-ms", "300", "--redis-timeout-ms", "60000"}).ready();
  own_redis.stop();
  storm(50);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") > 0; }));
  EXPECT_EQ(worker().terminate(), 0);
  const std::string said = worker().err();
  EXPECT_NE(said.find("the position is stored"), std::string::npos) << said;
  EXPECT_EQ(said.find("did not finish in time"), std::string::npos) << said;
  forget_workers();
  own_redis.cont();
  start_caching(keeping_file(), flags()).ready();
  EXPECT_TRUE(kept());
}

TEST_F(CacheFaults, WorkersKilledAgainAndAgain) {
  start_caching(keeping_file(), flags()).ready();
  for (int kill = 0; kill < 4; ++kill) {
    const double before = metric("sluice_events_published_total");
    storm(150);
    ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") > before; }));
    worker().kill9();
    worker().wait();
    forget_workers();
    storm(30);
    start_caching(keeping_file(), flags()).ready();
  }
  EXPECT_TRUE(kept());
}

TEST_F(CacheFaults, TheServerKilledAndStartedAgain) {
  start_caching(keeping_file(), flags()).ready();
  for (int kill = 0; kill < 3; ++kill) {
    storm(100);
    own_redis.kill9();
    storm(100);
    EXPECT_TRUE(waits_for("Redis")) << worker().get("/readyz").body;
    own_redis.restart();
    storm(50);
    ASSERT_TRUE(recovered());
  }
}

TEST_F(CacheFaults, TheServerHangsAndWakesUp) {
  start_caching(keeping_file(), flags()).ready();
  storm(50);
  ASSERT_TRUE(kept());
  own_redis.stop();
  storm(100);
  EXPECT_TRUE(waits_for("has not answered for 500 ms")) << worker().get("/readyz").body;
  own_redis.cont();
  EXPECT_TRUE(recovered());
}

TEST_F(CacheFaults, TheNetworkIsCut) {
  workbench::TcpProxy proxy(own_redis.port());
  start_caching(keeping_file(), flags(), "redis://" + proxy.host()).ready();
  storm(50);
  ASSERT_TRUE(kept());
  for (int cut = 0; cut < 2; ++cut) {
    proxy.cut();
    storm(100);
    EXPECT_TRUE(waits_for("Redis")) << worker().get("/readyz").body;
    proxy.heal();
    ASSERT_TRUE(recovered());
  }
}

TEST_F(CacheFaults, AReplicaIsWaitedForUntilItIsPromoted) {
  const workbench::Port nobody;
  EXPECT_TRUE(outlives({"REPLICAOF", "127.0.0.1", nobody.text()}, "use the master's URL",
                       {"REPLICAOF", "NO", "ONE"}));
}

TEST_F(CacheFaults, AFullServerIsWaitedForUntilThereIsRoom) {
  EXPECT_TRUE(outlives({"CONFIG", "SET", "maxmemory", "1"}, "raise its maxmemory",
                       {"CONFIG", "SET", "maxmemory", "0"}));
}

/// Each key takes its time to load, and once in a thousand the server answers.
TEST_F(CacheFaults, AServerThatLoadsIsWaitedFor) {
  start_caching(keeping_file(), flags()).ready();
  storm(200);
  ASSERT_TRUE(kept());
  redis().command({"EVAL", "for i = 1, 20000 do redis.call('SET', 'other:' .. i, i) end", "0"});
  own_redis.kill9();
  storm(50);
  own_redis.restart("key-load-delay 200");
  EXPECT_TRUE(waits_for("LOADING")) << worker().get("/readyz").body;
  EXPECT_TRUE(recovered());
}

class CachePassword : public CacheFaults {
 protected:
  std::string password_file() { return (folder_.path() / "password").string(); }
  void write_password(const std::string& password) { std::ofstream(password_file()) << password << "\n"; }
  /// As an operator rotates it: connections that are open would stay.
  void server_wants(const std::string& password, const std::string& before = "") {
    auto client = own_redis.client(before);
    client.command({"CONFIG", "SET", "requirepass", password});
    client.command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  }

  TemporaryDirectory folder_;
};

TEST_F(CachePassword, AChangedOneIsReadFromItsFile) {
  server_wants("first");
  write_password("first");
  start_caching(keeping_file(), flags({"--redis-password-file", password_file()})).ready();
  storm(50);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") > 0; }));
  server_wants("second", "first");
  storm(100);
  EXPECT_TRUE(waits_for("user or password is wrong")) << worker().get("/readyz").body;
  EXPECT_EQ(worker().err().find("second"), std::string::npos);
  write_password("second");
  storm(50);
  EXPECT_TRUE(soon([&] { return worker().well(); }));
  EXPECT_TRUE(settled());  // from now on the worker is refused again
  server_wants("", "second");
  EXPECT_TRUE(kept());
  EXPECT_EQ(worker().err().find("first"), std::string::npos);
}

class CacheRefusals : public CacheFaults {
 protected:
  std::string large(int id, std::size_t bytes) {
    return R"({"_id":)" + std::to_string(id) + R"(,"text":")" + std::string(bytes, 'x') + "\"}";
  }
  bool has(int id) { return redis().has(key("p:" + std::to_string(id))); }
  std::string only_documents() { return cache_file("      refresh: { key: \"{db}:p:{id}\" }\n"); }
};

/// The server refuses the value for what it is, and closes. Its neighbours are kept, an older value is not.
TEST_F(CacheRefusals, AValueThatIsTooLargeIsDropped) {
  own_redis.client().command({"CONFIG", "SET", "proto-max-bulk-len", "1mb"});
  start_caching(only_documents(), flags({"--batch-linger-ms", "200"})).ready();
  db().insert("items", large(1, 10));
  ASSERT_TRUE(soon([&] { return has(1); }));
  db().replace("items", R"({"_id":1})", large(1, 3 << 20));
  for (int id = 2; id < 12; ++id) db().insert("items", large(id, id == 6 ? 5 << 20 : 1000));
  ASSERT_TRUE(settled());
  for (int id = 1; id < 12; ++id) EXPECT_EQ(has(id), id != 1 && id != 6) << id;
  EXPECT_NE(worker().err().find("proto-max-bulk-len"), std::string::npos) << worker().err();
  db().update("items", R"({"_id":1})", R"({"$set":{"text":"short"}})");
  EXPECT_TRUE(soon([&] { return has(1); }));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

}  // namespace
}  // namespace sluice::test
