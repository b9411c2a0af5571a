#include <algorithm>

#include "support/selection_fixture.hpp"
#include "support/sorted_json.hpp"

namespace sluice::test {
namespace {

TEST_F(Selection, OperationsAndFieldsAreEachRulesOwn) {
  start_publishing(file(rule("new", "items", "operations: [insert]") +
                        rule("dear", "items", "operations: [update], fields: [state, 'lines[].price']") +
                        rule("gone", "others", "operations: [delete]")))
      .ready();
  db().insert("items", R"({"_id":"a","lines":[{"price":1,"name":"n"}]})");
  for (const char* change :
       {R"({"$set":{"state":"open"}})", R"({"$set":{"note":"n"}})", R"({"$set":{"lines.0.price":2}})",
        R"({"$set":{"lines.0.name":"m"}})", R"({"$unset":{"state":1}})"}) {
    db().update("items", R"({"_id":"a"})", change);
  }
  db().replace("items", R"({"_id":"a"})", R"({"state":"closed"})");
  db().remove("items", R"({"_id":"a"})");
  db().insert("others", R"({"_id":"b"})");
  db().remove("others", R"({"_id":"b"})");
  EXPECT_EQ(told(), (Texts{"dear.items.update.a", "dear.items.update.a", "dear.items.update.a",
                           "gone.others.delete.b", "new.items.insert.a"}));
  EXPECT_EQ(events_read(), 5) << "nothing else leaves the server";
}

TEST_F(Selection, AnExpressionComparesTheDocumentAsItWasAndAsItIs) {
  start_publishing(file(rule("moved", "items",
                             "where: {$ne: [$fullDocument.state, $fullDocumentBeforeChange.state]}, "
                             "full_document: whenAvailable, before: whenAvailable")))
      .ready();
  db().insert("items", R"({"_id":"a","state":"open"})");
  db().update("items", R"({"_id":"a"})", R"({"$set":{"note":"n"}})");
  db().update("items", R"({"_id":"a"})", R"({"$set":{"state":"paid"}})");
  db().update("items", R"({"_id":"a"})", R"({"$set":{"note":"m"}})");
  EXPECT_EQ(told(), (Texts{"moved.items.insert.a", "moved.items.update.a"}));
  EXPECT_EQ(events_read(), 2);
  const auto updates = events("moved.items.update.a");
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_EQ(updates[0].text("fullDocumentBeforeChange.state"), "open");
  EXPECT_EQ(updates[0].text("fullDocument.state"), "paid");
  EXPECT_FALSE(updates[0].has("sluiceWants")) << "our own marks stay with us";
}

/// One rule's expression takes nothing from another rule, whether that has an expression or not.
TEST_F(Selection, RulesOfOneCollectionEachSeeTheirShare) {
  start_publishing(
      file(rule("high", "items", "where: {$gte: [$fullDocument.score, 10]}") +
           rule("ends", "items",
                "where: '{\"$and\": [{\"$in\": [\"$operationType\", [\"delete\"]]}, {\"$eq\": [\"$ns.coll\", "
                "\"items\"]}]}'") +
           rule("rest", "others", "operations: [insert]") +
           "  - name: counted\n    count: { from: items, reference: parent, into: parents, field: items }\n"))
      .ready();
  db().insert("parents", R"({"_id":1})");
  db().insert("items", R"({"_id":"low","score":1,"parent":1})");
  db().insert("items", R"({"_id":"high","score":10,"parent":1})");
  db().update("items", R"({"_id":"low"})", R"({"$set":{"score":11}})");  // an update shows no document
  db().remove("items", R"({"_id":"low"})");
  db().insert("others", R"({"_id":"o","score":1})");
  db().remove("others", R"({"_id":"o"})");
  EXPECT_EQ(told(), (Texts{"ends.items.delete.low", "high.items.insert.high", "rest.others.insert.o"}));
  EXPECT_TRUE(becomes("parents", "1", R"({"_id":1,"items":1})"));
  // The counter and the publishing rules have a change stream each.
  EXPECT_EQ(events_read(), 3 + 3) << "two inserts and a delete for the count; one event for each other rule";
}

TEST_F(Selection, AFieldThatIsKeptBackCanStillBeWaitedFor) {
  start_publishing(
      file(rule("alarm", "users", "operations: [update], fields: [password], redact: [password]")))
      .ready();
  db().insert("users", R"({"_id":"u","password":"hush","name":"n"})");
  db().update("users", R"({"_id":"u"})", R"({"$set":{"name":"m"}})");
  db().update("users", R"({"_id":"u"})", R"({"$set":{"name":"l","password":"hush-hush"}})");
  EXPECT_EQ(told(), Texts{"alarm.users.update.u"});
  const auto alarms = events("alarm.users.update.u");
  ASSERT_EQ(alarms.size(), 1U);
  EXPECT_EQ(alarms[0].json().find("hush"), std::string::npos) << alarms[0].json();
  EXPECT_EQ(alarms[0].text("updateDescription.updatedFields.name"), "l");
}

TEST_F(Selection, OnlyWhatIsProjectedIsSent) {
  start_publishing(
      file(rule("out", "users",
                "project: [name, profile.city, cards.brand], redact: [profile.city.street], before: "
                "whenAvailable, full_document: whenAvailable")))
      .ready();
  db().insert("users", R"({"_id":"u","name":"n","age":1,"profile":{"city":{"street":"s","zip":1},"x":1},
                           "cards":[{"brand":"b","number":"1"}]})");
  const std::string shown = R"("profile":{"city":{"zip":1}},"cards":[{"brand":"b"}])";
  for (const char* change :
       {R"({"$set":{"age":2,"profile.x":2}})", R"({"$set":{"profile":{"city":5,"x":1}}})",
        R"({"$set":{"profile.city.zip":2}})", R"({"$set":{"profile":"none","name":"m"}})"}) {
    // Its own city again each time, so that every document before looks the same.
    db().update("users", R"({"_id":"u"})", R"({"$set":{"profile":{"city":{"street":"s","zip":1},"x":1}}})");
    db().update("users", R"({"_id":"u"})", Document(change));
  }
  db().remove("users", R"({"_id":"u"})");
  ASSERT_GE(told().size(), 6U);
  EXPECT_EQ(sorted_json(events("out.users.insert.u")[0].child("fullDocument")),
            sorted_json(Document(R"({"_id":"u","name":"n",)" + shown + "}")));
  EXPECT_EQ(sorted_json(events("out.users.delete.u")[0].child("fullDocumentBeforeChange")),
            sorted_json(Document(R"({"_id":"u","name":"m","cards":[{"brand":"b"}]})")));
  Texts updated;
  for (const Document& update : events("out.users.update.u"))
    updated.push_back(sorted_json(update.child("updateDescription.updatedFields")));
  for (const char* wanted :
       {"{}", R"({"profile":{"city":5}})", R"({"profile.city.zip":2})", R"({"profile":"none","name":"m"})"}) {
    EXPECT_NE(std::ranges::find(updated, sorted_json(Document(wanted))), updated.end()) << wanted;
  }
  EXPECT_EQ(events("out.users.delete.u")[0].text("documentKey._id"), "u");
}

TEST_F(Selection, ALookUpShowsWhatStandsAndNothingWhereNothingStands) {
  const std::string rules = file(rule("now", "items", "full_document: updateLookup") +
                                 rule("plain", "others", "operations: [update]"));
  start_publishing(rules).ready();
  db().insert("items", std::vector<Document>{R"({"_id":"a","n":0})", R"({"_id":"b","n":0})"});
  db().insert("others", R"({"_id":"o","n":0})");
  ASSERT_TRUE(settled());
  terminate_all();
  for (const char* id : {R"({"_id":"a"})", R"({"_id":"b"})"}) {
    db().update("items", id, R"({"$set":{"n":1}})");
    db().update("items", id, R"({"$set":{"n":2}})");
  }
  db().update("others", R"({"_id":"o"})", R"({"$set":{"n":1}})");
  db().remove("items", R"({"_id":"b"})");
  start_publishing(rules).ready();
  EXPECT_EQ(told().size(), 8U);
  for (const Document& event : events("now.items.update.a")) EXPECT_EQ(event.integer("fullDocument.n"), 2);
  const auto gone = events("now.items.update.b");
  ASSERT_EQ(gone.size(), 2U);
  for (const Document& event : gone) EXPECT_FALSE(event.has("fullDocument.n")) << event.json();
  const auto others = events("plain.others.update.o");
  ASSERT_EQ(others.size(), 1U);
  EXPECT_FALSE(others[0].has("fullDocument")) << "it was not asked for there: " << others[0].json();
}

TEST_F(Selection, AnAfterImageIsTheDocumentOfThatVeryMoment) {
  const std::string rules = file(rule("then", "items", "full_document: whenAvailable"));
  start_publishing(rules).ready();
  db().insert("items", R"({"_id":"a","n":0})");
  ASSERT_TRUE(settled());
  terminate_all();
  for (const char* n : {"1", "2"}) {
    db().update("items", R"({"_id":"a"})", std::string(R"({"$set":{"n":)") + n + "}}");
  }
  db().remove("items", R"({"_id":"a"})");
  start_publishing(rules).ready();
  EXPECT_EQ(told().size(), 4U);
  const auto updates = events("then.items.update.a");
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[0].integer("fullDocument.n"), 1);
  EXPECT_EQ(updates[1].integer("fullDocument.n"), 2);
}

