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
     .name = "relay-partitions",
     .env = "SLUICE_RELAY_PARTITIONS",
     .path = "relay.jetstream.partitions",
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
     .type = OptionType::whole,
     .unit = "hours",
     .fallback = "72",
     .least = 0,
     .most = 100'000,
     .help = "How long the relay keeps events, if Sluice creates the JetStream stream. 0: for ever.",
     .store = set_number<&Config::relay, &RelayConfig::max_age_h>},
    {.group = "Relay",
     .name = "relay-max-mb",
     .env = "SLUICE_RELAY_MAX_MB",
     .path = "relay.jetstream.max_mb",
     .type = OptionType::whole,
     .unit = "MiB",
     .fallback = "0",
     .least = 0,
     .most = 1'000'000'000,
     .help = "Size at which the relay is full, if Sluice creates the JetStream stream: nothing more is "
             "written until "
             "old events have expired. 0: the server's own limit.",
     .store = set_number<&Config::relay, &RelayConfig::max_mb>},
    {.group = "Relay",
     .name = "relay-replicas",
     .env = "SLUICE_RELAY_REPLICAS",
     .path = "relay.jetstream.replicas",
     .type = OptionType::whole,
     .unit = "replicas",
     .fallback = "1",
     .least = 1,
     .most = 5,
     .help = "Number of servers that store the relay, if Sluice creates the JetStream stream.",
     .store = set_number<&Config::relay, &RelayConfig::replicas>},
};

}  // namespace

std::span<const Option> relay_options() {
  return relay_table;
}

}  // namespace sluice::config
