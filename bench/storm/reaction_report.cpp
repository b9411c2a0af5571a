#include "reaction_report.hpp"

#include <cstdio>
#include <functional>

namespace storm {
namespace {

using Of = std::function<double(const ReactionRound&)>;

Spread spread_of(const Reaction& reaction, const Of& of) {
  std::vector<double> values;
  for (const ReactionRound& round : reaction.rounds) values.push_back(of(round));
  return spread(values);
}

/// The rate of a machine whose cores first read everything and then send everything.
double both_ceilings(const ReactionRound& round) {
  return 1 / (1 / round.cursor + 1 / round.client);
}

Json json_of(const ReactionRound& round, const Reaction& reaction) {
  const double million = 1e6 / reaction.documents;
  Json json = Json::object();
  json.set("seconds", round.ours.seconds)
      .set("documents_per_second", reaction.rate(round))
      .set("lag_seconds", json_of(round.ours.lag))
      .set("peak_rss_mb", round.ours.peak_rss_mb)
      .set("worker_cpu_us_per_document", round.ours.worker_cpu * million)
      .set("mongod_cpu_us_per_document", round.ours.mongod_cpu * million);
  if (round.requests > 0)
    json.set("service_cpu_us_per_document", round.service_cpu * million)
        .set("documents_per_request", reaction.documents / round.requests);
  return json.set("bare_cursor_per_second", round.cursor).set("bare_client_per_second", round.client);
}

}  // namespace

Json json_of(const Reaction& reaction) {
  Json rounds = Json::list();
  for (const ReactionRound& round : reaction.rounds) rounds.add(json_of(round, reaction));
  const auto of = [&](const Of& what) { return json_of(spread_of(reaction, what)); };
  const auto rate = [&](const ReactionRound& round) { return reaction.rate(round); };
  return Json::object()
      .set("rule", reaction.name)
      .set("documents", reaction.documents)
      .set("client_bytes_per_document", reaction.client_bytes)
      .set("documents_per_second", of(rate))
      .set("of_bare_client", of([&](const ReactionRound& r) { return rate(r) / r.client; }))
      .set("of_bare_cursor", of([&](const ReactionRound& r) { return rate(r) / r.cursor; }))
      .set("of_both_ceilings", of([&](const ReactionRound& r) { return rate(r) / both_ceilings(r); }))
      .set("peak_rss_mb", of([](const ReactionRound& r) { return r.ours.peak_rss_mb; }))
      .set("rounds", rounds);
}

std::vector<std::string> reaction_heads() {
  return {"rule",    "documents", "documents/s", "of client", "of both",   "client/s",  "cursor/s",
          "lag p50", "lag p99",   "peak MB",     "worker us", "mongod us", "service us"};
}

std::vector<std::string> row_of(const Reaction& reaction) {
  const auto median = [&](const Of& of) { return spread_of(reaction, of).median; };
  const auto rate = [&](const ReactionRound& round) { return reaction.rate(round); };
  const double million = 1e6 / reaction.documents;
  return {reaction.name,
          grouped(reaction.documents),
          grouped(median(rate)),
          fixed(median([&](const ReactionRound& r) { return rate(r) / r.client; }), 2),
          fixed(median([&](const ReactionRound& r) { return rate(r) / both_ceilings(r); }), 2),
          grouped(median([](const ReactionRound& r) { return r.client; })),
          grouped(median([](const ReactionRound& r) { return r.cursor; })),
          milliseconds(median([](const ReactionRound& r) { return r.ours.lag.percentile(0.5); })),
          milliseconds(median([](const ReactionRound& r) { return r.ours.lag.percentile(0.99); })),
          fixed(median([](const ReactionRound& r) { return r.ours.peak_rss_mb; })),
          fixed(median([&](const ReactionRound& r) { return r.ours.worker_cpu * million; })),
          fixed(median([&](const ReactionRound& r) { return r.ours.mongod_cpu * million; })),
          fixed(median([&](const ReactionRound& r) { return r.service_cpu * million; }))};
}

void tell(const Reaction& reaction) {
  const ReactionRound& round = reaction.rounds.back();
  std::fprintf(stderr, "%s: %s documents/s, bare client %s\n", reaction.name.c_str(),
               grouped(reaction.rate(round)).c_str(), grouped(round.client).c_str());
}

}  // namespace storm
