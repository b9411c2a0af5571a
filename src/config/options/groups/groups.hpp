#pragma once

#include <span>

#include "config/options/options.hpp"

/// The options, in tables by subject.
namespace sluice::config {

std::span<const Option> mongodb_options();
std::span<const Option> sharding_options();
std::span<const Option> lane_options();
std::span<const Option> batch_options();
std::span<const Option> reading_options();
std::span<const Option> time_limit_options();
std::span<const Option> nats_login_options();
std::span<const Option> nats_key_options();
std::span<const Option> nats_tls_options();
std::span<const Option> nats_publish_options();
std::span<const Option> relay_options();
std::span<const Option> kafka_login_options();
std::span<const Option> kafka_connection_options();
std::span<const Option> rabbitmq_options();
std::span<const Option> aws_options();
std::span<const Option> redis_options();
std::span<const Option> monitoring_options();
std::span<const Option> position_options();

}  // namespace sluice::config
