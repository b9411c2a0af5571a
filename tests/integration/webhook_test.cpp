#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <set>

#include "support/calling.hpp"
#include "support/certificates.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class Webhook : public CallingTest {
 protected:
  /// The last letter's error.
  std::string letter_says() {
    const auto letter = state().find_one("dead_letters");
    return letter ? letter->text("error.message") : "";
  }
  Outcome dead(const std::string& verb, const std::string& file) const {
    return run_sluice(here_run({"dead", verb, file, "--all"}));
  }
};

TEST_F(Webhook, EachChangeIsARequest) {
  start(hook_file()).ready();
  db().insert("items", R"({"_id":"a","n":1})");
  db().update("items", R"({"_id":"a"})", R"({"$set":{"n":2}})");
  db().replace("items", R"({"_id":"a"})", R"({"n":3})");
  db().remove("items", R"({"_id":"a"})");
  ASSERT_TRUE(comes(4));
  ASSERT_TRUE(settled());
  const auto all = service().requests();
  ASSERT_EQ(all.size(), 4U);
  const std::vector<std::string> operations = {"insert", "update", "replace", "delete"};
  std::set<std::string> keys;
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].method, "POST");
    EXPECT_EQ(all[i].target, "/hooks/items");
    const Document event(all[i].body);
    EXPECT_EQ(event.text("operationType"), operations[i]);
    EXPECT_EQ(event.text("documentKey._id"), "a");
    EXPECT_EQ(all[i].header("idempotency-key"), "hook-" + event.text("_id._data"));
    EXPECT_EQ(all[i].header("content-type"), "application/json");
    EXPECT_EQ(all[i].header("sluice-operation"), operations[i]);
    EXPECT_EQ(all[i].header("sluice-namespace"), db().database() + ".items");
    EXPECT_EQ(all[i].header("sluice-signature"), "");
    keys.insert(all[i].header("idempotency-key"));
  }
  EXPECT_EQ(keys.size(), 4U);
  EXPECT_EQ(metric("sluice_events_published_total"), 4);
  EXPECT_EQ(results("ok"), 4);
  EXPECT_EQ(metric("sluice_webhook_seconds_count"), 4);
  terminate_all();
}

TEST_F(Webhook, RequestsAreMadeOfTheDocument) {
  const std::string rules = "  - name: crm\n    webhook:\n      from: items\n      url: \"" +
                            service().origin() +
                            "/customers/{id}?by={who}\"\n      methods: {insert: PUT, delete: DELETE}\n"
                            "      operations: [insert, delete]\n      before: whenAvailable\n"
                            "      headers: {X-Who: \"{who}\"}\n"
                            "      body: '{\"name\": \"{name}\", \"size\": {size}}'\n";
  start(file(rules)).ready();
  db().insert("items", R"({"_id":"a/b","who":"me & you","name":"the \"one\"","size":5})");
  db().remove("items", R"({"_id":"a/b"})");
  ASSERT_TRUE(comes(2));
  const auto all = service().requests();
  EXPECT_EQ(all[0].method, "PUT");
  EXPECT_EQ(all[0].target, "/customers/a%2Fb?by=me%20%26%20you");
  EXPECT_EQ(all[0].header("x-who"), "me & you");
  EXPECT_EQ(all[0].body, R"({"name": "the \"one\"", "size": 5})");
  EXPECT_EQ(all[1].method, "DELETE");
  EXPECT_EQ(all[1].target, all[0].target) << "from the document as it was";
}

TEST_F(Webhook, TheOrderOfEachDocumentsChangesIsKept) {
  service().answer([](const WebRequest& request) {
    return WebAnswer{.delay = std::chrono::milliseconds(std::hash<std::string>()(request.body) % 5)};
  });
  start(hook_file(), {"--batch-docs", "50"}).ready();
  write_numbers(60, 10);
  EXPECT_TRUE(told_in_order());
  EXPECT_GT(service().most_at_once(), 1U);
  EXPECT_LE(service().most_at_once(), 16U);
}

TEST_F(Webhook, ARestartRepeatsAndLosesNothing) {
  const std::string file = hook_file();
  start(file).ready();
  write_numbers(50, 3);
  ASSERT_TRUE(told_in_order());
  terminate_all();
  write_rounds(1);
  start(file).ready();
  EXPECT_TRUE(told_in_order());
}

TEST_F(Webhook, RequestsAreSigned) {
  const std::string secret = "top\"secret";
  const TemporaryDirectory folder;
  start(hook_file("      secret_file: \"" + folder.write("secret", secret + "\n") + "\"\n")).ready();
  db().insert("items", R"({"_id":1})");
  ASSERT_TRUE(comes(1));
  const WebRequest seen = service().requests().at(0);
  const std::string signature = seen.header("sluice-signature");
  const auto comma = signature.find(",v1=");
  ASSERT_TRUE(signature.starts_with("t=") && comma != std::string::npos) << signature;
  const std::string text = signature.substr(2, comma - 2) + "." + seen.body;
  unsigned char code[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), code, &size);
  std::string expected;
  for (unsigned int i = 0; i < size; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", code[i]);
    expected += digits;
  }
  EXPECT_EQ(signature.substr(comma + 4), expected);
}

