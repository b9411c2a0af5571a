#include <algorithm>

#include "support/publishing.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Publish : public PublishingTest {
 protected:
  /// The message whose subject ends so.
  static NatsMessage one(const std::vector<NatsMessage>& all, const std::string& end) {
    const auto found =
        std::ranges::find_if(all, [&](const auto& message) { return message.subject.ends_with(end); });
    if (found == all.end()) throw std::runtime_error("no message's subject ends with " + end);
    return *found;
  }
};

TEST_F(Publish, EachChangeIsAMessage) {
  start_publishing(publish_file()).ready();
  db().insert("items", R"({"_id":"a","n":1})");
  db().update("items", R"({"_id":"a"})", R"({"$set":{"n":2}})");
  db().replace("items", R"({"_id":"a"})", R"({"n":3})");
  db().remove("items", R"({"_id":"a"})");
  db().insert("others", R"({"_id":"b"})");
  ASSERT_TRUE(holds(4));
  ASSERT_TRUE(settled());
  const auto all = messages();
  ASSERT_EQ(all.size(), 4U);
  const std::vector<std::string> operations = {"insert", "update", "replace", "delete"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].subject, stream() + ".items." + operations[i] + ".a");
    const Document event(all[i].data);
    EXPECT_EQ(event.text("operationType"), operations[i]);
    EXPECT_EQ(event.text("documentKey._id"), "a");
    EXPECT_EQ(all[i].headers.at("Nats-Msg-Id"), event.text("_id._data"));
    EXPECT_EQ(all[i].headers.at("Sluice-Operation"), operations[i]);
    EXPECT_EQ(all[i].headers.at("Sluice-Namespace"), db().database() + ".items");
  }
  EXPECT_EQ(Document(all[0].data).integer("fullDocument.n"), 1);
  EXPECT_EQ(Document(all[1].data).integer("updateDescription.updatedFields.n"), 2);
  EXPECT_EQ(Document(all[2].data).integer("fullDocument.n"), 3);
  EXPECT_EQ(metric("sluice_events_published_total"), 4);
  EXPECT_EQ(metric("sluice_events_read_total"), 4);
  terminate_all();
}

TEST_F(Publish, TheOrderOfEachDocumentsChangesIsKept) {
  start_publishing(publish_file(), {"--batch-docs", "50"}).ready();
  write_numbers(200, 20);
  EXPECT_TRUE(told_in_order());
}

TEST_F(Publish, AllChangesOfOneDocumentInARow) {
  start_publishing(publish_file()).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  for (int i = 0; i < 500; ++i) db().update("items", R"({"_id":1})", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(told_in_order());
}

TEST_F(Publish, ARestartRepeatsAndLosesNothing) {
  const std::string file = publish_file();
  start_publishing(file).ready();
  write_numbers(50, 3);
  ASSERT_TRUE(told_in_order());
  terminate_all();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  start_publishing(file).ready();
  EXPECT_TRUE(told_in_order());
}

/// What may not stand in a part of a subject is written so that it can be read back.
TEST_F(Publish, IdsOfAllKindsBecomePartsOfSubjects) {
  start_publishing(publish_file()).ready();
  const std::vector<std::pair<std::string, std::string>> ids = {
      {R"("a.b *>%")", "a%2Eb%20%2A%3E%25"},
      {R"("")", "%"},
      {"7", "7"},
      {R"({"$numberLong":"70000000000"})", "70000000000"},
      {"1.5", "1%2E5"},
      {"20260000123.0", "20260000123"},
      {R"({"$numberDecimal":"19.99"})", "19%2E99"},
      {R"({"$date":"2026-03-01T12:30:00Z"})", "2026-03-01T12:30:00%2E000Z"},
      {R"({"$binary":{"base64":"ABEiM0RVZneImaq7zN3u/w==","subType":"04"}})",
       "00112233-4455-6677-8899-aabbccddeeff"},
      {"true", "true"},
      {"null", "null"},
      {R"({"$oid":"507f1f77bcf86cd799439011"})", "507f1f77bcf86cd799439011"},
      {R"("é")", "é"},
      {R"({"a":1})", R"({"a":1})"},
  };
  for (const auto& [id, text] : ids) db().insert("items", "{\"_id\":" + id + "}");
  ASSERT_TRUE(holds(static_cast<std::int64_t>(ids.size())));
  const auto all = messages();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto same = [&, prefix = stream() + ".items.insert."](const NatsMessage& message) {
      return message.subject == prefix + ids[i].second;
    };
    EXPECT_TRUE(std::ranges::any_of(all, same)) << ids[i].first;
  }
}

TEST_F(Publish, SubjectsAreMadeOfTheDocumentsFields) {
  start_publishing(
      publish_file(
          "      subject: \"{stream}.{customer.country}.{op}\"\n      full_document: updateLookup\n"))
      .ready();
  db().insert("items", R"({"_id":1,"customer":{"country":"fr"}})");
  db().update("items", R"({"_id":1})", R"({"$set":{"n":1}})");
  db().insert("items", R"({"_id":2})");
  ASSERT_TRUE(holds(3));
  const auto all = messages();
  EXPECT_NO_THROW(one(all, ".fr.insert"));
  EXPECT_NO_THROW(one(all, ".fr.update"));
  EXPECT_NO_THROW(one(all, ".%-.insert"));
}

