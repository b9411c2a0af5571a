#include <algorithm>
#include <iterator>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

#include "checkpoint/trigger_problems.hpp"
#include "cli/commands.hpp"
#include "cli/load_config.hpp"
#include "cli/views/cluster_view.hpp"
#include "cli/views/moment.hpp"
#include "cli/views/relay_view.hpp"
#include "mongo/quiet.hpp"
#include "mongo/raii.hpp"
#include "operations/relay_status.hpp"
#include "operations/triggers.hpp"
#include "rules/shared/apart.hpp"
#include "sluice/error.hpp"
#include "text/json_writer.hpp"
#include "text/printable.hpp"

namespace sluice::cli {

namespace {

/// Prints the status of one stream after the other, and the problems of triggers.
class Status {
 public:
  Status(const Config& config, bool json, std::ostream& out) : config_(config), json_(json), out_(out) {}

  /// Prints one stream. For the first stream of each cluster, also reads the triggers stored there.
  void stream(const StreamConfig& stream) {
    mongo::ClientPool pool(stream, 1, "sluice-status");
    const auto client = pool.acquire();
    checkpoint::ClusterRecord record;
    const std::string stream_id = config_.pipeline + "/" + stream.name;
    if (const auto error =
            checkpoint::read_cluster(client.get(), config_.state_database, stream_id, record)) {
      throw Stop(exit_code::cannot_start,
                 stream_id + ": " + pool.hosts() + " does not answer: " + error->text());
    }
    if (json_) {
      out_ << cluster_json(stream_id, record) << "\n";
    } else {
      out_ << cluster_text(stream_id, record, config_.place_arguments);
    }
    if (config_.relay) relay(stream, client.get(), record);
    if (asked_.emplace(stream.uri, stream.uri_file).second) read_triggers(pool, client.get());
  }

  const std::vector<checkpoint::Trigger>& triggers() const { return triggers_; }
  /// Whether every relay's log could be read.
  bool logs_are_read() const { return logs_are_read_; }

  void problems() {
    for (const checkpoint::TriggerProblem& problem : problems_) {
      if (json_) {
        text::JsonWriter json;
        json.open_object().text("trigger", problem.trigger.name).text("stream", problem.trigger.stream);
        json.text("problem", problem.text).text("since", moment_text(problem.since_ms));
        out_ << json.close_object().json() << "\n";
      } else {
        out_ << text::printable(checkpoint::text_of(problem)) << " (since " << moment_text(problem.since_ms)
             << ")\n";
      }
    }
  }

 private:
  void relay(const StreamConfig& stream, mongoc_client_t* client, const checkpoint::ClusterRecord& record) {
    const operations::RelayStatus view = operations::look_at_relay(config_, stream, client, record);
    json_ ? out_ << relay_json(view) << "\n" : out_ << relay_text(view);
    logs_are_read_ &= view.problem.empty();
  }

  void read_triggers(const mongo::ClientPool& pool, mongoc_client_t* client) {
    std::vector<checkpoint::Trigger> triggers;
    std::vector<checkpoint::TriggerProblem> problems;
    auto error = checkpoint::read_triggers(client, config_.state_database, config_.pipeline, triggers);
    if (!error) {
      error = checkpoint::read_trigger_problems(client, config_.state_database, config_.pipeline, problems);
    }
    if (error) throw Stop(exit_code::cannot_start, "the triggers on " + pool.hosts() + ": " + error->text());
    std::ranges::move(triggers, std::back_inserter(triggers_));
    std::ranges::move(problems, std::back_inserter(problems_));
  }

  const Config& config_;
  bool json_;
  std::ostream& out_;
  bool logs_are_read_ = true;
  std::set<std::pair<std::string, std::string>> asked_;
  std::vector<checkpoint::Trigger> triggers_;
  std::vector<checkpoint::TriggerProblem> problems_;
};

}  // namespace

int cluster_status_command(const Arguments& arguments, std::ostream& out, std::ostream&) {
  const Config config = load_stated(arguments);
  const mongo::Driver driver;
  mongo::quiet_driver();
  Status status(config, arguments.own.contains("json"), out);
  const std::vector<StreamConfig> of_file = rules::with_callers_apart(config.streams);
  for (const StreamConfig& stream : of_file) status.stream(stream);
  // Triggers that cannot be made into rules are among the problems.
  const auto left_out = [](const checkpoint::Trigger&, const std::string&) {};
  for (const StreamConfig& stream : rules::with_callers_apart(
           operations::with_triggers(config.streams, status.triggers(), left_out, 1, config.relay))) {
    if (stream.of_triggers) status.stream(stream);
  }
  status.problems();
  return status.logs_are_read() ? exit_code::ok : exit_code::cannot_start;
}

}  // namespace sluice::cli
