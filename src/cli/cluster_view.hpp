#pragma once

#include <string>

#include "pipeline/membership.hpp"

namespace sluice::cli {

/// What `sluice cluster status` prints of a stream: a line for each member and one for each partition (or
/// static shard). Pure functions.
std::string cluster_text(const std::string& stream, const pipeline::ClusterRecord& record);
std::string cluster_json(const std::string& stream, const pipeline::ClusterRecord& record);

}  // namespace sluice::cli
