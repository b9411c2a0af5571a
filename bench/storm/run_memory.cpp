#include <cstdio>

#include "commands.hpp"
#include "memory_large.hpp"
#include "report.hpp"
#include "stage.hpp"

namespace storm {

/// Measures peak memory. The backlogs are favourites, since millions of their events are quickly written and
/// all of them have an effect.
int run_memory(const Options& options, const Server& server) {
  constexpr double kTargetMb = 150;
  Json list = Json::list();
  Table table({"backlog", "peak MB", "events/s", "CPU s"});
  for (const std::uint32_t backlog : options.backlogs) {
    Sizes sizes = options.sizes;
    sizes.favourites = backlog;
    Stage stage(server, options, "favourites", sizes);
    stage.write_backlog();
    const Run run = stage.drain_backlog();
    table.row({grouped(backlog) + " events", fixed(run.peak_rss_mb), grouped(run.events_per_second()),
               fixed(run.worker_cpu, 2)});
    list.add(Json::object().set("backlog", backlog).set("run", json_of(run)));
  }
  Json large_rows = Json::list();
  Table large({"large events (queue-mb 64)", "peak MB", "in flight at most, MB", "events read"});
  for (const auto measure : {measure_large_documents, measure_slow_sink}) {
    for (const std::string& sluice : {options.sluice, options.beside}) {
      if (sluice.empty()) continue;
      const LargeRun one = measure(options, server, sluice);
      const std::string name = one.name + (sluice == options.sluice ? "" : ", the binary beside");
      large.row({name, fixed(one.peak_rss_mb), fixed(one.peak_in_flight_mb), grouped(one.read)});
      large_rows.add(Json::object()
                         .set("name", name)
                         .set("queue_mb", 64)
                         .set("peak_rss_mb", one.peak_rss_mb)
                         .set("peak_in_flight_mb", one.peak_in_flight_mb)
                         .set("events_read", one.read));
    }
  }
  std::printf("%s%s", table.text().c_str(), large.text().c_str());
  const Json out =
      heading(options, server).set("target_mb", kTargetMb).set("rows", list).set("large", large_rows);
  std::printf("%s\n", save(options, "memory", out).c_str());
  return 0;
}

}  // namespace storm
