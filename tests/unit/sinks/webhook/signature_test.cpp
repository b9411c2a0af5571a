#include "sinks/webhook/signature.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::webhook {
namespace {

/// Computed by `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret`.
TEST(Signature, IsTheHmacOfTimeAndBody) {
  EXPECT_EQ(sign("secret", 1'700'000'000, R"({"a":1})"),
            "t=1700000000,v1=49f24e537407743fa4a0242bb63b94b9a47ee99cbbe071ccd8a22550ae411686");
}

TEST(Signature, DependsOnEachOfThem) {
  const std::string one = sign("secret", 1, "body");
  EXPECT_EQ(one, sign("secret", 1, "body"));
  EXPECT_NE(one.substr(4), sign("secret", 2, "body").substr(4));
  EXPECT_NE(one, sign("other", 1, "body"));
  EXPECT_NE(one, sign("secret", 1, ""));
}

}  // namespace
}  // namespace sluice::sinks::webhook
