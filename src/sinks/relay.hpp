#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/relay_group.hpp"
#include "core/relay_log.hpp"
#include "sluice/config.hpp"

namespace sluice::sinks {

/// The log of a stream's relay, in JetStream or in Kafka; null if the configuration has no relay. Does not
/// connect. `say` is told when the log is created, and where it differs from the configuration.
std::shared_ptr<RelayLog> make_relay_log(const Config& config, const StreamConfig& stream,
                                         std::function<void(const std::string&)> say);

/// The consumer group that assigns the partitions of a stream's relay to the members of its cluster; null
/// where there is none: no cluster, no relay, or one in JetStream. Does not connect.
std::unique_ptr<RelayGroup> make_relay_group(const Config& config, const StreamConfig& stream);

}  // namespace sluice::sinks
