#include "sinks/aws/outlet.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "sinks/aws/json.hpp"
#include "sluice/bson_builder.hpp"
#include "support/web_service.hpp"

namespace sluice::sinks {
namespace {

using test::WebAnswer;
using test::WebRequest;

/// The outlet against scripted answers of SQS. A real imitation of AWS never fails single entries; the
/// integration tests use one for everything else.
class AwsOutlet : public testing::Test {
 protected:
  AwsOutlet() {
    config_.aws.region = "eu-central-1";
    config_.aws.endpoint = service_.origin();
    config_.aws.access_key_id = "AKID";
    config_.aws.secret_access_key = "secret";
    config_.aws.timeout_ms = 1000;
    service_.answer([this](const WebRequest& request) { return answer(request); });
    outlet_ = std::make_unique<Aws>(OutletParts{.config = config_, .deliveries = {&plan_}});
  }

  /// Adds a message with this group and number to the batch.
  void add(const std::string& group, int number) {
    bson::Builder body;
    body.append("n", number);
    const bson::View payload = body.finish();
    auto& bytes = bodies_.emplace_back(payload.data(), payload.data() + payload.size());
    texts_.push_back(group);
    const std::string_view key = texts_.back();
    texts_.push_back(group + std::to_string(number));
    Message& message = messages_.emplace_back();
    message.address = "http://queues/1/q.fifo";
    message.key = key;
    message.id = texts_.back();
    message.headers = "A: 1";
    message.payload = bson::View(bytes.data(), bytes.size());
    batch_.writes.emplace_back(DeliverWrite{&plan_, &message, bson::stable_hash(group, 0)});
  }

  void add_to(const std::string& queue, const std::string& group) {
    add(group, 1);
    messages_.back().address = texts_.emplace_back(queue);
  }

  /// The name of the queue if the request asks for its URL; "" if it does not.
  static std::string asked_queue(const WebRequest& request) {
    if (request.header("x-amz-target") != "AmazonSQS.GetQueueUrl") return "";
    return std::string(aws::JsonAnswer(request.body).root().at("QueueName").text());
  }

  /// Stores the entries of a batch, but for those that `fails_` has a failure for (used once each).
  WebAnswer answer(const WebRequest& request) {
    ++requests_;
    if (whole_) return *whole_;
    const aws::JsonAnswer parsed(request.body);
    std::string successful;
    std::string failed;
    for (const bson::Element& one : parsed.root().at("Entries").document()) {
      const bson::View entry = one.value.document();
      const std::string id(entry.at("MessageDeduplicationId").text());
      const std::string at = R"({"Id":")" + std::string(entry.at("Id").text()) + "\"";
      const auto failure = fails_.find(id);
      if (failure == fails_.end()) {
        stored_[std::string(entry.at("MessageGroupId").text())].push_back(id);
        successful += (successful.empty() ? "" : ",") + at + "}";
      } else {
        failed += (failed.empty() ? "" : ",") + at + "," + failure->second + "}";
        fails_.erase(failure);
      }
    }
    return {.body = R"({"Successful":[)" + successful + R"(],"Failed":[)" + failed + "]}"};
  }

  /// Sends the batch until it is committed, and drops refused messages as a lane does.
  int send_all(int most = 20) {
    for (int attempt = 1; attempt <= most; ++attempt) {
      const Outcome outcome = outlet_->send(batch_);
      if (outcome.committed) return attempt;
      errors_.push_back(*outcome.error);
      if (outcome.error->kind != ErrorKind::own_fault) continue;
      EXPECT_TRUE(outcome.failed_write);
      const auto& refused = std::get<DeliverWrite>(batch_.writes.at(*outcome.failed_write));
      refused_.emplace_back(refused.message->id);
      batch_.writes.erase(batch_.writes.begin() + static_cast<std::ptrdiff_t>(*outcome.failed_write));
    }
    return 0;
  }

  using Ids = std::vector<std::string>;

