#include "cli/commands/triggers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/load_config.hpp"
#include "config/load.hpp"
#include "config/names.hpp"
#include "mongo/quiet.hpp"
#include "text/printable.hpp"

namespace sluice::cli {

namespace {

std::pair<std::string, std::string> address_of(const StreamConfig& stream) {
  return {stream.uri, stream.uri_file};
}

std::vector<std::string> names_of(const std::vector<StreamConfig>& streams) {
  std::vector<std::string> names;
  for (const StreamConfig& stream : streams) names.push_back(stream.name);
  return names;
}

}  // namespace

TriggerDesk::TriggerDesk(const Arguments& arguments) : config_(load_stated(arguments)) {
  // Our own messages replace those that the driver would write to stderr.
  mongo::quiet_driver();
  if (const auto given = arguments.own.find("stream"); given != arguments.own.end()) {
    stated_stream_ = given->second;
  }
  for (const StreamConfig& stream : config_.streams) {
    const auto known = std::ranges::find(clusters_, address_of(stream), &Cluster::address);
    if (known != clusters_.end()) continue;
    clusters_.push_back({address_of(stream), std::make_unique<checkpoint::TriggerStore>(config_, stream)});
  }
}

std::vector<KeptTrigger> TriggerDesk::all() {
  std::vector<KeptTrigger> kept;
  for (const Cluster& cluster : clusters_) {
    const std::vector<checkpoint::TriggerProblem> problems = cluster.store->problems();
    for (checkpoint::Trigger& trigger : cluster.store->list()) {
      const auto problem = std::ranges::find(problems, trigger, &checkpoint::TriggerProblem::trigger);
      std::string why = problem == problems.end() ? "" : problem->text;
      kept.push_back({std::move(trigger), cluster.store.get(), std::move(why)});
    }
  }
  return kept;
}

KeptTrigger TriggerDesk::only(const std::string& name) {
  std::vector<std::string> names;
  std::vector<KeptTrigger> found;
  for (KeptTrigger& kept : all()) {
    if (!stated_stream_.empty() && kept.trigger.stream != stated_stream_) continue;
    names.push_back(kept.trigger.name);
    if (kept.trigger.name == name) found.push_back(std::move(kept));
  }
  if (found.empty()) throw UsageError(config::unknown_name("trigger", name, names, names));
  if (found.size() == 1) return std::move(found.front());
  throw UsageError(fmt::format("streams {} and {} both have a trigger '{}'; choose one with --stream NAME",
                               found[0].trigger.stream, found[1].trigger.stream, name));
}

const StreamConfig& TriggerDesk::stream(const std::string& text) const {
  if (!text.empty() && !stated_stream_.empty() && text != stated_stream_) {
    throw UsageError(
        fmt::format("the text names the stream '{}', but --stream names '{}'", text, stated_stream_));
  }
  const std::string& name = text.empty() ? stated_stream_ : text;
  const std::vector<std::string> names = names_of(config_.streams);
  if (name.empty() && names.size() == 1) return config_.streams.front();
  if (name.empty()) {
    throw UsageError(fmt::format("the file has several streams; choose one of {} with --stream NAME",
                                 config::join_or(names)));
  }
  const auto found = std::ranges::find(config_.streams, name, &StreamConfig::name);
  if (found == config_.streams.end()) throw UsageError(config::unknown_name("stream", name, names, names));
  return *found;
}

checkpoint::TriggerStore& TriggerDesk::store_of(const StreamConfig& stream) {
  return *std::ranges::find(clusters_, address_of(stream), &Cluster::address)->store;
}

std::string trigger_text(const Arguments& arguments) {
  const auto file = arguments.own.find("from");
  const bool from_file = file != arguments.own.end();
  if (arguments.operands.size() != (from_file ? 0 : 1)) {
    throw UsageError(
        fmt::format("give one text, or a file with --from; see sluice {} --help", arguments.command));
  }
  return from_file ? config::read_text(file->second) : arguments.operands.front();
}

std::string on_one_line(const std::string& text) {
  std::string line;
  for (const char c : text) {
    const bool white = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!white) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return text::printable(line);
}

}  // namespace sluice::cli
