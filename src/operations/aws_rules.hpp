#pragma once

#include <vector>

#include "sluice/config.hpp"

namespace sluice::operations {

/// Throws ConfigError if a rule publishes to AWS, and the region or one of the access key's two parts is
/// missing.
void check_aws_rules(const AwsConfig& aws, const std::vector<StreamConfig>& streams);

}  // namespace sluice::operations
