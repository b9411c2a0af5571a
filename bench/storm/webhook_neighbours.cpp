#include <cstdio>
#include <memory>

#include "web_service.hpp"
#include "webhook_parts.hpp"

namespace storm {
namespace {

using Answers = WebService::Answers;

std::string rule(const std::string& name, const WebService& service, const Options& options) {
  return "  - name: " + name + "\n    webhook: { from: users, url: \"" + service.origin() +
         "/users\", concurrency: " + std::to_string(options.concurrency) + " }\n";
}

double rate_of_fast(const Options& options, Follower& follower, const std::string& name,
                    std::unique_ptr<WebService> neighbour) {
  WebService fast;
  std::string rules = rule("fast", fast, options);
  if (neighbour) rules += rule("neighbour", *neighbour, options);
  follower.load({.rules = rules, .pipeline = "neighbours-" + name, .documents = options.events});
  const auto done = [&] { return fast.documents() == options.events; };
  // Destroying the neighbour closes its connections, so that the worker does not wait for its answers.
  const double rate = options.events / follower.follow_until(done, [&] { neighbour.reset(); });
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

}  // namespace storm
