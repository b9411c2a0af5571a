#include <filesystem>

#include "realworld/seed.hpp"
#include "sensors/http_client.hpp"
#include "support/caching.hpp"
#include "support/deploy.hpp"
#include "support/sensors.hpp"
#include "support/sorted_json.hpp"

/// The examples of deploy/examples, as they are shipped.
namespace sluice::test {
namespace {

using namespace std::chrono_literals;

TEST(Examples, AreGoodFiles) {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(deploy_folder() + "/examples")) {
    // Those of library/ are for programs with rules and sinks of their own: LibraryExamples runs them.
    const bool of_library = entry.path().string().find("/library/") != std::string::npos;
    if (of_library || entry.path().extension() != ".yaml") continue;
    ++files;
    const Outcome outcome = run_sluice({"check", entry.path().string()});
    EXPECT_EQ(outcome.exit_code, 0) << entry.path() << "\n" << outcome.out << outcome.err;
  }
  EXPECT_EQ(files, 4);
}

// --- sensors

class SensorsExample : public SensorsTest {
 protected:
  using Reply = sensors::HttpClient::Reply;
  Reply put_reading(const std::string& body) { return sensors::HttpClient(data_.port()).put("/data", body); }
  Reply put_alert(const std::string& body, const std::string& key) {
    return sensors::HttpClient(alerts_.port()).put("/alerts", body, key);
  }
  static testing::AssertionResult refuses(const Reply& reply, const std::string& why) {
    if (reply.status == 400 && reply.body.find(why) != std::string::npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << reply.status << " " << reply.body;
  }
};

TEST_F(SensorsExample, ReadingsAreStoredOnceOrRefusedWithAReason) {
  data_.start();
  EXPECT_EQ(put_reading(R"({"sensorId":"room-1","time":"2026-03-01T12:30:00Z","value":20})").status, 201U);
  EXPECT_EQ(put_reading(R"({"sensorId":"room-1","time":1772368200000,"value":20.0})").status, 201U);
  EXPECT_EQ(put_reading(R"({"sensorId":"room-1","time":1772368200000,"value":21})").status, 409U);
  EXPECT_TRUE(refuses(put_reading("[1]x"), "no JSON object"));
  EXPECT_TRUE(refuses(put_reading(R"({"sensorId":"a b","time":1,"value":20})"), "'sensorId' must be"));
  EXPECT_TRUE(refuses(put_reading(R"({"sensorId":"a","time":"noon","value":20})"), "'time' must be"));
  EXPECT_TRUE(refuses(put_reading(R"({"sensorId":"a","time":1,"value":"hot"})"), "'value' must be"));
  EXPECT_EQ(db().count("readings"), 1);
  EXPECT_EQ(db().find_one("readings")->text("_id"), "room-1/1772368200000");
}

TEST_F(SensorsExample, AlertsAreStoredOnceAndNumbered) {
  alerts_.start();
  const std::string alert =
      R"({"type":"sensor","context":{"reading":{"sensorId":"s"}},"validRange":{"from":1,"to":2}})";
  EXPECT_EQ(put_alert(alert, "a").status, 201U);
  EXPECT_EQ(put_alert(alert, "a").status, 200U);
  EXPECT_EQ(put_alert(alert, "b").status, 201U);
  EXPECT_TRUE(refuses(put_alert(alert, ""), "Idempotency-Key"));
  EXPECT_TRUE(refuses(put_alert(R"({"type":"other"})", "c"), "'type' must be"));
  const auto stored = alerts_db().find("alerts", {}, R"({"sort":{"_id":1}})");
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0].integer("number"), 1);
  EXPECT_EQ(stored[1].integer("number"), 2);
}

TEST_F(SensorsExample, AReadingOutOfRangeGoesAllTheWay) {
  start_services();
  start(rules()).ready();
  std::atomic<int> sent = 0;
  sensors::send({.port = data_.port(), .sensors = 4, .readings = 20, .seed = random_seed()}, sent);
  EXPECT_EQ(sent, 80);
  ASSERT_TRUE(right());
  EXPECT_GT(sensors::expected_alerts(db()), 0);
  EXPECT_EQ(put_reading(R"({"sensorId":"room-9","time":"2026-03-01T12:30:00Z","value":40.26})").status, 201U);
  ASSERT_TRUE(right());
  const auto alert = alerts_db().find_one("alerts", R"({"sensorId":"room-9"})").value();
  EXPECT_EQ(alert.text("context.reading.time"), "2026-03-01T12:30:00.000Z");
  EXPECT_NE(provider_.out().find("room-9 is at 40.3 degrees"), std::string::npos) << provider_.out();
}

// --- shop

