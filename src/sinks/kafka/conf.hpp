#pragma once

#include <variant>

#include "sinks/kafka/batch_limits.hpp"
#include "sinks/kafka/raii.hpp"
#include "sluice/config.hpp"
#include "sluice/error.hpp"

namespace sluice::sinks::kafka {

/// librdkafka's configuration for brokers, log-in and TLS, with the stated properties. For producers and for
/// clients that only ask. Reads secrets from their files.
std::variant<Conf, Error> client_conf(const KafkaConfig& config);

/// The same for a producer: nothing is lost, and the order of each partition is kept. With a transactional id
/// it is a transactional producer.
std::variant<Conf, Error> producer_conf(const KafkaConfig& config, const Batching& batching,
                                        const std::string& transactional_id = "");

/// The same for a consumer that reads to the end of partitions.
std::variant<Conf, Error> reader_conf(const KafkaConfig& config);

/// librdkafka's batch.size with the stated properties.
std::size_t batch_bytes(const KafkaConfig& config);

}  // namespace sluice::sinks::kafka
