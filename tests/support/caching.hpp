#pragma once

#include <random>
#include <string>
#include <vector>

#include "support/fixture.hpp"
#include "support/redis_server.hpp"

namespace sluice::test {

/// The redis-server that all tests of a program share. Started at the first call.
RedisServer& shared_redis();

/// Tests with workers that keep keys in a redis-server. All keys begin with the name of the test's database.
class CachingTest : public PipelineTest {
 protected:
  CachingTest() : CachingTest(shared_server(), shared_redis()) {}
  CachingTest(ReplicaSet& server, RedisServer& redis);

  RedisServer& redis_server() { return redis_; }
  /// Makes a new connection each time, since tests restart the server.
  workbench::Redis redis() { return redis_.client(); }
  /// The full name of a key of this test.
  std::string key(const std::string& name) { return db().database() + ":" + name; }
  /// A configuration file with one cache rule for `items`, with these additional settings.
  std::string cache_file(const std::string& settings) const;
  /// A configuration file with two rules: one keeps each document under `p:{id}`, the other two of its fields
  /// under `m:{mail}`.
  std::string keeping_file() const;
  /// Starts a worker that uses this server (or `url`).
  Worker& start_caching(const std::string& file, std::vector<std::string> flags = {},
                        const std::string& url = "");

  /// Makes random changes to a few documents: inserts, updates of all kinds, replaces, deletes, transactions.
  /// Documents have {n, tags}, and most a `mail` that no other has. Determined by the run's seed.
  void storm(int operations);
  /// Waits until the keys of keeping_file() match the documents of `items`, and there are no other keys.
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
