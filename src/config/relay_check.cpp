#include "config/relay_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace sluice::config {

std::string why_no_relay_stream(const std::string& name) {
  if (name.find_first_of(". *>/\\\t\r\n") == std::string::npos) return {};
  return fmt::format("'{}' is no name of a JetStream stream; use letters, digits, '-' and '_'", name);
}

std::string why_no_relay_topic(const std::string& name) {
  constexpr std::size_t longest = 249;
  constexpr std::string_view of_topics = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (name.size() <= longest && name.find_first_not_of(of_topics) == std::string::npos) return {};
  return fmt::format("'{}' is no name of a Kafka topic; use up to {} letters, digits, '.', '_' and '-'", name,
                     longest);
}

std::string why_no_relay_of_both(const std::string& stream, const std::string& topic) {
  if (stream.empty() || topic.empty()) return {};
  return fmt::format(
      "the relay has the JetStream stream {} and the Kafka topic {}; state only one of relay.jetstream and "
      "relay.kafka",
      stream, topic);
}

std::string why_no_relay_group(const RelayConfig& relay) {
  constexpr std::size_t longest = 249;
  if (relay.group.empty()) return {};
  if (relay.topic.empty())
    return "only a relay in Kafka has a consumer group; state 'topic' under relay.kafka";
  const auto is_plain = [](char c) { return c > ' ' && c < '\x7f'; };
  if (relay.group.size() <= longest && std::ranges::all_of(relay.group, is_plain)) return {};
  return fmt::format("'{}' is no name of a consumer group; use up to {} letters, digits and signs, no spaces",
                     relay.group, longest);
}

std::string why_no_relay_of(std::size_t streams) {
  if (streams <= 1) return {};
  return fmt::format(
      "there are {} streams, and a relay holds the events of one database only; run each stream from a file "
      "of its own, with another 'stream' under relay.jetstream, or another 'topic' under relay.kafka",
      streams);
}

std::string why_no_relay_partitions(const RelayConfig& relay, int partitions, int shards) {
  if (relay.partitions == (partitions > 0 ? partitions : shards)) return {};
  return fmt::format(
      "the relay has {} partitions, but {}; both numbers must be the same: set 'partitions: {}' under "
      "'cluster' (or --partitions {}), or change 'relay.{}.partitions' (or --relay-partitions)",
      relay.partitions,
      partitions > 0 ? fmt::format("the cluster has {}", partitions)
                     : fmt::format("there {} {} static shard{}", shards == 1 ? "is" : "are", shards,
                                   shards == 1 ? "" : "s"),
      relay.partitions, relay.partitions, relay.topic.empty() ? "jetstream" : "kafka");
}

}  // namespace sluice::config
