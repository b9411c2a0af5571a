#include <cstdio>

#include "commands.hpp"
#include "webhook_parts.hpp"

namespace storm {
namespace {

using Member = double NeighbourRound::*;

Spread spread_of(const std::vector<NeighbourRound>& rounds, Member member) {
  std::vector<double> values;
  for (const NeighbourRound& round : rounds) values.push_back(round.*member);
  return spread(values);
}

Spread ratio_of(const std::vector<NeighbourRound>& rounds, Member member) {
  std::vector<double> values;
  for (const NeighbourRound& round : rounds) values.push_back(round.*member / round.alone);
  return spread(values);
}

Json json_of(const std::vector<NeighbourRound>& rounds, std::uint32_t documents) {
  Json list = Json::list();
  for (const NeighbourRound& one : rounds)
    list.add(
        Json::object().set("alone", one.alone).set("beside_slow", one.slow).set("beside_silent", one.silent));
  return Json::object()
      .set("documents", documents)
      .set("alone_per_second", json_of(spread_of(rounds, &NeighbourRound::alone)))
      .set("beside_slow_per_second", json_of(spread_of(rounds, &NeighbourRound::slow)))
      .set("beside_silent_per_second", json_of(spread_of(rounds, &NeighbourRound::silent)))
      .set("slow_of_alone", json_of(ratio_of(rounds, &NeighbourRound::slow)))
      .set("silent_of_alone", json_of(ratio_of(rounds, &NeighbourRound::silent)))
      .set("rounds", list);
}

std::string table_of(const std::vector<NeighbourRound>& rounds) {
  Table table({"fast endpoint", "documents/s", "of alone"});
  const auto add = [&](const char* name, Member member) {
    table.row({name, grouped(spread_of(rounds, member).median), fixed(ratio_of(rounds, member).median, 2)});
  };
  add("alone", &NeighbourRound::alone);
  add("beside one that takes 1 s", &NeighbourRound::slow);
  add("beside one that is silent", &NeighbourRound::silent);
  return table.text();
}

}  // namespace

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
    json.set("neighbours", json_of(neighbours, options.events));
  }
  std::printf("%s\n", save(options, "webhook", json).c_str());
  return 0;
}

}  // namespace storm