TEST_F(Webhook, ASecretThatIsNotThereIsSaidAtOnce) {
  Worker& worker = start(hook_file("      secret_file: /no/such/file\n"));
  EXPECT_EQ(worker.wait(), 2);
  // MongoDB has nothing to do with it.
  EXPECT_NE(worker.err().find("could not prepare what it publishes to: "), std::string::npos) << worker.err();
  EXPECT_NE(worker.err().find("/no/such/file: cannot be read"), std::string::npos) << worker.err();
}

/// A request that the service refuses for good is set aside; those around it go on. It is sent again when
/// somebody says so.
TEST_F(Webhook, WhatIsRefusedIsADeadLetterUntilItIsRetried) {
  service().answer([](const WebRequest& request) {
    const bool bad = request.body.find("\"bad\"") != std::string::npos;
    return bad ? WebAnswer{.status = 422, .body = "no such customer"} : WebAnswer();
  });
  const std::string file = hook_file();
  start(file).ready();
  db().insert("items", {Document(R"({"_id":1})"), Document(R"({"_id":"bad"})"), Document(R"({"_id":3})")});
  ASSERT_TRUE(settled());
  EXPECT_EQ(taken().size(), 2U);
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  EXPECT_EQ(results("refused"), 1) << "asked once, and no more";
  EXPECT_NE(letter_says().find(service().origin() + ", POST: answered 422: no such customer"),
            std::string::npos)
      << letter_says();
  const std::string key = [&] {
    for (const WebRequest& request : service().requests()) {
      if (request.answered == 422) return request.header("idempotency-key");
    }
    return std::string();
  }();
  EXPECT_EQ(dead("retry", file).exit_code, 5) << "refused again";
  EXPECT_EQ(state().count("dead_letters"), 1);
  service().answer(WebAnswer());
  const Outcome retried = dead("retry", file);
  EXPECT_EQ(retried.exit_code, 0) << retried.out << retried.err;
  EXPECT_EQ(state().count("dead_letters"), 0);
  const WebRequest last = service().requests().back();
  EXPECT_EQ(last.header("idempotency-key"), key);
  EXPECT_EQ(Document(last.body).text("documentKey._id"), "bad");
}

/// Many that are refused at once: each is asked once.
TEST_F(Webhook, ACrowdOfRefusals) {
  service().answer([](const WebRequest& request) {
    return Document(request.body).integer("fullDocument.n") % 2 == 0 ? WebAnswer{.status = 400} : WebAnswer();
  });
  start(hook_file()).ready();
  std::vector<Document> all;
  for (int i = 0; i < 100; ++i)
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":" + std::to_string(i) + "}");
  db().insert("items", all);
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 50);
  EXPECT_EQ(taken().size(), 50U);
  EXPECT_EQ(service().count(), 100U);
}

TEST_F(Webhook, ARedirectIsNotFollowed) {
  service().answer(WebAnswer{.status = 307, .headers = "Location: /elsewhere\r\n"});
  start(hook_file("      retry: { status: { 301: dead } }\n")).ready();
  db().insert("items", R"({"_id":1})");
  EXPECT_TRUE(waits_for("redirects to /elsewhere; redirects are not followed"));
  service().answer(WebAnswer{.status = 301, .headers = "Location: /elsewhere\r\n"});
  ASSERT_TRUE(settled());
  EXPECT_NE(letter_says().find("redirects to /elsewhere; redirects are not followed"), std::string::npos)
      << letter_says();
  for (const WebRequest& request : service().requests()) EXPECT_EQ(request.target, "/hooks/items");
}

TEST_F(Webhook, TheRuleSaysWhatAStatusMeans) {
  service().answer([count = 0](const WebRequest& request) mutable {
    const auto id = Document(request.body).integer("documentKey._id");
    if (id == 1) return WebAnswer{.status = 409};
    if (id == 2) return WebAnswer{.status = 500};
    return ++count < 3 ? WebAnswer{.status = 423} : WebAnswer();
  });
  start(hook_file("      retry: {status: {409: done, 500: dead, 423: retry}}\n")).ready();
  for (const char* id : {"1", "2", "3"}) db().insert("items", "{\"_id\":" + std::string(id) + "}");
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 1);
  EXPECT_NE(letter_says().find("answered 500"), std::string::npos) << letter_says();
  EXPECT_EQ(service().count(), 5U);
}

TEST_F(Webhook, AttemptsMayBeLimited) {
  service().answer([](const WebRequest& request) {
    return Document(request.body).integer("documentKey._id") == 1 ? WebAnswer{.status = 502} : WebAnswer();
  });
  start(hook_file("      retry: {status_5xx: 3}\n")).ready();
  db().insert("items", R"({"_id":1})");
  db().insert("items", R"({"_id":2})");
  ASSERT_TRUE(settled());
  EXPECT_EQ(service().count(), 4U);
  EXPECT_NE(letter_says().find("(attempt 3 of 3)"), std::string::npos) << letter_says();
  EXPECT_EQ(results("retried"), 2);
  EXPECT_EQ(results("refused"), 1);
  EXPECT_EQ(results("ok"), 1);
}

