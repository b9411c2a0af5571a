#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/aws_plan.hpp"

namespace sluice::sinks::aws {

/// A request to a service, before it is signed.
struct Call {
  std::vector<std::pair<std::string, std::string>> headers;  ///< content type, and in JSON the action
  std::string body;
};

/// An entry of a batch request. With EventBridge `group` is the source.
struct Entry {
  std::string_view body = {};
  std::string_view group = {};
  std::string_view id = {};           ///< the deduplication id
  std::string_view detail_type = {};  ///< with EventBridge
  std::string_view headers = {};      ///< lines of `name: value`, which become message attributes
};

/// The largest message that a service may accept, and the largest batch: 1 MiB. SNS accepts 256 KiB unless
/// the topic allows more, so only smaller messages are batched there.
inline constexpr std::size_t most_message = std::size_t{1} << 20;
std::size_t most_batch(AwsPlan::Service service);

/// What an entry counts for these limits: its body, attributes, source and detail-type.
std::size_t bytes_of(const Entry& entry);

/// SendMessageBatch to a queue's URL, PublishBatch to a topic's ARN, or PutEvents to a bus. The ids of the
/// entries are their indices.
Call batch_call(AwsPlan::Service service, std::string_view target, std::span<const Entry> entries);

/// GetQueueUrl, for a queue's name.
Call queue_url_call(std::string_view queue);
/// Asks for attributes: GetQueueAttributes by the queue's URL, GetTopicAttributes, or DescribeEventBus.
Call look_call(AwsPlan::Service service, std::string_view target);

}  // namespace sluice::sinks::aws
