#include "scenario.hpp"

#include <spdlog/fmt/fmt.h>

#include <cstdio>

#include "stage.hpp"

namespace storm {
namespace {

constexpr std::int64_t kPlainCursorEvents = 50'000;
constexpr double kPacedShare = 0.5;        // of the rate on the backlog, so that the worker keeps up
constexpr double kPacedMost = 5000;        // events per second; the writer shares the processors
constexpr std::uint32_t kPacedSteps = 50;  // statements per second of a paced storm

void say(const std::string& text) {
  std::fputs((text + "\n").c_str(), stderr);
  std::fflush(stderr);
}

void measure_round(const Options& options, const Server& server, Stage& stage, Scenario& out) {
  Workload& workload = stage.workload();
  const Moment from = stage.write_backlog();
  out.events = workload.events();
  out.documents = workload.documents();
  out.runs.push_back(stage.drain_backlog());
  say(fmt::format("{}: {} events/s", out.name, grouped(out.runs.back().events_per_second())));
  const std::int64_t events = out.runs.back().events;
  const auto bare = [&](const StreamShape& shape, std::int64_t count) {
    // With a batch size above the number of events, the server would also scan the worker's own writes.
    const int batch = static_cast<int>(std::min<std::int64_t>(options.cursor_batch, count));
    return drain(server.client(), stage.database(), shape, batch, from, count);
  };
  out.own_cursor.push_back(bare(stage.shape(), events));
  out.plain_cursor.push_back(bare({}, std::min(events, kPlainCursorEvents)));
  if (workload.documents() == 0) return;
  if (out.one.events == 0 && options.one_at_a_time > 0)
    out.one = one_at_a_time(server.client(), stage.database(), stage.rival(), workload, stage.shape(), from,
                            options.one_at_a_time);
  constexpr std::uint32_t kVariants = 4;
  const std::uint32_t first = stage.next_round();
  for (std::uint32_t i = 1; i < kVariants; ++i) stage.next_round();
  out.ceilings.push_back(ceilings(server.client(), stage.rival(), workload, options.write_batch, first));
}

/// The sizes of a paced storm: steps small enough for a steady rate, and enough events for the duration.
Sizes paced_sizes(const Options& options, const std::string& name, double rate) {
  Sizes sizes = options.sizes;
  const auto total = static_cast<std::uint32_t>(rate * options.live_seconds);
  sizes.chunk = std::max(static_cast<std::uint32_t>(rate) / kPacedSteps, 1U);
  sizes.favourites = sizes.tag_events = sizes.bare = total;
  if (name == "mixed")
    sizes.favourites = sizes.tag_events = total > sizes.users ? (total - sizes.users) / 2 : 1;
  return sizes;
}

void measure_live(const Options& options, Stage& stage, Scenario& out) {
  out.burst = stage.live(options.sizes, 0);
  out.paced_rate = options.live_rate > 0 ? options.live_rate
                                         : std::min(events_per_second(out).median * kPacedShare, kPacedMost);
  out.paced = stage.live(paced_sizes(options, out.name, out.paced_rate), out.paced_rate);
}

template <class Of, class From>
Spread spread_of(const std::vector<From>& items, Of of) {
  std::vector<double> values;
  for (const From& item : items) values.push_back(of(item));
  return spread(values);
}

/// Ratios of entries with the same index, which were measured in the same round, at most minutes apart.
template <class Other, class Of>
Spread round_ratio(const std::vector<Run>& runs, const std::vector<Other>& others, Of of) {
  std::vector<double> values;
  for (std::size_t i = 0; i < runs.size() && i < others.size(); ++i)
    values.push_back(runs[i].events_per_second() / of(others[i]));
  return spread(values);
}

/// Ratios of the rates without the first batch, on both sides.
Spread reading_ratio(const Scenario& scenario) {
  std::vector<double> values;
  for (std::size_t i = 0; i < scenario.runs.size(); ++i)
    values.push_back(scenario.runs[i].steady_rate() / scenario.own_cursor[i].steady_rate());
  return spread(values);
}

double target_of_ceiling(const std::string& name) {
  if (name == "favourites") return 0.60;
  return name == "users" ? 0.80 : 0;
}

}  // namespace

Scenario measure_scenario(const Options& options, const Server& server, const std::string& name) {
  Sizes sizes = options.sizes;
  if (name == "users") sizes.chunk = 0;  // one updateMany of all users
  Stage stage(server, options, name, sizes);
  Scenario out;
  out.name = name;
  out.shape = stage.shape();
  for (std::uint32_t round = 0; round < options.rounds; ++round) measure_round(options, server, stage, out);
  if (options.live) measure_live(options, stage, out);
  return out;
}

Spread events_per_second(const Scenario& scenario) {
  return spread_of(scenario.runs, [](const Run& run) { return run.events_per_second(); });
}

std::size_t best_ceiling(const Scenario& scenario) {
  std::size_t best = 0;
  double most = 0;
  for (std::size_t i = 0; !scenario.ceilings.empty() && i < scenario.ceilings.front().size(); ++i) {
    const double rate =
        spread_of(scenario.ceilings, [i](const auto& round) { return round[i].events_per_second; }).median;
    if (rate > most) {
      most = rate;
      best = i;
    }
  }
  return best;
}

std::vector<Ratio> ratios(const Scenario& scenario) {
  std::vector<Ratio> out;
  if (!scenario.ceilings.empty()) {
    const std::size_t best = best_ceiling(scenario);
    out.push_back({"of the write ceiling",
                   round_ratio(scenario.runs, scenario.ceilings,
                               [best](const auto& round) { return round[best].events_per_second; }),
                   target_of_ceiling(scenario.name)});
  }
  if (scenario.one.events > 0) {
    const bool counters = scenario.name == "favourites" || scenario.name == "tags";
    const double one = scenario.one.events_per_second();
    const Spread ours = events_per_second(scenario);
    out.push_back({"times one at a time",
                   {ours.median / one, ours.least / one, ours.most / one},
                   counters ? 40.0 : 0.0});
  }
  if (scenario.name == "bare") out.push_back({"of the bare cursor", reading_ratio(scenario), 0.85});
  return out;
}

}  // namespace storm