/// The server's own mode for this ends the stream at the first image that is missing.
TEST_F(Selection, AnEventWithoutARequiredImageIsSetAsideAndTheStreamGoesOn) {
  start_publishing(
      file(rule("before", "items", "before: required") +
           rule("after", "others", "full_document: required, where: {$gte: [$fullDocument.n, 0]}") +
           rule("either", "items", "before: whenAvailable")))
      .ready();
  db().insert("items", R"({"_id":"a","n":0})");
  db().insert("others", R"({"_id":"o","n":0})");
  ASSERT_TRUE(holds(3));
  for (const char* collection : {"items", "others"}) keep_images(collection, false);
  db().update("items", R"({"_id":"a"})", R"({"$set":{"n":1}})");
  db().update("others", R"({"_id":"o"})", R"({"$set":{"n":1}})");
  for (const char* collection : {"items", "others"}) keep_images(collection, true);
  db().update("items", R"({"_id":"a"})", R"({"$set":{"n":2}})");
  db().update("others", R"({"_id":"o"})", R"({"$set":{"n":2}})");
  EXPECT_EQ(told(), (Texts{"after.others.insert.o", "after.others.update.o", "before.items.insert.a",
                           "before.items.update.a", "either.items.insert.a", "either.items.update.a",
                           "either.items.update.a"}));
  EXPECT_EQ(events("before.items.update.a")[0].integer("fullDocumentBeforeChange.n"), 1);
  const auto found = letters();
  ASSERT_EQ(found.size(), 2U);
  for (const Document& letter : found) {
    EXPECT_EQ(letter.integer("error.code"), 47) << letter.json();
    EXPECT_NE(letter.text("token._data"), "");
    EXPECT_EQ(letter.text("rule"), letter.text("event.ns.coll") == "items" ? "before" : "after");
    EXPECT_EQ(letter.integer("event.updateDescription.updatedFields.n"), 1);
  }
}

