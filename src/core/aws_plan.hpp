#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/payload_format.hpp"
#include "sluice/effect.hpp"

namespace sluice {

/// Where and how a rule's messages are published to a queue, topic or event bus of AWS. Each rule makes one
/// plan, which all its effects share. A message's address is the queue (name or URL), the topic's ARN or the
/// bus (name or ARN). With SQS and SNS its key is the message group, and its headers become message
/// attributes. With EventBridge its key is the source, and its only header the detail-type.
struct AwsPlan final : DeliveryPlan {
  static constexpr std::string_view sink_name = "aws";
  static constexpr std::string_view detail_type_header = "Detail-Type: ";

  enum class Service : std::uint8_t { sqs, sns, event_bridge };

  Service service = Service::sqs;
  /// The addresses that are known in advance. Others follow from the collections' names and the documents'
  /// fields.
  std::vector<std::string> targets;
  std::string target;      ///< the template of the address
  std::string message_id;  ///< the template of the messages' deduplication ids
  PayloadFormat format = PayloadFormat::relaxed_json;

  std::string_view sink() const override { return sink_name; }
};

/// "SQS queue", "SNS topic" or "EventBridge bus".
inline const char* target_name(AwsPlan::Service service) {
  switch (service) {
    case AwsPlan::Service::sqs:
      return "SQS queue";
    case AwsPlan::Service::sns:
      return "SNS topic";
    case AwsPlan::Service::event_bridge:
      break;
  }
  return "EventBridge bus";
}

}  // namespace sluice