TEST_F(Publish, FormatsOfThePayload) {
  const std::string s = stream();
  const auto rule = [&](const std::string& name, const std::string& more) {
    return "  - name: " + name + "\n    publish:\n      from: items\n      stream: " + s +
           "\n      subject: \"" + s + "." + name + ".{id}\"\n      message_id: \"" + name + "-{token}\"\n" +
           more;
  };
  start_publishing(file(rule("relaxed", "") + rule("canonical", "      format: canonical\n") +
                        rule("binary", "      format: bson\n      payload: document\n") +
                        rule("cloud", "      format: cloudevents\n      payload: document\n")))
      .ready();
  db().insert("items", R"({"_id":"i\"d","n":{"$numberLong":"5"}})");
  ASSERT_TRUE(holds(4));
  const auto all = messages();
  EXPECT_NE(one(all, ".relaxed.i\"d").data.find("\"n\":5"), std::string::npos);
  EXPECT_NE(one(all, ".canonical.i\"d").data.find("\"$numberLong\":\"5\""), std::string::npos);
  const std::string binary = one(all, ".binary.i\"d").data;
  bson_t document;
  ASSERT_TRUE(
      bson_init_static(&document, reinterpret_cast<const std::uint8_t*>(binary.data()), binary.size()));
  EXPECT_EQ(Document(document).integer("n"), 5);
  const NatsMessage cloud = one(all, ".cloud.i\"d");
  const Document envelope(cloud.data);
  EXPECT_EQ(envelope.text("specversion"), "1.0");
  EXPECT_EQ(envelope.text("id"), cloud.headers.at("Nats-Msg-Id"));
  EXPECT_EQ(envelope.text("type"), "mongodb.insert");
  EXPECT_EQ(envelope.text("source"), "/mongodb/" + db().database() + "/items");
  EXPECT_EQ(envelope.text("subject"), "i\"d");
  EXPECT_EQ(envelope.integer("data.n"), 5);
  EXPECT_EQ(cloud.headers.at("Content-Type"), "application/cloudevents+json");
}

TEST_F(Publish, AStreamThatIsThereIsUsedAndItsDifferencesAreSaid) {
  consumer().add_stream(stream(), stream() + ".>", R"(,"duplicate_window":60000000000)");
  Worker& worker = start_publishing(publish_file()).ready();
  EXPECT_TRUE(worker.logs("exists already and is used as it is: its duplicate window is 60 s, not 120 s"));
  db().insert("items", R"({"_id":1})");
  EXPECT_TRUE(holds(1));
}

TEST_F(Publish, AStreamThatTakesOtherSubjectsIsNoPlaceToPublishTo) {
  consumer().add_stream(stream(), stream() + ".elsewhere.>");
  Worker& worker = start_publishing(publish_file());
  EXPECT_EQ(worker.wait(), 2);
  EXPECT_NE(worker.err().find("has the subjects " + stream() + ".elsewhere.>, but not " + stream() + ".>"),
            std::string::npos)
      << worker.err();
}

TEST_F(Publish, AStreamThatMayNotBeMadeIsWaitedFor) {
  Worker& worker = start_publishing(publish_file("      create: false\n"));
  EXPECT_TRUE(worker.logs("there is no JetStream stream " + stream()));
  EXPECT_FALSE(consumer().has(stream()));
  consumer().add_stream(stream(), stream() + ".>");
  worker.ready();
  db().insert("items", R"({"_id":1})");
  EXPECT_TRUE(holds(1));
}

TEST_F(Publish, AServerThatIsNotThereIsWaitedFor) {
  const workbench::Port nobody;
  Worker& worker = start_publishing(publish_file(), {}, "nats://secret:word@127.0.0.1:" + nobody.text());
  EXPECT_TRUE(worker.logs("cannot be reached; is nats-server running there"));
  EXPECT_EQ(worker.err().find("word"), std::string::npos) << worker.err();
  EXPECT_EQ(worker.get("/readyz").status, 503);
  EXPECT_EQ(worker.terminate(), 0);
}

/// One event too large for the server's max_payload (1 MiB) is set aside; those around it go on.
TEST_F(Publish, AMessageThatDoesNotFitIsADeadLetter) {
  start_publishing(publish_file()).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  db().insert("items", R"({"_id":2,"n":0,"text":")" + std::string(2 << 20, 'x') + "\"}");
  db().insert("items", R"({"_id":3,"n":0})");
  ASSERT_TRUE(holds(2));
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  EXPECT_EQ(metric("sluice_events_published_total"), 2);
  const auto letter = state().find_one("dead_letters");
  ASSERT_TRUE(letter);
  EXPECT_NE(letter->text("error.message").find("max_payload"), std::string::npos) << letter->json();
  EXPECT_EQ(letter->text("effect.kind"), "publish");
  EXPECT_EQ(letter->text("effect.subject"), stream() + ".items.insert.2");
}

