#include <algorithm>
#include <cstdio>
#include <functional>

#include "commands.hpp"
#include "report.hpp"
#include "scale_parts.hpp"
#include "webhook_parts.hpp"

namespace storm {
namespace {

Spread spread_of(const ScaleRow& row, const std::function<double(const FleetRun&)>& of) {
  std::vector<double> values;
  for (const FleetRun& run : row.rounds) values.push_back(of(run));
  return spread(values);
}

Spread mongod_us(const ScaleRow& row) {
  return spread_of(row, [&](const FleetRun& run) { return run.mongod_cpu * 1e6 / row.events; });
}

Spread rate(const ScaleRow& row) {
  return spread_of(row, [&](const FleetRun& run) { return row.events / run.seconds; });
}

Spread worker_us(const ScaleRow& row) {
  return spread_of(row, [&](const FleetRun& run) { return run.worker_cpu * 1e6 / row.events; });
}

/// Of the worker that took the most.
Spread peak_rss(const ScaleRow& row) {
  return spread_of(row, [](const FleetRun& run) { return std::ranges::max(run.peak_rss_mb); });
}

Json json_of(const ScaleRow& row, const ScaleRow& first) {
  Json rss = Json::list();
  for (const double mb : row.rounds.back().peak_rss_mb) rss.add(mb);
  return Json::object()
      .set("name", row.name)
      .set("events", row.events)
      .set("mongod_us_per_event", json_of(mongod_us(row)))
      .set("mongod_of_first", mongod_us(row).median / mongod_us(first).median)
      .set("events_per_second", json_of(rate(row)))
      .set("rate_of_first", rate(row).median / rate(first).median)
      .set("worker_us_per_event", json_of(worker_us(row)))
      .set("peak_rss_mb", json_of(peak_rss(row)))
      .set("peak_rss_mb_of_each", rss);
}

/// Each group's rows are compared with its first one.
void report(const std::vector<ScaleRow>& rows, Table& table, Json& list) {
  const ScaleRow& first = rows.front();
  for (const ScaleRow& row : rows) {
    table.row({row.name, fixed(mongod_us(row).median),
               fixed(mongod_us(row).median / mongod_us(first).median, 2), grouped(rate(row).median),
               fixed(rate(row).median / rate(first).median, 2), fixed(worker_us(row).median),
               fixed(peak_rss(row).median)});
    list.add(json_of(row, first));
  }
}

}  // namespace

/// What a change costs the server when the work is divided: among partitions, rules, instances; and the rate
/// of a webhook beside one that is slow or silent.
int run_scale(const Options& options, const Server& server) {
  Table table({"", "mongod us/event", "of first", "events/s", "of first", "worker us/event", "peak MB"});
  Json rows = Json::list();
  if (options.neighbours_only) {
    Follower follower(options, server);
    std::printf("%s", table_of(measure_neighbours(options, follower)).c_str());
    return 0;
  }
  const bool all = !options.instances_only && !options.rules_only;
  if (all) report(measure_partitions(options, server), table, rows);
  if (!options.rules_only) report(measure_instances(options, server), table, rows);
  if (!options.instances_only) {
    for (const auto& group : measure_rules(options, server)) report(group, table, rows);
  }
  if (!all) {
    std::printf("%s\n", table.text().c_str());
    Json json = heading(options, server);
    json.set("rows", rows);
    const char* name = options.rules_only ? "scale-rules" : "scale-instances";
    std::printf("%s\n", save(options, name, json).c_str());
    return 0;
  }
  Follower follower(options, server);
  const std::vector<NeighbourRound> neighbours = measure_neighbours(options, follower);
  std::printf("%s\n%s", table.text().c_str(), table_of(neighbours).c_str());
  Json json = heading(options, server);
  json.set("rows", rows).set("neighbours", json_of(neighbours, options.neighbour_events));
  std::printf("%s\n", save(options, "scale", json).c_str());
  return 0;
}

}  // namespace storm
