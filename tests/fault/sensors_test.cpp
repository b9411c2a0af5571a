#include "support/sensors.hpp"

#include <random>
#include <thread>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// The services of deploy/examples/sensors and the worker between them, killed while readings come.
class SensorsUnderKills : public SensorsTest {
 protected:
  /// A few readings of each sensor, behind those before; `kill` is called in their midst.
  void send_and_kill(const std::function<void()>& kill) {
    sensors::Sending sending{.port = data_.port(),
                             .sensors = 5,
                             .readings = 30,
                             .seed = random_(),
                             .first_time_ms = 1'772'000'000'000 + 1'000'000 * round_++};
    std::atomic<int> sent = 0;
    std::exception_ptr failure;
    std::jthread sender([&] {
      try {
        sensors::send(sending, sent);
      } catch (...) {
        failure = std::current_exception();
      }
    });
    const int at = static_cast<int>(random_() % 120);
    soon([&] { return sent >= at || failure; });
    kill();
    sender.join();
    if (failure) std::rethrow_exception(failure);
  }

  std::mt19937_64 random_{random_seed()};

 private:
  std::int64_t round_ = 0;
};

TEST_F(SensorsUnderKills, EveryReadingOutOfRangeHasItsAlertInOrder) {
  start_services();
  start(rules()).ready();
  const auto restart = [](DemoService& service) {
    return [&service] {
      service.kill9();
      service.start();
    };
  };
  std::vector<std::function<void()>> kills = {restart(data_), restart(alerts_), restart(provider_),
                                              [&] { replace_worker(0, rules(), {}, 1, 0).ready(); },
                                              // Nobody takes alerts while a worker comes and goes.
                                              [&] {
                                                alerts_.kill9();
                                                replace_worker(0, rules(), {}, 1, 0).ready();
                                                alerts_.start();
                                              }};
  std::ranges::shuffle(kills, random_);
  for (const auto& kill : kills) send_and_kill(kill);
  EXPECT_TRUE(right());
  EXPECT_EQ(db().count("readings"), 5 * 5 * 30);
  EXPECT_GT(sensors::expected_alerts(db()), 5 * 30);
  EXPECT_EQ(metric("sluice_events_dead_total"), 0);
}

}  // namespace
}  // namespace sluice::test
