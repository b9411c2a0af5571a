#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

constexpr Option relay_table[] = {
    {.group = "Relay",
     .name = "relay-stream",
     .env = "SLUICE_RELAY_STREAM",
     .path = "relay.jetstream.stream",
     .type = OptionType::text,
     .help =
         "JetStream stream that holds the events of the change stream. One instance reads the change stream "
         "and writes it, and all partitions are read from it. Without it each partition reads from MongoDB.",
     .store = set_text<&Config::relay, &RelayConfig::stream>},
    {.group = "Relay",
     .name = "relay-topic",
     .env = "SLUICE_RELAY_TOPIC",
     .path = "relay.kafka.topic",
     .type = OptionType::text,
     .help = "The same with a Kafka topic.",
     .store = set_text<&Config::relay, &RelayConfig::topic>},
    {.group = "Relay",
     .name = "relay-group",
     .env = "SLUICE_RELAY_GROUP",
     .path = "relay.kafka.group",
     .type = OptionType::text,
     .help =
         "Kafka consumer group that assigns the partitions to the members of a cluster. Without it the group "
         "has the name of the topic.",
     .store = set_text<&Config::relay, &RelayConfig::group>},
    {.group = "Relay",
     .name = "relay-partitions",
     .env = "SLUICE_RELAY_PARTITIONS",
     .path = "relay.jetstream.partitions",
     .other_path = "relay.kafka.partitions",
     .type = OptionType::whole,
     .unit = "partitions",
     .fallback = "16",
     .least = 1,
     .most = 256,
     .help = "Number of partitions of the relay. It must be the number of partitions of the cluster, or of "
             "static "
             "shards.",
     .store = set_number<&Config::relay, &RelayConfig::partitions>},
    {.group = "Relay",
     .name = "relay-max-age-h",
     .env = "SLUICE_RELAY_MAX_AGE_H",
     .path = "relay.jetstream.max_age_h",
     .other_path = "relay.kafka.max_age_h",
     .type = OptionType::whole,
     .unit = "hours",
     .fallback = "72",
     .least = 0,
     .most = 100'000,
     .help = "How long the relay keeps events, if Sluice creates the stream or topic. 0: for ever.",
     .store = set_number<&Config::relay, &RelayConfig::max_age_h>},
    {.group = "Relay",
     .name = "relay-max-mb",
     .env = "SLUICE_RELAY_MAX_MB",
     .path = "relay.jetstream.max_mb",
     .other_path = "relay.kafka.max_mb",
     .type = OptionType::whole,
     .unit = "MiB",
     .fallback = "0",
     .least = 0,
     .most = 1'000'000'000,
     .help =
         "Size at which the relay is full, if Sluice creates the stream or topic. Nothing more is written "
         "to a JetStream stream until old events have expired; a Kafka topic drops its oldest events. 0: the "
         "server's own limit.",
     .store = set_number<&Config::relay, &RelayConfig::max_mb>},
    {.group = "Relay",
     .name = "relay-replicas",
     .env = "SLUICE_RELAY_REPLICAS",
     .path = "relay.jetstream.replicas",
     .other_path = "relay.kafka.replicas",
     .type = OptionType::whole,
     .unit = "replicas",
     .fallback = "1",
     .least = 1,
     .most = 5,
     .help = "Number of servers that store the relay, if Sluice creates the stream or topic.",
     .store = set_number<&Config::relay, &RelayConfig::replicas>},
};

}  // namespace

std::span<const Option> relay_options() {
  return relay_table;
}

}  // namespace sluice::config
