#include <ostream>

#include "cli/cluster_view.hpp"
#include "cli/commands.hpp"
#include "cli/load_config.hpp"
#include "mongo/quiet.hpp"
#include "mongo/raii.hpp"
#include "sluice/error.hpp"

namespace sluice::cli {

int cluster_status_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const Config config = load_config(arguments);
  const mongo::Driver driver;
  mongo::quiet_driver();
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
      out << cluster_text(stream_id, record);
    }
  }
  return exit_code::ok;
}

}  // namespace sluice::cli
