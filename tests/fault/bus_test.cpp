#include <cstdlib>

#include "support/bus.hpp"
#include "support/consumer_fixture.hpp"
#include "support/skipping.hpp"

namespace sluice::test {
namespace {

/// A consumer's view while the bus, the network and workers fail: nothing lost, each document's changes in
/// order, nothing repeated where the bus can tell.
class BusFaults : public ConsumerTest, public testing::WithParamInterface<BusKind> {
 protected:
  static constexpr int documents = 100;
  /// So that what a consumer reads back stays small, however often the server is killed.
  static constexpr auto storm_pause = std::chrono::milliseconds(20);

  void SetUp() override {
    const std::string& why = GetParam().why_not;
    skip_if(why);
    if (!why.empty()) return;
    bus_ = GetParam().make();
    bus_->declare(db().database());
    file_ =
        file("  - name: out\n    publish:\n      from: items\n      " + bus_->rule() + "\n" + brief_waits);
  }
  Bus& bus() { return *bus_; }
  std::string scheme() const { return bus_->scheme(); }
  void start_worker() {
    constexpr int acknowledged_ms = 1000;
    start_worker({"--batch-docs", "50", "--lease-ms", "2000"}, acknowledged_ms);
  }
  void start_worker(std::vector<std::string> flags, int acknowledged_ms) {
    for (const std::string& flag : bus_->flags(acknowledged_ms)) flags.push_back(flag);
    start(file_, flags).ready();
  }
  std::optional<std::int64_t> count_messages() override {
    try {
      return bus_->count();
    } catch (const std::runtime_error&) {
      return std::nullopt;
    }
  }
  void read_into(SequenceCheck& check) override { bus_->read_into(check); }
  /// How often the server is killed. SLUICE_BUS_KILLS says otherwise.
  static int kills() {
    const char* stated = std::getenv("SLUICE_BUS_KILLS");
    return stated == nullptr ? GetParam().kills : std::atoi(stated);
  }

 private:
  /// Of librdkafka, so that it finds out soon that a broker does not answer.
  static constexpr const char* brief_waits = "kafka: { properties: { socket.timeout.ms: 2000 } }\n";

  std::unique_ptr<Bus> bus_;
  std::string file_;
};

TEST_P(BusFaults, TheServerKilledInAStorm) {
  start_worker();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer(storm_pause);
    for (int kill = 0; kill < kills(); ++kill) {
      EXPECT_TRUE(goes_on(500)) << "after kill " << kill;
      bus().kill9();
      bus().restart();
    }
  }
  EXPECT_TRUE(told_in_order(bus().repeated_after_failures())) << kills() << " kills";
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

TEST_P(BusFaults, AServerThatIsGoneIsTold) {
  start_worker();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  for (int kill = 0; kill < 2; ++kill) {
    bus().kill9();
    write_rounds(3);
    EXPECT_TRUE(waits_for(scheme())) << worker().get("/readyz").body;
    EXPECT_EQ(metric("sluice_outlet_up"), 0);
    bus().restart();
    write_rounds(3);
    ASSERT_TRUE(told_in_order(bus().repeated_after_failures()));
    EXPECT_TRUE(soon([&] { return metric("sluice_outlet_up") == 1; }));
    EXPECT_TRUE(worker().logs("is up again"));
    EXPECT_TRUE(soon([&] { return worker().well(); }));
  }
}

TEST_P(BusFaults, AServerThatHangs) {
  start_worker();
  write_numbers(documents, 1);
  ASSERT_TRUE(told_in_order());
  bus().stop();
  write_rounds(3);
  EXPECT_TRUE(waits_for(scheme())) << worker().get("/readyz").body;
  bus().cont();
  EXPECT_TRUE(told_in_order(bus().repeated_after_failures()));
}

TEST_P(BusFaults, ANetworkThatIsCutStallsAndForgets) {
  start_worker();
  write_numbers(documents, 1);
  {
    const std::jthread storm = writer();
    for (int round = 0; round < 2; ++round) {
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      bus().network().cut();
      EXPECT_TRUE(waits_for(scheme())) << worker().get("/readyz").body;
      bus().network().heal();
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      bus().network().stall();
      EXPECT_TRUE(waits_for(scheme())) << worker().get("/readyz").body;
      bus().network().heal();
      EXPECT_TRUE(goes_on(500)) << "round " << round;
      bus().network().forget_connections();
    }
    EXPECT_TRUE(goes_on(500));
  }
  EXPECT_TRUE(told_in_order(bus().repeated_after_failures()));
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
  terminate_all();
}

TEST_P(BusFaults, WorkersKilledAgainAndAgain) {
  start_worker();
  write_numbers(documents, 2);
  for (int kill = 0; kill < 4; ++kill) {
    const double before = metric("sluice_events_published_total");
    write_rounds(5);
    ASSERT_TRUE(soon([&] { return metric("sluice_events_published_total") > before; }));
    worker(workers() - 1).kill9();
    worker(workers() - 1).wait();
    forget_workers();
    start_worker();
  }
  EXPECT_TRUE(told_in_order(bus().repeated_after_kills())) << "what was sent last may be sent again";
}

/// The limit of a drain counts, and not that of an acknowledgement.
TEST_P(BusFaults, AStopWaitsForNoAcknowledgement) {
  constexpr int messages = 6;
  start_worker({"--drain-ms", "300"}, 600'000);
  bus().stop();
  write_numbers(3, 1);
  ASSERT_TRUE(soon([&] { return metric("sluice_events_in_flight") == messages; }));
  EXPECT_EQ(worker().terminate(), 0);
  const std::string said = worker().err();
  EXPECT_NE(said.find("the position is stored"), std::string::npos) << said;
  EXPECT_EQ(said.find("did not finish in time"), std::string::npos) << said;
  forget_workers();
  bus().cont();
  start_worker();
  EXPECT_TRUE(told_in_order(std::min<std::size_t>(messages, bus().repeated_after_kills())));
}

std::string bus_name(const testing::TestParamInfo<BusKind>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Buses, BusFaults, testing::ValuesIn(bus_kinds()), bus_name);

}  // namespace
}  // namespace sluice::test
