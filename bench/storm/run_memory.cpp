#include <cstdio>

#include "commands.hpp"
#include "report.hpp"
#include "stage.hpp"

namespace storm {

/// Favourites, since their events are the cheapest to write by the million and all of them have an effect.
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
  std::printf("%s", table.text().c_str());
  const Json out = heading(options, server).set("target_mb", kTargetMb).set("rows", list);
  std::printf("%s\n", save(options, "memory", out).c_str());
  return 0;
}

}  // namespace storm
