#include <set>

#include "support/caching.hpp"
#include "support/calling.hpp"
#include "support/publishing.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

using Names = std::set<std::string>;

/// Rules that read all collections of which patterns match the name.
class Patterns : public PublishingTest {
 protected:
  void rename(const std::string& from, const std::string& to) {
    db().admin(R"({"renameCollection":")" + db().database() + "." + from + R"(","to":")" + db().database() +
               "." + to + "\"}");
  }
  /// An insert into a collection of its own.
  void insert(const std::string& collection) { db().insert(collection, R"({"n":1})"); }
  /// Where the messages' changes were; each must have come `times`.
  Names told(std::size_t times = 1) {
    EXPECT_TRUE(settled());
    std::map<std::string, std::size_t> counts;
    for (const NatsMessage& message : messages()) ++counts[Document(message.data).text("ns.coll")];
    Names names;
    for (const auto& [name, count] : counts) {
      names.insert(name);
      EXPECT_EQ(count, times) << name;
    }
    return names;
  }
  bool has_images(const std::string& collection) {
    return db()
        .command(R"({"listCollections":1,"filter":{"name":")" + collection + "\"}}")
        .boolean("cursor.firstBatch.0.options.changeStreamPreAndPostImages.enabled");
  }
};

TEST_F(Patterns, CollectionsAreReadFromTheirFirstChangeOn) {
  insert("orders_old");
  start_publishing(publish_file("", R"(["orders_*", '/^users\d+$/', one, "!orders_tmp*", "!/9$/"])")).ready();
  for (const char* name : {"orders_old", "orders_1", "orders_tmp1", "users7", "users9", "usersx", "my_users7",
                           "one", "two", "orders"}) {
    insert(name);
  }
  EXPECT_EQ(told(), (Names{"orders_old", "orders_1", "users7", "one"}));
  EXPECT_EQ(metric("sluice_events_read_total"), 4) << "the server keeps the others";
  terminate_all();
}

TEST_F(Patterns, CharactersOfRegularExpressionsMeanThemselvesInGlobs) {
  start_publishing(publish_file("", R"(["a.b(c)+*", "it's*", "x[1]?", '/^q\.\d{2}''$/'])")).ready();
  for (const char* name :
       {"a.b(c)+1", "aXb(c)+1", "it's me", "its me", "x[1]y", "x1y", "q.12'", "q.1'", "qx12'"}) {
    insert(name);
  }
  EXPECT_EQ(told(), (Names{"a.b(c)+1", "it's me", "x[1]y", "q.12'"}));
}

TEST_F(Patterns, ARenamedCollectionIsReadByItsNewName) {
  insert("staging");
  start_publishing(publish_file("", "orders_*")).ready();
  insert("orders_1");
  rename("staging", "orders_2");
  insert("orders_2");
  rename("orders_1", "archive");
  insert("archive");
  rename("archive", "orders_3");
  insert("orders_3");
  EXPECT_EQ(told(), (Names{"orders_1", "orders_2", "orders_3"}));
}

TEST_F(Patterns, WhatIsMadeWhileNoWorkerRunsIsReadAfterwards) {
  const std::string path = publish_file("", "orders_*");
  start_publishing(path).ready();
  insert("orders_1");
  EXPECT_EQ(told(), Names{"orders_1"});
  terminate_all();
  insert("orders_2");
  db().command(R"({"drop":"orders_1"})");
  insert("orders_3");
  insert("other");
  start_publishing(path).ready();
  insert("orders_4");
  EXPECT_EQ(told(), (Names{"orders_1", "orders_2", "orders_3", "orders_4"}));
}

TEST_F(Patterns, AKilledWorkerMissesNothingOfNewCollections) {
  const std::string path = publish_file("", R"(["orders_*", "!orders_x*"])");
  start_publishing(path).ready();
  Names expected;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "orders_" + std::to_string(i);
    expected.insert(name);
    insert(name);
    insert("orders_x" + std::to_string(i));
    if (i != 30) continue;
    worker().kill9();
    forget_workers();
    start_publishing(path);  // it waits until the lease of the last one is over
  }
  EXPECT_EQ(told(), expected) << "each once: what was sent again has its old id";
}

TEST_F(Patterns, SelectionsHoldForEachCollection) {
  start_publishing(publish_file(R"(
      operations: [insert, update]
      fields: [state]
      when: NEW.total > 5
      full_document: updateLookup
      redact: [card]
)",
                                "'orders_*'"))
      .ready();
  for (const char* name : {"orders_1", "orders_2", "other"}) {
    db().insert(name, R"({"_id":1,"total":1,"card":"c"})");  // not by `when`
    db().insert(name, R"({"_id":2,"total":9,"card":"c"})");
    db().update(name, R"({"_id":2})", R"({"$set":{"note":1}})");  // not by `fields`
    db().update(name, R"({"_id":2})", R"({"$set":{"state":1,"card":"d"}})");
    db().remove(name, R"({"_id":1})");  // not by `operations`
  }
  EXPECT_EQ(told(2), (Names{"orders_1", "orders_2"}));
  for (const NatsMessage& message : messages()) {
    EXPECT_EQ(message.data.find("card"), std::string::npos) << message.data;
    EXPECT_EQ(Document(message.data).integer("fullDocument.total"), 9) << message.data;
  }
}

