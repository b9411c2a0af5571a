#include "sinks/jetstream/answer.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::jetstream {
namespace {

TEST(Answers, StoredAndKnownAlready) {
  const Answer stored = read_answer(R"({"stream":"S","seq":12})");
  EXPECT_FALSE(stored.error);
  EXPECT_FALSE(stored.duplicate);
  const Answer known = read_answer(R"({"stream":"S","seq":12,"duplicate":true})");
  EXPECT_FALSE(known.error);
  EXPECT_TRUE(known.duplicate);
}

/// Only what is wrong with the message itself is its own fault; nothing else may end as a dead letter.
TEST(Answers, ErrorsByWhatTheyAskFor) {
  const auto error = [](const std::string& code) {
    return *read_answer(R"({"error":{"code":503,"err_code":)" + code +
                        R"(,"description":"why"},"stream":"S","seq":0})")
                .error;
  };
  EXPECT_EQ(error("10054").kind, ErrorKind::own_fault);
  EXPECT_EQ(error("10097").kind, ErrorKind::own_fault);
  for (const char* code : {"10077", "10023", "10039", "10076", "10060", "10059", "1"}) {
    EXPECT_EQ(error(code).kind, ErrorKind::unavailable) << code;
  }
  EXPECT_NE(error("10077").message.find("purge it"), std::string::npos);
  EXPECT_EQ(error("10077").code, 10077);
  EXPECT_EQ(nobody_takes_it().kind, ErrorKind::unavailable);
}

TEST(Answers, WhatIsNoAnswerIsNoSuccess) {
  for (const char* text : {"", "+OK", "{", "[]", "{}", R"({"stream":"S"})"}) {
    EXPECT_TRUE(read_answer(text).error) << text;
  }
}

}  // namespace
}  // namespace sluice::sinks::jetstream
