#include "operations/relay_streams.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "config/problems.hpp"
#include "core/kafka_plan.hpp"
#include "core/publish_plan.hpp"
#include "core/relay_log.hpp"
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

void refuse_publisher(const StreamConfig& stream, const Rule& rule, const std::string& why) {
  const auto stated = std::ranges::find(stream.rules, rule.name(), &RuleConfig::name);
  if (stated == stream.rules.end()) throw ConfigError(why);
  stated->settings.fail("", why);
}

/// Why the rule cannot publish beside a relay; "" if it can.
std::string conflict_of(const Rule& rule, const PublishPlan& plan, const StreamShape& relay) {
  if (!are_in_conflict(relay, plan.stream)) return "";
  return fmt::format(
      "rule '{}' publishes to the JetStream stream {}, and the relay's stream {} holds the subjects {}; give "
      "the relay another 'stream', or the rule another stream and subject",
      rule.name(), plan.stream.name, relay.name, relay.subjects.front());
}

/// The same in Kafka, as far as the rule's topics are known in advance.
std::string conflict_of(const Rule& rule, const KafkaPlan& plan, const std::string& relay) {
  if (std::ranges::find(plan.topics, relay) == plan.topics.end()) return "";
  return fmt::format(
      "rule '{}' publishes to the Kafka topic {}, which holds the relay; give the relay or the rule another "
      "topic",
      rule.name(), relay);
}

/// The logs of all relays.
struct Relays {
  std::vector<StreamShape> streams;
  std::vector<std::string> topics;
};

std::string conflict_of(const Rule& rule, const DeliveryPlan& delivery, const Relays& relays) {
  std::string why;
  if (const auto* plan = dynamic_cast<const PublishPlan*>(&delivery)) {
    for (auto one = relays.streams.begin(); one != relays.streams.end() && why.empty(); ++one)
      why = conflict_of(rule, *plan, *one);
  }
  if (const auto* plan = dynamic_cast<const KafkaPlan*>(&delivery)) {
    for (auto one = relays.topics.begin(); one != relays.topics.end() && why.empty(); ++one)
      why = conflict_of(rule, *plan, *one);
  }
  return why;
}

void check_publishers(const StreamConfig& stream, const Relays& relays) {
  std::vector<std::unique_ptr<Rule>> made;
  try {
    made = rules::make_rules(stream);
  } catch (const ConfigError&) {
    return;  // reported by whoever runs these rules
  }
  for (const auto& rule : made) {
    for (const DeliveryPlan* delivery : rule->deliveries()) {
      const std::string why = conflict_of(*rule, *delivery, relays);
      if (!why.empty()) refuse_publisher(stream, *rule, why);
    }
  }
}

}  // namespace

void check_relay_streams(const RelayConfig& relay, const std::vector<StreamConfig>& streams) {
  if (!relay) return;
  const bool in_kafka = !relay.topic.empty();
  Relays relays;
  std::map<std::string, std::string> names;  // of the logs, with the stream that writes each
  config::Problems problems;
  const auto attempt = [&](const auto& check) {
    try {
      check();
    } catch (const ConfigError& error) {
      config::append(problems, error);
    }
  };
  for (const StreamConfig& stream : streams) {
    const std::string name = relay_log_name(in_kafka ? relay.topic : relay.stream, stream);
    in_kafka ? relays.topics.push_back(name)
             : relays.streams.push_back(sinks::jetstream::relay_shape(relay, stream));
    const auto [known, first] = names.try_emplace(name, stream.name);
    if (first) continue;
    attempt([&] {
      stream.rules.front().settings.fail(
          "", fmt::format("the streams '{}' and '{}' would both write to the relay's {} {}; "
                          "give rule '{}' another name",
                          known->second, stream.name, in_kafka ? "Kafka topic" : "JetStream stream",
                          known->first, stream.rules.front().name));
    });
  }
  for (const StreamConfig& stream : streams) attempt([&] { check_publishers(stream, relays); });
  if (!problems.empty()) throw config::PlacedError(config::in_order(std::move(problems)));
}

}  // namespace sluice::operations
