#include <algorithm>
#include <iterator>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "cli/cluster_view.hpp"
#include "cli/commands.hpp"
#include "cli/load_config.hpp"
#include "cli/moment.hpp"
#include "mongo/quiet.hpp"
#include "mongo/raii.hpp"
#include "observe/json_writer.hpp"
#include "observe/printable.hpp"
#include "pipeline/trigger_problems.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {

int cluster_status_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const Config config = load_config(arguments);
  const mongo::Driver driver;
  mongo::quiet_driver();
  std::set<std::pair<std::string, std::string>> asked;
  std::vector<pipeline::TriggerProblem> problems;
  for (const StreamConfig& stream : config.streams) {
    mongo::ClientPool pool(stream, 1, "sluice-status");
    pipeline::ClusterRecord record;
    const auto client = pool.acquire();
    const std::string stream_id = config.pipeline + "/" + stream.name;
    if (const auto error = pipeline::read_cluster(client.get(), config.state_database, stream_id, record)) {
      throw Stop(exit_code::cannot_start,
                 stream_id + ": " + pool.hosts() + " does not answer: " + error->text());
    }
    if (arguments.own.contains("json")) {
      out << cluster_json(stream_id, record) << "\n";
    } else {
      out << cluster_text(stream_id, record, config.place_arguments);
    }
    if (!asked.emplace(stream.uri, stream.uri_file).second) continue;
    std::vector<pipeline::TriggerProblem> here;
    const auto error =
        pipeline::read_trigger_problems(client.get(), config.state_database, config.pipeline, here);
    if (error) throw Stop(exit_code::cannot_start, "the triggers on " + pool.hosts() + ": " + error->text());
    std::ranges::move(here, std::back_inserter(problems));
  }
  for (const pipeline::TriggerProblem& problem : problems) {
    if (arguments.own.contains("json")) {
      observe::JsonWriter json;
      json.open_object().text("trigger", problem.trigger.name).text("stream", problem.trigger.stream);
      json.text("problem", problem.text).text("since", moment_text(problem.since_ms));
      out << json.close_object().json() << "\n";
    } else {
      out << observe::printable(pipeline::text_of(problem)) << " (since " << moment_text(problem.since_ms)
          << ")\n";
    }
  }
  return exit_code::ok;
}

}  // namespace sluice::cli
