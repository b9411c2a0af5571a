#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice {

/// Where and how a rule's messages are published to RabbitMQ. Each rule makes one plan, which all its effects
/// share. A message's address is the exchange, and its key the routing key.
struct RabbitPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "rabbitmq";

  /// The type of exchanges that are declared: topic, direct, fanout or headers. Empty: they must exist.
  std::string declare;
  /// The exchanges of the rule that are known in advance. Others follow from the collections' names and the
  /// documents' fields.
  std::vector<std::string> exchanges;
  PayloadFormat format = PayloadFormat::relaxed_json;
  std::string content_type = "application/json";

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
