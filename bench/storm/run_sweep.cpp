#include <algorithm>
#include <cstdio>
#include <map>

#include "commands.hpp"
#include "report.hpp"
#include "stage.hpp"

namespace storm {
namespace {

std::vector<std::string> values_of(const Options& options) {
  static const std::map<std::string, std::vector<std::string>> usual = {
      {"lanes", {"1", "2", "4", "8", "16"}},
      {"batch_docs", {"100", "250", "500", "1000", "2000", "5000"}},
      {"queue_events", {"1000", "5000", "20000", "50000", "200000"}},
      {"in_flight", {"1", "2", "4", "8"}},
      {"cursor_batch", {"100", "1000", "5000", "10000"}}};
  return options.values.empty() ? usual.at(options.over) : options.values;
}

std::string flag_of(const std::string& setting, const std::string& value) {
  std::string flag = "--" + setting + "=" + value;
  std::replace(flag.begin(), flag.begin() + static_cast<std::ptrdiff_t>(setting.size()) + 2, '_', '-');
  return flag;
}

/// The worker's other flags, without those that the sweep sets.
std::vector<std::string> other_flags(const Options& options) {
  std::vector<std::string> out = options.worker_flags;
  const std::string own = flag_of(options.over, "");
  std::erase_if(out, [&](const std::string& flag) { return flag.starts_with(own); });
  return out;
}

struct Row {
  std::string scenario;
  std::string value;
  std::vector<Run> runs;

  Spread of(double (*figure)(const Run&)) const {
    std::vector<double> values;
    for (const Run& run : runs) values.push_back(figure(run));
    return spread(values);
  }
};

const auto kRate = [](const Run& run) { return run.events_per_second(); };
const auto kPeak = [](const Run& run) { return run.peak_rss_mb; };
const auto kCpu = [](const Run& run) { return run.worker_cpu; };
const auto kBatch = [](const Run& run) { return run.batch_documents.mean(); };
const auto kBatchSeconds = [](const Run& run) { return run.batch_seconds.mean(); };

/// Measures all values in each round, so that a slow minute of the machine affects all of them.
std::vector<Row> sweep(const Options& options, const Server& server, const std::string& scenario) {
  Sizes sizes = options.sizes;
  if (scenario == "users") sizes.chunk = 0;
  Stage stage(server, options, scenario, sizes);
  const std::vector<std::string> base = other_flags(options);
  std::vector<Row> rows;
  for (const std::string& value : values_of(options)) rows.push_back({scenario, value, {}});
  for (std::uint32_t round = 0; round < options.rounds; ++round) {
    for (Row& row : rows) {
      stage.worker().flags = base;
      stage.worker().flags.push_back(flag_of(options.over, row.value));
      stage.write_backlog();
      row.runs.push_back(stage.drain_backlog());
      std::fprintf(stderr, "%s, %s %s: %s events/s\n", scenario.c_str(), options.over.c_str(),
                   row.value.c_str(), grouped(row.runs.back().events_per_second()).c_str());
    }
  }
  return rows;
}

Json json_of_row(const Row& row) {
  Json runs = Json::list();
  for (const Run& run : row.runs) runs.add(run.events_per_second());
  return Json::object()
      .set("scenario", row.scenario)
      .set("value", row.value)
      .set("events_per_second", json_of(row.of(kRate)))
      .set("peak_rss_mb", row.of(kPeak).most)
      .set("worker_cpu_seconds", row.of(kCpu).median)
      .set("batch_documents_mean", row.of(kBatch).median)
      .set("batch_seconds_mean", row.of(kBatchSeconds).median)
      .set("runs", runs);
}

}  // namespace

int run_sweep(const Options& options, const Server& server) {
  std::vector<std::string> scenarios = options.scenarios;
  if (scenarios.empty()) scenarios = {"favourites", "users"};
  Json list = Json::list();
  Table table({options.over, "events/s", "least", "most", "peak MB", "CPU s", "documents a batch", "batch"});
  for (const std::string& scenario : scenarios) {
    for (const Row& row : sweep(options, server, scenario)) {
      const Spread rate = row.of(kRate);
      table.row({scenario + " " + row.value, grouped(rate.median), grouped(rate.least), grouped(rate.most),
                 fixed(row.of(kPeak).most), fixed(row.of(kCpu).median, 2), grouped(row.of(kBatch).median),
                 milliseconds(row.of(kBatchSeconds).median)});
      list.add(json_of_row(row));
    }
  }
  std::printf("%s", table.text().c_str());
  const Json out = heading(options, server).set("over", options.over).set("rows", list);
  std::printf("%s\n", save(options, "sweep-" + options.over, out).c_str());
  return 0;
}

}  // namespace storm
