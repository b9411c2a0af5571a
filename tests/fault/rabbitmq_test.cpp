#include <thread>

#include "support/rabbit_fixture.hpp"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// A consumer's view while broker, network and workers fail: nothing lost, each document's changes in order.
class RabbitFaults : public RabbitTest {
 protected:
  static constexpr int documents = 100;

  /// A broker of the test's own, so that it can be hurt.
  RabbitServer& rabbitmq() override {
    if (!own_) own_ = std::make_unique<RabbitServer>(RabbitServer::Options{.behind_proxy = true});
    return *own_;
  }
  static std::vector<std::string> flags() {
    return {"--batch-docs",           "50", "--rabbitmq-ack-ms", "1000",
            "--rabbitmq-heartbeat-s", "1",  "--lease-ms",        "2000"};
  }

 private:
  std::unique_ptr<RabbitServer> own_;
};

/// With a memory alarm the broker reads no more from publishers. Nothing is sent twice when it ends.
TEST_F(RabbitFaults, AMemoryAlarmIsWaitedFor) {
  declare();
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  rabbitmq().control({"set_vm_memory_high_watermark", "0"});
  // The broker blocks a connection when the next message arrives.
  write_rounds(5);
  EXPECT_TRUE(waits_for("takes no messages (low on memory)")) << worker().get("/readyz").body;
  EXPECT_EQ(metric("sluice_outlet_up"), 0);
  write_rounds(5);
  rabbitmq().control({"set_vm_memory_high_watermark", "0.4"});
  EXPECT_TRUE(told_in_order());
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

/// A suspended channel loses what is sent to it, as far as its publisher can tell.
TEST_F(RabbitFaults, WhatIsNeverConfirmedIsSentAgainOnANewChannel) {
  declare();
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  rabbitmq().control({"eval", "[sys:suspend(Channel) || Channel <- rabbit_channel:list()]."});
  write_rounds(3);
  EXPECT_TRUE(waits_for("does not confirm")) << worker().get("/readyz").body;
  EXPECT_TRUE(told_in_order(1'000'000));
  EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

TEST_F(RabbitFaults, AFullQueueInAStorm) {
  declare({{"x-max-length", std::int64_t{200}}, {"x-overflow", "reject-publish"}});
  start_rabbit(rabbit_file(), flags()).ready();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (int round = 0; round < 30; ++round) {
      EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 0; }, 60s)) << worker().story();
      messages();
    }
  }
  EXPECT_TRUE(told_in_order(1'000'000));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

}  // namespace
}  // namespace sluice::test
