#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice {

/// How a missing topic is created.
struct TopicShape {
  bool create = false;           ///< create topics that are missing; otherwise wait for them
  std::int32_t partitions = -1;  ///< -1: the broker's default
  std::int32_t replication = -1;
  std::vector<std::pair<std::string, std::string>> config;  ///< such as cleanup.policy: compact
};

/// Where and how a rule's messages are published to Kafka. Each rule makes one plan, which all its effects
/// share. A message's address is the topic. A message without payload and text is a tombstone.
struct KafkaPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "kafka";

  TopicShape shape;
  /// The topics of the rule that are known in advance. Others follow from the collections' names and the
  /// documents' fields.
  std::vector<std::string> topics;
  PayloadFormat format = PayloadFormat::relaxed_json;

  std::string_view sink() const override { return sink_name; }
};

}  // namespace sluice
