#include "sinks/relay.hpp"

#include "sinks/jetstream/relay.hpp"
#include "sinks/kafka/relay/group.hpp"
#include "sinks/kafka/relay/log.hpp"

namespace sluice::sinks {

std::shared_ptr<RelayLog> make_relay_log(const Config& config, const StreamConfig& stream,
                                         std::function<void(const std::string&)> say) {
  if (!config.relay) return nullptr;
  if (!config.relay.topic.empty()) {
    return std::make_shared<kafka::KafkaRelay>(config, stream, std::move(say));
  }
  return std::make_shared<jetstream::JetStreamRelay>(
      config.nats, jetstream::relay_shape(config.relay, stream), std::move(say));
}

std::unique_ptr<RelayGroup> make_relay_group(const Config& config, const StreamConfig& stream) {
  if (!config.clustered() || config.relay.topic.empty()) return nullptr;
  return std::make_unique<kafka::KafkaGroup>(config, stream,
                                             std::chrono::milliseconds(config.engine.lease_ms));
}

}  // namespace sluice::sinks
