#include "inspect/inspect.hpp"

#include <set>
#include <utility>

#include "checkpoint/trigger_problems.hpp"
#include "inspect/feed_inspector.hpp"
#include "inspect/inspect_state.hpp"
#include "inspect/rule_inspector.hpp"
#include "inspect/server_inspector.hpp"
#include "inspect/sink_inspector.hpp"
#include "operations/triggers.hpp"
#include "requirements/fingerprints.hpp"
#include "rules/registry.hpp"
#include "source/change_stream.hpp"

namespace sluice::inspect {

namespace {

constexpr int clients = 2;  // one for the change stream, one for the checks

/// Checks one stream: its server, its state, its rules and their sinks.
class StreamInspector {
 public:
  StreamInspector(const Config& config, const StreamConfig& stream,
                  const std::function<void(const Finding&)>& report)
      : config_(config),
        stream_(stream),
        report_(stream, report),
        rules_(rules::make_rules(stream)),
        pool_(stream, clients, "sluice check"),
        client_(pool_.acquire()) {}

  void run() {
    const auto rights = ServerInspector(config_, rules_, pool_, client_.get(), report_).run();
    if (!rights) return;
    look_at_stream(*rights);
    if (config_.relay)
      SinkInspector(config_, report_)
          .look_at_relay(stream_, requirements::relay_version(config_, stream_, rules_));
    RuleInspector of_rules(config_, stream_, *rights, client_.get(), report_);
    for (const auto& rule : rules_) of_rules.run(*rule);
    SinkInspector of_sinks(config_, report_);
    for (const auto& rule : rules_) of_sinks.look_at_messages(*rule);
    for (const auto& rule : rules_) of_sinks.look_at_topics(*rule);
    for (const auto& rule : rules_) of_sinks.look_at_exchanges(*rule);
    for (const auto& rule : rules_) of_sinks.look_at_cloud(*rule);
    for (const auto& rule : rules_) of_sinks.look_at_requests(*rule);
    for (const auto& rule : rules_) of_sinks.look_at_cache(*rule);
    for (const auto& rule : rules_) of_sinks.look_at_custom(*rule);
  }

 private:
  /// Checks the state database and the change stream. The stream is opened at the stored position, which
  /// shows whether it can still be read from.
  void look_at_stream(const requirements::Rights& rights) {
    const auto lacks_stream = rights.missing(stream_.database, {{"", {"find", "changeStream"}}});
    if (lacks_stream) report_.say(Level::error, "the change stream: " + *lacks_stream);
    const StateReport state = inspect_state(client_.get(), rights, config_, stream_, rules_);
    for (const auto& [level, message] : state.findings) report_.say(level, message);
    if (lacks_stream) return;
    source::ChangeStream stream(pool_, {stream_.database, filter(), 1, 1});
    Position at;
    const auto error = stream.open(state.floor, at, true);
    if (!error) {
      report_.say(Level::ok, state.floor ? "the change stream opens at the stored position"
                                         : "the change stream opens on " + stream_.database);
    } else if (error->kind == ErrorKind::lost) {
      report_.say(Level::error, "the stored position is lost: " + error->text() +
                                    "; bring the targets up to date, then start once with --restart-now");
    } else {
      report_.say(Level::error, "the change stream does not open: " + error->text());
    }
  }

  source::StreamFilter filter() const {
    return requirements::filter_of(rules_, config_.parts(), config_.shard_index);
  }

  const Config& config_;
  const StreamConfig& stream_;
  const StreamReport report_;
  requirements::Rules rules_;
  mongo::ClientPool pool_;
  mongo::ClientPool::Client client_;
};

/// Reports the problems that workers stored for triggers. Errors are ignored here: an unreachable server and
/// missing rights have been reported by StreamInspector.
void look_at_triggers(const Config& config, const std::function<void(const Finding&)>& report) {
  std::set<std::pair<std::string, std::string>> asked;
  for (const StreamConfig& stream : config.streams) {
    if (!asked.emplace(stream.uri, stream.uri_file).second) continue;
    mongo::ClientPool pool(stream, 1, "sluice check");
    const auto client = pool.acquire();
    std::vector<checkpoint::TriggerProblem> problems;
    if (checkpoint::read_trigger_problems(client.get(), config.state_database, config.pipeline, problems))
      continue;
    for (const checkpoint::TriggerProblem& problem : problems) {
      report({Level::error,
              checkpoint::trigger_stream_name(problem.trigger.stream) + "/" + problem.trigger.name,
              "the trigger is not running: " + problem.text});
    }
  }
}

}  // namespace

void inspect(const Config& config, const std::function<void(const Finding&)>& report) {
  const mongo::Driver driver;
  for (const StreamConfig& stream : config.streams) StreamInspector(config, stream, report).run();
  look_at_triggers(config, report);
  look_at_feed(config, report);
}

}  // namespace sluice::inspect
