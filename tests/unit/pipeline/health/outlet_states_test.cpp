#include "pipeline/health/outlet_states.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "observe/log/log.hpp"

namespace sluice::pipeline {
namespace {

constexpr const char* nats = "nats://n:4222";
constexpr const char* hook = "http://h:80";

class OutletStatesTest : public testing::Test {
 protected:
  OutletStatesTest() {
    states_.add(nats, "orders");
    states_.add(nats, "stock");
    states_.add(nats, "orders");
    states_.add(hook, "mail");
    readiness_.ready("stream shop");
  }

  void fail(const std::string& who, const std::string& server = nats) {
    states_.failed(who, server, {ErrorKind::unavailable, 7, "away", false, false}, 12);
  }
  bool up(const std::string& server) const {
    const std::string page = metrics_.render();
    const std::string series = "sluice_outlet_up{outlet=\"" + server + "\",stream=\"shop\"} ";
    const auto at = page.find(series);
    EXPECT_NE(at, std::string::npos) << page;
    return at != std::string::npos && page[at + series.size()] == '1';
  }
  int lines() const {
    const std::string text = lines_.str();
    return static_cast<int>(std::ranges::count(text, '\n'));
  }
  bool says(const std::string& text) const { return lines_.str().find(text) != std::string::npos; }

  std::ostringstream lines_;
  std::shared_ptr<spdlog::logger> logger_ =
      observe::make_logger("info", LogFormat::json, std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_));
  observe::Readiness readiness_;
  observe::Metrics metrics_;
  OutletStates states_{observe::StreamLog(*logger_, "shop", "shop"), "shop", readiness_, metrics_};
};

TEST_F(OutletStatesTest, AreUpUntilSomebodyWaits) {
  EXPECT_TRUE(up(nats));
  EXPECT_TRUE(up(hook));
  EXPECT_EQ(readiness_.json(), R"({"status":"READY"})");
  ASSERT_EQ(states_.status().size(), 2U);
  EXPECT_EQ(states_.status()[1].name, nats);
  EXPECT_EQ(states_.status()[1].rules, (std::vector<std::string>{"orders", "stock"}));
  EXPECT_EQ(states_.status()[1].error, "");
}

TEST_F(OutletStatesTest, AreDownWhileAnybodyWaits) {
  fail("shop lane 0");
  fail("shop lane 1");
  EXPECT_FALSE(up(nats));
  EXPECT_TRUE(up(hook));
  EXPECT_TRUE(readiness_.is_ready());
  EXPECT_EQ(readiness_.json(),
            R"({"status":"DEGRADED","degraded":["stream shop outlet nats://n:4222: down, and its messages )"
            R"x(wait (rules orders, stock): away (code 7)"]})x");
  EXPECT_EQ(states_.status()[1].error, "away (code 7)");
  states_.works("shop lane 0");
  EXPECT_FALSE(up(nats));
  states_.works("shop lane 1");
  EXPECT_TRUE(up(nats));
  EXPECT_EQ(readiness_.json(), R"({"status":"READY"})");
  EXPECT_EQ(states_.status()[1].error, "");
}

TEST_F(OutletStatesTest, TellALineForAllLanesAsItGoesDownAndOneAsItComesUp) {
  for (int i = 0; i < 100; ++i) fail("shop lane " + std::to_string(i % 4));
  EXPECT_EQ(lines(), 1) << lines_.str();
  EXPECT_TRUE(says(R"x("message":"shop: outlet nats://n:4222 is down (rules orders, stock): away (code 7); )x"
                   R"(retrying, events waiting: 12","stream":"shop","rule":"orders, stock","code":7})"))
      << lines_.str();
  for (int i = 0; i < 4; ++i) states_.works("shop lane " + std::to_string(i));
  EXPECT_EQ(lines(), 2) << lines_.str();
  EXPECT_TRUE(says("outlet nats://n:4222 is up again after ")) << lines_.str();
  EXPECT_TRUE(says("and 100 tries (rules orders, stock)")) << lines_.str();
}

TEST_F(OutletStatesTest, ALaneThatWaitsForAnotherWaitsForThisOneNoMore) {
  fail("shop lane 0");
  fail("shop lane 0", hook);
  EXPECT_TRUE(up(nats));
  EXPECT_FALSE(up(hook));
}

TEST_F(OutletStatesTest, APartThatEndsLeavesNothingDown) {
  fail("shop partition 1 lane 0");
  fail("shop partition 10 lane 0");
  states_.forget("shop partition 1 ");
  EXPECT_FALSE(up(nats));
  states_.forget("shop partition 10 ");
  EXPECT_TRUE(up(nats));
  EXPECT_TRUE(says("is down"));
  EXPECT_FALSE(says("is up again")) << "nobody knows";
}

TEST_F(OutletStatesTest, TheSeriesGoWithTheStream) {
  auto other = std::make_unique<OutletStates>(observe::StreamLog(*logger_), "other", readiness_, metrics_);
  other->add(hook, "mail");
  EXPECT_NE(metrics_.render().find("stream=\"other\""), std::string::npos);
  other.reset();
  EXPECT_EQ(metrics_.render().find("stream=\"other\""), std::string::npos);
  EXPECT_TRUE(up(hook));
}

}  // namespace
}  // namespace sluice::pipeline
