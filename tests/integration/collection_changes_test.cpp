#include "support/caching.hpp"
#include "support/calling.hpp"
#include "support/lines.hpp"
#include "support/publishing.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

constexpr const char* all_operations =
    "      operations: [insert, update, replace, delete, drop, rename]\n      order: collection\n";

/// What can happen to the watched collection `items` as a whole.
struct OnCollections {
  Mongo& db;

  void insert(const std::string& collection = "items") const { db.insert(collection, R"({"n":1})"); }
  void drop() const { db.command(R"({"drop":"items"})"); }
  void rename(const std::string& from, const std::string& to, bool drops_target = false) const {
    const std::string start = R"({"renameCollection":")" + db.database() + "." + from + R"(","to":")" +
                              db.database() + "." + to + R"(","dropTarget":)";
    db.admin(start + (drops_target ? "true}" : "false}"));
  }
  /// Each with a document before it: a drop, a rename away, and another collection renamed to the name.
  void drop_and_rename() const {
    insert();
    drop();
    insert();
    rename("items", "archive");
    insert("staging");
    rename("staging", "items");
  }
  void out_into_items() const {
    db.insert("source", R"({"n":1})");
    db.aggregate("source", R"({"pipeline":[{"$out":"items"}]})");
  }
};

class CollectionChanges : public PublishingTest {
 protected:
  OnCollections on() { return {db()}; }
  std::string ns(const std::string& collection) { return db().database() + "." + collection; }
  /// The messages' subjects behind the stream's name, without their last part, the document's id.
  Texts subjects() {
    Texts all;
    for (const NatsMessage& message : messages()) {
      const std::string rest = message.subject.substr(stream().size() + 1);
      all.push_back(rest.substr(0, rest.rfind('.')));
    }
    return all;
  }
  double changes(const std::string& operation) {
    return metric("sluice_collection_changes_total", "operation=\"" + operation + "\"");
  }
  bool logged(const std::string& text) { return worker().err().find(text) != std::string::npos; }
};

TEST_F(CollectionChanges, AreMessagesOnRequest) {
  start_publishing(publish_file(all_operations)).ready();
  on().drop_and_rename();
  on().insert();
  on().insert("staging");
  on().rename("staging", "items", true);
  on().out_into_items();
  on().insert();
  ASSERT_TRUE(settled());
  EXPECT_EQ(subjects(), (Texts{"items.insert", "items.drop", "items.insert", "items.rename", "items.rename",
                               "items.insert", "items.rename", "items.rename", "items.insert"}));
  const auto all = messages();
  const NatsMessage& drop = all.at(1);
  EXPECT_EQ(drop.subject, stream() + ".items.drop.%-");
  EXPECT_EQ(drop.headers.at("Nats-Msg-Id"), Document(drop.data).text("_id._data"));
  EXPECT_EQ(drop.headers.at("Sluice-Operation"), "drop");
  EXPECT_EQ(drop.headers.at("Sluice-Namespace"), ns("items"));
  EXPECT_EQ(Document(all.at(3).data).text("to.coll"), "archive");
  for (const std::size_t came : {4, 6, 7}) {
    EXPECT_EQ(Document(all.at(came).data).text("to.coll"), "items");
    EXPECT_EQ(all.at(came).headers.at("Sluice-Namespace"), ns("items")) << "and not the temporary collection";
  }
  EXPECT_EQ(changes("drop"), 1);
  EXPECT_EQ(changes("rename"), 4);
  EXPECT_EQ(lines_with(worker().err(), "[warning]").size(), 0U) << worker().story();
  EXPECT_EQ(metric("sluice_events_published_total"), 9);
  terminate_all();
}

TEST_F(CollectionChanges, ADroppedDatabaseIsItsCollectionsDropsAndAMessageOfItsOwn) {
  const std::string path = publish_file(all_operations);
  start_publishing(path).ready();
  on().insert();
  on().insert("other");
  db().drop_database();
  on().insert();
  ASSERT_TRUE(holds(4));
  EXPECT_EQ(subjects(), (Texts{"items.insert", "items.drop", "%.dropDatabase", "items.insert"}));
  EXPECT_EQ(messages().at(2).headers.at("Sluice-Namespace"), db().database());
  EXPECT_EQ(changes("drop"), 1);
  EXPECT_EQ(changes("dropDatabase"), 1);
  // Once more, as a shard of two: one of them tells.
  terminate_all();
  start_shards(publish_file("      operations: [insert, drop]\n"), 2,
               {"--nats-url", nats_server().url(), "--accept-changed-rules"});
  on().drop();
  on().insert();
  ASSERT_TRUE(holds(6));
  ASSERT_TRUE(settled(2));
  EXPECT_EQ(metric("sluice_publish_duplicates_total"), 0);
  EXPECT_EQ(changes("drop"), 1);
}

