#include <random>
#include <set>

#include "support/caching.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Cache : public CachingTest {
 protected:
  /// Fills the key as an application does that has read the document.
  void fill(const std::string& name) { redis().set(key(name), "filled"); }
  bool there(const std::string& name) { return redis().has(key(name)); }
  bool gone(const std::string& name) {
    return soon([&] { return !there(name); });
  }
};

TEST_F(Cache, KeysOfChangedDocumentsAreDropped) {
  db().insert("items", R"({"_id":1,"category":"tea","n":1})");
  db().insert("items", R"({"_id":2,"category":"tea","n":1})");
  start_caching(cache_file("      delete: [\"{db}:p:{id}\", \"{db}:c:{category}\"]\n")).ready();
  for (const char* name : {"p:1", "p:2", "c:tea", "c:coffee", "c:milk"}) fill(name);
  db().update("items", R"({"_id":1})", R"({"$set":{"category":"coffee"}})");
  EXPECT_TRUE(gone("p:1"));
  EXPECT_TRUE(gone("c:tea"));
  EXPECT_TRUE(gone("c:coffee"));
  EXPECT_TRUE(settled());
  EXPECT_TRUE(there("p:2"));
  EXPECT_TRUE(there("c:milk"));
  fill("c:coffee");
  fill("c:tea");
  db().remove("items", R"({"_id":1})");
  EXPECT_TRUE(gone("c:coffee"));
  db().replace("items", R"({"_id":2})", R"({"category":"milk"})");
  EXPECT_TRUE(gone("c:tea"));
  EXPECT_TRUE(gone("c:milk"));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// Every key of what changed is dropped, and no other.
TEST_F(Cache, OfAStormOnlyTheChangedKeysAreDropped) {
  constexpr int documents = 60;
  std::mt19937_64 random(random_seed());
  std::vector<int> category(documents);
  for (int id = 0; id < documents; ++id) {
    category[static_cast<std::size_t>(id)] = static_cast<int>(random() % 30);
    db().insert("items", R"({"_id":)" + std::to_string(id) + R"(,"n":0,"seen":0,"category":)" +
                             std::to_string(category[static_cast<std::size_t>(id)]) + "}");
  }
  start_caching(cache_file("      delete: [\"{db}:p:{id}\", \"{db}:c:{category}\"]\n      fields: [n]\n"))
      .ready();
  for (int id = 0; id < documents; ++id) fill("p:" + std::to_string(id));
  for (int number = 0; number < 40; ++number) fill("c:" + std::to_string(number));

  std::set<std::string> dropped;
  const auto drop = [&](int id, int of) {
    dropped.insert("p:" + std::to_string(id));
    dropped.insert("c:" + std::to_string(of));
  };
  for (int i = 0; i < 80; ++i) {
    const int id = static_cast<int>(random() % documents);
    int& now = category[static_cast<std::size_t>(id)];
    const std::string filter = R"({"_id":)" + std::to_string(id) + "}";
    switch (random() % 8) {
      case 0:
        db().update("items", filter, R"({"$inc":{"n":1}})");
        drop(id, now);
        break;
      case 1: {
        const int next = static_cast<int>(30 + random() % 10);
        if (next == now) break;
        drop(id, now);
        now = next;
        db().update("items", filter, R"({"$set":{"category":)" + std::to_string(now) + "}}");
        drop(id, now);
        break;
      }
      default:
        db().update("items", filter, R"({"$inc":{"seen":1}})");
    }
  }
  ASSERT_TRUE(settled());
  for (int id = 0; id < documents; ++id) {
    const std::string name = "p:" + std::to_string(id);
    EXPECT_EQ(there(name), !dropped.contains(name)) << name << "; SLUICE_SEED=" << random_seed();
  }
  for (int number = 0; number < 40; ++number) {
    const std::string name = "c:" + std::to_string(number);
    EXPECT_EQ(there(name), !dropped.contains(name)) << name << "; SLUICE_SEED=" << random_seed();
  }
}

TEST_F(Cache, WhatIsKeptEqualsTheDocumentsAfterAStorm) {
  start_caching(keeping_file()).ready();
  storm(250);
  EXPECT_TRUE(kept());
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
  storm(100);
  start_caching(keeping_file()).ready();
  storm(100);
  EXPECT_TRUE(kept());
}

TEST_F(Cache, ManyChangesOfOneDocumentEndWithTheLast) {
  start_caching(keeping_file(), {"--batch-docs", "7"}).ready();
  db().insert("items", R"({"_id":1,"n":0,"mail":"a"})");
  for (int i = 0; i < 300; ++i) db().update("items", R"({"_id":1})", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(kept());
  EXPECT_EQ(redis().get(key("m:a")), "1 300");
}

TEST_F(Cache, SeveralPartitionsKeepTheSame) {
  for (int i = 0; i < 2; ++i) {
    start_member(keeping_file(), 4, {"--redis-url", redis_server().url()});
  }
  for (std::size_t i = 0; i < 2; ++i) worker(i).ready();
  storm(200);
  EXPECT_TRUE(soon([&] { return metric("sluice_events_in_flight") == 0; }));
  // Mails hold the id, so no two documents want one key.
  EXPECT_TRUE(soon([&] {
    bool same = true;
    db().scan("items", {}, {}, [&](const Document& item) {
      same &= redis().get(key("p:" + std::to_string(item.integer("_id")))) == item.compact_json();
    });
    return same;
  }));
}

/// As a server does with connections that nobody used for long.
TEST_F(Cache, AConnectionThatTheServerEndedIsNoFailure) {
  start_caching(keeping_file()).ready();
  for (int i = 0; i < 3; ++i) {
    storm(20);
    ASSERT_TRUE(kept());
    redis().command({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  }
  EXPECT_EQ(metric("sluice_retries_total"), 0);
}

TEST_F(Cache, KeysExpireWhereTheRuleSaysSo) {
  start_caching(cache_file("      refresh: { key: \"{db}:p:{id}\", ttl_s: 500, format: canonical }\n"))
      .ready();
  db().insert("items", R"({"_id":1})");
  ASSERT_TRUE(soon([&] { return there("p:1"); }));
  const int left = std::stoi(redis().command({"TTL", key("p:1")}).value());
  EXPECT_GT(left, 300);
  EXPECT_LE(left, 500);
  EXPECT_EQ(redis().get(key("p:1")), R"({"_id":{"$numberInt":"1"}})");
}

/// Whatever was there goes: SET and UNLINK know no wrong type.
TEST_F(Cache, AKeyThatIsSomethingElseIsReplaced) {
  start_caching(keeping_file()).ready();
  redis().command({"RPUSH", key("p:1"), "x"});
  redis().command({"RPUSH", key("p:2"), "x"});
  db().insert("items", R"({"_id":1,"n":1})");
  db().insert("items", R"({"_id":2,"n":1})");
  db().remove("items", R"({"_id":2})");
  EXPECT_TRUE(kept());
}

TEST_F(Cache, AnEventWithoutThePreImageItNeedsIsADeadLetter) {
  db().insert("items", R"({"_id":1,"category":"tea"})");
  start_caching(cache_file("      delete: [\"{db}:p:{id}\", \"{db}:c:{category}\"]\n")).ready();
  db().command(R"({"collMod":"items","changeStreamPreAndPostImages":{"enabled":false}})");
  for (const char* name : {"p:1", "c:tea"}) fill(name);
  db().update("items", R"({"_id":1})", R"({"$set":{"category":"coffee"}})");
  EXPECT_TRUE(gone("p:1"));
  EXPECT_TRUE(soon([&] { return state().count("dead_letters") == 1; }));
  EXPECT_TRUE(there("c:tea"));
  const auto letter = state().find_one("dead_letters");
  EXPECT_NE(letter->json().find("drop the document's old keys by hand"), std::string::npos) << letter->json();
}

/// Events of the past must not put an old value over a newer one; a key that is gone is read anew.
TEST_F(Cache, AReplayOnlyDrops) {
  const std::string rules = file(
      "  - name: store\n    event_store: { from: items, into: events }\n"
      "  - name: whole\n    cache: { from: items, refresh: { key: \"{db}:p:{id}\" } }\n");
  start_caching(rules).ready();
  db().insert("items", R"({"_id":"a","n":1})");
  ASSERT_TRUE(settled());
  ASSERT_TRUE(there("p:a"));
  redis().set(key("p:a"), "newer");
  const Outcome done = run_sluice(here_run({"replay", rules, "--store", "store", "--to", "whole"},
                                           {"--redis-url", redis_server().url()}));
  EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_FALSE(there("p:a"));
}

class CacheCheck : public Cache {
 protected:
  Outcome check(const std::string& url) {
    return run_sluice(here_run({"check", keeping_file(), "--online"},
                               {"--mongodb-uri", server().uri(), "--redis-url", url}));
  }
};

TEST_F(CacheCheck, SaysWhetherRedisAnswers) {
  const Outcome well = check(redis_server().url());
  EXPECT_EQ(well.exit_code, 0) << well.out << well.err;
  EXPECT_NE(well.out.find("/whole: keeps keys in Redis at " + redis_server().url()), std::string::npos)
      << well.out;
}

TEST_F(CacheCheck, SaysThatRedisIsAway) {
  const workbench::Port nobody;
  const Outcome away = check("redis://127.0.0.1:" + nobody.text());
  EXPECT_EQ(away.exit_code, 1) << "MongoDB is there" << away.out << away.err;
  EXPECT_NE(away.out.find("is redis-server running there"), std::string::npos) << away.out;
}

TEST_F(CacheCheck, SaysThatTheUserMayOnlyRead) {
  redis().command({"ACL", "SETUSER", "reader", "on", ">pw", "~*", "+@all", "-@write"});
  const Outcome denied = check("redis://reader:pw@127.0.0.1:" + std::to_string(redis_server().port()));
  EXPECT_EQ(denied.exit_code, 1) << denied.out << denied.err;
  EXPECT_NE(denied.out.find("NOPERM"), std::string::npos) << denied.out;
  EXPECT_NE(denied.out.find("Redis at redis://"), std::string::npos) << denied.out;
  EXPECT_NE(denied.out.find("ACL SETUSER"), std::string::npos) << denied.out;
}

TEST_F(CacheCheck, SaysThatThePasswordIsWrongWithoutSayingIt) {
  const Outcome wrong = check("redis://me:hush-4711@127.0.0.1:" + std::to_string(redis_server().port()));
  EXPECT_EQ(wrong.exit_code, 1) << wrong.out << wrong.err;
  EXPECT_NE(wrong.out.find("user or password is wrong"), std::string::npos) << wrong.out;
  EXPECT_EQ((wrong.out + wrong.err).find("hush-4711"), std::string::npos);
}

}  // namespace
}  // namespace sluice::test
