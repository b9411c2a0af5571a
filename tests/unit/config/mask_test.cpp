#include "config/mask.hpp"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

struct Masked {
  const char* uri;
  const char* shown;
};

class MaskUri : public testing::TestWithParam<Masked> {};

TEST_P(MaskUri, HidesSecrets) {
  EXPECT_EQ(mask_uri(GetParam().uri), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Config, MaskUri,
    testing::Values(Masked{"mongodb://h:27017/?replicaSet=rs0", "mongodb://h:27017/?replicaSet=rs0"},
                    Masked{"mongodb://h1:1,h2:2/db", "mongodb://h1:1,h2:2/db"},
                    Masked{"mongodb://u:p@h/", "mongodb://u:***@h/"},
                    Masked{"mongodb://u:secret/?w=1", "mongodb://u:***/?w=1"},
                    Masked{"mongodb://h:1,u:12ab,[::1]:27017", "mongodb://h:1,u:***,[::1]:27017"},
                    Masked{"nats://h:4222x", "nats://h:4222x"}, Masked{"nats://h:", "nats://h:"},
                    Masked{"mongodb://u@h/", "mongodb://u@h/"},
                    Masked{"mongodb://u:@h/", "mongodb://u:***@h/"},
                    Masked{"mongodb+srv://u:p%40ss@h/db?w=1", "mongodb+srv://u:***@h/db?w=1"},
                    Masked{"mongodb://u:p@ss@h/", "mongodb://u:***@h/"},
                    Masked{"mongodb://u:p/a?b@h/", "mongodb://u:***@h/"},
                    Masked{"mongodb://u:p:q@h/", "mongodb://u:***@h/"}, Masked{"u:p@h", "u:***@h"},
                    Masked{"", ""}, Masked{"mongodb://", "mongodb://"},
                    Masked{"mongo//u:p@h", "mongo//u:***@h"},
                    Masked{"mongodb://h/?tlsCertificateKeyFilePassword=abc&w=1",
                           "mongodb://h/?tlsCertificateKeyFilePassword=***&w=1"},
                    Masked{"mongodb://h/?w=1;PROXYPASSWORD=abc", "mongodb://h/?w=1;PROXYPASSWORD=***"},
                    Masked{"mongodb://h/?authMechanismProperties=AWS_SESSION_TOKEN:abc",
                           "mongodb://h/?authMechanismProperties=***"},
                    Masked{"mongodb://h/?authMechanismProperties=SERVICE_NAME:x",
                           "mongodb://h/?authMechanismProperties=SERVICE_NAME:x"}));

TEST(Mask, HidesHeadersThatHoldSecrets) {
  EXPECT_EQ(
      mask_lines("Content-Type: text/plain\nAuthorization: Bearer abc\nX-Api-Key: k\nIdempotency-Key: 7"),
      "Content-Type: text/plain\nAuthorization: ***\nX-Api-Key: ***\nIdempotency-Key: 7");
  EXPECT_EQ(mask_address("https://u:p@h/x?token=abc&a=b"), "https://u:***@h/x?token=***&a=b");
  EXPECT_EQ(mask_address("/x?token=abc&a=b@c"), "/x?token=***&a=b@c");
  EXPECT_EQ(mask_address("/x/token=abc"), "/x/token=abc");
  EXPECT_EQ(mask_address("orders.insert"), "orders.insert");
}

TEST(Mask, HidesSecretsInRulesAndTriggers) {
  EXPECT_EQ(mask_rule("CALL 'https://h/?token=abc' HEADER 'Authorization' = 'Bearer ''a''' HEADER 'X' = 'b'"),
            "CALL 'https://h/?token=***' HEADER 'Authorization' = '***' HEADER 'X' = 'b'");
  EXPECT_EQ(mask_rule(R"(headers: {"Authorization": "Bearer \"x\"", "X-A": "b"})"),
            R"(headers: {"Authorization": "***", "X-A": "b"})");
  EXPECT_EQ(mask_rule("webhook:\n  secret: abc def\n  secret_env: NAME\n  from: a\n"),
            "webhook:\n  secret: ***\n  secret_env: NAME\n  from: a\n");
  EXPECT_EQ(mask_rule("DO DROP KEY 'it''s', 'token'"), "DO DROP KEY 'it''s', 'token'");
}

}  // namespace
}  // namespace sluice::config
