#include "sinks/aws/answers.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::aws {
namespace {

http::Answer answered(unsigned status, const std::string& body) {
  http::Answer answer;
  answer.kind = http::Answer::Kind::answered;
  answer.status = status;
  answer.body = body;
  return answer;
}

std::vector<Remedy> remedies(const BatchAnswer& answer) {
  std::vector<Remedy> all;
  for (const Failure& one : answer.entries) all.push_back(one.remedy);
  return all;
}

using Remedies = std::vector<Remedy>;

TEST(AwsAnswers, OfSqsNameEachEntry) {
  const BatchAnswer answer = sqs_answer(
      answered(200, R"({"Successful":[{"Id":"2","MessageId":"m"}],"Failed":[)"
                    R"({"Id":"0","SenderFault":true,"Code":"InvalidMessageContents","Message":"odd"},)"
                    R"({"Id":"1","SenderFault":false,"Code":"InternalError"},)"
                    R"({"Id":"9","SenderFault":true,"Code":"X"},{"Id":"x"}]})"),
      4);
  EXPECT_FALSE(answer.failure);
  EXPECT_EQ(remedies(answer), (Remedies{Remedy::refuse, Remedy::wait, Remedy::none, Remedy::wait}))
      << "an entry that is not named was not stored";
  EXPECT_EQ(answer.entries[0].code, "InvalidMessageContents");
  EXPECT_EQ(answer.entries[0].message, "odd");
}

TEST(AwsAnswers, OfSnsNameEachEntry) {
  const BatchAnswer answer = sns_answer(
      answered(
          200,
          "<PublishBatchResponse><PublishBatchResult><Failed><member><Id>1</Id><Code>InvalidParameter</Code>"
          "<Message>long</Message><SenderFault>true</SenderFault></member></Failed><Successful><member>"
          "<Id>0</Id><MessageId>m</MessageId></member></Successful></PublishBatchResult>"
          "</PublishBatchResponse>"),
      2);
  EXPECT_EQ(remedies(answer), (Remedies{Remedy::none, Remedy::refuse}));
}

TEST(AwsAnswers, OfEventBridgeAreInTheOrderOfTheEntries) {
  const BatchAnswer answer = event_bridge_answer(
      answered(200,
               R"({"FailedEntryCount":3,"Entries":[{"EventId":"e"},{"ErrorCode":"ThrottlingException"},)"
               R"({"ErrorCode":"InternalFailure"},{"ErrorCode":"MalformedDetail","ErrorMessage":"m"}]})"),
      5);
  EXPECT_EQ(remedies(answer),
            (Remedies{Remedy::none, Remedy::wait, Remedy::wait, Remedy::refuse, Remedy::wait}));
}

/// AWS quotes the request that it would have signed, with the session token.
TEST(AwsAnswers, OfAWrongSignatureDoNotShowTheToken) {
  const Failure failure = json_failure(
      answered(403, R"({"__type":"SignatureDoesNotMatch","message":"The signature does not match.\n\n)"
                    R"(The Canonical String should have been\n'POST\nx-amz-security-token:secret'"})"));
  EXPECT_EQ(failure.message, "The signature does not match.");
}

TEST(AwsAnswers, AreShownInPart) {
  const Failure failure =
      json_failure(answered(500, R"({"__type":"X","message":")" + std::string(299, 'a') + "\u00e4\u00e4\"}"));
  EXPECT_EQ(failure.message, std::string(299, 'a') + "...") << "not cut inside a character";
}

TEST(AwsAnswers, ThatCannotBeReadAreWaitedOut) {
  for (const auto& read : {sqs_answer, sns_answer, event_bridge_answer}) {
    for (const char* body : {"", "{", "<a", "ok", "[]"}) {
      const BatchAnswer answer = read(answered(200, body), 1);
      EXPECT_EQ(answer.failure.remedy, Remedy::wait) << body;
      EXPECT_TRUE(answer.entries.empty());
    }
    http::Answer none;
    none.kind = http::Answer::Kind::timed_out;
    none.text = "late";
    EXPECT_EQ(read(none, 1).failure.remedy, Remedy::wait);
    EXPECT_EQ(read(none, 1).failure.message, "late");
  }
}

