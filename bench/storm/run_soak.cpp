#include <algorithm>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "commands.hpp"
#include "report.hpp"
#include "stage.hpp"

namespace storm {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMostCycles = 1000;  // each storm uses its own range of ids, and the ranges are limited
constexpr auto kPatience = 120s;
constexpr int kLinesPrinted = 20;

/// The state at the end of a cycle, after its idle time.
struct Cycle {
  double minutes;
  double events;
  Usage usage;
};

double minutes_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count() / 60;
}

void wait_for_end(Worker& worker, double events) {
  const auto deadline = Clock::now() + kPatience;
  for (;;) {
    const Metrics now = worker.metrics();
    if (now.resolved() >= events && now.resolved() == now.read()) return;
    worker.expect_running();
    if (Clock::now() > deadline) throw std::runtime_error("the worker did not get through a storm");
    std::this_thread::sleep_for(50ms);
  }
}

std::vector<Cycle> soak(const Options& options, Stage& stage) {
  Worker worker(stage.worker());
  worker.wait_ready();
  std::vector<Cycle> cycles;
  double events = 0;
  const auto start = Clock::now();
  while (minutes_since(start) < options.minutes && cycles.size() < kMostCycles) {
    stage.write_backlog();
    events += static_cast<double>(stage.workload().events());
    wait_for_end(worker, events);
    stage.workload().verify(stage.client(), stage.database());
    std::this_thread::sleep_for(std::chrono::duration<double>(options.idle_seconds));
    cycles.push_back({minutes_since(start), events, worker.usage()});
  }
  worker.stop();
  return cycles;
}

/// The memory in a third of the cycles: 0 is the first third, 2 the last.
Spread rss_of(const std::vector<Cycle>& cycles, std::size_t third) {
  std::vector<double> values;
  for (std::size_t i = cycles.size() * third / 3; i < cycles.size() * (third + 1) / 3; ++i)
    values.push_back(cycles[i].usage.rss_mb);
  return spread(values);
}

Json json_of(const Cycle& cycle) {
  return Json::object()
      .set("minutes", cycle.minutes)
      .set("events", cycle.events)
      .set("rss_mb", cycle.usage.rss_mb)
      .set("peak_rss_mb", cycle.usage.peak_rss_mb)
      .set("descriptors", cycle.usage.descriptors)
      .set("threads", cycle.usage.threads)
      .set("cpu_seconds", cycle.usage.cpu_seconds);
}

void print(const std::vector<Cycle>& cycles) {
  Table table({"cycle", "minutes", "events", "RSS MB", "peak MB", "descriptors", "threads", "CPU s"});
  const std::size_t step = std::max<std::size_t>(1, cycles.size() / kLinesPrinted);
  for (std::size_t i = 0; i < cycles.size(); i += step) {
    const Cycle& one = cycles[i];
    table.row({std::to_string(i + 1), fixed(one.minutes), grouped(one.events), fixed(one.usage.rss_mb, 2),
               fixed(one.usage.peak_rss_mb, 2), std::to_string(one.usage.descriptors),
               std::to_string(one.usage.threads), fixed(one.usage.cpu_seconds)});
  }
  std::printf("%s", table.text().c_str());
}

}  // namespace

/// Runs one worker for a given time, alternately under a mixed storm and idle. The lease is renewed and the
/// idle cursor polled ten times as often as by default. Each storm is verified.
int run_soak(const Options& options, const Server& server) {
  Options quick_clock = options;
  quick_clock.worker_flags.insert(quick_clock.worker_flags.end(), {"--lease-ms=1000", "--max-await-ms=50"});
  Sizes sizes = options.sizes;
  sizes.users = std::min(sizes.users, 200U);
  sizes.favourites = std::min(sizes.favourites, 5000U);
  sizes.tag_events = std::min(sizes.tag_events, 2000U);
  Stage stage(server, quick_clock, "mixed", sizes);
  const std::vector<Cycle> cycles = soak(quick_clock, stage);
  print(cycles);
  const Spread first = rss_of(cycles, 0);
  const Spread last = rss_of(cycles, 2);
  std::printf("RSS: median %.2f MB in the first third, %.2f MB in the last\n", first.median, last.median);
  Json rows = Json::list();
  for (const Cycle& cycle : cycles) rows.add(json_of(cycle));
  const Json out = heading(options, server)
                       .set("idle_seconds", options.idle_seconds)
                       .set("cycles", cycles.size())
                       .set("rss_mb_first_third", json_of(first))
                       .set("rss_mb_last_third", json_of(last))
                       .set("soak", rows);
  std::printf("%s\n", save(options, "soak", out).c_str());
  return 0;
}

}  // namespace storm
