#include "fleet.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(50);  // each reply of /metrics costs the workers CPU
constexpr double kPatience = 600;                      // seconds until a storm is done
constexpr double kEvenPatience = 120;
constexpr auto kIdle = std::chrono::seconds(2);

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Fleet::Fleet(const Server& server, const WorkerOptions& options, int workers) : server_(server) {
  count_from_here();
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(options));
}

void Fleet::count_from_here() {
  start_ = Clock::now();
  mongod_before_ = server_.usage().cpu_seconds;
  workers_before_ = workers_cpu();
}

double Fleet::workers_cpu() const {
  double seconds = 0;
  for (const auto& worker : workers_) seconds += worker->usage().cpu_seconds;
  return seconds;
}

void Fleet::wait_ready() {
  for (const auto& worker : workers_) worker->wait_ready();
}

void Fleet::wait_even(int partitions) {
  const auto start = Clock::now();
  const double each = static_cast<double>(partitions) / static_cast<double>(workers_.size());
  const auto even = [&](const auto& worker) {
    return worker->metrics().value("sluice_cluster_partitions_held") == each;
  };
  while (!std::ranges::all_of(workers_, even)) {
    if (seconds_since(start) > kEvenPatience)
      throw std::runtime_error("the workers do not share the partitions evenly");
    std::this_thread::sleep_for(kPoll);
  }
}

void Fleet::wait_shared() {
  const auto start = Clock::now();
  const auto cursors = [this] {
    double sum = 0;
    for (const auto& worker : workers_) sum += worker->metrics().value("sluice_feed_cursors");
    return sum;
  };
  while (cursors() != 1) {
    if (seconds_since(start) > kEvenPatience) throw std::runtime_error("the workers do not share a cursor");
    std::this_thread::sleep_for(kPoll);
  }
}

void Fleet::wait_relayed() {
  const auto start = Clock::now();
  const auto writes = [](const auto& worker) { return worker->metrics().value("sluice_relay_writer") == 1; };
  const auto caught_up = [](const auto& worker) {
    return worker->metrics().value("sluice_relay_writer_behind_seconds") == 0;
  };
  while (std::ranges::none_of(workers_, writes) || !std::ranges::all_of(workers_, caught_up)) {
    if (seconds_since(start) > kEvenPatience) throw std::runtime_error("the relay does not catch up");
    std::this_thread::sleep_for(kPoll);
  }
}

double Fleet::resolved() const {
  double all = 0;
  for (const auto& worker : workers_) all += worker->metrics().resolved();
  return all;
}

FleetRun Fleet::run_until(const Done& done) {
  while (!done()) {
    for (const auto& worker : workers_) worker->expect_running();
    if (seconds_since(start_) > kPatience)
      throw std::runtime_error("the workers do not get through the storm");
    std::this_thread::sleep_for(kPoll);
  }
  FleetRun run;
  run.seconds = seconds_since(start_);
  run.mongod_cpu = server_.usage().cpu_seconds - mongod_before_;
  run.worker_cpu = workers_cpu() - workers_before_;
  for (const auto& worker : workers_) run.peak_rss_mb.push_back(worker->usage().peak_rss_mb);
  return run;
}

void Fleet::stop() {
  for (const auto& worker : workers_) {
    if (worker->metrics().value("sluice_events_dead_total") > 0)
      throw std::runtime_error("a worker made dead letters");
    worker->stop();
  }
}

double mongod_cpu_of_start(const Server& server, const WorkerOptions& options, int partitions) {
  double cpu = 0;
  // The first one also makes the state that the second one finds.
  for (int i = 0; i < 2; ++i) {
    Fleet fleet(server, options, 1);
    fleet.wait_ready();
    if (partitions > 0) fleet.wait_even(partitions);
    cpu = fleet.run_until([] { return true; }).mongod_cpu;
    fleet.stop();
  }
  return cpu;
}

double mongod_idle(const Server& server) {
  const double before = server.usage().cpu_seconds;
  std::this_thread::sleep_for(kIdle);
  return (server.usage().cpu_seconds - before) / std::chrono::duration<double>(kIdle).count();
}

}  // namespace storm
