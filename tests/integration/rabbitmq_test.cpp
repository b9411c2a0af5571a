#include <algorithm>

#include "support/rabbit_fixture.hpp"
#include "workbench/tcp_proxy.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class RabbitPublish : public RabbitTest {
 protected:
  /// The worker reports the broker as down, for this reason.
  bool waits_for(const std::string& why) {
    return soon([&] {
      const auto readiness = worker().get("/readyz");
      return readiness.body.find("amqp://") != std::string::npos &&
             readiness.body.find(why) != std::string::npos;
    });
  }
};

TEST_F(RabbitPublish, EachChangeIsAMessage) {
  declare();
  start_rabbit(rabbit_file()).ready();
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
    const Document event(all[i].body);
    EXPECT_EQ(event.text("operationType"), operations[i]);
    EXPECT_EQ(all[i].exchange, exchange());
    EXPECT_EQ(all[i].routing_key, "items." + operations[i]);
    EXPECT_EQ(all[i].message_id, event.text("_id._data"));
    EXPECT_EQ(all[i].content_type, "application/json");
    EXPECT_EQ(all[i].delivery_mode, 2) << "persistent";
    EXPECT_EQ(all[i].headers.at("Sluice-Message-Id"), event.text("_id._data"));
    EXPECT_EQ(all[i].headers.at("Sluice-Operation"), operations[i]);
    EXPECT_EQ(all[i].headers.at("Sluice-Namespace"), db().database() + ".items");
  }
  EXPECT_EQ(metric("sluice_events_published_total"), 4);
  EXPECT_EQ(worker().get("/readyz").status, 200);
  terminate_all();
}

TEST_F(RabbitPublish, TheOrderOfEachDocumentsChangesIsKept) {
  declare();
  start_rabbit(rabbit_file(), {"--batch-docs", "50"}).ready();
  write_numbers(200, 20);
  EXPECT_TRUE(told_in_order());
}

TEST_F(RabbitPublish, AllChangesOfOneDocumentInARow) {
  declare();
  start_rabbit(rabbit_file()).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  for (int i = 0; i < 200; ++i) db().update("items", R"({"_id":1})", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(told_in_order());
}

TEST_F(RabbitPublish, FormatsOfThePayload) {
  const auto rule = [&](const std::string& name, const std::string& more) {
    return "  - name: " + name +
           "\n    publish: { from: items, rabbitmq: { exchange: '', routing_key: '{db}." + name + "' }" +
           more + " }\n";
  };
  for (const std::string name : {"relaxed", "canonical", "binary", "cloud"})
    client().declare_queue(db().database() + "." + name);
  start_rabbit(file(rule("relaxed", "") + rule("canonical", ", format: canonical") +
                    rule("binary", ", format: bson, payload: document") +
                    rule("cloud", ", format: cloudevents, payload: document")))
      .ready();
  db().insert("items", R"({"_id":"i\"d","n":{"$numberLong":"5"}})");
  const auto one = [&](const std::string& name) {
    std::vector<RabbitMessage> all;
    soon([&] { return !(all = client().take(db().database() + "." + name)).empty(); });
    RabbitMessage none;
    none.body = "{}";
    return all.empty() ? none : all.front();
  };
  EXPECT_NE(one("relaxed").body.find("\"n\":5"), std::string::npos);
  EXPECT_NE(one("canonical").body.find("\"$numberLong\":\"5\""), std::string::npos);
  const RabbitMessage binary = one("binary");
  EXPECT_EQ(binary.content_type, "application/bson");
  bson_t document;
  ASSERT_TRUE(bson_init_static(&document, reinterpret_cast<const std::uint8_t*>(binary.body.data()),
                               binary.body.size()));
  EXPECT_EQ(Document(document).integer("n"), 5);
  const RabbitMessage cloud = one("cloud");
  const Document envelope(cloud.body);
  EXPECT_EQ(envelope.text("id"), cloud.message_id);
  EXPECT_EQ(envelope.integer("data.n"), 5);
  EXPECT_EQ(cloud.content_type, "application/cloudevents+json");
}