TEST_F(Selection, ACollectionWhoseImagesAreWantedKeepsThem) {
  start_publishing(file(rule("out", "items", "full_document: whenAvailable"))).ready();
  const auto found = db().command(R"({"listCollections":1,"filter":{"name":"items"}})").child("cursor");
  EXPECT_TRUE(found.boolean("firstBatch.0.options.changeStreamPreAndPostImages.enabled")) << found.json();
}

/// A position that was made with another expression is noticed, and can be gone on from.
TEST_F(Selection, AChangedExpressionIsNoticedUnderAnOldPosition) {
  start_publishing(file(rule("out", "items", "where: {$gte: [$fullDocument.n, 10]}"))).ready();
  db().insert("items", R"({"_id":"a","n":10})");
  ASSERT_TRUE(holds(1));
  ASSERT_TRUE(settled());
  terminate_all();
  db().insert("items", std::vector<Document>{R"({"_id":"b","n":5})", R"({"_id":"c","n":10})"});
  const std::string changed = file(rule("out", "items", "where: {$lt: [$fullDocument.n, 10]}"));
  Worker& refused = start_publishing(changed);
  EXPECT_EQ(refused.wait(std::chrono::seconds(60)), 4) << refused.story();
  forget_workers();
  start_publishing(changed, {"--accept-changed-rules"}).ready();
  EXPECT_EQ(told(), (Texts{"out.items.insert.a", "out.items.insert.b"}));
}

