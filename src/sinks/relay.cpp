#include "sinks/relay.hpp"

#include "sinks/jetstream/relay.hpp"
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

}  // namespace sluice::sinks