/// A body has more bytes than a frame.
TEST_F(RabbitPublish, LargeMessagesArriveWhole) {
  declare();
  start_rabbit(rabbit_file({}, {"payload: document"})).ready();
  const std::vector<std::size_t> sizes = {131'000, 131'072, 1'000'000, 12'000'000};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    db().insert("items",
                "{\"_id\":" + std::to_string(i) + ",\"text\":\"" + std::string(sizes[i], 'x') + "\"}");
  }
  ASSERT_TRUE(holds(sizes.size()));
  for (const RabbitMessage& message : messages()) {
    const Document document(message.body);
    EXPECT_EQ(document.text("text").size(), sizes.at(static_cast<std::size_t>(document.integer("_id"))));
  }
}

/// A resume token with a long id does not fit in the property.
TEST_F(RabbitPublish, ALongMessageIdIsADigest) {
  declare();
  start_rabbit(rabbit_file()).ready();
  db().insert("items", "{\"_id\":\"" + std::string(300, 'x') + "\"}");
  ASSERT_TRUE(holds(1));
  const RabbitMessage& message = messages()[0];
  EXPECT_TRUE(message.message_id.starts_with("sha256:")) << message.message_id;
  EXPECT_EQ(message.headers.at("Sluice-Message-Id"), Document(message.body).text("_id._data"));
}

TEST_F(RabbitPublish, ExchangesAreDeclaredAsTheyComeUp) {
  start_rabbit(file("  - name: out\n    publish: { from: items, rabbitmq: { exchange: '{db}.{country}', "
                    "declare: fanout } }\n"))
      .ready();
  db().insert("items", R"({"_id":1,"country":"fr"})");
  const std::string letters = "dead_letters";
  ASSERT_TRUE(soon([&] { return state().count(letters) == 1; })) << "the exchange is there, but has no queue";
  Rabbit rabbit(rabbitmq().port());
  rabbit.declare_queue(queue());
  rabbit.bind(queue(), db().database() + ".fr", "");
  db().insert("items", R"({"_id":2,"country":"fr"})");
  EXPECT_TRUE(holds(1));
}

TEST_F(RabbitPublish, AnExchangeThatIsMissingIsWaitedFor) {
  Worker& worker = start_rabbit(rabbit_file()).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  EXPECT_TRUE(waits_for("create the exchange")) << worker.get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  declare_behind(worker);
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(worker.logs("is up again"));
}

TEST_F(RabbitPublish, AnExchangeOfAnotherTypeIsTold) {
  client().declare_exchange(exchange(), "direct");
  Worker& worker = start_rabbit(rabbit_file({"declare: topic"}));
  EXPECT_TRUE(worker.logs("cannot be declared as topic")) << worker.err();
}

TEST_F(RabbitPublish, ABrokerThatIsNotThereIsWaitedFor) {
  const workbench::Port nobody;
  const std::string url = "amqp://me:hidden@127.0.0.1:" + nobody.text();
  Worker& worker = start(rabbit_file(), {"--rabbitmq-url", url});
  EXPECT_TRUE(worker.logs("RabbitMQ at amqp://me:***@127.0.0.1:" + nobody.text() + " cannot be reached"));
  EXPECT_EQ(worker.get("/readyz").status, 503);
  EXPECT_EQ(worker.terminate(), 0);
  EXPECT_EQ(worker.err().find("hidden"), std::string::npos);
}