TEST(AwsAnswers, FailuresOfWholeRequests) {
  const auto json = [](unsigned status, const std::string& type) {
    return json_failure(answered(status, R"({"__type":")" + type + R"(","message":"why"})"));
  };
  EXPECT_EQ(json(400, "com.amazonaws.sqs#QueueDoesNotExist").remedy, Remedy::missing);
  EXPECT_EQ(json(400, "com.amazonaws.sqs#QueueDoesNotExist").code, "QueueDoesNotExist");
  EXPECT_EQ(json(400, "com.amazonaws.sqs#QueueDoesNotExist").message, "why");
  EXPECT_EQ(json(400, "ResourceNotFoundException").remedy, Remedy::missing);
  EXPECT_EQ(json(400, "com.amazon.coral.service#ExpiredTokenException").remedy, Remedy::log_in);
  EXPECT_EQ(json(400, "UnrecognizedClientException").remedy, Remedy::log_in);
  EXPECT_EQ(json(403, "").remedy, Remedy::log_in);
  EXPECT_EQ(json(400, "ThrottlingException").remedy, Remedy::wait);
  EXPECT_EQ(json(400, "com.amazonaws.sqs#KmsDisabled").remedy, Remedy::wait);
  EXPECT_EQ(json(400, "com.amazonaws.sqs#UnsupportedOperation").remedy, Remedy::wait)
      << "an operator has to see it";
  EXPECT_EQ(json(500, "InvalidParameterValue").remedy, Remedy::wait);
  EXPECT_EQ(json(400, "com.amazonaws.sqs#BatchRequestTooLong").remedy, Remedy::refuse);
  EXPECT_EQ(json(413, "").remedy, Remedy::refuse);
  EXPECT_EQ(json_failure(answered(503, "<html>")).remedy, Remedy::wait);
  EXPECT_EQ(json_failure(answered(503, "<html>")).message, "answered 503");

  const auto query = [](unsigned status, const std::string& code) {
    return query_failure(answered(status, "<ErrorResponse><Error><Type>Sender</Type><Code>" + code +
                                              "</Code><Message>why</Message></Error></ErrorResponse>"));
  };
  EXPECT_EQ(query(404, "NotFound").remedy, Remedy::missing);
  EXPECT_EQ(query(403, "InvalidClientTokenId").remedy, Remedy::log_in);
  EXPECT_EQ(query(403, "AuthorizationError").remedy, Remedy::log_in);
  EXPECT_EQ(query(400, "Throttling").remedy, Remedy::wait);
  EXPECT_EQ(query(400, "InvalidParameter").remedy, Remedy::refuse);
  EXPECT_EQ(query(400, "InvalidParameter").message, "why");
}

/// Otherwise all messages would become dead letters, because the rule names a topic that cannot exist.
TEST(AwsAnswers, ATargetThatIsNotAcceptedIsNoMessagesFault) {
  EXPECT_EQ(query_failure(answered(400,
                                   "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid "
                                   "parameter: TopicArn</Message></Error></ErrorResponse>"))
                .remedy,
            Remedy::missing);
  const BatchAnswer answer =
      event_bridge_answer(answered(200, R"({"Entries":[{"ErrorCode":"InvalidArgument",)"
                                        R"("ErrorMessage":"Parameter EventBusName is not valid."}]})"),
                          1);
  EXPECT_EQ(remedies(answer), Remedies{Remedy::missing});
}

/// The service says whose fault it is, but not all of the sender's faults are the message's.
TEST(AwsAnswers, FailuresOfEntries) {
  EXPECT_EQ(remedy_of_entry("InvalidMessageContents", true), Remedy::refuse);
  EXPECT_EQ(remedy_of_entry("SomethingNew", true), Remedy::refuse);
  EXPECT_EQ(remedy_of_entry("SomethingNew", false), Remedy::wait);
  EXPECT_EQ(remedy_of_entry("AccessDenied", true), Remedy::log_in);
  EXPECT_EQ(remedy_of_entry("NotAuthorizedForSourceException", false), Remedy::log_in);
  EXPECT_EQ(remedy_of_entry("KmsThrottled", true), Remedy::wait);
  EXPECT_EQ(remedy_of_entry("RequestThrottled", true), Remedy::wait);
}

}  // namespace
}  // namespace sluice::sinks::aws
