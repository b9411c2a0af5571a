#include <filesystem>
#include <fstream>

#include "support/aws_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

class AwsPublish : public AwsTest {};

TEST_F(AwsPublish, EachChangeIsAMessage) {
  moto().create_queue(queue());
  start_aws(aws_file()).ready();
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
    const std::string token = event.text("_id._data");
    EXPECT_EQ(event.text("operationType"), operations[i]);
    EXPECT_EQ(all[i].group, "\"a\"");
    EXPECT_EQ(all[i].id, token.size() <= 128 ? token : all[i].id);
    EXPECT_LE(all[i].id.size(), 128U);
    EXPECT_EQ(all[i].attributes.at("Sluice-Message-Id"), token);
    EXPECT_EQ(all[i].attributes.at("Sluice-Operation"), operations[i]);
    EXPECT_EQ(all[i].attributes.at("Sluice-Namespace"), db().database() + ".items");
  }
  EXPECT_EQ(metric("sluice_events_published_total"), 4);
  EXPECT_EQ(worker().get("/readyz").status, 200);
  terminate_all();
}

TEST_F(AwsPublish, TheOrderOfEachDocumentsChangesIsKept) {
  moto().create_queue(queue());
  start_aws(aws_file(), {"--batch-docs", "50"}).ready();
  write_numbers(30, 8);
  EXPECT_TRUE(told_in_order());
}

TEST_F(AwsPublish, AllChangesOfOneDocumentInARow) {
  moto().create_queue(queue());
  start_aws(aws_file()).ready();
  db().insert("items", R"({"_id":1,"n":0})");
  for (int i = 0; i < 50; ++i) db().update("items", R"({"_id":1})", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(told_in_order());
}

/// A group of another template, and a queue by its URL. The group's order is that of the changes.
TEST_F(AwsPublish, AGroupOfSeveralDocuments) {
  const std::string url = moto().create_queue(queue());
  start_aws(aws_file("sqs: { queue: \"" + url + "\", group: \"{coll} of all\" }", {"order: group"})).ready();
  for (int i = 0; i < 40; ++i) db().insert("items", "{\"_id\":" + std::to_string(i) + "}");
  ASSERT_TRUE(holds(40));
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(Document(messages()[static_cast<std::size_t>(i)].body).integer("documentKey._id"), i);
    EXPECT_EQ(messages()[static_cast<std::size_t>(i)].group.size(), 64U) << "blanks are not accepted";
  }
}

/// A message with one deduplication id is stored once, here by a worker that repeats what it has sent. (moto
/// forgets the ids of messages that were deleted, unlike AWS.)
TEST_F(AwsPublish, WhatIsSentAgainIsStoredOnce) {
  moto().create_queue(queue());
  const std::string file = aws_file();
  start_aws(file).ready();
  write_numbers(20, 3);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") == 80; }));
  worker().kill9();
  start_aws(file).ready();
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(told_in_order());
}

TEST_F(AwsPublish, FormatsAndOddCharacters) {
  moto().create_queue(queue());
  start_aws(aws_file("", {"format: cloudevents", "payload: document"})).ready();
  db().insert("items", "{\"_id\":\"i\\\"d\",\"text\":\"\\u0001\xEF\xBF\xBE\xEF\xBF\xBF\xF0\x9F\x98\x80\"}");
  ASSERT_TRUE(holds(1));
  const Document envelope(messages()[0].body);
  EXPECT_EQ(envelope.text("id"), messages()[0].attributes.at("Sluice-Message-Id"));
  EXPECT_EQ(envelope.text("data.text"), "\x01\xEF\xBF\xBE\xEF\xBF\xBF\xF0\x9F\x98\x80");
}

/// moto refuses the whole request then, so the messages are sent alone.
TEST_F(AwsPublish, AMessageThatIsTooLargeForTheQueueIsADeadLetter) {
  moto().create_queue(queue(), R"("MaximumMessageSize":"20000")");
  start_aws(aws_file()).ready();
  std::vector<Document> all;
  for (int i = 0; i < 40; ++i) {
    const std::string text(i == 20 ? 50'000 : i == 30 ? 1'100'000 : 10, 'x');
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0,\"text\":\"" + text + "\"}");
  }
  db().insert("items", all);
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 2; }, 60s)) << worker().story();
  ASSERT_TRUE(holds(38));
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 2);
  EXPECT_EQ(messages().size(), 38U);
  const auto letter = state().find_one("dead_letters");
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->text("effect.sink"), "aws");
}