/// A message that no queue takes would be lost without a trace.
TEST_F(RabbitPublish, AMessageThatNoQueueTakesIsADeadLetter) {
  Rabbit rabbit(rabbitmq().port());
  rabbit.declare_exchange(exchange());
  rabbit.declare_queue(queue());
  rabbit.bind(queue(), exchange(), "*.insert");
  start_rabbit(rabbit_file()).ready();
  std::vector<Document> all;
  for (int i = 0; i < 50; ++i) all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0}");
  db().insert("items", all);
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 50; }, 60s)) << worker().story();
  EXPECT_EQ(messages().size(), 50U);
  EXPECT_EQ(metric("sluice_events_dead_total"), 50);
  const auto letter = state().find_one("dead_letters");
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->text("effect.sink"), "rabbitmq");
  EXPECT_NE(
      letter->text("error.message")
          .find("no queue takes the message: exchange '" + exchange() + "', routing key 'items.update'"),
      std::string::npos)
      << letter->json();
  rabbit.bind(queue(), exchange(), "#");
  const Outcome retried =
      run_sluice(here_run({"dead", "retry", rabbit_file(), "--all"}, {"--rabbitmq-url", rabbitmq().url()}));
  EXPECT_EQ(retried.exit_code, 0) << retried.out << retried.err;
  EXPECT_TRUE(told_in_order());
}

/// As after a broker's start, when its streams have no leader yet.
TEST_F(RabbitPublish, AQueueThatIsBoundSoonGetsTheMessage) {
  Rabbit(rabbitmq().port()).declare_exchange(exchange());
  start_rabbit(rabbit_file()).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  EXPECT_TRUE(waits_for("no queue yet")) << worker().get("/readyz").body;
  declare();
  EXPECT_TRUE(told_in_order());
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// The channel is closed then, which says nothing about which message it was.
TEST_F(RabbitPublish, AMessageThatIsTooLargeForTheBrokerIsADeadLetter) {
  class Small : public RabbitServer {
   public:
    Small() : RabbitServer({.settings = "max_message_size = 20000"}) {}
  } small;
  Rabbit rabbit(small.port());
  rabbit.declare_exchange(exchange());
  rabbit.declare_queue(queue());
  rabbit.bind(queue(), exchange(), "#");
  start(rabbit_file(), {"--rabbitmq-url", small.url()}).ready();
  std::vector<Document> all;
  for (int i = 0; i < 100; ++i) {
    const std::string text = i == 50 ? std::string(50'000, 'x') : "small";
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0,\"text\":\"" + text + "\"}");
  }
  db().insert("items", all);
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 1; }, 60s)) << worker().story();
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  const auto letter = state().find_one("dead_letters");
  EXPECT_NE(letter->text("error.message").find("message size"), std::string::npos) << letter->json();
  std::set<std::string> seen;
  for (const RabbitMessage& message : rabbit.take(queue()))
    seen.insert(Document(message.body).value("documentKey._id"));
  EXPECT_EQ(seen.size(), 99U);
}

/// A full queue rejects messages. None is lost, and none overtakes another of its document.
TEST_F(RabbitPublish, AFullQueueIsWaitedFor) {
  declare({{"x-max-length", std::int64_t{40}}, {"x-overflow", "reject-publish"}});
  start_rabbit(rabbit_file(), {"--batch-docs", "50"}).ready();
  write_numbers(30, 10);
  EXPECT_TRUE(waits_for("a queue is full")) << worker().get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  EXPECT_TRUE(told_in_order(1'000));
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(RabbitPublish, ADeletedExchangeIsDeclaredAnew) {
  start_rabbit(rabbit_file({"declare: topic"})).ready();
  declare();
  db().insert("items", R"({"_id":1,"n":0})");
  ASSERT_TRUE(holds(1));
  client().delete_exchange(exchange());
  db().insert("items", R"({"_id":2,"n":0})");
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 1; })) << "declared anew, without a queue";
  declare();
  db().insert("items", R"({"_id":3,"n":0})");
  EXPECT_TRUE(holds(2));
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
}

TEST_F(RabbitPublish, ADeletedExchangeIsWaitedFor) {
  declare();
  start_rabbit(rabbit_file()).ready();
  write_numbers(20, 2);
  ASSERT_TRUE(told_in_order());
  client().delete_exchange(exchange());
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(waits_for("no exchange")) << worker().get("/readyz").body;
  declare_behind(worker());
  EXPECT_TRUE(told_in_order(20));
}

