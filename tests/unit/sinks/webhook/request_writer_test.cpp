#include "sinks/webhook/request_writer.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "sinks/webhook/signature.hpp"
#include "sluice/bson_builder.hpp"

namespace sluice::sinks {
namespace {

class RequestWriterTest : public testing::Test {
 protected:
  Message& add(std::string_view id) {
    Message& message = messages_.emplace_back();
    message.verb = "POST";
    message.address = "/users";
    message.id = id;
    headers_.push_back("Idempotency-Key: " + std::string(id) + "\nA: b");
    message.headers = headers_.back();
    batch_.writes.emplace_back(DeliverWrite{&plan_, &message, messages_.size()});
    return message;
  }
  void add_document(std::string_view id, const std::string& name) {
    bson::Builder& document = documents_.emplace_back();
    add(id).payload = document.append("name", name).finish();
  }
  bool compose(const flow::RequestBatcher::Round& round, const std::string& secret = "") {
    RequestWriter writer(batch_, texts_, requests_);
    unwritable_ = writer.compose(plan_, secret, round);
    return !unwritable_;
  }

  WebhookPlan plan_;
  std::deque<Message> messages_;
  std::deque<std::string> headers_;
  std::deque<bson::Builder> documents_;
  Batch batch_;
  std::string texts_;
  std::vector<http::Request> requests_;
  std::optional<RequestWriter::Unwritable> unwritable_;
};

TEST_F(RequestWriterTest, EachMessageIsARequest) {
  for (int i = 0; i < 100; ++i) add_document("a", std::string(static_cast<std::size_t>(i), 'x'));
  flow::RequestBatcher::Round round;
  for (std::size_t i = 0; i < 100; ++i) round.push_back({i});
  ASSERT_TRUE(compose(round));
  ASSERT_EQ(requests_.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(requests_[i].body, "{\"name\":\"" + std::string(i, 'x') + "\"}");
    EXPECT_EQ(requests_[i].headers, "Idempotency-Key: a\nA: b");
    EXPECT_EQ(requests_[i].target, "/users");
    EXPECT_EQ(requests_[i].key, i + 1);
  }
}

TEST_F(RequestWriterTest, ATextIsSentFromWhereItIs) {
  Message& message = add("a");
  message.text = "hello";
  add("b");
  ASSERT_TRUE(compose({{0}, {1}}));
  EXPECT_EQ(requests_.at(0).body.data(), message.text.data());
  EXPECT_EQ(requests_.at(0).headers.data(), message.headers.data());
  EXPECT_EQ(requests_.at(1).body, "");
  EXPECT_TRUE(texts_.empty());
}

TEST_F(RequestWriterTest, AnEnvelopeEnclosesTheDocument) {
  add_document("a", "x");
  messages_.back().envelope = "{\"id\":1,\"data\":";
  ASSERT_TRUE(compose({{0}}));
  EXPECT_EQ(requests_.at(0).body, R"({"id":1,"data":{"name":"x"}})");
}

TEST_F(RequestWriterTest, MessagesOfOneRequestAreAList) {
  plan_.together = 3;
  add_document("a", "x");
  add("b").text = "12";
  add_document("c", "z");
  ASSERT_TRUE(compose({{0, 1}, {2}}));
  ASSERT_EQ(requests_.size(), 2U);
  EXPECT_EQ(requests_[0].body, R"([{"id":"a","body":{"name":"x"}},{"id":"b","body":12}])");
  EXPECT_EQ(requests_[1].body, R"([{"id":"c","body":{"name":"z"}}])");
  EXPECT_TRUE(requests_[0].headers.starts_with("Idempotency-Key: ")) << requests_[0].headers;
  EXPECT_TRUE(requests_[0].headers.ends_with("-2\nA: b")) << requests_[0].headers;
}

TEST_F(RequestWriterTest, TheSignatureIsOfTheBody) {
  add_document("a", "x");
  add("b").text = "hello";
  ASSERT_TRUE(compose({{0}, {1}}, "secret"));
  for (const http::Request& request : requests_) {
    const auto at = request.headers.find("\nSluice-Signature: t=");
    ASSERT_NE(at, std::string_view::npos) << request.headers;
    const std::string_view value = request.headers.substr(at + 19);
    const auto seconds = std::stoll(std::string(value.substr(2)));
    EXPECT_EQ(value, webhook::sign("secret", seconds, request.body));
    EXPECT_TRUE(request.headers.starts_with("Idempotency-Key: "));
  }
}

TEST_F(RequestWriterTest, ADocumentThatCannotBeWrittenIsNamed) {
  add_document("a", "x");
  static constexpr std::uint8_t broken[] = {12, 0, 0, 0, 2, 'a', 0, 9, 0, 0, 0, 0};
  add("b").payload = bson::View(broken, sizeof broken);
  for (const int together : {1, 2}) {
    plan_.together = together;
    ASSERT_FALSE(
        compose(together == 1 ? flow::RequestBatcher::Round{{0}, {1}} : flow::RequestBatcher::Round{{0, 1}}));
    EXPECT_EQ(unwritable_->index, 1U);
    EXPECT_EQ(unwritable_->error.kind, ErrorKind::own_fault);
  }
}

}  // namespace
}  // namespace sluice::sinks
