#include <fstream>

#include "support/dead_commands.hpp"
#include "support/sorted_json.hpp"

namespace sluice::test {
namespace {

/// What rules write into other collections, judged and made by the server.
class WriteRules : public DeadCommands {
 protected:
  void update(const std::string& id, const std::string& change) {
    db().update("items", R"({"_id":)" + id + "}", R"({"$set":)" + change + "}");
  }
  std::vector<std::string> found(const std::string& collection, const std::string& path,
                                 const std::string& sort = "item") {
    std::vector<std::string> values;
    for (const Document& one : db().find(collection, {}, R"({"sort":{")" + sort + R"(":1,"_id":1}})"))
      values.push_back(plain(one, path));
    return values;
  }
  /// A text or a number as people write it.
  static std::string plain(const Document& document, const std::string& path) {
    const std::string text = document.text(path, "?");
    return text == "?" ? std::to_string(document.integer(path)) : text;
  }
};

using Texts = std::vector<std::string>;

TEST_F(WriteRules, AnAlertWhenTheStockFallsToItsThreshold) {
  start(file(R"(  - name: low
    write:
      from: items
      operations: [update]
      fields: [stock]
      when: OLD.stock > 5 AND NEW.stock <= 5
      into: alerts
      values: { item: NEW._id, was: OLD.stock, left: NEW.stock, level: "CASE WHEN NEW.stock = 0 THEN 'out' ELSE 'low' END" }
)"))
      .ready();
  db().insert("items", R"({"_id":1,"stock":9})");
  update("1", R"({"stock":6})");  // not there yet
  update("1", R"({"stock":3})");
  update("1", R"({"stock":2})");  // there already
  update("1", R"({"stock":"?"})");
  update("1", R"({"stock":8})");
  update("1", R"({"stock":0})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(found("alerts", "left", "was"), (Texts{"3", "0"}));
  EXPECT_EQ(found("alerts", "was", "was"), (Texts{"6", "8"}));
  EXPECT_EQ(found("alerts", "level", "was"), (Texts{"low", "out"}));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// Of one condition as data and as text the server makes the same.
TEST_F(WriteRules, ConditionsMayBeData) {
  start(file(R"(  - name: moved
    write:
      from: items
      operations: [update]
      when: { price: { moves_by: 20% }, status: { from: open, to: [sold, gone] } }
      into: moves
      values: { item: NEW._id }
)"))
      .ready();
  db().insert("items", R"({"_id":1,"price":100,"status":"open"})");
  update("1", R"({"price":130})");
  update("1", R"({"price":100,"status":"sold"})");
  update("1", R"({"price":100,"status":"open"})");
  update("1", R"({"price":111,"status":"gone"})");  // too little
  ASSERT_TRUE(settled());
  EXPECT_EQ(found("moves", "item"), Texts{"1"});
}

TEST_F(WriteRules, UpsertsUpdatesAndDeletesUnderAnIdOfTheirOwn) {
  start(file(R"(  - name: last
    write: { from: items, operations: [insert, update], mode: upsert, into: last, id: "'last-' || NEW.kind", values: { item: NEW._id, at: time() } }
  - name: mirror
    write: { from: items, operations: [insert, update, replace], mode: upsert, into: mirror, values: NEW }
  - name: unmirror
    write: { from: items, operations: [delete], mode: delete, into: mirror }
  - name: stamp
    write: { from: items, operations: [update], fields: [kind], mode: update, into: items, values: { moved: TRUE } }
)"))
      .ready();
  db().insert("items", R"({"_id":1,"kind":"a"})");
  db().insert("items", R"({"_id":2,"kind":"a"})");
  db().insert("items", R"({"_id":3,"kind":"b"})");
  update("3", R"({"kind":"c"})");
  db().remove("items", R"({"_id":2})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(found("last", "_id"), (Texts{"last-a", "last-b", "last-c"}));
  EXPECT_EQ(found("last", "item"), (Texts{"2", "3", "3"}));
  EXPECT_TRUE(becomes("items", "3", R"({"_id":3,"kind":"c","moved":true})"));
  EXPECT_EQ(found("mirror", "_id"), (Texts{"1", "3"}));
}

/// A path is about the field that it names, and not about the map that holds it.
TEST_F(WriteRules, APathSetsItsFieldAndLeavesTheRestOfTheMap) {
  const std::string path = file(R"(  - name: titles
    write: { from: items, operations: [insert], mode: upsert, into: pages, id: NEW.page, values: { about.title: NEW.title, about.size.wide: NEW.wide, seen: TRUE } }
  - name: wholes
    write: { from: items, operations: [insert], mode: update, into: wholes, id: NEW.page, values: { about: { title: NEW.title } } }
)");
  start(path).ready();
  for (const char* collection : {"pages", "places", "wholes"}) {
    db().insert(collection,
                R"({"_id":"p","about":{"title":"old","author":"ann","size":{"high":2}},"kept":1})");
    db().insert(collection, R"({"_id":"q","about":"a text"})");
  }
  const Outcome made = run_sluice(
      here_run({"trigger", "create", path,
                "CREATE TRIGGER places AFTER INSERT ON items DO UPDATE places SET about.title = NEW.title, "
                "about.size.wide = NEW.wide WHERE ID = NEW.page"}));
  ASSERT_EQ(made.exit_code, 0) << made.err;
  ASSERT_TRUE(worker().logs(":triggers: streaming")) << worker().story();
  db().insert("items", R"({"_id":1,"page":"p","title":"new","wide":7})");
  db().insert("items", R"({"_id":2,"page":"r","title":"first"})");
  EXPECT_TRUE(becomes(
      "pages", R"("p")",
      R"({"_id":"p","about":{"title":"new","author":"ann","size":{"high":2,"wide":7}},"kept":1,"seen":true})"));
  EXPECT_TRUE(becomes("pages", R"("r")", R"({"_id":"r","about":{"title":"first"},"seen":true})"))
      << "a document that is made has the map, and no field for a value that is missing";
  EXPECT_TRUE(
      becomes("places", R"("p")",
              R"({"_id":"p","about":{"title":"new","author":"ann","size":{"high":2,"wide":7}},"kept":1})"));
  EXPECT_TRUE(becomes("wholes", R"("p")", R"({"_id":"p","about":{"title":"new"},"kept":1})"));
  // Where there is no map, nothing is replaced by one: the change is a dead letter of its rule.
  db().insert("items", R"({"_id":3,"page":"q","title":"new"})");
  EXPECT_TRUE(soon([&] { return state().count("dead_letters") == 2; })) << worker().story();
  EXPECT_TRUE(becomes("pages", R"("q")", R"({"_id":"q","about":"a text"})"));
}

/// A window that slides over a user's orders, as an update's pipeline keeps it, and a rule on what it keeps.
TEST_F(WriteRules, APipelineKeepsASlidingWindow) {
  start(file(R"(  - name: window
    write:
      from: orders
      operations: [insert]
      mode: upsert
      into: windows
      id: NEW.user
      values: { order: NEW._id, total: NEW.total, at: NEW.at }
      pipeline:
        - $set: { recent: { $filter: { input: { $concatArrays: [ { $ifNull: [ $recent, [] ] }, [ $$new ] ] }, cond: { $gt: [ $$this.at, { $subtract: [ $$new.at, 60000 ] } ] } } } }
        - $set: { orders: { $size: $recent }, sum: { $sum: $recent.total } }
  - name: fraud
    write: { from: windows, operations: [insert, update, replace], when: { orders: { rises_to: 3 } }, into: signals, values: { user: NEW._id, sum: NEW.sum } }
)"))
      .ready();
  for (int i = 0; i < 5; ++i) {
    const std::string at =
        R"({"$date":{"$numberLong":")" + std::to_string(1000 * i + (i == 4 ? 100000 : 0)) + "\"}}";
    db().insert("orders", R"({"_id":)" + std::to_string(i) + R"(,"user":"u","total":10,"at":)" + at + "}");
  }
  ASSERT_TRUE(settled());
  ASSERT_TRUE(settled()) << "now what the windows set off";
  EXPECT_EQ(found("windows", "orders"), Texts{"1"});
  EXPECT_EQ(found("signals", "sum"), Texts{"30"});
}

TEST_F(WriteRules, WhatIsRefusedIsADeadLetterAndCanBeRetried) {
  db().command(R"({"create":"notes","validator":{"text":{"$type":"string"}}})");
  start(file("  - name: note\n    write: { from: items, operations: [insert], into: notes, values: { text: "
             "NEW.text, item: NEW._id } }\n"))
      .ready();
  db().insert("items", R"({"_id":1,"text":"one"})");
  db().insert("items", R"({"_id":2,"text":2})");
  db().insert("items", R"({"_id":3,"text":"three"})");
  ASSERT_TRUE(soon([&] { return letter_count() == 1 && db().count("notes") == 2; }));
  db().command(R"({"collMod":"notes","validator":{}})");
  const Outcome outcome = dead("retry", {"--all"},
                               file("  - name: note\n    write: { from: items, operations: [insert], into: "
                                    "notes, values: { text: NEW.text, item: NEW._id } }\n"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(found("notes", "text"), (Texts{"one", "2", "three"}));
}

TEST_F(WriteRules, TheSameContentOnceWithinItsWindow) {
  start(file("  - name: note\n    write: { from: items, operations: [update], into: notes, values: { item: "
             "NEW._id, text: NEW.text }, dedup_s: 3600 }\n"))
      .ready();
  db().insert("items", R"({"_id":1})");
  db().insert("items", R"({"_id":2})");
  for (const char* text : {R"({"text":"a"})", R"({"text":"b"})", R"({"text":"a"})"}) update("1", text);
  update("2", R"({"text":"a"})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("notes"), 3) << "the second a of item 1 is no news; that of item 2 is";
  EXPECT_EQ(metric("sluice_rule_effects_total", R"(result="repeated")"), 1);
}

/// Of an order that is stated: what several documents say is one content then.
TEST_F(WriteRules, TheSameContentOfOneOrderOnceWithinItsWindow) {
  start(file("  - name: note\n    write: { from: items, operations: [insert], into: notes, values: { user: "
             "NEW.user, text: NEW.text }, order_by: NEW.user, dedup_s: 3600 }\n"))
      .ready();
  db().insert("items", R"({"_id":1,"user":"u","text":"a"})");
  db().insert("items", R"({"_id":2,"user":"u","text":"a"})");
  db().insert("items", R"({"_id":3,"user":"u","text":"b"})");
  db().insert("items", R"({"_id":4,"user":"v","text":"a"})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(db().count("notes", R"({"user":"u"})"), 2);
  EXPECT_EQ(db().count("notes", R"({"user":"v"})"), 1);
  EXPECT_EQ(metric("sluice_rule_effects_total", R"(result="repeated")"), 1);
}

TEST_F(WriteRules, NewDocumentsHaveTheOrderOfTheirValues) {
  start(file("  - name: note\n    write: { from: items, into: notes, values: { z: NEW._id, a: NEW.n } }\n"))
      .ready();
  db().insert("items", R"({"_id":1,"n":2})");
  ASSERT_TRUE(settled());
  const auto notes = db().aggregate("notes", R"({"pipeline":[{"$unset":"_id"}]})");
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].json(), R"({ "z" : 1, "a" : 2 })");
}

/// Another pipeline with the same rule has made the same documents already.
TEST_F(WriteRules, DocumentsThatExistStayAsTheyAre) {
  const std::string rules =
      "  - name: note\n    write: { from: items, into: notes, values: { item: NEW._id, n: NEW.n } }\n";
  const std::string first = file(rules, "first.yaml");
  const std::string second = file(rules, "second.yaml");
  std::ofstream(second) << "pipeline: second\nrules:\n" << rules;
  start(second).ready();
  terminate_all();  // it continues from here
  start(first).ready();
  for (int id = 0; id < 3; ++id) db().insert("items", "{\"_id\":" + std::to_string(id) + ",\"n\":1}");
  ASSERT_TRUE(soon([this] { return db().count("notes") == 3; }));
  terminate_all();
  db().update("notes", R"({"item":1})", R"({"$set":{"n":7}})");
  start(second).ready();
  ASSERT_TRUE(soon([this] { return metric("sluice_events_applied_total") == 3; }));
  EXPECT_EQ(found("notes", "n"), (Texts{"1", "7", "1"}));
  EXPECT_EQ(state().count("dead_letters"), 0);
}

TEST_F(WriteRules, ARuleThatWouldSetItselfOffIsRefused) {
  const Outcome outcome = run_sluice(here_run(
      {"check", file("  - name: loop\n    write: { from: items, into: items, values: { a: 1 } }\n")}));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("would trigger it again"), std::string::npos) << outcome.err;
}

TEST_F(WriteRules, OnlyInsertsHaveAnOrderOfTheirOwn) {
  const Outcome outcome = run_sluice(here_run(
      {"check",
       file("  - name: last\n    write: { from: items, mode: upsert, into: last, values: NEW, order_by: "
            "NEW.user }\n")}));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.err.find("'order_by' is for inserts"), std::string::npos) << outcome.err;
}

/// Nothing is written, and the answer is what the worker would do.
TEST_F(WriteRules, CanBeTriedOnAnEvent) {
  const std::string rules = file(
      "  - name: low\n    write: { from: items, when: OLD.stock > 5 AND NEW.stock <= 5, into: alerts, "
      "values: { left: NEW.stock } }\n");
  const TemporaryDirectory folder;
  const auto tried = [&](const std::string& after) {
    const auto event = folder.path() / "event.json";
    std::ofstream(event)
        << R"({"operationType":"update","ns":{"coll":"items"},"updateDescription":{"updatedFields":{"stock":0}},"fullDocumentBeforeChange":{"_id":1,"stock":9},"fullDocument":{"_id":1,"stock":)"
        << after << "}}";
    return run_sluice(here_run({"try", rules, "low", "--event", event.string()}));
  };
  const Outcome held = tried("4");
  EXPECT_EQ(held.exit_code, 0) << held.err;
  EXPECT_NE(held.out.find(R"("left" : 4)"), std::string::npos) << held.out;
  const Outcome failed = tried("7");
  EXPECT_NE(failed.out.find("does nothing"), std::string::npos) << failed.out;
  EXPECT_EQ(db().count("alerts"), 0);
}

class EventStores : public WriteRules {
 protected:
  std::string store(const std::string& more = "") const {
    return file(
        "  - name: store\n    event_store: { from: [orders, lines], into: events, aggregate: "
        "\"coalesce(NEW.order, OLD.order, id())\" }\n" +
        more);
  }
};

TEST_F(EventStores, NumberTheEventsOfAnAggregateWithoutAGap) {
  start(store()).ready();
  db().insert("orders", R"({"_id":"o","status":"new"})");
  db().insert("lines", R"({"_id":1,"order":"o","n":2})");
  db().update("orders", R"({"_id":"o"})", R"({"$set":{"status":"paid"}})");
  db().insert("orders", R"({"_id":"p","status":"new"})");
  db().remove("lines", R"({"_id":1})");
  db().replace("orders", R"({"_id":"o"})", R"({"status":"done"})");
  ASSERT_TRUE(settled());
  const auto events = db().find("events", R"({"aggregateId":"o"})", R"({"sort":{"seq":1}})");
  Texts told;
  for (const Document& one : events) told.push_back(plain(one, "seq") + " " + one.text("eventType"));
  EXPECT_EQ(told, (Texts{"1 orders.insert", "2 lines.insert", "3 orders.update", "4 lines.delete",
                         "5 orders.replace"}));
  EXPECT_EQ(events.at(2).text("before.status"), "new");
  EXPECT_EQ(events.at(2).text("after.status"), "paid");
  EXPECT_EQ(events.at(2).text("eventData.updatedFields.status"), "paid");
  EXPECT_EQ(db().count("events", R"({"aggregateId":"p","seq":1})"), 1);
}

TEST_F(EventStores, AreReplayedToAnyRule) {
  const std::string rules = store(
      "  - name: paid\n    write: { from: orders, operations: [update], when: \"NEW.status = 'paid'\", into: "
      "payments, values: { order: NEW._id } }\n");
  start(rules).ready();
  for (const char* id : {"o", "p"}) {
    db().insert("orders", R"({"_id":")" + std::string(id) + R"(","status":"new"})");
    db().update("orders", R"({"_id":")" + std::string(id) + R"("})", R"({"$set":{"status":"paid"}})");
  }
  ASSERT_TRUE(settled());
  ASSERT_EQ(db().count("payments"), 2);
  const std::string before = sorted_json(db().find_one("payments", R"({"order":"o"})").value());
  db().remove_many("payments", "{}");
  const auto replayed = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"replay", rules, "--store", "store", "--to", "paid"};
    words.insert(words.end(), more.begin(), more.end());
    return run_sluice(here_run(std::move(words)));
  };
  const Outcome dry = replayed({"--dry-run"});
  EXPECT_NE(dry.out.find("4 events found, 2 effects"), std::string::npos) << dry.out << dry.err;
  EXPECT_EQ(db().count("payments"), 0);
  EXPECT_EQ(replayed({"--aggregate", "o"}).exit_code, 0);
  ASSERT_EQ(db().count("payments"), 1);
  EXPECT_EQ(sorted_json(db().find_one("payments").value()), before);
  EXPECT_EQ(replayed({"--since", "1h"}).exit_code, 0);
  EXPECT_EQ(replayed({"--until", "1h"}).exit_code, 0);
  EXPECT_EQ(db().count("payments"), 2) << "what is there already is not written twice";
}

}  // namespace
}  // namespace sluice::test
