#include "nemesis/fleet.hpp"

#include <algorithm>
#include <csignal>

#include "nemesis/violation.hpp"
#include "support/deploy.hpp"
#include "workbench/eventually.hpp"

namespace sluice::nemesis {
namespace {

using namespace std::chrono_literals;
using test::Worker;

constexpr int cannot_start = 2;
constexpr int lease_lost = 3;

void expect_end(Worker& worker, int expected, const std::string& doing) {
  const int code = worker.wait(60s);
  if (code == expected) return;
  throw Violation(doing + " ended with " + std::to_string(code) + " instead of " + std::to_string(expected) +
                  "\n" + worker.story());
}

}  // namespace

Fleet::Fleet(int shards, std::function<std::vector<std::string>()> flags) : flags_(std::move(flags)) {
  workers_.resize(static_cast<std::size_t>(shards));
  for (std::size_t shard = 0; shard < workers_.size(); ++shard) workers_[shard] = make(shard);
}

std::unique_ptr<Worker> Fleet::make(std::size_t shard) const {
  return std::make_unique<Worker>(Worker::Options{.file = test::deploy_folder() + "/realworld.yaml",
                                                  .flags = flags_(),
                                                  .shard_count = static_cast<int>(workers_.size()),
                                                  .shard_index = static_cast<int>(shard)});
}

bool Fleet::is_ready(const Worker& worker) {
  return worker.out().find("__READY__") != std::string::npos;
}

void Fleet::kill(std::size_t shard) {
  worker(shard).kill9();
  workers_[shard] = make(shard);
}

void Fleet::stop(std::size_t shard) {
  worker(shard).ask_to_stop();
  expect_end(worker(shard), 0, "a worker that was told to stop");
  workers_[shard] = make(shard);
}

void Fleet::freeze(std::size_t shard) {
  worker(shard).signal(SIGSTOP);
  auto twin = make(shard);
  twin->ready();
  worker(shard).signal(SIGCONT);
  expect_end(worker(shard), lease_lost, "a worker that slept through the loss of its shard");
  workers_[shard] = std::move(twin);
}

void Fleet::tend() {
  for (std::size_t shard = 0; shard < workers_.size(); ++shard) {
    if (worker(shard).running()) continue;
    if (is_ready(worker(shard))) throw Violation("a worker ended by itself\n" + worker(shard).story());
    expect_end(worker(shard), cannot_start, "a worker that found no server");
    workers_[shard] = make(shard);
  }
}

void Fleet::await_ready() {
  const auto all_ready = [&] {
    tend();
    return std::ranges::all_of(workers_, [](const auto& worker) { return is_ready(*worker); });
  };
  if (workbench::eventually(test::patience(120s), all_ready)) return;
  for (const auto& worker : workers_) {
    if (!is_ready(*worker)) throw Violation("a worker did not become ready\n" + worker->story());
  }
}

void Fleet::end() {
  for (const auto& worker : workers_) worker->ask_to_stop();
  for (const auto& worker : workers_) expect_end(*worker, 0, "a worker that was told to stop");
}

double Fleet::metric(const std::string& name) const {
  double sum = 0;
  for (const auto& worker : workers_) sum += worker->metrics().sum(name);
  return sum;
}

}  // namespace sluice::nemesis
