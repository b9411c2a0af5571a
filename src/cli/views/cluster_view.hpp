#pragma once

#include <string>

#include "checkpoint/membership.hpp"

namespace sluice::cli {

/// The output of `sluice cluster status` for a stream: a line for each member and for each partition (or
/// static shard). `place_arguments`: see Config. A pure function.
std::string cluster_text(const std::string& stream, const checkpoint::ClusterRecord& record,
                         const std::string& place_arguments = "FILE");
/// The same as a JSON object on one line.
std::string cluster_json(const std::string& stream, const checkpoint::ClusterRecord& record);

}  // namespace sluice::cli