TEST_F(Publish, ADeadLetterIsPublishedOnceItFits) {
  NatsServer small("max_payload: 64KB");
  const std::string file = publish_file();
  start_publishing(file, {}, small.url()).ready();
  db().insert("items", R"({"_id":2,"n":0,"text":")" + std::string(100 << 10, 'x') + "\"}");
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  const auto retry = here_run({"dead", "retry", file, "--all"}, {"--nats-url", small.url()});
  EXPECT_EQ(run_sluice(retry).exit_code, 5);
  EXPECT_EQ(state().find_one("dead_letters")->integer("attempts"), 1);
  small.kill9();
  const Outcome nobody = run_sluice(retry);
  EXPECT_EQ(nobody.exit_code, 2);
  EXPECT_NE(nobody.err.find("is nats-server running there"), std::string::npos) << nobody.err;
  small.restart("max_payload: 1MB");
  const Outcome done = run_sluice(retry);
  EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
  EXPECT_EQ(state().count("dead_letters"), 0);
  const auto all = Nats(small.url()).read(stream());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].subject, stream() + ".items.insert.2");
  EXPECT_EQ(all[0].headers.at("Nats-Msg-Id"), Document(all[0].data).text("_id._data"));
}

/// What is told and what is kept true come from one stream of events.
TEST_F(Publish, BesideARuleThatCounts) {
  start_publishing(
      file("  - name: out\n    publish: { from: favorites, stream: " + stream() +
           " }\n  - name: count\n    count: { from: favorites, reference: articleId, into: articles, "
           "field: favoritesCount }\n"),
      {"--batch-docs", "20"})
      .ready();
  db().insert("articles", R"({"_id":1})");
  std::vector<Document> favorites(300, Document(R"({"articleId":1})"));
  db().insert("favorites", favorites);
  EXPECT_TRUE(becomes("articles", "1", R"({"_id":1,"favoritesCount":300})"));
  EXPECT_TRUE(holds(300));
  EXPECT_EQ(metric("sluice_publish_duplicates_total"), 0);
}

TEST_F(Publish, ACollectionThatIsDroppedEndsNothing) {
  start_publishing(publish_file()).ready();
  db().insert("items", R"({"_id":1})");
  db().command(R"({"drop":"items"})");
  db().insert("items", R"({"_id":2})");
  EXPECT_TRUE(holds(2));
  EXPECT_EQ(worker().get("/readyz").status, 200);
  ASSERT_TRUE(settled());
  terminate_all();
}

TEST_F(Publish, CheckOnlineLooksAtTheStreamAndMakesNone) {
  const auto check = [&](const std::string& file, const std::string& url) {
    const Outcome outcome = run_sluice(here_run({"check", file, "--online"}, {"--nats-url", url}));
    return std::to_string(outcome.exit_code) + "\n" + outcome.out + outcome.err;
  };
  const std::string url = nats_server().url();
  const std::string good = check(publish_file(), url);
  EXPECT_EQ(good.rfind("0\n", 0), 0U) << good;
  EXPECT_NE(good.find("publishes to the JetStream stream " + stream() + ", which a worker will create"),
            std::string::npos)
      << good;
  EXPECT_FALSE(consumer().has(stream()));
  const std::string none = check(publish_file("      create: false\n"), url);
  EXPECT_NE(none.find("there is no JetStream stream"), std::string::npos) << none;
  EXPECT_EQ(none.rfind("1\n", 0), 0U) << none;
  const workbench::Port nobody;
  const std::string away = check(publish_file(), "nats://127.0.0.1:" + nobody.text());
  EXPECT_NE(away.find("is nats-server running there"), std::string::npos) << away;
  EXPECT_EQ(away.rfind("1\n", 0), 0U) << "MongoDB is there" << away;
}

TEST_F(Publish, AStreamThatTakesTheSubjectsAlreadyIsCalledByItsName) {
  const std::string url = nats_server().url();
  const std::string other = file("  - name: first\n    publish: { from: items, stream: " + stream() +
                                 "_first, subject: '" + stream() + ".{op}' }\n");
  start(other, {"--nats-url", url}).ready();
  terminate_all();
  const std::string why = "the JetStream stream " + stream() + " cannot be created: the stream " + stream() +
                          "_first already has subjects of " + stream() + ".>";
  const Outcome checked = run_sluice(here_run({"check", publish_file(), "--online"}, {"--nats-url", url}));
  EXPECT_EQ(checked.exit_code, 1) << checked.out;
  EXPECT_NE(checked.out.find(why), std::string::npos) << checked.out;
}

TEST_F(Publish, TwoRulesThatWouldTakeEachOtherForDuplicatesAreRefused) {
  const std::string rules = file(
      "  - name: one\n    publish: { from: items, stream: S }\n  - name: two\n    publish: { "
      "from: items, stream: S, subject: S.two }\n");
  const Outcome outcome = run_sluice({"check", rules, "--database", "d"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE((outcome.out + outcome.err).find("message_id"), std::string::npos) << outcome.out << outcome.err;
}

}  // namespace
}  // namespace sluice::test
