#include "sinks/aws/signature.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::aws {
namespace {

/// 2015-08-30 12:36:00 UTC, as in AWS's examples.
constexpr auto signed_at = std::chrono::system_clock::time_point(std::chrono::seconds(1'440'938'160));

std::string signature_of(const Signed& request, const Scope& scope = {"us-east-1", "service"},
                         const std::string& token = "") {
  const Credentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token};
  const std::string lines = signature_headers(request, credentials, scope, signed_at);
  EXPECT_TRUE(lines.starts_with("X-Amz-Date: 20150830T123600Z\n")) << lines;
  return lines.substr(lines.find("Authorization: "));
}

std::string expected(const std::string& scope, const std::string& names, const std::string& signature) {
  return "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/" + scope +
         "/aws4_request, SignedHeaders=" + names + ", Signature=" + signature;
}

/// AWS's published examples ("get-vanilla" and others), and the one of its documentation for IAM.
TEST(AwsSignature, IsThatOfThePublishedExamples) {
  const std::vector<std::pair<std::string, std::string>> host = {{"Host", "example.amazonaws.com"}};
  const std::string scope = "us-east-1/service";
  EXPECT_EQ(
      signature_of({.method = "GET", .headers = host}),
      expected(scope, "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
  EXPECT_EQ(
      signature_of({.headers = host}),
      expected(scope, "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
  EXPECT_EQ(
      signature_of({.method = "GET", .query = "Param2=value2&Param1=value1", .headers = host}),
      expected(scope, "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
  auto form = host;
  form.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  EXPECT_EQ(signature_of({.headers = form, .body = "Param1=value1"}),
            expected(scope, "content-type;host;x-amz-date",
                     "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"));
  EXPECT_EQ(signature_of({.method = "GET",
                          .query = "Action=ListUsers&Version=2010-05-08",
                          .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
                                      {"Host", "iam.amazonaws.com"}}},
                         {"us-east-1", "iam"}),
            expected("us-east-1/iam", "content-type;host;x-amz-date",
                     "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"));
}

/// Computed with botocore 1.44.
TEST(AwsSignature, CoversTheSessionTokenAndTheAction) {
  EXPECT_EQ(signature_of({.headers = {{"Host", "sqs.eu-central-1.amazonaws.com"},
                                      {"Content-Type", "application/x-amz-json-1.0"},
                                      {"X-Amz-Target", "AmazonSQS.SendMessageBatch"}},
                          .body = "{\"QueueUrl\":\"\xC3\xA4\"}"},
                         {"eu-central-1", "sqs"}, "TOKEN/+="),
            expected("eu-central-1/sqs", "content-type;host;x-amz-date;x-amz-security-token;x-amz-target",
                     "a57f9745e1e20c87c8938b1dcd7fc8f9426a6f7c114bd4eef1de735c89dd1d0c"));
}

TEST(AwsSignature, ReadsValuesWithoutTheirBlanks) {
  EXPECT_EQ(signature_of({.headers = {{"HOST", "  example.amazonaws.com "}}}),
            signature_of({.headers = {{"Host", "example.amazonaws.com"}}}));
  EXPECT_EQ(signature_of({.headers = {{"a", "b   c"}}}), signature_of({.headers = {{"A", "b c"}}}));
}

}  // namespace
}  // namespace sluice::sinks::aws
