#include "observe/readiness.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace sluice::observe {
namespace {

TEST(Readiness, IsNotGivenBeforeAnythingIsStated) {
  const Readiness readiness;
  EXPECT_FALSE(readiness.is_ready());
  EXPECT_EQ(readiness.json(), R"({"status":"NOT_READY","reasons":["starting"]})");
}

TEST(Readiness, NeedsEveryCondition) {
  Readiness readiness;
  readiness.not_ready("stream b", "no lease");
  readiness.not_ready("stream a", "opening");
  EXPECT_EQ(readiness.json(),
            R"({"status":"NOT_READY","reasons":["stream a: opening","stream b: no lease"]})");
  readiness.ready("stream a");
  EXPECT_EQ(readiness.reasons(), std::vector<std::string>{"stream b: no lease"});
  readiness.ready("stream b");
  EXPECT_TRUE(readiness.is_ready());
  EXPECT_EQ(readiness.json(), R"({"status":"READY"})");
}

TEST(Readiness, CanBeLostAndReasonsChange) {
  Readiness readiness;
  readiness.ready("s");
  readiness.not_ready("s", "reopening");
  readiness.not_ready("s", "no primary");
  EXPECT_EQ(readiness.reasons(), std::vector<std::string>{"s: no primary"});
}

TEST(Readiness, TakesAnEmptyReasonForNotReady) {
  Readiness readiness;
  readiness.not_ready("s", "");
  EXPECT_FALSE(readiness.is_ready());
}

TEST(Readiness, ForgetsAConditionAltogether) {
  Readiness readiness;
  readiness.ready("a");
  readiness.not_ready("b", "gone");
  readiness.forget("b");
  readiness.forget("never stated");
  EXPECT_TRUE(readiness.is_ready());
}

TEST(Readiness, ForgetsAConditionWithAllThatBelongsToIt) {
  Readiness readiness;
  readiness.not_ready("stream s partition 1", "opening");
  readiness.not_ready("stream s partition 1 lane 0", "denied");
  readiness.not_ready("stream s partition 10", "opening");
  readiness.forget_all("stream s partition 1");
  EXPECT_EQ(readiness.reasons(), std::vector<std::string>{"stream s partition 10: opening"});
}

TEST(Readiness, TellsNotesBesideBothAnswers) {
  Readiness readiness;
  readiness.ready("a");
  readiness.note("cluster", "stands by");
  EXPECT_TRUE(readiness.answer().ready);
  EXPECT_EQ(readiness.json(), R"({"status":"READY","notes":["cluster: stands by"]})");
  readiness.not_ready("a", "opening");
  EXPECT_FALSE(readiness.answer().ready);
  EXPECT_EQ(readiness.json(),
            R"({"status":"NOT_READY","reasons":["a: opening"],"notes":["cluster: stands by"]})");
  readiness.ready("a");
  readiness.note("cluster", "");
  EXPECT_EQ(readiness.json(), R"({"status":"READY"})");
}

TEST(Readiness, IsGivenWhileSomethingIsDegraded) {
  Readiness readiness;
  readiness.ready("a");
  readiness.degraded("outlet nats://n", "is down");
  EXPECT_TRUE(readiness.answer().ready);
  EXPECT_EQ(readiness.json(), R"({"status":"DEGRADED","degraded":["outlet nats://n: is down"]})");
  readiness.note("cluster", "stands by");
  readiness.not_ready("a", "stalled");
  EXPECT_FALSE(readiness.answer().ready);
  EXPECT_EQ(
      readiness.json(),
      R"({"status":"NOT_READY","reasons":["a: stalled"],"degraded":["outlet nats://n: is down"],"notes":["cluster: stands by"]})");
  readiness.ready("a");
  readiness.note("cluster", "");
  readiness.degraded("outlet nats://n", "");
  EXPECT_EQ(readiness.json(), R"({"status":"READY"})");
}

TEST(Readiness, TellsTheReasonsOfAConditionWithAllThatBelongsToIt) {
  Readiness readiness;
  EXPECT_EQ(readiness.all_reasons("stream s"), "");
  readiness.ready("stream s");
  readiness.not_ready("stream s stalled", "lane 1");
  readiness.not_ready("stream s lane 1", "denied");
  readiness.not_ready("stream sand", "opening");
  EXPECT_EQ(readiness.all_reasons("stream s"), "denied; lane 1");
}

TEST(Readiness, TellsTheReasonOfOneCondition) {
  Readiness readiness;
  readiness.not_ready("a", "opening");
  readiness.ready("b");
  EXPECT_EQ(readiness.reason("a"), "opening");
  EXPECT_EQ(readiness.reason("b"), "");
  EXPECT_EQ(readiness.reason("never stated"), "");
}

TEST(Readiness, EscapesReasons) {
  Readiness readiness;
  readiness.not_ready("s", "\"x\"\n");
  EXPECT_EQ(readiness.json(), R"({"status":"NOT_READY","reasons":["s: \"x\"\n"]})");
}

TEST(Readiness, ForgetsThePartsAndKeepsTheWhole) {
  Readiness readiness;
  readiness.not_ready("stream a", "no view can be written to");
  readiness.not_ready("stream a lane 0", "busy");
  readiness.not_ready("stream ab", "waiting");
  readiness.forget_parts("stream a");
  EXPECT_EQ(readiness.reasons(),
            (std::vector<std::string>{"stream a: no view can be written to", "stream ab: waiting"}));
}

TEST(Readiness, MayBeChangedAndReadByManyThreads) {
  Readiness readiness;
  const auto work = [&readiness](const std::string& name) {
    for (int i = 0; i < 1000; ++i) {
      readiness.not_ready(name, "busy");
      readiness.json();
      readiness.ready(name);
    }
  };
  std::thread one(work, "one");
  std::thread two(work, "two");
  one.join();
  two.join();
  EXPECT_TRUE(readiness.is_ready());
}

}  // namespace
}  // namespace sluice::observe
