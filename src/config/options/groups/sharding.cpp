#include "config/options/groups/groups.hpp"
#include "config/options/groups/store.hpp"

namespace sluice::config {
namespace {

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
};

}  // namespace

std::span<const Option> sharding_options() {
  return sharding_table;
}

}  // namespace sluice::config
