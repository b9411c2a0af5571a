#pragma once

#include <cstdint>
#include <string>

#include "workbench/mongo.hpp"

namespace sluice::test {

/// The oldest position that the shards of a layout have stored, as a cluster time; 0 while a shard has none.
std::uint64_t oldest_position(workbench::Mongo& state, int shard_count);

/// A cluster time as `seconds.increment`.
std::string time_text(std::uint64_t cluster_time);

}  // namespace sluice::test
