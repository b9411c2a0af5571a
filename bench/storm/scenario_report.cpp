#include <spdlog/fmt/fmt.h>

#include "scenario.hpp"

namespace storm {
namespace {

template <class From, class Of>
Spread spread_of(const std::vector<From>& items, Of of) {
  std::vector<double> values;
  for (const From& item : items) values.push_back(of(item));
  return spread(values);
}

Spread rate(const std::vector<Drain>& drains) {
  return spread_of(drains, [](const Drain& drain) { return drain.steady_rate(); });
}

Json json_of(const Ratio& ratio) {
  Json out = storm::json_of(ratio.value);
  out.set("label", ratio.label);
  if (ratio.target > 0) out.set("target", ratio.target).set("reached", ratio.value.median >= ratio.target);
  return out;
}

Json json_of_ceiling(const Scenario& scenario, std::size_t which) {
  const auto of = [&](auto member) {
    return spread_of(scenario.ceilings, [&](const auto& round) { return round[which].*member; });
  };
  return Json::object()
      .set("label", scenario.ceilings.front()[which].label)
      .set("best", which == best_ceiling(scenario))
      .set("events_per_second", json_of(of(&Ceiling::events_per_second)))
      .set("documents_per_second", json_of(of(&Ceiling::documents_per_second)));
}

Json json_of(const StreamShape& shape) {
  return Json::object()
      .set("pipeline", shape.pipeline)
      .set("fullDocument", shape.full_document)
      .set("fullDocumentBeforeChange", shape.pre_image);
}

std::string with_range(const Spread& s) {
  return fmt::format("{} ({} to {})", grouped(s.median), grouped(s.least), grouped(s.most));
}

void add_rivals(const Scenario& scenario, double documents_per_event, Table& table) {
  const auto row = [&](const std::string& label, const Spread& events, bool writes) {
    table.row({label, with_range(events), writes ? grouped(events.median * documents_per_event) : ""});
  };
  row("bare cursor, the worker's stream", rate(scenario.own_cursor), false);
  row("bare cursor, no $match", rate(scenario.plain_cursor), false);
  for (std::size_t i = 0; !scenario.ceilings.empty() && i < scenario.ceilings.front().size(); ++i)
    row((i == best_ceiling(scenario) ? "ceiling: " : "also: ") + scenario.ceilings.front()[i].label,
        spread_of(scenario.ceilings, [i](const auto& round) { return round[i].events_per_second; }), true);
  if (scenario.one.events > 0) {
    const double one = scenario.one.events_per_second();
    row(fmt::format("one at a time (rate of {} events)", grouped(static_cast<double>(scenario.one.events))),
        {one, one, one}, true);
  }
}

std::string lag_line(const char* label, const Run& run) {
  return fmt::format("  lag, {}: p50 {}, p99 {}, max at most {}\n", label,
                     milliseconds(run.lag.percentile(0.5)), milliseconds(run.lag.percentile(0.99)),
                     milliseconds(run.lag.max_bound()));
}

std::string cost_line(const Scenario& scenario) {
  const auto of = [&](auto member) {
    return spread_of(scenario.runs, [&](const Run& run) { return run.*member; });
  };
  const Run& last = scenario.runs.back();
  return fmt::format(
      "  worker: peak {} MB, {} s of CPU (mongod {} s); {} documents written, batches of {} documents in {} "
      "(mean), {} retries\n",
      fixed(of(&Run::peak_rss_mb).most), fixed(of(&Run::worker_cpu).median, 2),
      fixed(of(&Run::server_cpu).median, 2), grouped(of(&Run::documents).median),
      grouped(last.batch_documents.mean()), milliseconds(last.batch_seconds.mean()),
      grouped(of(&Run::retries).most));
}

std::string ratio_line(const Ratio& ratio) {
  std::string out = fmt::format("  ratio: {} {} ({} to {})", fixed(ratio.value.median, 2), ratio.label,
                                fixed(ratio.value.least, 2), fixed(ratio.value.most, 2));
  if (ratio.target > 0)
    out += fmt::format(", mark {}: {}", fixed(ratio.target, 2),
                       ratio.value.median >= ratio.target ? "reached" : "MISSED");
  return out + "\n";
}

}  // namespace

Json json_of(const Scenario& scenario) {
  Json ratio_list = Json::list();
  for (const Ratio& ratio : ratios(scenario)) ratio_list.add(json_of(ratio));
  Json ceiling_list = Json::list();
  for (std::size_t i = 0; !scenario.ceilings.empty() && i < scenario.ceilings.front().size(); ++i)
    ceiling_list.add(json_of_ceiling(scenario, i));
  Json runs = Json::list();
  for (const Run& run : scenario.runs) runs.add(json_of(run));
  Json out = Json::object()
                 .set("scenario", scenario.name)
                 .set("events", scenario.events)
                 .set("documents", scenario.documents)
                 .set("stream", json_of(scenario.shape))
                 .set("events_per_second", json_of(events_per_second(scenario)))
                 .set("ratios", ratio_list)
                 .set("ceilings", ceiling_list)
                 .set("bare_cursor", json_of(rate(scenario.own_cursor)))
                 .set("bare_cursor_without_match", json_of(rate(scenario.plain_cursor)));
  if (scenario.one.events > 0)
    out.set("one_at_a_time", Json::object()
                                 .set("events", scenario.one.events)
                                 .set("events_per_second", scenario.one.events_per_second()));
  out.set("runs", runs);
  if (scenario.burst) out.set("live_burst", json_of(*scenario.burst));
  if (scenario.paced)
    out.set("live_paced_rate", scenario.paced_rate).set("live_paced", json_of(*scenario.paced));
  return out;
}

std::string text_of(const Scenario& scenario) {
  const double per_event = static_cast<double>(scenario.documents) / static_cast<double>(scenario.events);
  Table table({scenario.name, "events/s, median (range)", "documents/s"});
  const Spread ours = events_per_second(scenario);
  table.row({"sluice, a backlog of " + grouped(static_cast<double>(scenario.events)) + " events",
             with_range(ours), per_event > 0 ? grouped(ours.median * per_event) : ""});
  add_rivals(scenario, per_event, table);
  std::string out = table.text() + cost_line(scenario);
  if (scenario.burst) out += lag_line("storm at once", *scenario.burst);
  if (scenario.paced)
    out += lag_line(fmt::format("{} events/s", grouped(scenario.paced_rate)).c_str(), *scenario.paced);
  for (const Ratio& ratio : ratios(scenario)) out += ratio_line(ratio);
  return out;
}

}  // namespace storm
