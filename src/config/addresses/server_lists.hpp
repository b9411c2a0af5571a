#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// Why `urls` is not a list of NATS servers, `nats://host:port,tls://user:password@host:port`, or "".
std::string why_no_nats_urls(std::string_view urls);

/// Why `brokers` is not a list of Kafka brokers, `host:port,[address]:port`, or "".
std::string why_no_kafka_brokers(std::string_view brokers);

/// Whether `uri` begins like the URI of a MongoDB deployment.
bool is_mongodb_uri(std::string_view uri);

}  // namespace sluice::config
