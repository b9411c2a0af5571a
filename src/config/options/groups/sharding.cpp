#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

void set_feed_host(Config& config, const OptionValue& value) {
  config.feed.host = without_brackets(value.text);
}

constexpr Option sharding_table[] = {
    {.group = "Shard",
     .name = "shard-count",
     .env = "SHARD_COUNT",
     .path = "shard.count",
     .type = OptionType::whole,
     .unit = "shards",
     .fallback = "1",
     .least = 1,
     .most = 1024,
     .help = "Number of static shards. Each shard reads the documents whose _id hashes to it.",
     .store = set_number<&Config::shard_count>},
    {.group = "Shard",
     .name = "shard-index",
     .env = "SHARD_INDEX",
     .path = "shard.index",
     .type = OptionType::whole,
     .unit = "index",
     .fallback = "0",
     .least = 0,
     .most = 1023,
     .help = "Index of this worker's shard, counted from 0.",
     .store = set_number<&Config::shard_index>},
    {.group = "Cluster",
     .name = "partitions",
     .env = "SLUICE_PARTITIONS",
     .path = "cluster.partitions",
     .type = OptionType::whole,
     .unit = "partitions",
     .fallback = "0",
     .least = 0,
     .most = 256,
     .help = "Number of partitions that the running instances divide between them. 1: one leader, the others "
             "stand by. 0: no cluster.",
     .store = set_number<&Config::partitions>},
    {.group = "Cluster",
     .name = "feed-port",
     .env = "SLUICE_FEED_PORT",
     .path = "cluster.feed_port",
     .type = OptionType::whole,
     .unit = "port",
     .fallback = "0",
     .least = 0,
     .most = 65'535,
     .help = "Port on which the instances of the cluster share one change stream: the one that started first "
             "reads it, and the others get its events from there. 0: each instance reads MongoDB by itself.",
     .store = set_number<&Config::feed, &FeedConfig::port>},
    {.group = "Cluster",
     .name = "feed-host",
     .env = "SLUICE_FEED_HOST",
     .path = "cluster.feed_host",
     .type = OptionType::text,
     .fallback = "0.0.0.0",
     .help = "IP address on which the instance listens for the others.",
     .store = set_feed_host},
    {.group = "Cluster",
     .name = "feed-address",
     .env = "SLUICE_FEED_ADDRESS",
     .path = "cluster.feed_address",
     .type = OptionType::text,
     .help = "Name or IP address by which the others reach the instance. Without it: the address on which it "
             "listens or, if that is every address, the machine's name.",
     .store = set_text<&Config::feed, &FeedConfig::address>},
};

}  // namespace

std::span<const Option> sharding_options() {
  return sharding_table;
}

}  // namespace sluice::config