class ShopExample : public CachingTest {
 protected:
  void start_shop() {
    start(deploy_folder() + "/examples/shop/shop.yaml", {"--redis-url", redis_server().url()}).ready();
  }
  void insert(const std::string& collection, const std::string& id, const std::string& fields) {
    db().insert(collection, "{\"_id\":\"" + id + "\"," + fields + "}");
  }
  void set(const std::string& collection, const std::string& id, const std::string& change) {
    db().update(collection, "{\"_id\":\"" + id + "\"}", "{\"$set\":" + change + "}");
  }
  std::int64_t count(const std::string& collection, const std::string& filter) {
    return db().count(collection, filter);
  }
  /// Waits for what rules made of what other rules wrote, and then for whatever else they may make.
  testing::AssertionResult comes_to(const std::string& collection, std::int64_t documents) {
    const bool there = soon([&] { return count(collection, "{}") == documents; });
    if (there) return settled();
    return testing::AssertionFailure() << count(collection, "{}") << " " << collection;
  }
  void order(const std::string& id, const std::string& user, int total, int minute) {
    insert("orders", id,
           R"("user":")" + user + R"(","status":"placed","total":)" + std::to_string(total) +
               R"(,"at":{"$date":{"$numberLong":")" + std::to_string(60'000LL * minute + 1'772'000'000'000) +
               "\"}}");
  }
};