TEST_F(Webhook, TlsWithAnAuthorityOfOnesOwn) {
  const Certificates certificates;
  const WebService secure({.certificate = certificates.server(), .client_ca = certificates.authority()});
  const std::string shown = "      cert_file: \"" + certificates.client() + "\"\n";
  start(hook_file("      ca_file: \"" + certificates.authority() + "\"\n" + shown, secure.origin())).ready();
  db().insert("items", R"({"_id":1})");
  EXPECT_TRUE(soon([&] { return secure.count() == 1; }));
  terminate_all();
  const Certificates others;
  Worker& wrong = start(hook_file("      ca_file: \"" + others.authority() + "\"\n" + shown, secure.origin()),
                        {"--drain-ms", "300"})
                      .ready();
  db().insert("items", R"({"_id":2})");
  EXPECT_TRUE(waits_for("the TLS handshake failed: certificate verify failed")) << wrong.err();
  EXPECT_EQ(wrong.terminate(), 0);
  EXPECT_EQ(secure.count(), 1U);
}

/// It keeps no worker from starting, for others may have work; what is for it waits.
TEST_F(Webhook, AServiceThatIsNotThereIsWaitedFor) {
  service().stop();
  start(hook_file()).ready();
  db().insert("items", R"({"_id":1})");
  EXPECT_TRUE(waits_for(service().origin() + ", POST: no connection: Connection refused")) << worker().err();
  service().start();
  EXPECT_TRUE(comes(1));
  EXPECT_TRUE(soon([&] { return worker().well(); }));
}

TEST_F(Webhook, CheckOnlineConnects) {
  db().insert("items", R"({"_id":1})");
  const auto check = [&] { return run_sluice(here_run({"check", hook_file(), "--online"})); };
  const Outcome there = check();
  EXPECT_EQ(there.exit_code, 0) << there.out << there.err;
  EXPECT_NE(there.out.find("connects to " + service().origin()), std::string::npos) << there.out;
  EXPECT_EQ(service().count(), 0U) << "nothing is sent";
  service().stop();
  const Outcome gone = check();
  EXPECT_NE(gone.exit_code, 0);
  EXPECT_NE(gone.out.find("Connection refused"), std::string::npos) << gone.out;
}

/// Two rules may tell one service of the same change: their keys differ.
TEST_F(Webhook, TwoRulesOnOneService) {
  const auto rule = [&](const std::string& name) {
    return "  - name: " + name + "\n    webhook:\n      from: items\n      url: \"" + service().origin() +
           "/" + name + "\"\n";
  };
  start(file(rule("one") + rule("other"))).ready();
  db().insert("items", R"({"_id":1})");
  ASSERT_TRUE(comes(2));
  const auto all = service().requests();
  EXPECT_NE(all[0].target, all[1].target);
  EXPECT_NE(all[0].header("idempotency-key"), all[1].header("idempotency-key"));
}

/// A receiver that drops what it knows by its key takes a replay for new, and the same run once more for
/// known.
TEST_F(Webhook, AReplayHasKeysOfItsRun) {
  const std::string rules = file(
      "  - name: store\n    event_store: { from: items, into: item_events }\n"
      "  - name: hook\n    webhook: { from: items, url: \"" +
      service().origin() +
      "/hook\" }\n"
      "  - name: stated\n    webhook: { from: items, url: \"" +
      service().origin() + "/stated\", idempotency_key: \"{op}/{id}\" }\n");
  start(rules).ready();
  for (const char* id : {"a", "b"}) db().insert("items", R"({"_id":")" + std::string(id) + "\"}");
  ASSERT_TRUE(comes(4));
  ASSERT_TRUE(soon([&] { return db().count("item_events") == 2; }));
  const auto keys = [&](std::size_t from) {
    std::multiset<std::string> all;
    const auto requests = service().requests();
    for (std::size_t i = from; i < requests.size(); ++i) all.insert(requests[i].header("idempotency-key"));
    return all;
  };
  const std::multiset<std::string> first = keys(0);
  const auto replayed = [&](const std::string& run) {
    const std::size_t before = service().count();
    for (const char* rule : {"hook", "stated"}) {
      const Outcome outcome =
          run_sluice(here_run({"replay", rules, "--store", "store", "--to", rule, "--run", run}));
      EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
    }
    return keys(before);
  };
  const auto of_run = [&](const std::string& run) {
    std::multiset<std::string> all;
    for (const std::string& key : first) all.insert(key + "-" + run);
    return all;
  };
  EXPECT_EQ(first.count("insert/a"), 1U);
  EXPECT_EQ(replayed("may"), of_run("may"));
  EXPECT_EQ(replayed("may"), of_run("may")) << "the same run again: the receiver knows them";
  EXPECT_EQ(replayed("june"), of_run("june"));
  const Outcome wrong =
      run_sluice(here_run({"replay", rules, "--store", "store", "--to", "hook", "--run", "a b"}));
  EXPECT_NE(wrong.err.find("--run must have"), std::string::npos) << wrong.err;
}

}  // namespace
}  // namespace sluice::test