TEST_F(RabbitPublish, ARestartRepeatsAndLosesNothing) {
  declare();
  const std::string file = rabbit_file();
  start_rabbit(file).ready();
  write_numbers(50, 3);
  ASSERT_TRUE(told_in_order());
  terminate_all();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  start_rabbit(file).ready();
  EXPECT_TRUE(told_in_order());
}

TEST_F(RabbitPublish, CheckOnlineLooksAtTheExchangeAndMakesNone) {
  const auto check = [&](const std::string& file, const std::string& url) {
    const Outcome outcome = run_sluice(here_run({"check", file, "--online"}, {"--rabbitmq-url", url}));
    return std::to_string(outcome.exit_code) + "\n" + outcome.out + outcome.err;
  };
  const auto says = [](const std::string& text, const std::string& what, char exit_code) {
    EXPECT_NE(text.find(what), std::string::npos) << text;
    EXPECT_EQ(text.front(), exit_code) << text;
  };
  const std::string url = rabbitmq().url();
  const std::string name = exchange();
  says(check(rabbit_file({"declare: topic"}), url),
       "publishes to the RabbitMQ exchange " + name + ", which a worker will declare", '0');
  says(check(rabbit_file(), url), "there is no RabbitMQ exchange " + name, '1');
  declare();
  says(check(rabbit_file(), url), "publishes to the RabbitMQ exchange " + name, '0');
  const workbench::Port nobody;
  says(check(rabbit_file(), "amqp://127.0.0.1:" + nobody.text()), "is RabbitMQ running there", '1');
  says(check(rabbit_file(), rabbitmq().url("guest:wrong")), "check the user and password", '1');
  says(check(rabbit_file(), rabbitmq().url("guest:guest", "elsewhere")), "create the virtual host", '1');
  says(check(rabbit_file(), "amqps://" + url.substr(7)), "TLS: ", '1');
}

/// The nodes of a cluster are tried in turn. Here only one of them is there.
TEST_F(RabbitPublish, SeveralHostsAreTriedInTurn) {
  declare();
  const workbench::Port nobody;
  const workbench::Port nobody_either;
  const std::string here = "127.0.0.1:" + std::to_string(rabbitmq().port());
  start(rabbit_file(), {"--rabbitmq-url", "amqp://guest:guest@127.0.0.1:" + nobody.text() + "," + here +
                                              ",127.0.0.1:" + nobody_either.text() + "/"})
      .ready();
  write_numbers(10, 2);
  EXPECT_TRUE(told_in_order());
}

/// One that hangs is left for another.
TEST_F(RabbitPublish, AHostThatHangsIsLeftForTheNext) {
  declare();
  workbench::TcpProxy hanging(rabbitmq().port());
  const std::string here = "127.0.0.1:" + std::to_string(rabbitmq().port());
  start(rabbit_file(), {"--rabbitmq-url", "amqp://guest:guest@" + hanging.host() + "," + here,
                        "--rabbitmq-heartbeat-s", "1", "--rabbitmq-ack-ms", "1000"})
      .ready();
  write_numbers(10, 2);
  ASSERT_TRUE(told_in_order());
  EXPECT_EQ(hanging.connections(), 1U) << "the first is preferred";
  hanging.stall();
  write_rounds(2);
  EXPECT_TRUE(told_in_order(100)) << worker().story();
}

/// Another process's port answers in another protocol.
TEST_F(RabbitPublish, WhatIsNoBrokerIsTold) {
  start(rabbit_file(), {"--rabbitmq-url", "amqp://" + server().uri().substr(10, 15)});
  EXPECT_TRUE(worker().logs("RabbitMQ at amqp://")) << worker().err();
  EXPECT_EQ(worker().terminate(), 0);
}

}  // namespace
}  // namespace sluice::test