TEST_F(ShopExample, AnOrdersStatusSetsOffItsActions) {
  start_shop();
  order("o", "ada", 499, 0);
  order("p", "bob", 500, 0);
  for (const char* status : {"paid", "shipped", "delivered"})
    set("orders", "o", R"({"status":")" + std::string(status) + R"(","note":"x"})");
  set("orders", "o", R"({"note":"y"})");
  set("orders", "p", R"({"status":"cancelled"})");
  ASSERT_TRUE(settled());
  const auto history = db().find_one("order_history", R"({"_id":"o"})").value();
  std::string statuses;
  for (const char* n : {"0", "1", "2", "3", "4"})
    statuses += history.text("history." + std::string(n) + ".status") + " ";
  EXPECT_EQ(statuses, "placed paid shipped delivered  ");
  EXPECT_EQ(history.text("status"), "delivered");
  EXPECT_EQ(count("notifications", R"({"order":"o","priority":"normal","user":"ada"})"), 4);
  EXPECT_EQ(count("notifications", R"({"order":"p","priority":"high","user":"bob"})"), 2);
  EXPECT_EQ(count("notifications", "{}"), 6);
  EXPECT_EQ(count("tasks", R"({"_id":"o/paid","action":"pack it","priority":2})"), 1);
  EXPECT_EQ(count("tasks", R"({"_id":"o/delivered","action":"ask for a review"})"), 1);
  EXPECT_EQ(count("tasks", R"({"_id":"p/cancelled","action":"give the money back","priority":1})"), 1);
  EXPECT_EQ(count("tasks", "{}"), 3);
  EXPECT_EQ(count("orders", R"({"shippedAt":{"$gt":{"$date":{"$numberLong":"0"}}}})"), 1);
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(ShopExample, InventoryAlertsHaveTheirLevels) {
  start_shop();
  insert("products", "lamp", R"("category":"light","stock":20,"threshold":5)");
  insert("products", "desk", R"("category":"office","stock":6)");
  for (const char* stock : {"12", "5", "4", "0"})
    set("products", "lamp", R"({"stock":)" + std::string(stock) + "}");
  for (const char* stock : {"5", "60", "601"})
    set("products", "desk", R"({"stock":)" + std::string(stock) + "}");
  ASSERT_TRUE(settled());
  std::vector<std::string> told;
  for (const auto& one :
       db().find("inventory_alerts", {}, R"({"sort":{"product":1,"at":1,"stock":1,"kind":1}})"))
    told.push_back(one.text("product") + " " + std::to_string(one.integer("stock")) + " " +
                   one.text("level") + " " + one.text("kind"));
  std::ranges::sort(told);
  EXPECT_EQ(told, (std::vector<std::string>{"desk 5 warning low", "desk 60 warning unusual change",
                                            "desk 601 warning unusual change", "lamp 0 critical out of stock",
                                            "lamp 5 info unusual change", "lamp 5 warning low"}));
}

TEST_F(ShopExample, CachedPagesOfChangedProductsAreDropped) {
  insert("products", "lamp", R"("category":"light","stock":20)");
  insert("products", "desk", R"("category":"office","stock":6)");
  start_shop();
  for (const char* key :
       {"product:lamp", "product:desk", "category:light", "category:home", "category:office"})
    redis().set(key, "cached");
  set("products", "lamp", R"({"category":"home"})");
  EXPECT_TRUE(soon([&] {
    return !redis().has("product:lamp") && !redis().has("category:light") && !redis().has("category:home");
  }));
  ASSERT_TRUE(settled());
  EXPECT_TRUE(redis().has("product:desk"));
  EXPECT_TRUE(redis().has("category:office"));
}

TEST_F(ShopExample, TheAuditHoldsEachChange) {
  start_shop();
  order("o", "ada", 10, 0);
  set("orders", "o", R"({"status":"shipped"})");
  insert("products", "lamp", R"("stock":20)");
  db().remove("products", R"({"_id":"lamp"})");
  ASSERT_TRUE(comes_to("audit", 5));
  const auto events = [&](const std::string& aggregate) {
    std::string told;
    for (const auto& one :
         db().find("audit", "{\"aggregateId\":\"" + aggregate + "\"}", R"({"sort":{"seq":1}})"))
      told += std::to_string(one.integer("seq")) + " " + one.text("eventType") + ", ";
    return told;
  };
  EXPECT_EQ(events("orders/o"), "1 orders.insert, 2 orders.update, 3 orders.update, ") << "with the stamp";
  EXPECT_EQ(events("products/lamp"), "1 products.insert, 2 products.delete, ");
}

TEST_F(ShopExample, ManyOrdersOrMuchMoneyWithinTheWindowIsASignal) {
  start_shop();
  order("a1", "ada", 10, 0);
  order("a2", "ada", 10, 5);
  order("a3", "ada", 10, 11);  // the first is out of the window
  order("a4", "ada", 10, 12);  // three
  order("a5", "ada", 10, 13);  // that is known
  order("b1", "bob", 1500, 0);
  order("b2", "bob", 600, 1);
  order("c1", "cid", 2001, 0);
  order("d1", "dan", 1500, 0);
  order("d2", "dan", 1500, 30);
  ASSERT_TRUE(comes_to("fraud_signals", 3));
  EXPECT_EQ(count("fraud_signals", R"({"user":"ada","signal":"three orders within ten minutes"})"), 1);
  EXPECT_EQ(count("fraud_signals", R"({"user":"bob","sum":2100})"), 1);
  EXPECT_EQ(count("fraud_signals", R"({"user":"cid","sum":2001})"), 1);
  EXPECT_EQ(count("fraud_signals", "{}"), 3);
  const auto ada = db().find_one("fraud_signals", R"({"user":"ada"})").value();
  EXPECT_EQ(ada.text("orders.0.order") + ada.text("orders.2.order"), "a2a4");
}

// --- realworld-notifications

class NotificationsExample : public PipelineTest {
 protected:
  static std::string rules() {
    return deploy_folder() + "/examples/realworld-notifications/notifications.yaml";
  }
};

TEST_F(NotificationsExample, AnAuthorHearsOfCommentsAndFavourites) {
  start(rules()).ready();
  db().insert("users", R"({"_id":1,"username":"ada"})");
  db().insert("users", R"({"_id":2,"username":"bob"})");
  // A comment may come before its article.
  db().insert("comments", R"({"_id":20,"articleId":10,"authorId":2})");
  db().insert("articles", R"({"_id":10,"title":"On engines","tagList":["a"],"authorId":1})");
  db().insert("comments", R"({"_id":21,"articleId":10,"authorId":1})");
  db().insert("comments", R"({"_id":22,"articleId":10,"authorId":2})");
  for (int i = 0; i < 4; ++i) {
    const std::string id = "{\"_id\":" + std::to_string(30 + i) + "}";
    db().insert("favorites", R"({"_id":)" + std::to_string(30 + i) + R"(,"articleId":10,"userId":2})");
    ASSERT_TRUE(soon([&] { return db().find_one("favorites", id)->has("articleAuthorId"); }));
    if (i < 3) db().remove("favorites", id);
  }
  db().insert("favorites", R"({"_id":40,"articleId":10,"userId":1})");
  ASSERT_TRUE(soon([&] { return db().count("notifications") == 3; }));
  ASSERT_TRUE(settled());
  std::vector<std::string> told;
  for (const auto& one : db().find("notifications"))
    told.push_back(std::to_string(one.integer("user")) + " " + one.text("kind") + " of " +
                   std::to_string(one.integer("by")) + ": " + one.text("title"));
  std::ranges::sort(told);
  EXPECT_EQ(told, (std::vector<std::string>{"1 comment of 2: On engines", "1 comment of 2: On engines",
                                            "1 favorite of 2: On engines"}));
  EXPECT_EQ(db().find_one("articles")->integer("favoritesCount"), 2);
}

/// The rules beside it stay exact, and each comment of a seeded database is told of.
TEST_F(NotificationsExample, OfMany) {
  start(rules()).ready();
  realworld::seed(db(),
                  {.users = 20, .articles = 50, .comments = 200, .favorites = 200, .seed = random_seed()});
  ASSERT_TRUE(exact());
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("comments", R"({"articleAuthorId":{"$exists":true}})"), 200);
  const auto others = db().count("comments", R"({"$expr":{"$ne":["$articleAuthorId","$authorId"]}})");
  EXPECT_EQ(db().count("notifications", R"({"kind":"comment"})"), others) << "SLUICE_SEED=" << random_seed();
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

}  // namespace
}  // namespace sluice::test