TEST_F(CollectionChanges, AreOneLineEachWithoutTheRequest) {
  start_publishing(publish_file()).ready();
  on().drop_and_rename();
  on().out_into_items();
  on().insert();
  ASSERT_TRUE(settled());
  EXPECT_EQ(subjects(), (Texts{"items.insert", "items.insert", "items.insert"}));
  const std::string remedy =
      "; rule 'out' sends no message about it (it would with operations: [insert, update, "
      "replace, delete, ";
  const std::string snapshot =
      "; to publish its present documents, run: sluice snapshot FILE --rule out --collection items";
  EXPECT_TRUE(logged("the collection " + ns("items") + " was dropped" + remedy + "drop])\n"))
      << worker().story();
  EXPECT_TRUE(
      logged("the collection " + ns("items") + " was renamed to " + ns("archive") + remedy + "rename])\n"))
      << worker().story();
  EXPECT_TRUE(logged("the collection " + ns("staging") + " was renamed to " + ns("items") + ", replacing it" +
                     remedy + "rename])" + snapshot))
      << worker().story();
  EXPECT_TRUE(
      logged("the collection " + ns("items") + " was replaced as a whole by an aggregation's $out" + remedy))
      << worker().story();
  EXPECT_FALSE(logged("tmp.agg_out")) << worker().story();
  EXPECT_EQ(lines_with(worker().err(), remedy).size(), 4U) << worker().story();
  EXPECT_EQ(changes("drop"), 1);
  EXPECT_EQ(changes("rename"), 3);
  db().drop_database();
  on().insert();
  ASSERT_TRUE(holds(4));
  EXPECT_TRUE(logged("the database " + db().database() + " was dropped" + remedy + "drop])\n"))
      << worker().story();
}

/// One that keeps something true ends; the line names what it watches.
TEST_F(CollectionChanges, OutOverACountedCollectionIsSaidByItsName) {
  Worker& worker = start(file(R"(
  - name: likes
    count: { from: items, reference: of, into: posts, field: n }
)"));
  worker.ready();
  on().out_into_items();
  EXPECT_EQ(worker.wait(), 4) << worker.story();
  EXPECT_NE(worker.err().find("the collection " + ns("items") +
                              " was replaced as a whole by an aggregation's $out, after which events alone"),
            std::string::npos)
      << worker.story();
  EXPECT_EQ(worker.err().find("tmp.agg_out"), std::string::npos) << worker.story();
}

class WebhookCollectionChanges : public CallingTest {
 protected:
  OnCollections on() { return {db()}; }
};

TEST_F(WebhookCollectionChanges, AreRequestsOnRequest) {
  start(
      file("  - name: hook\n    webhook:\n      from: items\n      url: '" + service().origin() + R"(/{coll}'
      operations: [insert, drop, rename]
      methods: { drop: DELETE, rename: PUT }
)"))
      .ready();
  on().insert();
  ASSERT_TRUE(comes(1));
  on().drop();
  ASSERT_TRUE(comes(2));
  on().insert("staging");
  on().rename("staging", "items");
  ASSERT_TRUE(comes(3));
  on().rename("items", "archive");
  ASSERT_TRUE(comes(4));
  on().out_into_items();
  ASSERT_TRUE(comes(5));
  db().drop_database();
  ASSERT_TRUE(comes(6));
  on().insert();
  ASSERT_TRUE(comes(7));
  Texts methods;
  for (const WebRequest& request : taken()) {
    methods.push_back(request.method);
    EXPECT_EQ(request.target, "/items");
    EXPECT_EQ(request.header("idempotency-key"), "hook-" + Document(request.body).text("_id._data"));
  }
  EXPECT_EQ(methods, (Texts{"POST", "DELETE", "PUT", "PUT", "PUT", "DELETE", "POST"}));
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(WebhookCollectionChanges, AreALineWithoutTheRequest) {
  Worker& worker =
      start(file("  - name: hook\n    webhook: { from: items, url: '" + service().origin() + "/x' }\n"))
          .ready();
  on().insert();
  on().drop();
  on().insert();
  ASSERT_TRUE(comes(2));
  EXPECT_TRUE(worker.logs("items was dropped; rule 'hook' sends no message about it")) << worker.story();
  EXPECT_EQ(metric("sluice_collection_changes_total", "operation=\"drop\""), 1);
}

class CacheCollectionChanges : public CachingTest {
 protected:
  OnCollections on() { return {db()}; }
};

TEST_F(CacheCollectionChanges, SayToFlushAndEndNothing) {
  start_caching(file("  - name: keys\n    cache: { from: items, delete: '{db}:{id}' }\n")).ready();
  const auto drops_keys = [&](const std::string& id) {
    redis().set(key(id), "x");
    db().insert("items", "{\"_id\":\"" + id + "\"}");
    return soon([&] { return !redis().has(key(id)); });
  };
  const std::string flush = "; rule 'keys' cannot know the keys of its documents: flush them in Redis";
  const std::string name = db().database() + ".items";
  on().insert();
  on().drop();
  EXPECT_TRUE(worker().logs("the collection " + name + " was dropped" + flush)) << worker().story();
  EXPECT_TRUE(drops_keys("a"));
  on().rename("items", "archive");
  EXPECT_TRUE(worker().logs("the collection " + name + " was renamed to")) << worker().story();
  on().rename("archive", "items");
  EXPECT_TRUE(worker().logs(" was renamed to " + name)) << worker().story();
  EXPECT_TRUE(drops_keys("b"));
  on().out_into_items();
  EXPECT_TRUE(
      worker().logs("the collection " + name + " was replaced as a whole by an aggregation's $out" + flush))
      << worker().story();
  db().drop_database();
  EXPECT_TRUE(worker().logs("the database " + db().database() + " was dropped" + flush)) << worker().story();
  EXPECT_TRUE(drops_keys("c"));
  EXPECT_EQ(metric("sluice_collection_changes_total", "operation=\"rename\""), 3);
  terminate_all();
}

}  // namespace
}  // namespace sluice::test
