#pragma once

#include <random>
#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/redis_server.hpp"

namespace sluice::test {

/// The redis-server that the tests of a program share; started when it is first asked for.
RedisServer& shared_redis();

/// Workers that keep keys in a redis-server; all keys begin with the name of the test's database.
class CachingTest : public PipelineTest {
 protected:
  CachingTest() : CachingTest(shared_server(), shared_redis()) {}
  CachingTest(ReplicaSet& server, RedisServer& redis);

  RedisServer& redis_server() { return redis_; }
  /// A new connection each time: servers come and go.
  workbench::Redis redis() { return redis_.client(); }
  /// A key of this test.
  std::string key(const std::string& name) { return db().database() + ":" + name; }
  /// The file of one rule that reads `items`, with these settings besides.
  std::string cache_file(const std::string& settings) const;
  /// The file of two rules: each document is kept under `p:{id}`, and two of its fields under `m:{mail}`.
  std::string keeping_file() const;
  /// A worker that uses this server (or `url`).
  Worker& start_caching(const std::string& file, std::vector<std::string> flags = {},
                        const std::string& url = "");

  /// Random changes of a few documents: inserts, updates of all kinds, replaces, deletes, transactions. Each
  /// has {n, mail, tags}, most of the time, and no two the same mail. Follows from the run's seed.
  void storm(int operations);
  /// Waits until the keys of keeping_file() say what stands in `items`, and there are no others.
  testing::AssertionResult kept();

 private:
  void change(int id);
  std::string mail(int id);
  std::string document(int id);
  std::string difference();

  RedisServer& redis_;
  std::mt19937_64 random_;
  int version_ = 0;
};

}  // namespace sluice::test
