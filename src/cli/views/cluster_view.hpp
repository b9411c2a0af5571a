#pragma once

#include <string>

#include "checkpoint/membership.hpp"

namespace sluice::cli {

/// What `sluice cluster status` prints of a stream: a line for each member and one for each partition (or
/// static shard). `place_arguments`: see Config. Pure functions.
std::string cluster_text(const std::string& stream, const checkpoint::ClusterRecord& record,
                         const std::string& place_arguments = "FILE");
std::string cluster_json(const std::string& stream, const checkpoint::ClusterRecord& record);

}  // namespace sluice::cli