TEST_F(AwsPublish, AQueueThatIsMissingIsWaitedFor) {
  Worker& worker = start_aws(aws_file());
  EXPECT_TRUE(worker.logs("QueueDoesNotExist")) << worker.err();
  moto().create_queue(queue());
  worker.ready();
  write_numbers(10, 1);
  ASSERT_TRUE(told_in_order());
  moto().delete_queue(queue());
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(waits_for("create it, or correct the rule")) << worker.get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  moto().create_queue(queue());
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(worker.logs("is up again"));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(AwsPublish, SnsPassesTheGroupOn) {
  moto().create_queue(queue());
  const std::string arn = moto().create_topic(queue(), queue());
  start_aws(aws_file("sns: { topic: \"" + arn + "\" }")).ready();
  write_numbers(30, 4);
  EXPECT_TRUE(told_in_order());
  EXPECT_EQ(messages()[0].group.find("{\"$numberInt\":\""), 0U) << messages()[0].group;
  EXPECT_FALSE(messages()[0].attributes.at("Sluice-Message-Id").empty());
}

/// SNS tells which entry of a request it refuses; moto's limit is 256 KiB.
TEST_F(AwsPublish, AMessageThatSnsRefusesIsADeadLetter) {
  moto().create_queue(queue());
  const std::string arn = moto().create_topic(queue(), queue());
  start_aws(aws_file("sns: { topic: \"" + arn + "\" }")).ready();
  std::vector<Document> all;
  for (int i = 0; i < 15; ++i) {
    const std::string text(i == 3 ? 300'000 : 10, 'x');
    all.emplace_back("{\"_id\":" + std::to_string(i) + ",\"n\":0,\"text\":\"" + text + "\"}");
  }
  db().insert("items", all);
  ASSERT_TRUE(soon([&] { return state().count("dead_letters") == 1; }, 60s)) << worker().story();
  EXPECT_TRUE(holds(14));
}

TEST_F(AwsPublish, EventBridgeGetsDetails) {
  const std::string plain = db().database();
  moto().create_queue(plain);
  moto().create_bus(plain, plain);
  Worker& worker =
      start_aws(aws_file("eventbridge: { bus: \"{db}\", detail_type: \"{coll} {op}\" }")).ready();
  EXPECT_TRUE(worker.logs("EventBridge keeps no order"));
  for (int i = 0; i < 25; ++i) db().insert("items", "{\"_id\":" + std::to_string(i) + "}");
  std::map<std::int64_t, int> seen;
  std::string first;
  ASSERT_TRUE(soon(
      [&] {
        for (const QueueMessage& message : moto().take(plain)) {
          if (first.empty()) first = message.body;
          ++seen[Document(message.body).integer("detail.documentKey._id")];
        }
        return seen.size() == 25;
      },
      60s))
      << worker.story();
  const Document event(first);
  EXPECT_EQ(event.text("source"), "sluice." + plain);
  EXPECT_EQ(event.text("detail-type"), "items insert");
  EXPECT_EQ(event.text("detail.operationType"), "insert");
}

TEST_F(AwsPublish, CheckOnlineLooksAtTheTargets) {
  const auto check = [&](const std::string& file, std::vector<std::string> flags = {}) {
    std::vector<std::string> all = aws_flags();
    all.insert(all.end(), flags.begin(), flags.end());
    const Outcome outcome = run_sluice(here_run({"check", file, "--online"}, all));
    return std::to_string(outcome.exit_code) + "\n" + outcome.out + outcome.err;
  };
  const auto says = [](const std::string& text, const std::string& what, char exit_code) {
    EXPECT_NE(text.find(what), std::string::npos) << text;
    EXPECT_EQ(text.front(), exit_code) << text;
  };
  says(check(aws_file()), "QueueDoesNotExist", '1');
  moto().create_queue(queue());
  says(check(aws_file()), "publishes to the SQS queue " + queue(), '0');
  const std::string arn = moto().create_topic(queue(), queue());
  says(check(aws_file("sns: { topic: \"" + arn + "\" }")), "publishes to the SNS topic " + arn, '0');
  says(check(aws_file("sns: { topic: \"" + arn.substr(0, arn.size() - 5) + "x.fifo\" }")), "NotFound", '1');
  says(check(aws_file("eventbridge: {}")), "EventBridge keeps no order", '0');
  says(check(aws_file("eventbridge: { bus: nowhere }")), "ResourceNotFoundException", '1');
  says(check(aws_file("sqs: { queue: plain }")), "others keep no order", '1');
  says(check(aws_file("sns: { topic: \"arn:aws:sns:us-east-1:123456789012:a.fifo\" }")), "'aws.region' is",
       '1');
  says(check(aws_file(), {"--aws-region", "Frankfurt"}), "is not a region", '1');
  says(check(aws_file(), {"--aws-endpoint", "127.0.0.1:1"}), "must begin with http", '1');
  const workbench::Port nobody;
  says(check(aws_file(), {"--aws-endpoint", "http://127.0.0.1:" + nobody.text()}), "no connection", '1');
}

/// moto checks signatures and rights here.
class AwsRights : public AwsTest {
 protected:
  void SetUp() override {
    AwsTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    own_ = std::make_unique<MotoServer>();
    own_->create_queue(queue());
  }
  MotoServer& moto() override { return *own_; }

  void write_key(const MotoServer::Key& key) const {
    const std::filesystem::path made = keys_ + ".new";
    std::ofstream(made) << "[sluice]\naws_access_key_id = " << key.id
                        << "\naws_secret_access_key = " << key.secret << "\n";
    std::filesystem::rename(made, keys_);
  }
  /// A worker with the key in the file.
  Worker& start_with_file(const std::string& file) {
    return start(file, {"--aws-endpoint", moto().url(), "--aws-region", MotoServer::region,
                        "--aws-credentials-file", keys_, "--aws-profile", "sluice"});
  }
  /// Without checks, since the test does not sign.
  testing::AssertionResult told_in_order_unchecked() {
    moto().check_requests(false);
    return told_in_order();
  }

  TemporaryDirectory folder_;
  const std::string keys_ = (folder_.path() / "credentials").string();
  std::unique_ptr<MotoServer> own_;
};

TEST_F(AwsRights, SignaturesAreAccepted) {
  write_key(moto().create_user("me", "sqs:*"));
  moto().check_requests(true);
  start_with_file(aws_file()).ready();
  write_numbers(20, 2);
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  EXPECT_TRUE(told_in_order_unchecked());
}

/// A key that is deleted while the worker runs. It goes on by itself when the file has another one.
TEST_F(AwsRights, RefusedCredentialsAreWaitedFor) {
  const MotoServer::Key first = moto().create_user("first", "sqs:*");
  const MotoServer::Key second = moto().create_user("second", "sqs:*");
  write_key(first);
  moto().check_requests(true);
  Worker& worker = start_with_file(aws_file()).ready();
  write_numbers(10, 1);
  ASSERT_TRUE(settled());
  moto().check_requests(false);
  moto().delete_key("first", first);
  moto().check_requests(true);
  db().update_many("items", "{}", R"({"$inc":{"n":1}})");
  EXPECT_TRUE(waits_for("check the credentials")) << worker.get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  write_key(second);
  ASSERT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }, 60s)) << worker.story();
  ASSERT_TRUE(settled());
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  EXPECT_TRUE(told_in_order_unchecked());
}

