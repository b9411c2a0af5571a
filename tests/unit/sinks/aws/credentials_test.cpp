#include "sinks/aws/credentials.hpp"

#include <gtest/gtest.h>

#include "sinks/aws/digest.hpp"

namespace sluice::sinks::aws {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

TEST(AwsCredentials, InASharedFile) {
  const std::string text =
      "# mine\r\n[default]\r\naws_access_key_id = AKIA1\r\naws_secret_access_key=s=1\r\n\n"
      "[ other ]\naws_access_key_id=AKIA2\naws_secret_access_key=s2\naws_session_token = t2\nregion = x\n"
      "[half]\naws_access_key_id=AKIA3\n";
  const auto first = credentials_in_file(text, "default");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key_id, "AKIA1");
  EXPECT_EQ(first->secret, "s=1");
  EXPECT_EQ(first->session_token, "");
  const auto other = credentials_in_file(text, "other");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->key_id + other->secret + other->session_token, "AKIA2s2t2");
  EXPECT_FALSE(credentials_in_file(text, "half"));
  EXPECT_FALSE(credentials_in_file(text, "none"));
  EXPECT_FALSE(credentials_in_file("", "default"));
}

TEST(AwsCredentials, InAnAnswerOfTheMetadataService) {
  const auto found = credentials_in_answer(
      R"({"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":"t","Expiration":"2026-11-29T12:00:00Z"})");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key_id + found->secret + found->session_token, "ASIA1st");
  EXPECT_EQ(found->expires, system_clock::time_point(seconds(1'795'953'600)));
  EXPECT_FALSE(credentials_in_answer(R"({"Code":"AssumeRoleUnauthorizedAccess"})"));
  EXPECT_FALSE(credentials_in_answer("<html>"));
  EXPECT_FALSE(credentials_in_answer(R"({"AccessKeyId":"a","SecretAccessKey":"s","Expiration":"soon"})"));
}

TEST(AwsCredentials, TimesAreUtc) {
  EXPECT_EQ(parse_utc("1970-01-01T00:00:10Z"), system_clock::time_point(seconds(10)));
  EXPECT_EQ(parse_utc("1970-01-01T00:00:10.123Z"), system_clock::time_point(seconds(10)));
  for (const char* wrong : {"", "1970-01-01", "1970-01-01T00:00:10", "1970-01-01T00:00:10+01:00",
                            "1970-01-01T00:00:10.1", "1970-01-01T00:00:10Zz"}) {
    EXPECT_FALSE(parse_utc(wrong)) << wrong;
  }
}

/// AWS accepts 1 to 128 characters of ASCII that are letters, digits or punctuation.
TEST(AwsCredentials, IdsThatAwsDoesNotAcceptAreDigests) {
  EXPECT_EQ(accepted_id(R"({"$oid":"65a"})"), R"({"$oid":"65a"})");
  EXPECT_EQ(accepted_id(std::string(128, 'x')), std::string(128, 'x'));
  const std::string empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(accepted_id(""), empty);
  for (const std::string& odd : {std::string(129, 'x'), std::string("a b"), std::string("\xC3\xA4")}) {
    EXPECT_EQ(accepted_id(odd), sha256_hex(odd));
    EXPECT_EQ(accepted_id(odd).size(), 64U);
  }
}

}  // namespace
}  // namespace sluice::sinks::aws
