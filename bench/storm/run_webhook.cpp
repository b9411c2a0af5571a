#include <cstdio>

#include "commands.hpp"
#include "webhook_parts.hpp"

namespace storm {
/// Measures rules that call a service or write documents for each document of an updateMany, and bare clients
/// that send the same prepared data. Also measures how a slow or silent service affects a fast one.
int run_webhook(const Options& options, const Server& server) {
  Follower follower(options, server);
  Json rows = Json::list();
  Table table(reaction_heads());
  for (const auto measure : {measure_calls, measure_writes}) {
    if (options.writes_only && measure == measure_calls) continue;
    for (const Reaction& reaction : measure(options, follower)) {
      table.row(row_of(reaction));
      rows.add(json_of(reaction));
    }
  }
  std::printf("%s\n", table.text().c_str());
  Json json = heading(options, server);
  json.set("concurrency", options.concurrency).set("rows", rows);
  if (!options.writes_only) {
    const std::vector<NeighbourRound> neighbours = measure_neighbours(options, follower);
    std::printf("%s", table_of(neighbours).c_str());
    json.set("neighbours", json_of(neighbours, options.neighbour_events));
  }
  std::printf("%s\n", save(options, "webhook", json).c_str());
  return 0;
}

}  // namespace storm