TEST_F(AwsRights, AWrongSecretAndAMissingRightAreTold) {
  MotoServer::Key key = moto().create_user("me", "sns:*");
  moto().check_requests(true);
  write_key(key);
  const std::string file = aws_file();
  const auto check = [&] {
    const Outcome outcome = run_sluice(here_run(
        {"check", file, "--online"}, {"--aws-endpoint", moto().url(), "--aws-region", MotoServer::region,
                                      "--aws-credentials-file", keys_, "--aws-profile", "sluice"}));
    return outcome.out + outcome.err;
  };
  EXPECT_NE(check().find("AccessDenied"), std::string::npos) << check();
  key.secret += "x";
  write_key(key);
  EXPECT_NE(check().find("check the credentials"), std::string::npos) << check();
  EXPECT_EQ(check().find(key.secret), std::string::npos);
}

TEST_F(AwsRights, NoCredentialsAreWaitedFor) {
  Worker& worker = start(aws_file(), {"--aws-endpoint", moto().url(), "--aws-region", MotoServer::region,
                                      "--aws-credentials-file", keys_, "--aws-profile", "sluice"});
  EXPECT_TRUE(worker.logs("no AWS credentials: cannot read " + keys_)) << worker.err();
  EXPECT_EQ(worker.get("/readyz").status, 503);
  write_key({"id", "secret"});
  worker.ready();
  write_numbers(5, 1);
  EXPECT_TRUE(told_in_order());
}

}  // namespace
}  // namespace sluice::test