TEST_F(Patterns, ImagesAreEnabledOnWhatIsThereAndOnWhatComes) {
  insert("orders_1");
  insert("other");
  start_publishing(publish_file("      before: whenAvailable\n", "orders_*")).ready();
  EXPECT_TRUE(has_images("orders_1"));
  EXPECT_FALSE(has_images("other"));
  db().insert("orders_2", R"({"_id":1,"n":1})");
  ASSERT_TRUE(soon([&] { return has_images("orders_2"); })) << worker().story();
  db().update("orders_2", R"({"_id":1})", R"({"$set":{"n":2}})");
  ASSERT_TRUE(holds(2));
  EXPECT_EQ(Document(messages().back().data).integer("fullDocumentBeforeChange.n"), 1);
  // Made anew it is without them, until it is seen again.
  db().command(R"({"drop":"orders_2"})");
  insert("orders_2");
  EXPECT_TRUE(soon([&] { return has_images("orders_2"); })) << worker().story();
}

TEST_F(Patterns, SnapshotsTellOfAllThatMatchesWhenTheyAreAskedFor) {
  for (const char* name : {"orders_1", "orders_2", "other"}) insert(name);
  db().command(R"({"create":"orders_view","viewOn":"other","pipeline":[]})");
  const std::string path = publish_file("      snapshot: first\n", "orders_*");
  start_publishing(path).ready();
  ASSERT_TRUE(holds(2));
  EXPECT_EQ(told(), (Names{"orders_1", "orders_2"}));
  insert("orders_3");
  ASSERT_TRUE(holds(3));
  const Outcome asked = run_sluice(here_run({"snapshot", path, "--rule", "out", "--collection", "orders_3"}));
  EXPECT_EQ(asked.exit_code, 0) << asked.err;
  ASSERT_TRUE(holds(4));
  const Outcome all = run_sluice(here_run({"snapshot", path, "--rule", "out"}));
  EXPECT_EQ(all.exit_code, 0) << all.err;
  ASSERT_TRUE(holds(7));
  const Outcome none = run_sluice(here_run({"snapshot", path, "--rule", "out", "--collection", "other"}));
  EXPECT_EQ(none.exit_code, 1) << none.out;
  EXPECT_NE(none.err.find("does not publish 'other'"), std::string::npos) << none.err;
}

/// A rule that stores all events does not store those of its own documents, nor Sluice's state.
TEST_F(Patterns, SluicesOwnCollectionsAreNotMatched) {
  Mongo own(server().uri(), db().database());
  std::vector<std::string> flags = here();
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] == "--state-database") flags[i + 1] = db().database();
  }
  Worker worker({.file = file(R"(
  - name: audit
    event_store: { from: "*", into: audit, before: off, full_document: off }
)"),
                 .flags = flags});
  worker.ready();
  insert("orders");
  insert("lanes_of_ours");
  const auto events = [&] { return db().count("audit"); };
  ASSERT_TRUE(soon([&] { return events() == 2; })) << worker.story();
  // Positions go on being stored; none becomes an event.
  insert("users");
  ASSERT_TRUE(soon([&] { return events() == 3; })) << worker.story();
  EXPECT_EQ(worker.terminate(), 0);
  EXPECT_EQ(events(), 3);
  EXPECT_EQ(worker.err().find("error"), std::string::npos) << worker.story();
}

TEST_F(Patterns, TheCheckShowsWhatTheyMatch) {
  const std::string path = publish_file("      before: required\n", R"(["orders_*", "!orders_9"])");
  const auto check = [&] {
    return run_sluice(here_run({"check", path, "--online", "--nats-url", nats_server().url()}));
  };
  const Outcome none = check();
  EXPECT_NE(
      none.out.find("'orders_*, !orders_9' matches no collection of " + db().database() + " at present"),
      std::string::npos)
      << none.out;
  for (const char* name : {"orders_1", "orders_2", "orders_9", "other"}) insert(name);
  const Outcome two = check();
  EXPECT_EQ(two.exit_code, 0) << two.out;
  EXPECT_NE(two.out.find("matches 2 collections of " + db().database() + " at present: orders_1, orders_2"),
            std::string::npos)
      << two.out;
  EXPECT_NE(two.out.find(".orders_2 has no pre-images"), std::string::npos) << two.out;
  EXPECT_EQ(two.out.find(".orders_9 has no pre-images"), std::string::npos) << two.out;
}

class WebhookPatterns : public CallingTest {};

TEST_F(WebhookPatterns, AreReadLikeNames) {
  start(file("  - name: hook\n    webhook: { from: 'orders_*', url: '" + service().origin() + "/{coll}' }\n"))
      .ready();
  for (const char* name : {"orders_1", "orders_2", "other"}) db().insert(name, R"({"n":1})");
  ASSERT_TRUE(comes(2));
  ASSERT_TRUE(settled());
  Names paths;
  for (const WebRequest& request : taken()) paths.insert(request.target);
  EXPECT_EQ(paths, (Names{"/orders_1", "/orders_2"}));
}

class CachePatterns : public CachingTest {};

TEST_F(CachePatterns, AreReadLikeNames) {
  auto client = redis();
  for (const char* name : {"orders_1", "other"}) client.set(key(name) + ":1", "x");
  start_caching(file("  - name: keys\n    cache: { from: 'orders_*', delete: '{db}:{coll}:{id}' }\n"))
      .ready();
  for (const char* name : {"orders_1", "other"}) db().insert(name, R"({"_id":1})");
  ASSERT_TRUE(settled());
  EXPECT_FALSE(client.get(key("orders_1") + ":1"));
  EXPECT_TRUE(client.get(key("other") + ":1"));
}

}  // namespace
}  // namespace sluice::test
