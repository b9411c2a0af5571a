#include "support/selection_fixture.hpp"
#include "support/sorted_json.hpp"

namespace sluice::test {
namespace {

class Redaction : public Selection {
 protected:
  static constexpr const char* redact =
      "redact: [password, profile.secret, cards.number, deep.a.b], full_document: whenAvailable, before: "
      "required";
  static constexpr const char* user =
      R"({"_id":"u","name":"n","password":"hush","profile":{"city":"c","secret":{"k":"hush"}},)"
      R"("cards":[{"brand":"b","number":"hush"},{"brand":"d","number":"hush"}],"deep":{"a":{"b":"hush","c":1}}})";

  void change(const std::string& update) { db().update("users", R"({"_id":"u"})", Document(update)); }
};

TEST_F(Redaction, NothingKeptBackLeavesTheServerInAnyPartOfAnEvent) {
  start_publishing(
      file(rule("out", "users", redact) + rule("open", "others", "operations: [insert, update]")))
      .ready();
  db().insert("users", user);
  change(R"({"$set":{"password":"hush","name":"m"}})");
  change(R"({"$set":{"profile.secret":"hush","profile.city":"d"}})");
  change(R"({"$set":{"profile.secret":{"k":"hush"}}})");
  change(R"({"$set":{"profile.secret.k":"hush-hush"}})");
  change(R"({"$set":{"profile":{"city":"e","secret":"hush"}}})");
  change(R"({"$set":{"cards":[{"brand":"x","number":"hush"},{"brand":"y","number":["hush"]}]}})");
  change(R"({"$push":{"cards":{"brand":"z","number":"hush"}}})");
  change(R"({"$set":{"cards.0.number":"hush-hush"}})");
  change(R"({"$set":{"deep":{"a":{"b":"hush","c":2}}}})");
  change(R"({"$set":{"deep.a":{"b":"hush","c":3}}})");
  change(R"({"$unset":{"password":1,"profile.secret":1,"profile.city":1}})");
  change(R"({"pipeline":[{"$set":{"cards":{"$slice":["$cards",1]},"profile":{"$literal":7}}}]})");
  db().replace("users", R"({"_id":"u"})", Document(user));
  db().remove("users", R"({"_id":"u"})");
  db().insert("others", R"({"_id":"o","password":"told","profile":{"secret":"told"}})");
  db().update("others", R"({"_id":"o"})", R"({"$set":{"password":"told too"}})");
  ASSERT_EQ(told().size(), 17U);
  for (const NatsMessage& message : messages()) {
    EXPECT_EQ(message.data.find("hush"), std::string::npos) << message.data;
  }
  EXPECT_TRUE(letters().empty());

  const auto inserted = events("out.users.insert.u");
  ASSERT_EQ(inserted.size(), 1U);
  EXPECT_EQ(sorted_json(inserted[0].child("fullDocument")),
            sorted_json(Document(R"({"_id":"u","name":"n","profile":{"city":"c"},
                                     "cards":[{"brand":"b"},{"brand":"d"}],"deep":{"a":{"c":1}}})")));
  const std::vector<std::string> updated{
      R"({"name":"m"})",
      R"({"profile.city":"d"})",
      "{}",
      "{}",
      R"({"profile":{"city":"e"}})",
      R"({"cards":[{"brand":"x"},{"brand":"y"}]})",
      R"({"cards.2":{"brand":"z"}})",
      "{}",
      R"({"deep":{"a":{"c":2}}})",
      R"({"deep.a":{"c":3}})",
      "{}",
      R"({"profile":7})",
  };
  const auto updates = events("out.users.update.u");
  ASSERT_EQ(updates.size(), updated.size());
  for (std::size_t i = 0; i < updated.size(); ++i) {
    EXPECT_EQ(sorted_json(updates[i].child("updateDescription.updatedFields")),
              sorted_json(Document(updated[i])))
        << i;
    EXPECT_EQ(updates[i].text("fullDocument._id"), "u") << i;
    EXPECT_EQ(updates[i].text("fullDocumentBeforeChange._id"), "u") << i;
  }
  EXPECT_EQ(updates[10].child("updateDescription.removedFields").json(),
            Document(R"({"0":"profile.city"})").json());
  EXPECT_EQ(updates[11].text("updateDescription.truncatedArrays.0.field"), "cards");
  EXPECT_EQ(events("open.others.insert.o")[0].text("fullDocument.profile.secret"), "told");
  EXPECT_EQ(events("open.others.update.o")[0].text("updateDescription.updatedFields.password"), "told too");
}

TEST_F(Redaction, DeadLettersDoNotHoldItEither) {
  start_publishing(file(rule("out", "users", redact))).ready();
  keep_images("users", false);
  db().insert("users", user);
  change(R"({"$set":{"password":"hush","name":"m","profile":{"city":"e","secret":"hush"}}})");
  EXPECT_EQ(told(), Texts{"out.users.insert.u"});
  const auto found = letters();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].text("event.updateDescription.updatedFields.profile.city"), "e") << found[0].json();
  EXPECT_EQ(found[0].json().find("hush"), std::string::npos) << found[0].json();
}

/// A name need not be UTF-8; one that is not must not end the stream.
TEST_F(Redaction, NamesThatAreNoTextPassToo) {
  start_publishing(file(rule("out", "users", std::string(redact) + ", format: bson"))).ready();
  db().insert("users", user);
  bson_t command = BSON_INITIALIZER;
  bson_t updates;
  bson_t update;
  bson_t filter;
  bson_t change;
  bson_t set;
  bson_append_utf8(&command, "update", -1, "users", -1);
  bson_append_array_begin(&command, "updates", -1, &updates);
  bson_append_document_begin(&updates, "0", -1, &update);
  bson_append_document_begin(&update, "q", -1, &filter);
  bson_append_document_end(&update, &filter);
  bson_append_document_begin(&update, "u", -1, &change);
  bson_append_document_begin(&change, "$set", -1, &set);
  bson_append_utf8(&set, "profile.\xff\xfe", -1, "caf\xe9", -1);
  bson_append_utf8(&set, "\xe9", -1, "x", -1);
  bson_append_document_end(&change, &set);
  bson_append_document_end(&update, &change);
  bson_append_document_end(&updates, &update);
  bson_append_array_end(&command, &updates);
  db().command(Document(command));
  bson_destroy(&command);
  EXPECT_EQ(told(), (Texts{"out.users.insert.u", "out.users.update.u"}));
}

}  // namespace
}  // namespace sluice::test
