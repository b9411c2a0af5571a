#include "sinks/kafka/exactly_once/position_record.hpp"

#include <gtest/gtest.h>

namespace sluice::sinks::kafka {
namespace {

TEST(KafkaPositionRecord, IsReadAsItWasWritten) {
  const PositionRecord whole{1LL << 40, "82AB", {"shop.orders 82AA", "a \"b\""}, true};
  EXPECT_EQ(PositionRecord::parse(whole.text()), whole) << whole.text();
  const PositionRecord first{1, "", {}, false};
  EXPECT_EQ(first.text(), R"({"epoch":1,"position":""})");
  EXPECT_EQ(PositionRecord::parse(first.text()), first);
}

TEST(KafkaPositionRecord, IsNotReadFromOtherTexts) {
  for (const char* text : {"", "x", "{}", "[1]", R"({"position":"82"})", R"({"epoch":1)"})
    EXPECT_FALSE(PositionRecord::parse(text)) << text;
}

}  // namespace
}  // namespace sluice::sinks::kafka