/// Events that the server cannot send, read from it and through a relay.
struct HardEvents : Selection {
  void an_expression_fails(const std::vector<std::string>& flags);
  void one_is_too_large(const std::vector<std::string>& flags);
};

/// An operator that fails on one document must not stand in the way of the others.
void HardEvents::an_expression_fails(const std::vector<std::string>& flags) {
  start_publishing(
      file(rule("out", "items", "operations: [insert], where: {$gt: [{$size: $fullDocument.tags}, 1]}") +
           rule("rest", "items", "operations: [insert], where: $fullDocument.plain")),
      flags)
      .ready();
  std::vector<Document> many;
  for (int i = 0; i < 40; ++i) {
    const std::string tags = i % 2 == 0 ? R"(["a","b"])" : R"(["a"])";
    many.emplace_back("{\"_id\":" + std::to_string(i) + ",\"tags\":" + (i == 25 ? "7" : tags) + "}");
  }
  worker().signal(SIGSTOP);
  db().insert("items", many);
  db().insert("items", R"({"_id":"bare","plain":true})");
  db().insert("items", R"({"_id":"last","tags":["a","b"],"plain":true})");
  worker().signal(SIGCONT);
  const Texts all = told();
  EXPECT_EQ(all.size(), 20U + 2U) << worker().story();
  EXPECT_TRUE(std::ranges::binary_search(all, "rest.items.insert.last"));
  EXPECT_FALSE(std::ranges::binary_search(all, "out.items.insert.bare"));
  Texts aside;
  for (const Document& letter : letters()) {
    aside.push_back(letter.text("rule") + " " + letter.value("event.documentKey._id"));
    EXPECT_EQ(letter.integer("error.code"), 2) << letter.json();
  }
  EXPECT_EQ(aside.size(), 4U) << "both events, for either rule: nobody can say which expression it was";
}

/// An event that is too large is set aside alone: its neighbours are told whole.
void HardEvents::one_is_too_large(const std::vector<std::string>& flags) {
  start_publishing(
      file(rule("out", "items", "before: whenAvailable, where: {$ne: [$fullDocument.big, true]}") +
           "  - name: counted\n    count: { from: items, reference: parent, into: parents, field: items }\n"),
      flags)
      .ready();
  db().insert("parents", std::vector<Document>{R"({"_id":1})", R"({"_id":2})"});
  const std::string nine_megabytes(9 * 1024 * 1024, 'x');
  db().insert("items", R"({"_id":"big","big":true,"parent":1,"text":")" + nine_megabytes + "\"}");
  ASSERT_TRUE(settled());
  std::vector<Document> many;
  for (int i = 0; i < 20; ++i) many.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  worker().signal(SIGSTOP);
  db().insert("items", many);
  db().update_many("items", R"({"n":0})", R"({"$set":{"n":1}})");
  db().update("items", R"({"_id":"big"})", R"({"$set":{"parent":2,"text":"y)" + nine_megabytes + "\"}}");
  db().update_many("items", R"({"n":1})", R"({"$set":{"n":2}})");
  worker().signal(SIGCONT);
  EXPECT_EQ(told().size(), 60U) << worker().story();
  for (int i = 0; i < 20; ++i) {
    const auto updates = events("out.items.update." + std::to_string(i));
    ASSERT_EQ(updates.size(), 2U);
    EXPECT_EQ(updates[1].integer("fullDocumentBeforeChange.n"), 1) << updates[1].json();
  }
  const auto found = letters();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].integer("error.code"), 10334) << found[0].json();
  EXPECT_EQ(found[0].text("rule"), "out");
  EXPECT_TRUE(becomes("parents", "2", R"({"_id":2,"items":1})")) << "the count needs a part of it only";
}

TEST_F(HardEvents, ThatAnExpressionFailsOnAreSetAsideAlone) {
  an_expression_fails({});
}

TEST_F(HardEvents, BehindARelayThatAnExpressionFailsOnAreSetAsideAlone) {
  an_expression_fails(through_relay());
}

TEST_F(HardEvents, ThatAreTooLargeAreSetAsideAlone) {
  one_is_too_large({});
}

TEST_F(HardEvents, BehindARelayThatAreTooLargeAreSetAsideAlone) {
  one_is_too_large(through_relay());
}

}  // namespace
}  // namespace sluice::test