  test::WebService service_;
  Config config_;
  AwsPlan plan_;
  Batch batch_;
  std::deque<std::vector<std::uint8_t>> bodies_;
  std::deque<std::string> texts_;
  std::deque<Message> messages_;
  std::map<std::string, std::string> fails_;
  std::map<std::string, Ids> stored_;
  std::optional<WebAnswer> whole_;
  int requests_ = 0;
  std::vector<Error> errors_;
  Ids refused_;
  std::unique_ptr<Aws> outlet_;
};

TEST_F(AwsOutlet, SendsTenMessagesInARequest) {
  for (int i = 0; i < 35; ++i) add("g" + std::to_string(i), 1);
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(requests_, 4);
  EXPECT_EQ(stored_.size(), 35U);
  const WebRequest request = service_.requests().at(0);
  EXPECT_EQ(request.header("x-amz-target"), "AmazonSQS.SendMessageBatch");
  EXPECT_TRUE(request.header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKID/"));
  const aws::JsonAnswer body(request.body);
  EXPECT_EQ(body.root().at("QueueUrl").text(), "http://queues/1/q.fifo");
  const bson::View entry = body.root().at("Entries").document().at("0").document();
  EXPECT_EQ(entry.at("MessageBody").text(), R"({"n":1})");
  EXPECT_EQ(entry.at_path("MessageAttributes.A.StringValue").text(), "1");
}

/// The failed entry's group stops, in this attempt; the others go on.
TEST_F(AwsOutlet, AFailedEntryStopsItsGroupAlone) {
  for (int n = 1; n <= 3; ++n) {
    for (const char* group : {"a", "b", "c"}) add(group, n);
  }
  fails_["b1"] = R"("Code":"InternalError","SenderFault":false)";
  const Outcome first = outlet_->send(batch_);
  ASSERT_TRUE(first.error);
  EXPECT_EQ(first.error->kind, ErrorKind::unavailable);
  EXPECT_NE(first.error->message.find("InternalError"), std::string::npos) << first.error->message;
  EXPECT_EQ(first.outlet, service_.origin());
  EXPECT_EQ(stored_, (std::map<std::string, Ids>{{"a", {"a1", "a2", "a3"}}, {"c", {"c1", "c2", "c3"}}}));
  EXPECT_EQ(send_all(), 1);
  EXPECT_EQ(stored_["a"], (Ids{"a1", "a2", "a3"})) << "not sent again";
  EXPECT_EQ(stored_["b"], (Ids{"b1", "b2", "b3"}));
}

TEST_F(AwsOutlet, AnEntryThatIsTheSendersFaultIsADeadLetter) {
  for (int n = 1; n <= 3; ++n) {
    for (const char* group : {"a", "b", "c"}) add(group, n);
  }
  fails_["b1"] = fails_["c2"] = R"("Code":"InvalidMessageContents","SenderFault":true)";
  EXPECT_GT(send_all(), 1);
  EXPECT_EQ(refused_, (Ids{"b1", "c2"}));
  EXPECT_EQ(stored_["a"], (Ids{"a1", "a2", "a3"}));
  EXPECT_EQ(stored_["b"], (Ids{"b2", "b3"}));
  EXPECT_EQ(stored_["c"], (Ids{"c1", "c3"}));
}

/// A request that is refused as a whole does not say which message it is.
TEST_F(AwsOutlet, ARefusedRequestIsTakenApart) {
  for (int i = 0; i < 12; ++i) add("g" + std::to_string(i), 1);
  service_.answer([this](const WebRequest& request) -> WebAnswer {
    const bool bad = request.body.find("\"g71\"") != std::string::npos;
    return bad ? WebAnswer{.status = 400, .body = R"({"__type":"x#InvalidParameterValue","message":"m"})"}
               : answer(request);
  });
  EXPECT_GT(send_all(), 1);
  EXPECT_EQ(refused_, (Ids{"g71"}));
  EXPECT_EQ(stored_.size(), 11U);
}

TEST_F(AwsOutlet, WhatCanBeCorrectedIsWaitedFor) {
  add("a", 1);
  const auto waits = [&](int status, const std::string& type, const std::string& advice) {
    whole_ = WebAnswer{.status = status, .body = R"({"__type":"x#)" + type + R"(","message":"m"})"};
    const Outcome outcome = outlet_->send(batch_);
    ASSERT_TRUE(outcome.error) << type;
    EXPECT_EQ(outcome.error->kind, ErrorKind::unavailable) << type;
    EXPECT_NE(outcome.error->message.find(advice), std::string::npos) << outcome.error->message;
  };
  waits(403, "InvalidClientTokenId", "check the credentials");
  waits(400, "ExpiredTokenException", "check the credentials");
  waits(400, "QueueDoesNotExist", "create it");
  waits(400, "ThrottlingException", "m");
  waits(503, "ServiceUnavailable", "m");
  whole_ = WebAnswer{.body = "{", .way = WebAnswer::Way::then_hang_up};
  EXPECT_TRUE(outlet_->send(batch_).error);
  whole_.reset();
  EXPECT_GT(send_all(), 0);
  EXPECT_EQ(stored_["a"], Ids{"a1"});
}

/// A service that refuses and loses at random: entries, requests, and answers of requests that it carried
/// out. Like SQS, it drops messages with an id that it has seen.
TEST_F(AwsOutlet, WhateverFailsNothingIsLostOrInverted) {
  const char* stated = std::getenv("SLUICE_SEED");
  const std::uint64_t seed = stated != nullptr ? std::stoull(stated) : std::random_device()();
  SCOPED_TRACE("SLUICE_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::map<std::string, Ids> expected;
  for (int n = 10; n < 40; ++n) {
    for (int group = 0; group < 8; ++group) {
      if (random() % 2 == 0) continue;
      add("g" + std::to_string(group), n);
      expected["g" + std::to_string(group)].push_back(texts_.back());
    }
  }
  std::set<std::string> seen;
  service_.answer([&](const WebRequest& request) -> WebAnswer {
    const auto chance = random() % 10;
    if (chance == 0) return {.status = 503};
    if (chance == 1) return {.status = 400, .body = R"({"__type":"x#RequestThrottled"})"};
    const aws::JsonAnswer parsed(request.body);
    std::string successful;
    std::string failed;
    for (const bson::Element& one : parsed.root().at("Entries").document()) {
      const bson::View entry = one.value.document();
      const std::string id(entry.at("MessageDeduplicationId").text());
      const std::string at = R"({"Id":")" + std::string(entry.at("Id").text()) + "\"";
      if (random() % 5 == 0) {
        failed += (failed.empty() ? "" : ",") + at + R"(,"Code":"InternalError","SenderFault":false})";
        continue;
      }
      if (seen.insert(id).second) stored_[std::string(entry.at("MessageGroupId").text())].push_back(id);
      successful += (successful.empty() ? "" : ",") + at + "}";
    }
    WebAnswer answer{.body = R"({"Successful":[)" + successful + R"(],"Failed":[)" + failed + "]}"};
    if (chance == 2) answer.way = WebAnswer::Way::hang_up;
    return answer;
  });
  // Like a lane, it waits as the outcome asks, but not for long.
  for (int attempt = 0;; ++attempt) {
    ASSERT_LT(attempt, 100'000);
    const Outcome outcome = outlet_->send(batch_);
    if (outcome.committed) break;
    ASSERT_NE(outcome.error->kind, ErrorKind::own_fault) << outcome.error->message;
    if (outcome.retry_in)
      std::this_thread::sleep_for(std::min(*outcome.retry_in, std::chrono::milliseconds(20)));
  }
  EXPECT_EQ(stored_, expected);
}

TEST_F(AwsOutlet, AnUnreachableServiceIsReportedAndAbandonedAtOnce) {
  add("a", 1);
  service_.stop();
  const Outcome outcome = outlet_->send(batch_);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, ErrorKind::unavailable);
  outlet_->abandon();
  EXPECT_EQ(outlet_->send(batch_).error->kind, ErrorKind::transient);
}

TEST_F(AwsOutlet, QueuesThatAreNotFoundHoldUpNoOthers) {
  for (int i = 0; i < 6; ++i) add_to("lost" + std::to_string(i) + ".fifo", "a" + std::to_string(i));
  add_to("q.fifo", "b");
  service_.answer([this](const WebRequest& request) -> WebAnswer {
    const std::string queue = asked_queue(request);
    if (queue.empty()) return answer(request);
    if (queue != "q.fifo") return {.way = WebAnswer::Way::silence};
    return {.body = R"({"QueueUrl":"http://queues/1/q.fifo"})"};
  });
  Outcome outcome = outlet_->send(batch_);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind, ErrorKind::unavailable);
  EXPECT_NE(outcome.error->message.find("lost"), std::string::npos) << outcome.error->message;
  EXPECT_EQ(stored_, (std::map<std::string, Ids>{{"b", {"b1"}}}));

  service_.forget();
  add_to("q.fifo", "c");
  outcome = outlet_->send(batch_);
  EXPECT_EQ(stored_.at("c"), Ids{"c1"});
  EXPECT_EQ(asked_queue(service_.requests().front()), "") << "what is known is sent first";
}

TEST_F(AwsOutlet, ATargetInAnotherRegionIsReported) {
  add("a", 1);
  messages_[0].address = "https://sqs.us-east-1.amazonaws.com/1/q.fifo";
  const Outcome outcome = outlet_->send(batch_);
  ASSERT_TRUE(outcome.error);
  EXPECT_NE(outcome.error->message.find("in the region us-east-1, but 'aws.region' is eu-central-1"),
            std::string::npos)
      << outcome.error->message;
  EXPECT_EQ(requests_, 0);
}

TEST_F(AwsOutlet, ARegionIsNeeded) {
  config_.aws.region.clear();
  Aws outlet(OutletParts{.config = config_, .deliveries = {&plan_}});
  const auto error = outlet.prepare();
  ASSERT_TRUE(error);
  EXPECT_NE(error->message.find("set 'aws.region'"), std::string::npos);
}

}  // namespace
}  // namespace sluice::sinks
