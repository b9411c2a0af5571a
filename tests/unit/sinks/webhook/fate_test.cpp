#include "sinks/webhook/fate.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks {
namespace {

using Kind = sinks::http::Answer::Kind;
using Verdict = WebhookPlan::Verdict;

sinks::http::Answer answered(unsigned status, const std::string& text = "") {
  return {Kind::answered, status, text, std::nullopt, {}};
}

class WebhookFate : public testing::Test {
 protected:
  WebhookFate() {
    plan_.service.origin = "http://h";
    plan_.attempts = {1, 2, 3, 4};
  }
  Verdict verdict(unsigned status) const { return fate_of(plan_, answered(status)).verdict; }
  std::optional<int> most(const sinks::http::Answer& answer) const { return fate_of(plan_, answer).most; }
  WebhookPlan plan_;
};

TEST_F(WebhookFate, FollowsTheStatus) {
  for (const unsigned status : {200U, 201U, 202U, 204U, 299U})
    EXPECT_EQ(verdict(status), Verdict::done) << status;
  for (const unsigned status : {400U, 401U, 404U, 409U, 410U, 413U, 422U}) {
    EXPECT_EQ(verdict(status), Verdict::dead) << status;
  }
  for (const unsigned status : {301U, 302U, 307U, 308U, 408U, 425U, 429U, 500U, 502U, 503U, 504U}) {
    EXPECT_EQ(verdict(status), Verdict::retry) << status;
  }
}

TEST_F(WebhookFate, EachKindHasItsOwnLimit) {
  EXPECT_EQ(most({Kind::broken, 0, "", std::nullopt, {}}), 1);
  EXPECT_EQ(most({Kind::timed_out, 0, "", std::nullopt, {}}), 2);
  EXPECT_EQ(most(answered(408)), 2);
  EXPECT_EQ(most(answered(500)), 3);
  EXPECT_EQ(most(answered(504)), 3);
  for (const unsigned status : {425U, 429U, 503U}) EXPECT_EQ(most(answered(status)), 4) << status;
  plan_.attempts = {};
  EXPECT_FALSE(most(answered(500)));
}

TEST_F(WebhookFate, WhatTheRuleSaysOfAStatusComesFirst) {
  plan_.statuses = {{409, Verdict::done},
                    {503, Verdict::dead},
                    {200, Verdict::dead},
                    {423, Verdict::retry},
                    {500, Verdict::retry}};
  EXPECT_EQ(verdict(409), Verdict::done);
  EXPECT_EQ(verdict(503), Verdict::dead);
  EXPECT_EQ(verdict(200), Verdict::dead);
  EXPECT_EQ(verdict(423), Verdict::retry);
  EXPECT_FALSE(most(answered(423))) << "no kind of its own, so no limit";
  EXPECT_EQ(most(answered(500)), 3);
  EXPECT_EQ(verdict(201), Verdict::done);
}

TEST_F(WebhookFate, IsToldWithServiceStatusAndBody) {
  EXPECT_EQ(text_of(plan_, "POST", answered(422, "no such order")),
            "http://h, POST: answered 422: no such order");
  EXPECT_NE(text_of(plan_, "POST", answered(301)).find("redirects; redirects are not followed"),
            std::string::npos);
  sinks::http::Answer redirect = answered(308);
  redirect.location = "https://new/place?token=abc";
  EXPECT_NE(text_of(plan_, "POST", redirect)
                .find("redirects to https://new/place?token=***; redirects are not followed"),
            std::string::npos);
  EXPECT_NE(text_of(plan_, "PUT", answered(401)).find("Authorization"), std::string::npos);
  EXPECT_EQ(text_of(plan_, "POST", {Kind::broken, 0, "no connection: refused", std::nullopt, {}}),
            "http://h, POST: no connection: refused");
}

}  // namespace
}  // namespace sluice::sinks
