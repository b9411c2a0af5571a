#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/relay_log.hpp"
#include "sluice/config.hpp"

namespace sluice::sinks {

/// The log of a stream's relay, in JetStream or in Kafka; null if the configuration has no relay. Does not
/// connect. `say` is told when the log is created, and where it differs from the configuration.
std::shared_ptr<RelayLog> make_relay_log(const Config& config, const StreamConfig& stream,
                                         std::function<void(const std::string&)> say);

}  // namespace sluice::sinks
