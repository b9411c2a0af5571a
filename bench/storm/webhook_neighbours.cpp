#include <cstdio>
#include <memory>

#include "report.hpp"
#include "web_service.hpp"
#include "webhook_parts.hpp"

namespace storm {
namespace {

using Answers = WebService::Answers;

std::string rule(const std::string& name, const WebService& service, const Options& options) {
  return "  - name: " + name + "\n    webhook: { from: users, url: \"" + service.origin() +
         "/users\", concurrency: " + std::to_string(options.concurrency) + " }\n";
}

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

double rate_of_fast(const Options& options, Follower& follower, const std::string& name,
                    std::unique_ptr<WebService> neighbour) {
  WebService fast;
  std::string rules = rule("fast", fast, options);
  if (neighbour) rules += rule("neighbour", *neighbour, options);
  follower.load({.rules = rules, .pipeline = "neighbours-" + name, .documents = options.neighbour_events});
  const auto done = [&] { return fast.documents() == options.neighbour_events; };
  // Destroying the neighbour closes its connections, so that the worker does not wait for its answers.
  const double rate = options.neighbour_events / follower.follow_until(done, [&] { neighbour.reset(); });
  std::fprintf(stderr, "fast endpoint, %s: %s documents/s\n", name.c_str(), grouped(rate).c_str());
  return rate;
}

}  // namespace

std::vector<NeighbourRound> measure_neighbours(const Options& options, Follower& follower) {
  std::vector<NeighbourRound> rounds(options.rounds);
  for (NeighbourRound& round : rounds) {
    round.alone = rate_of_fast(options, follower, "alone", nullptr);
    round.slow = rate_of_fast(options, follower, "slow", std::make_unique<WebService>(Answers::late));
    round.silent = rate_of_fast(options, follower, "silent", std::make_unique<WebService>(Answers::never));
  }
  return rounds;
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

}  // namespace storm
