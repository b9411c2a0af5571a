#include "operations/relay_streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/problems.hpp"
#include "core/publish_plan.hpp"
#include "rules/registry.hpp"
#include "sinks/jetstream/relay.hpp"
#include "sinks/jetstream/streams.hpp"

namespace sluice::operations {

namespace {

/// Whether the relay and a rule cannot have their JetStream streams side by side.
bool are_in_conflict(const StreamShape& relay, const StreamShape& published) {
  if (relay.name == published.name) return true;
  const std::string& own = relay.subjects.front();
  const auto meets = [&](const std::string& subject) { return sinks::jetstream::meet(own, subject); };
  return std::ranges::any_of(published.subjects, meets) || std::ranges::any_of(published.needed, meets);
}

void refuse_publisher(const StreamConfig& stream, const Rule& rule, const StreamShape& relay,
                      const StreamShape& published) {
  const auto stated = std::ranges::find(stream.rules, rule.name(), &RuleConfig::name);
  const std::string why = fmt::format(
      "rule '{}' publishes to the JetStream stream {}, and the relay's stream {} holds the subjects {}; give "
      "the relay another 'stream', or the rule another stream and subject",
      rule.name(), published.name, relay.name, relay.subjects.front());
  if (stated == stream.rules.end()) throw ConfigError(why);
  stated->settings.fail("", why);
}

void check_publishers(const StreamConfig& stream, const std::vector<StreamShape>& relays) {
  std::vector<std::unique_ptr<Rule>> made;
  try {
    made = rules::make_rules(stream);
  } catch (const ConfigError&) {
    return;  // reported by whoever runs these rules
  }
  for (const auto& rule : made) {
    for (const DeliveryPlan* delivery : rule->deliveries()) {
      const auto* plan = dynamic_cast<const PublishPlan*>(delivery);
      if (plan == nullptr) continue;
      for (const StreamShape& relay : relays) {
        if (are_in_conflict(relay, plan->stream)) refuse_publisher(stream, *rule, relay, plan->stream);
      }
    }
  }
}

}  // namespace

void check_relay_streams(const RelayConfig& relay, const std::vector<StreamConfig>& streams) {
  if (!relay) return;
  std::vector<StreamShape> relays;
  std::map<std::string, std::string> names;  // of JetStream streams, with the stream that writes each
  config::Problems problems;
  const auto attempt = [&](const auto& check) {
    try {
      check();
    } catch (const ConfigError& error) {
      config::append(problems, error);
    }
  };
  for (const StreamConfig& stream : streams) {
    relays.push_back(sinks::jetstream::relay_shape(relay, stream));
    const auto [known, first] = names.try_emplace(relays.back().name, stream.name);
    if (first) continue;
    attempt([&] {
      stream.rules.front().settings.fail(
          "", fmt::format("the streams '{}' and '{}' would both write to the relay's JetStream stream {}; "
                          "give rule '{}' another name",
                          known->second, stream.name, known->first, stream.rules.front().name));
    });
  }
  for (const StreamConfig& stream : streams) attempt([&] { check_publishers(stream, relays); });
  if (!problems.empty()) throw config::PlacedError(config::in_order(std::move(problems)));
}

}  // namespace sluice::operations
